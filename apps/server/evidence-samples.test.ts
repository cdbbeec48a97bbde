/** Samples that the control plane computes, frozen and drawn over HTTP. spec/samples.md (SMP-3, SMP-11). */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { verifyPack } from '../../src/evidence/verify/verify.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { anchored } from '../../test/fixtures/anchored.ts'
import { until } from '../../test/fixtures/processes.ts'
import { published, Stream } from '../../test/fixtures/shipped.ts'
import { TestServer, type Answer, type Operator } from './harness.ts'

const HOUR_MS = 3_600_000
const NONCE = 'ab'.repeat(16)
const server = new TestServer({ separation: 'after' })
let ann: Operator
let period: { from: string; to: string }
let freezing: string
let drawn: string

const code = (answer: Answer): string | undefined => answer.json.error?.code
const said = (answer: Answer): string | undefined => answer.json.error?.message
const draw = (edit: object = {}): Promise<Answer> =>
  ann.api.post(`/v1/evidence/freezings/${freezing}/draw`, {
    test: 9,
    control: null,
    size: 2,
    nonce: null,
    ...edit,
  })

beforeAll(async () => {
  await server.start()
  ann = await server.enrol(server.bootstrapSecret)
  const stream = await Stream.open(server, ann)
  await stream.ship(4, 'words')
  await published(ann)
  const to_ms = Date.now()
  period = { from: new Date(to_ms - HOUR_MS).toISOString(), to: new Date(to_ms).toISOString() }
  await ann.api.post('/v1/people', { name: 'Ben' })
  // The point brought all until then, and says so.
  await ann.api.post('/v1/evidence/cut-offs', { to: period.to })
  await stream.send([])
})
afterAll(() => server.remove())

test('a period that is not over is not frozen, and why is said', async () => {
  const to = new Date(Date.now() + HOUR_MS).toISOString()
  const answer = await ann.api.post('/v1/evidence/freezings', { engagement: '2026', ...period, to })
  expect(code(answer)).toBe('SAMPLE_INVALID')
  expect(said(answer)).toContain('no entry past the end of the period')
  const none = await ann.api.post('/v1/evidence/freezings', {
    engagement: '2026',
    ...period,
    to: period.from,
  })
  expect(code(none)).toBe('REQUEST_INVALID')
})

test('populations are frozen as the log gives them, and nobody outside has seen it yet', async () => {
  freezing = (await ann.api.post('/v1/evidence/freezings', { engagement: '2026', ...period })).json.id
  const { freezings } = (await ann.api.get('/v1/samples')).json
  expect(freezings).toMatchObject([{ id: freezing, engagement: '2026', anchored: null }])
  const decisions = freezings[0].populations.find(({ name }: { name: string }) => name === 'decisions')
  expect(decisions.count).toBe(4)
})

test.each<[string, object, string, string]>([
  ['with a nonce before anybody outside saw it', { nonce: NONCE }, 'SAMPLE_INVALID', 'nobody outside'],
  [
    'of a control that does not have that test',
    { control: 'CSN-AC-02' },
    'SAMPLE_INVALID',
    'no such control',
  ],
  ['with a nonce that anybody could try', { nonce: 'ab' }, 'REQUEST_INVALID', 'nonce'],
])('a draw %s is refused', async (_, edit, expected, words) => {
  const answer = await draw(edit)
  expect(code(answer)).toBe(expected)
  expect(said(answer)).toContain(words)
})

test('a draw of what was not frozen, and a sample that nobody drew, are not found', async () => {
  const asked = { test: 9, control: null, size: 2, nonce: null }
  expect(code(await ann.api.post('/v1/evidence/freezings/frz_none/draw', asked))).toBe('NOT_FOUND')
  expect(code(await ann.api.get('/v1/evidence/samples/smp_none'))).toBe('NOT_FOUND')
})

test('a mail of it is no word from outside that anybody but its receiver can tell', async () => {
  await anchored(server, ann, 'mail')
  const [frozen] = (await ann.api.get('/v1/samples')).json.freezings
  expect(frozen.anchored).toBeNull()
  expect(code(await draw({ nonce: NONCE }))).toBe('SAMPLE_INVALID')
})

test('once it is anchored the nonce of the auditor draws, and drawing again gives the same items', async () => {
  await anchored(server, ann)
  const [frozen] = (await ann.api.get('/v1/samples')).json.freezings
  expect(frozen.anchored.entry).toBeGreaterThan(frozen.entry)
  const answer = await draw({ nonce: NONCE })
  expect(answer.status).toBe(200)
  drawn = answer.json.id
  const { json } = await ann.api.get(`/v1/evidence/samples/${drawn}`)
  expect(json).toMatchObject({
    engagement: '2026',
    faults: [],
    drawn: { nonce: NONCE, size: 2, frequency: null },
  })
  expect(json.drawn.anchor).toBe(frozen.anchored.entry)
  expect(json.items).toHaveLength(2)
  expect(json.items.map(({ row }: { row: number }) => row)).toEqual(json.drawn.rows)
  expect(json.items[0].item).toMatchObject({ index: expect.any(Number) })
})

test('a verifier draws the same from the pack of the period', async () => {
  const { id } = (await ann.api.post('/v1/evidence/packs', period)).json
  await until('the pack is built', async () => {
    const { now } = (await ann.api.get(`/v1/evidence/packs/${id}`)).json
    return now.state === 'done' ? true : null
  })
  const file = await ann.api.fetch('GET', `/v1/evidence/packs/${id}/file`)
  const { log_vkey } = (await ann.api.get('/v1/info')).json
  const { report, files } = await verifyPack(nodeCrypto, new Uint8Array(await file.arrayBuffer()), log_vkey)
  expect([...files.keys()]).toContain(`samples/${drawn}.json`)
  expect(report.faults.filter(({ code: found }) => found.startsWith('SAMPLE'))).toEqual([])
})
