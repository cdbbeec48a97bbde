/** Sessions with the vault's database, and its faults as the port has them. @module */
import pg, { type PoolClient } from 'pg'
import { StoreError } from '../../ports/store.ts'
import { VaultError } from '../../ports/vault.ts'
import { configOf, prepareSession } from '../postgres/connection.ts'

/** Connections at most, of each node: a read is one short statement. */
const SESSIONS_MAX = 4
/** How long a statement waits for one of them, in milliseconds. */
const WAIT_MS_MAX = 5_000

export class Sessions {
  readonly #pool: pg.Pool
  #closed = false

  constructor(url: string) {
    this.#pool = new pg.Pool({
      ...configOf(url, 'countersign vault'),
      max: SESSIONS_MAX,
      connectionTimeoutMillis: WAIT_MS_MAX,
      allowExitOnIdle: true,
      // The pool waits for the promise, which its types do not say.
      // oxlint-disable-next-line typescript/no-misused-promises
      onConnect: (client) => prepareSession(client, 'write'),
    })
    // A connection was lost: whoever uses it hears of it by its statement, and the next one opens another.
    this.#pool.on('error', () => undefined)
    this.#pool.on('connect', (client) => client.on('error', () => undefined))
  }

  async rows<R extends object>(text: string, values: unknown[] = []): Promise<R[]> {
    try {
      return (await this.#pool.query<R>(text, values)).rows
    } catch (cause) {
      throw named(cause)
    }
  }

  /**
   * Committed and durable once it resolves; undone whole otherwise, unless the answer to the COMMIT was lost.
   * @param statement_ms_max for each statement, where one takes longer than usual
   */
  async transact<T>(work: (client: PoolClient) => Promise<T>, statement_ms_max?: number): Promise<T> {
    let client: PoolClient
    try {
      client = await this.#pool.connect()
    } catch (cause) {
      throw named(cause)
    }
    try {
      await client.query('BEGIN')
      if (statement_ms_max !== undefined)
        await client.query(`SET LOCAL statement_timeout = ${statement_ms_max}`)
      const done = await work(client)
      const { command } = await client.query('COMMIT')
      // A transaction that was given up answers COMMIT with a roll-back and no fault.
      if (command !== 'COMMIT') throw unavailable('the vault has undone a change')
      client.release()
      return done
    } catch (cause) {
      // Ended rather than rolled back: whatever state it is in, the server undoes what was not committed.
      client.release(true)
      throw named(cause)
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#pool.end()
  }
}

/** What our own checks of the server say is said on; what a driver says may name what it was given. */
function named(cause: unknown): VaultError {
  if (cause instanceof VaultError) return cause
  if (cause instanceof StoreError) return unavailable(`the vault: ${cause.message}`, cause)
  return unavailable('the vault cannot be reached, or written', cause)
}

export function unavailable(message: string, cause?: unknown): VaultError {
  return new VaultError('VAULT_UNAVAILABLE', message, cause === undefined ? {} : { cause })
}
