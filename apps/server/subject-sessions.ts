/**
 * Sessions of data subjects' browsers, in memory: a restart ends them. Kept as hashes. spec/consent.md (CNS-29).
 * @module
 */
import type { Context } from 'hono'
import { getCookie } from 'hono/cookie'
import type { Crypto } from '../../src/core/crypto.ts'
import { base64url } from '../../src/core/encoding.ts'
import type { Clock } from '../../src/ports/clock.ts'
import { secretHash } from '../../src/registry/invitations.ts'
import type { AppEnv } from './context.ts'
import { ApiError } from './errors.ts'

export const SUBJECT_COOKIE = 'countersign_subject'
export const SUBJECT_SESSION_MS = 30 * 60_000
const CHALLENGE_MS = 5 * 60_000
/** Sessions, and challenges, at once. */
const HELD_MAX = 10_000
const SECRET_BYTES = 32

interface Session {
  readonly subject: string
  /** Who made the link that it was opened by, or the subject by a passkey. */
  readonly by: string
}

type Held<T> = Map<string, T & { readonly until: number }>

export class SubjectSessions {
  readonly #crypto: Crypto
  readonly #clock: Clock
  readonly #sessions: Held<Session> = new Map()
  readonly #challenges: Held<object> = new Map()

  constructor(crypto: Crypto, clock: Clock) {
    this.#crypto = crypto
    this.#clock = clock
  }

  /** @returns the session's secret */
  open(subject: string, by: string): string {
    return this.#hold(this.#sessions, { subject, by }, SUBJECT_SESSION_MS)
  }

  sessionOf(secret: string | undefined): Session | null {
    if (secret === undefined) return null
    const found = this.#sessions.get(secretHash(this.#crypto, secret))
    return found !== undefined && found.until > this.#clock.monotonic() ? found : null
  }

  /** All of a subject's but one: who came in by a passkey that was replaced is out. */
  endOthers(subject: string, secret: string): void {
    const own = secretHash(this.#crypto, secret)
    for (const [name, held] of this.#sessions)
      if (held.subject === subject && name !== own) this.#sessions.delete(name)
  }

  /** A challenge for a passkey that says who it is. */
  challenge(): string {
    return this.#hold(this.#challenges, {}, CHALLENGE_MS)
  }

  /** Uses it up. */
  takeChallenge(challenge: string): boolean {
    const name = secretHash(this.#crypto, challenge)
    const found = this.#challenges.get(name)
    this.#challenges.delete(name)
    return found !== undefined && found.until > this.#clock.monotonic()
  }

  #hold<T extends object>(held: Held<T>, one: T, ttl_ms: number): string {
    const now = this.#clock.monotonic()
    if (held.size >= HELD_MAX) for (const [name, { until }] of held) if (until <= now) held.delete(name)
    if (held.size >= HELD_MAX) throw new ApiError('TOO_MANY', 'too many are here: try again later')
    const secret = base64url(this.#crypto.randomBytes(SECRET_BYTES))
    held.set(secretHash(this.#crypto, secret), { ...one, until: now + ttl_ms })
    return secret
  }
}

/** @throws {ApiError} `AUTH_MISSING` */
export function subjectOf(c: Context<AppEnv>, sessions: SubjectSessions): string {
  const found = sessions.sessionOf(getCookie(c, SUBJECT_COOKIE))
  if (found === null)
    throw new ApiError('AUTH_MISSING', 'open the page by a link, or sign in with your passkey')
  return found.subject
}
