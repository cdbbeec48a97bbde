/** Handing in what sources that are not ours say. spec/sources.md (RCN-1, RCN-2, RCN-4). */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fsTileStore } from '../../src/adapters/fs/tile-store.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { fromUtf8 } from '../../src/core/encoding.ts'
import { readArchive } from '../../src/evidence/pack/archive.ts'
import { buildPack } from '../../src/evidence/pack/build.ts'
import { verifyPack } from '../../src/evidence/verify/verify.ts'
import { openCheckpoint } from '../../src/log/checkpoint.ts'
import { openedFieldSchema } from '../../src/log/commitment.ts'
import { packSigner } from '../../test/fixtures/packs.ts'
import { filesWith } from '../../test/fixtures/personal.ts'
import { until } from '../../test/fixtures/processes.ts'
import { registersOf, TestServer, type Answer, type Operator } from './harness.ts'

const server = new TestServer({ separation: 'after' })
let ann: Operator
beforeAll(async () => {
  await server.start()
  ann = await server.enrol(server.bootstrapSecret)
})
afterAll(() => server.remove())

const PERIOD = { from: '2020-01-01T00:00:00.000Z', to: '2090-01-01T00:00:00.000Z' }
const CSV = 'mail,client\r\nmallory@example.com,agt_unknown\r\n'
const code = (answer: Answer): string | undefined => answer.json.error?.code
const upload = (edit: JsonObject = {}): Promise<Answer> =>
  ann.api.post('/v1/reconciliations', {
    test: 1,
    key: 'agent',
    column: 'client',
    scope: null,
    ...PERIOD,
    taken: PERIOD.from,
    source: 'directory',
    query: 'all applications',
    extractor: 'exporter 1',
    csv: CSV,
    ...edit,
  })

async function pack(): Promise<Uint8Array> {
  const { size } = (await ann.api.get('/v1/entries?limit=1')).json
  const checkpoint = await until('a checkpoint', () => {
    const note = readFileSync(join(server.dataDir, 'log', 'checkpoint'))
    return openCheckpoint(nodeCrypto, note, server.running.vkey).size >= size ? note : null
  })
  const openSource = async (entry: number) => {
    const { json } = await ann.api.post('/v1/openings', { entry, field: 'content' })
    const { opening } = openedFieldSchema.parse(json)
    return 'salt' in opening && typeof opening.value === 'string'
      ? { csv: opening.value, salt: opening.salt }
      : null
  }
  const tiles = fsTileStore(join(server.dataDir, 'log'))
  const source = {
    tiles,
    vkey: server.running.vkey,
    checkpoint,
    start: null,
    sign: packSigner(ann.api),
    openSource,
  }
  const period = { from_ms: Date.parse(PERIOD.from), to_ms: Date.parse(PERIOD.to) }
  return (await buildPack(nodeCrypto, source, period)).bytes
}

describe('what a source says', () => {
  test('is kept sealed, in no entry, and in packs of the period until it is erased', async () => {
    const { id, entry, rows_n } = (await upload()).json
    expect(rows_n).toBe(1)
    expect(filesWith(server.dataDir, 'mallory@example.com')).toEqual([])
    const { sources } = (await ann.api.get('/v1/reconciliations')).json
    expect(sources).toMatchObject([{ id, entry, person: ann.id, columns: ['mail', 'client'], rows_n: 1 }])

    const built = await pack()
    const file = readArchive(built).get(`sources/${id}.csv`) ?? new Uint8Array()
    expect(fromUtf8(file)).toBe(CSV)
    const { report } = await verifyPack(nodeCrypto, built, server.running.vkey)
    expect(report).toMatchObject({ integrity: true, faults: [] })
    expect(report.results[1]?.deviations).toMatchObject([{ code: 'ONLY_IN_SOURCE', entries: [entry] }])

    const shown = await ann.api.get(`/v1/subjects/${id}/erasure?basis=retention`)
    const gesture = ann.authenticator.assert(shown.json.challenge)
    await ann.api.post(`/v1/subjects/${id}/erase`, { ...gesture, basis: 'retention' })
    expect(code(await ann.api.post('/v1/openings', { entry, field: 'content' }))).toBe('VALUE_ERASED')
    const later = await pack()
    expect(readArchive(later).has(`sources/${id}.csv`)).toBe(false)
    const after = (await verifyPack(nodeCrypto, later, server.running.vkey)).report
    expect(after).toMatchObject({ integrity: true, faults: [], populations: { sources: 1 } })
  })

  test.each<[string, JsonObject, string, RegExp]>([
    ['a test that has no source', { test: 2 }, 'SOURCE_INVALID', /test 2/],
    ['a key that the test has not', { key: 'action' }, 'SOURCE_INVALID', /agent/],
    ['a scope that the test has not', { scope: { member: 'server', value: 'x' } }, 'SOURCE_INVALID', /class/],
    ['a column that is not there', { column: 'id' }, 'SOURCE_INVALID', /column/],
    ['a row without a key', { csv: 'client\r\n""\r\n' }, 'SOURCE_INVALID', /row 1/],
    ['a period that ends first', { to: PERIOD.from }, 'SOURCE_INVALID', /period/],
    ['no CSV', { csv: 'client,mail\r\nagt_1\r\n' }, 'CSV_INVALID', /line 2/],
    ['more than we know', { opinion: 'fine' }, 'REQUEST_INVALID', /./],
  ])('with %s is refused', async (_, edit, refusal, message) => {
    const answer = await upload(edit)
    expect(code(answer)).toBe(refusal)
    expect(answer.json.error?.message).toMatch(message)
  })
})

test('registers that were rebuilt from the log are those that there are', async () => {
  await upload()
  expect((await registersOf(join(server.dataDir, 'countersign.db'))).differences).toEqual([])
})
