/**
 * Challenges, sessions and used proofs of one enforcement point: all in memory, all bounded, all gone at a restart.
 * A proof names a challenge of this process, so nothing made for another life of the point is accepted (PRF-1).
 * @module
 */
import type { Crypto, X25519Pair } from '../core/crypto.ts'
import { base64url, fromBase64url } from '../core/encoding.ts'
import { CoreError } from '../core/errors.ts'
import { newId } from '../core/ids.ts'
import type { Clock } from '../ports/clock.ts'
import type { DecidedChain } from '../token/verify.ts'
import type { ChainRecord } from './chain-record.ts'

const CHALLENGES_MAX = 1024
const CHALLENGE_LIFE_MS = 120_000
const SESSIONS_MAX = 4096
const SESSION_LIFE_MS = 3_600_000
/** Counters of a session are accepted once inside a window of this many (PRF-2). */
const COUNTER_WINDOW = 1024
const NONCES_MAX = 16_384

export interface Session {
  readonly id: string
  /** base64url of 32 bytes: as text it takes a quarter of the memory of an array of its own. */
  readonly key: string
  readonly chain: DecidedChain
  readonly record: ChainRecord
  /** Digest of the manifest that the agent reported, or null (VER-3). */
  readonly manifest: string | null
  readonly expires_ms: number
  readonly counters: CounterWindow
}

/** Counters that come in order take no memory: only those that are ahead of a gap are remembered one by one. */
export class CounterWindow {
  /** Every counter up to here was used, or is too far behind. */
  #floor = 0
  #highest = 0
  #ahead: Set<number> | null = null

  /** @returns false for a counter used before or too far behind. */
  use(n: number): boolean {
    if (!Number.isSafeInteger(n) || n <= this.#floor || this.#ahead?.has(n) === true) return false
    if (n === this.#floor + 1) this.#floor = n
    else (this.#ahead ??= new Set()).add(n)
    this.#highest = Math.max(this.#highest, n)
    this.#raiseFloor(this.#highest - COUNTER_WINDOW)
    return true
  }

  #raiseFloor(least: number): void {
    const ahead = this.#ahead
    if (ahead === null) return
    if (least - this.#floor > COUNTER_WINDOW) {
      // A leap: what is remembered may lie further apart than one would want to count.
      for (const n of ahead) if (n <= least) ahead.delete(n)
      this.#floor = least
    }
    while (this.#floor < least) ahead.delete(++this.#floor)
    while (ahead.delete(this.#floor + 1)) this.#floor++
    if (ahead.size === 0) this.#ahead = null
  }
}

export class Sessions {
  readonly #crypto: Crypto
  readonly #clock: Clock
  readonly #pair: X25519Pair
  /** The point's ephemeral X25519 key, base64url: new for each process. */
  readonly key: string
  readonly #challenges = new Map<string, number>()
  readonly #sessions = new Map<string, Session>()
  readonly #nonces = new Map<string, number>()

  constructor(crypto: Crypto, clock: Clock) {
    this.#crypto = crypto
    this.#clock = clock
    this.#pair = crypto.x25519()
    this.key = base64url(this.#pair.publicKey)
  }

  challenge(): string {
    const challenge = base64url(this.#crypto.randomBytes(32))
    makeRoom(this.#challenges, CHALLENGES_MAX)
    this.#challenges.set(challenge, this.#clock.monotonic() + CHALLENGE_LIFE_MS)
    return challenge
  }

  /** A challenge opens one session. @returns false when it is unknown, used or too old. */
  useChallenge(challenge: string): boolean {
    const expires = this.#challenges.get(challenge)
    this.#challenges.delete(challenge)
    return expires !== undefined && expires > this.#clock.monotonic()
  }

  /**
   * The nonce of a proof for one call: a live challenge, `.`, and a part of its own, used once.
   * @returns null when good
   */
  useCallNonce(nonce: string): 'PROOF_INVALID' | 'PROOF_REPLAYED' | 'SESSION_LIMIT' | null {
    const [challenge = '', own = '', ...more] = nonce.split('.')
    const expires = this.#challenges.get(challenge)
    if (more.length > 0 || own.length < 22 || expires === undefined || expires <= this.#clock.monotonic()) {
      return 'PROOF_INVALID'
    }
    if (this.#nonces.has(nonce)) return 'PROOF_REPLAYED'
    this.#dropOldNonces()
    // Forgetting one that may still be replayed is not an option: deny instead.
    if (this.#nonces.size >= NONCES_MAX) return 'SESSION_LIMIT'
    this.#nonces.set(nonce, expires)
    return null
  }

  #dropOldNonces(): void {
    if (this.#nonces.size < NONCES_MAX) return
    const now = this.#clock.monotonic()
    for (const [nonce, expires] of this.#nonces) if (expires <= now) this.#nonces.delete(nonce)
  }

  /** The shared secret with a client's key, or null when that key is no good. */
  agree(clientKey: string): Uint8Array | null {
    try {
      return this.#pair.agree(fromBase64url(clientKey))
    } catch (error) {
      if (error instanceof CoreError) return null // 43 characters, but not the one spelling of 32 bytes
      throw error
    }
  }

  open(
    session: Pick<Session, 'key' | 'chain' | 'record'> & Partial<Pick<Session, 'manifest'>>,
    chainExpires_ms: number,
  ): Session {
    const id = newId(this.#crypto, 'ses', this.#clock.now())
    makeRoom(this.#sessions, SESSIONS_MAX)
    const expires_ms = Math.min(chainExpires_ms, this.#clock.now() + SESSION_LIFE_MS)
    const { key, chain, record, manifest = null } = session
    const opened = { id, key, chain, record, manifest, expires_ms, counters: new CounterWindow() }
    this.#sessions.set(id, opened)
    return opened
  }

  get(id: string): Session | null {
    const session = this.#sessions.get(id)
    if (session === undefined) return null
    if (session.expires_ms > this.#clock.now()) return session
    this.close(id)
    return null
  }

  close(id: string): void {
    this.#sessions.delete(id)
  }
}

/** Makes room for one by dropping the oldest. */
function makeRoom(map: Map<string, unknown>, max: number): void {
  for (const key of map.keys()) {
    if (map.size < max) return
    map.delete(key)
  }
}
