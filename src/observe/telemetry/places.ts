/**
 * Counts in memory: what each place came to, in the buckets of now. spec/telemetry.md (TEL-6 to TEL-9). A receipt is
 * tallied once, and brought to all views of its place when the minute is over or somebody asks.
 * Invariant: what is not saved yet is among {@link Places.drain}'s rows, with its whole value and not what was added.
 * @module
 */
import { keyOf, labelsIn, type Labels } from './labels.ts'
import {
  Buckets,
  countsRow,
  hasTotals,
  namedOf,
  namedRow,
  placeRow,
  unsavedIn,
  type CountsRow,
  type Named,
  type NamedRow,
  type Place,
  type PlaceRow,
} from './place.ts'
import { Tally, type NamedTally } from './tally.ts'
import type { Totals } from './totals.ts'
import { COLUMNS, GRAIN_MS, GRAINS, KINDS, LATENCY_BOUNDS_S, VIEWS, type Kind } from './terms.ts'

export interface Drained {
  readonly places: readonly PlaceRow[]
  readonly counts: readonly CountsRow[]
  readonly named: readonly NamedRow[]
}

export class Places {
  readonly #all: Place[] = []
  readonly #byKey = new Map<string, Place>()
  #dirty: Place[] = []
  /** With something that its places do not have yet. */
  #waiting: Tally[] = []
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
    if (time_ms - (time_ms % GRAIN_MS.minute) !== this.#now[0]) this.#settle()
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
  tallyOf(labels: Labels): Tally {
    return new Tally(
      VIEWS.map((view, at) => {
        const own = labelsIn(view, labels)
        return this.#byKey.get(keyOf(at, own)) ?? this.#put(at, own)
      }),
    )
  }

  /** @param column index of {@link COLUMNS} */
  add(tally: Tally, column: number): void {
    this.#await(tally)
    tally.counts[column] = (tally.counts[column] ?? 0) + 1
  }

  addLatency(tally: Tally, latency_ms: number, bound: number): void {
    this.#await(tally)
    tally.addLatency(latency_ms, bound)
  }

  addNamed(tally: Tally, kind: Kind, name: string, total: number): void {
    this.#await(tally)
    const named = tally.named(kind, name)
    named.n++
    named.total += total
    if (!named.isKept) this.#bringNamed(tally.places, named)
  }

  /** What changed since the last time, to be stored as it is. */
  drain(): Drained {
    this.#settle()
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

  #await(tally: Tally): void {
    tally.seen = this.#time_ms
    if (tally.isWaiting) return
    tally.isWaiting = true
    this.#waiting.push(tally)
  }

  /** Brings what was tallied to its places: all of it is of the buckets of now. */
  #settle(): void {
    for (const tally of this.#waiting) {
      for (const place of tally.places) this.#bring(place, tally)
      for (const named of tally.allNamed()) if (named.n > 0) this.#bringNamed(tally.places, named)
      tally.clear()
    }
    this.#waiting = []
  }

  #bring(place: Place, { seen, counts, bins }: Tally): void {
    this.#touch(place, seen)
    if (hasTotals(place)) {
      addAll(place.sums, counts)
      addAll(place.bins, bins)
    }
    for (const values of this.#current(place)) addAll(values, counts)
  }

  #bringNamed(places: readonly Place[], tally: NamedTally): void {
    for (const [at, place] of places.entries()) {
      const named = tally.of[at]
      if (named === undefined) continue
      if (hasTotals(place)) {
        named.n += tally.n
        named.total += tally.total
      }
      const { buckets } = named
      // Debits are of every call, and nobody asks for them by the minute.
      for (let grain = tally.kind === 'debit' ? 1 : place.from; grain < 3; grain++) {
        if (buckets.start[grain] !== this.#now[grain]) this.#beginNamed(place, named, grain)
        addAll(buckets.values[grain] ?? [], [tally.n, tally.total])
        buckets.unsaved |= 1 << grain
      }
    }
    tally.n = 0
    tally.total = 0
  }

  #touch(place: Place, seen: number): void {
    if (hasTotals(place)) {
      place.seen = Math.max(place.seen, seen)
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

function addAll(to: number[], added: readonly number[]): void {
  for (let at = 0; at < added.length; at++) {
    const one = added[at] ?? 0
    if (one !== 0) to[at] = (to[at] ?? 0) + one
  }
}
