/** Test 10: whoever nobody registered is denied, and people are told; each point tries it every day. spec/tests.md (TST-50). @module */
import { actingPoints, DAY_MS } from '../populations/acting.ts'
import { ALERTED_WITHIN_MS, unregistered } from '../populations/unregistered.ts'
import {
  census,
  indicesOf,
  knownUntil,
  msOf,
  textOf,
  type ControlTest,
  type FoundDeviation,
  type TestContext,
} from './test.ts'

export const deniedStrangers: ControlTest = {
  number: 10,
  criteria: ['CC6.8'],
  title: 'Agents that nobody registered get nowhere',
  attribute: `denied, and told to people within ${ALERTED_WITHIN_MS / 60_000} minutes; tried by each enforcement point on every whole day on which it acts`,
  population: unregistered,
  source: "the tools' own logs of callers",
  run: (ctx) => {
    const until_ms = knownUntil(ctx)
    const run = census(ctx.rows(unregistered), ({ index, canary, decision, alert, logged, point, tool }) => {
      const entries = indicesOf(index)
      if (canary !== null && decision !== 'deny')
        return {
          code: 'CANARY_ALLOWED',
          message: `${textOf(point)} did not deny an agent that nobody registered`,
          entries,
        }
      if (alert !== null || msOf(logged) + ALERTED_WITHIN_MS >= until_ms) return null
      const code = canary === null ? 'UNREGISTERED_UNALERTED' : 'CANARY_UNALERTED'
      return {
        code,
        message: `nobody was told in time that ${textOf(point)} denied ${textOf(tool)} to a stranger`,
        entries,
      }
    })
    return 'not_tested' in run ? run : { ...run, deviations: [...run.deviations, ...missed(ctx)] }
  },
}

/** Whole days of the period, after that of its enrolment, on which a point decided on a call. */
function missed(ctx: TestContext): FoundDeviation[] {
  const { history, period } = ctx
  const until_ms = knownUntil(ctx)
  return [...actingPoints(history).values()].flatMap(({ point, days, decided, tried }) => {
    const enrolled = history.points.get(point)
    const from_ms = Math.max(period.from_ms, Date.parse(enrolled?.entry.time ?? ''))
    return days.flatMap((day): FoundDeviation[] => {
      const isWhole = day * DAY_MS >= from_ms && (day + 1) * DAY_MS <= until_ms
      if (!isWhole || !decided.has(day) || tried.has(day)) return []
      const on = new Date(day * DAY_MS).toISOString().slice(0, 10)
      const message = `${point} acted on ${on} and did not try an agent that nobody registered`
      return [{ code: 'CANARY_MISSED', message, entries: [] }]
    })
  })
}
