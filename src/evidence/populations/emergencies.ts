/** The population of emergency access: test 32 of a report. spec/emergency.md (EMA-4). @module */
import { businessDaysAfter } from '../../core/business-days.ts'
import type { JsonObject } from '../../core/json.ts'
import { rfc3339 } from '../../core/time.ts'
import type { History } from '../history.ts'
import { inPeriod, type PopulationDefinition } from './definition.ts'

type Logged = History['governance'][number]
type Of<T extends Logged['entry']['type']> = Extract<Logged, { entry: { type: T } }>

/** EMA-3, from when it was granted. */
export const REVIEWED_DAYS_MAX = 2

export const emergencyAccess: PopulationDefinition = {
  name: 'emergency_access',
  types: ['emergency_access.granted'],
  definition:
    'Every emergency access that was granted in the period, with the alert that told of it, the delegations that were issued with it, and who reviewed it by the end of the log.',
  query: 'type = emergency_access.granted and from <= time < to',
  rows: (history, period) => {
    const reviews = new Map<string, Of<'emergency_access.reviewed'>>()
    for (const one of history.governance) {
      const id = one.entry.subject ?? ''
      if (one.entry.type === 'emergency_access.reviewed' && !reviews.has(id))
        reviews.set(id, one as Of<'emergency_access.reviewed'>)
    }
    const issued = Map.groupBy(history.delegations.values(), ({ entry }) => entry.body.emergency ?? '')
    return history.governance
      .filter((one): one is Of<'emergency_access.granted'> => one.entry.type === 'emergency_access.granted')
      .filter(({ entry }) => inPeriod(entry.time, period))
      .map(({ index, entry }): JsonObject => {
        const id = entry.subject ?? ''
        const review = reviews.get(id)
        const alert = history.alerts.find(
          (one) =>
            one.entry.type === 'alert.raised' &&
            one.entry.body.rule === 'EMERGENCY_ACCESS' &&
            one.entry.body.entries.includes(index),
        )
        return {
          index,
          access: id,
          granted: entry.time,
          taker: entry.actor.id,
          agent: entry.body.agent,
          until: entry.body.until,
          reason: entry.commitments?.['reason'] ?? null,
          delegations: (issued.get(id) ?? []).map((one) => one.index),
          alert: alert?.index ?? null,
          alerted: alert?.entry.time ?? null,
          due: rfc3339(businessDaysAfter(Date.parse(entry.time), REVIEWED_DAYS_MAX)),
          review: review?.index ?? null,
          reviewed: review?.entry.time ?? null,
          reviewer: review?.entry.actor.id ?? null,
          acted_alone: review?.entry.body.acted_alone ?? null,
        }
      })
  },
}
