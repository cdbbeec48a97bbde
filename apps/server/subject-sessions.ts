/**
 * Sessions of data subjects' browsers, in memory: a restart ends them. Kept as hashes. spec/consent.md (CNS-29).
 * @module
 */
import type { Context } from 'hono'
import { getCookie } from 'hono/cookie'
import type { Crypto } from '../../src/core/crypto.ts'
import { base64url } from '../../src/core/encoding.ts'
import { isId } from '../../src/core/ids.ts'
import type { Clock } from '../../src/ports/clock.ts'
import { secretHash } from '../../src/registry/invitations.ts'
import type { AppEnv } from './context.ts'
import { ApiError } from './errors.ts'

export const SUBJECT_COOKIE = 'countersign_subject'
export const SUBJECT_SESSION_MS = 30 * 60_000
/** Sessions at once. */
const HELD_MAX = 10_000
/** Of one subject. */
export const SESSIONS_OF_SUBJECT_MAX = 8
const SECRET_BYTES = 32

interface Session {
  readonly subject: string
  /** Who made the link that it was opened by, or the subject by a passkey. */
  readonly by: string
  /** Of the monotonic clock, in milliseconds. */
  readonly until: number
}

export class SubjectSessions {
  readonly #crypto: Crypto
  readonly #clock: Clock
  /** Oldest first. */
  readonly #sessions = new Map<string, Session>()

  constructor(crypto: Crypto, clock: Clock) {
    this.#crypto = crypto
    this.#clock = clock
  }

  /** The oldest of the subject ends where there are too many. @returns the session's secret */
  open(subject: string, by: string): string {
    this.#endOldest(subject)
    const now = this.#clock.monotonic()
    if (this.#sessions.size >= HELD_MAX)
      for (const [name, { until }] of this.#sessions) if (until <= now) this.#sessions.delete(name)
    if (this.#sessions.size >= HELD_MAX) throw new ApiError('TOO_MANY', 'too many are here: try again later')
    const secret = base64url(this.#crypto.randomBytes(SECRET_BYTES))
    const session = { subject, by, until: now + SUBJECT_SESSION_MS }
    this.#sessions.set(secretHash(this.#crypto, secret), session)
    return secret
  }

  sessionOf(secret: string | undefined): Session | null {
    if (secret === undefined) return null
    const found = this.#sessions.get(secretHash(this.#crypto, secret))
    return found !== undefined && found.until > this.#clock.monotonic() ? found : null
  }

  end(secret: string): void {
    this.#sessions.delete(secretHash(this.#crypto, secret))
  }

  /** All of a subject's but one: who came in by a passkey that was replaced is out. */
  endOthers(subject: string, secret: string): void {
    const own = secretHash(this.#crypto, secret)
    for (const [name, held] of this.#sessions)
      if (held.subject === subject && name !== own) this.#sessions.delete(name)
  }

  /** So that nobody comes in so often that no room is left for others. */
  #endOldest(subject: string): void {
    const own = [...this.#sessions].filter(([, held]) => held.subject === subject)
    for (const [name] of own.slice(0, Math.max(0, own.length - SESSIONS_OF_SUBJECT_MAX + 1)))
      this.#sessions.delete(name)
  }
}

/** @throws {ApiError} `AUTH_MISSING` */
export function subjectOf(c: Context<AppEnv>, sessions: SubjectSessions): string {
  return whoIsIn(c, sessions).subject
}

export interface WhoIsIn {
  readonly subject: string
  /** The manager whose link it was: then the session reaches what went through that manager alone (CNS-41). */
  readonly through: string | null
}

/** @throws {ApiError} `AUTH_MISSING` */
export function whoIsIn(c: Context<AppEnv>, sessions: SubjectSessions): WhoIsIn {
  const found = sessions.sessionOf(getCookie(c, SUBJECT_COOKIE))
  if (found === null)
    throw new ApiError('AUTH_MISSING', 'open the page by a link, or sign in with your passkey')
  return { subject: found.subject, through: isId(found.by, 'mgr') ? found.by : null }
}
