/**
 * The `Store` port over PostgreSQL: several nodes on one database, none of which leads. Writes go through one connection
 * with its groups, reads through a pool, and LISTEN tells of the commits of other nodes. docs/adr/0016
 * @module
 */
import type { Kysely } from 'kysely'
import type { EntrySource } from '../../ports/entry-source.ts'
import type { Schema } from '../../ports/schema.ts'
import type { Store, Tx, WriteOptions } from '../../ports/store.ts'
import { GroupCommit, unavailable } from '../sql/group-commit.ts'
import { Listeners } from '../sql/listeners.ts'
import { withPruned } from '../sql/pruned-rows.ts'
import { Announcer } from './announcer.ts'
import { Connection } from './connection.ts'
import { PostgresNodes } from './nodes.ts'
import { Reader } from './reader.ts'
import { prepareDatabase } from './schema.ts'
import { DATABASE_NOW, PostgresWriter } from './writer.ts'

/** The clock itself, also where it went back: freshness that stood still could be replayed. */
const MOVE_TIME = `UPDATE sequencer SET time = GREATEST(time, ${DATABASE_NOW})
  RETURNING LEAST(time, ${DATABASE_NOW}) AS time`
const READ_TIME = `SELECT ${DATABASE_NOW} AS time`
const SIZE = 'SELECT next FROM sequencer'
const RANGE = 'SELECT idx, bytes FROM entries WHERE idx >= $1 AND idx < $2 ORDER BY idx'
/** The driver knows bytes as hexadecimal digits only, which take twice as long to send and to read. */
const RANGE_AS_TEXT = `SELECT idx, convert_from(bytes, 'UTF8') AS text FROM entries WHERE idx >= $1 AND idx < $2 ORDER BY idx`
/** SQLSTATE: bytes that are no UTF-8. */
const NOT_IN_REPERTOIRE = '22021'
const PRUNED = 'SELECT bundle FROM pruned WHERE bundle >= $1 AND bundle <= $2'
const HASHES = 'SELECT hashes FROM pruned WHERE bundle = $1'

export interface PostgresStoreOptions {
  /** `postgres://user:password@host/database`. Never printed. */
  readonly url: string
  readonly waiting_max?: number
}

/** @throws {StoreError} `STORE_NOT_OURS`, `STORE_VERSION`, `STORE_UNAVAILABLE` */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<Store> {
  const connection = await Connection.open(options.url, 'countersign sequencer')
  const writer = new PostgresWriter(options.url, connection)
  try {
    await prepareDatabase(connection)
    const store = new PostgresStore(writer, options)
    await store.start()
    return store
  } catch (cause) {
    writer.close()
    throw cause
  }
}

class PostgresStore implements Store {
  readonly entries: EntrySource
  readonly nodes: PostgresNodes
  readonly #url: string
  readonly #writer: PostgresWriter
  readonly #reader: Reader
  readonly #announcer: Announcer
  readonly #commits: GroupCommit
  readonly #listeners = new Listeners()
  #clock: Connection | null = null
  #horizon: Promise<number> | null = null
  #ended = false

  constructor(writer: PostgresWriter, { url, waiting_max }: PostgresStoreOptions) {
    this.#url = url
    this.#writer = writer
    this.#reader = new Reader(url)
    this.nodes = new PostgresNodes(url)
    this.#announcer = new Announcer(url, (size) => this.#listeners.announce(size))
    this.#commits = new GroupCommit(writer, (size) => this.#announcer.tell(size), waiting_max)
    this.entries = {
      size: async () => (await this.#rows<{ next: number }>(SIZE))[0]?.next ?? 0,
      read: async (start, end) => {
        const rows = await this.#range(start, end)
        const pruned = async (first: number, last: number): Promise<number[]> =>
          (await this.#rows<{ bundle: number }>(PRUNED, [first, last])).map(({ bundle }) => bundle)
        return withPruned(rows, start, end, pruned)
      },
      hashes: async (index) => (await this.#rows<{ hashes: Uint8Array }>(HASHES, [index]))[0]?.hashes ?? null,
    }
  }

  start(): Promise<void> {
    return this.#announcer.start()
  }

  write<T>(work: (tx: Tx) => Promise<T>, options?: WriteOptions): Promise<T> {
    return this.#commits.write(work, options)
  }

  query<T>(work: (db: Kysely<Schema>) => Promise<T>): Promise<T> {
    if (this.#commits.closed) return Promise.reject(unavailable('the store is closed'))
    return work(this.#reader.db)
  }

  async now(): Promise<number> {
    return timeOf(await this.#rows<{ time: number }>(READ_TIME))
  }

  /** Who asks while one is under way gets that one: what is not durable after it was not durable before either. */
  horizon(): Promise<number> {
    this.#horizon ??= this.#moveTime().finally(() => {
      this.#horizon = null
    })
    return this.#horizon
  }

  onCommit(listener: (size: number) => void): () => void {
    return this.#listeners.add(listener)
  }

  async close(): Promise<void> {
    await this.#commits.close()
    if (this.#ended) return
    this.#ended = true
    this.#announcer.close()
    this.nodes.close()
    this.#clock?.close()
    this.#writer.close()
    await this.#reader.close()
  }

  /**
   * Waits for the group that is under way, whoever's it is, and puts the time where the next one reads it: durable, so
   * that a primary that lost touch with its standbys cannot say that it knows.
   */
  async #moveTime(): Promise<number> {
    if (this.#commits.closed) throw unavailable('the store is closed')
    try {
      if (this.#clock === null || this.#clock.lost) {
        this.#clock = await Connection.open(this.#url, 'countersign clock')
      }
      return timeOf((await this.#clock.query<{ time: number }>(MOVE_TIME)).rows)
    } catch (cause) {
      throw unavailable('the database does not say what time it is', cause)
    }
  }

  /** Entries are UTF-8; what is not was changed behind us, and is given as it stands to whoever verifies it. */
  async #range(start: number, end: number): Promise<{ idx: number; bytes: Uint8Array }[]> {
    try {
      const rows = await this.#rows<{ idx: number; text: string }>(RANGE_AS_TEXT, [start, end])
      return rows.map(({ idx, text }) => ({ idx, bytes: Buffer.from(text) }))
    } catch (cause) {
      if ((cause as { code?: unknown }).code !== NOT_IN_REPERTOIRE) throw cause
      return this.#rows(RANGE, [start, end])
    }
  }

  async #rows<R extends object>(text: string, values?: unknown[]): Promise<R[]> {
    if (this.#commits.closed) throw unavailable('the store is closed')
    return this.#reader.rows<R>(text, values)
  }
}

function timeOf(rows: readonly { time: number }[]): number {
  const [row] = rows
  if (row === undefined) throw unavailable('the counter of the database is gone')
  return row.time
}
