/** Folds of cumulative limits: leases, what was given back, top-ups. spec/registers.md, spec/limits.md. @module */
import {
  recordAnswer,
  recordGranted,
  recordRecalled,
  recordReserved,
  recordSettled,
  recordTopUp,
} from '../ledgers.ts'
import type { Folds } from './state.ts'

export const limitFolds: Folds = {
  'budget.reserved': ({ db }, { body }) => recordReserved(db, body),
  'lease.granted': async ({ db, streams, time_ms }, { subject = '', body }) => {
    const seq = streams.get(subject)?.seq ?? 0
    await recordGranted(db, { point: subject, seq, epoch: body.epoch, now_ms: time_ms }, body.leases)
  },
  'lease.recalled': ({ db }, { body }) => recordRecalled(db, body.leases),
  'lease.settled': ({ db }, { body }) => recordSettled(db, body.leases),
  'topup.requested': async ({ db, settings, time_ms }, { subject = '', body }) =>
    recordTopUp(db, subject, time_ms, settings?.origin ?? '', body),
  'topup.granted': ({ db }, { subject = '', body }) => recordAnswer(db, subject, 'granted', body.delegation),
  'topup.declined': ({ db }, { subject = '', body }) => recordAnswer(db, subject, 'declined', body.reason),
}
