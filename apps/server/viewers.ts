/**
 * Browsers that may read: a person asks for a one-time ticket, the browser trades it for a session. In memory:
 * a restart ends every session. Tickets and sessions are kept as hashes.
 * @module
 */
import type { Crypto } from '../../src/core/crypto.ts'
import { base64url, utf8 } from '../../src/core/encoding.ts'
import type { Clock } from '../../src/ports/clock.ts'
import { ApiError } from './errors.ts'

export const VIEWER_COOKIE = 'countersign_viewer'
export const TICKET_TTL_MS = 60_000
export const SESSION_TTL_MS = 8 * 3600 * 1000
/** Tickets, and sessions, at once. */
const HELD_MAX = 1_000
const SECRET_BYTES = 32

interface Held {
  readonly person: string
  readonly expires: number
}

export class Viewers {
  readonly #crypto: Crypto
  readonly #clock: Clock
  readonly #tickets = new Map<string, Held>()
  readonly #sessions = new Map<string, Held>()

  constructor(crypto: Crypto, clock: Clock) {
    this.#crypto = crypto
    this.#clock = clock
  }

  /** @returns a ticket, good once and for a minute. */
  ticketFor(person: string): string {
    return this.#hold(this.#tickets, person, TICKET_TTL_MS)
  }

  /** @returns the session's secret, or null when the ticket is unknown, used or expired. */
  redeem(ticket: string): string | null {
    const name = this.#hash(ticket)
    const held = this.#find(this.#tickets, name)
    this.#tickets.delete(name)
    return held ? this.#hold(this.#sessions, held.person, SESSION_TTL_MS) : null
  }

  /** @returns the person whose session it is, or null. */
  sessionOf(secret: string | undefined): string | null {
    return secret === undefined ? null : (this.#find(this.#sessions, this.#hash(secret))?.person ?? null)
  }

  #hold(held: Map<string, Held>, person: string, ttl_ms: number): string {
    const now = this.#clock.monotonic()
    for (const [name, one] of held) if (one.expires <= now) held.delete(name)
    if (held.size >= HELD_MAX) throw new ApiError('TOO_MANY', 'too many viewers: try again later')
    const secret = base64url(this.#crypto.randomBytes(SECRET_BYTES))
    held.set(this.#hash(secret), { person, expires: now + ttl_ms })
    return secret
  }

  #find(held: Map<string, Held>, name: string): Held | null {
    const one = held.get(name)
    return one && one.expires > this.#clock.monotonic() ? one : null
  }

  #hash(secret: string): string {
    return base64url(this.#crypto.sha256(utf8(secret)))
  }
}
