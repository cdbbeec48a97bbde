/** Folds of alerts and of their policy. spec/registers.md. @module */
import { insertAlertPolicy, settleAlertPolicy } from '../alert-policies.ts'
import { recordAcknowledged, recordClosed, recordEscalated, recordRaised } from '../alert-rows.ts'
import { recordCanary } from '../canaries.ts'
import { endChannel, insertChannel } from '../channels.ts'
import { DRILL_ALERTED } from '../drills.ts'
import { ledgerKey, recordNear } from '../ledgers.ts'
import { forkName } from '../receipts.ts'
import { markAlerted } from '../subject-requests.ts'
import { setMeta, type Folds } from './state.ts'

export const alertFolds: Folds = {
  'alert_policy.proposed': ({ db, index }, { subject = '', actor, body }) =>
    insertAlertPolicy(db, { id: subject, policy: body.policy, proposer: actor.id, proposal: index }),
  'alert_policy.approved': ({ db, index }, { subject = '' }) => settleAlertPolicy(db, subject, index),
  'alert.raised': async ({ db, index, time_ms }, { subject = '', body }) => {
    await recordRaised(db, { index, time_ms, subject }, body)
    // Nothing rests on a canary.
    if (body.canary === true) return
    if (body.rule === 'LIMIT_NEAR') await recordNear(db, ledgerKey(nearKey(body.detail)))
    if (body.rule === 'REQUEST_OVERDUE') await markAlerted(db, String(body.detail.request ?? ''))
    if (body.rule === 'DRILL_OVERDUE') await setMeta(db, DRILL_ALERTED, String(time_ms))
    if (body.rule !== 'SEQUENCE_FORK') return
    await setMeta(db, forkName(subject, Number(body.detail.epoch), Number(body.detail.seq)), String(time_ms))
  },
  'alert.acknowledged': ({ db, time_ms }, { actor, body }) => recordAcknowledged(db, time_ms, actor.id, body),
  'alert.escalated': ({ db }, { body }) => recordEscalated(db, body),
  'channel.added': ({ db, index }, { subject = '', body }) =>
    insertChannel(db, { id: subject, ...body, added: index, config_box: null }),
  'channel.removed': ({ db, index }, { subject = '' }) => endChannel(db, subject, index),
  'detector.canary': ({ db, index }, { body }) => recordCanary(db, index, body),
  'alert.closed': ({ db, time_ms }, { body }) => recordClosed(db, time_ms, body),
}

function nearKey(detail: Readonly<Record<string, string | number>>): Parameters<typeof ledgerKey>[0] {
  const { iss, jti, grant, measure, unit, per, period } = detail
  const text = (value: string | number | undefined): string => String(value ?? '')
  return {
    iss: text(iss),
    jti: text(jti),
    grant: text(grant),
    measure: text(measure),
    unit: text(unit),
    per: text(per),
    period: text(period),
  }
}
