/** What pruning leaves of leases: what is owed and not settled yet stays, what is settled needs no receipts. spec/retention.md (RET-2, RET-8). */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { fsTileStore } from '../../src/adapters/fs/tile-store.ts'
import { nodeCrypto as crypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { buildPack } from '../../src/evidence/pack/build.ts'
import { verifyPack } from '../../src/evidence/verify/verify.ts'
import { openCheckpoint } from '../../src/log/checkpoint.ts'
import { decodeKept, keptPath } from '../../src/log/kept.ts'
import { marker } from '../../test/fixtures/personal.ts'
import { until } from '../../test/fixtures/processes.ts'
import { Stream } from '../../test/fixtures/shipped.ts'
import { debitOf, need, Spool } from '../../test/fixtures/spool.ts'
import { packSigner } from '../../test/fixtures/packs.ts'
import { registersOf, TestServer, type Operator } from './harness.ts'

const OLD = Date.parse('2026-03-01T09:30:00Z')
const NOW = Date.parse('2028-06-01T00:00:00Z')
const BEFORE = '2026-05-01T00:00:00.000Z'

let server: TestServer
let ann: Operator

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: OLD })
  server = await new TestServer().start()
  ann = await server.enrol(server.bootstrapSecret)
})
afterEach(async () => {
  vi.useRealTimers()
  await server.remove()
})

const checkpoint = (): Buffer => readFileSync(join(server.dataDir, 'log', 'checkpoint'))
const tiles = () => fsTileStore(join(server.dataDir, 'log'))

async function published(): Promise<void> {
  const wanted = await ann.api.logSize()
  await until('a checkpoint', () =>
    openCheckpoint(crypto, checkpoint(), server.running.vkey).size >= wanted ? true : null,
  )
}

async function prune(): Promise<void> {
  const shown = await ann.api.get(`/v1/log/pruning?before=${BEFORE}&unreported=true`)
  const gesture = ann.authenticator.assert(shown.json.challenge ?? '')
  const body = { ...gesture, before: BEFORE, unreported: true }
  const { json } = await ann.api.post('/v1/log/prune', body)
  await until('the pruning', async () => {
    const { prunings } = (await ann.api.get('/v1/log/prunings')).json
    return prunings.at(-1)?.entry === json.entry && prunings.at(-1)?.state === 'done' ? true : null
  })
}

const kept = async () => decodeKept((await tiles().read(keptPath(0))) ?? new Uint8Array(0))

async function keptReceipts(point: string): Promise<number[]> {
  const entries = (await kept()).flatMap((bytes) =>
    bytes === null || bytes.length === 0 ? [] : [JSON.parse(Buffer.from(bytes).toString('utf8'))],
  )
  return entries
    .filter(({ type, body }) => type === 'receipt' && body.point === point)
    .map(({ body }) => body.seq)
}

test('a lease that was not settled in two years keeps its stream since, and is settled by it then', async () => {
  const spool = new Spool(await server.point(ann))
  await spool.open()
  const limit = { per: 'delegation', jti: 'dlg_old', max: 10 }
  await spool.ship(spool.add(4))
  const [lease] = (await spool.lease(need(6, limit))) ?? []
  if (lease === undefined) throw new Error('no lease')
  const debits = [spool.allow([debitOf(lease, 1)]), spool.decide({}), spool.allow([debitOf(lease, 2)])]
  await spool.ship(debits)
  await spool.ship(spool.add(2))
  await (await Stream.open(server, ann)).ship(300, marker('old'))
  vi.setSystemTime(NOW)
  await (await Stream.open(server, ann)).ship(3, marker('new'))
  await published()
  await prune()
  expect(await keptReceipts(spool.point.id)).toEqual([4, 5, 6, 7, 8, 9])
  expect(await registersOf(join(server.dataDir, 'countersign.db'))).toMatchObject({ ok: true })
  await spool.ship(spool.add(1), [], { returns: [lease.id] })
  expect(await spool.lease(need(7, limit))).toHaveLength(1) // 10 less the 3 that were debited
  expect(await spool.lease(need(1, limit))).toBeUndefined()
})

test('one that was settled keeps nothing, and a later pack verifies without its head', async () => {
  const spool = new Spool(await server.point(ann))
  await spool.open()
  const limit = { per: 'delegation', jti: 'dlg_old', max: 10 }
  const [lease] = (await spool.lease(need(6, limit))) ?? []
  if (lease === undefined) throw new Error('no lease')
  await spool.ship([spool.decide({})], [], { returns: [lease.id] })
  await spool.ship(spool.add(2))
  await (await Stream.open(server, ann)).ship(300, marker('old'))
  vi.setSystemTime(NOW)
  await (await Stream.open(server, ann)).ship(3, marker('new'))
  await published()
  await prune()
  expect(await keptReceipts(spool.point.id)).toEqual([3])
  expect(await spool.lease(need(10, limit))).toHaveLength(1)
  await published()
  const log = { tiles: tiles(), vkey: server.running.vkey, checkpoint: checkpoint(), start: null }
  const source = { ...log, sign: packSigner(ann.api) }
  const { bytes } = await buildPack(crypto, source, { from_ms: NOW - 60_000, to_ms: NOW + 60_000 })
  const { report } = await verifyPack(crypto, bytes, server.running.vkey)
  expect(report.faults.filter(({ code }) => code.startsWith('LEASE'))).toEqual([])
})
