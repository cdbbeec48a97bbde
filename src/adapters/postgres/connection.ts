/**
 * One connection to PostgreSQL that runs one statement at a time, knows when it is lost, and refuses a server on which an
 * acknowledged commit could be lost. Messages never hold the address: it may hold a password.
 * @module
 */
import pg, { type ClientBase, type ClientConfig, type QueryResult } from 'pg'
import { StoreError } from '../../ports/store.ts'

const CONNECT_MS_MAX = 5_000
/** A statement that takes longer is given up by the server; a little later the connection is, by us. */
const STATEMENT_MS_MAX = 30_000
const ANSWER_MS_MAX = STATEMENT_MS_MAX + 5_000
/** How long a node waits for another one's group, and for how long a node that hangs keeps the others waiting. */
const LOCK_MS_MAX = 10_000
const IDLE_MS_MAX = 10_000
/** PostgreSQL 14: the oldest that is still maintained. */
const SERVER_VERSION_MIN = 140_000
const INT8 = 20

/** Whether the loss of the server, and not the statement, is what is wrong. */
export function isLost(cause: unknown): boolean {
  const { code } = cause as { code?: unknown }
  // Without an SQLSTATE it never came to a statement; 08 connection, 53 resources, 57P shut down, 58 the machine.
  return !(cause instanceof pg.DatabaseError) || typeof code !== 'string' || /^(08|53|57P|58)/.test(code)
}

export function configOf(url: string, application_name: string): ClientConfig {
  return {
    connectionString: url,
    application_name,
    connectionTimeoutMillis: CONNECT_MS_MAX,
    query_timeout: ANSWER_MS_MAX,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    types: { getTypeParser: parserOf },
  }
}

/** Counters are BIGINT and numbers here: an index beyond 2^53 is refused rather than rounded. */
function parserOf(oid: number, format?: 'text' | 'binary'): (value: string) => unknown {
  if (oid !== INT8) return pg.types.getTypeParser(oid, format) as (value: string) => unknown
  return (value) => {
    const number = Number(value)
    if (!Number.isSafeInteger(number)) throw new RangeError('a number of the database is beyond 2^53')
    return number
  }
}

/**
 * @throws {StoreError} `STORE_UNAVAILABLE`: not a primary, not durable, too old, or not in UTF-8
 */
export async function prepareSession(client: ClientBase, mode: 'write' | 'read'): Promise<void> {
  const { rows } = await client.query<{
    recovering: boolean
    fsync: string
    commit: string
    version: number
    encoding: string
  }>(`SELECT pg_is_in_recovery() AS recovering, current_setting('fsync') AS fsync,
    current_setting('synchronous_commit') AS commit, current_setting('server_version_num')::int AS version,
    current_setting('server_encoding') AS encoding`)
  const [server] = rows
  if (server === undefined || server.recovering) throw refused('it is a standby: connect to the primary')
  if (server.version < SERVER_VERSION_MIN) throw refused('it is too old: run PostgreSQL 14 or later')
  if (server.encoding !== 'UTF8') throw refused('its encoding is not UTF8: create the database anew')
  if (server.fsync !== 'on') throw refused('it does not keep what it acknowledges: set fsync = on')
  // Whatever the server's default is: weaker ones lose what was acknowledged. The one stronger stays.
  const commit = server.commit === 'remote_apply' ? 'remote_apply' : 'on'
  await client.query(
    `SET synchronous_commit = ${commit}; SET statement_timeout = ${STATEMENT_MS_MAX};
     SET lock_timeout = ${LOCK_MS_MAX}; SET idle_in_transaction_session_timeout = ${IDLE_MS_MAX};
     SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3;
     SET default_transaction_isolation = 'read committed';
     SET default_transaction_read_only = ${mode === 'read' ? 'on' : 'off'}`,
  )
}

function refused(what: string): StoreError {
  return new StoreError('STORE_UNAVAILABLE', `the PostgreSQL server cannot be used: ${what}`)
}

export class Connection {
  readonly #client: pg.Client
  #last: Promise<unknown> = Promise.resolve()
  #lost = false

  private constructor(client: pg.Client) {
    this.#client = client
  }

  /** @throws {StoreError} `STORE_UNAVAILABLE` */
  static async open(url: string, name: string): Promise<Connection> {
    const client = new pg.Client(configOf(url, name))
    const connection = new Connection(client)
    client.on('error', () => connection.#lose())
    client.on('end', () => connection.#lose())
    try {
      await client.connect()
      await prepareSession(client, 'write')
    } catch (cause) {
      connection.close()
      if (cause instanceof StoreError) throw cause
      throw new StoreError('STORE_UNAVAILABLE', 'the database cannot be reached', { cause })
    }
    return connection
  }

  get lost(): boolean {
    return this.#lost
  }

  /** Called once with each notification. */
  onNotification(listener: (payload: string) => void): void {
    this.#client.on('notification', ({ payload }) => listener(payload ?? ''))
  }

  onLost(listener: () => void): void {
    this.#client.once('end', listener)
  }

  /** In the order of the calls, one after the other. */
  query<R extends object>(
    text: string | { readonly name: string; readonly text: string },
    values?: unknown[],
  ): Promise<QueryResult<R>> {
    const run = this.#last.then(() => this.#run<R>(text, values))
    this.#last = run.catch(() => undefined) // its caller hears of it
    return run
  }

  /** Several statements in one message: what they answer, in order. */
  async script(text: string): Promise<QueryResult<Record<string, unknown>>[]> {
    const result = await this.query<Record<string, unknown>>(text)
    return Array.isArray(result) ? (result as QueryResult<Record<string, unknown>>[]) : [result]
  }

  close(): void {
    this.#lost = true
    void this.#client.end().catch(() => undefined)
  }

  async #run<R extends object>(
    text: string | { readonly name: string; readonly text: string },
    values: unknown[] = [],
  ): Promise<QueryResult<R>> {
    if (this.#lost) throw new StoreError('STORE_UNAVAILABLE', 'the connection to the database is lost')
    try {
      if (typeof text !== 'string') return await this.#client.query<R>({ ...text, values })
      return await (values.length === 0 ? this.#client.query<R>(text) : this.#client.query<R>(text, values))
    } catch (cause) {
      if (isLost(cause)) this.close() // what it was about to answer, if anything, is of no use to the next statement
      throw cause
    }
  }

  #lose(): void {
    this.#lost = true
  }
}
