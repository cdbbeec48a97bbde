/**
 * Counters in memory: what each series came to, in the buckets of now. spec/telemetry.md (TEL-6 to TEL-9).
 * Invariant: what is not saved yet is among {@link Counters.drain}'s rows, with its whole value and not what was added.
 * @module
 */
import type { Schema } from '../../ports/schema.ts'
import { GRAIN_MS, GRAINS, scopeOf, viewOf, VIEWS, type Kind, type View } from './terms.ts'

export type BucketRow = Schema['buckets']
export type SeriesRow = Schema['series']

/** Series at most, about 400 bytes each: what is new beyond is counted with `*` for its names. */
export const SERIES_MAX = 100_000

export interface Labels {
  readonly agent: string
  readonly point: string
  readonly server: string
  readonly tool: string
}

/** A series and its buckets of now, grain by grain. */
interface Live {
  readonly row: { -readonly [K in keyof SeriesRow]: SeriesRow[K] }
  /** The finest grain that is kept of it: 0 is minutes. */
  readonly from: number
  readonly bucket: number[]
  readonly n: number[]
  readonly total: number[]
  /** A bit for each grain whose bucket is not saved. */
  unsaved: number
  isDirty: boolean
}

/** One thing that is counted, in every view. */
export type Counter = readonly Live[]

const ALL_UNSAVED = 0b111

export class Counters {
  readonly #live = new Map<number, Live>()
  readonly #byKey = new Map<string, Live>()
  #dirty: Live[] = []
  #closed: BucketRow[] = []
  /** Starts of the buckets of now. */
  readonly #now = [0, 0, 0]
  #time_ms = 0

  get size(): number {
    return this.#live.size
  }

  /** Rows that the next {@link drain} gives, but for those of now. */
  get closed(): number {
    return this.#closed.length
  }

  get time_ms(): number {
    return this.#time_ms
  }

  /** Times never go back. */
  moveTo(time_ms: number): void {
    if (time_ms === this.#time_ms) return
    this.#time_ms = time_ms
    for (const [at, grain] of GRAINS.entries()) this.#now[at] = time_ms - (time_ms % GRAIN_MS[grain])
  }

  /** @param rows as they were saved, with the buckets that may still grow */
  restore(series: readonly SeriesRow[], buckets: readonly BucketRow[]): void {
    for (const row of series) this.#put({ ...row })
    for (const { series: id, grain, bucket, n, total } of buckets) {
      const live = this.#live.get(id)
      if (live === undefined) continue
      live.bucket[grain] = bucket
      live.n[grain] = n
      live.total[grain] = total
    }
  }

  /** Makes those that are not there. Not on the way of every receipt: keep what it returns. */
  counter(kind: Kind, name: string, labels: Labels): Counter {
    return VIEWS.map((view) => {
      const scope = scopeOf(view, kind)
      const own = labelsIn(view, labels)
      const key = JSON.stringify([scope, own.agent, own.point, own.server, own.tool, name])
      const known = this.#byKey.get(key)
      if (known !== undefined) return known
      return this.#put({ id: this.#live.size + 1, scope, ...own, name, n: 0, total: 0, seen: 0 })
    })
  }

  add(counter: Counter, n: number, total: number): void {
    for (const live of counter) {
      if (!live.isDirty) {
        live.isDirty = true
        this.#dirty.push(live)
      }
      live.row.n += n
      live.row.total += total
      live.row.seen = this.#time_ms
      for (let grain = live.from; grain < 3; grain++) {
        if (live.bucket[grain] !== this.#now[grain]) this.#begin(live, grain)
        live.n[grain] = (live.n[grain] ?? 0) + n
        live.total[grain] = (live.total[grain] ?? 0) + total
      }
      live.unsaved = ALL_UNSAVED
    }
  }

  /** What changed since the last time, to be stored as it is. */
  drain(): { series: SeriesRow[]; buckets: BucketRow[] } {
    const buckets = this.#closed
    const series: SeriesRow[] = []
    for (const live of this.#dirty) {
      live.isDirty = false
      series.push({ ...live.row })
      for (let grain = live.from; grain < 3; grain++)
        if ((live.unsaved & (1 << grain)) !== 0) buckets.push(rowOf(live, grain))
      live.unsaved = 0
    }
    this.#dirty = []
    this.#closed = []
    return { series, buckets }
  }

  #begin(live: Live, grain: number): void {
    if ((live.unsaved & (1 << grain)) !== 0) this.#closed.push(rowOf(live, grain))
    live.unsaved &= ~(1 << grain)
    live.bucket[grain] = this.#now[grain] ?? 0
    live.n[grain] = 0
    live.total[grain] = 0
  }

  #put(row: SeriesRow): Live {
    const from = viewOf(row.scope) === 'all' ? 1 : 0
    const live = { row, from, bucket: [0, 0, 0], n: [0, 0, 0], total: [0, 0, 0], unsaved: 0, isDirty: false }
    this.#live.set(row.id, live)
    this.#byKey.set(JSON.stringify([row.scope, row.agent, row.point, row.server, row.tool, row.name]), live)
    return live
  }
}

function labelsIn(view: View, { agent, point, server, tool }: Labels): Labels {
  const [isAgent, isPoint, isTool] = [view === 'agent', view === 'point', view === 'tool']
  const isAll = view === 'all'
  return {
    agent: isAgent || isAll ? agent : '',
    point: isPoint || isAll ? point : '',
    server: isTool || isAll ? server : '',
    tool: isTool || isAll ? tool : '',
  }
}

function rowOf(live: Live, grain: number): BucketRow {
  return {
    scope: live.row.scope,
    grain,
    bucket: live.bucket[grain] ?? 0,
    series: live.row.id,
    n: live.n[grain] ?? 0,
    total: live.total[grain] ?? 0,
  }
}
