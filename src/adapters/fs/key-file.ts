/**
 * What a key file holds: a private JWK in the clear or under a passphrase. spec/keys.md (KEY-10).
 * Invariant: a file that was changed, or is opened with another passphrase, gives no key.
 * @module
 */
import { z } from 'zod'
import type { Crypto, PrivateJwk, PublicJwk } from '../../core/crypto.ts'
import { fromUtf8, utf8 } from '../../core/encoding.ts'
import { CoreError } from '../../core/errors.ts'
import { isJsonObject, parseJson, type JsonValue } from '../../core/json.ts'
import { thumbprint } from '../../core/jwk.ts'
import { KeyStoreError } from '../../ports/key-store.ts'
import { lock, lockedShape, unlock } from '../passphrase/passphrase.ts'

export const KEY_FILE_BYTES_MAX = 4096
const coordinate = z.string().regex(/^[A-Za-z0-9_-]{43}$/)
const privateJwkSchema = z.strictObject({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: coordinate,
  d: coordinate,
})

const lockedSchema = z.strictObject({ v: z.literal(1), kid: coordinate, ...lockedShape })

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
  const { kdf, cipher, kid, data } = locked.data
  const opened = await unlock({ kdf, cipher, data }, kid, passphrase)
  const key = opened === null ? null : asKey(crypto, parsed(opened, 2), name)
  if (key === null || thumbprint(crypto, publicHalf(crypto, key)) !== kid) {
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
  const { kdf, cipher, data } = await lock(plain, kid, passphrase)
  return utf8(JSON.stringify({ v: 1, kdf, cipher, kid, data }))
}

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
