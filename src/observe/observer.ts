/**
 * Takes the log in as it grows and gives each entry to every fold. spec/telemetry.md (TEL-1 to TEL-5).
 * Invariants: one observer at a time saves; no fold is saved past an entry whose findings were not raised; after any
 * failure folds are loaded as they were saved, and come by the same entries again.
 * @module
 */
import { setImmediate } from 'node:timers/promises'
import { fromUtf8 } from '../core/encoding.ts'
import type { AnyEntry } from '../log/entries.ts'
import type { Clock } from '../ports/clock.ts'
import type { Store, Tx } from '../ports/store.ts'
import type { Finding, Fold, Logged } from './fold.ts'

/** Entries read at once. */
const BATCH_MAX = 2_000
/** How long entries are taken before others have their turn, and how many between two looks at the clock. */
const SLICE_MS = 10
const SLICE_ENTRIES = 32
/** State is saved this often at most: a crash costs so much work done again. */
const SAVE_MS = 5_000
/** Longer than two saves: who holds it renews it with each. */
const CLAIM_MS = 15_000
/** Findings raised in one write. */
const RAISED_MAX = 500
const CLAIM = 'observer'

export interface ObserverOptions {
  readonly store: Store
  readonly clock: Pick<Clock, 'monotonic'>
  readonly folds: readonly Fold[]
  /** Must raise the same key once. */
  readonly raise: (tx: Tx, finding: Finding) => Promise<unknown>
  /** Names this process among those on the database. */
  readonly holder: string
  /** Hears of a fold that failed, and of an entry that is no JSON. */
  readonly report: (error: unknown) => void
}

interface Taking {
  readonly fold: Fold
  /** Index of the first entry that it has not taken. */
  next: number
}

export class Observer {
  readonly #o: ObserverOptions
  /** Null while another observes, or nobody. */
  #taking: Taking[] | null = null
  #next = 0
  /** Where the last look was. */
  #looked = 0
  #isSaved = true
  #saved_ms = 0
  #found: Finding[] = []
  #stopped = false
  /** What is under way: one thing at a time. */
  #turn: Promise<void> = Promise.resolve()
  /** Of the entry before: those of one transaction share their time. */
  #last = { text: '', time_ms: 0 }

  constructor(options: ObserverOptions) {
    this.#o = options
  }

  /** Entries that were committed and not taken yet; null while another observes. */
  async behind(): Promise<number | null> {
    return this.#taking === null ? null : Math.max(0, (await this.#o.store.entries.size()) - this.#next)
  }

  /**
   * Becomes the observer, or stays it. @returns false: another one is
   * @throws {StoreError}
   */
  async hold(): Promise<boolean> {
    if (this.#stopped) return false
    if (this.#taking !== null) return true
    if (!(await this.#claim())) return false
    const taking: Taking[] = []
    for (const fold of this.#o.folds)
      taking.push({ fold, next: await this.#o.store.query((db) => fold.load(db)) })
    this.#found = []
    this.#next = nextOf(taking)
    this.#isSaved = true
    this.#saved_ms = this.#o.clock.monotonic()
    this.#taking = taking
    return true
  }

  /** Takes what was committed, to the end. @throws {StoreError} */
  async catchUp(): Promise<void> {
    await this.#inTurn(async () => {
      const { entries } = this.#o.store
      while (this.#taking !== null && !this.#stopped) {
        const size = await entries.size()
        if (this.#next >= size) return
        const start = this.#next
        await this.#takeAll(start, await entries.read(start, Math.min(start + BATCH_MAX, size)))
        await this.#raise()
        await this.#saveWhenDue()
      }
    })
  }

  /** For what shows by its absence: asked only of folds that have taken everything. @throws {StoreError} */
  async look(now_ms: number): Promise<void> {
    await this.#inTurn(async () => {
      if (this.#stopped) return
      for (const one of this.#taking ?? [])
        this.#guarded(one, () => one.fold.look(now_ms, (finding) => this.#found.push(finding)))
      await this.#raise()
      await this.#saveWhenDue(this.#next === this.#looked)
      this.#looked = this.#next
    })
  }

  /** Takes nothing more, saves and makes room for another. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.#inTurn(async () => {
      if (this.#taking === null) return
      await this.#save(0)
      this.#taking = null
    })
  }

  /** The database is read first: those who wait for their turn write nothing. */
  async #claim(): Promise<boolean> {
    const { store, holder } = this.#o
    const isAlone = store.nodes === null // whoever held it is gone
    const held = await store.query((db) =>
      db.selectFrom('observers').selectAll().where('name', '=', CLAIM).executeTakeFirst(),
    )
    const isFree = (until: number, now: number): boolean => isAlone || until <= now
    if (held && held.holder !== holder && !isFree(held.until, await store.now())) return false
    return store.write(async (tx) => {
      const row = await tx.db.selectFrom('observers').selectAll().where('name', '=', CLAIM).executeTakeFirst()
      if (row && row.holder !== holder && !isFree(row.until, tx.now)) return false
      const mine = { holder, until: tx.now + CLAIM_MS }
      await tx.db
        .insertInto('observers')
        .values({ name: CLAIM, ...mine })
        .onConflict((at) => at.column('name').doUpdateSet(mine))
        .execute()
      return true
    })
  }

  async #takeAll(start: number, rows: readonly Uint8Array[]): Promise<void> {
    const { clock } = this.#o
    let since = clock.monotonic()
    for (const [at, bytes] of rows.entries()) {
      if (bytes.length > 0) this.#take(start + at, bytes) // else it was pruned
      this.#next = start + at + 1
      if (at % SLICE_ENTRIES !== 0 || clock.monotonic() - since < SLICE_MS) continue
      await setImmediate()
      since = clock.monotonic()
      if (this.#stopped) break
    }
    for (const one of this.#taking ?? []) one.next = Math.max(one.next, this.#next)
    this.#isSaved = false
  }

  #take(index: number, bytes: Uint8Array): void {
    const logged = this.#read(index, bytes)
    if (logged === null) return
    const found = (finding: Finding): void => void this.#found.push(finding)
    for (const one of this.#taking ?? [])
      if (index >= one.next) this.#guarded(one, () => one.fold.take(logged, found))
  }

  /** Not checked: the entry's schema, because the log is our own and checked what it took. */
  #read(index: number, bytes: Uint8Array): Logged | null {
    try {
      const entry = JSON.parse(fromUtf8(bytes)) as AnyEntry
      if (this.#last.text !== entry.time) this.#last = { text: entry.time, time_ms: Date.parse(entry.time) }
      return { index, time_ms: this.#last.time_ms, entry }
    } catch (cause) {
      this.#o.report(new Error(`entry ${index} cannot be read`, { cause }))
      return null
    }
  }

  /** A fold that fails is left out, said so, and tried again at the next start; the others go on. */
  #guarded(one: Taking, work: () => void): void {
    try {
      work()
    } catch (cause) {
      this.#o.report(new Error(`the fold ${one.fold.name} failed at entry ${this.#next}`, { cause }))
      this.#taking = this.#taking?.filter((other) => other !== one) ?? null
      this.#found.push({
        rule: 'FOLD_FAILED',
        key: `FOLD_FAILED/${one.fold.name}/${this.#next}`,
        subject: null,
        detail: { fold: one.fold.name, entry: this.#next },
        entries: [],
      })
    }
  }

  async #raise(): Promise<void> {
    while (this.#found.length > 0) {
      const some = this.#found.slice(0, RAISED_MAX)
      await this.#o.store.write(async (tx) => {
        for (const finding of some) await this.#o.raise(tx, finding)
      })
      this.#found.splice(0, some.length)
    }
  }

  /** @param isQuiet whether nothing has come since the last look: then nobody has to wait for what there is */
  async #saveWhenDue(isQuiet = false): Promise<void> {
    const isFull = this.#taking?.some(({ fold }) => fold.isFull?.() === true) === true
    if (isFull) this.#isSaved = false // a look makes news too
    const isDue =
      isFull || (isQuiet && !this.#isSaved) || this.#o.clock.monotonic() - this.#saved_ms >= SAVE_MS
    // Alone on a database nobody has to be told that this one is still there.
    if (isDue && !(this.#isSaved && this.#o.store.nodes === null)) await this.#save(CLAIM_MS)
  }

  /** @param claim_ms how long it stays the observer */
  async #save(claim_ms: number): Promise<void> {
    const isHeld = await this.#o.store.write(async (tx) => {
      const renewed = await tx.db
        .updateTable('observers')
        .set({ until: tx.now + claim_ms })
        .where('name', '=', CLAIM)
        .where('holder', '=', this.#o.holder)
        .returning('name')
        .executeTakeFirst()
      if (renewed === undefined) return false
      if (!this.#isSaved) for (const { fold, next } of this.#taking ?? []) await fold.save(tx, next)
      return true
    })
    if (!isHeld) this.#taking = null // another one took over while this one slept
    this.#isSaved = true
    this.#saved_ms = this.#o.clock.monotonic()
  }

  /** Whatever failed: what was saved is what holds, and is loaded by the next {@link hold}. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(work).catch((cause: unknown) => {
      this.#taking = null
      this.#found = []
      throw cause
    })
    this.#turn = turn.catch(() => undefined)
    return turn
  }
}

function nextOf(taking: readonly Taking[]): number {
  return taking.reduce((least, { next }) => Math.min(least, next), Number.POSITIVE_INFINITY)
}
