/** Test 27: the log itself, between what outsiders said of it. spec/tests.md, spec/witness.md. @module */
import { ANCHOR_LIMITS } from '../../log/anchors.ts'
import { spans } from '../populations/spans.ts'
import {
  census,
  indicesOf,
  msOf,
  textOf,
  type ControlTest,
  type FoundDeviation,
  type TestContext,
} from './test.ts'

const HOUR_MS = 3_600_000
const GAP_HOURS_MAX = ANCHOR_LIMITS.gap_ms / HOUR_MS

export const wholeLog: ControlTest = {
  number: 27,
  criteria: ['PI1.5'],
  title: 'The log is complete and unedited',
  attribute: `no gap and no edit; somebody outside says at least every ${GAP_HOURS_MAX} hours that it exists, and entries are dated between`,
  population: spans,
  source: 'earlier checkpoints of the log, as the auditor kept them',
  run: (ctx) => {
    const rows = ctx.rows(spans)
    const run = census(rows, (row): FoundDeviation[] => {
      const { from, to, from_anchor, to_anchor, outside, outside_n } = row
      const hours = (msOf(to) - msOf(from)) / HOUR_MS
      const found: FoundDeviation[] = []
      if (hours > GAP_HOURS_MAX)
        found.push({
          code: 'ANCHOR_GAP',
          message: `nobody outside said from ${textOf(from)} to ${textOf(to)} that the log exists`,
          entries: indicesOf(from_anchor, to_anchor),
        })
      if (Number(outside_n) > 0)
        found.push({
          code: 'ENTRY_DATED',
          message: `${Number(outside_n)} entries are dated outside of ${textOf(from)} to ${textOf(to)}, between which they came`,
          entries: indicesOf(outside, from_anchor, to_anchor),
        })
      return found
    })
    return 'not_tested' in run ? run : { ...run, deviations: [...run.deviations, ...otherRoots(ctx)] }
  },
}

/** Of any time: an outsider's word about a tree that this log does not have. */
function otherRoots({ history, logRoots }: TestContext): FoundDeviation[] {
  return history.tested.anchors.flatMap(({ index, entry: { body } }): FoundDeviation[] =>
    logRoots.get(body.size) === body.root
      ? []
      : [
          {
            code: 'ANCHOR_ROOT',
            message: `${body.by} saw another log of ${body.size} entries`,
            entries: [index],
          },
        ],
  )
}
