/** The population of links of chains, roots and hops: test 4. spec/tests.md. @module */
import { inPeriod, type PopulationDefinition } from './definition.ts'

export const links: PopulationDefinition = {
  name: 'chain_links',
  types: ['chain.segment'],
  definition:
    'Every link of a chain that the log was given in the period: roots as they were issued, and hops as enforcement points saw them.',
  query: 'type = chain.segment and from <= time < to',
  rows: (history, period) =>
    [...history.segments.values()]
      .filter(({ entry }) => inPeriod(entry.time, period))
      .map(({ index, entry: { time, body } }) => ({
        index,
        time,
        segment: body.id,
        parent: body.parent,
        kind: body.parent === null ? 'root' : 'hop',
      })),
}
