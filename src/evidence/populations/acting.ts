/** On which days each enforcement point acted: a point that does not run can be asked nothing. spec/tests.md. @module */
import type { History } from '../history.ts'
import type { Period } from './definition.ts'

export const DAY_MS = 86_400_000

/** Days of UTC since 1970, by the point's own clock, in their order. */
export interface Acting {
  readonly point: string
  /** On which it recorded anything. */
  readonly days: readonly number[]
}

/** There are millions of receipts: a pass over them is shared by all who ask. */
const known = new WeakMap<History, { readonly size: number; readonly acting: ReadonlyMap<string, Acting> }>()

/** Points that are enrolled in the log, in its order. */
export function actingPoints(history: History): ReadonlyMap<string, Acting> {
  const last = known.get(history)
  if (last?.size === history.size) return last.acting
  const days = new Map([...history.points.keys()].map((point) => [point, new Set<number>()]))
  for (const { point, receipts } of history.streams.values()) {
    const its = days.get(point)
    if (its === undefined) continue
    for (const { time_ms } of history.table.of(receipts)) its.add(dayOf(time_ms))
  }
  const acting = new Map(
    [...days].map(([point, its]) => [point, { point, days: [...its].toSorted((a, b) => a - b) }]),
  )
  known.set(history, { size: history.size, acting })
  return acting
}

export function dayOf(time_ms: number): number {
  return Math.floor(time_ms / DAY_MS)
}

/** Whether some of the day lies in the period. */
export function isDayIn(day: number, { from_ms, to_ms }: Period): boolean {
  return (day + 1) * DAY_MS > from_ms && day * DAY_MS < to_ms
}
