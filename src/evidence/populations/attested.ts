/**
 * The populations of outputs that left and of their reviews: tests 25 and 26 of a report over processing integrity.
 * spec/pack.md (PCK-1), spec/attestation.md (ATT-31).
 * @module
 */
import type { JsonObject } from '../../core/json.ts'
import type { Entry } from '../../log/entries.ts'
import type { History, Indexed } from '../history.ts'
import { inPeriod, type PopulationDefinition } from './definition.ts'

export const outputs: PopulationDefinition = {
  name: 'outputs',
  types: ['output.released'],
  definition:
    'Every output that was released in the period, with the attestation that is valid for it at the end of the log.',
  query: 'type = output.released and from <= time < to; the last attestation.issued of it that was not ended',
  rows: (history, period) => {
    const registered = of(history, 'output.registered')
    const issued = validAttestations(history)
    return all(history, 'output.released')
      .filter(({ entry }) => inPeriod(entry.time, period))
      .map(({ index, entry }): JsonObject => {
        const output = entry.subject ?? ''
        const first = registered.get(output)?.entry
        const attestation = issued.get(output)?.entry
        return {
          index,
          output,
          kind: first?.body.kind ?? null,
          agent: first?.body.agent ?? null,
          system: first?.body.system ?? null,
          registered: first?.time ?? null,
          released: entry.time,
          attestation: attestation?.subject ?? null,
          role: attestation?.body.role ?? null,
          independent: attestation?.body.independent ?? null,
          human: attestation?.body.human ?? null,
          attested: attestation?.time ?? null,
        }
      })
  },
}

export const reviews: PopulationDefinition = {
  name: 'reviews',
  types: ['review.decided'],
  definition:
    'Every review that was decided in the period, of which kind of output, with what came of it and when the output left.',
  query: 'type = review.decided and from <= time < to',
  rows: (history, period) => {
    const registered = of(history, 'output.registered')
    const opened = of(history, 'review.opened')
    const released = of(history, 'output.released')
    return all(history, 'review.decided')
      .filter(({ entry }) => inPeriod(entry.time, period))
      .map(({ index, entry }): JsonObject => {
        const review = entry.subject ?? ''
        const { output, decision, flagged } = entry.body
        return {
          index,
          review,
          output,
          kind: registered.get(output)?.entry.body.kind ?? null,
          reviewer: entry.actor.id,
          opened: opened.get(review)?.entry.time ?? null,
          decided: entry.time,
          decision,
          flagged,
          released: released.get(output)?.entry.time ?? null,
        }
      })
  },
}

type Attested = History['attested'][number]['entry']

function all<T extends Attested['type']>(history: History, type: T): Indexed<Entry<T>>[] {
  return history.attested.filter(({ entry }) => entry.type === type) as unknown as Indexed<Entry<T>>[]
}

/** The first of each. */
function of<T extends Attested['type']>(history: History, type: T): Map<string, Indexed<Entry<T>>> {
  return new Map(
    all(history, type)
      .toReversed()
      .map((one) => [one.entry.subject ?? '', one]),
  )
}

/** By output. */
function validAttestations(history: History): Map<string, Indexed<Entry<'attestation.issued'>>> {
  const valid = new Map<string, Indexed<Entry<'attestation.issued'>>>()
  for (const { index, entry } of history.attested) {
    if (entry.type === 'attestation.issued') valid.set(entry.body.output, { index, entry })
    if (entry.type !== 'attestation.withdrawn' && entry.type !== 'attestation.disputed') continue
    for (const [output, one] of valid) if (one.entry.subject === entry.subject) valid.delete(output)
  }
  return valid
}
