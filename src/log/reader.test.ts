import { beforeAll, describe, expect, test } from 'vitest'
import { memoryTileStore, type MemoryTileStore } from '../../test/contract/tile-store.ts'
import { nodeCrypto as crypto } from '../adapters/node-crypto/node-crypto.ts'
import { utf8 } from '../core/encoding.ts'
import {
  consistencyProof,
  emptyRoot,
  inclusionProof,
  leafHash,
  rootOf,
  verifyConsistency,
  verifyInclusion,
} from './merkle.ts'
import { readEntries, rootAt, tileNodes, verifyTree, type IndexedEntry, type TreeHead } from './reader.ts'
import {
  changedBundles,
  decodeBundle,
  encodeBundle,
  encodeHashes,
  parseTilePath,
  TileBuilder,
  tilePath,
} from './tiles.ts'

/** Two full level-1 tiles would be 131,072: this has a full and a partial tile at levels 0 and 1, one at 2. */
const SIZE = 70_000
const START = 40_001
const ENTRIES = Array.from({ length: SIZE }, (_, i) => utf8(`entry number ${i}`))
const LEAVES = ENTRIES.map((entry) => leafHash(crypto, entry))
let published: MemoryTileStore
let head: TreeHead
let start: TreeHead

function build(entries: readonly Uint8Array[]): { store: MemoryTileStore; head: TreeHead } {
  const store = memoryTileStore()
  const builder = new TileBuilder(crypto)
  const tiles = entries.flatMap((entry) => builder.append(leafHash(crypto, entry)))
  for (const { tile, hashes } of [...tiles, ...builder.partials()]) {
    store.files.set(tilePath(tile), encodeHashes(hashes))
  }
  for (const bundle of changedBundles(0, entries.length)) {
    const first = bundle.index * 256
    store.files.set(tilePath(bundle), encodeBundle(entries.slice(first, first + bundle.width)))
  }
  return { store, head: { size: entries.length, root: builder.root() } }
}

beforeAll(() => {
  ;({ store: published, head } = build(ENTRIES))
  start = { size: START, root: rootOf(crypto, LEAVES.slice(0, START)) }
})

/** A copy of the published tree that can be damaged. */
function copy(): MemoryTileStore {
  const store = memoryTileStore()
  for (const [path, bytes] of published.files) store.files.set(path, bytes)
  return store
}

function edit(store: MemoryTileStore, path: string, change: (bytes: Uint8Array) => Uint8Array): void {
  store.files.set(path, change(Uint8Array.from(store.files.get(path)!)))
}

function editEntries(
  store: MemoryTileStore,
  path: string,
  change: (entries: Uint8Array[]) => Uint8Array[],
): void {
  edit(store, path, (bytes) => encodeBundle(change(decodeBundle(bytes, parseTilePath(path)!.width))))
}

/** Node's own hashes are Buffers, slices of a tile are not. */
const plain = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes)

const flip =
  (at: number) =>
  (bytes: Uint8Array): Uint8Array =>
    bytes.with(at, bytes[at]! ^ 1)

async function collect(entries: AsyncIterable<IndexedEntry>): Promise<IndexedEntry[]> {
  const all: IndexedEntry[] = []
  for await (const entry of entries) all.push(entry)
  return all
}

describe('a tree that was published', () => {
  test('verifies, hands over every entry in order and extends the start', async () => {
    let next = 0
    const onEntry = (index: number, bytes: Uint8Array): void => {
      if (index !== next || Buffer.compare(bytes, ENTRIES[index]!) !== 0) throw new Error(`not entry ${next}`)
      next++
    }
    expect(await verifyTree(crypto, published, head, { onEntry, start })).toEqual({ ok: true, ...head })
    expect(next).toBe(SIZE)
  })

  test('waits for an asynchronous onEntry', async () => {
    const { store, head } = build(ENTRIES.slice(0, 3))
    const seen: number[] = []
    const onEntry = async (index: number): Promise<void> => {
      await Promise.resolve()
      seen.push(index)
    }
    expect((await verifyTree(crypto, store, head, { onEntry })).ok).toBe(true)
    expect(seen).toEqual([0, 1, 2])
  })

  test('can be empty', async () => {
    const root = emptyRoot(crypto)
    const empty = { size: 0, root }
    expect(await verifyTree(crypto, memoryTileStore(), empty, { start: empty })).toEqual({
      ok: true,
      ...empty,
    })
    expect(await rootAt(crypto, memoryTileStore(), 0)).toEqual(root)
  })

  test('verifies at each size around a tile’s edge, from each start', async () => {
    for (const size of [1, 2, 255, 256, 257, 511, 512, 513]) {
      const { store, head } = build(ENTRIES.slice(0, size))
      for (const from of new Set([0, 1, size >> 1, size - 1, size])) {
        const start = { size: from, root: rootOf(crypto, LEAVES.slice(0, from)) }
        expect(await verifyTree(crypto, store, head, { start })).toEqual({ ok: true, ...head })
      }
    }
  })

  test('verifies at an earlier size from full tiles, when its partial ones were deleted', async () => {
    expect(await verifyTree(crypto, published, start)).toEqual({ ok: true, ...start })
  })

  test('gives its entries', async () => {
    expect(await collect(readEntries(published, 600))).toEqual(
      ENTRIES.slice(0, 600).map((bytes, index) => ({ index, bytes })),
    )
    const missing = copy()
    missing.files.delete('tile/entries/001')
    await expect(collect(readEntries(missing, 600))).rejects.toThrowWithCode('TILE_MISSING')
    edit(missing, 'tile/entries/000', (bytes) => bytes.subarray(1))
    await expect(collect(readEntries(missing, 600))).rejects.toThrowWithCode('TILE_INVALID')
  })

  test('gives the nodes of proofs and of earlier roots', async () => {
    const nodes = tileNodes(crypto, published, SIZE)
    for (const index of [0, 255, 256, 65_535, 65_536, SIZE - 1]) {
      const proof = await inclusionProof(crypto, nodes, index, SIZE)
      expect(verifyInclusion(crypto, { ...head, index, leaf: LEAVES[index]!, proof })).toBe(true)
    }
    for (const size1 of [1, 256, START, 65_536, SIZE - 1]) {
      const root1 = await rootAt(crypto, published, size1, SIZE)
      expect(plain(root1)).toEqual(plain(rootOf(crypto, LEAVES.slice(0, size1))))
      const proof = await consistencyProof(crypto, nodes, size1, SIZE)
      expect(verifyConsistency(crypto, { size1, size2: SIZE, root1, root2: head.root, proof })).toBe(true)
    }
    await expect(rootAt(crypto, memoryTileStore(), 5)).rejects.toThrowWithCode('TILE_MISSING')
  })
})

describe('a damaged tree names', () => {
  test.each([0, 255, 256, 54_321, 69_999])('entry %i, one byte of which was changed', async (index) => {
    const store = copy()
    const bundle = Math.floor(index / 256)
    const path = tilePath({ level: 'entries', index: bundle, width: Math.min(256, SIZE - bundle * 256) })
    editEntries(store, path, (entries) => entries.with(index % 256, flip(3)(entries[index % 256]!)))
    expect(await verifyTree(crypto, store, head)).toEqual({ ok: false, code: 'ENTRY_CHANGED', index, path })
  })

  test('the first of several', async () => {
    const store = copy()
    for (const path of ['tile/entries/200', 'tile/entries/100']) {
      editEntries(store, path, (entries) => entries.map((entry, i) => (i > 6 ? flip(0)(entry) : entry)))
    }
    expect(await verifyTree(crypto, store, head)).toMatchObject({
      code: 'ENTRY_CHANGED',
      index: 100 * 256 + 7,
    })
  })

  test.each([0, 7, 255])('entry %i of a bundle, which was deleted', async (at) => {
    const store = copy()
    editEntries(store, 'tile/entries/100', (entries) => entries.toSpliced(at, 1))
    expect(await verifyTree(crypto, store, head)).toEqual({
      ok: false,
      code: 'ENTRY_MISSING',
      index: 100 * 256 + at,
      path: 'tile/entries/100',
    })
  })

  test('the last entry, which was deleted', async () => {
    const store = copy()
    editEntries(store, 'tile/entries/273.p/112', (entries) => entries.slice(0, -1))
    expect(await verifyTree(crypto, store, head)).toMatchObject({ code: 'ENTRY_MISSING', index: SIZE - 1 })
  })

  test('the first entry of a bundle that is gone, or cut short', async () => {
    const store = copy()
    edit(store, 'tile/entries/100', (bytes) => bytes.subarray(0, -1))
    expect(await verifyTree(crypto, store, head)).toMatchObject({ code: 'ENTRY_MISSING', index: 25_855 })
    store.files.delete('tile/entries/100')
    expect(await verifyTree(crypto, store, head)).toMatchObject({ code: 'ENTRY_MISSING', index: 25_600 })
  })

  test('a bundle with something after its entries', async () => {
    const store = copy()
    edit(store, 'tile/entries/100', (bytes) => Buffer.concat([bytes, Uint8Array.of(0)]))
    const path = 'tile/entries/100'
    expect(await verifyTree(crypto, store, head)).toEqual({
      ok: false,
      code: 'BUNDLE_INVALID',
      index: 25_600,
      path,
    })
  })

  test.each([
    ['tile/0/100', 25_601],
    ['tile/0/273.p/112', 273 * 256 + 1],
    ['tile/1/000', 256],
    ['tile/1/001.p/17', 65_536 + 256],
  ])('the tile %s, a hash of which was changed', async (path, index) => {
    const store = copy()
    edit(store, path, flip(32))
    expect(await verifyTree(crypto, store, head)).toEqual({ ok: false, code: 'TILE_MISMATCH', index, path })
  })

  test('the top tile, whose only hash was changed', async () => {
    const store = copy()
    edit(store, 'tile/2/000.p/1', flip(0))
    expect(await verifyTree(crypto, store, head)).toMatchObject({ code: 'TILE_MISMATCH', index: 0 })
  })

  test.each([
    ['tile/0/100', 25_600],
    ['tile/1/000', 0],
    ['tile/1/001.p/17', 65_536],
  ])('the tile %s, which is gone or of another length', async (path, index) => {
    const store = copy()
    edit(store, path, (bytes) => bytes.subarray(1))
    expect(await verifyTree(crypto, store, head)).toEqual({ ok: false, code: 'TILE_INVALID', index, path })
    store.files.delete(path)
    expect(await verifyTree(crypto, store, head)).toEqual({ ok: false, code: 'TILE_MISSING', index, path })
  })

  test('the entry whose leaf hash was changed with it, by the tile above', async () => {
    const store = copy()
    const forged = utf8('forged')
    editEntries(store, 'tile/entries/100', (entries) => entries.with(7, forged))
    edit(store, 'tile/0/100', (bytes) => {
      bytes.set(leafHash(crypto, forged), 7 * 32)
      return bytes
    })
    expect(await verifyTree(crypto, store, head)).toMatchObject({
      code: 'TILE_MISMATCH',
      index: 25_600,
      path: 'tile/1/000',
    })
  })

  test('nothing but the root, when the whole tree was forged; the start, when its past was', async () => {
    const forged = build(ENTRIES.with(5, utf8('forged')))
    expect(await verifyTree(crypto, forged.store, head)).toEqual({ ok: false, code: 'ROOT_MISMATCH' })
    const result = { ok: false, code: 'START_MISMATCH' }
    expect(await verifyTree(crypto, forged.store, forged.head, { start })).toEqual(result)
    const later = { size: SIZE + 1, root: head.root }
    expect(await verifyTree(crypto, published, head, { start: later })).toEqual(result)
  })

  test('nothing, and throws, when the store itself fails', async () => {
    const store = { ...published, read: () => Promise.reject(new Error('disk')) }
    await expect(verifyTree(crypto, store, head)).rejects.toThrow('disk')
  })
})
