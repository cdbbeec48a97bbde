/**
 * Keys as JWK files, mode 0600 in a folder of mode 0700. A file that others can read is refused: it may be copied.
 * @module
 */
import { chmod, link, mkdir, open, readFile, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { Crypto, PrivateJwk } from '../../core/crypto.ts'
import { base64url, fromUtf8 } from '../../core/encoding.ts'
import { CoreError } from '../../core/errors.ts'
import { parseJson } from '../../core/json.ts'
import { KeyStoreError, type KeyStore, type KeyUse } from '../../ports/key-store.ts'

const coordinate = z.string().regex(/^[A-Za-z0-9_-]{43}$/)
const privateJwkSchema = z.strictObject({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: coordinate,
  d: coordinate,
})
const KEY_FILE_BYTES_MAX = 4096

export function fsKeyStore(folder: string, crypto: Crypto): KeyStore {
  return {
    key: async (use) => {
      const path = join(folder, `${use}.jwk`)
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 })
        await chmod(folder, 0o700)
        return (await read(path, use, crypto)) ?? (await create(path, use, crypto))
      } catch (cause) {
        if (cause instanceof KeyStoreError) throw cause
        throw new KeyStoreError('KEY_UNAVAILABLE', `the ${use} key file cannot be read or written`, { cause })
      }
    },
  }
}

async function read(path: string, use: KeyUse, crypto: Crypto): Promise<PrivateJwk | null> {
  let mode: number
  try {
    ;({ mode } = await stat(path))
  } catch (cause) {
    if (isMissing(cause)) return null
    throw cause
  }
  if ((mode & 0o077) !== 0) {
    throw new KeyStoreError(
      'KEY_FILE_OPEN',
      `others can read ${path}: chmod 600 it, or remove it if it may have been copied`,
    )
  }
  return parseKey(await readFile(path), use, crypto)
}

function parseKey(bytes: Uint8Array, use: KeyUse, crypto: Crypto): PrivateJwk {
  try {
    const limits = { bytes_max: KEY_FILE_BYTES_MAX, depth_max: 2 }
    const key = privateJwkSchema.safeParse(parseJson(fromUtf8(bytes), limits))
    if (key.success && crypto.signer(key.data).publicJwk.kty === 'OKP') return key.data
  } catch (cause) {
    if (!(cause instanceof CoreError)) throw cause
  }
  throw new KeyStoreError('KEY_INVALID', `the ${use} key file does not hold an Ed25519 private JWK`)
}

/** Written beside and linked into place: a crash leaves no half key, and two starters agree on one. */
async function create(path: string, use: KeyUse, crypto: Crypto): Promise<PrivateJwk> {
  const beside = `${path}.${base64url(crypto.randomBytes(9))}.tmp`
  const file = await open(beside, 'wx', 0o600)
  try {
    await file.writeFile(JSON.stringify(crypto.generateKey('Ed25519')))
    await file.sync()
  } finally {
    await file.close()
  }
  try {
    await link(beside, path)
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'EEXIST')) throw cause
  } finally {
    await unlink(beside)
  }
  const folder = await open(join(path, '..'), 'r')
  await folder.sync()
  await folder.close()
  const key = await read(path, use, crypto)
  if (!key) throw new KeyStoreError('KEY_UNAVAILABLE', `the ${use} key file vanished`)
  return key
}

function isMissing(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
}
