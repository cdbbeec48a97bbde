/**
 * What narratives ask of populations, answered in one pass over each: a population may have a million rows, and none is
 * held. spec/narratives.md (NAR-3, NAR-4). Pure.
 * @module
 */
import type { JsonObject } from '../../../core/json.ts'
import { counted } from '../../../core/words.ts'
import { PackError } from '../../errors.ts'
import type { AlikeRow } from '../../populations/definition.ts'
import { eachRow, said, type ReportInput } from '../../report/input.ts'
import { ENTRIES_MAX, NONE, type Evidence, type Fact } from './fact.ts'
import type { Ask, Condition, RowAsk } from './template.ts'

export class Tally {
  /** By what is asked. */
  readonly #answers = new Map<string, Fact>()

  /** @throws {PackError} `CONTROLS_INVALID`: a member that no row of a population with rows has */
  constructor(input: ReportInput, asks: Iterable<Ask>) {
    const wanted = new Map(
      [...asks].flatMap((ask) => ('population' in ask ? [[keyOf(ask), ask] as const] : [])),
    )
    for (const [population, its] of Map.groupBy(wanted.values(), (ask) => ask.population)) {
      const counts = its.map((ask) => new Count(ask))
      const alike = input.populations.find(({ name }) => name === population)?.alike ?? null
      const isShared =
        alike !== null && counts.every(({ members }) => !members.some((one) => alike.own.includes(one)))
      let rows_n = 0
      if (isShared)
        for (const row of alike.rows()) {
          rows_n++
          for (const count of counts) count.addAlike(row)
        }
      else
        for (const row of eachRow(input, population)) {
          rows_n++
          for (const count of counts) count.add(row)
        }
      for (const count of counts) this.#answers.set(keyOf(count.ask), count.answer(rows_n))
    }
  }

  of(ask: RowAsk): Fact {
    const answer = this.#answers.get(keyOf(ask))
    if (answer === undefined) throw new TypeError('nobody said that this would be asked')
    return answer
  }
}

function keyOf(ask: RowAsk): string {
  return JSON.stringify(ask)
}

/** Of one question, row by row. */
class Count {
  readonly ask: RowAsk
  /** What it looks at. */
  readonly members: readonly string[]
  /** By kind: whether rows of it count. */
  readonly #kinds: boolean[] = []
  /** Members that no row had so far. */
  readonly #unseen: Set<string>
  readonly #distinct = new Set<string>()
  readonly #values: number[] = []
  readonly #entries: number[] = []
  #n = 0
  #entries_n = 0
  #last: number | null = null

  constructor(ask: RowAsk) {
    this.ask = ask
    const own = ask.kind === 'count' || ask.kind === 'share' ? [] : [ask.member]
    const until = 'until' in ask && ask.until !== null ? [ask.until] : []
    this.members = [...ask.where.map(({ member }) => member), ...own, ...until]
    this.#unseen = new Set(this.members)
  }

  /** A row of a kind, of which none of the members that this looks at is its own: it counts as one before it did. */
  addAlike(row: AlikeRow): void {
    const { ask } = this
    const { kind, index } = row
    const known = this.#kinds[kind]
    const isValued = ask.kind === 'median' || ask.kind === 'largest'
    if (known === undefined || (known && isValued)) {
      const before = this.#n
      this.add({ ...row.like(), index })
      this.#kinds[kind] = this.#n > before
    } else if (known) {
      this.#n++
      this.#cite(index)
    }
  }

  add(row: JsonObject): void {
    for (const member of this.#unseen) if (Object.hasOwn(row, member)) this.#unseen.delete(member)
    const { ask } = this
    if (!ask.where.every((condition) => fulfils(row, condition))) return
    if (ask.kind === 'median' || ask.kind === 'largest') {
      const value = ask.until === null ? row[ask.member] : between(row[ask.member], row[ask.until])
      if (typeof value !== 'number' || !Number.isFinite(value)) return
      this.#values.push(value)
    } else if (ask.kind === 'distinct') {
      const value = said(row[ask.member])
      if (value !== 'none') this.#distinct.add(value)
    }
    this.#n++
    this.#cite(row.index)
  }

  /** Rows are in the order of the log, so that an entry with several follows itself. */
  #cite(index: unknown): void {
    if (typeof index !== 'number' || index === this.#last) return
    this.#last = index
    this.#entries_n++
    if (this.#entries.length < ENTRIES_MAX) this.#entries.push(index)
  }

  /** @param rows_n of the whole population */
  answer(rows_n: number): Fact {
    const { ask } = this
    const [unseen] = this.#unseen
    // A name that is spelled wrong counts nothing, and would say so as a fact.
    if (unseen !== undefined && rows_n > 0)
      throw new PackError('CONTROLS_INVALID', `rows of population ${ask.population} have no member ${unseen}`)
    const evidence: Evidence = {
      ...NONE,
      populations: [ask.population],
      entries: this.#entries,
      entries_n: this.#entries_n,
    }
    return { said: this.#words(rows_n), evidence }
  }

  #words(rows_n: number): string {
    const { ask } = this
    switch (ask.kind) {
      case 'count':
        return worded(this.#n, ask.words)
      case 'distinct':
        return worded(this.#distinct.size, ask.words)
      case 'share':
        return rows_n === 0 ? 'none' : `${Math.round((1000 * this.#n) / rows_n) / 10}%`
      case 'median':
      case 'largest': {
        if (this.#values.length === 0) return 'nothing to measure'
        const values = Float64Array.from(this.#values).sort()
        const value = ask.kind === 'largest' ? (values.at(-1) ?? 0) : medianOf(values)
        if (ask.until !== null) return lasting(value)
        return `${rounded(value)}${ask.unit === '' ? '' : ` ${ask.unit}`}`
      }
    }
  }
}

function fulfils(row: JsonObject, { member, is, value }: Condition): boolean {
  const its = row[member]
  return ((typeof its === 'string' ? its : said(its)) === value) === is
}

function worded(n: number, words: readonly [string, string] | null): string {
  return words === null ? String(n) : counted(n, ...words)
}

function between(from: unknown, to: unknown): number | null {
  return typeof from === 'string' && typeof to === 'string' ? Date.parse(to) - Date.parse(from) : null
}

function medianOf(sorted: Float64Array): number {
  const half = sorted.length / 2
  const [low, high] = [sorted[Math.ceil(half) - 1] ?? 0, sorted[Math.floor(half)] ?? 0]
  return (low + high) / 2
}

const STEPS: readonly (readonly [number, string])[] = [
  [86_400_000, 'days'],
  [3_600_000, 'hours'],
  [60_000, 'minutes'],
  [1000, 'seconds'],
]

/** In the largest unit of which there are two or more. */
function lasting(ms: number): string {
  const [of, unit] = STEPS.find(([size]) => Math.abs(ms) >= 2 * size) ?? [1, 'ms']
  return `${rounded(ms / of)} ${unit}`
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10
}
