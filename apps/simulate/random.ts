/**
 * Chance and keys of a simulation, all from one seed: the same seed gives the same people, keys, identifiers and days.
 * spec/simulation.md (SIM-2). Invariant: nothing that comes of it is secret. It is for logs that say that they are simulated.
 * @module
 */
import { createPrivateKey, createPublicKey, diffieHellman } from 'node:crypto'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { Crypto, PrivateJwk, X25519Pair } from '../../src/core/crypto.ts'
import { base64url, utf8 } from '../../src/core/encoding.ts'

const BLOCK_BYTES = 32
/** DER of a PKCS #8 private key up to its 32 bytes (RFC 8410), and of a public X25519 key up to its own. */
const ED25519_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')
const X25519_PREFIX = Buffer.from('302e020100300506032b656e04220420', 'hex')
const X25519_SPKI_PREFIX = Buffer.from('302a300506032b656e032100', 'hex')

/** SHA-256 in counter mode. */
class SeededBytes {
  readonly #key: Uint8Array
  #counter = 0
  #block: Uint8Array = new Uint8Array(0)
  #at = 0

  constructor(seed: string) {
    this.#key = nodeCrypto.sha256(utf8(`countersign-simulation-v1 ${seed}`))
  }

  take(length: number): Uint8Array {
    const out = new Uint8Array(length)
    for (let i = 0; i < length; i++) {
      if (this.#at === this.#block.length) this.#next()
      out[i] = this.#block[this.#at++] ?? 0
    }
    return out
  }

  #next(): void {
    const input = Buffer.alloc(BLOCK_BYTES + 8)
    input.set(this.#key)
    input.writeBigUInt64BE(BigInt(this.#counter++), BLOCK_BYTES)
    this.#block = nodeCrypto.sha256(input)
    this.#at = 0
  }
}

/**
 * The crypto of every part of a simulation. Ed25519 alone is for keys: its signatures are the same each time, those of
 * ES256 are not.
 */
export function seededCrypto(seed: string): Crypto {
  const bytes = new SeededBytes(seed)
  return {
    ...nodeCrypto,
    randomBytes: (length) => bytes.take(length),
    generateKey: (alg) => (alg === 'Ed25519' ? ed25519(bytes.take(32)) : nodeCrypto.generateKey(alg)),
    x25519: () => x25519(bytes.take(32)),
  }
}

function ed25519(raw: Uint8Array): PrivateJwk {
  const key = createPrivateKey({ key: Buffer.concat([ED25519_PREFIX, raw]), format: 'der', type: 'pkcs8' })
  const { x = '' } = createPublicKey(key).export({ format: 'jwk' })
  return { kty: 'OKP', crv: 'Ed25519', x, d: base64url(raw) }
}

function x25519(raw: Uint8Array): X25519Pair {
  const privateKey = createPrivateKey({
    key: Buffer.concat([X25519_PREFIX, raw]),
    format: 'der',
    type: 'pkcs8',
  })
  const der = createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
  return {
    publicKey: new Uint8Array(der.subarray(X25519_SPKI_PREFIX.length)),
    agree: (peer) => {
      const key = Buffer.concat([X25519_SPKI_PREFIX, peer])
      const publicKey = createPublicKey({ key, format: 'der', type: 'spki' })
      return new Uint8Array(diffieHellman({ privateKey, publicKey }))
    },
  }
}

/** What is left to chance in a story, apart from what cryptography draws: another key does not make another day. */
export class Chance {
  readonly #bytes: SeededBytes

  constructor(seed: string) {
    this.#bytes = new SeededBytes(seed)
  }

  /** A whole number, from 0 up to and without `below`. */
  below(below: number): number {
    const drawn = this.#bytes.take(4)
    return Math.floor((new DataView(drawn.buffer).getUint32(0) / 2 ** 32) * below)
  }

  /** From `least` to `most`, both possible. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1)
  }

  isTrue(share: number): boolean {
    return this.below(1_000_000) < share * 1_000_000
  }

  /** @throws {RangeError} of nothing */
  of<T>(all: readonly T[]): T {
    const one = all[this.below(all.length)]
    if (one === undefined) throw new RangeError('there is nothing to choose from')
    return one
  }
}
