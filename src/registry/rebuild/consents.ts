/** Folds of notices, bases, data subjects and consents. spec/registers.md, spec/consent.md. @module */
import { parseRfc3339 } from '../../core/time.ts'
import { thumbprint } from '../../core/jwk.ts'
import { insertBasis, markEnded, settleBasis } from '../bases.ts'
import { insertConsent, recordWithdrawal } from '../consents.ts'
import { dropIdentifier, insertSubject, markChanged, setCredential } from '../data-subjects.ts'
import { insertManager, markRemoved, settleManager } from '../managers.ts'
import { insertNotice, settleNotice } from '../notices.ts'
import { fileUnder } from '../personal.ts'
import { insertRequest, markClosed, markExtended } from '../subject-requests.ts'
import { committed } from './commitments.ts'
import type { Folds } from './state.ts'

export const consentFolds: Folds = {
  'notice.proposed': ({ db, index }, { subject = '', actor, body }) =>
    insertNotice(db, { id: subject, ...body, proposer: actor.id, proposal: index, text: null }),
  'notice.approved': ({ db, index }, { subject = '' }) => settleNotice(db, subject, index),
  'basis.proposed': ({ db, index }, { subject = '', actor, body }) =>
    insertBasis(db, { id: subject, ...body, proposer: actor.id, proposal: index }),
  'basis.approved': ({ db, index }, { subject = '' }) => settleBasis(db, subject, index),
  'basis.ended': ({ db, index }, { subject = '' }) => markEnded(db, subject, index),
  'manager.proposed': ({ db, crypto, index }, { subject = '', actor, body: { manager } }) => {
    const jkt = thumbprint(crypto, manager.jwk)
    return insertManager(db, { id: subject, manager, jkt, proposer: actor.id, proposal: index })
  },
  'manager.approved': ({ db, index }, { subject = '' }) => settleManager(db, subject, index),
  'manager.removed': ({ db }, { subject = '' }) => markRemoved(db, subject),
  'data_subject.added': async (at, { subject = '', body }) => {
    await insertSubject(at.db, { id: subject, ...body, changed: at.index })
    await fileUnder(at, { id: subject, owner: null, first: at.index })
  },
  'data_subject.identified': async (at, { subject = '', body, commitments }) => {
    const { db, index } = at
    const commitment = commitments?.identifier ?? ''
    const row = { commitment, subject, system: body.system, entry: index, key: null, alike: null }
    await db.insertInto('identifiers').values(row).execute()
    await committed(at, subject, 'identifier', commitment)
    await markChanged(db, subject, index)
  },
  'data_subject.unidentified': async ({ db, index }, { subject = '', body }) => {
    const row = await db
      .selectFrom('identifiers')
      .select('commitment')
      .where('entry', '=', body.identified)
      .executeTakeFirst()
    if (row) await db.deleteFrom('sealed').where('commitment', '=', row.commitment).execute()
    await dropIdentifier(db, body.identified)
    await markChanged(db, subject, index)
  },
  'data_subject.enrolled': ({ db, index }, { subject = '', body }) =>
    setCredential(db, subject, { jwk: body.credential.jwk, registration: index, credential_id: null }),
  'consent.given': ({ db, index }, { body }) => insertConsent(db, body.record, body.proof, index),
  'consent.withdrawn': ({ db, index, time_ms }, { subject = '', body: { consent, purposes } }) =>
    recordWithdrawal(db, { entry: index, time_ms, subject, consent, purposes }),
  'objection.made': ({ db, index, time_ms }, { subject = '', body: { purposes } }) =>
    recordWithdrawal(db, { entry: index, time_ms, subject, consent: null, purposes }),
  'subject_request.opened': async (at, { subject = '', body, commitments }) => {
    const { request, kind, jurisdiction, due } = body
    const text = commitments?.text ?? null
    const row = { id: request, subject, kind, jurisdiction, opened: at.time_ms, due: parseRfc3339(due) }
    await insertRequest(at.db, row, text)
    await committed(at, subject, 'text', text)
  },
  'subject_request.extended': ({ db }, { body: { request, due } }) =>
    markExtended(db, request, parseRfc3339(due)),
  'subject_request.closed': async (at, { subject = '', body: { request, outcome }, commitments }) => {
    const answer = commitments?.answer ?? null
    await markClosed(at.db, request, outcome, answer)
    await committed(at, subject, 'answer', answer)
  },
  'listener.acknowledged': async ({ db, index, time_ms }, { subject = '', body: { seq } }) => {
    await db.insertInto('taken').values({ listener: subject, seq, entry: index, time_ms }).execute()
  },
}
