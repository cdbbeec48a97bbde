/** Populations of breaches, and of what is to be answered or told by a day: test 34 of a report. spec/breaches.md (BRC-7). @module */
import { dueNotices, type BreachRisk, type DueNotice } from '../../core/breach.ts'
import type { JsonObject } from '../../core/json.ts'
import { rfc3339 } from '../../core/time.ts'
import type { AnyEntry } from '../../log/entries.ts'
import type { History } from '../history.ts'
import type { Indexed } from '../records.ts'
import type { Period, PopulationDefinition } from './definition.ts'

type Of<T extends AnyEntry['type']> = Indexed<Extract<AnyEntry, { type: T }>>

/** A breach with what was said and told of it, in the order of the log. */
interface BreachRecord {
  readonly recorded: Of<'breach.recorded'>
  readonly assessed: Of<'breach.assessed'>[]
  readonly notified: Of<'breach.notified'>[]
  closed: Of<'breach.closed'> | null
}

function breachesOf(history: History): BreachRecord[] {
  const found = new Map<string, BreachRecord>()
  for (const { index, entry } of history.governance) {
    const id = entry.subject ?? ''
    const known = found.get(id)
    if (entry.type === 'breach.recorded' && known === undefined)
      found.set(id, { recorded: { index, entry }, assessed: [], notified: [], closed: null })
    else if (entry.type === 'breach.assessed') known?.assessed.push({ index, entry })
    else if (entry.type === 'breach.notified') known?.notified.push({ index, entry })
    else if (entry.type === 'breach.closed' && known !== undefined) known.closed ??= { index, entry }
  }
  return [...found.values()]
}

/** The risk that was in force at a time: of a limit that is still to come the last one. */
function riskOf({ recorded, assessed }: BreachRecord): (time_ms: number) => BreachRisk {
  return (time_ms) => {
    const said = assessed.findLast(({ entry }) => Date.parse(entry.time) <= time_ms)
    return said?.entry.body.risk ?? recorded.entry.body.risk
  }
}

function noticesOf(breach: BreachRecord): DueNotice[] {
  const { aware, jurisdictions } = breach.recorded.entry.body
  return dueNotices(Date.parse(aware), jurisdictions, riskOf(breach))
}

export const breaches: PopulationDefinition = {
  name: 'breaches',
  types: ['breach.recorded'],
  definition:
    'Every breach of personal data that was recorded before the end of the period and not closed before it began, with what was known of it and who was told by the end of the log.',
  query: 'type = breach.recorded and time < to and not breach.closed with time < from',
  rows: (history, period) =>
    breachesOf(history)
      .filter(({ recorded, closed }) => isAlive(period, recorded.entry.time, closed?.entry.time ?? null))
      .map((breach): JsonObject => {
        const { recorded, assessed, notified, closed } = breach
        const { aware, incident, jurisdictions, categories, entries } = recorded.entry.body
        const last = assessed.at(-1)?.entry.body ?? recorded.entry.body
        return {
          index: recorded.index,
          breach: recorded.entry.subject ?? '',
          recorded: recorded.entry.time,
          recorder: recorded.entry.actor.id,
          aware,
          incident,
          jurisdictions,
          categories,
          entries,
          risk: last.risk,
          subjects_n: last.subjects_n,
          notices: notified.map(({ index }) => index),
          closed: closed?.entry.time ?? null,
          closer: closed?.entry.actor.id ?? null,
          acted_alone: closed?.entry.body.acted_alone ?? null,
        }
      }),
}

function isAlive({ from_ms, to_ms }: Period, begun: string, ended: string | null): boolean {
  return Date.parse(begun) < to_ms && (ended === null || Date.parse(ended) >= from_ms)
}

export const requests: PopulationDefinition = {
  name: 'requests',
  types: ['subject_request.opened'],
  definition:
    'Every request and complaint of a data subject that was opened before the end of the period and not closed before it began, and every notice of a breach that fell due in the period, given or not.',
  query:
    'type = subject_request.opened and time < to and not subject_request.closed with time < from; type = breach.recorded, its notices by the table of BRC-3 with from <= due < to',
  rows: (history, period) =>
    [...askedRows(history, period), ...toldRows(history, period)].sort((a, b) => a.index - b.index),
}

type Row = JsonObject & { readonly index: number }

function askedRows(history: History, period: Period): Row[] {
  const extended = new Map<string, Of<'subject_request.extended'>>()
  const closed = new Map<string, Of<'subject_request.closed'>>()
  const opened = new Map<string, Of<'subject_request.opened'>>()
  for (const { index, entry } of history.consents) {
    if (entry.type === 'subject_request.opened') first(opened, entry.body.request, { index, entry })
    if (entry.type === 'subject_request.extended') {
      // What comes when the first day is over moves it no more.
      const due = opened.get(entry.body.request)?.entry.body.due
      if (due !== undefined && Date.parse(entry.time) <= Date.parse(due))
        first(extended, entry.body.request, { index, entry })
    }
    if (entry.type === 'subject_request.closed') first(closed, entry.body.request, { index, entry })
  }
  return [...opened.values()].flatMap(({ index, entry }): Row[] => {
    const { request, kind, jurisdiction, due } = entry.body
    const end = closed.get(request)
    if (!isAlive(period, entry.time, end?.entry.time ?? null)) return []
    const more = extended.get(request)
    return [
      {
        index,
        what: kind === 'complain' ? 'complaint' : 'request',
        kind,
        of: request,
        subject: entry.subject ?? '',
        jurisdiction,
        begun: entry.time,
        due: more?.entry.body.due ?? due,
        extended: more?.index ?? null,
        answered: end?.entry.time ?? null,
        answer: end?.index ?? null,
        outcome: end?.entry.body.outcome ?? null,
      },
    ]
  })
}

function first<T>(into: Map<string, T>, key: string, value: T): void {
  if (!into.has(key)) into.set(key, value)
}

function toldRows(history: History, period: Period): Row[] {
  return breachesOf(history).flatMap((breach) =>
    noticesOf(breach)
      .filter(({ due_ms }) => due_ms >= period.from_ms && due_ms < period.to_ms)
      .map(({ to, jurisdiction, due_ms }): Row => {
        const { recorded, notified } = breach
        const its = notified.filter(
          ({ entry }) => entry.body.to === to && entry.body.jurisdiction === jurisdiction,
        )
        const told = its.toSorted((a, b) => (a.entry.body.at < b.entry.body.at ? -1 : 1))[0]
        return {
          index: recorded.index,
          what: 'notice',
          kind: to,
          of: recorded.entry.subject ?? '',
          subject: null,
          jurisdiction,
          begun: recorded.entry.body.aware,
          due: rfc3339(due_ms),
          extended: null,
          answered: told?.entry.body.at ?? null,
          answer: told?.index ?? null,
          outcome: null,
        }
      }),
  )
}
