/** The population of signing keys: test 8. spec/tests.md. @module */
import type { JsonObject } from '../../core/json.ts'
import type { History } from '../history.ts'
import type { PopulationDefinition } from './definition.ts'

export const signingKeys: PopulationDefinition = {
  name: 'signing_keys',
  types: ['key.created', 'break_glass.created'],
  definition:
    'Every key of the control plane that was made before the end of the period and had not ended before its start, with until when an issuer key signed: until the next was made.',
  query: 'type in (key.created, break_glass.created) and time < to, not ended before from',
  rows: (history, period) => {
    const issuers = history.keys.filter(({ entry }) => entry.body.use === 'issuer')
    const keys = history.keys.map(({ index, entry }): JsonObject & { index: number } => {
      const { use, kid } = entry.body
      const next = use === 'issuer' ? issuers.find((later) => later.index > index) : undefined
      const end = history.keyEvents.find((event) => event.entry.body.kid === kid && event.index > index)
      return {
        index,
        use,
        kid,
        created: entry.time,
        signed_until: next?.entry.time ?? null,
        next: next?.index ?? null,
        ended: end?.entry.time ?? null,
        end: end === undefined ? null : end.entry.type === 'key.retired' ? 'retired' : 'compromised',
      }
    })
    return [...keys, ...breakGlass(history)]
      .filter(({ created, ended }) => {
        const isOver = typeof ended === 'string' && Date.parse(ended) < period.from_ms
        return typeof created === 'string' && Date.parse(created) < period.to_ms && !isOver
      })
      .sort((a, b) => a.index - b.index)
  },
}

function breakGlass({ kills }: History): (JsonObject & { index: number })[] {
  return kills.flatMap(({ index, entry }) =>
    entry.type === 'break_glass.created'
      ? [
          {
            index,
            use: 'break_glass',
            kid: entry.body.kid,
            created: entry.time,
            signed_until: null,
            next: null,
            ended: null,
            end: null,
          },
        ]
      : [],
  )
}
