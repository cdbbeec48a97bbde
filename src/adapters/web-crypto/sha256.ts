/** SHA-256 (FIPS 180-4) in plain code, for where a platform has it at a later time only: a browser. @module */
import type { PartsDigest } from '../../core/crypto.ts'

const BLOCK = 64
/** A whole pack is hashed entry by entry: what one hash needs is made once, and its rounds make nothing. */
const K = fractions(1 / 3, 64)
const INITIAL = fractions(1 / 2, 8)

/** The first 32 bits of the fractional parts of square or cube roots of the first primes. */
function fractions(power: number, count: number): Int32Array {
  const found: number[] = []
  for (let n = 2; found.length < count; n++) {
    let isPrime = true
    for (let d = 2; d * d <= n; d++) if (n % d === 0) isPrime = false
    const root = n ** power
    if (isPrime) found.push(((root - Math.floor(root)) * 2 ** 32) | 0)
  }
  return Int32Array.from(found)
}

/** Of the block at hand: no hash is in the middle of one when another begins. */
const WORDS = new Int32Array(BLOCK)

/** Of a digest that is made at once, and what is behind its last whole block. */
const STATE = new Int32Array(8)
const LAST = new Uint8Array(2 * BLOCK)

class Sha256 implements PartsDigest {
  readonly #state = INITIAL.slice()
  readonly #rest = new Uint8Array(BLOCK)
  #rested = 0
  #length = 0

  update(part: Uint8Array): void {
    this.#length += part.length
    let at = 0
    if (this.#rested > 0) {
      at = Math.min(BLOCK - this.#rested, part.length)
      this.#rest.set(part.subarray(0, at), this.#rested)
      this.#rested += at
      if (this.#rested < BLOCK) return
      addBlock(this.#state, this.#rest, 0)
    }
    for (; at + BLOCK <= part.length; at += BLOCK) addBlock(this.#state, part, at)
    this.#rest.set(part.subarray(at))
    this.#rested = part.length - at
  }

  digest(): Uint8Array {
    return finish(this.#state, this.#rest.subarray(0, this.#rested), 0, this.#length)
  }
}

/** @param rest what is behind the last whole block stands in it from `from` on @param length of all, in bytes */
function finish(state: Int32Array, rest: Uint8Array, from: number, length: number): Uint8Array {
  const rested = rest.length - from
  LAST.fill(0)
  for (let i = 0; i < rested; i++) LAST[i] = rest[from + i] ?? 0
  LAST[rested] = 0x80
  const end = rested < BLOCK - 8 ? BLOCK : 2 * BLOCK
  writeWord(LAST, end - 8, Math.floor(length / 2 ** 29))
  writeWord(LAST, end - 4, (length * 8) >>> 0)
  for (let at = 0; at < end; at += BLOCK) addBlock(state, LAST, at)
  const out = new Uint8Array(32)
  for (let i = 0; i < 8; i++) writeWord(out, 4 * i, state[i] ?? 0)
  return out
}

function writeWord(bytes: Uint8Array, at: number, word: number): void {
  bytes[at] = word >>> 24
  bytes[at + 1] = word >>> 16
  bytes[at + 2] = word >>> 8
  bytes[at + 3] = word
}

function addBlock(state: Int32Array, bytes: Uint8Array, from: number): void {
  const w = WORDS
  for (let i = 0, at = from; i < 16; i++, at += 4)
    w[i] =
      ((bytes[at] ?? 0) << 24) |
      ((bytes[at + 1] ?? 0) << 16) |
      ((bytes[at + 2] ?? 0) << 8) |
      (bytes[at + 3] ?? 0)
  for (let i = 16; i < BLOCK; i++) {
    const x = w[i - 15] ?? 0
    const y = w[i - 2] ?? 0
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3)
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10)
    w[i] = ((w[i - 16] ?? 0) + s0 + (w[i - 7] ?? 0) + s1) | 0
  }
  addRounds(state, w)
}

function addRounds(state: Int32Array, w: Int32Array): void {
  let a = state[0] ?? 0
  let b = state[1] ?? 0
  let c = state[2] ?? 0
  let d = state[3] ?? 0
  let e = state[4] ?? 0
  let f = state[5] ?? 0
  let g = state[6] ?? 0
  let h = state[7] ?? 0
  for (let i = 0; i < BLOCK; i++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7))
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + (K[i] ?? 0) + (w[i] ?? 0)) | 0
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0
    h = g
    g = f
    f = e
    e = (d + t1) | 0
    d = c
    c = b
    b = a
    a = (t1 + t2) | 0
  }
  state[0] = ((state[0] ?? 0) + a) | 0
  state[1] = ((state[1] ?? 0) + b) | 0
  state[2] = ((state[2] ?? 0) + c) | 0
  state[3] = ((state[3] ?? 0) + d) | 0
  state[4] = ((state[4] ?? 0) + e) | 0
  state[5] = ((state[5] ?? 0) + f) | 0
  state[6] = ((state[6] ?? 0) + g) | 0
  state[7] = ((state[7] ?? 0) + h) | 0
}

/** Of parts. */
export function plainSha256Parts(): PartsDigest {
  return new Sha256()
}

/** At once, in memory that is there: a log has millions of texts of a few hundred bytes. */
export function plainSha256(data: Uint8Array): Uint8Array {
  STATE.set(INITIAL)
  let at = 0
  for (; at + BLOCK <= data.length; at += BLOCK) addBlock(STATE, data, at)
  return finish(STATE, data, at, data.length)
}

/** HMAC-SHA-256 (RFC 2104). */
export function plainHmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array {
  const block = new Uint8Array(BLOCK)
  block.set(key.length > BLOCK ? plainSha256(key) : key)
  const inner = plainSha256Parts()
  inner.update(block.map((byte) => byte ^ 0x36))
  inner.update(data)
  const outer = plainSha256Parts()
  outer.update(block.map((byte) => byte ^ 0x5c))
  outer.update(inner.digest())
  return outer.digest()
}
