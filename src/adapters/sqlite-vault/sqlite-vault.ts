/**
 * The `Vault` port as one SQLite file of its own. spec/erasure.md (ERA-3, ERA-10).
 * Invariant: after `destroy` no page of the file and no journal beside it holds the key. A rollback journal and not a
 * WAL: it is gone with the commit, so no older page waits in it for a checkpoint. What a disk keeps of blocks that a
 * file gave back is out of reach.
 * @module
 */
import { randomBytes } from 'node:crypto'
import { chmodSync, closeSync, openSync } from 'node:fs'
import { link, open, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { base64url } from '../../core/encoding.ts'
import { VaultError, type Vault } from '../../ports/vault.ts'
import { TableVault, type Found, type KeyTable, type SubjectRow, type VaultHead } from '../sql/table-vault.ts'
import type { KeyRow } from '../sql/vault-wrap.ts'

/** `PRAGMA application_id` of our files: ASCII `CSVT`. */
const APPLICATION_ID = 0x43535654
/** 1 had no passphrase: opening one for writing brings it here. */
const SCHEMA_VERSION = 2
/** How long SQLite waits for another process's lock, in milliseconds. */
const BUSY_TIMEOUT_MS = 5000
/** Rows in one step of a copy or a rewrite. */
const BATCH = 1000

function tableOfKeys(name: string): string {
  return `CREATE TABLE ${name} (subject TEXT PRIMARY KEY, kid BLOB, key BLOB) STRICT, WITHOUT ROWID;`
}

/** A destroyed key's row stays, empty: nobody makes the subject another. */
const TABLES = `
CREATE TABLE vault (id TEXT NOT NULL, record TEXT, copied INTEGER) STRICT;
${tableOfKeys('keys')}
`
const FROM_1 = 'ALTER TABLE vault ADD COLUMN record TEXT; ALTER TABLE vault ADD COLUMN copied INTEGER;'

/** @throws {VaultError} `VAULT_NOT_OURS`, `VAULT_VERSION`, `VAULT_UNAVAILABLE` */
export function openSqliteVault(path: string): Vault {
  const raw = openFile(path)
  try {
    prepareFile(raw)
    return new TableVault(new SqliteKeys(raw, headOf(raw).id))
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
export function readSqliteVaultHead(path: string): VaultHead {
  const raw = openReader(path)
  try {
    return headOf(raw)
  } catch (cause) {
    throw cause instanceof VaultError ? cause : unavailable(cause)
  } finally {
    raw.close()
  }
}

/** Every row as it lies, in steps. @throws {VaultError} as {@link openSqliteVault} */
export async function* readSqliteVaultRows(path: string): AsyncGenerator<readonly SubjectRow[]> {
  const raw = openReader(path)
  try {
    headOf(raw)
    yield* batches(raw)
  } catch (cause) {
    throw cause instanceof VaultError ? cause : unavailable(cause)
  } finally {
    raw.close()
  }
}

/**
 * A file with the head and rows of another vault, whole or not there.
 * @throws {VaultError} `VAULT_NOT_EMPTY`: there is a file; `VAULT_UNAVAILABLE`
 */
export async function createSqliteVault(
  path: string,
  head: VaultHead,
  rows: AsyncIterable<readonly SubjectRow[]>,
): Promise<void> {
  const beside = `${path}.${base64url(randomBytes(9))}.tmp`
  const raw = openFile(beside)
  try {
    raw.exec('PRAGMA journal_mode = DELETE; PRAGMA synchronous = EXTRA')
    create(raw, head)
    raw.exec('BEGIN IMMEDIATE')
    const insert = raw.prepare('INSERT INTO keys (subject, kid, key) VALUES (?, ?, ?)')
    for await (const batch of rows) for (const { subject, kid, key } of batch) insert.run(subject, kid, key)
    raw.exec('COMMIT')
    raw.close()
    await link(beside, path)
  } catch (cause) {
    if (cause instanceof VaultError) throw cause
    const isThere = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST'
    if (isThere) throw new VaultError('VAULT_NOT_EMPTY', `${path} is there already: name another file`)
    throw unavailable(cause)
  } finally {
    if (raw.isOpen) raw.close()
    await unlink(beside)
  }
  const folder = await open(dirname(path))
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

function openReader(path: string): DatabaseSync {
  try {
    return new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS, readOnly: true })
  } catch (cause) {
    throw unavailable(cause)
  }
}

function numberOf(raw: DatabaseSync, pragma: 'application_id' | 'user_version'): number {
  return Number(raw.prepare(`PRAGMA ${pragma}`).get()?.[pragma])
}

function notOurs(): VaultError {
  return new VaultError('VAULT_NOT_OURS', 'vault.db is a database of another program: move it away')
}

function prepareFile(raw: DatabaseSync): void {
  const tables = raw.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.n
  const application = numberOf(raw, 'application_id')
  if (application !== APPLICATION_ID && (application !== 0 || tables !== 0)) throw notOurs()
  raw.exec('PRAGMA journal_mode = DELETE; PRAGMA synchronous = EXTRA; PRAGMA secure_delete = ON')
  if (application === 0) create(raw, { id: base64url(randomBytes(16)), record: null, copied: null })
  if (numberOf(raw, 'user_version') === 1)
    raw.exec(`BEGIN IMMEDIATE; ${FROM_1} PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`)
}

function headOf(raw: DatabaseSync): VaultHead {
  if (numberOf(raw, 'application_id') !== APPLICATION_ID) throw notOurs()
  const version = numberOf(raw, 'user_version')
  if (version !== 1 && version !== SCHEMA_VERSION) {
    throw new VaultError(
      'VAULT_VERSION',
      `the vault has schema ${version}, this version reads ${SCHEMA_VERSION}`,
    )
  }
  const row = raw.prepare('SELECT * FROM vault').get() ?? {}
  return {
    id: String(row.id),
    record: typeof row.record === 'string' ? row.record : null,
    copied: typeof row.copied === 'number' ? row.copied : null,
  }
}

function create(raw: DatabaseSync, { id, record, copied }: VaultHead): void {
  raw.exec(`BEGIN IMMEDIATE; ${TABLES}`)
  raw.prepare('INSERT INTO vault (id, record, copied) VALUES (?, ?, ?)').run(id, record, copied)
  raw.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`)
}

function* batches(raw: DatabaseSync): Generator<readonly SubjectRow[]> {
  const next = raw.prepare(
    `SELECT subject, kid, key FROM keys WHERE subject > ? ORDER BY subject LIMIT ${BATCH}`,
  )
  for (let after = ''; ;) {
    const rows = next.all(after) as unknown as readonly SubjectRow[] // the table is STRICT
    if (rows.length === 0) return
    yield rows
    after = rows.at(-1)?.subject ?? after
  }
}

class SqliteKeys implements KeyTable {
  readonly id: string
  readonly #raw: DatabaseSync
  readonly #find: StatementSync
  readonly #record: StatementSync
  readonly #insert: StatementSync
  readonly #clear: StatementSync

  constructor(raw: DatabaseSync, id: string) {
    this.id = id
    this.#raw = raw
    this.#find = raw.prepare('SELECT kid, key FROM keys WHERE subject = ?')
    this.#record = raw.prepare('SELECT record FROM vault')
    this.#insert = raw.prepare(
      `INSERT INTO keys (subject, kid, key) SELECT ?, ?, ? WHERE (SELECT record FROM vault) IS ?
       ON CONFLICT DO NOTHING`,
    )
    this.#clear = raw.prepare(
      'INSERT INTO keys (subject) VALUES (?) ON CONFLICT (subject) DO UPDATE SET kid = NULL, key = NULL',
    )
  }

  async record(): Promise<string | null> {
    return attempt(() => this.#recordNow())
  }

  async find(subject: string): Promise<Found> {
    return attempt(() => this.#keyOf(subject))
  }

  async add(subject: string, { kid, key }: KeyRow, record: string | null): Promise<Found> {
    return attempt(() => {
      this.#insert.run(subject, kid, key, record)
      return this.#keyOf(subject)
    })
  }

  async destroy(subjects: readonly string[]): Promise<readonly string[]> {
    return this.#transact(() => {
      const there = subjects.filter((subject) => {
        const found = this.#keyOf(subject)
        return found !== null && found !== 'destroyed'
      })
      for (const subject of subjects) this.#clear.run(subject)
      return there
    })
  }

  /** A table anew, so that the pages of the old one are overwritten whole: rows that grow leave copies on their page. */
  async rewrite(
    record: string,
    wrapped: (subject: string, row: KeyRow) => Uint8Array,
  ): Promise<number | null> {
    return this.#transact(() => {
      if (this.#recordNow() !== null) return null
      this.#raw.prepare('UPDATE vault SET record = ?').run(record)
      this.#raw.exec(tableOfKeys('wrapped'))
      const insert = this.#raw.prepare('INSERT INTO wrapped (subject, kid, key) VALUES (?, ?, ?)')
      let keys = 0
      for (const batch of batches(this.#raw)) {
        for (const { subject, kid, key } of batch) {
          const isThere = kid !== null && key !== null
          insert.run(subject, kid, isThere ? wrapped(subject, { kid, key }) : null)
          if (isThere) keys += 1
        }
      }
      this.#raw.exec('DROP TABLE keys; ALTER TABLE wrapped RENAME TO keys')
      return keys
    })
  }

  async close(): Promise<void> {
    if (this.#raw.isOpen) this.#raw.close()
  }

  #keyOf(subject: string): Found {
    const row = this.#find.get(subject)
    if (row === undefined) return null
    const { kid, key } = row
    return kid instanceof Uint8Array && key instanceof Uint8Array ? { kid, key } : 'destroyed'
  }

  #recordNow(): string | null {
    const record = this.#record.get()?.record
    return typeof record === 'string' ? record : null
  }

  #transact<T>(work: () => T): T {
    return attempt(() => {
      this.#raw.exec('BEGIN IMMEDIATE')
      try {
        const done = work()
        this.#raw.exec('COMMIT')
        return done
      } catch (cause) {
        if (this.#raw.isTransaction) this.#raw.exec('ROLLBACK')
        throw cause
      }
    })
  }
}

function attempt<T>(work: () => T): T {
  try {
    return work()
  } catch (cause) {
    throw cause instanceof VaultError ? cause : unavailable(cause)
  }
}

function unavailable(cause: unknown): VaultError {
  return new VaultError('VAULT_UNAVAILABLE', 'the vault cannot be read or written', { cause })
}
