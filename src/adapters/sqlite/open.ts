/**
 * Opening a SQLite file of ours: recognises it, refuses anything else, creates it when there is none, and wraps it
 * for Kysely. A crash while creating leaves an empty database, which the next start takes for a new one.
 * @module
 */
import { chmodSync, closeSync, openSync, readSync } from 'node:fs'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { Kysely, SqliteDialect, type SqliteDatabase, type SqliteStatement } from 'kysely'
import type { Schema } from '../../ports/schema.ts'
import { StoreError } from '../../ports/store.ts'
import { SCHEMA_VERSION, TABLES } from '../sql/tables.ts'

/** `PRAGMA application_id` of our files: ASCII `CSGN`. `PRAGMA user_version` holds the version of the schema. */
export const APPLICATION_ID = 0x4353474e
const MAGIC = 'SQLite format 3\0'
const ANOTHERS = 'the file is a SQLite database of another program'
/** How long SQLite waits for another process's lock, in milliseconds. */
const BUSY_TIMEOUT_MS = 5000
/** Pages of the journal, 16 MiB, after which a commit also copies them to the database and waits for the disk twice. */
const JOURNAL_PAGES = 4_000
/** Prepared statements kept for one connection, about 5 KiB each. */
const STATEMENTS_MAX = 512

/** @throws {StoreError} `STORE_NOT_OURS`, `STORE_VERSION`, `STORE_UNAVAILABLE` */
export function openWriter(path: string): DatabaseSync {
  assertSqliteFile(path)
  let raw: DatabaseSync
  try {
    raw = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS })
    raw.exec(
      `PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
       PRAGMA secure_delete = ON; PRAGMA wal_autocheckpoint = ${JOURNAL_PAGES}`,
    )
  } catch (cause) {
    throw new StoreError('STORE_UNAVAILABLE', 'the database cannot be opened', { cause })
  }
  try {
    prepareFile(raw)
  } catch (cause) {
    raw.close()
    throw cause
  }
  return raw
}

/** A second connection that reads committed rows only, so that readers never wait for a writer. */
export function openReader(path: string): DatabaseSync {
  return new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS, readOnly: true })
}

/** Creates the file readable by its owner alone; the journal files take its mode. */
function assertSqliteFile(path: string): void {
  const head = Buffer.alloc(MAGIC.length)
  let length: number
  try {
    const file = openSync(path, 'a+', 0o600)
    length = readSync(file, head, 0, head.length, 0)
    closeSync(file)
  } catch (cause) {
    throw new StoreError('STORE_UNAVAILABLE', 'the database file cannot be opened', { cause })
  }
  if (length > 0 && head.toString('latin1') !== MAGIC) throw notOurs('the file is not a SQLite database')
  if (length > 0) assertNotAnothers(path)
  chmodSync(path, 0o600)
}

/**
 * Looked at as the file lies, without a lock, a journal or a write: what is not ours stays as it is. What ours has in
 * its journal alone is not seen, so an empty database passes here and is looked at again once it is open.
 */
function assertNotAnothers(path: string): void {
  const url = pathToFileURL(path)
  url.searchParams.set('immutable', '1')
  let isAnothers: boolean
  try {
    const raw = new DatabaseSync(url, { readOnly: true })
    isAnothers = pragma(raw, 'application_id') !== APPLICATION_ID && !isEmpty(raw)
    raw.close()
  } catch (cause) {
    throw new StoreError('STORE_UNAVAILABLE', 'the database cannot be opened', { cause })
  }
  if (isAnothers) throw notOurs(ANOTHERS)
}

function isEmpty(raw: DatabaseSync): boolean {
  const unmarked = pragma(raw, 'application_id') === 0 && pragma(raw, 'user_version') === 0
  return unmarked && raw.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.n === 0
}

function prepareFile(raw: DatabaseSync): void {
  const version = pragma(raw, 'user_version')
  if (isEmpty(raw)) {
    raw.exec(`BEGIN IMMEDIATE; ${TABLES}
      PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`)
    return
  }
  if (pragma(raw, 'application_id') !== APPLICATION_ID) throw notOurs(ANOTHERS)
  if (version !== SCHEMA_VERSION) {
    const todo = version > SCHEMA_VERSION ? 'install a newer Countersign' : 'begin with an empty data folder'
    throw new StoreError(
      'STORE_VERSION',
      `the database has schema ${version}, this version reads ${SCHEMA_VERSION}: ${todo}`,
    )
  }
}

function pragma(raw: DatabaseSync, name: string): number {
  return Number(raw.prepare(`PRAGMA ${name}`).get()?.[name])
}

function notOurs(what: string): StoreError {
  return new StoreError(
    'STORE_NOT_OURS',
    `${what}: choose an empty data directory, or restore a backup of ours`,
  )
}

/** Kysely over a connection. Closing stays with whoever opened it. */
export function kyselyOver(raw: DatabaseSync): Kysely<Schema> {
  return new Kysely<Schema>({ dialect: new SqliteDialect({ database: shim(raw) }) })
}

function shim(raw: DatabaseSync): SqliteDatabase {
  const statements = new Map<string, SqliteStatement>()
  return {
    close: () => undefined,
    prepare: (sql) => {
      const known = statements.get(sql)
      if (known) return known
      if (statements.size >= STATEMENTS_MAX) statements.clear()
      const statement = wrap(raw.prepare(sql))
      statements.set(sql, statement)
      return statement
    },
  }
}

function wrap(statement: StatementSync): SqliteStatement {
  return {
    reader: statement.columns().length > 0,
    all: (values) => statement.all(...(values as SQLInputValue[])),
    run: (values) => statement.run(...(values as SQLInputValue[])),
    iterate: (values) => statement.iterate(...(values as SQLInputValue[])),
  }
}
