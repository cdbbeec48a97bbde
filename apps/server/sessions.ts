/**
 * Sessions of people's browsers, in memory: a restart ends every one. spec/sessions.md (SES-1 to SES-5).
 * A session comes of a passkey, of a provider of identities, or of a link that its person's own key asked for.
 * Invariant: secrets are kept as hashes, and a secret that stood in a browser before a sign-in never becomes a session.
 * @module
 */
import type { Crypto } from '../../src/core/crypto.ts'
import { base64url } from '../../src/core/encoding.ts'
import type { Clock } from '../../src/ports/clock.ts'
import { secretHash } from '../../src/registry/invitations.ts'
import { ApiError } from './errors.ts'

export const SESSION_COOKIE = 'countersign_session'
export const TICKET_TTL_MS = 60_000
/** However busy it is, a session ends then. */
export const SESSION_TTL_MS = 8 * 3600 * 1000
/** A session of which nobody asked for anything for so long has ended: a screen that somebody left. */
export const SESSION_IDLE_MS = 30 * 60_000
/** A secret is replaced when it is older than this, so that one that leaked is soon good for nothing. */
const ROTATE_MS = 15 * 60_000
/** What is under way with the old secret still arrives. */
const ROTATED_GRACE_MS = 30_000
/** Tickets, and sessions, at once. */
const HELD_MAX = 1_000
/** Of one person: the oldest is good for nothing any more, so that nobody takes the room of others. */
const TICKETS_OF_PERSON_MAX = 8
/** Of one person: the oldest ends, so that nobody fills the room of others. */
export const SESSIONS_OF_PERSON_MAX = 8
const SECRET_BYTES = 32

/** How somebody came in. `oidc`: of whom the provider spoke, and its own session if it named one. */
export type SignedInBy =
  /** `passkey`: the index of its registration. The session ends with it (PPL-9). */
  | { readonly by: 'passkey'; readonly passkey: number }
  | { readonly by: 'link' }
  | {
      readonly by: 'oidc'
      readonly oidc: {
        readonly iss: string
        readonly sub: string
        readonly sid: string | null
        /** By which any node finds out that it is over there (IDN-13). */
        readonly logouts: readonly string[]
      }
    }

export interface Session {
  readonly person: string
  readonly how: SignedInBy
  /** Of the person when they came in: whoever is recovered since is registered anew, and what was open has ended (PPL-12). */
  readonly registration: number | null
  /** Of the wall clock, in milliseconds. */
  readonly began: number
}

interface Held extends Session {
  /** Of the monotonic clock, in milliseconds, as those below. */
  readonly until: number
  readonly secretSince: number
  seen: number
}

interface Ticket {
  readonly person: string
  readonly registration: number | null
  readonly until: number
}

export class Sessions {
  readonly #crypto: Crypto
  readonly #clock: Clock
  readonly #tickets = new Map<string, Ticket>()
  readonly #sessions = new Map<string, Held>()

  constructor(crypto: Crypto, clock: Clock) {
    this.#crypto = crypto
    this.#clock = clock
  }

  /** @returns a ticket, good once and for a minute. */
  ticketFor(person: string, registration: number | null): string {
    const now = this.#clock.monotonic()
    this.#sweep()
    const own = [...this.#tickets].filter(([, ticket]) => ticket.person === person)
    for (const [name] of own.slice(0, Math.max(0, own.length - TICKETS_OF_PERSON_MAX + 1)))
      this.#tickets.delete(name)
    if (this.#tickets.size >= HELD_MAX)
      throw new ApiError('TOO_MANY', 'too many links: try again in a minute')
    const secret = this.#newSecret()
    this.#tickets.set(this.#name(secret), { person, registration, until: now + TICKET_TTL_MS })
    return secret
  }

  /** @returns the session's secret, or null when the ticket is unknown, used or expired. */
  redeem(ticket: string): string | null {
    const name = this.#name(ticket)
    const held = this.#tickets.get(name)
    this.#tickets.delete(name)
    if (held === undefined || held.until <= this.#clock.monotonic()) return null
    return this.begin(held.person, { by: 'link' }, held.registration)
  }

  /** @returns the session's secret, which no browser had before. @throws {ApiError} `TOO_MANY` */
  begin(person: string, how: SignedInBy, registration: number | null): string {
    this.#sweep()
    this.#endOldestOf(person)
    if (this.#sessions.size >= HELD_MAX)
      throw new ApiError('TOO_MANY', 'too many people are signed in: try again later')
    const now = this.#clock.monotonic()
    const secret = this.#newSecret()
    const began = this.#clock.now()
    const held = {
      person,
      how,
      registration,
      began,
      until: now + SESSION_TTL_MS,
      secretSince: now,
      seen: now,
    }
    this.#sessions.set(this.#name(secret), held)
    return secret
  }

  /**
   * @param attended whether somebody asks: from then on it is not idle. Of what a page asks by itself it stays what it is
   * @returns the session, or null
   */
  sessionOf(secret: string | undefined, attended: boolean): Session | null {
    if (secret === undefined) return null
    const held = this.#sessions.get(this.#name(secret))
    if (held === undefined || !this.#isLive(held)) return null
    if (attended) held.seen = this.#clock.monotonic()
    return held
  }

  /** @returns another secret in place of one that has grown old, or null: this one is good, or no session's. */
  rotate(secret: string): string | null {
    const name = this.#name(secret)
    const held = this.#sessions.get(name)
    const now = this.#clock.monotonic()
    if (held === undefined || !this.#isLive(held) || held.secretSince > now - ROTATE_MS) return null
    // The old one stays for what is under way, and is not rotated again.
    const next = this.#newSecret()
    this.#sessions.set(this.#name(next), { ...held, secretSince: now })
    this.#sessions.set(name, { ...held, secretSince: Infinity, until: now + ROTATED_GRACE_MS })
    return next
  }

  end(secret: string): void {
    const held = this.#sessions.get(this.#name(secret))
    if (held === undefined) return
    // With the ones that it rotated from.
    this.endWhere(({ person, began }) => person === held.person && began === held.began)
  }

  has(which: (session: Session) => boolean): boolean {
    return [...this.#sessions.values()].some((held) => this.#isLive(held) && which(held))
  }

  /** @returns how many ended */
  endWhere(which: (session: Session) => boolean): number {
    let ended = 0
    for (const [name, held] of this.#sessions)
      if (which(held)) {
        this.#sessions.delete(name)
        ended++
      }
    return ended
  }

  #isLive({ until, seen }: Held): boolean {
    const now = this.#clock.monotonic()
    return until > now && seen > now - SESSION_IDLE_MS
  }

  #sweep(): void {
    const now = this.#clock.monotonic()
    for (const [name, { until }] of this.#tickets) if (until <= now) this.#tickets.delete(name)
    for (const [name, held] of this.#sessions) if (!this.#isLive(held)) this.#sessions.delete(name)
  }

  #endOldestOf(person: string): void {
    // One whose secret was replaced stands last, however old it is; what it rotated from is no other, and soon over.
    const own = [...this.#sessions]
      .filter(([, held]) => held.person === person && held.secretSince !== Infinity)
      .toSorted(([, a], [, b]) => a.until - b.until)
    for (const [name] of own.slice(0, Math.max(0, own.length - SESSIONS_OF_PERSON_MAX + 1)))
      this.#sessions.delete(name)
  }

  #newSecret(): string {
    return base64url(this.#crypto.randomBytes(SECRET_BYTES))
  }

  #name(secret: string): string {
    return secretHash(this.#crypto, secret)
  }
}
