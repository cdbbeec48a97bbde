/**
 * One view of one place: what it came to, and its rows. spec/telemetry.md (TEL-6 to TEL-9).
 * @module
 */
import type { Schema } from '../../ports/schema.ts'
import type { Labels } from './labels.ts'
import type { Totals } from './totals.ts'
import { COLUMNS, GRAINS, OTHER } from './terms.ts'

export type CountsRow = Schema['counts']
export type NamedRow = Schema['named_counts']
export type PlaceRow = Schema['places']

/** Names of one kind that are counted apart at one place: points choose them. */
export const NAMES_MAX = 64

/** Numbers of one bucket of each grain. */
export class Buckets {
  readonly start = [0, 0, 0]
  readonly values: number[][]
  /** A bit for each grain whose bucket is not saved. */
  unsaved = 0

  constructor(width: number) {
    this.values = GRAINS.map(() => Array.from({ length: width }, () => 0))
  }
}

export interface Named {
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

export function namedOf(place: Place, kind: number, name: string): Named {
  const names = place.named[kind] ?? new Map<string, Named>()
  const known = names.get(name)
  if (known !== undefined) return known
  if (names.size >= NAMES_MAX && name !== OTHER) return namedOf(place, kind, OTHER)
  const made = { kind, name, n: 0, total: 0, buckets: new Buckets(2) }
  names.set(name, made)
  place.isRowDirty = true
  return made
}

/** Of everything at once nobody asks what it came to, and there are many of them. */
export function hasTotals(place: Place): boolean {
  return place.from === 0
}

export function placeRow(place: Place): PlaceRow {
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
export function unsavedIn(buckets: Buckets): number[] {
  const { unsaved } = buckets
  buckets.unsaved = 0
  return [0, 1, 2].filter((grain) => (unsaved & (1 << grain)) !== 0)
}

export function countsRow({ view, id, buckets }: Place, grain: number): CountsRow {
  const row: Record<string, number> = { view, grain, bucket: buckets.start[grain] ?? 0, place: id }
  for (const [at, column] of COLUMNS.entries()) row[column] = buckets.values[grain]?.[at] ?? 0
  return row as unknown as CountsRow
}

export function namedRow({ view, id }: Place, { kind, name, buckets }: Named, grain: number): NamedRow {
  const [n = 0, total = 0] = buckets.values[grain] ?? []
  return { view, kind, grain, bucket: buckets.start[grain] ?? 0, place: id, name, n, total }
}
