/** Folds of calls that wait for a person. spec/registers.md, spec/approvals.md. @module */
import { recordDecided, recordRequested } from '../approval-rows.ts'
import { subjectOf } from '../approvals.ts'
import { committed } from './commitments.ts'
import type { Folds } from './state.ts'

export const approvalFolds: Folds = {
  'approval.requested': async (at, { subject = '', actor, body }) => {
    await recordRequested(at.db, { id: subject, point: actor.id, now_ms: at.time_ms }, body)
    const own = at.settings?.origin ?? ''
    await committed(at, await subjectOf(at.db, own, actor.id, body), 'args', body.args_commit)
  },
  'approval.decided': ({ db, time_ms }, { actor, body }) =>
    recordDecided(db, { person: actor.id, now_ms: time_ms }, body),
}
