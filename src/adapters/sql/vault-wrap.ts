/**
 * The key that a vault's keys are wrapped under, and the record in which a passphrase protects it. spec/erasure.md
 * (ERA-13). Wrapping is bound to the vault, the subject and the key's name: a wrapped key opens in its own row only.
 * @module
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { z } from 'zod'
import { concat, utf8 } from '../../core/encoding.ts'
import { VaultError } from '../../ports/vault.ts'
import { lock, lockedShape, unlock } from '../passphrase/passphrase.ts'

export const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16
const WRAPPED_BYTES = NONCE_BYTES + KEY_BYTES + TAG_BYTES
const CIPHER = 'aes-256-gcm'

const recordSchema = z.strictObject({ v: z.literal(1), ...lockedShape })

/** As it lies in the vault: which key, and its bytes, wrapped or in the clear. */
export interface KeyRow {
  readonly kid: Uint8Array
  readonly key: Uint8Array
}

/** The record that stands in the vault, and the key that it protects. */
export interface Wrapping {
  readonly record: string
  readonly key: Uint8Array
}

export async function makeWrapping(vault: string, passphrase: string): Promise<Wrapping> {
  const key = randomBytes(KEY_BYTES)
  return { key, record: JSON.stringify({ v: 1, ...(await lock(key, vault, passphrase)) }) }
}

/** @throws {VaultError} `VAULT_LOCKED`, `VAULT_PASSPHRASE_WRONG`, `VAULT_UNAVAILABLE` */
export async function openWrapping(
  vault: string,
  record: string,
  passphrase: string | null,
): Promise<Wrapping> {
  if (passphrase === null) throw locked()
  const parsed = recordSchema.safeParse(fromJson(record))
  if (!parsed.success)
    throw new VaultError('VAULT_UNAVAILABLE', 'the record of the passphrase in the vault is damaged')
  const { kdf, cipher, data } = parsed.data
  const key = await unlock({ kdf, cipher, data }, vault, passphrase)
  if (key?.length !== KEY_BYTES)
    throw new VaultError(
      'VAULT_PASSPHRASE_WRONG',
      'the passphrase does not open the vault, or its record was changed',
    )
  return { record, key }
}

/** The key of a subject as it is stored. */
export function wrapKey(
  { key: wrapping }: Wrapping,
  vault: string,
  subject: string,
  { kid, key }: KeyRow,
): Uint8Array {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv(CIPHER, wrapping, nonce).setAAD(placeOf(vault, subject, kid))
  return concat(nonce, cipher.update(key), cipher.final(), cipher.getAuthTag())
}

/**
 * @param wrapping null: keys are in the clear
 * @throws {VaultError} `VAULT_LOCKED`: somebody has put them under a passphrase; `VAULT_KEY_INVALID`
 */
export function unwrapKey(
  wrapping: Wrapping | null,
  vault: string,
  subject: string,
  { kid, key }: KeyRow,
): Uint8Array {
  if (wrapping === null) {
    if (key.length === KEY_BYTES) return key
    throw key.length === WRAPPED_BYTES ? locked() : changed()
  }
  if (key.length !== WRAPPED_BYTES) throw changed()
  try {
    const decipher = createDecipheriv(CIPHER, wrapping.key, key.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    })
    decipher.setAAD(placeOf(vault, subject, kid)).setAuthTag(key.subarray(-TAG_BYTES))
    return concat(decipher.update(key.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final())
  } catch (cause) {
    throw changed(cause)
  }
}

export function locked(): VaultError {
  return new VaultError('VAULT_LOCKED', 'the keys of the vault are under a passphrase: start with it')
}

function changed(cause?: unknown): VaultError {
  return new VaultError(
    'VAULT_KEY_INVALID',
    'a key in the vault was changed, or is not as the others are',
    cause === undefined ? {} : { cause },
  )
}

function placeOf(vault: string, subject: string, kid: Uint8Array): Uint8Array {
  return concat(utf8(`${vault}\0${subject}\0`), kid)
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
