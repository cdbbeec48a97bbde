/** The population of baselines that were put in force: test 12. spec/tests.md, spec/drift.md. @module */
import type { JsonObject } from '../../core/json.ts'
import { loneReviewBook, reviewColumns } from './alone.ts'
import { inPeriod, type PopulationDefinition } from './definition.ts'

export const baselines: PopulationDefinition = {
  name: 'baselines',
  types: ['baseline.approved'],
  definition:
    'Every baseline of an agent that was approved in the period, with the document and what it was learned from.',
  query: 'type = baseline.approved and from <= time < to; the baseline.proposed that it is over',
  rows: (history, period) => {
    const reviews = loneReviewBook(history)
    const proposals = new Map(
      history.baselines.flatMap(({ index, entry }) =>
        entry.type === 'baseline.proposed' ? [[index, entry] as const] : [],
      ),
    )
    return history.baselines.flatMap(({ index, entry }): JsonObject[] => {
      if (entry.type !== 'baseline.approved' || !inPeriod(entry.time, period)) return []
      const { act, acted_alone } = entry.body
      const proposed = proposals.get(act.proposal)
      return [
        {
          index,
          time: entry.time,
          baseline: act.baseline,
          agent: proposed?.body.agent ?? null,
          document: act.document,
          proposal: act.proposal,
          sessions: proposed?.body.sessions ?? null,
          approver: act.approver,
          acted_alone,
          ...reviewColumns(reviews.get(index)),
        },
      ]
    })
  },
}
