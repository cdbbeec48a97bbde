/**
 * A secret under a passphrase: scrypt and AES-256-GCM. spec/keys.md (KEY-10), spec/erasure.md (ERA-13).
 * Invariant: what was changed, or is opened with another passphrase or context, gives nothing.
 * @module
 */
import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto'
import { promisify } from 'node:util'
import { z } from 'zod'
import { base64url, fromBase64url, utf8 } from '../../core/encoding.ts'

/** RFC 7914 parameters of what we write: 128 MiB and some 0.4 s for each guess. */
const KDF = { name: 'scrypt', n: 131_072, r: 8, p: 1 } as const
/** What we read cannot make us take more than 1 GiB, four times over. */
const KDF_N_MAX = 1_048_576
const KDF_P_MAX = 4
const SALT_BYTES = 16
const NONCE_BYTES = 12
const TAG_BYTES = 16
const KEY_BYTES = 32

/** Members of whatever holds it. */
export const lockedShape = {
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
  data: z.string().max(1024),
}
const lockedSchema = z.strictObject(lockedShape)
type Locked = z.infer<typeof lockedSchema>

/** @param context associated data: it opens with the same one only */
export async function lock(plain: Uint8Array, context: string, passphrase: string): Promise<Locked> {
  const [salt, nonce] = [randomBytes(SALT_BYTES), randomBytes(NONCE_BYTES)]
  const cipher = createCipheriv('aes-256-gcm', await deriveKey(passphrase, salt, KDF), nonce)
  cipher.setAAD(utf8(context))
  const data = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()])
  return {
    kdf: { ...KDF, salt: base64url(salt) },
    cipher: { name: 'aes-256-gcm', nonce: base64url(nonce) },
    data: base64url(data),
  }
}

/** @returns null: another passphrase, or it was changed, which cannot be told apart */
export async function unlock(
  { kdf, cipher: box, data: text }: Locked,
  context: string,
  passphrase: string,
): Promise<Uint8Array | null> {
  try {
    const data = fromBase64url(text)
    const key = await deriveKey(passphrase, fromBase64url(kdf.salt), kdf)
    const cipher = createDecipheriv('aes-256-gcm', key, fromBase64url(box.nonce), {
      authTagLength: TAG_BYTES,
    })
    cipher.setAAD(utf8(context))
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
