import fc from 'fast-check'
import { expect, test } from 'vitest'
import { nodeCrypto as crypto } from '../adapters/node-crypto/node-crypto.ts'
import { utf8 } from '../core/encoding.ts'
import { CompactRange } from './compact.ts'
import { leafHash, nodeHash, rootOf } from './merkle.ts'

const LEAVES = Array.from({ length: 200 }, (_, i) => leafHash(crypto, utf8(`entry ${i}`)))

function range(begin: number, end: number): CompactRange {
  const made = CompactRange.empty(crypto, begin)
  for (const leaf of LEAVES.slice(begin, end)) made.append(leaf)
  return made
}

/** RFC 6962 section 2.1, word for word, over leaf hashes. */
function naiveRoot(leaves: readonly Uint8Array[]): Uint8Array {
  const [only] = leaves
  if (only === undefined) return crypto.sha256(new Uint8Array(0))
  if (leaves.length === 1) return only
  let k = 1
  while (k * 2 < leaves.length) k *= 2
  return nodeHash(crypto, naiveRoot(leaves.slice(0, k)), naiveRoot(leaves.slice(k)))
}

const place = fc.nat({ max: LEAVES.length })
const places = fc.array(place, { maxLength: 6 }).map((some) => some.sort((a, b) => a - b))

test('a range from the first entry has the root of the naive tree, at every size', () => {
  const grown = CompactRange.empty(crypto)
  for (let size = 0; size <= LEAVES.length; size++) {
    expect(grown.root()).toEqual(naiveRoot(LEAVES.slice(0, size)))
    expect(grown.end).toBe(size)
    if (size < LEAVES.length) grown.append(LEAVES[size]!)
  }
})

test('ranges that touch merge to the range of all their entries, wherever they are cut and in whatever order', () => {
  fc.assert(
    fc.property(places, fc.boolean(), (cuts, fromTheRight) => {
      const ends = [...cuts, LEAVES.length]
      const parts = ends.map((end, i) => range(ends[i - 1] ?? 0, end))
      const whole = fromTheRight
        ? parts.reduceRight((right, left) => {
            left.merge(right)
            return left
          })
        : parts.reduce((left, right) => {
            left.merge(right)
            return left
          })
      expect(whole.hashes()).toEqual(range(0, LEAVES.length).hashes())
      expect(whole.root()).toEqual(rootOf(crypto, LEAVES))
    }),
    { numRuns: 60 },
  )
})

test('a range is restored from its bounds and hashes, and grows on', () => {
  fc.assert(
    fc.property(places, (cuts) => {
      const [begin = 0, middle = begin, end = middle] = cuts
      const part = range(begin, middle)
      const restored = CompactRange.of(crypto, begin, middle, part.hashes())
      for (const leaf of LEAVES.slice(middle, end)) restored.append(leaf)
      expect([restored.begin, restored.end]).toEqual([begin, end])
      expect(restored.hashes()).toEqual(range(begin, end).hashes())
    }),
  )
})

test('each hash is the root of a perfect subtree, and there are at most two of a height', () => {
  const hashes = range(3, 100).hashes()
  expect(hashes).toHaveLength(7)
  expect(hashes[0]).toEqual(LEAVES[3])
  expect(hashes[1]).toEqual(naiveRoot(LEAVES.slice(4, 8)))
  expect(hashes.at(-1)).toEqual(naiveRoot(LEAVES.slice(96, 100)))
})

test('refuses ranges that do not touch, hashes that are not those of a range, and a root that is none', () => {
  const code = 'PROOF_INVALID'
  const [left, right] = [range(0, 5), range(6, 9)]
  expect(() => left.merge(right)).toThrowWithCode(code)
  expect(() => right.root()).toThrowWithCode(code)
  expect(() => CompactRange.of(crypto, 0, 5, left.hashes().slice(1))).toThrowWithCode(code)
  expect(() => CompactRange.of(crypto, 0, 1, [new Uint8Array(31)])).toThrowWithCode(code)
  expect(() => CompactRange.of(crypto, 5, 4, [])).toThrowWithCode(code)
  expect(() => CompactRange.of(crypto, -1, 0, [])).toThrowWithCode(code)
  expect(() => CompactRange.of(crypto, 0, 0.5, [])).toThrowWithCode(code)
})
