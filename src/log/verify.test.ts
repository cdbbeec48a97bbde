import { beforeAll, describe, expect, test } from 'vitest'
import { publishEntries } from '../../test/fixtures/published.ts'
import { memoryTileStore, type MemoryTileStore } from '../../test/contract/tile-store.ts'
import { nodeCrypto as crypto } from '../adapters/node-crypto/node-crypto.ts'
import { utf8 } from '../core/encoding.ts'
import { canonicalBytes } from '../core/json.ts'
import { rfc3339 } from '../core/time.ts'
import { signCheckpoint } from './checkpoint.ts'
import { encodeEntry } from './entries.ts'
import { leafHash, rootOf } from './merkle.ts'
import { formatVkey, noteKey } from './note.ts'
import { decodeBundle, encodeBundle } from './tiles.ts'
import { FAULTS_MAX, verifyLog, type LogFault } from './verify.ts'

const ORIGIN = 'log.example/verify'
const SIZE = 700
const signer = crypto.signer(crypto.generateKey('Ed25519'))
const vkey = formatVkey(noteKey(crypto, ORIGIN, signer.publicJwk))

function entry(i: number, time_ms = Date.UTC(2026, 0, 1) + i): Uint8Array {
  const actor = { kind: 'system' as const, id: 'control-plane' }
  return encodeEntry({ v: 1, type: 'system.added', time: rfc3339(time_ms), actor, body: { name: `s${i}` } })
}

const ENTRIES = Array.from({ length: SIZE }, (_, i) => entry(i))
const LEAVES = ENTRIES.map((bytes) => leafHash(crypto, bytes))

function noteOf(size: number, root = rootOf(crypto, LEAVES.slice(0, size))): Uint8Array {
  return signCheckpoint(crypto, signer, { origin: ORIGIN, size, root })
}

function publish(entries: readonly Uint8Array[]): MemoryTileStore {
  const store = memoryTileStore()
  publishEntries(entries, signer, ORIGIN, (path, bytes) => void store.files.set(path, bytes))
  return store
}

let published: MemoryTileStore
beforeAll(() => {
  published = publish(ENTRIES)
})

function copy(): MemoryTileStore {
  const store = memoryTileStore()
  for (const [path, bytes] of published.files) store.files.set(path, bytes)
  return store
}

const code = (name: string, more: Partial<LogFault> = {}) => expect.objectContaining({ code: name, ...more })

describe('a published log', () => {
  test('verifies, and extends every checkpoint that is held against it', async () => {
    const from = [0, 1, 255, 256, 257, 600, SIZE].map((size) => ({
      name: `at ${size}`,
      note: noteOf(size),
    }))
    const progress: number[] = []
    const report = await verifyLog(crypto, published, { vkey, from, onProgress: (n) => progress.push(n) })
    expect(report).toMatchObject({ ok: true, origin: ORIGIN, size: SIZE, entries_checked: SIZE, faults: [] })
    expect(progress).toEqual([0])
  })

  test('without entries verifies', async () => {
    const report = await verifyLog(crypto, publish([]), { vkey, from: [{ name: 'a', note: noteOf(0) }] })
    expect(report).toMatchObject({ ok: true, size: 0, entries_checked: 0 })
  })

  test('asks every rule of each entry, and at the end', async () => {
    const seen: number[] = []
    const fault = { code: 'SEEN', message: 'seen', index: 3 }
    const end = { code: 'END', message: 'end' }
    const rule = {
      entry: (index: number) => (seen.push(index), index === 3 ? fault : null),
      end: () => [end],
    }
    const start = { code: 'START', message: 'start' }
    const report = await verifyLog(crypto, published, {
      vkey,
      checkpointRules: [(_, { size }) => (size === SIZE ? [start] : [])],
      entryRules: [rule],
    })
    expect(seen).toHaveLength(SIZE)
    expect(report).toMatchObject({ ok: false, faults_n: 3, faults: [start, end, fault] })
  })
})

describe('verification names', () => {
  test('a checkpoint that is missing, of another key, or not one', async () => {
    const store = copy()
    store.files.delete('checkpoint')
    expect((await verifyLog(crypto, store, { vkey })).faults).toEqual([code('CHECKPOINT_MISSING')])
    store.files.set('checkpoint', utf8('nothing'))
    const report = await verifyLog(crypto, store, { vkey })
    expect(report).toMatchObject({ ok: false, size: 0, entries_checked: 0 })
    expect(report.faults).toEqual([code('CHECKPOINT_INVALID', { path: 'checkpoint' })])
    const other = crypto.signer(crypto.generateKey('Ed25519')).publicJwk
    const key = formatVkey(noteKey(crypto, ORIGIN, other))
    expect((await verifyLog(crypto, published, { vkey: key })).faults).toEqual([code('CHECKPOINT_INVALID')])
    await expect(verifyLog(crypto, published, { vkey: 'key' })).rejects.toThrowWithCode('VKEY_INVALID')
  })

  test('each checkpoint held that the log does not extend, and why', async () => {
    const from = [
      { name: 'ahead', note: noteOf(SIZE + 1, rootOf(crypto, [...LEAVES, LEAVES[0]!])) },
      { name: 'good', note: noteOf(500) },
      { name: 'forked', note: noteOf(500, LEAVES[0]) },
      { name: 'empty', note: noteOf(0, LEAVES[0]) },
      { name: 'unsigned', note: utf8('note') },
    ]
    expect((await verifyLog(crypto, published, { vkey, from })).faults).toEqual([
      code('CHECKPOINT_INVALID', { path: 'unsigned' }),
      code('CHECKPOINT_AHEAD', { path: 'ahead' }),
      code('CHECKPOINT_FORKED', { path: 'forked' }),
      code('CHECKPOINT_FORKED', { path: 'empty' }),
    ])
  })

  test('the entry that was changed, with its bundle, and counts those before it', async () => {
    const store = copy()
    const entries = decodeBundle(store.files.get('tile/entries/001')!, 256)
    store.files.set('tile/entries/001', encodeBundle(entries.with(7, entry(9999))))
    const report = await verifyLog(crypto, store, { vkey })
    expect(report).toMatchObject({ ok: false, size: SIZE, entries_checked: 256 })
    expect(report.faults).toEqual([code('ENTRY_CHANGED', { index: 263, path: 'tile/entries/001' })])
  })

  test('entries that are in the tree and no entries: not canonical, not of a type, not JSON, too deep', async () => {
    const bad = [
      utf8('{"v":1, "type":"x"}'),
      canonicalBytes({ v: 1, type: 'system.invented', time: rfc3339(0), actor: { kind: 'system', id: 's' } }),
      Uint8Array.of(0xff),
      utf8(`${'['.repeat(40)}${']'.repeat(40)}`),
      new Uint8Array(0),
    ]
    const store = publish([...ENTRIES.slice(0, 300), ...bad, ...ENTRIES.slice(300)])
    const report = await verifyLog(crypto, store, { vkey })
    expect(report.faults).toEqual(bad.map((_, i) => code('ENTRY_INVALID', { index: 300 + i })))
    expect(report.entries_checked).toBe(SIZE + bad.length)
  })

  test('an entry that is older than the one before it, and not those of one millisecond', async () => {
    const at = Date.UTC(2026, 1, 1)
    const store = publish([entry(0, at), entry(1, at), entry(2, at - 1), entry(3, at - 1), entry(4, at)])
    expect((await verifyLog(crypto, store, { vkey })).faults).toEqual([code('TIME_BACKWARDS', { index: 2 })])
  })

  test('the first hundred of many, and how many there are', async () => {
    const store = publish(Array.from({ length: 300 }, () => utf8('{}')))
    const { faults, faults_n } = await verifyLog(crypto, store, { vkey })
    expect([faults.length, faults_n]).toEqual([FAULTS_MAX, 300])
  })
})
