/** The population of alerts: test 13 of a report. spec/pack.md (PCK-1), spec/alerts.md (ALR-11). @module */
import type { JsonObject } from '../../core/json.ts'
import type { History } from '../history.ts'
import { inPeriod, type PopulationDefinition } from './definition.ts'

type Logged = History['alerts'][number]['entry']

const MINUTE_MS = 60_000

/** Canaries are tests of detectors, and not alerts. */
export const alerts: PopulationDefinition = {
  name: 'alerts',
  types: ['alert.raised'],
  definition:
    'Every alert that began in the period, canaries left out, with when it was taken and closed by the end of the log, and whether somebody took or closed it within the limit that the policy in force set. Whether an alert that nobody took yet is late is judged at the end of the period.',
  query:
    'type = alert.raised and of = null and canary is absent and from <= time < to; the entries that name it',
  rows: (history, period) => {
    const later = laterOf(history)
    return history.alerts.flatMap(({ index, entry }): JsonObject[] => {
      if (entry.type !== 'alert.raised' || entry.body.of !== null || entry.body.canary === true) return []
      if (!inPeriod(entry.time, period)) return []
      const { n, taken, closed, escalated } = later.get(index) ?? {}
      const { rule, severity, triage_min, policy } = entry.body
      const until_ms = Date.parse(entry.time) + triage_min * MINUTE_MS
      const triaged = taken?.time ?? closed?.time ?? null
      return [
        {
          index,
          time: entry.time,
          rule,
          severity,
          subject: entry.subject ?? null,
          triage_min,
          policy,
          raised: n ?? 1,
          escalated: escalated ?? 0,
          acknowledged: taken?.time ?? null,
          acknowledged_by: taken?.actor.id ?? null,
          triage: taken?.type === 'alert.acknowledged' ? taken.body.triage : null,
          closed: closed?.time ?? null,
          disposition: closed?.type === 'alert.closed' ? closed.body.disposition : null,
          late: (triaged === null ? period.to_ms : Date.parse(triaged)) > until_ms,
        },
      ]
    })
  },
}

interface Later {
  n?: number
  escalated?: number
  taken?: Logged
  closed?: Logged
}

/** What came after, by the first entry of each alert. */
function laterOf(history: History): ReadonlyMap<number, Later> {
  const later = new Map<number, Later>()
  for (const { entry } of history.alerts) {
    if (entry.type === 'detector.canary') continue
    const { of } = entry.body
    if (of === null) continue
    const known = later.get(of) ?? {}
    if (entry.type === 'alert.raised') known.n = entry.body.n
    else if (entry.type === 'alert.acknowledged') known.taken = entry
    else if (entry.type === 'alert.escalated') known.escalated = entry.body.step
    else known.closed = entry
    later.set(of, known)
  }
  return later
}

/** Test 11. A day without an entry is a day on which nobody looked. */
export const detectors: PopulationDefinition = {
  name: 'detectors',
  types: ['detector.canary'],
  definition:
    'Every daily trial of a detector in the period: whether it found its canary and the alert arrived. A rule and a UTC day without a row were not tried.',
  query: 'type = detector.canary and from <= time < to',
  rows: (history, period) =>
    history.alerts.flatMap(({ index, entry }): JsonObject[] =>
      entry.type === 'detector.canary' && inPeriod(entry.time, period)
        ? [{ index, time: entry.time, ...entry.body }]
        : [],
    ),
}
