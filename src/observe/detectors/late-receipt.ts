/**
 * A receipt that came to the log long after what it tells: its point was cut off, its clock is behind, or it kept back what
 * it did. spec/detectors.md (DET-21)
 * @module
 */
import { canaryDecision, type DetectorKind } from './detector.ts'
import { Windows, windowOf } from './windows.ts'

const rule = 'LATE_RECEIPT'
/** After which calls are held against what else tells of them (TEL-17). */
const LATE_MS = 10 * 60_000
const MINUTE_MS = 60_000
const DAY_MIN = 24 * 60
/** A point that made room for another is told of twice. */
const POINTS_MAX = 100_000

export const lateReceipt: DetectorKind = {
  rule,
  make: (_, state) => {
    const told = new Windows<[number]>(() => [0], state, POINTS_MAX)
    return {
      take: ({ index, time_ms, entry }, found) => {
        if (entry.type !== 'receipt') return
        const { point, time, epoch, seq } = entry.body
        const late_ms = time_ms - Date.parse(time)
        if (late_ms <= LATE_MS) return
        const day = windowOf(time_ms, DAY_MIN)
        const at = told.at(point, day)
        if (at[0]++ > 0) return
        const detail = { epoch, seq, minutes: Math.floor(late_ms / MINUTE_MS) }
        found({ rule, key: `late/${point}/${day}`, subject: point, detail, entries: [index] })
      },
      state: () => told.state(),
    }
  },
  canary: (now_ms) => {
    const time = new Date(now_ms - 2 * LATE_MS).toISOString()
    return [canaryDecision(now_ms, { time })]
  },
}
