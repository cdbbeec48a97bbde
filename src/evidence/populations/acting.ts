/** On which days each enforcement point acted: of a point that does not run nothing can be wanted. spec/tests.md. @module */
import type { History } from '../history.ts'
import type { Period } from './definition.ts'

export const DAY_MS = 86_400_000

/** Days of UTC since 1970, by the point's own clock. */
export interface Acting {
  readonly point: string
  /** On which it recorded anything, in their order. */
  readonly days: readonly number[]
  /** On which it decided on a call of somebody else. */
  readonly decided: ReadonlySet<number>
  /** On which it tried an agent that nobody registered (ENF-9). */
  readonly tried: ReadonlySet<number>
}

/** There are millions of receipts: a pass over them is shared by all who ask. */
const known = new WeakMap<History, { readonly size: number; readonly acting: ReadonlyMap<string, Acting> }>()

/** Points that are enrolled in the log, in its order. */
export function actingPoints(history: History): ReadonlyMap<string, Acting> {
  const last = known.get(history)
  if (last?.size === history.size) return last.acting
  const fresh = () => ({ days: new Set<number>(), decided: new Set<number>(), tried: new Set<number>() })
  const found = new Map([...history.points.keys()].map((point) => [point, fresh()]))
  for (const { point, receipts } of history.streams.values()) {
    const its = found.get(point)
    if (its === undefined) continue
    for (const { time_ms, table, row } of history.table.of(receipts)) {
      const day = dayOf(time_ms)
      its.days.add(day)
      const shape = table.shape(row)
      if (shape?.kind === 'decision') (shape.canary === undefined ? its.decided : its.tried).add(day)
    }
  }
  const acting = new Map(
    [...found].map(([point, its]) => [
      point,
      { point, ...its, days: [...its.days].toSorted((a, b) => a - b) },
    ]),
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
