/**
 * What a review of access, or of roles, has to look at, and which revocations are of an item of it, as the log says. spec/reviews.md
 * (ACR-2, ACR-10), spec/roles.md (ROL-7).
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import { publicJwk, thumbprint } from '../../core/jwk.ts'
import type { REVIEW_LISTS, ReviewItem } from '../../log/governance-bodies.ts'
import type { Frame } from '../../revoke/frame.ts'
import type { History } from '../history.ts'
import { roleBook, type RoleBook } from '../populations/administrators.ts'
import { serviceBook, type ServiceBook } from '../populations/services.ts'

/** Whom the handles of frames are of. */
export class AccessList {
  readonly #history: History
  /** Index of the entry that revoked it, by kind and handle. */
  readonly #revoked = new Map<string, number>()
  /** Handles of people, by person. */
  readonly #handles = new Map<string, string[]>()
  /** Thumbprints of points, by point. */
  readonly #keys = new Map<string, string>()
  readonly #roles: RoleBook
  readonly #services: ServiceBook

  constructor(crypto: Crypto, history: History) {
    this.#history = history
    this.#roles = roleBook(history)
    this.#services = serviceBook(history)
    for (const { index, frame } of history.frames) {
      const name = `${frame.kind} ${frame.handle}`
      if (!this.#revoked.has(name)) this.#revoked.set(name, index)
    }
    for (const [rev, { entry }] of history.people) {
      const person = entry.subject ?? ''
      this.#handles.set(person, [...(this.#handles.get(person) ?? []), rev])
    }
    for (const [id, { entry }] of history.points)
      this.#keys.set(id, thumbprint(crypto, publicJwk(entry.body.jwk)))
  }

  /** Whether the frame revokes what the item is about. */
  isOf({ kind, target }: ReviewItem, frame: Frame): boolean {
    switch (kind) {
      case 'agent':
      case 'delegation':
        return frame.kind === kind && frame.handle === target
      case 'person':
        return frame.kind === kind && (this.#handles.get(target) ?? []).includes(frame.handle)
      case 'point':
        return frame.kind === 'key' && frame.handle === this.#keys.get(target)
      case 'role':
      case 'service':
        return false
    }
  }

  /** Whether there is a handle to revoke: who never enrolled has none. */
  hasHandle({ kind, target }: ReviewItem): boolean {
    return kind !== 'person' || this.#handles.has(target)
  }

  /** Index of the entry that ended the role or service account of an item, which no frame does. */
  removalOf({ kind, target }: ReviewItem): number | null {
    if (kind === 'service') return this.#services.get(target)?.ended?.index ?? null
    return kind === 'role' ? (this.#roles.get(target)?.removed?.index ?? null) : null
  }

  /** Identifiers that a list of that time has to have. @param index of the entry that opened the review */
  *expected(list: (typeof REVIEW_LISTS)[number], index: number, time_ms: number): Generator<string> {
    if (list === 'access') return yield* this.#access(index, time_ms)
    for (const [id, { approved, removed }] of this.#roles)
      if (approved !== null && approved.index < index && (removed?.index ?? index) >= index) yield id
  }

  *#access(index: number, time_ms: number): Generator<string> {
    const { agents, delegations, people, points } = this.#history
    const isOver = (kind: Frame['kind'], handle: string): boolean =>
      (this.#revoked.get(`${kind} ${handle}`) ?? index) < index
    for (const [id, { proposal, changes }] of agents) {
      const isRetired = changes.some((change) => change.index < index && change.status === 'retired')
      if (proposal.index < index && !isRetired) yield id
    }
    for (const [jti, issued] of delegations) {
      const { agent, exp } = issued.entry.body
      const isRetired = agents
        .get(agent)
        ?.changes.some((change) => change.index < index && change.status === 'retired')
      const isLive = issued.index < index && exp > Math.floor(time_ms / 1000)
      if (isLive && isRetired !== true && !isOver('delegation', jti)) yield jti
    }
    for (const [rev, enrolled] of people)
      if (enrolled.index < index && !isOver('person', rev)) yield enrolled.entry.subject ?? ''
    for (const [id, enrolled] of points)
      if (enrolled.index < index && !isOver('key', this.#keys.get(id) ?? '')) yield id
    for (const [id, { proposed, approved, ended }] of this.#services) {
      const isApproved = approved !== null && approved.index < index
      const isLive = (ended?.index ?? index) >= index && Date.parse(proposed.entry.body.expires) > time_ms
      if (isApproved && isLive) yield id
    }
  }
}
