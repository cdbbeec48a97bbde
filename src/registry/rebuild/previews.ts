/** Folds of auditors' previews. spec/registers.md, spec/preview.md. @module */
import { fileUnder } from '../personal.ts'
import {
  changePreview,
  countLook,
  insertComment,
  insertEvidenceRequest,
  insertPreview,
  markAnswered,
  setHolder,
} from '../preview-rows.ts'
import { committed } from './commitments.ts'
import type { Folds } from './state.ts'

export const previewFolds: Folds = {
  'preview.proposed': async (at, { subject = '', actor, body, commitments }) => {
    const [auditor_commit, firm_commit] = [commitments?.auditor ?? '', commitments?.firm ?? '']
    const row = { id: subject, proposer: actor.id, proposal: at.index, auditor_commit, firm_commit }
    await insertPreview(at.db, row, body)
    await fileUnder(at, { id: subject, owner: null, first: at.index })
    await committed(at, subject, 'auditor', auditor_commit)
    await committed(at, subject, 'firm', firm_commit)
  },
  'preview.granted': ({ db, index }, { subject = '' }) =>
    changePreview(db, subject, { status: 'granted', approval: index }),
  'preview.enrolled': ({ db, crypto, index }, { subject = '', body: { holder } }) =>
    setHolder(crypto, db, subject, { holder, registration: index, credential_id: null }),
  'preview.revoked': ({ db }, { subject = '' }) => changePreview(db, subject, { status: 'revoked' }),
  'preview.looked': ({ db, time_ms }, { subject = '' }) => countLook(db, subject, time_ms),
  'preview.exported': ({ db, time_ms }, { subject = '' }) => countLook(db, subject, time_ms),
  'preview.commented': async (at, { subject = '', actor, body: { about }, commitments }) => {
    const text_commit = commitments?.text ?? ''
    const row = { entry: at.index, preview: subject, text_commit, time: at.time_ms }
    await insertComment(at.db, row, { actor, about })
    await committed(at, subject, 'text', text_commit)
  },
  'evidence_request.opened': async (at, { subject = '', body: { request, about }, commitments }) => {
    const text_commit = commitments?.text ?? ''
    const row = { id: request, preview: subject, entry: at.index, text_commit, opened: at.time_ms }
    await insertEvidenceRequest(at.db, row, about)
    await committed(at, subject, 'text', text_commit)
  },
  'evidence_request.answered': async (at, { subject = '', actor, body, commitments }) => {
    const answer_commit = commitments?.answer ?? ''
    const answered = { outcome: body.outcome, answer_commit, person: actor.id, answered: at.time_ms }
    await markAnswered(at.db, body.request, answered)
    await committed(at, subject, 'answer', answer_commit)
  },
}
