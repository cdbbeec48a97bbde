/** Tests 13, 14 and 15: detection, response and drills. spec/tests.md. @module */
import { alerts } from '../populations/alerts.ts'
import { drills } from '../populations/drills.ts'
import { incidents } from '../populations/incidents.ts'
import type { History } from '../history.ts'
import { census, indicesOf, knownUntil, msOf, textOf, type ControlTest, type FoundDeviation } from './test.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
/** From when it was detected. */
const CONTAINED_HOURS_MAX = 24
/** From its opening: what is open as long as this is not being closed. */
const CLOSED_DAYS_MAX = 30

export const triagedAlerts: ControlTest = {
  number: 13,
  criteria: ['CC7.3'],
  title: 'Alerts are taken in time',
  attribute:
    'taken or closed within the limit of the policy then in force; what was closed as an incident is one',
  population: alerts,
  source: null,
  run: (ctx) => {
    const named = alertsOfIncidents(ctx.history)
    return census(ctx.rows(alerts), (row): FoundDeviation[] => {
      const { index, time, triage_min, acknowledged, closed, late, rule, disposition } = row
      const due_ms = msOf(time) + Number(triage_min) * MINUTE_MS
      // Of one that nobody took yet nothing is known past the end of the log.
      const isDue = acknowledged !== null || closed !== null || due_ms < knownUntil(ctx)
      const found: FoundDeviation[] = []
      if (late === true && isDue)
        found.push({
          code: 'ALERT_LATE',
          message: `nobody took ${textOf(rule)} within ${Number(triage_min)} minutes`,
          entries: indicesOf(index),
        })
      if (disposition === 'incident' && !named.has(`alt_${Number(index)}`))
        found.push({
          code: 'ALERT_WITHOUT_INCIDENT',
          message: `${textOf(rule)} was closed as an incident that nobody opened`,
          entries: indicesOf(index),
        })
      return found
    })
  },
}

function alertsOfIncidents({ responses }: History): ReadonlySet<string> {
  return new Set(
    responses.flatMap(({ entry }) => (entry.type === 'incident.opened' ? entry.body.alerts : [])),
  )
}

export const closedIncidents: ControlTest = {
  number: 14,
  criteria: ['CC7.4'],
  title: 'Incidents are contained, explained and closed',
  attribute: `contained within ${CONTAINED_HOURS_MAX} hours of detection, closed within ${CLOSED_DAYS_MAX} days with a cause`,
  population: incidents,
  source: 'the incidents of the ticket system',
  run: (ctx) => {
    const until_ms = knownUntil(ctx)
    return census(ctx.rows(incidents), (row): FoundDeviation[] => {
      const { index, incident, exercise, detected, opened, contained, closed } = row
      const name = textOf(incident)
      const found = (code: FoundDeviation['code'], what: string): FoundDeviation => ({
        code,
        message: `${name} ${what}`,
        entries: indicesOf(index),
      })
      const contained_ms = contained === null ? until_ms : msOf(contained)
      const closed_ms = closed === null ? until_ms : msOf(closed)
      const isLate = exercise !== true && contained_ms - msOf(detected) > CONTAINED_HOURS_MAX * HOUR_MS
      return [
        ...(isLate
          ? [found('INCIDENT_UNCONTAINED', `was not contained within ${CONTAINED_HOURS_MAX} hours`)]
          : []),
        ...(closed_ms - msOf(opened) > CLOSED_DAYS_MAX * 24 * HOUR_MS
          ? [found('INCIDENT_OPEN', `was not closed within ${CLOSED_DAYS_MAX} days`)]
          : []),
      ]
    })
  },
}

export const heldDrills: ControlTest = {
  number: 15,
  criteria: ['CC7.4', 'CC7.5'],
  title: 'The kill switch is drilled',
  attribute:
    'every enforcement point in scope answered, with its latency and what was in flight; one in production in the period',
  population: drills,
  source: null,
  run: (ctx) => {
    const rows = ctx.rows(drills)
    const deviations = rows.flatMap(({ index, drill, mode, points_n, answered_n }): FoundDeviation[] => {
      const silent = Number(points_n) - Number(answered_n)
      if (mode !== 'production' || silent <= 0) return []
      const message = `${silent} of ${Number(points_n)} enforcement points did not answer in ${textOf(drill)}`
      return [{ code: 'DRILL_INCOMPLETE', message, entries: indicesOf(index) }]
    })
    const isTabletopOnly = rows.length > 0 && rows.every(({ mode }) => mode !== 'production')
    const only: FoundDeviation = {
      code: 'DRILL_TABLETOP_ONLY',
      message: 'no drill of the period was in production',
      entries: indicesOf(...rows.map(({ index }) => index)),
    }
    return { items: rows.length, deviations: isTabletopOnly ? [...deviations, only] : deviations }
  },
}
