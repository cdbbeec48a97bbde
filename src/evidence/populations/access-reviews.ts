/** Populations of what reviews of access, and of roles, decided on: tests 7 and 31 of a report. spec/reviews.md (ACR-9), spec/roles.md (ROL-10). @module */
import type { JsonObject } from '../../core/json.ts'
import type { REVIEW_LISTS } from '../../log/governance-bodies.ts'
import type { History } from '../history.ts'
import { inPeriod, type Period, type PopulationDefinition } from './definition.ts'

type Logged = History['governance'][number]
type Of<T extends Logged['entry']['type']> = Extract<Logged, { entry: { type: T } }>

export const accessReviews: PopulationDefinition = {
  name: 'access_reviews',
  types: ['access_review.opened'],
  definition:
    'Every item of every review of access that was opened in the period, with who decided what on it and when that was done by the end of the log.',
  query:
    'type = access_review.opened and no body.list and from <= time < to; a row for each item of access_review.listed',
  rows: (history, period) => reviewedItems(history, 'access', period),
}

export const roleReviews: PopulationDefinition = {
  name: 'role_reviews',
  types: ['access_review.opened'],
  definition:
    'Every item of every review of who administers the installation that was opened in the period, with who decided what on it and when that was done by the end of the log.',
  query:
    'type = access_review.opened and body.list = roles and from <= time < to; a row for each item of access_review.listed',
  rows: (history, period) => reviewedItems(history, 'roles', period),
}

/** @param period that the reviews were opened in */
export function reviewedItems(
  history: History,
  list: (typeof REVIEW_LISTS)[number],
  period: Period,
): JsonObject[] {
  const about = Map.groupBy(history.governance, ({ entry }) => entry.subject ?? '')
  return history.governance
    .filter((one): one is Of<'access_review.opened'> => one.entry.type === 'access_review.opened')
    .filter(({ entry }) => (entry.body.list ?? 'access') === list && inPeriod(entry.time, period))
    .flatMap((opened) => rowsOf(opened, about.get(opened.entry.subject ?? '') ?? []))
}

function rowsOf(opened: Of<'access_review.opened'>, acts: readonly Logged[]): JsonObject[] {
  const reviewers = new Map<number, string>()
  const decided = new Map<number, Of<'access_review.decided'>>()
  const acted = new Map<number, Of<'access_review.acted'>>()
  const rows: JsonObject[] = []
  const { subject = '', time, actor, body } = opened.entry
  const closing = acts.find(({ entry }) => entry.type === 'access_review.closed')?.entry
  for (const { index, entry } of acts) {
    if (entry.type === 'access_review.assigned')
      for (const n of entry.body.items) reviewers.set(n, entry.body.reviewer)
    else if (entry.type === 'access_review.decided') decided.set(entry.body.item, { index, entry })
    else if (entry.type === 'access_review.acted') acted.set(entry.body.item, { index, entry })
  }
  for (const { index, entry } of acts) {
    if (entry.type !== 'access_review.listed') continue
    for (const [i, { kind, target, owner }] of entry.body.items.entries()) {
      const item = entry.body.from + i
      const [one, done] = [decided.get(item), acted.get(item)]
      rows.push({
        index,
        review: subject,
        period: body.period,
        digest: body.digest,
        opening: opened.index,
        opened: time,
        opener: actor.id,
        closed: closing?.time ?? null,
        closer: closing?.actor.id ?? null,
        item,
        kind,
        target,
        owner,
        reviewer: reviewers.get(item) ?? null,
        decision: one?.entry.body.decision ?? null,
        decision_index: one?.index ?? null,
        decided: one?.entry.time ?? null,
        decided_by: one?.entry.actor.id ?? null,
        acted_alone: one?.entry.body.acted_alone ?? null,
        acted: done?.entry.time ?? null,
        acted_index: done?.index ?? null,
      })
    }
  }
  return rows
}
