/**
 * The crypto port: what the pure parts need of a platform's cryptography. Synchronous, because the hot path is.
 * `src/adapters/node-crypto` implements it over node:crypto.
 * @module
 */

/** Signature algorithms we accept, by their fully specified JOSE names (RFC 9864, RFC 7518). */
export type Alg = 'Ed25519' | 'ES256'

export interface OkpPublicJwk {
  readonly kty: 'OKP'
  readonly crv: 'Ed25519'
  /** base64url of the 32-byte public key (RFC 8037). */
  readonly x: string
}

export interface EcPublicJwk {
  readonly kty: 'EC'
  readonly crv: 'P-256'
  readonly x: string
  readonly y: string
}

/** A public key, stripped of every optional member. */
export type PublicJwk = OkpPublicJwk | EcPublicJwk
/** A private key: a {@link PublicJwk} with `d`. Never logged, never in an error. */
export type PrivateJwk = PublicJwk & { readonly d: string }

export interface Signer {
  readonly alg: Alg
  readonly publicJwk: PublicJwk
  /** Ed25519: 64 bytes (RFC 8032). ES256: 64 bytes r || s (RFC 7518 section 3.4). */
  sign(data: Uint8Array): Uint8Array
}

/** An ephemeral X25519 key pair (RFC 7748). The private half stays inside the closure. */
export interface X25519Pair {
  readonly publicKey: Uint8Array
  /** The 32-byte shared secret, or null when the peer's key is of small order. */
  agree(peerPublicKey: Uint8Array): Uint8Array | null
}

/** A digest of what comes in parts. */
export interface PartsDigest {
  update(part: Uint8Array): void
  /** Once. */
  digest(): Uint8Array
}

export interface Crypto {
  randomBytes(length: number): Uint8Array
  sha256(data: Uint8Array): Uint8Array
  /** The same of parts, where the platform can. Ask `sha256Parts` of digest.ts. */
  readonly sha256Parts?: () => PartsDigest
  /** As {@link sha256}, at a later time, where a platform is much faster so. Ask `sha256Later` of digest.ts. */
  readonly sha256Later?: (data: Uint8Array) => Promise<Uint8Array>
  /** base64url SHA-256 of the UTF-8 bytes, where the platform has it in one step. Ask `sha256Text` of digest.ts. */
  readonly sha256Text?: (text: string) => string
  /** The same for HMAC-SHA-256. Ask `hmacText` of digest.ts. */
  readonly hmacSha256Text?: (key: Uint8Array, text: string) => string
  hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array
  /** False for any failure: wrong length, wrong key, wrong signature. Never throws on outside data. */
  verify(key: PublicJwk, data: Uint8Array, signature: Uint8Array): boolean
  generateKey(alg: Alg): PrivateJwk
  signer(key: PrivateJwk): Signer
  x25519(): X25519Pair
}
