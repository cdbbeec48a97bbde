/** Populations of what management says of deviations, and of deficiencies: test 19 of a report. spec/deviations.md. @module */
import type { JsonObject } from '../../core/json.ts'
import type { History } from '../history.ts'
import { inPeriod, type PopulationDefinition } from './definition.ts'

type Logged = History['governance'][number]
type Of<T extends Logged['entry']['type']> = Extract<Logged, { entry: { type: T } }>

export const evaluations: PopulationDefinition = {
  name: 'evaluations',
  types: ['evaluation.signed'],
  definition: 'Every evaluation of a deviation that was signed in the period, with what management says.',
  query: 'type = evaluation.signed and from <= time < to; its draft by body.act.proposal',
  rows: (history, period) => {
    const drafts = new Map(
      history.governance
        .filter((one): one is Of<'evaluation.proposed'> => one.entry.type === 'evaluation.proposed')
        .map(({ index, entry }) => [index, entry]),
    )
    return history.governance
      .filter((one): one is Of<'evaluation.signed'> => one.entry.type === 'evaluation.signed')
      .filter(({ entry }) => inPeriod(entry.time, period))
      .map(({ index, entry }): JsonObject => {
        const { act, acted_alone } = entry.body
        const draft = drafts.get(act.proposal)
        const { deviation: _deviation, ...said } = draft?.body ?? { deviation: '' }
        return {
          index,
          evaluation: act.evaluation,
          deviation: act.deviation,
          drafted: draft?.time ?? null,
          drafter: draft?.actor.id ?? null,
          signed: entry.time,
          signer: act.approver,
          acted_alone,
          ...said,
        }
      })
  },
}

export const deficiencies: PopulationDefinition = {
  name: 'deficiencies',
  types: ['deficiency.opened'],
  definition:
    'Every deficiency that was opened before the end of the period and not closed before it began, with who owned, repaired and retested it by the end of the log.',
  query: 'type = deficiency.opened and time < to and not deficiency.closed with time < from',
  rows: (history, period) => {
    const about = Map.groupBy(history.governance, ({ entry }) => entry.subject ?? '')
    return history.governance
      .filter((one): one is Of<'deficiency.opened'> => one.entry.type === 'deficiency.opened')
      .map((opened) => ({ opened, acts: about.get(opened.entry.subject ?? '') ?? [] }))
      .filter(({ opened, acts }) => {
        const closed = acts.find(({ entry }) => entry.type === 'deficiency.closed')
        const isOver = closed !== undefined && Date.parse(closed.entry.time) < period.from_ms
        return Date.parse(opened.entry.time) < period.to_ms && !isOver
      })
      .map(({ opened, acts }) => rowOf(opened, acts))
  },
}

function rowOf({ index, entry }: Of<'deficiency.opened'>, acts: readonly Logged[]): JsonObject {
  const { criteria, deviation, entries } = entry.body
  let { owner } = entry.body
  let due = Date.parse(entry.body.due)
  let owned = owner === null ? null : entry.time
  let overdue: string | null = null
  let [remediation, repairer, retest]: [number | null, string | null, Of<'deficiency.retested'> | null] = [
    null,
    null,
    null,
  ]
  let failed = 0
  let closing: Of<'deficiency.closed'> | null = null
  // Whoever owned or repaired it until then: to hand it on and retest it is a retest of one's own, and a later owner does
  // not make a retest another's.
  const own = new Set(owner === null ? [] : [owner])
  let isOwnRetest = false
  for (const one of acts) {
    const { time, actor, type, body } = one.entry
    if (overdue === null && Date.parse(time) > due) overdue = new Date(due).toISOString()
    if (type === 'deficiency.assigned') {
      owner = body.owner
      own.add(owner)
      owned ??= time
      due = Date.parse(body.due)
    } else if (type === 'deficiency.noted' && body.phase === 'remediation') {
      ;[remediation, repairer, retest] = [one.index, actor.id, null]
      own.add(actor.id)
    } else if (type === 'deficiency.retested' && body.remediation === remediation) {
      retest = body.result === 'passed' ? (one as Of<'deficiency.retested'>) : null
      if (body.result === 'failed') failed++
      isOwnRetest = own.has(actor.id)
    } else if (type === 'deficiency.closed') closing = one as Of<'deficiency.closed'>
  }
  return {
    index,
    deficiency: entry.subject ?? '',
    criteria,
    deviation,
    entries,
    opened: entry.time,
    opener: entry.actor.id,
    owner,
    owned,
    due: overdue ?? new Date(due).toISOString(),
    remediation,
    repairer,
    retests_failed: failed,
    retest: retest?.index ?? null,
    retested: retest?.entry.time ?? null,
    retester: retest?.entry.actor.id ?? null,
    own_retest: retest !== null && isOwnRetest,
    closed: closing?.entry.time ?? null,
    closing: closing?.index ?? null,
    closer: closing?.entry.actor.id ?? null,
    acted_alone: closing?.entry.body.acted_alone ?? null,
  }
}
