/**
 * Receipts of a point that are missing, as the log shows it: a second look at what the control plane says when it takes
 * receipts, under the same key. spec/detectors.md (DET-12).
 * @module
 */
import { gapKey } from '../../core/alert.ts'
import { canaryDecision, type DetectorKind } from './detector.ts'
import { Windows } from './windows.ts'

const rule = 'SEQUENCE_GAP'
/** A point that made room for another would seem to have lost what came before. */
const POINTS_MAX = 100_000

export const sequenceGap: DetectorKind = {
  rule,
  make: (_, state) => {
    // The window is the epoch: each has its own sequence, and the last one is what counts.
    const last = new Windows<[number]>(() => [0], state, POINTS_MAX)
    return {
      take: ({ index, entry }, found) => {
        if (entry.type !== 'receipt') return
        const { point, epoch, seq } = entry.body
        const at = last.at(point, epoch)
        if (seq > at[0] + 1) {
          const from = at[0] + 1
          const detail = { epoch, from, to: seq - 1 }
          found({ rule, key: gapKey(point, epoch, from), subject: point, detail, entries: [index] })
        }
        if (seq > at[0]) at[0] = seq
      },
      state: () => last.state(),
    }
  },
  canary: (now_ms) => [canaryDecision(now_ms, { seq: 1 }), canaryDecision(now_ms, { seq: 3 })],
}
