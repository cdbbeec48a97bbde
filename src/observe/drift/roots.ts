/** What drift knows of chains: the root that a segment leads to, and what that root allows. spec/drift.md (DRF-1, DRF-5). @module */
import { CountersignError } from '../../core/errors.ts'
import type { Crypto } from '../../core/crypto.ts'
import { taggedDigest } from '../../core/digest.ts'
import { parseJws } from '../../core/sign.ts'
import type { EntryBody } from '../../log/entries.ts'
import { resolveDisclosures } from '../../token/disclosure.ts'
import { isRootPayload } from '../../token/payload.ts'
import { parsePresentation } from '../../token/presentation.ts'

export const CLASS_TAG = 'countersign-task-class-v1'

export interface RootFacts {
  readonly iss: string
  readonly jti: string
  readonly exp_ms: number
  /** Unique, sorted: what the class is the digest of. */
  readonly actions: readonly (readonly [server: string, action: string])[]
  readonly task_class: string
}

/** A segment is its root, or leads to one. */
export type Link = { readonly root: RootFacts } | { readonly parent: string }

/** @returns null: nothing that a chain could begin with, so no session is of it */
export function linkOf(crypto: Crypto, { parent, segment }: EntryBody<'chain.segment'>): Link | null {
  if (parent !== null) return { parent }
  try {
    const first = parsePresentation(segment).segments[0]
    const payload = first === undefined ? null : parseJws(first.jwt).payload
    if (first === undefined || !isRootPayload(payload)) return null
    const digests = payload.authorization_details.map((one) => one['...'])
    const { grants } = resolveDisclosures(crypto, first.disclosures, digests, payload._sd ?? [])
    const names = new Set(
      [...grants.values()].flatMap(({ server, actions }) =>
        actions.map((action) => JSON.stringify([server, action])),
      ),
    )
    const actions = [...names].sort().map((name) => JSON.parse(name) as [string, string])
    const task_class = taggedDigest(crypto, CLASS_TAG, actions)
    return { root: { iss: payload.iss, jti: payload.jti, exp_ms: payload.exp * 1000, actions, task_class } }
  } catch (cause) {
    if (cause instanceof CountersignError) return null
    throw cause
  }
}

/** A chain that ended this long ago is not looked up any more (DRF-1). */
const KEPT_MS = 24 * 3600 * 1000
const FORGET_EVERY_MS = 3600 * 1000

export function isLongOver({ exp_ms }: RootFacts, now_ms: number): boolean {
  return now_ms > exp_ms + KEPT_MS
}

/** Hops of a chain, and room. */
const DEPTH_MAX = 16

/** Segments by identifier. */
export class Roots {
  readonly #links = new Map<string, Link>()
  readonly changed = new Set<string>()
  #forget_ms = 0

  add(id: string, link: Link): void {
    this.#links.set(id, link)
    this.changed.add(id)
  }

  link(id: string): Link | undefined {
    return this.#links.get(id)
  }

  /** @returns null: the chain does not lead to a root that was logged */
  of(id: string): RootFacts | null {
    let at = id
    for (let i = 0; i < DEPTH_MAX; i++) {
      const link = this.#links.get(at)
      if (link === undefined) return null
      if ('root' in link) return link.root
      at = link.parent
    }
    return null
  }

  /** Drops, about once an hour, what is not looked up any more: memory, and nothing that anybody could tell. */
  forget(now_ms: number): void {
    if (now_ms < this.#forget_ms) return
    this.#forget_ms = now_ms + FORGET_EVERY_MS
    // First all are looked at: what leads to a root that goes would otherwise stay.
    const over = [...this.#links.keys()].filter((id) => {
      const root = this.of(id)
      return root !== null && isLongOver(root, now_ms)
    })
    for (const id of over) {
      this.#links.delete(id)
      this.changed.add(id)
    }
  }

  restore(links: ReadonlyMap<string, Link>): void {
    for (const [id, link] of links) this.#links.set(id, link)
  }
}
