/**
 * The `Vault` port over a table of keys, once for every dialect: boxes, wrapping and the passphrase are here, what is
 * durable and what is destroyed is the table's. spec/erasure.md (ERA-2, ERA-3, ERA-13).
 * @module
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { concat, equalBytes, utf8 } from '../../core/encoding.ts'
import { VaultError, type Vault } from '../../ports/vault.ts'
import {
  KEY_BYTES,
  locked,
  makeWrapping,
  openWrapping,
  unwrapKey,
  wrapKey,
  type KeyRow,
  type Wrapping,
} from './vault-wrap.ts'

/** Says which key a box is under, so that a lost key and a changed box can be told apart. */
const KEY_ID_BYTES = 8
const NONCE_BYTES = 12
const TAG_BYTES = 16
const CIPHER = 'aes-256-gcm'

/** A destroyed key's row stays, empty: nobody makes the subject another. */
export type Found = KeyRow | 'destroyed' | null

/** What a vault says of itself. `record`: the passphrase's (vault-wrap.ts), null while keys are in the clear. */
export interface VaultHead {
  readonly id: string
  readonly record: string | null
  /** When this was copied from a vault in use, in milliseconds; null: it is one. */
  readonly copied: number | null
}

export interface SubjectRow {
  readonly subject: string
  readonly kid: Uint8Array | null
  readonly key: Uint8Array | null
}

/** Methods throw {VaultError} `VAULT_UNAVAILABLE`. What they return is committed, durable and seen by every opener. */
export interface KeyTable {
  readonly id: string
  record(): Promise<string | null>
  find(subject: string): Promise<Found>
  /**
   * Unless the subject has a row.
   * @param record only while the vault has this one
   * @returns what is there then; null: the vault has another record
   */
  add(subject: string, row: KeyRow, record: string | null): Promise<Found>
  destroy(subjects: readonly string[]): Promise<readonly string[]>
  /**
   * Sets the first record and replaces every key, in one transaction, and nobody adds one meanwhile. What was there
   * before is destroyed as by `destroy`.
   * @returns how many keys; null: the vault has a record already
   */
  rewrite(record: string, wrapped: (subject: string, row: KeyRow) => Uint8Array): Promise<number | null>
  close(): Promise<void>
}

export class TableVault implements Vault {
  readonly id: string
  readonly #table: KeyTable
  #wrapping: Wrapping | null = null

  constructor(table: KeyTable) {
    this.id = table.id
    this.#table = table
  }

  async seal(subject: string, plain: Uint8Array, context: string): Promise<Uint8Array | null> {
    const found = (await this.#table.find(subject)) ?? (await this.#make(subject))
    if (found === 'destroyed') return null
    const nonce = randomBytes(NONCE_BYTES)
    const key = unwrapKey(this.#wrapping, this.id, subject, found)
    const cipher = createCipheriv(CIPHER, key, nonce).setAAD(boundTo(subject, context))
    return concat(found.kid, nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag())
  }

  async open(subject: string, box: Uint8Array, context: string): Promise<Uint8Array | null> {
    const found = await this.#table.find(subject)
    if (found === null || found === 'destroyed') return null
    if (!equalBytes(box.subarray(0, KEY_ID_BYTES), found.kid)) return null
    const key = unwrapKey(this.#wrapping, this.id, subject, found)
    const sealed = KEY_ID_BYTES + NONCE_BYTES
    try {
      const nonce = box.subarray(KEY_ID_BYTES, sealed)
      const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES })
      decipher.setAAD(boundTo(subject, context)).setAuthTag(box.subarray(-TAG_BYTES))
      return concat(decipher.update(box.subarray(sealed, -TAG_BYTES)), decipher.final())
    } catch (cause) {
      throw new VaultError('BOX_INVALID', 'a sealed value was changed, or is not the one of this place', {
        cause,
      })
    }
  }

  destroy(subjects: readonly string[]): Promise<readonly string[]> {
    return this.#table.destroy(subjects)
  }

  async unlock(passphrase: string | null): Promise<boolean> {
    const record = await this.#table.record()
    if (record === null) return false
    if (this.#wrapping?.record !== record) this.#wrapping = await openWrapping(this.id, record, passphrase)
    return true
  }

  async protect(passphrase: string): Promise<boolean> {
    if (await this.unlock(passphrase)) return false
    const made = await makeWrapping(this.id, passphrase)
    const keys = await this.#table.rewrite(made.record, (subject, row) => {
      return wrapKey(made, this.id, subject, { kid: row.kid, key: unwrapKey(null, this.id, subject, row) })
    })
    if (keys === null)
      await this.unlock(passphrase) // another node was first
    else this.#wrapping = made
    return keys !== null && keys > 0
  }

  close(): Promise<void> {
    return this.#table.close()
  }

  /** Another process may make it, or destroy it, in between: what is there then counts. */
  async #make(subject: string): Promise<KeyRow | 'destroyed'> {
    const wrapping = this.#wrapping
    const plain = { kid: randomBytes(KEY_ID_BYTES), key: randomBytes(KEY_BYTES) }
    const row = wrapping === null ? plain : { ...plain, key: wrapKey(wrapping, this.id, subject, plain) }
    const found = await this.#table.add(subject, row, wrapping?.record ?? null)
    if (found === null) throw locked()
    return found
  }
}

function boundTo(subject: string, context: string): Uint8Array {
  return utf8(`${subject}\0${context}`)
}
