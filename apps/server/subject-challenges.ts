/**
 * What a data subject's passkey signs to come in. spec/consent.md (CNS-42). Nothing is kept of a challenge that was given:
 * it says itself when that was, under a key of this process. Kept is, of each subject that came in, the last one used.
 * Invariant: whoever asks for challenges, and however often, keeps nobody else out.
 * @module
 */
import { taggedText } from '../../src/core/digest.ts'
import { base64url, concat, equalBytes, fromBase64url, utf8 } from '../../src/core/encoding.ts'
import { CountersignError } from '../../src/core/errors.ts'
import type { Crypto, PublicJwk } from '../../src/core/crypto.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { GestureParts } from '../../src/registry/context.ts'
import { RegistryError } from '../../src/registry/errors.ts'
import { gestureFault } from '../../src/token/gesture.ts'
import type { ServerContext } from './context.ts'
import { ApiError } from './errors.ts'

export const CHALLENGE_MS = 5 * 60_000
const TAG = 'countersign-subject-challenge-v1'
/** Number, time in milliseconds, then a MAC of 32 bytes. */
const NUMBER_BYTES = 8
const SAID_BYTES = 2 * NUMBER_BYTES
const MAC_BYTES = 32
const KEY_BYTES = 32
/** Subjects that came in by a passkey within {@link CHALLENGE_MS}: each of them has a gesture of its own behind it. */
const SUBJECTS_MAX = 10_000

interface Used {
  readonly n: number
  readonly until: number
}

export class SubjectChallenges {
  readonly #crypto: Crypto
  readonly #clock: Clock
  readonly #key: Uint8Array
  readonly #last = new Map<string, Used>()
  #given = 0

  constructor(crypto: Crypto, clock: Clock) {
    this.#crypto = crypto
    this.#clock = clock
    this.#key = crypto.randomBytes(KEY_BYTES)
  }

  give(): string {
    const said = new Uint8Array(SAID_BYTES)
    const view = new DataView(said.buffer)
    view.setBigUint64(0, BigInt(++this.#given))
    view.setBigUint64(NUMBER_BYTES, BigInt(Math.floor(this.#clock.monotonic())))
    return base64url(concat(said, this.#mac(said)))
  }

  /** @returns its number; null: not one of ours, or too old */
  read(challenge: string): number | null {
    const bytes = bytesOf(challenge)
    if (bytes?.length !== SAID_BYTES + MAC_BYTES) return null
    const said = bytes.slice(0, SAID_BYTES)
    if (!equalBytes(bytes.subarray(SAID_BYTES), this.#mac(said))) return null
    const view = new DataView(said.buffer)
    const age_ms = this.#clock.monotonic() - Number(view.getBigUint64(NUMBER_BYTES))
    return age_ms < CHALLENGE_MS ? Number(view.getBigUint64(0)) : null
  }

  /**
   * Uses it up for this subject, with all that were given before. Once their gesture over it holds, and not sooner.
   * @returns false: it was used, or one that was given later
   */
  use(subject: string, n: number): boolean {
    const now = this.#clock.monotonic()
    const last = this.#last.get(subject)
    if (last !== undefined && last.until > now && last.n >= n) return false
    if (this.#last.size >= SUBJECTS_MAX)
      for (const [name, { until }] of this.#last) if (until <= now) this.#last.delete(name)
    if (last === undefined && this.#last.size >= SUBJECTS_MAX)
      throw new ApiError('TOO_MANY', 'too many came in at once: try again in 5 minutes')
    this.#last.set(subject, { n, until: now + CHALLENGE_MS })
    return true
  }

  #mac(said: Uint8Array): Uint8Array {
    return this.#crypto.hmacSha256(this.#key, utf8(taggedText(TAG, base64url(said))))
  }
}

function bytesOf(challenge: string): Uint8Array | null {
  try {
    return fromBase64url(challenge)
  } catch (error) {
    if (error instanceof CountersignError) return null
    throw error
  }
}

/** The answer of a passkey over a challenge that was given. @throws {RegistryError} `GESTURE_INVALID` */
export function assertGesture(
  ctx: ServerContext,
  said: {
    readonly challenge: string
    readonly jwk: PublicJwk | null
    readonly registration: number | null
    readonly gesture: GestureParts
  },
): void {
  const { challenge, jwk, registration, gesture } = said
  if (jwk === null || registration === null)
    throw new RegistryError('GESTURE_INVALID', 'no passkey is registered')
  const whole = { rev: '', role: 'principal' as const, jwk, registration, ...gesture }
  const fault = gestureFault(ctx.registry.crypto, ctx.registry.rp, challenge, whole)
  if (fault !== null) throw new RegistryError('GESTURE_INVALID', fault)
}
