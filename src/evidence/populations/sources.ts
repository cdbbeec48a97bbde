/** The population of what was handed in of sources that are not ours. spec/sources.md (RCN-7). @module */
import { erasedSubjects, isWithin, uploadsIn } from './sheets.ts'
import type { PopulationDefinition } from './definition.ts'

export const sources: PopulationDefinition = {
  name: 'sources',
  types: ['reconciliation.uploaded'],
  definition:
    'Everything that was handed in of sources that are not ours and covers some of the period, with what was asked of which source, and whether this pack compares it: it does what lies within the period and was not erased.',
  query: 'type = reconciliation.uploaded and body.from < to and body.to > from',
  rows: (history, period) => {
    const erased = erasedSubjects(history)
    return uploadsIn(history)
      .filter(
        ({ entry: { body } }) => Date.parse(body.from) < period.to_ms && Date.parse(body.to) > period.from_ms,
      )
      .map((upload) => {
        const { index, entry } = upload
        const { subject = '', time, actor, body } = entry
        return {
          index,
          time,
          id: subject,
          uploaded_by: actor.id,
          ...body,
          erased: erased.has(subject),
          compared: isWithin(upload, period) && !erased.has(subject),
        }
      })
  },
}
