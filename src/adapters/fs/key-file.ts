/**
 * What a key file holds: a private JWK in the clear or under a passphrase. spec/keys.md (KEY-10).
 * Invariant: a file that was changed, or is opened with another passphrase, gives no key.
 * @module
 */
import { createCipheriv, createDecipheriv, scrypt } from 'node:crypto'
import { promisify } from 'node:util'
import { z } from 'zod'
import type { Crypto, PrivateJwk, PublicJwk } from '../../core/crypto.ts'
import { base64url, fromBase64url, fromUtf8, utf8 } from '../../core/encoding.ts'
import { CoreError } from '../../core/errors.ts'
import { isJsonObject, parseJson, type JsonValue } from '../../core/json.ts'
import { thumbprint } from '../../core/jwk.ts'
import { KeyStoreError } from '../../ports/key-store.ts'

export const KEY_FILE_BYTES_MAX = 4096
/** RFC 7914 parameters of files that we write: 128 MiB and some 0.4 s for each guess. */
const KDF = { name: 'scrypt', n: 131_072, r: 8, p: 1 } as const
/** A file cannot make us take more than 1 GiB, four times over. */
const KDF_N_MAX = 1_048_576
const KDF_P_MAX = 4
const SALT_BYTES = 16
const NONCE_BYTES = 12
const TAG_BYTES = 16
const KEY_BYTES = 32

const coordinate = z.string().regex(/^[A-Za-z0-9_-]{43}$/)
const privateJwkSchema = z.strictObject({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: coordinate,
  d: coordinate,
})

const lockedSchema = z.strictObject({
  v: z.literal(1),
  kdf: z.strictObject({
    name: z.literal('scrypt'),
    n: z
      .int()
      .min(2)
      .max(KDF_N_MAX)
      .refine((n) => Number.isInteger(Math.log2(n))),
    r: z.literal(8),
    p: z.int().min(1).max(KDF_P_MAX),
    salt: z.string().length(22),
  }),
  cipher: z.strictObject({ name: z.literal('aes-256-gcm'), nonce: z.string().length(16) }),
  kid: coordinate,
  data: z.string().max(1024),
})
type Locked = z.infer<typeof lockedSchema>

export interface OpenedKey {
  readonly key: PrivateJwk
  readonly isEncrypted: boolean
}

/**
 * @param name of the file, for messages
 * @throws {KeyStoreError} `KEY_INVALID`; `KEY_LOCKED`: encrypted, and no passphrase was given; `KEY_PASSPHRASE_WRONG`:
 * or the file was changed, which cannot be told apart.
 */
export async function readKey(
  crypto: Crypto,
  bytes: Uint8Array,
  name: string,
  passphrase: string | null,
): Promise<OpenedKey> {
  const value = parsed(bytes, 4)
  if (!isJsonObject(value) || !('kdf' in value))
    return { key: asKey(crypto, value, name), isEncrypted: false }
  const locked = lockedSchema.safeParse(value)
  if (!locked.success) throw invalid(name, 'is not an encrypted key as spec/keys.md has it')
  if (passphrase === null) {
    throw new KeyStoreError('KEY_LOCKED', `${name} is encrypted: give its passphrase`)
  }
  const opened = await unlock(locked.data, passphrase)
  const key = opened === null ? null : asKey(crypto, parsed(opened, 2), name)
  if (key === null || thumbprint(crypto, publicHalf(crypto, key)) !== locked.data.kid) {
    throw new KeyStoreError('KEY_PASSPHRASE_WRONG', `the passphrase does not open ${name}, or it was changed`)
  }
  return { key, isEncrypted: true }
}

/** The bytes of a key file. @param passphrase null: in the clear */
export async function writeKey(
  crypto: Crypto,
  key: PrivateJwk,
  passphrase: string | null,
): Promise<Uint8Array> {
  const plain = utf8(JSON.stringify(key))
  if (passphrase === null) return plain
  const kid = thumbprint(crypto, publicHalf(crypto, key))
  const salt = crypto.randomBytes(SALT_BYTES)
  const nonce = crypto.randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', await deriveKey(passphrase, salt, KDF), nonce)
  cipher.setAAD(utf8(kid))
  const data = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()])
  const locked: Locked = {
    v: 1,
    kdf: { ...KDF, salt: base64url(salt) },
    cipher: { name: 'aes-256-gcm', nonce: base64url(nonce) },
    kid,
    data: base64url(data),
  }
  return utf8(JSON.stringify(locked))
}

async function unlock(locked: Locked, passphrase: string): Promise<Uint8Array | null> {
  const { kdf, cipher: box, kid } = locked
  try {
    const data = fromBase64url(locked.data)
    const key = await deriveKey(passphrase, fromBase64url(kdf.salt), kdf)
    const cipher = createDecipheriv('aes-256-gcm', key, fromBase64url(box.nonce), {
      authTagLength: TAG_BYTES,
    })
    cipher.setAAD(utf8(kid))
    cipher.setAuthTag(data.subarray(-TAG_BYTES))
    return Buffer.concat([cipher.update(data.subarray(0, -TAG_BYTES)), cipher.final()])
  } catch {
    return null // the tag does not hold, or the bytes are not those of a tag
  }
}

/** On a thread of the pool: the event loop goes on. */
function deriveKey(
  passphrase: string,
  salt: Uint8Array,
  { n, r, p }: { n: number; r: number; p: number },
): Promise<Buffer> {
  // 128 * n * r bytes, and some for what OpenSSL needs besides (its own check has no room to spare).
  const maxmem = 128 * r * (n + p + 2) + 1024 * 1024
  return scryptAsync(passphrase, salt, KEY_BYTES, { N: n, r, p, maxmem })
}

const scryptAsync = promisify<string, Uint8Array, number, object, Buffer>(scrypt)

function asKey(crypto: Crypto, value: JsonValue | null, name: string): PrivateJwk {
  const key = privateJwkSchema.safeParse(value)
  try {
    if (key.success && crypto.signer(key.data).publicJwk.kty === 'OKP') return key.data
  } catch (cause) {
    if (!(cause instanceof CoreError)) throw cause
  }
  throw invalid(name, 'does not hold an Ed25519 private JWK')
}

function parsed(bytes: Uint8Array, depth_max: number): JsonValue | null {
  try {
    return parseJson(fromUtf8(bytes), { bytes_max: KEY_FILE_BYTES_MAX, depth_max })
  } catch (cause) {
    if (cause instanceof CoreError) return null
    throw cause
  }
}

function publicHalf(crypto: Crypto, key: PrivateJwk): PublicJwk {
  return crypto.signer(key).publicJwk
}

function invalid(name: string, what: string): KeyStoreError {
  return new KeyStoreError('KEY_INVALID', `${name} ${what}`)
}
