/** Days of a log in moved time: a real store, real tiles, a real authority over HTTP. spec/witness.md, ANC-2 to ANC-6. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { fsCheckpointLock } from '../../src/adapters/fs/checkpoint-lock.ts'
import { fsTileStore } from '../../src/adapters/fs/tile-store.ts'
import { nodeCrypto as crypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { openSqliteStore } from '../../src/adapters/sqlite/sqlite-store.ts'
import { timestampAnchor } from '../../src/adapters/tsa/authority.ts'
import { tokenReader } from '../../src/adapters/tsa/token.ts'
import {
  openAnchors,
  readAnchorIndex,
  strangeAnchors,
  type OpenedAnchors,
} from '../../src/log/anchor-files.ts'
import { AnchorCheck, type AnchorReport } from '../../src/log/anchors.ts'
import { rfc3339 } from '../../src/core/time.ts'
import { decodeEntry, encodeEntry, LogError, type AnyEntry } from '../../src/log/entries.ts'
import { LogPublisher } from '../../src/log/publisher.ts'
import type { AnchorService } from '../../src/ports/anchor.ts'
import type { Store } from '../../src/ports/store.ts'
import type { PublicTiles } from '../../src/ports/tile-store.ts'
import { startTimeAuthority, type TimeAuthority } from '../../test/fixtures/time-authority.ts'
import { AnchorRunner } from './anchor-runner.ts'

const HOUR = 3_600_000
const START = 1_750_000_000_000
const SYSTEM = { kind: 'system', id: 'control-plane' } as const

let now_ms: number
let folder: string
let store: Store
let tiles: PublicTiles
let log: LogPublisher
let authority: TimeAuthority
let reports: unknown[]
const clock = { now: () => now_ms, monotonic: () => 0 }

beforeEach(async () => {
  now_ms = START
  reports = []
  folder = mkdtempSync(join(tmpdir(), 'countersign-anchors-'))
  store = openSqliteStore({ path: join(folder, 'test.db'), clock })
  tiles = fsTileStore(join(folder, 'log'))
  authority = await startTimeAuthority({ now: () => now_ms })
  const signer = crypto.signer(crypto.generateKey('Ed25519'))
  const lock = fsCheckpointLock(join(folder, 'lock'))
  log = new LogPublisher({ crypto, source: store.entries, tiles, lock, signer, origin: 'log.example', clock })
  await log.start()
  await grow(3)
})
afterEach(async () => {
  await log.stop()
  await store.close()
  await authority.close()
  rmSync(folder, { recursive: true, force: true })
})

async function grow(count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    await store.write((tx) =>
      tx.append({ type: 'system.added', actor: SYSTEM, subject: 'sys', body: { name: 'x' } }),
    )
  }
  await log.publish()
}

/** What no store of ours does: an entry that is older than the one before it. */
async function forge(time_ms: number): Promise<void> {
  const idx = await store.entries.size()
  const time = rfc3339(time_ms)
  const bytes = encodeEntry({ v: 1, type: 'system.added', time, actor: SYSTEM, body: { name: 'x' } })
  const raw = new DatabaseSync(join(folder, 'test.db'))
  raw.prepare('INSERT INTO entries (idx, type, bytes) VALUES (?, ?, ?)').run(idx, 'system.added', bytes)
  raw.prepare("UPDATE meta SET value = ? WHERE name = 'entries.next'").run(String(idx + 1))
  raw.close()
  await log.publish()
}

function stamps(): AnchorService {
  return timestampAnchor({ name: 'local', url: authority.url, roots: authority.root, clock })
}

function runner(...services: AnchorService[]): AnchorRunner {
  const report = (error: unknown): void => void reports.push(error)
  return new AnchorRunner({ crypto, clock, store, tiles, vkey: log.vkey, services, report })
}

async function entries(): Promise<AnyEntry[]> {
  return (await store.entries.read(0, await store.entries.size())).map(decodeEntry)
}

async function typed(type: AnyEntry['type']): Promise<AnyEntry[]> {
  return (await entries()).filter((entry) => entry.type === type)
}

/** As `log verify` does: anchors first, entries in order, and the anchors' roots against the tree. */
async function verified(): Promise<{ opened: OpenedAnchors; report: AnchorReport; strange: number }> {
  const trust = { crypto, vkey: log.vkey, cosigners: [], tokens: tokenReader(authority.root) }
  const opened = await openAnchors(trust, tiles)
  const { size } = await log.publish()
  const check = new AnchorCheck(opened.trusted)
  for (const [index, entry] of (await entries()).entries()) {
    const anchored = entry.type === 'log.anchored' ? { anchored: entry.body.sha256 } : {}
    check.entry({ index, time_ms: Date.parse(entry.time), ...anchored })
  }
  const strange = await strangeAnchors(crypto, tiles, size, opened.trusted)
  return { opened, report: check.end(now_ms), strange: strange.length }
}

/** Time passes in steps of half an hour, with a tick in each, as the timer would. */
async function pass(hours: number, run: AnchorRunner): Promise<void> {
  for (let i = 0; i < 2 * hours; i++) {
    now_ms += HOUR / 2
    await grow(1)
    await run.tick()
  }
}

test('anchors at once, then every day, and names each anchor in the log', async () => {
  const run = runner(stamps())
  await run.tick()
  await pass(72, run)
  const lines = await readAnchorIndex(tiles)
  expect(lines.length).toBe(4)
  const gaps = lines.slice(1).map(({ at }, i) => (at - (lines[i]?.at ?? 0)) / 3600)
  for (const gap of gaps) expect(gap).toSatisfy((hours: number) => hours >= 21 && hours <= 22.5)
  const logged = (await typed('log.anchored')).map((entry) => entry.body)
  expect(logged).toMatchObject(lines.map((line) => ({ ...line })))
  expect(reports).toEqual([])
})

test('what it leaves verifies: every entry within its anchors, no gap, every root of this tree', async () => {
  const run = runner(stamps())
  await run.tick()
  await pass(72, run)
  const { opened, report, strange } = await verified()
  expect([opened.trusted.length, opened.refused.length, strange]).toEqual([4, 0, 0])
  expect(report).toEqual({ outside_count: 0, outside: [], gaps: [], unknown: [] })
})

test('after a restart the day goes on from the last anchor', async () => {
  await runner(stamps()).tick()
  const run = runner(stamps())
  await run.tick()
  await pass(20, run)
  expect(authority.asked()).toBe(1)
  await pass(3, run)
  expect(authority.asked()).toBe(2)
})

describe('an authority that is away', () => {
  test('is asked again after five minutes, not at every look', async () => {
    authority.behave({ status: 2, noToken: true })
    const run = runner(stamps())
    const asked: number[] = []
    for (let minute = 0; minute < 12; minute++) {
      await run.tick()
      asked.push(authority.asked())
      now_ms += 60_000
    }
    expect(asked).toEqual([1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3])
    expect(reports).toHaveLength(3)
  })

  test('raises an alert when it is overdue, again each day, and shows as a gap', async () => {
    const run = runner(stamps())
    await run.tick()
    authority.behave({ status: 2, noToken: true })
    await pass(24, run)
    expect(await typed('alert.raised')).toEqual([])
    await pass(26, run)
    const alert = { rule: 'ANCHOR_OVERDUE', detail: { kind: 'timestamp', by: 'local', since: START / 1000 } }
    expect((await typed('alert.raised')).map(({ body }) => body)).toMatchObject([alert, alert])
    authority.behave({})
    await pass(1, run)
    const { report } = await verified()
    expect(report.gaps).toHaveLength(1)
    expect(report.gaps[0]).toMatchObject({ from_ms: START })
  })

  test('does not keep another from being asked', async () => {
    const broken: AnchorService = {
      kind: 'mail',
      by: 'broken',
      anchor: async () => {
        throw new LogError('ANCHOR_FAILED', 'broken')
      },
    }
    await runner(broken, stamps()).tick()
    expect((await readAnchorIndex(tiles)).map(({ by }) => by)).toEqual(['local'])
  })
})

test('an authority that hangs is given up when the server stops', async () => {
  const hung = Promise.withResolvers<void>()
  const run = runner({
    kind: 'timestamp',
    by: 'hangs',
    anchor: (_, signal) => {
      hung.resolve()
      return new Promise((__, reject) =>
        signal.addEventListener('abort', () => reject(new Error('given up'))),
      )
    },
  })
  const looking = run.tick()
  await hung.promise
  await run.stop()
  await looking
  expect(reports).toHaveLength(1)
})

describe('an anchor that the log does not name', () => {
  /** The store loses the entries of anchors, as a crash before them does. */
  function crashing(): AnchorRunner {
    const lost: Store = {
      ...store,
      entries: store.entries,
      nodes: store.nodes,
      query: (work) => store.query(work),
      write: async () => {
        throw new LogError('LOG_UNAVAILABLE', 'the process ends')
      },
    }
    const report = (error: unknown): void => void reports.push(error)
    return new AnchorRunner({
      crypto,
      clock,
      store: lost,
      tiles,
      vkey: log.vkey,
      services: [stamps()],
      report,
    })
  }

  test('because of a crash is named at the next start, once, and everything verifies', async () => {
    await runner(stamps()).tick()
    now_ms += 23 * HOUR
    await grow(1)
    await crashing().tick()
    expect((await typed('log.anchored')).length).toBe(1)
    reports = []
    await grow(300)
    for (let starts = 0; starts < 2; starts++) await runner(stamps()).tick()
    const lines = await readAnchorIndex(tiles)
    expect((await typed('log.anchored')).map(({ body }) => body)).toMatchObject(
      lines.map((line) => ({ ...line })),
    )
    expect(lines).toHaveLength(2)
    expect(reports).toEqual([])
    const { opened, report, strange } = await verified()
    expect([opened.trusted.length, strange]).toEqual([2, 0])
    expect(report).toEqual({ outside_count: 0, outside: [], gaps: [], unknown: [] })
    const roots = (await typed('log.anchored')).map(({ body }) => (body as { root: string }).root)
    expect(roots).toEqual(opened.trusted.map(({ root }) => Buffer.from(root).toString('base64url')))
  })

  test('because the store was away is named once it is back, without a restart', async () => {
    let isAway = true
    const away: Store = {
      ...store,
      entries: store.entries,
      nodes: store.nodes,
      query: (work) => store.query(work),
      write: (work, options) =>
        isAway ? Promise.reject(new LogError('LOG_UNAVAILABLE', 'away')) : store.write(work, options),
    }
    const report = (error: unknown): void => void reports.push(error)
    const services = [stamps()]
    const run = new AnchorRunner({ crypto, clock, store: away, tiles, vkey: log.vkey, services, report })
    await run.tick()
    expect(await typed('log.anchored')).toEqual([])
    isAway = false
    await run.tick()
    await run.tick()
    expect(await typed('log.anchored')).toHaveLength(1)
    expect(authority.asked()).toBe(1)
  })

  test('and is of more entries than are public is reported and stays unnamed', async () => {
    await crashing().tick()
    const [line] = await readAnchorIndex(tiles)
    await tiles.write('anchor/index', Buffer.from(JSON.stringify({ v: 1, anchors: [{ ...line, size: 99 }] })))
    reports = []
    await runner(stamps()).tick()
    expect(reports).toHaveLength(1)
    expect(await typed('log.anchored')).toEqual([])
  })
})

describe('a log that lies about time', () => {
  test('with entries dated back is found by the anchor that the log names before them', async () => {
    const run = runner(stamps())
    await run.tick()
    await pass(24, run)
    await forge(now_ms - 10 * HOUR)
    const { report } = await verified()
    expect(report.outside).toMatchObject([{ code: 'EARLIER', what: 'time' }])
  })

  test('with entries dated ahead is found by the anchor that covers them', async () => {
    now_ms += 5 * HOUR
    await grow(1)
    now_ms -= 5 * HOUR
    await runner(stamps()).tick()
    const { report } = await verified()
    expect(report.outside).toMatchObject([{ code: 'LATER', index: 3 }])
  })
})

describe('what lies beside the log', () => {
  test('is refused when a token was changed or is gone, and its entry is named', async () => {
    await runner(stamps()).tick()
    const [line] = await readAnchorIndex(tiles)
    const path = `anchor/${Buffer.from(line?.sha256 ?? '', 'base64url').toString('hex')}`
    await tiles.write(path, new Uint8Array(10))
    const { opened, report } = await verified()
    expect(opened.refused).toMatchObject([{ line }])
    expect(report.unknown).toEqual([3])
  })

  test('is no anchor of this log when the tree is another', async () => {
    await runner(stamps()).tick()
    const { opened } = await verified()
    const other = opened.trusted.map((anchor) => ({ ...anchor, root: new Uint8Array(32) }))
    expect(await strangeAnchors(crypto, tiles, 4, other)).toHaveLength(1)
    expect(await strangeAnchors(crypto, tiles, 2, opened.trusted)).toHaveLength(1)
  })

  test('with a malformed index is said, and nothing is overwritten', async () => {
    await tiles.write('anchor/index', Buffer.from('{"v":1}'))
    await expect(readAnchorIndex(tiles)).rejects.toThrowWithCode('ANCHOR_INVALID')
    await runner(stamps()).tick()
    expect(Buffer.from((await tiles.read('anchor/index')) ?? []).toString()).toBe('{"v":1}')
    expect(reports).toHaveLength(1)
  })
})
