/** Populations of what was disposed of, and of restores that were tried: tests 24 and 22. spec/tests.md. @module */
import type { JsonObject } from '../../core/json.ts'
import { inPeriod, type PopulationDefinition } from './definition.ts'

export const disposals: PopulationDefinition = {
  name: 'disposals',
  types: ['subject.erased', 'erasure.deferred', 'log.pruned'],
  definition:
    'Every erasure of a subject and every pruning of the log in the period, with those erasures that a hold put off.',
  query: 'type in (subject.erased, erasure.deferred, log.pruned) and from <= time < to',
  rows: (history, period) => {
    const erasures = history.erasures.flatMap(({ index, entry }) => {
      if (entry.type !== 'subject.erased' && entry.type !== 'erasure.deferred') return []
      const fields = entry.type === 'subject.erased' ? entry.body.fields_n : 0
      return [{ index, time: entry.time, kind: entry.type, subject: entry.subject ?? null, fields }]
    })
    const prunings = history.prunings.map(({ index, entry }) => {
      return { index, time: entry.time, kind: entry.type, subject: null, fields: entry.body.pruned_n }
    })
    return [...erasures, ...prunings]
      .filter(({ time }) => inPeriod(time, period))
      .sort((a, b) => a.index - b.index)
  },
}

export const restores: PopulationDefinition = {
  name: 'restores',
  types: ['restore.tested'],
  definition: 'Every test of a restore in the period, with the root of the log that was restored.',
  query: 'type = restore.tested and from <= time < to',
  rows: (history, period) =>
    history.tested.restores
      .filter(({ entry }) => inPeriod(entry.time, period))
      .map(({ index, entry }): JsonObject => ({ index, time: entry.time, ...entry.body })),
}
