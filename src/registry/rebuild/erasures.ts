/** Folds of erasures, holds, notes and packs. spec/registers.md, spec/erasure.md. @module */
import { parseRfc3339 } from '../../core/time.ts'
import { clearRows } from '../erasure.ts'
import { reachedBy } from '../in-the-way.ts'
import { committed } from './commitments.ts'
import type { Folds } from './state.ts'

export const erasureFolds: Folds = {
  'subject.erased': async (at, { subject = '', body }) => {
    const { db, index, time_ms } = at
    await clearRows(at, subject, await reachedBy(db, subject), index)
    const done = { state: 'erased' as const, erased: index }
    if ('deferred' in body) {
      await db.updateTable('erasures').set(done).where('subject', '=', subject).execute()
      return
    }
    const { basis, approver } = body.act
    const row = { subject, basis, approver, requested: time_ms, deferred: null, ...done }
    await db.insertInto('erasures').values(row).execute()
  },
  'erasure.deferred': async ({ db, index, time_ms }, { subject = '', body }) => {
    const { basis, approver } = body.act
    const row = { subject, basis, approver, requested: time_ms, deferred: index, erased: null }
    await db
      .insertInto('erasures')
      .values({ ...row, state: 'deferred' })
      .execute()
  },
  'hold.placed': async (at, { subject = '', actor, body, commitments }) => {
    const { target } = body
    const reason_commit = commitments?.reason ?? ''
    const row = { id: subject, target, reason_commit, placed: at.index, lifted: null }
    await at.db.insertInto('holds').values(row).execute()
    await committed(at, actor.id, 'reason', reason_commit)
  },
  'hold.lifted': async ({ db, index }, { body }) => {
    await db.updateTable('holds').set({ lifted: index }).where('id', '=', body.act.hold).execute()
  },
  'note.added': (at, { subject = '', commitments }) =>
    committed(at, subject, 'note', commitments?.note ?? null),
  'log.pruned': async ({ db, index }, { body }) => {
    const { from, to, before } = body.act
    const range = { from_idx: from, to_idx: to, before_ms: parseRfc3339(before) }
    await db
      .insertInto('prunings')
      .values({ entry: index, ...range, map: null })
      .execute()
  },
  'evidence.built': async ({ db, index }, { actor, body }) => {
    const { size, sha256 } = body
    const [from_ms, to_ms] = [parseRfc3339(body.from), parseRfc3339(body.to)]
    await db
      .insertInto('packs')
      .values({ entry: index, person: actor.id, from_ms, to_ms, size, sha256 })
      .execute()
  },
}
