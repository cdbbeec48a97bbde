/**
 * Keeps what a point knows of data subjects and bases up to date: what changed is asked for every second, page by page.
 * spec/consent.md (CNS-19, CNS-20, CNS-35). Invariant: before it was read to its end once, nobody is known.
 * @module
 */
import { alikeKey, plainOf } from '../../core/alike.ts'
import { subjectKey } from '../../core/consent.ts'
import type { Crypto } from '../../core/crypto.ts'
import { fromBase64url } from '../../core/encoding.ts'
import type { BasisState, SubjectState } from '../../decide/basis/types.ts'
import type { Clock } from '../../ports/clock.ts'
import type { ControlPlane } from '../../ports/control-plane.ts'
import type { PointBasis, SubjectPage } from '../../ports/subjects.ts'
import type { SubjectBook } from './book.ts'
import { SubjectTable } from './subject-table.ts'

export const ASK_EVERY_MS = 1_000

export interface SubjectFeedOptions {
  readonly crypto: Crypto
  readonly clock: Clock
  readonly control: Pick<ControlPlane, 'subjects'>
  /** Whether anybody goes by it: while bases are not asked for, nothing is read. */
  readonly isWanted: () => boolean
  readonly onFault: (error: unknown) => void
}

interface Known {
  /** Null while nobody is identified. */
  index_key: string | null
  key: Uint8Array | null
  readonly table: SubjectTable
  bases: readonly BasisState[]
  next: number
  /** When the last reading that came to its end was begun (monotonic). */
  read_ms: number | null
}

export class SubjectFeed implements SubjectBook {
  readonly #o: SubjectFeedOptions
  #known: Known | null = null
  #timer: NodeJS.Timeout | undefined
  #reading: Promise<void> | null = null
  #isStopped = false

  constructor(options: SubjectFeedOptions) {
    this.#o = options
  }

  /** Asks now, and every second from here on. Resolves once the first reading ended, well or not. */
  async start(): Promise<void> {
    await this.#tick()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    clearTimeout(this.#timer)
    await this.#reading
  }

  get bases(): readonly BasisState[] {
    const known = this.#known
    return known === null || known.read_ms === null ? [] : known.bases
  }

  get age_ms(): number {
    const read_ms = this.#known?.read_ms ?? null
    return read_ms === null ? Infinity : this.#o.clock.monotonic() - read_ms
  }

  get size(): SubjectTable['size'] {
    return this.#known?.table.size ?? { subjects: 0, bytes: 0, shared: 0 }
  }

  find(system: string | null, folded: string): SubjectState | null {
    const known = this.#known
    if (known === null || known.key === null || known.read_ms === null) return null
    const key = subjectKey(this.#o.crypto, known.key, system, folded)
    return known.table.find(fromBase64url(key))
  }

  isAlike(system: string | null, folded: string): boolean {
    const known = this.#known
    if (known === null || known.key === null) return false
    const plain = plainOf(folded)
    if (plain !== folded && this.find(system, plain) !== null) return true
    return known.table.find(fromBase64url(alikeKey(this.#o.crypto, known.key, system, plain))) !== null
  }

  /** Reads what changed, to its end. Never rejects. */
  read(): Promise<void> {
    this.#reading ??= this.#read()
      .catch(this.#o.onFault)
      .finally(() => {
        this.#reading = null
      })
    return this.#reading
  }

  async #tick(): Promise<void> {
    if (this.#o.isWanted()) await this.read()
    if (this.#isStopped) return
    this.#timer = setTimeout(() => void this.#tick(), ASK_EVERY_MS)
  }

  async #read(): Promise<void> {
    const begun_ms = this.#o.clock.monotonic()
    for (;;) {
      const after = this.#known?.next ?? -1
      const page = await this.#o.control.subjects(after)
      if (this.#isStopped) return
      if (page.more && page.next <= after) throw new Error('the feed of data subjects does not go on')
      const known = this.#take(page)
      if (known === null || page.more) continue
      known.read_ms = begun_ms
      return
    }
  }

  /** @returns null: the index has another key now, and everything is read from the beginning */
  #take(page: SubjectPage): Known | null {
    const { index_key } = page
    if (index_key !== null && this.#known !== null && (this.#known.index_key ?? index_key) !== index_key) {
      this.#known = null
      return null
    }
    const known = (this.#known ??= {
      index_key: null,
      key: null,
      table: new SubjectTable(),
      bases: [],
      next: -1,
      read_ms: null,
    })
    if (index_key !== null && known.index_key === null) {
      known.index_key = index_key
      known.key = fromBase64url(index_key)
    }
    for (const row of page.rows)
      if (!known.table.put(row))
        this.#o.onFault(new Error(`the state of a data subject cannot be kept: ${row.subject}`))
    if (page.bases !== null) known.bases = page.bases.map(basisState)
    known.next = page.next
    return known
  }
}

function basisState({
  id,
  kind,
  purpose,
  categories,
  condition,
  jurisdiction,
  exp,
  unregistered,
}: PointBasis): BasisState {
  return {
    id,
    kind,
    purpose,
    categories,
    condition: condition !== undefined,
    jurisdiction,
    exp,
    unregistered: unregistered === true,
  }
}
