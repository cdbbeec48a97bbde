/**
 * The `Vault` port as one SQLite file of its own. spec/erasure.md (ERA-3, ERA-10).
 * Invariant: after `destroy` no page of the file and no journal beside it holds the key. A rollback journal and not a
 * WAL: it is gone with the commit, so no older page waits in it for a checkpoint. What a disk keeps of blocks that a
 * file gave back is out of reach.
 * @module
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { chmodSync, closeSync, openSync } from 'node:fs'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { base64url, concat, equalBytes, utf8 } from '../../core/encoding.ts'
import { VaultError, type Vault } from '../../ports/vault.ts'

/** `PRAGMA application_id` of our files: ASCII `CSVT`. */
const APPLICATION_ID = 0x43535654
const SCHEMA_VERSION = 1
/** How long SQLite waits for another process's lock, in milliseconds. */
const BUSY_TIMEOUT_MS = 5000
const KEY_BYTES = 32
/** Says which key a box is under, so that a lost key and a changed box can be told apart. */
const KEY_ID_BYTES = 8
const NONCE_BYTES = 12
const TAG_BYTES = 16
const CIPHER = 'aes-256-gcm'

/** A destroyed key's row stays, empty: nobody makes the subject another. */
const TABLES = `
CREATE TABLE vault (id TEXT NOT NULL) STRICT;
CREATE TABLE keys (subject TEXT PRIMARY KEY, kid BLOB, key BLOB) STRICT, WITHOUT ROWID;
`

interface KeyRow {
  readonly kid: Uint8Array
  readonly key: Uint8Array
}

/** @throws {VaultError} `VAULT_NOT_OURS`, `VAULT_VERSION`, `VAULT_UNAVAILABLE` */
export function openSqliteVault(path: string): Vault {
  const raw = openFile(path)
  try {
    return new SqliteVault(raw, prepareFile(raw))
  } catch (cause) {
    raw.close()
    throw cause instanceof VaultError ? cause : unavailable(cause)
  }
}

function openFile(path: string): DatabaseSync {
  try {
    closeSync(openSync(path, 'a', 0o600))
    chmodSync(path, 0o600)
    return new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS })
  } catch (cause) {
    throw unavailable(cause)
  }
}

/** Of a file that is there and stays as it is. @throws {VaultError} as {@link openSqliteVault} */
export function readVaultId(path: string): string {
  let raw: DatabaseSync | null = null
  try {
    raw = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS, readOnly: true })
    if (applicationOf(raw) !== APPLICATION_ID) throw notOurs()
    return idOf(raw)
  } catch (cause) {
    throw cause instanceof VaultError ? cause : unavailable(cause)
  } finally {
    raw?.close()
  }
}

function applicationOf(raw: DatabaseSync): number {
  return Number(raw.prepare('PRAGMA application_id').get()?.application_id)
}

function notOurs(): VaultError {
  return new VaultError('VAULT_NOT_OURS', 'vault.db is a database of another program: move it away')
}

/** @returns the identifier of the vault */
function prepareFile(raw: DatabaseSync): string {
  const tables = raw.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.n
  const application = applicationOf(raw)
  if (application !== APPLICATION_ID && (application !== 0 || tables !== 0)) throw notOurs()
  raw.exec('PRAGMA journal_mode = DELETE; PRAGMA synchronous = EXTRA; PRAGMA secure_delete = ON')
  if (application === 0) create(raw)
  return idOf(raw)
}

function idOf(raw: DatabaseSync): string {
  const version = Number(raw.prepare('PRAGMA user_version').get()?.user_version)
  if (version !== SCHEMA_VERSION) {
    throw new VaultError(
      'VAULT_VERSION',
      `the vault has schema ${version}, this version reads ${SCHEMA_VERSION}`,
    )
  }
  return String(raw.prepare('SELECT id FROM vault').get()?.id)
}

function create(raw: DatabaseSync): void {
  raw.exec(`BEGIN IMMEDIATE; ${TABLES}`)
  raw.prepare('INSERT INTO vault (id) VALUES (?)').run(base64url(randomBytes(16)))
  raw.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`)
}

class SqliteVault implements Vault {
  readonly id: string
  readonly #raw: DatabaseSync
  readonly #find: StatementSync
  readonly #insert: StatementSync
  readonly #clear: StatementSync

  constructor(raw: DatabaseSync, id: string) {
    this.id = id
    this.#raw = raw
    this.#find = raw.prepare('SELECT kid, key FROM keys WHERE subject = ?')
    this.#insert = raw.prepare('INSERT INTO keys (subject, kid, key) VALUES (?, ?, ?) ON CONFLICT DO NOTHING')
    this.#clear = raw.prepare(
      'INSERT INTO keys (subject) VALUES (?) ON CONFLICT (subject) DO UPDATE SET kid = NULL, key = NULL',
    )
  }

  async seal(subject: string, plain: Uint8Array, context: string): Promise<Uint8Array | null> {
    const found = this.#attempt(() => this.#keyOf(subject) ?? this.#make(subject))
    if (found === 'destroyed') return null
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv(CIPHER, found.key, nonce).setAAD(boundTo(subject, context))
    return concat(found.kid, nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag())
  }

  async open(subject: string, box: Uint8Array, context: string): Promise<Uint8Array | null> {
    const found = this.#attempt(() => this.#keyOf(subject))
    if (found === null || found === 'destroyed') return null
    if (!equalBytes(box.subarray(0, KEY_ID_BYTES), found.kid)) return null
    const sealed = KEY_ID_BYTES + NONCE_BYTES
    try {
      const nonce = box.subarray(KEY_ID_BYTES, sealed)
      const decipher = createDecipheriv(CIPHER, found.key, nonce, { authTagLength: TAG_BYTES })
      decipher.setAAD(boundTo(subject, context)).setAuthTag(box.subarray(-TAG_BYTES))
      return concat(decipher.update(box.subarray(sealed, -TAG_BYTES)), decipher.final())
    } catch (cause) {
      throw new VaultError('BOX_INVALID', 'a sealed value was changed, or is not the one of this place', {
        cause,
      })
    }
  }

  async destroy(subjects: readonly string[]): Promise<readonly string[]> {
    return this.#attempt(() => {
      this.#raw.exec('BEGIN IMMEDIATE')
      try {
        const there = subjects.filter((subject) => {
          const found = this.#keyOf(subject)
          return found !== null && found !== 'destroyed'
        })
        for (const subject of subjects) this.#clear.run(subject)
        this.#raw.exec('COMMIT')
        return there
      } catch (cause) {
        if (this.#raw.isTransaction) this.#raw.exec('ROLLBACK')
        throw cause
      }
    })
  }

  async close(): Promise<void> {
    if (this.#raw.isOpen) this.#raw.close()
  }

  #keyOf(subject: string): KeyRow | 'destroyed' | null {
    const row = this.#find.get(subject)
    if (row === undefined) return null
    const { kid, key } = row
    return kid instanceof Uint8Array && key instanceof Uint8Array ? { kid, key } : 'destroyed'
  }

  /** Another process may make it, or destroy it, in between: what is there then counts. */
  #make(subject: string): KeyRow | 'destroyed' {
    const made = { kid: randomBytes(KEY_ID_BYTES), key: randomBytes(KEY_BYTES) }
    this.#insert.run(subject, made.kid, made.key)
    return this.#keyOf(subject) ?? made
  }

  #attempt<T>(work: () => T): T {
    try {
      return work()
    } catch (cause) {
      throw unavailable(cause)
    }
  }
}

function boundTo(subject: string, context: string): Uint8Array {
  return utf8(`${subject}\0${context}`)
}

function unavailable(cause: unknown): VaultError {
  return new VaultError('VAULT_UNAVAILABLE', 'the vault cannot be read or written', { cause })
}
