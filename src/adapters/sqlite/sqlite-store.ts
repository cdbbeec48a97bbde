/**
 * The `Store` port over node:sqlite: one process, one writing connection, WAL with synchronous = FULL.
 * The queue and its groups are those of every SQL store (`src/adapters/sql/group-commit.ts`). docs/adr/0002
 * @module
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Kysely } from 'kysely'
import type { Clock } from '../../ports/clock.ts'
import type { EntrySource } from '../../ports/entry-source.ts'
import type { Schema } from '../../ports/schema.ts'
import type { Store, Tx, WriteOptions } from '../../ports/store.ts'
import { GroupCommit, unavailable, type Backend, type OpenGroup, type Row } from '../sql/group-commit.ts'
import { Listeners } from '../sql/listeners.ts'
import { entriesOver } from './entries.ts'
import { kyselyOver, openReader, openWriter } from './open.ts'

const NEXT_INDEX = 'entries.next'

export interface SqliteStoreOptions {
  readonly path: string
  readonly clock: Clock
  readonly waiting_max?: number
}

/** @throws {StoreError} `STORE_NOT_OURS`, `STORE_VERSION`, `STORE_UNAVAILABLE` */
export function openSqliteStore(options: SqliteStoreOptions): Store {
  const raw = openWriter(options.path)
  return new SqliteStore(raw, openReader(options.path), options)
}

class SqliteStore implements Store {
  readonly entries: EntrySource
  readonly nodes = null
  readonly #raw: DatabaseSync
  readonly #reader: DatabaseSync
  readonly #readerDb: Kysely<Schema>
  readonly #writer: SqliteWriter
  readonly #clock: Clock
  readonly #commits: GroupCommit
  readonly #listeners = new Listeners()
  #ended = false

  constructor(raw: DatabaseSync, reader: DatabaseSync, { clock, waiting_max }: SqliteStoreOptions) {
    this.#raw = raw
    this.#reader = reader
    this.#readerDb = kyselyOver(reader)
    this.#clock = clock
    this.#writer = new SqliteWriter(raw, clock)
    this.#commits = new GroupCommit(this.#writer, (size) => this.#listeners.announce(size), waiting_max)
    this.entries = entrySource(reader)
  }

  write<T>(work: (tx: Tx) => Promise<T>, options?: WriteOptions): Promise<T> {
    return this.#commits.write(work, options)
  }

  query<T>(work: (db: Kysely<Schema>) => Promise<T>): Promise<T> {
    if (this.#commits.closed) return Promise.reject(unavailable('the store is closed'))
    return work(this.#readerDb)
  }

  now(): Promise<number> {
    return Promise.resolve(this.#clock.now())
  }

  horizon(): Promise<number> {
    return Promise.resolve(this.#writer.horizon())
  }

  onCommit(listener: (size: number) => void): () => void {
    return this.#listeners.add(listener)
  }

  async close(): Promise<void> {
    await this.#commits.close()
    if (this.#ended) return
    this.#ended = true
    this.#reader.close()
    this.#raw.close()
  }
}

class SqliteWriter implements Backend {
  readonly #raw: DatabaseSync
  readonly #db: Kysely<Schema>
  readonly #clock: Clock
  readonly #insert: StatementSync
  readonly #read: StatementSync
  readonly #move: StatementSync
  /** The time of the transaction that is under way. */
  #openSince: number | null = null
  /** The latest time that was used or told: no transaction has an earlier one, whatever the clock does. */
  #floor: number

  constructor(raw: DatabaseSync, clock: Clock) {
    this.#raw = raw
    this.#db = kyselyOver(raw)
    this.#clock = clock
    this.#insert = raw.prepare('INSERT INTO entries (idx, type, bytes) VALUES (?, ?, ?)')
    this.#floor = lastTime(raw)
    this.#read = raw.prepare('SELECT value FROM meta WHERE name = ?')
    this.#move = raw.prepare(
      'INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
    )
  }

  /** The clock itself, also where it went back: freshness that stood still could be replayed. */
  horizon(): number {
    const now = Math.min(this.#openSince ?? Number.POSITIVE_INFINITY, this.#clock.now())
    this.#floor = Math.max(this.#floor, now)
    return now
  }

  async begin(): Promise<OpenGroup> {
    const raw = this.#raw
    const now = Math.max(this.#floor, this.#clock.now())
    this.#floor = now
    this.#openSince = now
    try {
      raw.exec('BEGIN IMMEDIATE')
    } catch (cause) {
      this.#openSince = null
      throw cause
    }
    return {
      db: this.#db,
      next: Number(this.#read.get(NEXT_INDEX)?.value ?? 0),
      now,
      savepoint: async () => raw.exec('SAVEPOINT work'),
      release: async () => raw.exec('RELEASE work'),
      rollbackTo: async () => this.#rollbackTo(),
      insert: async (rows) => this.#insertAll(rows),
      commit: async (next) => this.#commit(next),
      rollback: async () => this.#rollback(),
    }
  }

  #insertAll(rows: readonly Row[]): void {
    for (const { idx, type, bytes } of rows) this.#insert.run(idx, type, bytes)
  }

  #commit(next: number | null): void {
    if (next !== null) this.#move.run(NEXT_INDEX, String(next))
    this.#raw.exec('COMMIT')
    this.#openSince = null
  }

  #rollbackTo(): void {
    // The database may have given up the whole transaction: a full disk, for one.
    if (!this.#raw.isTransaction) throw unavailable('the database gave up the transaction')
    this.#raw.exec('ROLLBACK TO work; RELEASE work')
  }

  #rollback(): void {
    try {
      if (this.#raw.isTransaction) this.#raw.exec('ROLLBACK')
    } catch {
      // A transaction that cannot be rolled back cannot be committed either: the next BEGIN says so.
    }
    this.#openSince = null
  }
}

/** Milliseconds since 1970; 0 for an empty log. An entry that does not say is for the publisher to refuse. */
function lastTime(raw: DatabaseSync): number {
  const row = raw.prepare('SELECT bytes FROM entries ORDER BY idx DESC LIMIT 1').get()
  if (row === undefined) return 0
  try {
    const { time } = JSON.parse(Buffer.from(row.bytes as Uint8Array).toString()) as { time?: unknown }
    return Date.parse(String(time)) || 0
  } catch {
    return 0
  }
}

function entrySource(reader: DatabaseSync): EntrySource {
  const next = reader.prepare('SELECT value FROM meta WHERE name = ?')
  return entriesOver(reader, async () => Number(next.get(NEXT_INDEX)?.value ?? 0))
}
