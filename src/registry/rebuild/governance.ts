/** Folds of roles and of reviews of access. spec/registers.md. @module */
import { insertItems, insertReview, markClosed, updateItem } from '../access-review-rows.ts'
import { insertRole, updateRole } from '../role-rows.ts'
import type { Folds } from './state.ts'

export const governanceFolds: Folds = {
  'role.preset': ({ db, index, time_ms }, { subject = '', body }) =>
    insertRole(db, subject, body, { entry: index, time_ms, proposer: null }),
  'role.proposed': ({ db, index, time_ms }, { subject = '', actor, body }) =>
    insertRole(db, subject, body, { entry: index, time_ms, proposer: actor.id }),
  'role.approved': ({ db, index, time_ms }, { subject = '', actor }) =>
    updateRole(db, subject, { approver: actor.id, approval: index, approved: time_ms }),
  'role.removed': ({ db, index, time_ms }, { subject = '' }) =>
    updateRole(db, subject, { removal: index, removed: time_ms }),
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
