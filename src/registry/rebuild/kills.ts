/** Folds of the kill switch: the break-glass key, kills, lifts, rosters. spec/registers.md. @module */
import { canonicalize } from '../../core/json.ts'
import { BREAK_GLASS } from '../break-glass.ts'
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
  'frame_key.replaced': async (at, { body }) => {
    await keepFrameKey(at, at.db, at.index, body)
  },
}
