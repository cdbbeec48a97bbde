/** The tables, as every dialect has them. spec/registers.md says where each row comes from. @module */
import type { AlertTables } from './alert-tables.ts'
import type { ApprovalTables } from './approval-tables.ts'
import type { AttestationTables } from './attestation-tables.ts'
import type { ConsentTables } from './consent-tables.ts'
import type { DomainTables } from './domain-tables.ts'
import type { DriftTables } from './drift-tables.ts'
import type { FlowTables } from './flow-tables.ts'
import type { GovernanceTables } from './governance-tables.ts'
import type { IdentityTables } from './identity-tables.ts'
import type { InventorySchema } from './inventory-schema.ts'
import type { ListenerTables } from './listener-tables.ts'
import type { ObserveTables } from './observe-tables.ts'
import type { PasskeyTables } from './passkey-tables.ts'
import type { RegisterTables } from './register-tables.ts'
import type { PreviewTables } from './preview-tables.ts'
import type { ResponseTables } from './response-tables.ts'
import type { ServiceTables } from './service-tables.ts'

/** Times are milliseconds since 1970, `*_json` columns hold JSON text. */
export interface Schema
  extends
    AlertTables,
    ApprovalTables,
    AttestationTables,
    ConsentTables,
    DomainTables,
    DriftTables,
    FlowTables,
    GovernanceTables,
    IdentityTables,
    InventorySchema,
    ListenerTables,
    ObserveTables,
    PasskeyTables,
    RegisterTables,
    PreviewTables,
    ResponseTables,
    ServiceTables {
  meta: { name: string; value: string }
  entries: { idx: number; type: string; bytes: Uint8Array }
  /** What became of a write that was given a key ({@link WriteOptions.once}). */
  submissions: { key: string; time: number; result_json: string | null }
  checkpoints: { size: number; time: number; note: Uint8Array }
  people: {
    id: string
    /** Commitment to the name, which is in `sealed`; null once erased. */
    name_commit: string | null
    status: 'added' | 'enrolled' | 'left'
    rev: string | null
    /** Index of the `person.enrolled` entry, or of the `person.reregistered` that replaced it. */
    registration: number | null
    operator_jkt: string | null
    /** Index of the `person.endorsed` entry: nobody makes a gesture that counts before. */
    endorsed: number | null
  }
  invitations: { secret_hash: string; person: string; expires: number; used: number }
  systems: { id: string; name: string }
  tools: {
    id: string
    system: string
    server: string
    tool: string
    definition_hash: string
    measures_json: string
    resources_json: string
    /** JCS of the definition, where it is known. */
    definition: string | null
  }
  tool_changes: {
    id: string
    /** The tool's identifier. */
    registered: string
    status: 'waiting' | 'approved' | 'replaced'
    definition_hash: string
    /** The whole registration that it would become. */
    becomes_json: string
    proposer: string
    /** Index of the `tool.changed` entry. */
    proposal: number
  }
  agents: {
    id: string
    name: string
    owner: string
    class: string
    purpose: string
    systems_json: string
    manifest: string
    /** Index of the `agent.proposed` entry. */
    proposal: number
    proposer: string
    status: 'proposed' | 'approved' | 'active' | 'suspended' | 'retired'
  }
  agent_keys: { jkt: string; agent: string; jwk_json: string; revoked: number }
  points: {
    id: string
    name: string
    jkt: string
    jwk_json: string
    placement: 'in_process' | 'gateway' | 'tool_side'
    servers_json: string
    epoch: number
    /** Last receipt accepted in `epoch`. */
    seq: number
    hash: string
  }
  drafts: {
    jti: string
    principal: string
    /** Sealed under the principal's key (ERA-2). */
    draft_box: Uint8Array
    expires: number
  }
  /** Who is asked for a gesture over a draft, and what they said. Gone with the draft. */
  draft_answers: {
    jti: string
    person: string
    role: 'principal' | 'approver'
    answer: 'open' | 'approved' | 'declined'
    /** The gesture as the authenticator gave it, when approved. */
    gesture_json: string | null
  }
  templates: {
    id: string
    class: string
    status: 'proposed' | 'active' | 'replaced'
    template_json: string
    proposer: string
    /** Index of the `template.proposed` or `template.preset` entry. */
    proposal: number
    /** Index of the entry that put it in force. */
    approval: number | null
  }
  issuer_keys: {
    kid: string
    jwk_json: string
    status: 'current' | 'verifying' | 'retired' | 'compromised'
    /** Seconds. */
    retired_at: number | null
  }
  /** Records of other issuers. Of a name at most one is proposed and at most one trusted. */
  issuers: {
    id: string
    iss: string
    status: 'proposed' | 'trusted' | 'replaced' | 'dropped'
    issuer_json: string
    proposer: string
    /** Index of the `issuer.proposed` entry. */
    proposal: number
    /** Index of the `issuer.trusted` entry. */
    approval: number | null
  }
  /** Which place of which status list a delegation has (STS-1). */
  statuses: { list: number; idx: number; jti: string }
  /** What a revocation can name, of each delegation issued and each access token: a frame for one revokes `owner`. */
  handles: { owner: string; kind: string; handle: string }
  /** Access tokens given in exchange (STS-8), until they are over. */
  exchanges: { jti: string; delegation: string; agent: string; exp: number; revoked: number }
  /** A question to a person's browser: enrol a passkey, or make a gesture. `secret_hash` opens it, once. */
  ceremonies: {
    id: string
    secret_hash: string
    kind: 'enrol' | 'gesture' | 'passkey'
    person: string
    /** Thumbprint of the key that asked. */
    jkt: string
    /** Sealed under the person's key (ERA-2). */
    request_box: Uint8Array
    /** What came of it, for who asked; null until then. */
    answer_json: string | null
    expires: number
  }
  /**
   * Keys that a gateway holds in the place of agents (OAU-15). `agent`: whose it is by `agent.key_added`, null until then.
   */
  hosting_keys: { jkt: string; point: string; jwk_json: string; agent: string | null }
  /** Which URL is which server of which point. */
  hosted_resources: { url: string; point: string; server: string }
  /** What the authorization server remembers for a while (OAU-9). Times in milliseconds. */
  oauth_state: {
    /** Digest of the kind and of the secret that finds it. */
    id: string
    kind: string
    /** Digest of another name, by which sessions are found. */
    uid: string | null
    /** The delegation under which codes and tokens were given. */
    grant_id: string | null
    box: Uint8Array
    consumed: number | null
    expires: number
  }
  delegations: {
    jti: string
    agent: string
    principal: string
    exp: number
    /** The chain as the log has it, with its grants disclosed; `sealed` has what it discloses of people. */
    chain: string
    issued: number
    revoked: number
  }
  /** Which receipt stands at a place of a stream, so that a repeat and a fork can be told apart. */
  receipts: { point: string; epoch: number; seq: number; hash: string }
  /** `subject`: what the arguments of calls with this segment are filed under (spec/erasure.md). */
  /** `agent`: whom it names. `entry`: index of the `chain.segment` entry that has its text. */
  segments: { id: string; subject: string; agent: string | null; parent: string | null; entry: number }
  /** `kind` and `handle` repeat what `frame_json` says, so that a handle is found without a scan. */
  frames: { seq: number; kind: string; handle: string; frame_json: string; sig: string }
  /** Kills, lifts and rosters of the log, by index; `name` is ID or number. `lifted`: kills that a lift named, seen or not. */
  statements: { entry: number; kind: string; name: string; statement_json: string }
  lifted: { kill: string; lift: string }
  lift_drafts: { id: string; lift_json: string; expires: number }
  lift_gestures: { lift: string; person: string; gesture_json: string }
  /** Drills of the kill switch (KIL-17). `entry`, `started` and `closed` are indices, times milliseconds. */
  drills: {
    id: string
    entry: number
    mode: 'production' | 'tabletop'
    scope_json: string
    /** When it is meant to be run. */
    at: number
    planner: string
    started: number | null
    /** Null for a tabletop. */
    kill: string | null
    closed: number | null
    closed_ms: number | null
  }
  /** How far each point has followed the frames (REV-13); `t` by its own clock, in milliseconds. */
  acks: { point: string; epoch: number; head: number; t: number; kills_json: string }
  /** Of each ledger key: `spent` is what was leased less what was given back, and 0 for a sliding period. `near`: LIM-11. */
  budgets: { key: string; max: number; spent: number; near: number }
  /** Leases that no signed head has accounted for. spec/limits.md */
  leases: {
    id: string
    key: string
    point: string
    epoch: number
    /** The point's last receipt when it was granted. */
    from_seq: number
    amount: number
    /** What receipts say so far. */
    debited: number
    /** Milliseconds. */
    expires: number
    /** Of a sliding period, else 0. */
    window_ms: number
    recalled: number
  }
  /** Debits of sliding periods, by when they cease to count (LIM-3). */
  usages: { key: string; until: number; amount: number }
  /** What personal values are filed and erased under. */
  subjects: {
    id: string
    /** The person to whom it belongs: erased with them. */
    owner: string | null
    /** Index of the first entry that is about it. */
    first: number
    /** Index of the tombstone: nothing is filed under it any more. */
    erased: number | null
  }
  /** Values behind commitments, with their salts, encrypted under the key of their subject (ERA-2). */
  sealed: { commitment: string; subject: string; field: string; box: Uint8Array }
  /** Erasures that were asked for: carried out, or deferred by a hold. */
  erasures: {
    subject: string
    state: 'deferred' | 'erased'
    basis: string
    approver: string
    /** Milliseconds: when it was asked for. */
    requested: number
    /** Index of the `erasure.deferred` entry. */
    deferred: number | null
    /** Index of the `subject.erased` entry. */
    erased: number | null
  }
  /** `target` is a subject or `*`. `lifted` is the index of the entry that lifted it. */
  holds: { id: string; target: string; reason_commit: string; placed: number; lifted: number | null }
  /** Packs that were made, by the index of their `evidence.built` entry. Times in milliseconds. */
  packs: { entry: number; person: string; from_ms: number; to_ms: number; size: number; sha256: string }
  /**
   * Ranges of the log that were pruned or are to be, by the index of their `log.pruned` entry (RET-1). `map` says which
   * entries go; null in a database that was rebuilt, whose log has it as a file.
   */
  prunings: { entry: number; from_idx: number; to_idx: number; before_ms: number; map: Uint8Array | null }
  /** Entry bundles that were pruned, each with the leaf hashes of its 256 entries. `entries` has what is kept of them. */
  pruned: { bundle: number; hashes: Uint8Array }
}
