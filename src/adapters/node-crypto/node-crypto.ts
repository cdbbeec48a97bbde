/**
 * The {@link Crypto} port over node:crypto (OpenSSL). Keys are imported once and kept in a bounded cache.
 * @module
 */
import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hash,
  randomBytes,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto'
import type { Alg, Crypto, PrivateJwk, PublicJwk, Signer, X25519Pair } from '../../core/crypto.ts'
import { CoreError } from '../../core/errors.ts'
import { algOf, publicJwk } from '../../core/jwk.ts'

/** Imported public keys kept, each about 1 KiB. */
const KEY_CACHE_MAX = 1024
/** The DER prefix of an X25519 SubjectPublicKeyInfo (RFC 8410). */
const X25519_SPKI_PREFIX = Buffer.from('302a300506032b656e032100', 'hex')

/** What a new signer signs once, to prove that its key is a pair. */
const PROBE = Buffer.from('countersign-key-probe-v1')

/** Imported public keys, the oldest dropped first. */
class ImportedKeys {
  readonly #keys = new Map<string, KeyObject>()

  get(key: PublicJwk): KeyObject {
    const name = key.kty === 'OKP' ? key.x : `${key.x}.${key.y}`
    const known = this.#keys.get(name)
    if (known) return known
    const object = createPublicKey({ key: { ...key }, format: 'jwk' })
    if (this.#keys.size >= KEY_CACHE_MAX) this.#keys.delete(this.#keys.keys().next().value ?? '')
    this.#keys.set(name, object)
    return object
  }
}

function verifyWith(keys: ImportedKeys, key: PublicJwk, data: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== 64) return false
  try {
    const object = keys.get(key)
    return key.kty === 'OKP'
      ? verify(null, data, object, signature)
      : verify('sha256', data, { key: object, dsaEncoding: 'ieee-p1363' }, signature)
  } catch {
    return false // a point that is not on the curve, or bytes that OpenSSL refuses
  }
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
    randomBytes: (length) => new Uint8Array(randomBytes(length)),
    sha256: (data) => new Uint8Array(hash('sha256', data, 'buffer')),
    hmacSha256: (key, data) => new Uint8Array(createHmac('sha256', key).update(data).digest()),
    verify: (key, data, signature) => verifyWith(keys, key, data, signature),
    generateKey,
    signer,
    x25519,
  }
}

/** What a process shares. */
export const nodeCrypto: Crypto = newNodeCrypto()
