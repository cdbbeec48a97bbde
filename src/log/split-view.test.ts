import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { memoryTileStore, type MemoryTileStore } from '../../test/contract/tile-store.ts'
import { nodeCrypto as crypto } from '../adapters/node-crypto/node-crypto.ts'
import { base64, utf8 } from '../core/encoding.ts'
import { signCheckpoint } from './checkpoint.ts'
import { leafHash, rootOf } from './merkle.ts'
import { formatVkey, noteKey } from './note.ts'
import { checkSplitView, compareViews, sameSizeSplit } from './split-view.ts'
import { encodeHashes, TileBuilder, tilePath } from './tiles.ts'

const ORIGIN = 'log.example/test'
const signer = crypto.signer(crypto.generateKey('Ed25519'))
const vkey = formatVkey(noteKey(crypto, ORIGIN, signer.publicJwk))

/** A log's public hash tiles, and a checkpoint of any of its sizes. */
class History {
  readonly tiles: MemoryTileStore = memoryTileStore()
  readonly leaves: Uint8Array[]

  constructor(texts: readonly string[]) {
    this.leaves = texts.map((text) => leafHash(crypto, utf8(text)))
    const tree = new TileBuilder(crypto)
    for (const leaf of this.leaves)
      for (const { tile, hashes } of tree.append(leaf))
        this.tiles.files.set(tilePath(tile), encodeHashes(hashes))
    for (const { tile, hashes } of tree.partials()) this.tiles.files.set(tilePath(tile), encodeHashes(hashes))
  }

  note(size: number): Uint8Array {
    return signCheckpoint(crypto, signer, {
      origin: ORIGIN,
      size,
      root: rootOf(crypto, this.leaves.slice(0, size)),
    })
  }
}

const numbers = Array.from({ length: 300 }, (_, i) => `entry ${i}`)
const honest = new History(numbers)

/** The history in which one entry is another. */
function forked(at: number, size = 300): History {
  return new History(numbers.slice(0, size).map((text, i) => (i === at ? 'another' : text)))
}

describe('two checkpoints of one log', () => {
  test('of one history are consistent, whichever comes first', async () => {
    for (const size of [0, 1, 64, 255, 256, 257, 300]) {
      const pair = [honest.note(300), honest.note(size)] as const
      expect((await compareViews(crypto, vkey, pair, honest.tiles)).kind).toBe('consistent')
    }
  })

  test('that differ in one entry are a split view, with evidence that anyone checks', async () => {
    const cases = fc.record({ at: fc.integer({ min: 0, max: 298 }), size: fc.integer({ min: 1, max: 300 }) })
    await fc.assert(
      fc.asyncProperty(cases, async ({ at, size }) => {
        const pair = [forked(at).note(size), honest.note(300)] as const
        const compared = await compareViews(crypto, vkey, pair, honest.tiles)
        // Before the entry that differs, both histories are one.
        expect(compared.kind).toBe(at < size ? 'SPLIT_VIEW' : 'consistent')
        if (compared.kind !== 'SPLIT_VIEW') return
        const file: unknown = JSON.parse(JSON.stringify(compared.evidence))
        expect(checkSplitView(crypto, file, vkey)).toBe(true)
      }),
      { numRuns: 40 },
    )
  })

  test('of one size are compared without any tile', () => {
    const evidence = sameSizeSplit(crypto, vkey, [honest.note(300), forked(5).note(300)])
    expect(checkSplitView(crypto, evidence, vkey)).toBe(true)
    expect(sameSizeSplit(crypto, vkey, [honest.note(300), honest.note(300)])).toBeNull()
    expect(sameSizeSplit(crypto, vkey, [honest.note(300), honest.note(299)])).toBeNull()
  })

  test('cannot be compared with tiles of another tree, or with none', async () => {
    const pair = [honest.note(200), honest.note(300)] as const
    expect((await compareViews(crypto, vkey, pair, forked(5).tiles)).kind).toBe('unknown')
    expect((await compareViews(crypto, vkey, pair, memoryTileStore())).kind).toBe('unknown')
  })

  test('are both of that log, or nothing is said', async () => {
    const stranger = crypto.signer(crypto.generateKey('Ed25519'))
    const note = signCheckpoint(crypto, stranger, { origin: ORIGIN, size: 1, root: new Uint8Array(32) })
    await expect(compareViews(crypto, vkey, [note, honest.note(300)], honest.tiles)).rejects.toThrowWithCode(
      'NOTE_INVALID',
    )
  })
})

describe('evidence does not count', () => {
  const text = (note: Uint8Array): string => Buffer.from(note).toString()
  const evidence = async () => {
    const compared = await compareViews(crypto, vkey, [forked(5).note(200), honest.note(300)], honest.tiles)
    if (compared.kind !== 'SPLIT_VIEW') throw new Error(compared.kind)
    return compared.evidence
  }

  test('with another key than the reader trusts', async () => {
    const other = formatVkey(noteKey(crypto, ORIGIN, crypto.signer(crypto.generateKey('Ed25519')).publicJwk))
    expect(checkSplitView(crypto, await evidence(), other)).toBe(false)
  })

  test('when it accuses an honest log', async () => {
    const found = await evidence()
    const honestFirst = text(honest.note(200))
    expect(checkSplitView(crypto, { ...found, first: honestFirst }, vkey)).toBe(false)
    const invented = base64(new Uint8Array(32).fill(1))
    expect(checkSplitView(crypto, { ...found, first: honestFirst, root: invented }, vkey)).toBe(false)
    const same = { ...found, second: honestFirst, first: honestFirst, root: null, proof: [] }
    expect(checkSplitView(crypto, same, vkey)).toBe(false)
  })

  test('when a part of it is missing, changed or of another form', async () => {
    const found = await evidence()
    for (const changed of [
      null,
      'split view',
      { ...found, more: 1 },
      { ...found, proof: found.proof.slice(1) },
      { ...found, root: null },
      { ...found, root: '????' },
      { ...found, first: found.first.replace('\n200\n', '\n199\n') },
      { ...found, first: found.second, second: found.first },
    ]) {
      expect(checkSplitView(crypto, changed, vkey)).toBe(false)
    }
  })
})
