import { expect, test } from 'vitest'
import { openScratch } from '../adapters/sqlite/offline.ts'
import type { EntryBody } from '../log/entries.ts'
import { coverage, deviations } from './coverage.ts'
import { endAttestation, insertOutput, putAttestation, putRelease } from './output-rows.ts'

const DAY_MS = 24 * 3600 * 1000
const MARCH_MS = Date.parse('2026-03-01T00:00:00.000Z')

const bodyOf = (edit: Partial<EntryBody<'output.registered'>> = {}): EntryBody<'output.registered'> => ({
  kind: 'letter',
  form: 'text',
  system: null,
  jti: null,
  agent: null,
  draft: null,
  composition: null,
  calls: [],
  ...edit,
})
const rowOf = (id: string, registered = MARCH_MS) => ({
  id,
  entry: 0,
  registrar: 'pnt_a',
  registered,
  digest_commit: '',
  content_commit: null,
})
const attested = (output: string, role: 'authored' | 'supervised' | 'directed', id = `att_${output}`) => ({
  id,
  output,
  entry: 0,
  role,
  human: 'rev_a',
  envelope_commit: '',
  human_commit: '',
})

test('counts agree with the outputs, whatever came first and whatever ended', async () => {
  const scratch = openScratch()
  const { db } = scratch
  await insertOutput(db, rowOf('one'), bodyOf({ agent: 'agt_a' }))
  await insertOutput(db, rowOf('two'), bodyOf({ agent: 'agt_b', system: 'sys_a' }))
  await insertOutput(db, rowOf('three'), bodyOf())
  await putAttestation(db, attested('one', 'directed'), MARCH_MS)
  await putRelease(db, 'one', MARCH_MS)
  await putRelease(db, 'two', MARCH_MS + DAY_MS)
  await putAttestation(db, attested('two', 'supervised'), MARCH_MS + DAY_MS)
  await putAttestation(db, attested('one', 'authored', 'att_better'), MARCH_MS)
  await putRelease(db, 'three', MARCH_MS + DAY_MS)
  const march = { from: '2026-03-01', to: '2026-04-01' }
  const none = { released: 1, authored: 0, supervised: 0, directed: 0, uncovered: 0 }
  expect(await coverage(db, 'agent', march)).toEqual([
    { ...none, of: '', uncovered: 1 },
    { ...none, of: 'agt_a', authored: 1 },
    { ...none, of: 'agt_b', supervised: 1 },
  ])
  expect(await coverage(db, 'day', { from: '2026-03-02', to: '2026-03-03' })).toEqual([
    { ...none, of: '2026-03-02', released: 2, supervised: 1, uncovered: 1 },
  ])
  await endAttestation(db, 'att_two', 'withdrawn', MARCH_MS)
  await endAttestation(db, 'att_one', 'disputed', MARCH_MS)
  expect(await coverage(db, 'kind', march)).toEqual([
    { of: 'letter', released: 3, authored: 1, supervised: 0, directed: 0, uncovered: 2 },
  ])
  expect((await deviations(db)).deviations.map(({ output }) => output)).toEqual(['three', 'two'])
  scratch.close()
})
