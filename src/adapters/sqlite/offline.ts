/**
 * Databases of ours outside a running store: read as they are, or filled from the log. No server is needed, and none
 * is disturbed: a snapshot is a read transaction, and scratch tables are nowhere but in this process.
 * @module
 */
import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import type { Kysely } from 'kysely'
import type { EntrySource } from '../../ports/entry-source.ts'
import type { Schema } from '../../ports/schema.ts'
import { StoreError } from '../../ports/store.ts'
import { entriesOver } from './entries.ts'
import { APPLICATION_ID, kyselyOver, openReader, openWriter } from './open.ts'
import { SCHEMA_VERSION, TABLES } from '../sql/tables.ts'

export interface Snapshot {
  readonly db: Kysely<Schema>
  readonly entries: EntrySource
  /** `PRAGMA user_version`. */
  readonly version: number
  /** What `PRAGMA quick_check` says, or `integrity_check`; empty when all is well. */
  integrity(whole?: boolean): string[]
  /** Whether it has our tables and indexes as we make them, and nothing else: a trigger or a default writes later. */
  isSchemaOurs(): boolean
  close(): void
}

/**
 * Everything that is committed now, and nothing that is committed later.
 * @param path of a database that may be in use
 * @throws {StoreError} `STORE_NOT_OURS`, `STORE_UNAVAILABLE`; `STORE_VERSION`, unless `anyVersion`
 */
export function openSnapshot(path: string, anyVersion = false): Snapshot {
  return snapshotOf(() => openReader(path), path, anyVersion)
}

/** As {@link openSnapshot}, of a file that nobody writes: leaves nothing beside it. */
export function openCopy(path: string): Snapshot {
  const url = pathToFileURL(path)
  url.searchParams.set('immutable', '1')
  return snapshotOf(() => new DatabaseSync(url, { readOnly: true }), path, false)
}

function snapshotOf(open: () => DatabaseSync, path: string, anyVersion: boolean): Snapshot {
  if (!existsSync(path)) throw new StoreError('STORE_UNAVAILABLE', 'there is no database there')
  let raw: DatabaseSync | null = null
  try {
    raw = open()
    raw.exec('BEGIN')
    const version = assertOurs(raw, anyVersion)
    return wrapped(raw, version)
  } catch (cause) {
    raw?.close()
    if (cause instanceof StoreError) throw cause
    throw new StoreError('STORE_UNAVAILABLE', 'the database cannot be read', { cause })
  }
}

function wrapped(raw: DatabaseSync, version: number): Snapshot {
  const size = raw.prepare('SELECT coalesce(max(idx) + 1, 0) AS size FROM entries')
  return {
    db: kyselyOver(raw),
    version,
    entries: entriesOver(raw, async () => Number(size.get()?.size)),
    integrity: (whole = false) => {
      const rows = raw.prepare(whole ? 'PRAGMA integrity_check' : 'PRAGMA quick_check').all()
      return rows.map((row) => String(Object.values(row)[0])).filter((text) => text !== 'ok')
    },
    isSchemaOurs: () => schemaOf(raw) === withTables(schemaOf),
    close: () => raw.close(),
  }
}

/** Every statement that made it. */
function schemaOf(raw: DatabaseSync): string {
  const rows = raw.prepare('SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name').all()
  return JSON.stringify(rows)
}

function assertOurs(raw: DatabaseSync, anyVersion: boolean): number {
  const pragma = (name: string): number => Number(raw.prepare(`PRAGMA ${name}`).get()?.[name])
  if (pragma('application_id') !== APPLICATION_ID)
    throw new StoreError('STORE_NOT_OURS', 'the file is a SQLite database of another program')
  const version = pragma('user_version')
  if (version !== SCHEMA_VERSION && !anyVersion)
    throw new StoreError(
      'STORE_VERSION',
      `the database has schema ${version}, this version reads ${SCHEMA_VERSION}`,
    )
  return version
}

export interface Filling {
  readonly db: Kysely<Schema>
  /** Makes what was filled in durable. */
  commit(): void
  /** Without a commit nothing stays. */
  close(): void
}

/** Empty tables that are gone once closed: on disk only when they outgrow memory. */
export function openScratch(): Filling {
  const raw = new DatabaseSync('')
  raw.exec(`PRAGMA journal_mode = OFF; PRAGMA foreign_keys = ON; ${TABLES}`)
  return fillingOf(raw)
}

/** A new database file. @throws {StoreError} `STORE_UNAVAILABLE`: the file exists */
export function createDatabase(path: string): Filling {
  if (existsSync(path))
    throw new StoreError('STORE_UNAVAILABLE', 'the file exists already: choose another name')
  return fillingOf(openWriter(path))
}

function fillingOf(raw: DatabaseSync): Filling {
  raw.exec('BEGIN')
  return {
    db: kyselyOver(raw),
    commit: () => raw.exec('COMMIT'),
    close: () => raw.close(),
  }
}

/** Names of the tables that a database has, for the test that each is classified (REG-1). */
export function tableNames(): string[] {
  return withTables((raw) => {
    const rows = raw.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all()
    return rows.map((row) => String(row.name))
  })
}

/** @param read looks at our tables, empty, which are gone afterwards */
function withTables<T>(read: (raw: DatabaseSync) => T): T {
  const raw = new DatabaseSync(':memory:')
  try {
    raw.exec(TABLES)
    return read(raw)
  } finally {
    raw.close()
  }
}
