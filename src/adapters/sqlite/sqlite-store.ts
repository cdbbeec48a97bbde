/**
 * The `Store` port over node:sqlite. Group commit: whoever waits goes into the next transaction, each in a savepoint
 * of its own, and one fsync acknowledges them all. No timer: the next group starts as soon as the last returned.
 * Invariant: nobody is told of a commit before it is durable, and indices have no gaps.
 * @module
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Kysely } from 'kysely'
import { rfc3339 } from '../../core/time.ts'
import { encodeEntry } from '../../log/entries.ts'
import type { Clock } from '../../ports/clock.ts'
import type { EntrySource } from '../../ports/entry-source.ts'
import { StoreError, type NewEntry, type Schema, type Store, type Tx } from '../../ports/store.ts'
import { kyselyOver, openReader, openWriter } from './open.ts'

/** Writers that may wait at once; past it they are turned away rather than kept in memory. */
export const WRITERS_WAITING_MAX = 10_000
/** Works in one transaction: bounds how long the first of a group waits for the last. */
export const GROUP_MAX = 1_024

const NEXT_INDEX = 'entries.next'

interface Waiting {
  /** Runs the work; what it returns tells the caller once the group is durable. */
  run(tx: Tx): Promise<() => void>
  fail(cause: unknown): void
}

interface Handles {
  readonly raw: DatabaseSync
  readonly reader: DatabaseSync
  readonly writerDb: Kysely<Schema>
  readonly readerDb: Kysely<Schema>
}

export interface SqliteStoreOptions {
  readonly path: string
  readonly clock: Clock
  readonly waiting_max?: number
}

/** @throws {StoreError} `STORE_NOT_OURS`, `STORE_VERSION`, `STORE_UNAVAILABLE` */
export function openSqliteStore(options: SqliteStoreOptions): Store {
  const raw = openWriter(options.path)
  const reader = openReader(options.path)
  const handles = { raw, reader, writerDb: kyselyOver(raw), readerDb: kyselyOver(reader) }
  return new SqliteStore(handles, options.clock, options.waiting_max ?? WRITERS_WAITING_MAX)
}

class SqliteStore implements Store {
  readonly entries: EntrySource
  readonly #handles: Handles
  readonly #clock: Clock
  readonly #waitingMax: number
  readonly #insert: StatementSync
  readonly #listeners = new Set<(size: number) => void>()
  #waiting: Waiting[] = []
  #runner: Promise<void> | null = null
  /** When the transaction that is under way began. */
  #openSince: number | null = null
  /** Of the last entry: times never go back, whatever the clock does (LOG-7). */
  #last_ms: number
  #next = 0
  #closed = false

  constructor(handles: Handles, clock: Clock, waitingMax: number) {
    this.#handles = handles
    this.#clock = clock
    this.#waitingMax = waitingMax
    this.#insert = handles.raw.prepare('INSERT INTO entries (idx, type, bytes) VALUES (?, ?, ?)')
    this.entries = entrySource(handles.reader)
    this.#last_ms = lastTime(handles.raw)
  }

  write<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(new StoreError('STORE_UNAVAILABLE', 'the store is closed'))
    if (this.#waiting.length >= this.#waitingMax) {
      return Promise.reject(new StoreError('STORE_BUSY', 'too many writers wait: try again later'))
    }
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({
        run: async (tx) => {
          const result = await work(tx)
          return () => resolve(result)
        },
        fail: reject,
      })
      this.#runner ??= this.#drain()
    })
  }

  query<T>(work: (db: Kysely<Schema>) => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(new StoreError('STORE_UNAVAILABLE', 'the store is closed'))
    return work(this.#handles.readerDb)
  }

  onCommit(listener: (size: number) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#runner
    this.#handles.reader.close()
    this.#handles.raw.close()
  }

  async #drain(): Promise<void> {
    await Promise.resolve() // whoever calls write in this turn joins the first group
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0, GROUP_MAX)
      try {
        await this.#commit(group)
      } catch (cause) {
        const fault = new StoreError('STORE_UNAVAILABLE', 'the database did not commit', { cause })
        for (const waiting of group) waiting.fail(fault)
      }
    }
    this.#runner = null
  }

  horizon(): number {
    return Math.min(this.#openSince ?? Number.POSITIVE_INFINITY, this.#clock.now())
  }

  /** @throws whatever the database threw; then nothing of the group was acknowledged. */
  async #commit(group: readonly Waiting[]): Promise<void> {
    const { raw } = this.#handles
    const settled: (() => void)[] = []
    this.#openSince = this.#clock.now()
    raw.exec('BEGIN IMMEDIATE')
    let first: number
    try {
      first = this.#readNext()
      this.#next = first
      for (const waiting of group) settled.push(await this.#runOne(waiting))
      if (this.#next !== first) this.#writeNext()
      raw.exec('COMMIT')
    } catch (cause) {
      if (raw.isTransaction) raw.exec('ROLLBACK')
      throw cause
    } finally {
      this.#openSince = null
    }
    // Durable from here on. A crash before the callers hear of it leaves entries that nobody was promised: harmless.
    for (const settle of settled) settle()
    if (this.#next !== first) this.#announce(this.#next)
  }

  /** A work that throws is undone alone; its caller hears of it with the rest of the group. */
  async #runOne(waiting: Waiting): Promise<() => void> {
    const { raw } = this.#handles
    const before = this.#next
    const tx = this.#transaction()
    raw.exec('SAVEPOINT work')
    try {
      const settle = await waiting.run(tx.tx)
      tx.end()
      raw.exec('RELEASE work')
      return settle
    } catch (cause) {
      tx.end()
      if (!raw.isTransaction) throw cause // the database gave up the whole transaction (disk full, for one)
      raw.exec('ROLLBACK TO work; RELEASE work')
      this.#next = before
      return () => waiting.fail(cause)
    }
  }

  #transaction(): { tx: Tx; end: () => void } {
    const now = Math.max(this.#clock.now(), this.#last_ms)
    let open = true
    const append = (entry: NewEntry): Promise<number> => {
      if (!open) throw new StoreError('STORE_UNAVAILABLE', 'append after the end of its transaction')
      const bytes = encodeEntry({ v: 1, time: rfc3339(now), ...entry })
      this.#last_ms = now
      const index = this.#next
      this.#insert.run(index, entry.type, bytes)
      this.#next = index + 1
      return Promise.resolve(index)
    }
    return {
      tx: { db: this.#handles.writerDb, now, append: async (entry) => append(entry) },
      end: () => {
        open = false
      },
    }
  }

  #readNext(): number {
    const row = this.#handles.raw.prepare('SELECT value FROM meta WHERE name = ?').get(NEXT_INDEX)
    return row ? Number(row.value) : 0
  }

  #writeNext(): void {
    this.#handles.raw
      .prepare(
        'INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
      )
      .run(NEXT_INDEX, String(this.#next))
  }

  #announce(size: number): void {
    for (const listener of this.#listeners) {
      try {
        listener(size)
      } catch (cause) {
        // A listener's fault must not fail a commit that is already durable.
        queueMicrotask(() => {
          throw cause
        })
      }
    }
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
  const range = reader.prepare('SELECT bytes FROM entries WHERE idx >= ? AND idx < ? ORDER BY idx')
  return {
    size: async () => Number(next.get(NEXT_INDEX)?.value ?? 0),
    read: async (start, end) => range.all(start, end).map((row) => row.bytes as Uint8Array),
  }
}
