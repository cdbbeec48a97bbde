/**
 * The sequencer that every SQL store shares: whoever waits goes into the next transaction, each in a savepoint of its
 * own if it needs one, and one commit acknowledges them all. No timer: the next group begins as soon as the last
 * returned. Invariant: nobody is told of a commit before it is durable, and indices have no gaps.
 * @module
 */
import { setImmediate } from 'node:timers/promises'
import type { Kysely } from 'kysely'
import { rfc3339 } from '../../core/time.ts'
import { encodeEntry } from '../../log/entries.ts'
import type { Schema } from '../../ports/schema.ts'
import { StoreError, type NewEntry, type Tx, type WriteOptions } from '../../ports/store.ts'
import { Submissions } from './submissions.ts'

/** Writers that may wait at once; past it they are turned away rather than kept in memory. */
export const WRITERS_WAITING_MAX = 10_000
/** Works in one transaction: bounds how long the first of a group waits for the last. */
export const GROUP_MAX = 1_024
/** Past this a group takes no further work, in milliseconds: other nodes wait for it. */
const GROUP_MS_MAX = 200
/** Entries kept in memory before they go to the database in the middle of a group, which works meanwhile. */
const HELD_ROWS_MAX = 256
const HELD_BYTES_MAX = 8 * 1024 * 1024

export interface Row {
  readonly idx: number
  readonly type: string
  readonly bytes: Uint8Array
}

/** A database, as the sequencer needs it. */
export interface Backend {
  /** Begins a transaction that no other writer, of any process, can enter before it has ended. */
  begin(): Promise<OpenGroup>
}

/** One transaction. */
export interface OpenGroup {
  readonly db: Kysely<Schema>
  /** Index of the next entry. */
  readonly next: number
  /** Milliseconds since 1970. */
  readonly now: number
  savepoint(): Promise<void>
  release(): Promise<void>
  /** Rejects when the whole transaction is lost, not the savepoint alone. */
  rollbackTo(): Promise<void>
  /** What is asked of the transaction before it resolves waits for it. Rejects when the transaction is lost. */
  insert(rows: readonly Row[]): Promise<void>
  /** Durable once it resolves. @param next the new counter, or null when nothing was appended */
  commit(next: number | null): Promise<void>
  /** Never rejects. */
  rollback(): Promise<void>
}

interface Waiting {
  /** Runs the work; what it returns tells the caller once the group is durable. */
  run(tx: Tx): Promise<() => void>
  fail(cause: unknown): void
  /** Called as it is taken from the queue. */
  leave(): void
}

export class GroupCommit {
  readonly #backend: Backend
  readonly #waitingMax: number
  readonly #announce: (size: number) => void
  readonly #submissions = new Submissions()
  /** In the order in which they came. */
  readonly #waiting = new Set<Waiting>()
  #runner: Promise<void> | null = null
  #closed = false

  /** @param announce told of the new size after each durable group that appended */
  constructor(backend: Backend, announce: (size: number) => void, waitingMax = WRITERS_WAITING_MAX) {
    this.#backend = backend
    this.#announce = announce
    this.#waitingMax = waitingMax
  }

  get closed(): boolean {
    return this.#closed
  }

  write<T>(work: (tx: Tx) => Promise<T>, { deadline, once }: WriteOptions = {}): Promise<T> {
    if (this.#closed) return Promise.reject(unavailable('the store is closed'))
    if (deadline?.aborted === true) return Promise.reject(timedOut())
    if (this.#waiting.size >= this.#waitingMax) {
      return Promise.reject(new StoreError('STORE_BUSY', 'too many writers wait: try again later'))
    }
    const named = once === undefined ? work : this.#submissions.once(once, work)
    return new Promise<T>((resolve, reject) => {
      const onAbort = (): void => {
        this.#waiting.delete(waiting)
        reject(timedOut())
      }
      const waiting: Waiting = {
        run: async (tx) => {
          const result = await named(tx)
          return () => resolve(result)
        },
        fail: reject,
        leave: () => deadline?.removeEventListener('abort', onAbort),
      }
      deadline?.addEventListener('abort', onAbort, { once: true })
      this.#waiting.add(waiting)
      this.#runner ??= this.#drain()
    })
  }

  /** Takes nothing more, and finishes what was asked for. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#runner
  }

  async #drain(): Promise<void> {
    await Promise.resolve() // whoever calls write in this turn joins the first group
    while (this.#waiting.size > 0) {
      const taken: Waiting[] = []
      try {
        await this.#commit(taken)
      } catch (cause) {
        const fault = unavailable('the database did not commit', cause)
        for (const waiting of taken) waiting.fail(fault)
      }
      // Writers that answer at once would otherwise keep timers and sockets out for as long as they go on.
      if (this.#waiting.size > 0) await setImmediate()
    }
    this.#runner = null
  }

  /**
   * @param taken filled with the works that ran, or were to run
   * @throws whatever the database threw; then nothing of the group was acknowledged
   */
  async #commit(taken: Waiting[]): Promise<void> {
    let open: OpenGroup
    try {
      open = await this.#backend.begin()
    } catch (cause) {
      for (const waiting of this.#waiting) this.#take(waiting, taken)
      throw cause
    }
    const group = new Group(open)
    const settled: (() => void)[] = []
    try {
      const begun = performance.now()
      // Who comes while the group is under way joins it at its end.
      for (const waiting of this.#waiting) {
        this.#take(waiting, taken)
        settled.push(await group.run(waiting))
        if (group.isFull()) await group.relieve()
        if (taken.length >= GROUP_MAX || performance.now() - begun > GROUP_MS_MAX) break
      }
      await group.commit()
    } catch (cause) {
      await open.rollback()
      throw cause
    }
    // Durable from here on. A crash before the callers hear of it leaves entries that nobody was promised: harmless.
    for (const settle of settled) settle()
    if (group.next !== open.next) this.#announce(group.next)
  }

  #take(waiting: Waiting, taken: Waiting[]): void {
    this.#waiting.delete(waiting)
    waiting.leave()
    taken.push(waiting)
  }
}

class Group {
  readonly #open: OpenGroup
  readonly #time: string
  #held: Row[] = []
  #heldBytes = 0
  /** The rows that went to the database last. */
  #inserted: Promise<void> = Promise.resolve()
  #next: number

  constructor(open: OpenGroup) {
    this.#open = open
    this.#time = rfc3339(open.now)
    this.#next = open.next
  }

  get next(): number {
    return this.#next
  }

  /** A work that throws is undone alone; its caller hears of it with the rest of the group. */
  async run(waiting: Waiting): Promise<() => void> {
    const before = { count: this.#held.length, bytes: this.#heldBytes, next: this.#next }
    const tx = new WorkTx(this.#open, (entry) => this.#append(entry))
    try {
      const settle = await waiting.run(tx)
      const saved = tx.end()
      if (saved !== null) await saved.then(() => this.#open.release())
      return settle
    } catch (cause) {
      const saved = tx.end()
      if (saved !== null) await saved.then(() => this.#open.rollbackTo())
      this.#held.length = before.count
      this.#heldBytes = before.bytes
      this.#next = before.next
      return () => waiting.fail(cause)
    }
  }

  /** Between two works, when what they appended is worth sending, or too much to hold. */
  isFull(): boolean {
    return this.#held.length >= HELD_ROWS_MAX || this.#heldBytes > HELD_BYTES_MAX
  }

  /** The rows are on their way once it resolves, and those before them are in the database. */
  async relieve(): Promise<void> {
    await this.#flush()
    await setImmediate() // a socket writes between two turns of the loop
  }

  async commit(): Promise<void> {
    await this.#flush()
    await this.#inserted
    await this.#open.commit(this.#next === this.#open.next ? null : this.#next)
  }

  async #flush(): Promise<void> {
    await this.#inserted
    const rows = this.#held
    this.#held = []
    this.#heldBytes = 0
    if (rows.length === 0) return
    this.#inserted = this.#open.insert(rows)
    this.#inserted.catch(() => undefined) // whoever waits for it hears of it
  }

  #append(entry: NewEntry): number {
    const bytes = encodeEntry({ v: 1, time: this.#time, ...entry })
    const idx = this.#next
    this.#held.push({ idx, type: entry.type, bytes })
    this.#heldBytes += bytes.length
    this.#next = idx + 1
    return idx
  }
}

/** What a work sees. Its savepoint begins when it first asks for the database: one that only appends needs none. */
class WorkTx implements Tx {
  readonly now: number
  readonly #open: OpenGroup
  readonly #append: (entry: NewEntry) => number
  #saved: Promise<void> | null = null
  #ended = false

  constructor(open: OpenGroup, append: (entry: NewEntry) => number) {
    this.now = open.now
    this.#open = open
    this.#append = append
  }

  get db(): Kysely<Schema> {
    this.#assertOpen()
    if (this.#saved === null) {
      this.#saved = this.#open.savepoint() // what follows on the connection waits for it
      this.#saved.catch(() => undefined) // `end` hears of it
    }
    return this.#open.db
  }

  async append(entry: NewEntry): Promise<number> {
    this.#assertOpen()
    return this.#append(entry)
  }

  /** @returns null without a savepoint to end; otherwise rejects when it could not begin: the transaction is lost */
  end(): Promise<void> | null {
    this.#ended = true
    return this.#saved
  }

  #assertOpen(): void {
    if (this.#ended) throw unavailable('used after the end of its transaction')
  }
}

/** What the callers of a write hear of whatever the database said. */
export function unavailable(what: string, cause?: unknown): StoreError {
  return cause instanceof StoreError ? cause : new StoreError('STORE_UNAVAILABLE', what, { cause })
}

function timedOut(): StoreError {
  return new StoreError('STORE_TIMEOUT', 'the deadline passed before it was begun: nothing was stored')
}
