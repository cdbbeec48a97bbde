/** The population of drills of the kill switch: test 15. spec/tests.md, spec/kill.md (KIL-17 to KIL-19). @module */
import type { JsonObject } from '../../core/json.ts'
import { inPeriod, type PopulationDefinition } from './definition.ts'

export const drills: PopulationDefinition = {
  name: 'drills',
  types: ['drill.closed'],
  definition: 'Every drill of the kill switch that was closed in the period, with its report.',
  query: 'type = drill.closed and from <= time < to; the drill.planned and drill.started of it',
  rows: (history, period) => {
    const about = Map.groupBy(history.drills, ({ entry }) => entry.subject ?? '')
    return history.drills.flatMap(({ index, entry }): JsonObject[] => {
      if (entry.type !== 'drill.closed' || !inPeriod(entry.time, period)) return []
      const own = about.get(entry.subject ?? '') ?? []
      const planned = own.find((one) => one.entry.type === 'drill.planned')
      const started = own.find((one) => one.entry.type === 'drill.started')
      const { mode, scope, kill, points_n, answered_n, first_ms, last_ms, in_flight, lift } =
        entry.body.report
      return [
        {
          index,
          drill: entry.subject ?? '',
          mode,
          scope,
          planned: planned?.entry.time ?? null,
          planner: planned?.entry.actor.id ?? null,
          started: started?.entry.time ?? null,
          closed: entry.time,
          closer: entry.actor.id,
          kill: kill?.id ?? null,
          points_n,
          answered_n,
          first_ms,
          last_ms,
          in_flight,
          lifted: lift?.at ?? null,
        },
      ]
    })
  },
}
