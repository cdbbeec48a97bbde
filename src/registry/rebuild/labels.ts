/** Folds of labels and flow policies. spec/registers.md. @module */
import { flowPolicies } from '../flow-policies.ts'
import { insertProposal, putInForce } from '../label-rows.ts'
import type { Folds } from './state.ts'

export const labelFolds: Folds = {
  'label.proposed': ({ db, index }, { subject = '', actor, body }) =>
    insertProposal(db, { id: subject, labels: body.labels, proposer: actor.id, proposal: index }),
  'label.approved': ({ db, index }, { subject = '' }) => putInForce(db, subject, index),
  'flow_policy.proposed': ({ db, index }, { subject = '', actor, body }) =>
    flowPolicies.insert(db, { id: subject, policy: body.policy, proposer: actor.id, proposal: index }),
  'flow_policy.approved': ({ db, index }, { subject = '' }) => flowPolicies.settle(db, subject, index),
}
