import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nodeCrypto as crypto } from '../adapters/node-crypto/node-crypto.ts'
import { utf8 } from '../core/encoding.ts'
import { leafHash, rootOf } from './merkle.ts'
import {
  changedBundles,
  changedTiles,
  decodeBundle,
  decodeHashes,
  encodeBundle,
  encodeHashes,
  hashesAt,
  parseTilePath,
  splitBundle,
  TileBuilder,
  tileAt,
  tilePath,
  treeTileCount,
  treeTiles,
  type HashTile,
} from './tiles.ts'

describe('paths', () => {
  test.each([
    [{ level: 0, index: 0, width: 256 }, 'tile/0/000'],
    [{ level: 0, index: 1234067, width: 256 }, 'tile/0/x001/x234/067'],
    [{ level: 2, index: 1000, width: 1 }, 'tile/2/x001/000.p/1'],
    [{ level: 63, index: 999, width: 255 }, 'tile/63/999.p/255'],
    [{ level: 'entries' as const, index: 273, width: 112 }, 'tile/entries/273.p/112'],
  ])('%j is at %s', (tile, path) => {
    expect(tilePath(tile)).toBe(path)
    expect(parseTilePath(path)).toEqual(tile)
  })

  test.each([
    'tile/00/000',
    'tile/64/000',
    'tile/0/0',
    'tile/0/x000/001',
    'tile/0/001/002',
    'tile/0/x001',
    'tile/0/000.p/0',
    'tile/0/000.p/05',
    'tile/0/000.p/256',
    'tile/0/000.p/300',
    'tile/data/000',
    'tile/0/x999/x999/x999/x999/x999/999',
    '/tile/0/000',
    'tile/0/000/',
    'checkpoint',
  ])('%s is no tile', (path) => {
    expect(parseTilePath(path)).toBeNull()
  })

  test('every tile has one path', () => {
    const tile = fc.record({
      level: fc.oneof(fc.constant('entries' as const), fc.integer({ min: 0, max: 63 })),
      index: fc.nat({ max: 2 ** 45 }),
      width: fc.integer({ min: 1, max: 256 }),
    })
    fc.assert(
      fc.property(tile, (tile) => {
        expect(parseTilePath(tilePath(tile))).toEqual(tile)
      }),
    )
  })
})

describe('which tiles there are', () => {
  test('the example of the specification: a tree of 70,000', () => {
    const tiles = changedTiles(0, 70_000)
    const full = (level: number): number => tiles.filter((t) => t.level === level && t.width === 256).length
    expect([full(0), full(1), full(2)]).toEqual([273, 1, 0])
    expect(tiles.filter((tile) => tile.width < 256).map(tilePath)).toEqual([
      'tile/0/273.p/112',
      'tile/1/001.p/17',
      'tile/2/000.p/1',
    ])
    expect(changedBundles(0, 70_000)).toHaveLength(274)
  })

  test('a tree of 256 is one full tile and a partial one of width 1 above', () => {
    expect(changedTiles(0, 256).map(tilePath)).toEqual(['tile/0/000', 'tile/1/000.p/1'])
    expect(tileAt('entries', 0, 256)).toEqual({ level: 'entries', index: 0, width: 256 })
  })

  test.each([0, 1, 255, 256, 257, 65_536, 70_000])(
    'a tree of %i has those that growing to it changed',
    (size) => {
      const tiles = [...treeTiles(size)]
      expect(tiles).toEqual([...changedTiles(0, size), ...changedBundles(0, size)])
      expect(treeTileCount(size)).toBe(tiles.length)
    },
  )

  test('growth changes the edge only', () => {
    expect(changedTiles(5, 5)).toEqual([])
    expect(changedBundles(7, 7)).toEqual([])
    expect(changedTiles(5, 6).map(tilePath)).toEqual(['tile/0/000.p/6'])
    expect(changedTiles(255, 258).map(tilePath)).toEqual(['tile/0/000', 'tile/0/001.p/2', 'tile/1/000.p/1'])
    expect(changedTiles(256, 511).map(tilePath)).toEqual(['tile/0/001.p/255'])
    expect(changedBundles(255, 258).map(tilePath)).toEqual(['tile/entries/000', 'tile/entries/001.p/2'])
  })
})

describe('encodings', () => {
  test('a bundle carries any entries', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 256 }), (entries) => {
        expect(decodeBundle(encodeBundle(entries), entries.length)).toEqual(entries)
      }),
    )
    expect(encodeBundle([utf8('ab'), new Uint8Array(0)])).toEqual(Uint8Array.of(0, 2, 97, 98, 0, 0))
    const largest = new Uint8Array(65_535).fill(7)
    expect(decodeBundle(encodeBundle([largest]), 1)).toEqual([largest])
  })

  test('an entry that its length prefix cannot count is refused', () => {
    expect(() => encodeBundle([new Uint8Array(65_536)])).toThrowWithCode('ENTRY_TOO_LARGE')
  })

  test.each([
    ['cut short in an entry', Uint8Array.of(0, 2, 97)],
    ['cut short in a length', Uint8Array.of(0, 1, 97, 0)],
    ['with an entry too few', new Uint8Array(0)],
    ['with an entry too many', Uint8Array.of(0, 0, 0, 0)],
  ])('a bundle %s is refused', (_, bytes) => {
    expect(() => decodeBundle(bytes, 1)).toThrowWithCode('TILE_INVALID')
  })

  test('what is there of a damaged bundle can be read', () => {
    expect(splitBundle(Uint8Array.of(0, 1, 97, 0, 2, 98))).toEqual({ entries: [utf8('a')], whole: false })
    const tooMany = splitBundle(new Uint8Array(2 * 257))
    expect([tooMany.entries.length, tooMany.whole]).toEqual([256, false])
  })

  test('a hash tile is its hashes and nothing else', () => {
    const hashes = [1, 2, 3].map((fill) => new Uint8Array(32).fill(fill))
    expect(decodeHashes(encodeHashes(hashes), 3)).toEqual(hashes)
    expect(() => decodeHashes(encodeHashes(hashes), 2)).toThrowWithCode('TILE_INVALID')
    expect(() => decodeHashes(new Uint8Array(31), 1)).toThrowWithCode('TILE_INVALID')
  })
})

describe('the tile builder', () => {
  const leaves = Array.from({ length: 66_000 }, (_, i) => leafHash(crypto, utf8(String(i))))

  test('writes the tiles that the growth changes, each hash the root of what it covers', () => {
    const builder = new TileBuilder(crypto)
    const built: HashTile[] = leaves.flatMap((leaf) => builder.append(leaf))
    built.push(...builder.partials())
    const byPath = (a: string, b: string): number => (a < b ? -1 : 1)
    expect(built.map(({ tile }) => tilePath(tile)).sort(byPath)).toEqual(
      changedTiles(0, leaves.length).map(tilePath).sort(byPath),
    )
    for (const { tile, hashes } of built) {
      if (tile.level === 'entries' || (tile.level === 0 && tile.index % 50 > 0)) continue
      const span = 256 ** tile.level
      const first = tile.index * 256 * span
      expect(hashes).toHaveLength(tile.width)
      expect(hashes[0]).toEqual(rootOf(crypto, leaves.slice(first, first + span)))
      expect(hashes.at(-1)).toEqual(
        rootOf(crypto, leaves.slice(first + (tile.width - 1) * span, first + tile.width * span)),
      )
    }
    expect(builder.root()).toEqual(rootOf(crypto, leaves))
    expect(hashesAt(2, builder.size)).toBe(1)
  })

  test('what is appended to a clone does not reach the original', () => {
    const builder = new TileBuilder(crypto)
    for (const leaf of leaves.slice(0, 300)) builder.append(leaf)
    const before = builder.partials()
    const clone = builder.clone(crypto)
    for (const leaf of leaves.slice(300, 600)) clone.append(leaf)
    expect(builder.partials()).toEqual(before)
    expect(clone.root()).toEqual(rootOf(crypto, leaves.slice(0, 600)))
  })
})
