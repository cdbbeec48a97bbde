/** Folds of reviews of access. spec/registers.md. @module */
import { insertItems, insertReview, markClosed, updateItem } from '../access-review-rows.ts'
import type { Folds } from './state.ts'

export const governanceFolds: Folds = {
  'access_review.opened': ({ db, index, time_ms }, { subject = '', actor, body }) =>
    insertReview(db, subject, { entry: index, time_ms, actor: actor.id }, body),
  'access_review.listed': ({ db }, { subject = '', body }) => insertItems(db, subject, body),
  'access_review.assigned': async ({ db }, { subject = '', body: { reviewer, items } }) => {
    for (const n of items) await updateItem(db, subject, n, { reviewer })
  },
  'access_review.decided': ({ db, index }, { subject = '', actor, body: { item, decision } }) =>
    updateItem(db, subject, item, { decision, decider: actor.id, decided: index }),
  'access_review.acted': ({ db, index }, { subject = '', body }) =>
    updateItem(db, subject, body.item, { acted: index }),
  'access_review.closed': ({ db, index, time_ms }, { subject = '' }) =>
    markClosed(db, subject, index, time_ms),
}
