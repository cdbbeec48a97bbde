/** Folds of registers that people keep by hand. spec/registers.md. @module */
import { parseRfc3339 } from '../../core/time.ts'
import type { Entry } from '../../log/entries.ts'
import { insertBreach, insertBreachNotice, updateBreach } from '../breach-rows.ts'
import {
  insertDeficiency,
  insertDeficiencyNote,
  insertEvaluation,
  repairedBy,
  retestedAs,
  settleEvaluation,
  updateDeficiency,
  type Stamped,
} from '../deficiency-rows.ts'
import { insertNarrative, settleNarrative } from '../narrative-rows.ts'
import { markLoneReviewed } from '../alone.ts'
import { insertEmergency, markReviewed } from '../emergencies.ts'
import { fileUnder } from '../personal.ts'
import { assessedAs, ENDED, insertAssessment, saveVendor, updateVendor } from '../vendor-rows.ts'
import { committed } from './commitments.ts'
import type { At, Folds } from './state.ts'

function stampOf({ index, time_ms }: At, { actor }: Pick<Entry, 'actor'>): Stamped {
  return { entry: index, time_ms, actor: actor.id }
}

export const registerFolds: Folds = {
  'evaluation.proposed': (at, entry) =>
    insertEvaluation(at.db, entry.subject ?? '', stampOf(at, entry), entry.body),
  'evaluation.signed': (at, entry) => settleEvaluation(at.db, entry.subject ?? '', stampOf(at, entry)),
  'narrative.proposed': (at, entry) =>
    insertNarrative(at.db, entry.subject ?? '', stampOf(at, entry), entry.body),
  'narrative.approved': (at, entry) => settleNarrative(at.db, entry.subject ?? '', stampOf(at, entry)),
  'deficiency.opened': async (at, entry) => {
    const { subject = '', body, commitments } = entry
    const title = commitments?.['title'] ?? null
    await insertDeficiency(at.db, stampOf(at, entry), { id: subject, title_commit: title }, body)
    await fileUnder(at, { id: subject, owner: null, first: at.index })
    await committed(at, subject, 'title', title)
  },
  'deficiency.assigned': ({ db }, { subject = '', body: { owner, due } }) =>
    updateDeficiency(db, subject, { owner, due: parseRfc3339(due) }),
  'deficiency.noted': async (at, entry) => {
    const { subject = '', body, commitments } = entry
    const text = commitments?.['text'] ?? ''
    const stamp = stampOf(at, entry)
    await insertDeficiencyNote(at.db, subject, stamp, body.phase, text)
    if (body.phase === 'remediation') await updateDeficiency(at.db, subject, repairedBy(stamp))
    await committed(at, subject, 'text', text)
  },
  'deficiency.retested': async (at, entry) => {
    const { subject = '', body, commitments } = entry
    const text = commitments?.['text'] ?? ''
    const stamp = stampOf(at, entry)
    await insertDeficiencyNote(at.db, subject, stamp, body.result, text)
    await updateDeficiency(at.db, subject, retestedAs(stamp, body))
    await committed(at, subject, 'text', text)
  },
  'reconciliation.uploaded': async (at, { subject = '', commitments }) => {
    await fileUnder(at, { id: subject, owner: null, first: at.index })
    await committed(at, subject, 'content', commitments?.['content'] ?? null)
  },
  'breach.recorded': async (at, entry) => {
    const { subject = '', body, commitments } = entry
    const text_commit = commitments?.['text'] ?? ''
    await insertBreach(at.db, subject, stampOf(at, entry), { body, text_commit })
    await fileUnder(at, { id: subject, owner: null, first: at.index })
    await committed(at, subject, 'text', text_commit)
  },
  'breach.assessed': ({ db }, { subject = '', body }) => updateBreach(db, subject, body),
  'breach.notified': async (at, entry) => {
    const { subject = '', body, commitments } = entry
    const text_commit = commitments?.['text'] ?? ''
    await insertBreachNotice(at.db, subject, stampOf(at, entry), { body, text_commit })
    await committed(at, subject, 'text', text_commit)
  },
  'breach.closed': ({ db, index, time_ms }, { subject = '' }) =>
    updateBreach(db, subject, { closed: time_ms, closing: index }),
  'emergency_access.granted': async (at, { subject = '', actor, body, commitments }) => {
    const reason_commit = commitments?.['reason'] ?? ''
    await insertEmergency(at.db, {
      id: subject,
      entry: at.index,
      taker: actor.id,
      agent: body.agent,
      granted: at.time_ms,
      until: parseRfc3339(body.until),
      reason_commit,
    })
    await fileUnder(at, { id: subject, owner: null, first: at.index })
    await committed(at, subject, 'reason', reason_commit)
  },
  'emergency_access.reviewed': ({ db, index }, { subject = '', actor }) =>
    markReviewed(db, subject, actor.id, index),
  'alone.reviewed': async (at, { subject = '', actor, body: { act }, commitments }) => {
    const { index: review, time_ms: reviewed } = at
    const { of, outcome } = act
    const text_commit = commitments?.['text'] ?? ''
    await markLoneReviewed(at.db, of, { review, reviewer: actor.id, reviewed, outcome, text_commit })
    await fileUnder(at, { id: subject, owner: null, first: review })
    await committed(at, subject, 'text', text_commit)
  },
  'vendor.recorded': async (at, { subject = '', body }) => {
    await saveVendor(at.db, subject, at.index, body)
    await fileUnder(at, { id: subject, owner: null, first: at.index })
  },
  'vendor.assessed': async (at, entry) => {
    const { subject = '', body, commitments } = entry
    const text_commit = commitments?.['text'] ?? ''
    await insertAssessment(at.db, subject, stampOf(at, entry), { body, text_commit })
    await committed(at, subject, 'text', text_commit)
  },
  'vendor.approved': ({ db, index }, { subject = '', body: { act } }) =>
    assessedAs(db, subject, { assessment: act.assessment, approval: index, approver: act.approver }),
  'vendor.ended': ({ db }, { subject = '' }) => updateVendor(db, subject, ENDED),
  'deficiency.closed': ({ db, index, time_ms }, { subject = '' }) =>
    updateDeficiency(db, subject, { closed: time_ms, closing: index }),
}
