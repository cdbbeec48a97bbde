/** Folds of drift policies, baselines and levels. spec/registers.md. @module */
import { recordProposed, recordScored, recordStarted, settleBaseline } from '../baselines.ts'
import { insertDriftPolicy, settleDriftPolicy } from '../drift-policies.ts'
import type { Folds } from './state.ts'

export const driftFolds: Folds = {
  'drift_policy.proposed': ({ db, index }, { subject = '', actor, body }) =>
    insertDriftPolicy(db, { id: subject, policy: body.policy, proposer: actor.id, proposal: index }),
  'drift_policy.approved': ({ db, index }, { subject = '', body }) =>
    settleDriftPolicy(db, subject, body.act.proposal, index),
  'drift.epoch_started': ({ db, index }, { subject = '', body }) => recordStarted(db, subject, index, body),
  'baseline.proposed': ({ db, index }, { subject = '', body }) =>
    recordProposed(db, subject, index, body, null),
  'baseline.approved': ({ db, index }, { subject = '' }) => settleBaseline(db, subject, index),
  'drift.scored': ({ db, index, time_ms }, { body }) => recordScored(db, index, time_ms, body),
}
