/** Populations of incidents and of hourly capacity: tests 14 and 21. spec/incidents.md (INC-8), spec/capacity.md (CAP-2). @module */
import type { JsonObject } from '../../core/json.ts'
import { rfc3339 } from '../../core/time.ts'
import type { History } from '../history.ts'
import { begunDay } from './begun.ts'
import { inPeriod, type PopulationDefinition } from './definition.ts'

type Logged = History['responses'][number]
type Of<T extends Logged['entry']['type']> = Extract<Logged, { entry: { type: T } }>

const HOUR_MS = 3600 * 1000

function ofType<T extends Logged['entry']['type']>(history: History, type: T): Of<T>[] {
  return history.responses.filter((one): one is Of<T> => one.entry.type === type)
}

export const incidents: PopulationDefinition = {
  name: 'incidents',
  types: ['incident.opened'],
  definition:
    'Every incident that was opened in the period, exercises marked, with when it was contained and closed by the end of the log, and by whom.',
  query: 'type = incident.opened and from <= time < to',
  rows: (history, period) => {
    const about = Map.groupBy(history.responses, ({ entry }) => entry.subject ?? '')
    return ofType(history, 'incident.opened')
      .filter(({ entry }) => inPeriod(entry.time, period))
      .map(({ index, entry }): JsonObject => {
        const { kind, severity, agent, alerts, entries, detected } = entry.body
        const acts = about.get(entry.subject ?? '') ?? []
        const isPersons = ({ entry: { actor } }: Logged): boolean => actor.kind === 'person'
        const contained = acts.find(
          (one): one is Of<'incident.contained'> => one.entry.type === 'incident.contained',
        )
        const closed = acts.find((one): one is Of<'incident.closed'> => one.entry.type === 'incident.closed')
        return {
          index,
          incident: entry.subject ?? '',
          kind,
          exercise: kind === 'tabletop',
          severity,
          agent,
          alerts,
          entries,
          detected,
          opened: entry.time,
          opener: entry.actor.id,
          acknowledged: acts.find(isPersons)?.entry.time ?? null,
          contained: contained?.entry.time ?? null,
          contained_by: contained?.entry.body.how ?? null,
          closed: closed?.entry.time ?? null,
          closer: closed?.entry.actor.id ?? null,
          acted_alone: closed?.entry.body.acted_alone ?? null,
        }
      })
  },
}

/** A row for every hour, with its sample or without: what is missing is a row. */
export const capacity: PopulationDefinition = {
  name: 'capacity',
  types: ['capacity.sampled'],
  definition:
    'Every hour of UTC in the period, from the first sample or the first midnight of UTC after the log was created, whichever came first, up to the last entry, with its sample; missing where there is none.',
  query:
    'type = capacity.sampled and from <= body.hour < to; hours from the first, or the midnight after log.created, to the last entry',
  rows: (history, period) => {
    const samples = new Map(
      ofType(history, 'capacity.sampled').map((one) => [Date.parse(one.entry.body.hour), one]),
    )
    const first = Math.min(begunDay(history), ...samples.keys())
    const end_ms = Math.min(period.to_ms, history.last_ms + 1)
    const rows: JsonObject[] = []
    const from = Math.max(first, Math.ceil(period.from_ms / HOUR_MS) * HOUR_MS)
    for (let hour = from; Number.isFinite(hour) && hour < end_ms; hour += HOUR_MS) {
      const sample = samples.get(hour)
      // An hour that is not over may still be sampled.
      if (sample === undefined && hour + HOUR_MS > end_ms) continue
      rows.push(
        sample === undefined
          ? { hour: rfc3339(hour), missing: true }
          : { index: sample.index, ...sample.entry.body, hour: rfc3339(hour), missing: false },
      )
    }
    return rows
  },
}
