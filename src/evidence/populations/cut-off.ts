/**
 * Whether a period is over for a log: until when it goes, and until when each enforcement point brought what it recorded.
 * spec/populations.md (POP-5, POP-6). Pure: builder and verifier say the same.
 * @module
 */
import { rfc3339 } from '../../core/time.ts'
import type { History } from '../history.ts'
import type { Period } from './definition.ts'

/** A point of which nobody can tell that the log has all of the period. */
export type Limitation = {
  readonly point: string
  /** Of the `point.enrolled` entry. */
  readonly index: number
  /** RFC 3339 UTC: until when it brought what it recorded, by its own clock; null: it never brought anything. */
  readonly until: string | null
  /** Until when it should have: the end of the period, or when its key was revoked. */
  readonly wanted: string
}

export interface CutOff {
  /** `final`: the log goes on past the end of the period. */
  readonly state: 'interim' | 'final'
  /** By point. */
  readonly limitations: Limitation[]
}

export function cutOffOf(history: History, period: Period): CutOff {
  const shipped = shippedUntil(history)
  const revoked = revokedAt(history)
  const limitations: Limitation[] = []
  for (const [point, { index, entry }] of history.points) {
    const revoked_ms = revoked.get(point) ?? Infinity
    // One that was not there in the period has nothing to bring.
    if (Date.parse(entry.time) >= period.to_ms || revoked_ms < period.from_ms) continue
    const wanted_ms = Math.min(period.to_ms, revoked_ms)
    const until_ms = shipped.get(point)
    if (until_ms !== undefined && until_ms >= wanted_ms) continue
    const until = until_ms === undefined ? null : rfc3339(until_ms)
    limitations.push({ point, index, until, wanted: rfc3339(wanted_ms) })
  }
  const isOver = history.last_ms >= period.to_ms
  return {
    state: isOver ? 'final' : 'interim',
    limitations: limitations.toSorted((a, b) => (a.point < b.point ? -1 : 1)),
  }
}

/** Of its last signed head: what it says is by the point's clock, and no later than the log has it. */
function shippedUntil({ streams, tested }: History): ReadonlyMap<string, number> {
  const until = new Map<string, number>()
  for (const { point, heads } of streams.values())
    for (const { index, signed } of heads) {
      // A clock that is ahead has not seen what comes.
      const logged_ms = tested.placeOf(index)?.time_ms ?? 0
      const head_ms = Math.min(Date.parse(signed.head.time), logged_ms)
      if (head_ms > (until.get(point) ?? Number.NEGATIVE_INFINITY)) until.set(point, head_ms)
    }
  return until
}

/** When the key of each point was first revoked. */
function revokedAt({ revocations }: History): ReadonlyMap<string, number> {
  const revoked = new Map<string, number>()
  for (const { entry } of revocations) {
    const { frame, target } = entry.body
    if (frame.kind === 'key' && target !== undefined && !revoked.has(target))
      revoked.set(target, Date.parse(entry.time))
  }
  return revoked
}
