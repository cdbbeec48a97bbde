/**
 * What nodes share: names that were used once, in a table, and the signer's place, which is a lock of the session: it is
 * free as soon as the server notices that its holder is gone.
 * @module
 */
import { unavailable } from '../sql/group-commit.ts'
import type { Nodes, Place } from '../../ports/nodes.ts'
import { Connection } from './connection.ts'
import { LOCKS } from './schema.ts'
import { DATABASE_NOW } from './writer.ts'

/** Connections that write names; what is asked beyond them waits its turn. */
const WRITERS = 2
const PRUNE_MS = 60_000

/** The row that is there already counts as new once its time is over. */
const USE = {
  name: 'use',
  text: `INSERT INTO used (name, until) VALUES ($1, ${DATABASE_NOW} + $2::bigint)
    ON CONFLICT (name) DO UPDATE SET until = excluded.until WHERE used.until <= ${DATABASE_NOW}
    RETURNING name`,
}

export class PostgresNodes implements Nodes {
  readonly #url: string
  readonly #writers: (Promise<Connection> | null)[] = Array.from({ length: WRITERS }, () => null)
  #next = 0
  #pruned = Number.NEGATIVE_INFINITY
  /** That asks for the signer's place, or has it. */
  #place: Connection | null = null
  #isTaken = false
  #closed = false

  constructor(url: string) {
    this.#url = url
  }

  async useOnce(name: string, keep_ms: number): Promise<boolean> {
    this.#next = (this.#next + 1) % WRITERS
    try {
      const connection = await this.#writer(this.#next)
      const { rows } = await connection.query(USE, [name, keep_ms])
      await this.#prune(connection)
      return rows.length === 1
    } catch (cause) {
      throw unavailable('the database cannot remember what was used', cause)
    }
  }

  async takePlace(): Promise<Place | null> {
    try {
      if (this.#closed) throw unavailable('the store is closed')
      const connection = await this.#asking()
      const { rows } = await connection.query<{ taken: boolean }>(
        'SELECT pg_try_advisory_lock($1) AS taken',
        [LOCKS.signer],
      )
      this.#isTaken = rows[0]?.taken === true
      return this.#isTaken ? placeOn(connection) : null
    } catch (cause) {
      throw unavailable('the database does not say who signs', cause)
    }
  }

  close(): void {
    this.#closed = true
    this.#place?.close()
    for (const writer of this.#writers)
      void writer?.then((connection) => connection.close()).catch(() => undefined)
  }

  /** A session may take its lock again and would have to leave it as often: one that took it asks no more. */
  async #asking(): Promise<Connection> {
    if (this.#isTaken) this.#place?.close()
    this.#isTaken = false
    if (this.#place === null || this.#place.lost)
      this.#place = await Connection.open(this.#url, 'countersign signer')
    return this.#place
  }

  #writer(index: number): Promise<Connection> {
    if (this.#closed) throw unavailable('the store is closed')
    const known = this.#writers[index] ?? null
    const opened = (known ?? this.#open()).then((connection) => (connection.lost ? this.#open() : connection))
    this.#writers[index] = opened
    opened.catch(() => {
      if (this.#writers[index] === opened) this.#writers[index] = null
    })
    return opened
  }

  async #open(): Promise<Connection> {
    const connection = await Connection.open(this.#url, 'countersign memory')
    // Lost with the last moments of a server that crashed; a proof is good for a minute.
    await connection.query('SET synchronous_commit = off')
    return connection
  }

  async #prune(connection: Connection): Promise<void> {
    const now = performance.now()
    if (now - this.#pruned < PRUNE_MS) return
    this.#pruned = now
    await connection.query(`DELETE FROM used WHERE until <= ${DATABASE_NOW}`)
  }
}

/** The key of a lock is shown in two halves; `objsubid` 1 is that of a key of 64 bits. */
const HOLDS = `SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid = pg_backend_pid()
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND objsubid = 1 AND (classid::bigint << 32) | objid::bigint = $1) AS held`

function placeOn(connection: Connection): Place {
  return {
    isHeld: () => !connection.lost,
    confirm: async () => {
      try {
        const { rows } = await connection.query<{ held: boolean }>(HOLDS, [LOCKS.signer])
        return rows[0]?.held === true
      } catch {
        return false
      }
    },
    leave: async () => {
      try {
        await connection.query('SELECT pg_advisory_unlock($1)', [LOCKS.signer])
      } catch {
        // It is free with the session, which ends in any case.
      } finally {
        connection.close()
      }
    },
  }
}
