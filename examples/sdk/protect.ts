/** Ordinary functions behind an enforcement point in this process: `node examples/sdk/protect.ts`. @module */
import assert from 'node:assert/strict'
import { GUARD, protect } from 'countersign'
import { ALLOWED, DENIED, read, readNote } from './notes.ts'

const at = { point: 'notes.point.json', key: 'notes.key.json' }
const notes = await protect({ read_note: readNote }, at)

const allowed = await notes.read_note(ALLOWED)
assert.equal(allowed.decision === 'allow' && allowed.result, 'Ship on Friday.')

const denied = await notes.read_note(DENIED)
assert.deepEqual(denied.decision === 'deny' && denied.reasons, ['CONSTRAINT_VIOLATED'])
assert.deepEqual(read, [ALLOWED.path], 'what was denied never ran')

await notes[GUARD].close()
process.stdout.write('allowed: Ship on Friday.\ndenied: CONSTRAINT_VIOLATED\n')
