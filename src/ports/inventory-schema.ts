/** The tables of versions and of the inventory. spec/inventory.md, spec/registers.md. @module */

/** Part of `Schema`; the same conventions hold. */
export interface InventorySchema {
  /** Versions of agents (VER-1). */
  versions: {
    agent: string
    /** Digest of the manifest. */
    manifest: string
    document_json: string
    status: 'proposed' | 'approved' | 'withdrawn'
    proposer: string
    /** Index of the entry that proposed it. */
    proposal: number
    /** Index of the entry that approved it. */
    approval: number | null
  }
  /** What was found to act, or to let others act, registered or not (INV-1). */
  inventory: {
    id: string
    /** By which it is known again (INV-2). */
    ref: string
    kind: 'agent' | 'server' | 'account' | 'key' | 'app' | 'credential'
    name: string
    /** What it was found in: a program, an identity provider, or `point`. */
    origin: string
    /** The enforcement point that holds it, of a credential. */
    point: string | null
    owner: string | null
    system: string | null
    /** The registered agent that it is. */
    agent: string | null
    secret: 'none' | 'static' | 'rotated' | 'federated' | 'unknown'
    /** Where it was found, names of variables, scope, days of rotation: never a secret. */
    detail_json: string
    /** Milliseconds since 1970, of its secret; null: not known. */
    created: number | null
    rotated: number | null
    used: number | null
    status: 'present' | 'removed'
  }
}
