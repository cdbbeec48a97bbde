/** Folds of service accounts. spec/registers.md. @module */
import { publicJwk, thumbprint } from '../../core/jwk.ts'
import { endAccount, insertAccount, markServiceApproved, putServiceKey } from '../service-rows.ts'
import type { Folds } from './state.ts'

export const serviceFolds: Folds = {
  'service_account.proposed': ({ db, index, time_ms }, { subject = '', actor, body }) =>
    insertAccount(db, subject, body, { entry: index, time_ms, proposer: actor.id }),
  'service_account.approved': ({ db, index, time_ms }, { subject = '', actor }) =>
    markServiceApproved(db, subject, { approver: actor.id, approval: index, approved: time_ms }),
  'service_account.enrolled': ({ db, crypto, index, time_ms }, { subject = '', body: { jwk } }) =>
    putServiceKey(db, {
      jkt: thumbprint(crypto, publicJwk(jwk)),
      account: subject,
      entry: index,
      since: time_ms,
    }),
  'service_account.rotated': ({ db, crypto, index, time_ms }, { subject = '', body: { jwk } }) =>
    putServiceKey(db, {
      jkt: thumbprint(crypto, publicJwk(jwk)),
      account: subject,
      entry: index,
      since: time_ms,
    }),
  'service_account.disabled': ({ db, index, time_ms }, { subject = '' }) =>
    endAccount(db, subject, { ended: 'disabled', ending: index, ended_at: time_ms }),
  'service_account.retired': ({ db, index, time_ms }, { subject = '' }) =>
    endAccount(db, subject, { ended: 'retired', ending: index, ended_at: time_ms }),
}
