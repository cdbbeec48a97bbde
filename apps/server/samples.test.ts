/** Freezing populations and drawing of them, as the control plane takes it. spec/samples.md (SMP-1 to SMP-3). */
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { registersOf, TestServer, type Answer, type Operator } from './harness.ts'

const server = new TestServer({ separation: 'after' })
const ROOT = 'A'.repeat(43)
let ann: Operator
let frozen: number
const freezing = {
  engagement: '2026',
  from: '2026-01-01T00:00:00.000Z',
  to: '2026-07-01T00:00:00.000Z',
  tree: { size: 3, root: ROOT },
  populations: [{ name: 'decisions', count: 5, sha256: 'ab'.repeat(32) }],
}
beforeAll(async () => {
  await server.start()
  ann = await server.enrol(server.bootstrapSecret)
  frozen = (await ann.api.post('/v1/samples/freezings', freezing)).json.entry
})
afterAll(() => server.remove())

const code = (answer: Answer): string | undefined => answer.json.error?.code
const draw = (edit: JsonObject = {}): Promise<Answer> =>
  ann.api.post('/v1/samples', {
    frozen,
    control: 'test 9',
    test: 9,
    population: 'decisions',
    anchor: null,
    nonce: null,
    tree: { size: frozen + 1, root: ROOT },
    frequency: null,
    size: 2,
    rows: [1, 3],
    ...edit,
  })

test('what was frozen and drawn is listed, and the registers are those of the log', async () => {
  const { id, entry } = (await draw()).json
  const { freezings, samples } = (await ann.api.get('/v1/samples')).json
  expect(freezings).toMatchObject([{ entry: frozen, engagement: '2026', populations: freezing.populations }])
  expect(samples).toMatchObject([{ id, entry, rows: [1, 3], nonce: null }])
  expect((await registersOf(join(server.dataDir, 'countersign.db'))).differences).toEqual([])
})

test.each<[string, JsonObject, string]>([
  ['with a nonce before anybody outside saw it', { nonce: 'ab'.repeat(16) }, 'SAMPLE_INVALID'],
  ['of what was not frozen', { population: 'alerts' }, 'SAMPLE_INVALID'],
  ['of an entry that freezes nothing', { frozen: 0 }, 'SAMPLE_INVALID'],
  ['of an entry that is not there', { frozen: 9999 }, 'UNKNOWN_ENTRY'],
  ['with rows that are not there', { rows: [1, 5] }, 'SAMPLE_INVALID'],
  ['with a row twice', { rows: [3, 3] }, 'SAMPLE_INVALID'],
  ['over a tree without the freezing', { tree: { size: 1, root: ROOT } }, 'SAMPLE_INVALID'],
  ['by an anchor that is none', { anchor: 0 }, 'SAMPLE_INVALID'],
  ['with a nonce that anybody could try', { nonce: 'ab' }, 'REQUEST_INVALID'],
])('a draw %s is refused', async (_, edit, refusal) => {
  expect(code(await draw(edit))).toBe(refusal)
})

test('what is frozen over more than there is, or over no period, is refused', async () => {
  const freeze = (edit: JsonObject) => ann.api.post('/v1/samples/freezings', { ...freezing, ...edit })
  expect(code(await freeze({ tree: { size: 9999, root: ROOT } }))).toBe('SAMPLE_INVALID')
  expect(code(await freeze({ to: freezing.from }))).toBe('SAMPLE_INVALID')
})
