/** What a pack would say, and packs that are built, over HTTP, for people of the company. spec/evidence.md. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { fromUtf8, hex } from '../../src/core/encoding.ts'
import { readArchive } from '../../src/evidence/pack/archive.ts'
import { verifyPack } from '../../src/evidence/verify/verify.ts'
import { published, Stream } from '../../test/fixtures/shipped.ts'
import { TestServer, type Answer, type Operator } from './harness.ts'

const HOUR_MS = 3_600_000
const at = (ms: number): string => new Date(Date.now() + ms).toISOString()
const period = { from: at(-HOUR_MS), to: at(HOUR_MS) }
const query = `from=${encodeURIComponent(period.from)}&to=${encodeURIComponent(period.to)}`

const server = new TestServer()
let ann: Operator
let ben: Operator
const code = (answer: Answer): string | undefined => answer.json.error?.code

beforeAll(async () => {
  await server.start()
  ann = await server.enrol(server.bootstrapSecret)
  ben = await server.invite(ann, 'Ben')
  await server.agent(ann, ben)
  await (await Stream.open(server, ann)).ship(3, 'secret words of a call')
  await published(ann)
})
afterAll(() => server.remove())

describe('the evidence of a period', () => {
  test('has every criterion, control, test and population, and says over which tree', async () => {
    const { status, json } = await ann.api.get(`/v1/evidence?${query}`)
    expect(status).toBe(200)
    expect(json.tree).toMatchObject({ integrity: true, interim: true, period })
    expect(json.tests).toHaveLength(34)
    expect(json.criteria.length).toBeGreaterThan(20)
    const control = json.controls.find((one: { id: string }) => one.id === 'CSN-AC-01')
    expect(control).toMatchObject({ criteria: ['CC6.1'], approved: { approval: null } })
    expect(control.approved.digest).toMatch(/^[0-9a-f]{64}$/)
    // None of the tests takes it: no auditor's preview has it.
    expect(json.populations.map(({ name }: { name: string }) => name)).toContain('decisions')
  })

  test('is as old as whoever asks for it says that it may be', async () => {
    const sizeOf = async (age_s: number): Promise<number> =>
      (await ann.api.get(`/v1/evidence?${query}&age_s=${age_s}`)).json.tree.end
    const size = await sizeOf(3600)
    await ann.api.post('/v1/people', { name: 'Dan' })
    await published(ann)
    expect(await sizeOf(3600)).toBe(size)
    expect(code(await ann.api.get(`/v1/evidence?${query}&age_s=0`))).toBe('REQUEST_INVALID')
    expect(code(await ann.api.get(`/v1/evidence?${query}&age_s=3601`))).toBe('REQUEST_INVALID')
  })

  test('pages through a test and a population, and hands out the whole of one', async () => {
    const tested = await ben.api.get(`/v1/evidence/tests/1?${query}&start=0`)
    expect(tested.json).toMatchObject({ number: 1, from: 0 })
    const { json } = await ben.api.get(`/v1/evidence/populations/decisions?${query}&start=1`)
    expect([json.count, json.from, json.rows.length]).toEqual([3, 1, 2])
    const file = await ben.api.fetch('GET', `/v1/evidence/populations/decisions/file?${query}&format=jsonl`)
    expect((await file.text()).trim().split('\n')).toHaveLength(3)
  })

  test('compares what a source said, and shows none of it', async () => {
    const from = at(-2 * HOUR_MS)
    const { json } = await ann.api.post('/v1/reconciliations', {
      test: 1,
      key: 'agent',
      column: 'client',
      scope: null,
      from,
      to: period.to,
      taken: from,
      source: 'directory',
      query: 'all applications',
      extractor: 'exporter 1',
      csv: 'mail,client\r\nmallory@example.com,agt_unknown\r\n',
    })
    await published(ann)
    const asked = `from=${encodeURIComponent(from)}&to=${encodeURIComponent(period.to)}`
    const tested = await ann.api.get(`/v1/evidence/tests/1?${asked}&start=0`)
    expect(tested.status).toBe(200)
    expect(tested.json.deviations).toContainEqual(
      expect.objectContaining({ code: 'ONLY_IN_SOURCE', entries: [json.entry] }),
    )
    const sources = await ann.api.fetch('GET', `/v1/evidence/populations/sources/file?${asked}&format=csv`)
    for (const text of [JSON.stringify(tested.json), await sources.text()]) {
      expect(text).toContain(json.id)
      expect(text).not.toMatch(/mallory|agt_unknown/)
    }
    const { entries } = (await ann.api.get('/v1/entries?limit=100')).json
    expect(JSON.stringify(entries)).not.toContain('field.opened')
  })

  test.each([
    ['a test that is not there', `tests/99?${query}`, 'NOT_FOUND'],
    ['a population that is not there', `populations/nothing?${query}`, 'NOT_FOUND'],
    ['a period that ends before it starts', `tests/1?from=${period.to}&to=${period.from}`, 'REQUEST_INVALID'],
    ['no period', 'tests/1', 'REQUEST_INVALID'],
  ])('refuses %s', async (_, path, expected) => {
    expect(code(await ann.api.get(`/v1/evidence/${path}`))).toBe(expected)
  })
})

describe('a pack that the control plane builds', () => {
  async function built(by: Operator, given: object = {}, state = 'done'): Promise<Answer['json']> {
    const { status, json } = await by.api.post('/v1/evidence/packs', { ...period, ...given })
    expect([status, json.now]).toEqual([200, { state: 'waiting' }])
    expect(code(await by.api.post('/v1/evidence/packs', period))).toBe('TOO_MANY')
    const now = async (): Promise<Answer['json']> => (await by.api.get(`/v1/evidence/packs/${json.id}`)).json
    await expect.poll(now, { timeout: 60_000 }).toMatchObject({ now: { state } })
    return now()
  }

  async function fileOf(by: Operator, id: string): Promise<Uint8Array> {
    const answer = await by.api.fetch('GET', `/v1/evidence/packs/${id}/file`)
    return new Uint8Array(await answer.arrayBuffer())
  }

  test('verifies, is on record in the name of who asked, and is theirs alone', async () => {
    const { id, now } = await built(ann)
    const answer = await ann.api.fetch('GET', `/v1/evidence/packs/${id}/file`)
    expect(answer.headers.get('content-disposition')).toMatch(/^attachment; filename="pack-.*\.zip"$/)
    const bytes = new Uint8Array(await answer.arrayBuffer())
    expect([bytes.length, hex(nodeCrypto.sha256(bytes))]).toEqual([now.pack.bytes, now.pack.sha256])
    const { report } = await verifyPack(nodeCrypto, bytes, server.running.vkey)
    expect([report.integrity, report.faults]).toEqual([true, []])
    const { packs, jobs } = (await ann.api.get('/v1/evidence/packs')).json
    expect(packs[0]).toMatchObject({ entry: now.entry, person: ann.id, sha256: now.pack.manifest, ...period })
    expect(jobs).toMatchObject([{ id, period }])
    expect((await ben.api.get('/v1/evidence/packs')).json.jobs).toEqual([])
    expect(code(await ben.api.get(`/v1/evidence/packs/${id}`))).toBe('NOT_FOUND')
    expect(code(await ben.api.get(`/v1/evidence/packs/${id}/file`))).toBe('NOT_FOUND')
  }, 120_000)

  test('has what the company says of itself, and what changed in narratives since a pack that is kept', async () => {
    const earlier = (await built(ann)).id
    const said = {
      description: 'company: Acme\nservices: [Letters to customers]\n',
      earlier: { pack: earlier },
    }
    const { id } = await built(ann, said)
    const bytes = await fileOf(ann, id)
    const { report } = await verifyPack(nodeCrypto, bytes, server.running.vkey)
    expect([report.integrity, report.faults]).toEqual([true, []])
    const files = readArchive(bytes)
    const text = (name: string): string => fromUtf8(files.get(name) ?? Uint8Array.of())
    expect(JSON.parse(text('drafts/description.json'))).toEqual({
      company: 'Acme',
      services: ['Letters to customers'],
    })
    expect(text('drafts/system-description.html')).toContain('Letters to customers')
    expect(text('narratives.earlier.json')).toBe(
      fromUtf8(readArchive(await fileOf(ann, earlier)).get('narratives.json') ?? Uint8Array.of()),
    )
    // The narratives of a pack that is kept elsewhere do as well; those of another log do not.
    const narratives = text('narratives.json')
    await built(ann, { earlier: { narratives } })
    const foreign = JSON.stringify({ ...JSON.parse(narratives), origin: 'elsewhere.example/log' })
    const { now } = await built(ann, { earlier: { narratives: foreign } }, 'failed')
    expect(now.message).toContain('another log')
  }, 240_000)

  test.each([
    ['a description that does not fit', { description: 'company: Acme\nmotto: none\n' }, 'REQUEST_INVALID'],
    ['a description with a key twice', { description: 'company: Acme\ncompany: Acme\n' }, 'REQUEST_INVALID'],
    ['narratives that are none', { earlier: { narratives: '{}' } }, 'REQUEST_INVALID'],
    ['an earlier pack that is not kept', { earlier: { pack: 'nothing' } }, 'NOT_FOUND'],
  ])('is not begun with %s', async (_, given, expected) => {
    expect(code(await ann.api.post('/v1/evidence/packs', { ...period, ...given }))).toBe(expected)
  })

  test('is not compared with a pack of somebody else', async () => {
    const { jobs } = (await ann.api.get('/v1/evidence/packs')).json
    const given = { earlier: { pack: jobs.find((job: Answer['json']) => job.now.state === 'done').id } }
    expect(code(await ben.api.post('/v1/evidence/packs', { ...period, ...given }))).toBe('NOT_FOUND')
  })

  test('is one at a time, also of several that are asked for at once', async () => {
    const asked = await Promise.all([1, 2, 3].map(() => ann.api.post('/v1/evidence/packs', period)))
    const begun = asked.filter(({ status }) => status === 200)
    expect(begun).toHaveLength(1)
    const id: string = begun[0]?.json.id
    const state = async () => (await ann.api.get(`/v1/evidence/packs/${id}`)).json.now.state
    await expect.poll(state, { timeout: 60_000 }).toBe('done')
  }, 120_000)

  test('is not begun for a period that ends before it starts', async () => {
    const body = { from: period.to, to: period.from }
    expect(code(await ann.api.post('/v1/evidence/packs', body))).toBe('REQUEST_INVALID')
  })

  test('says which verifiers these sources build, or none', async () => {
    const { verifiers } = (await ann.api.get('/v1/evidence/verifiers')).json
    for (const { sha256 } of verifiers) expect(sha256).toMatch(/^[0-9a-f]{64}$/)
  })
})
