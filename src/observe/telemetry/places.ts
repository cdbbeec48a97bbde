/**
 * Counts in memory: what each place came to, in the buckets of now. spec/telemetry.md (TEL-6 to TEL-9).
 * Invariant: what is not saved yet is among {@link Places.drain}'s rows, with its whole value and not what was added.
 * @module
 */
import type { Schema } from '../../ports/schema.ts'
import { keyOf, labelsIn, type Labels } from './labels.ts'
import type { Totals } from './totals.ts'
import { AT, COLUMNS, GRAIN_MS, GRAINS, KINDS, LATENCY_BOUNDS_S, OTHER, VIEWS, type Kind } from './terms.ts'

export type CountsRow = Schema['counts']
export type NamedRow = Schema['named_counts']
export type PlaceRow = Schema['places']

/** Names of one kind that are counted apart at one place: points choose them. */
const NAMES_MAX = 64

/** Numbers of one bucket of each grain. */
class Buckets {
  readonly start = [0, 0, 0]
  readonly values: number[][]
  /** A bit for each grain whose bucket is not saved. */
  unsaved = 0

  constructor(width: number) {
    this.values = GRAINS.map(() => Array.from({ length: width }, () => 0))
  }
}

interface Named {
  readonly kind: number
  readonly name: string
  n: number
  total: number
  readonly buckets: Buckets
}

/** One view of one place. */
export interface Place extends Labels {
  readonly id: number
  readonly view: number
  /** The finest grain that is kept of it: 0 is minutes. */
  readonly from: number
  seen: number
  readonly sums: number[]
  /** Latencies by {@link LATENCY_BOUNDS_S}. */
  readonly bins: number[]
  readonly buckets: Buckets
  readonly named: readonly Map<string, Named>[]
  isDirty: boolean
  /** Whether its own row has to be stored: with totals always, without them when it is new or has a new name. */
  isRowDirty: boolean
}

export interface Drained {
  readonly places: readonly PlaceRow[]
  readonly counts: readonly CountsRow[]
  readonly named: readonly NamedRow[]
}

export class Places {
  readonly #all: Place[] = []
  readonly #byKey = new Map<string, Place>()
  #dirty: Place[] = []
  #counts: CountsRow[] = []
  #named: NamedRow[] = []
  readonly #now = [0, 0, 0]
  #time_ms = 0

  get size(): number {
    return this.#all.length
  }

  /** Rows of buckets that are over. */
  get closed(): number {
    return this.#counts.length + this.#named.length
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

  /** @param rows as they were saved, by identifier, with the buckets that may still grow */
  restore(rows: readonly PlaceRow[], counts: readonly CountsRow[], named: readonly NamedRow[]): void {
    for (const { totals_json, seen, ...row } of rows) {
      const { sums, bins, named: names } = JSON.parse(totals_json) as Totals
      const place = this.#put(row.view, row)
      Object.assign(place, { seen, sums, bins, isRowDirty: false })
      for (const [kind, name, n, total] of names) Object.assign(namedOf(place, kind, name), { n, total })
      place.isRowDirty = false
    }
    for (const row of counts) {
      const { start, values } = this.#all[row.place - 1]?.buckets ?? new Buckets(0)
      start[row.grain] = row.bucket
      values[row.grain] = COLUMNS.map((column) => row[column])
    }
    for (const row of named) {
      const place = this.#all[row.place - 1]
      if (place === undefined) continue
      const { start, values } = namedOf(place, row.kind, row.name).buckets
      start[row.grain] = row.bucket
      values[row.grain] = [row.n, row.total]
    }
  }

  /** Every view of a place, those made that are not there. Not on the way of every receipt: keep what it returns. */
  placesOf(labels: Labels): readonly Place[] {
    return VIEWS.map((view, at) => {
      const own = labelsIn(view, labels)
      return this.#byKey.get(keyOf(at, own)) ?? this.#put(at, own)
    })
  }

  /** @param column index of {@link COLUMNS} */
  add(places: readonly Place[], column: number): void {
    for (const place of places) {
      this.#touch(place)
      if (hasTotals(place)) place.sums[column] = (place.sums[column] ?? 0) + 1
      for (const values of this.#current(place)) values[column] = (values[column] ?? 0) + 1
    }
  }

  addLatency(places: readonly Place[], latency_ms: number, bound: number): void {
    for (const place of places) {
      this.#touch(place)
      if (hasTotals(place)) {
        place.bins[bound] = (place.bins[bound] ?? 0) + 1
        addLatency(place.sums, latency_ms)
      }
      for (const values of this.#current(place)) addLatency(values, latency_ms)
    }
  }

  addNamed(places: readonly Place[], kind: Kind, name: string, total: number): void {
    for (const place of places) {
      this.#touch(place)
      const named = namedOf(place, KINDS.indexOf(kind), name)
      if (hasTotals(place)) {
        named.n++
        named.total += total
      }
      const { buckets } = named
      // Debits are of every call, and nobody asks for them by the minute.
      for (let grain = kind === 'debit' ? 1 : place.from; grain < 3; grain++) {
        if (buckets.start[grain] !== this.#now[grain]) this.#beginNamed(place, named, grain)
        const values = buckets.values[grain] ?? []
        values[0] = (values[0] ?? 0) + 1
        values[1] = (values[1] ?? 0) + total
        buckets.unsaved |= 1 << grain
      }
    }
  }

  /** What changed since the last time, to be stored as it is. */
  drain(): Drained {
    const places: PlaceRow[] = []
    for (const place of this.#dirty) {
      place.isDirty = false
      if (place.isRowDirty) places.push(placeRow(place))
      place.isRowDirty = false
      for (const grain of unsavedIn(place.buckets)) this.#counts.push(countsRow(place, grain))
      for (const names of place.named)
        for (const named of names.values())
          for (const grain of unsavedIn(named.buckets)) this.#named.push(namedRow(place, named, grain))
    }
    const drained = { places, counts: this.#counts, named: this.#named }
    this.#dirty = []
    this.#counts = []
    this.#named = []
    return drained
  }

  #touch(place: Place): void {
    if (hasTotals(place)) {
      place.seen = this.#time_ms
      place.isRowDirty = true
    }
    if (place.isDirty) return
    place.isDirty = true
    this.#dirty.push(place)
  }

  /** The numbers of the buckets of now, from which {@link unsavedIn} takes them. */
  #current(place: Place): readonly number[][] {
    const { buckets, from } = place
    for (let grain = from; grain < 3; grain++) {
      if (buckets.start[grain] === this.#now[grain]) continue
      if ((buckets.unsaved & (1 << grain)) !== 0) this.#counts.push(countsRow(place, grain))
      buckets.start[grain] = this.#now[grain] ?? 0
      buckets.values[grain]?.fill(0)
    }
    buckets.unsaved = from === 0 ? 0b111 : 0b110
    return buckets.values
  }

  #beginNamed(place: Place, named: Named, grain: number): void {
    const { buckets } = named
    if ((buckets.unsaved & (1 << grain)) !== 0) this.#named.push(namedRow(place, named, grain))
    buckets.start[grain] = this.#now[grain] ?? 0
    buckets.values[grain] = [0, 0]
  }

  #put(view: number, labels: Labels): Place {
    const place: Place = {
      ...labels,
      id: this.#all.length + 1,
      view,
      from: VIEWS[view] === 'all' ? 1 : 0,
      seen: 0,
      sums: COLUMNS.map(() => 0),
      bins: [...LATENCY_BOUNDS_S.map(() => 0), 0],
      buckets: new Buckets(COLUMNS.length),
      named: KINDS.map(() => new Map<string, Named>()),
      isDirty: false,
      isRowDirty: true,
    }
    this.#all.push(place)
    this.#byKey.set(keyOf(view, labels), place)
    return place
  }
}

function namedOf(place: Place, kind: number, name: string): Named {
  const names = place.named[kind] ?? new Map<string, Named>()
  const known = names.get(name)
  if (known !== undefined) return known
  if (names.size >= NAMES_MAX && name !== OTHER) return namedOf(place, kind, OTHER)
  const made = { kind, name, n: 0, total: 0, buckets: new Buckets(2) }
  names.set(name, made)
  place.isRowDirty = true
  return made
}

function addLatency(values: number[], latency_ms: number): void {
  const add = (column: number, n: number): void => {
    values[column] = (values[column] ?? 0) + n
  }
  add(AT.latency_ms, latency_ms)
  add(AT.latencies, 1)
  if (latency_ms <= 100) add(AT.within_100ms, 1)
  if (latency_ms <= 1_000) add(AT.within_1s, 1)
  if (latency_ms <= 10_000) add(AT.within_10s, 1)
}

/** Of everything at once nobody asks what it came to, and there are many of them. */
function hasTotals(place: Place): boolean {
  return place.from === 0
}

function placeRow(place: Place): PlaceRow {
  const { id, view, agent, point, server, tool, seen } = place
  return { id, view, agent, point, server, tool, seen, totals_json: JSON.stringify(totalsOf(place)) }
}

function totalsOf({ sums, bins, named }: Place): Totals {
  return {
    sums,
    bins,
    named: named.flatMap((names) =>
      [...names.values()].map(({ kind, name, n, total }) => [kind, name, n, total] as const),
    ),
  }
}

/** Grains whose bucket is not saved; it is, once they are stored. */
function unsavedIn(buckets: Buckets): number[] {
  const { unsaved } = buckets
  buckets.unsaved = 0
  return [0, 1, 2].filter((grain) => (unsaved & (1 << grain)) !== 0)
}

function countsRow({ view, id, buckets }: Place, grain: number): CountsRow {
  const row: Record<string, number> = { view, grain, bucket: buckets.start[grain] ?? 0, place: id }
  for (const [at, column] of COLUMNS.entries()) row[column] = buckets.values[grain]?.[at] ?? 0
  return row as unknown as CountsRow
}

function namedRow({ view, id }: Place, { kind, name, buckets }: Named, grain: number): NamedRow {
  const [n = 0, total = 0] = buckets.values[grain] ?? []
  return { view, kind, grain, bucket: buckets.start[grain] ?? 0, place: id, name, n, total }
}
