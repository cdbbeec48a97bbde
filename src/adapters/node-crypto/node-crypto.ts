/**
 * The {@link Crypto} port over node:crypto (OpenSSL). Keys are imported once and kept in a bounded cache.
 * @module
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hash,
  randomBytes,
  randomFillSync,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto'
import type {
  Alg,
  Crypto,
  EcPublicJwk,
  PrivateJwk,
  PublicJwk,
  Signer,
  X25519Pair,
} from '../../core/crypto.ts'
import { rawToDer } from '../../core/der.ts'
import { base64url } from '../../core/encoding.ts'
import { CoreError } from '../../core/errors.ts'
import { algOf, COORDINATE, publicJwk } from '../../core/jwk.ts'

/** Imported public keys kept, each about 1 KiB. */
const KEY_CACHE_MAX = 1024
/** base64 of a SubjectPublicKeyInfo up to the key: of Ed25519 (RFC 8410), and of an uncompressed P-256 point (RFC 5480). */
const ED25519_PEM_PREFIX = Buffer.from('302a300506032b6570032100', 'hex').toString('base64')
const P256_PEM_PREFIX = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d03010703420004', 'hex').toString(
  'base64',
)
/** The DER prefix of an X25519 SubjectPublicKeyInfo (RFC 8410). */
const X25519_SPKI_PREFIX = Buffer.from('302a300506032b656e032100', 'hex')

/** Enough for a hundred identifiers. */
const RANDOM_BYTES_AHEAD = 2048
const HMAC_BLOCK_BYTES = 64
const SHA256_BYTES = 32
/** Arguments of most calls: longer texts get memory of their own. */
const HMAC_BYTES_AHEAD = 8192

/** What a new signer signs once, to prove that its key is a pair. */
const PROBE = Buffer.from('countersign-key-probe-v1')

/** Imported public keys, the oldest dropped first. */
class ImportedKeys {
  readonly #keys = new Map<string, KeyObject>()

  /** @throws {TypeError} not a key, whatever was imported before */
  get(key: PublicJwk): KeyObject {
    if (!COORDINATE.test(key.x) || (key.kty === 'EC' && !COORDINATE.test(key.y)))
      throw new TypeError('not a key')
    const name = key.kty === 'OKP' ? `OKP ${key.x}` : `EC ${key.x} ${key.y}`
    const known = this.#keys.get(name)
    if (known) return known
    const object = createPublicKey(pemOf(key))
    if (this.#keys.size >= KEY_CACHE_MAX) this.#keys.delete(this.#keys.keys().next().value ?? '')
    this.#keys.set(name, object)
    return object
  }
}

/**
 * From PEM: Node asks of each key given as an object whether it is one of four other things, and the answer to each is
 * an exception, which together cost more than the import.
 * @param key of good coordinates
 */
function pemOf(key: PublicJwk): string {
  const body = key.kty === 'OKP' ? ED25519_PEM_PREFIX + inBase64(key.x) : P256_PEM_PREFIX + pointOf(key)
  return `-----BEGIN PUBLIC KEY-----\n${body}\n-----END PUBLIC KEY-----\n`
}

/** @param coordinate 32 bytes of base64url */
function inBase64(coordinate: string): string {
  return `${coordinate.replaceAll('-', '+').replaceAll('_', '/')}=`
}

function pointOf({ x, y }: EcPublicJwk): string {
  return Buffer.concat([Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]).toString('base64')
}

function verifyWith(keys: ImportedKeys, key: PublicJwk, data: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== 64) return false
  try {
    const object = keys.get(key)
    return key.kty === 'OKP'
      ? verify(null, data, object, signature)
      : // OpenSSL's own form: for r || s Node takes the key apart first, which costs half a verification.
        verify('sha256', data, object, rawToDer(signature))
  } catch {
    return false // a point that is not on the curve, or bytes that OpenSSL refuses
  }
}

/** Drawn in advance, because each draw costs more than what it is for; handed out once, and wiped where it was. */
const drawn = new Uint8Array(RANDOM_BYTES_AHEAD)
let drawnAt = RANDOM_BYTES_AHEAD

function randomBytesOf(length: number): Uint8Array {
  if (length > RANDOM_BYTES_AHEAD / 16) return new Uint8Array(randomBytes(length))
  if (drawnAt + length > RANDOM_BYTES_AHEAD) {
    randomFillSync(drawn)
    drawnAt = 0
  }
  const out = drawn.slice(drawnAt, drawnAt + length)
  drawn.fill(0, drawnAt, (drawnAt += length))
  return out
}

/** Taken as text of one character a byte: a buffer of its own costs Node more than the digest. */
function sha256(data: Uint8Array): Uint8Array {
  const out = new Uint8Array(SHA256_BYTES)
  writeDigest(data, out, 0)
  return out
}

function writeDigest(data: Uint8Array, out: Uint8Array, at: number): void {
  const text = hash('sha256', data, 'binary')
  for (let i = 0; i < SHA256_BYTES; i++) out[at + i] = text.charCodeAt(i)
}

/**
 * RFC 2104 over two digests: OpenSSL's own HMAC looks its parts up anew in each call, which costs ten times as much.
 * One call at a time writes here, and leaves nothing behind, neither the key nor what was said.
 */
const inner = new Uint8Array(HMAC_BLOCK_BYTES + HMAC_BYTES_AHEAD)
const outer = new Uint8Array(HMAC_BLOCK_BYTES + SHA256_BYTES)
const encoder = new TextEncoder()

/** @param length bytes of `within` that follow the key @returns the outer block, to be digested */
function keyed(key: Uint8Array, within: Uint8Array, length: number): Uint8Array {
  const short = key.length > HMAC_BLOCK_BYTES ? sha256(key) : key
  within.fill(0x36, 0, HMAC_BLOCK_BYTES)
  outer.fill(0x5c, 0, HMAC_BLOCK_BYTES)
  for (let i = 0; i < short.length; i++) {
    const byte = short[i] ?? 0
    within[i] = byte ^ 0x36
    outer[i] = byte ^ 0x5c
  }
  writeDigest(within.subarray(0, HMAC_BLOCK_BYTES + length), outer, HMAC_BLOCK_BYTES)
  within.fill(0, 0, HMAC_BLOCK_BYTES + length)
  return outer
}

function hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array {
  const within = data.length <= HMAC_BYTES_AHEAD ? inner : new Uint8Array(HMAC_BLOCK_BYTES + data.length)
  within.set(data, HMAC_BLOCK_BYTES)
  const digest = sha256(keyed(key, within, data.length))
  outer.fill(0)
  return digest
}

function hmacSha256Text(key: Uint8Array, text: string): string {
  // A character is at most three bytes.
  if (text.length * 3 > HMAC_BYTES_AHEAD) return base64url(hmacSha256(key, encoder.encode(text)))
  const { written } = encoder.encodeInto(text, inner.subarray(HMAC_BLOCK_BYTES))
  const digest = hash('sha256', keyed(key, inner, written), 'base64url')
  outer.fill(0)
  return digest
}

function signer(privateJwk: PrivateJwk): Signer {
  const { d: _, ...rest } = privateJwk
  const key = createPrivateKey({ key: { ...privateJwk }, format: 'jwk' })
  const publicKey = publicJwk(rest)
  const signData = (data: Uint8Array): Uint8Array =>
    publicKey.kty === 'OKP' ? sign(null, data, key) : sign('sha256', data, { key, dsaEncoding: 'ieee-p1363' })
  // OpenSSL does not compare the halves: a damaged key file would sign what nobody can verify.
  if (!verifyWith(new ImportedKeys(), publicKey, PROBE, signData(PROBE))) {
    throw new CoreError('KEY_INVALID', 'private key does not match its public key')
  }
  return { alg: algOf(publicKey), publicJwk: publicKey, sign: signData }
}

function generateKey(alg: Alg): PrivateJwk {
  const { privateKey } =
    alg === 'Ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = privateKey.export({ format: 'jwk' })
  const { d = '', ...rest } = jwk
  return { ...publicJwk(rest), d }
}

function x25519(): X25519Pair {
  const { publicKey, privateKey } = generateKeyPairSync('x25519')
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(X25519_SPKI_PREFIX.length)
  return {
    publicKey: new Uint8Array(raw),
    agree: (peer) => {
      if (peer.length !== 32) return null // OpenSSL would ignore bytes behind the key: two spellings of one
      try {
        const der = Buffer.concat([X25519_SPKI_PREFIX, peer])
        const peerKey = createPublicKey({ key: der, format: 'der', type: 'spki' })
        return new Uint8Array(diffieHellman({ privateKey, publicKey: peerKey }))
      } catch {
        return null // OpenSSL refuses an all-zero shared secret (RFC 7748 section 6.1)
      }
    },
  }
}

/** With imported keys of its own. */
export function newNodeCrypto(): Crypto {
  const keys = new ImportedKeys()
  return {
    randomBytes: randomBytesOf,
    sha256,
    sha256Parts: () => {
      const of = createHash('sha256')
      return { update: (part) => void of.update(part), digest: () => new Uint8Array(of.digest()) }
    },
    sha256Text: (text) => hash('sha256', text, 'base64url'),
    hmacSha256,
    hmacSha256Text,
    verify: (key, data, signature) => verifyWith(keys, key, data, signature),
    generateKey,
    signer,
    x25519,
  }
}

/** What a process shares. */
export const nodeCrypto: Crypto = newNodeCrypto()
