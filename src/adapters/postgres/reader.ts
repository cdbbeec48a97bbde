/** Reads of committed rows, over a pool of connections that can do nothing else. @module */
import { Kysely, PostgresDialect, type PostgresPoolClient } from 'kysely'
import pg from 'pg'
import type { Schema } from '../../ports/schema.ts'
import { StoreError } from '../../ports/store.ts'
import { configOf, isLost, prepareSession } from './connection.ts'

/** Connections that read, at most; PostgreSQL allows 100 by default, for all nodes together. */
const READERS_MAX = 8
/** How long a read waits for one of them. */
const WAIT_MS_MAX = 5_000

export class Reader {
  readonly #pool: pg.Pool
  readonly db: Kysely<Schema>

  constructor(url: string) {
    this.#pool = new pg.Pool({
      ...configOf(url, 'countersign reader'),
      max: READERS_MAX,
      connectionTimeoutMillis: WAIT_MS_MAX,
      allowExitOnIdle: true,
      // The pool waits for the promise, which its types do not say.
      // oxlint-disable-next-line typescript/no-misused-promises
      onConnect: (client) => prepareSession(client, 'read'),
    })
    // A connection was lost: whoever reads on it hears of it by its query, and the next read opens another.
    this.#pool.on('error', () => undefined)
    this.#pool.on('connect', (client) => client.on('error', () => undefined))
    const pool = { connect: () => this.#connect(), end: () => Promise.resolve(), options: {} }
    this.db = new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) })
  }

  async rows<R extends object>(text: string, values: unknown[] = []): Promise<R[]> {
    const result = await named(this.#pool.query<R>(text, values))
    return result.rows
  }

  close(): Promise<void> {
    return this.#pool.end()
  }

  async #connect(): Promise<PostgresPoolClient> {
    const client = await named(this.#pool.connect())
    return {
      query: (text: string, values: readonly unknown[]) => named(client.query(text, [...values])),
      release: () => client.release(),
    } as unknown as PostgresPoolClient
  }
}

/** Says of a lost server that it is lost, so that nobody else has to know how a driver puts it. */
async function named<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked
  } catch (cause) {
    if (cause instanceof StoreError || !isLost(cause)) throw cause
    throw new StoreError('STORE_UNAVAILABLE', 'the database cannot be read', { cause })
  }
}
