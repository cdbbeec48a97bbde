/** Folds of the kill switch: the break-glass key, kills, lifts, rosters. spec/registers.md. @module */
import { canonicalize } from '../../core/json.ts'
import { parseRfc3339 } from '../../core/time.ts'
import { BREAK_GLASS } from '../break-glass.ts'
import { insertDrill } from '../drills.ts'
import { keepLifted } from '../kill-lifts.ts'
import { keepFrameKey } from '../frame-keys.ts'
import { keepStatement } from '../statements.ts'
import { setMeta, type Folds } from './state.ts'

export const killFolds: Folds = {
  'break_glass.created': async ({ db }, { body }) => {
    await setMeta(db, BREAK_GLASS, canonicalize({ ...body.jwk }))
  },
  'roster.set': async ({ db, index }, { body }) => {
    await keepStatement(db, index, 'roster', String(body.roster.seq), body)
  },
  'kill.pulled': async ({ db, index }, { body: { statement } }) => {
    await keepStatement(db, index, 'kill', statement.kill.id, statement)
  },
  'kill.lifted': async ({ db, index }, { body: { statement } }) => {
    await keepStatement(db, index, 'lift', statement.lift.id, statement)
    await keepLifted(db, statement.lift)
  },
  'drill.planned': async ({ db, index }, { actor, subject = '', body: { mode, scope, at } }) => {
    const planned = { entry: index, mode, scope_json: canonicalize(scope), at: parseRfc3339(at) }
    await insertDrill(db, { id: subject, ...planned, planner: actor.id })
  },
  'drill.started': async ({ db, index }, { subject = '', body: { kill } }) => {
    await db.updateTable('drills').set({ started: index, kill }).where('id', '=', subject).execute()
  },
  'drill.closed': async ({ db, index, time_ms }, { subject = '' }) => {
    const closed = { closed: index, closed_ms: time_ms }
    await db.updateTable('drills').set(closed).where('id', '=', subject).execute()
  },
  'frame_key.replaced': async (at, { body }) => {
    await keepFrameKey(at, at.db, at.index, body)
  },
}
