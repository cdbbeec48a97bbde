/** Test 16: between drills, the kill channel leads past the control plane to every point. spec/kill.md (KIL-31). @module */
import { counted } from '../../core/words.ts'
import { actingPoints, dayOf, DAY_MS } from '../populations/acting.ts'
import {
  ANSWERED_WITHIN_MS,
  channelsIn,
  killChannel,
  probedIn,
  SHOWN_DAYS_MAX,
  type Probed,
} from '../populations/kill-channel.ts'
import { isIn } from '../populations/definition.ts'
import { knownUntil, type ControlTest, type FoundDeviation, type TestContext } from './test.ts'

export const probedChannel: ControlTest = {
  number: 16,
  criteria: ['CC7.4'],
  title: 'The kill channel lives',
  attribute: `past the control plane it was shown to lead to each enforcement point within ${SHOWN_DAYS_MAX} days on which that acts, and who was asked answered within ${ANSWERED_WITHIN_MS / 1000} seconds`,
  population: killChannel,
  source: null,
  run: (ctx) => {
    const invalid = new Set(ctx.findings.ofCode('KILL_PROBE_INVALID').map(({ index }) => index))
    const probed = probedIn(ctx.history, (index) => !invalid.has(index))
    const deviations = [...missed(ctx, probed), ...ofProbes(ctx, probed)]
    return { items: ctx.rows(killChannel).length, deviations }
  },
}

function missed({ history, period }: TestContext, probed: readonly Probed[]): FoundDeviation[] {
  return channelsIn(history, period, probed).flatMap(({ acting, enrolled, gaps }) =>
    gaps.map(({ since, last, days_n }): FoundDeviation => {
      const from = since === enrolled ? 'it began' : `entry ${since}`
      const until = new Date(last * DAY_MS).toISOString().slice(0, 10)
      return {
        code: 'KILL_PROBE_MISSED',
        message: `${acting.point} acted on ${days_n} days until ${until}, and no probe showed since ${from} that a kill gets there`,
        entries: [since],
      }
    }),
  )
}

const WHAT = {
  KILL_PROBE_IN_BAND: 'got a probe in the stream of the control plane alone',
  KILL_PROBE_KEY: 'hold another break-glass key than the log has',
  KILL_PROBE_UNANSWERED: 'did not answer in time',
} as const
type ProbeCode = keyof typeof WHAT

/** One of a probe and a code. */
function ofProbes(ctx: TestContext, probed: readonly Probed[]): FoundDeviation[] {
  const sent = probed.filter(({ sent_ms }) => isIn(sent_ms, ctx.period))
  const found = sent.flatMap((one) => {
    const code = faultOf(ctx, one)
    return code === null ? [] : [{ one, code }]
  })
  return [...Map.groupBy(found, ({ one, code }) => `${one.probe} ${code}`).values()].flatMap((group) => {
    const [first] = group
    if (first === undefined) return []
    const points = group.map(({ one }) => one.point).join(', ')
    const entries = new Set(group.flatMap(({ one }) => [one.round, ...one.answers.map(({ index }) => index)]))
    return [
      {
        code: first.code,
        message: `${counted(group.length, 'point')} ${WHAT[first.code]}, of ${first.one.probe}: ${points}`,
        entries: [...entries].filter((index) => index !== null),
      },
    ]
  })
}

function faultOf(ctx: TestContext, { point, sent_ms, round, answers }: Probed): ProbeCode | null {
  if (answers.some(({ shows }) => shows)) return null
  if (answers.some(({ isOurKey }) => !isOurKey)) return 'KILL_PROBE_KEY'
  if (answers.some(({ way }) => way === 'stream')) return 'KILL_PROBE_IN_BAND'
  const isDue = sent_ms + ANSWERED_WITHIN_MS < knownUntil(ctx)
  // Of one that did not run that day no answer can be had.
  const didAct = actingPoints(ctx.history).get(point)?.days.includes(dayOf(sent_ms)) === true
  return round !== null && isDue && didAct ? 'KILL_PROBE_UNANSWERED' : null
}
