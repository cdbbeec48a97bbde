/** Retention over HTTP: what goes, what stays and holds, what is in the way, and who is caught. spec/retention.md */
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { fsTileStore } from '../../src/adapters/fs/tile-store.ts'
import { nodeCrypto as crypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { rfc3339 } from '../../src/core/time.ts'
import { buildPack } from '../../src/evidence/pack/build.ts'
import { verifyPack } from '../../src/evidence/verify/verify.ts'
import { openCheckpoint, type Checkpoint } from '../../src/log/checkpoint.ts'
import { decodeEntry } from '../../src/log/entries.ts'
import { decodeKept, encodeKept, keptPath, mapPath } from '../../src/log/kept.ts'
import { findConsistency } from '../../src/log/lookup.ts'
import { inclusionProof, leafHash, verifyConsistency, verifyInclusion } from '../../src/log/merkle.ts'
import { tileNodes } from '../../src/log/reader.ts'
import { decodeBundle, tileAt, tilePath } from '../../src/log/tiles.ts'
import { verifyLog, type LogReport } from '../../src/log/verify.ts'
import { filesWith, marker } from '../../test/fixtures/personal.ts'
import { until } from '../../test/fixtures/processes.ts'
import { Stream } from '../../test/fixtures/shipped.ts'
import { packOver, packSigner } from '../../test/fixtures/packs.ts'
import { registersOf, TestServer, type Answer, type Operator } from './harness.ts'

const OLD = Date.parse('2026-03-01T09:30:00Z')
const NOW = Date.parse('2028-06-01T00:00:00Z')
const BEFORE = '2026-05-01T00:00:00.000Z'

let server: TestServer
let ann: Operator
let stream: Stream
let old: string

const tiles = () => fsTileStore(join(server.dataDir, 'log'))
const vkey = (): string => server.running.vkey
const code = ({ json }: Answer): unknown => json.error?.code
const bundle = (index: number): string => tilePath({ level: 'entries', index, width: 256 })

/** Two years ago 600 calls; now a few more. */
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: OLD })
  server = await new TestServer().start()
  ann = await server.enrol(server.bootstrapSecret)
  stream = await Stream.open(server, ann)
  old = marker('old')
  await stream.ship(300, old)
  await stream.ship(300, old)
  vi.setSystemTime(NOW)
  await stream.ship(3, marker('new'))
  await published()
})
afterEach(async () => {
  vi.useRealTimers()
  await server.remove()
})

async function published(): Promise<Checkpoint> {
  const wanted = await ann.api.logSize()
  const path = join(server.dataDir, 'log', 'checkpoint')
  return until('a checkpoint', () => {
    const head = openCheckpoint(crypto, readFileSync(path), vkey())
    return head.size >= wanted ? head : null
  })
}

const plan = (query = `unreported=true`, before = BEFORE): Promise<Answer> =>
  ann.api.get(`/v1/log/pruning?before=${before}&${query}`)

async function announce(unreported = true, before = BEFORE): Promise<Answer> {
  const shown = await plan(`unreported=${unreported}`, before)
  if (shown.status !== 200) return shown
  const gesture = ann.authenticator.assert(shown.json.challenge ?? '')
  return ann.api.post('/v1/log/prune', { ...gesture, before, unreported })
}

async function prune(): Promise<number> {
  const { json } = await announce()
  await until('the pruning', async () => {
    const { prunings } = (await ann.api.get('/v1/log/prunings')).json
    return prunings.at(-1)?.entry === json.entry && prunings.at(-1)?.state === 'done' ? true : null
  })
  return json.entry
}

const verified = (): Promise<LogReport> => verifyLog(crypto, tiles(), { vkey: vkey() })

/** Of the last bundle. */
async function typesFrom(index: number, end: number): Promise<string[]> {
  const tile = tileAt('entries', Math.floor(index / 256), end)
  const bytes = (await tiles().read(tilePath(tile))) ?? new Uint8Array(0)
  return decodeBundle(bytes, tile.width)
    .slice(index % 256)
    .map((entry) => decodeEntry(entry).type)
}

async function pack(from_ms: number) {
  const { note } = (await ann.api.get(`/v1/checkpoints?at=${rfc3339(from_ms)}`)).json
  await published()
  const checkpoint = readFileSync(join(server.dataDir, 'log', 'checkpoint'))
  const start = note === undefined ? null : Buffer.from(note)
  const source = { tiles: tiles(), vkey: vkey(), checkpoint, start, sign: packSigner(ann.api) }
  return buildPack(crypto, source, { from_ms, to_ms: NOW + 60_000 })
}

describe('pruning what is old', () => {
  test('takes the bytes of what goes from every file, and leaves every proof', async () => {
    const before = await published()
    const entries = decodeBundle((await tiles().read(bundle(0))) ?? new Uint8Array(0), 256)
    const gone = entries[200] ?? new Uint8Array(0)
    const [args] = filesWith(server.dataDir, stream.receipts[200]?.args_commit ?? '')
    expect(args).toBeDefined()
    const entry = await prune()
    const head = await published()
    expect(await tiles().read(bundle(0))).toBeNull()
    expect(await tiles().read(bundle(1))).toBeNull()
    expect(await tiles().read(tilePath(tileAt('entries', 2, head.size)))).not.toBeNull()
    expect(await verified()).toMatchObject({ ok: true, size: head.size, faults: [] })
    expect((await verified()).entries_pruned).toBeGreaterThan(480)
    // An old checkpoint is consistent with the new one, and a pruned entry that somebody kept is included.
    const proof = await findConsistency(crypto, tiles(), {
      from: before.size,
      to: head.size,
      size: head.size,
    })
    const sizes = { size1: before.size, size2: head.size }
    const roots = { root1: before.root, root2: head.root }
    expect(verifyConsistency(crypto, { ...sizes, ...roots, proof })).toBe(true)
    const inclusion = await inclusionProof(crypto, tileNodes(crypto, tiles(), head.size), 200, head.size)
    const claim = { index: 200, size: head.size, root: head.root, leaf: leafHash(crypto, gone) }
    expect(verifyInclusion(crypto, { ...claim, proof: inclusion })).toBe(true)
    expect((await registersOf(join(server.dataDir, 'countersign.db'))).differences).toEqual([])
    // What falls due meanwhile may come after it, and is no pruning.
    const [own, ...later] = await typesFrom(entry, head.size)
    expect(own).toBe('log.pruned')
    expect(later.filter((type) => type !== 'alert.raised' && type !== 'capacity.sampled')).toEqual([])
    await server.running.close()
    expect(filesWith(server.dataDir, stream.receipts[200]?.args_commit ?? '')).toEqual([])
    await server.start()
  }, 60_000)

  test('is done again by nobody, and the log goes on after a restart, also without its files', async () => {
    const entry = await prune()
    expect(await plan()).toMatchObject({ json: { from: 512, to: 512, act: null } })
    expect(code(await announce())).toBe('STATE_CONFLICT')
    await server.running.close()
    for (const folder of ['tile', 'kept', 'pruned'])
      rmSync(join(server.dataDir, 'log', folder), { recursive: true })
    await server.start()
    expect((await stream.ship(2, 'later')).status).toBe(200)
    await published()
    await until('the map', () => tiles().read(mapPath(entry)))
    expect(await verified()).toMatchObject({ ok: true })
  }, 60_000)

  test('keeps what registers and later packs need: a later pack verifies, one of the time before is not made', async () => {
    await prune()
    const { bytes, manifest } = await pack(NOW - 1)
    const { report } = await verifyPack(crypto, bytes, vkey())
    expect(report.faults).toEqual([])
    expect(report).toMatchObject({ ok: true, denied: { NO_GRANT: expect.any(Number) } })
    expect(manifest.log.pruned).toHaveLength(1)
    await expect(pack(OLD)).rejects.toThrowWithCode('PACK_PERIOD_PRUNED')
  }, 60_000)

  test('answers 410 for what is gone, and the rest as before', async () => {
    await prune()
    const one = await ann.api.get('/v1/log/entries/200')
    expect([one.status, code(one)]).toEqual([410, 'ENTRY_PRUNED'])
    expect((await ann.api.get('/v1/log/entries/0')).json.entry.type).toBe('log.created')
    const file = await ann.api.get(`/log/${bundle(0)}`)
    expect([file.status, code(file)]).toEqual([410, 'ENTRY_PRUNED'])
    const kept = await ann.api.fetch('GET', `/log/${keptPath(0)}`, '')
    expect(decodeKept(new Uint8Array(await kept.arrayBuffer()))).toHaveLength(256)
    const { entries } = (await ann.api.get('/v1/entries?after=100&limit=5')).json
    expect(entries).toHaveLength(5)
    expect(entries[0].index).toBeGreaterThan(100)
  }, 60_000)

  test('takes a receipt that comes again for what it is', async () => {
    await prune()
    const before = await ann.api.logSize()
    await stream.send(stream.receipts.slice(100, 110))
    expect(await ann.api.loggedSince(before)).toEqual([])
  }, 60_000)
})

describe('pruning is refused or ends earlier', () => {
  test('for want of a pack that has it, unless a person decides so on record', async () => {
    expect((await plan('unreported=false')).json).toMatchObject({
      from: 0,
      to: 0,
      held_back: { by: 'unreported' },
    })
    const period = { from: rfc3339(OLD - 1), to: rfc3339(OLD + 60_000) }
    const { entry } = (await ann.api.post('/v1/packs', packOver(server, await ann.api.logSize(), period)))
      .json
    expect((await plan('unreported=false')).json).toMatchObject({ to: 512, packs: [entry] })
  }, 60_000)

  test('where a hold begins', async () => {
    const { hold } = (await ann.api.post('/v1/holds', { target: stream.point, reason: 'a court asks' })).json
    expect((await plan()).json).toMatchObject({ to: 0, held_back: { by: 'hold', holds: [hold] } })
  }, 60_000)

  test('for what is younger than a year, and where something young stands', async () => {
    expect(code(await plan('unreported=true', '2027-12-01T00:00:00Z'))).toBe('RETENTION_TOO_SHORT')
    expect((await plan('unreported=true', rfc3339(OLD - 1))).json).toMatchObject({
      to: 0,
      held_back: { by: 'age' },
    })
  }, 60_000)
})

describe('who removes by hand is caught', () => {
  test('a bundle without a word', async () => {
    rmSync(join(server.dataDir, 'log', bundle(0)))
    expect((await verified()).faults).toMatchObject([{ code: 'ENTRY_MISSING', index: 0 }])
  }, 60_000)

  test('one entry more than was announced, in the files and in the database', async () => {
    await prune()
    const kept = decodeKept((await tiles().read(keptPath(0))) ?? new Uint8Array(0))
    const index = kept.findIndex((entry, i) => i > 3 && entry.length > 0)
    const without = kept.map((entry, i) => (i === index ? new Uint8Array(0) : entry))
    await tiles().write(keptPath(0), encodeKept(without.map((entry) => (entry.length === 0 ? null : entry))))
    expect((await verified()).faults).toMatchObject([{ code: 'ENTRY_MISSING', index }])
    await server.running.close()
    const raw = new DatabaseSync(join(server.dataDir, 'countersign.db'))
    raw.prepare('DELETE FROM entries WHERE idx = ?').run(index)
    raw.close()
    const { differences } = await registersOf(join(server.dataDir, 'countersign.db'))
    expect(differences).toContainEqual({ table: 'entries', key: String(index), kind: 'missing' })
    server.skipsRebuild = true
    await server.start()
  }, 60_000)

  test('a bundle that was never announced, dressed up as pruned', async () => {
    const entries = decodeBundle((await tiles().read(bundle(0))) ?? new Uint8Array(0), 256)
    await tiles().write(keptPath(0), encodeKept(entries.map((entry, i) => (i === 200 ? null : entry))))
    rmSync(join(server.dataDir, 'log', bundle(0)))
    expect((await verified()).faults).toMatchObject([{ code: 'ENTRY_MISSING', index: 200 }])
  }, 60_000)
})
