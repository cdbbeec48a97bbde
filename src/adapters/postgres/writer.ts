/**
 * The sequencer's transaction on PostgreSQL. It begins by locking the counter's row, so that the groups of all nodes run
 * one after the other as they do in SQLite: indices have no gaps and nobody leads. docs/adr/0016
 * Invariant: a COMMIT whose answer did not come is reported as unknown, never as done.
 * @module
 */
import { Kysely, PostgresDialect, type PostgresPoolClient } from 'kysely'
import type { Schema } from '../../ports/schema.ts'
import { StoreError } from '../../ports/store.ts'
import type { Backend, OpenGroup, Row } from '../sql/group-commit.ts'
import { Connection } from './connection.ts'
import { CHANNEL } from './schema.ts'

/** Milliseconds since 1970 by the database's clock, which is the one that all nodes share. */
export const DATABASE_NOW = 'floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint'

/** Locks before it reads: a row that another node moved while we waited is read again, as it is then. */
const TAKE = `BEGIN; SELECT next, time, ${DATABASE_NOW} AS clock FROM sequencer FOR UPDATE`

/** One value for all bytes, because an array of them would have to be spelled out. */
const APPEND = {
  name: 'append',
  text: `INSERT INTO entries (idx, type, bytes)
    SELECT $1::bigint + n - 1, type, substring($2::bytea FROM first FOR length)
    FROM unnest($3::text[], $4::int[], $5::int[]) WITH ORDINALITY AS each (type, first, length, n)`,
}

export class PostgresWriter implements Backend {
  readonly #url: string
  #connection: Connection | null
  #db: Kysely<Schema> | null = null
  /** Entries known to be durable: a database with fewer has lost some. */
  #durable = 0

  constructor(url: string, connection: Connection) {
    this.#url = url
    this.#connection = connection
  }

  async begin(): Promise<OpenGroup> {
    const { connection, next, now } = await this.#take()
    if (next < this.#durable) {
      this.#drop()
      throw new StoreError(
        'STORE_UNAVAILABLE',
        `the database has ${next} entries and acknowledged ${this.#durable}: restore one that has them all`,
      )
    }
    this.#db ??= kyselyOver(connection)
    return {
      db: this.#db,
      next,
      now,
      savepoint: async () => void (await connection.query('SAVEPOINT work')),
      release: async () => void (await connection.query('RELEASE work')),
      rollbackTo: async () => void (await connection.script('ROLLBACK TO work; RELEASE work')),
      insert: (rows) => insertAll(connection, rows),
      commit: (size) => this.#commit(connection, size, now),
      rollback: () => this.#rollback(connection),
    }
  }

  close(): void {
    this.#drop()
  }

  /** A connection that turns out to be lost is replaced once: nothing was begun on it. */
  async #take(): Promise<{ connection: Connection; next: number; now: number }> {
    const kept = this.#connection
    if (kept !== null && !kept.lost) {
      try {
        return await this.#takeOn(kept)
      } catch (cause) {
        if (!kept.lost) {
          this.#drop()
          throw cause
        }
      }
    }
    this.#drop()
    this.#connection = await Connection.open(this.#url, 'countersign sequencer')
    return this.#takeOn(this.#connection)
  }

  async #takeOn(connection: Connection): Promise<{ connection: Connection; next: number; now: number }> {
    const [, taken] = await connection.script(TAKE)
    const row = taken?.rows[0] as { next: number; time: number; clock: number } | undefined
    if (row === undefined) throw new StoreError('STORE_UNAVAILABLE', 'the counter of the database is gone')
    return { connection, next: row.next, now: Math.max(row.time, row.clock) }
  }

  async #commit(connection: Connection, size: number | null, now: number): Promise<void> {
    const moved = size === null ? '' : `, next = ${size}`
    const notified = size === null ? '' : `SELECT pg_notify('${CHANNEL}', '${size}');`
    const answers = await connection.script(`UPDATE sequencer SET time = ${now}${moved}; ${notified} COMMIT`)
    // A transaction that was given up answers COMMIT with a roll-back and no fault.
    if (answers.at(-1)?.command !== 'COMMIT') throw new StoreError('STORE_UNAVAILABLE', 'it was rolled back')
    this.#durable = size ?? this.#durable
  }

  async #rollback(connection: Connection): Promise<void> {
    try {
      await connection.query('ROLLBACK')
    } catch {
      this.#drop() // the server rolls back what a lost connection had begun
    }
  }

  #drop(): void {
    this.#connection?.close()
    this.#connection = null
    this.#db = null
  }
}

async function insertAll(connection: Connection, rows: readonly Row[]): Promise<void> {
  const firsts: number[] = []
  let end = 0
  for (const { bytes } of rows) {
    firsts.push(end + 1)
    end += bytes.length
  }
  await connection.query(APPEND, [
    rows[0]?.idx ?? 0,
    Buffer.concat(rows.map(({ bytes }) => bytes)),
    rows.map(({ type }) => type),
    firsts,
    rows.map(({ bytes }) => bytes.length),
  ])
}

/** Kysely over the one connection that has the transaction. */
function kyselyOver(connection: Connection): Kysely<Schema> {
  const client = {
    query: (text: string, values: unknown[]) => connection.query(text, [...values]),
    release: () => undefined,
  } as unknown as PostgresPoolClient
  const pool = { connect: () => Promise.resolve(client), end: () => Promise.resolve(), options: {} }
  return new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) })
}
