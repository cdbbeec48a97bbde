import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nodeCrypto as crypto } from '../adapters/node-crypto/node-crypto.ts'
import { utf8 } from '../core/encoding.ts'
import {
  consistencyProof,
  emptyRoot,
  inclusionProof,
  leafHash,
  nodeHash,
  rootFromNodes,
  rootOf,
  TreeFrontier,
  verifyConsistency,
  verifyInclusion,
  type NodeReader,
} from './merkle.ts'

const LEAVES = Array.from({ length: 300 }, (_, i) => leafHash(crypto, utf8(`entry ${i}`)))

/** RFC 6962 section 2.1, word for word, over leaf hashes. */
function naiveRoot(leaves: readonly Uint8Array[]): Uint8Array {
  const [only] = leaves
  if (only === undefined) return crypto.sha256(new Uint8Array(0))
  if (leaves.length === 1) return only
  let k = 1
  while (k * 2 < leaves.length) k *= 2
  return nodeHash(crypto, naiveRoot(leaves.slice(0, k)), naiveRoot(leaves.slice(k)))
}

const nodes: NodeReader = (level, index) =>
  naiveRoot(LEAVES.slice(index * 2 ** level, (index + 1) * 2 ** level))
const rootAt = (size: number): Uint8Array => naiveRoot(LEAVES.slice(0, size))
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** A copy with one bit flipped. */
function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = Uint8Array.from(bytes) // a Buffer’s slice would share its memory
  copy[(bit >> 3) % copy.length]! ^= 1 << (bit & 7)
  return copy
}

describe('hashes', () => {
  test('an empty tree, an empty leaf and a node are as RFC 6962 says', () => {
    expect(hex(emptyRoot(crypto))).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
    expect(hex(leafHash(crypto, new Uint8Array(0)))).toBe(
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    )
    const [left, right] = [LEAVES[0]!, LEAVES[1]!]
    expect(nodeHash(crypto, left, right)).toEqual(
      crypto.sha256(Buffer.concat([Uint8Array.of(1), left, right])),
    )
  })
})

/** That complete with a subtree: itself, and those above that it is the last of. */
function expectedNodes(height: number, index: number): string[] {
  const above = index % 2 === 1 ? expectedNodes(height + 1, (index - 1) / 2) : []
  return [`${height}/${index}`, ...above]
}

describe('the frontier', () => {
  test('has the root of the naive tree at every size', () => {
    const frontier = new TreeFrontier(crypto)
    expect(frontier.root()).toEqual(rootAt(0))
    for (const [i, leaf] of LEAVES.entries()) {
      frontier.append(leaf)
      expect(frontier.size).toBe(i + 1)
      if (i < 70 || i > 250) expect(frontier.root()).toEqual(rootAt(i + 1))
    }
  })

  test('tells of each perfect subtree once, with its root', () => {
    const seen = new Map<string, Uint8Array>()
    const frontier = new TreeFrontier(crypto)
    for (const leaf of LEAVES.slice(0, 40)) {
      frontier.append(leaf, (level, index, hash) => {
        expect(seen.has(`${level}/${index}`)).toBe(false)
        seen.set(`${level}/${index}`, hash)
      })
    }
    expect(seen.size).toBe(40 + 20 + 10 + 5 + 2 + 1)
    for (const [name, hash] of seen) {
      const [level = 0, index = 0] = name.split('/').map(Number)
      expect(hash).toEqual(nodes(level, index))
    }
  })

  test('takes whole subtrees for their leaves, between leaves', () => {
    for (const height of [1, 2, 5]) {
      const span = 2 ** height
      const frontier = new TreeFrontier(crypto)
      for (const leaf of LEAVES.slice(0, span)) frontier.append(leaf)
      const told: string[] = []
      const onNode = (level: number, index: number, hash: Uint8Array): void => {
        told.push(`${level}/${index}`)
        expect(hash).toEqual(nodes(level, index))
      }
      for (const index of [1, 2, 3])
        frontier.appendSubtree(rootOf(crypto, LEAVES.slice(index * span, (index + 1) * span)), height, onNode)
      for (const leaf of LEAVES.slice(4 * span, 4 * span + 3)) frontier.append(leaf)
      expect([frontier.size, frontier.root()]).toEqual([4 * span + 3, rootAt(4 * span + 3)])
      expect(told).toEqual([1, 2, 3].flatMap((i) => expectedNodes(height, i)))
    }
  })

  test('a clone grows alone', () => {
    const frontier = new TreeFrontier(crypto)
    for (const leaf of LEAVES.slice(0, 5)) frontier.append(leaf)
    const clone = frontier.clone()
    for (const leaf of LEAVES.slice(5, 9)) clone.append(leaf)
    expect(frontier.root()).toEqual(rootAt(5))
    expect(clone.root()).toEqual(rootAt(9))
  })

  test('roots from leaves and from nodes agree', async () => {
    for (const size of [0, 1, 2, 3, 7, 8, 255, 256, 257, 300]) {
      expect(rootOf(crypto, LEAVES.slice(0, size))).toEqual(rootAt(size))
      expect(await rootFromNodes(crypto, nodes, size)).toEqual(rootAt(size))
    }
  })
})

const sizes = fc.integer({ min: 1, max: LEAVES.length })
const point = fc.tuple(sizes, fc.nat()).map(([size, at]) => ({ size, index: at % size }))
const pairOfSizes = fc.tuple(sizes, sizes).map(([a, b]) => ({ size1: Math.min(a, b), size2: Math.max(a, b) }))

describe('inclusion proofs', () => {
  test('verify for every entry of every small tree', async () => {
    for (let size = 1; size <= 33; size++) {
      for (let index = 0; index < size; index++) {
        const proof = await inclusionProof(crypto, nodes, index, size)
        expect(
          verifyInclusion(crypto, { index, size, leaf: LEAVES[index]!, root: rootAt(size), proof }),
        ).toBe(true)
      }
    }
  })

  test('verify, and do not when anything about them is changed', async () => {
    await fc.assert(
      fc.asyncProperty(point, fc.nat(), async ({ size, index }, bit) => {
        const leaf = LEAVES[index]!
        const claim = {
          index,
          size,
          leaf,
          root: rootAt(size),
          proof: await inclusionProof(crypto, nodes, index, size),
        }
        const { proof } = claim
        expect(verifyInclusion(crypto, claim)).toBe(true)
        const at = proof.length === 0 ? 0 : bit % proof.length
        const broken = [
          { ...claim, leaf: flipped(leaf, bit) },
          { ...claim, root: flipped(claim.root, bit) },
          { ...claim, proof: [...proof, leaf] },
          { ...claim, proof: [leaf, ...proof] },
          { ...claim, index: size },
          { ...claim, index: -1 },
          { ...claim, index: index + 0.5 },
          { ...claim, size: Number.MAX_VALUE },
          ...(proof.length === 0
            ? []
            : [
                { ...claim, proof: proof.with(at, flipped(proof[at]!, bit)) },
                { ...claim, proof: proof.toSpliced(at, 1) },
                { ...claim, proof: proof.with(at, proof[at]!.subarray(1)) },
              ]),
          ...(size > 1 ? [{ ...claim, index: (index + 1) % size }] : []),
        ]
        for (const claim of broken) expect(verifyInclusion(crypto, claim)).toBe(false)
      }),
    )
  })

  test('a proof of absurd length is refused before it is hashed', () => {
    const proof = Array.from({ length: 1000 }, () => LEAVES[0]!)
    const claim = { index: 0, size: Number.MAX_SAFE_INTEGER, leaf: LEAVES[0]!, root: LEAVES[0]!, proof }
    expect(verifyInclusion(crypto, claim)).toBe(false)
  })

  test('there is none for an entry that is not there', async () => {
    for (const [index, size] of [
      [3, 3],
      [0, 0],
      [-1, 3],
      [0, Number.NaN],
    ] as const) {
      await expect(inclusionProof(crypto, nodes, index, size)).rejects.toThrowWithCode('PROOF_INVALID')
    }
  })
})

describe('consistency proofs', () => {
  test('verify for every pair of small trees', async () => {
    for (let size2 = 1; size2 <= 33; size2++) {
      for (let size1 = 1; size1 <= size2; size1++) {
        const proof = await consistencyProof(crypto, nodes, size1, size2)
        const claim = { size1, size2, root1: rootAt(size1), root2: rootAt(size2), proof }
        expect(verifyConsistency(crypto, claim)).toBe(true)
      }
    }
  })

  test('verify, and do not when anything about them is changed', async () => {
    await fc.assert(
      fc.asyncProperty(pairOfSizes, fc.nat(), async ({ size1, size2 }, bit) => {
        const proof = await consistencyProof(crypto, nodes, size1, size2)
        const claim = { size1, size2, root1: rootAt(size1), root2: rootAt(size2), proof }
        expect(verifyConsistency(crypto, claim)).toBe(true)
        const at = proof.length === 0 ? 0 : bit % proof.length
        const broken = [
          { ...claim, root1: flipped(claim.root1, bit) },
          { ...claim, root2: flipped(claim.root2, bit) },
          { ...claim, proof: [...proof, claim.root1] },
          { ...claim, size1: 0 },
          { ...claim, size1: size2 + 1 },
          { ...claim, size2: Number.MAX_VALUE },
          ...(proof.length === 0
            ? []
            : [
                { ...claim, proof: proof.with(at, flipped(proof[at]!, bit)) },
                { ...claim, proof: proof.toSpliced(at, 1) },
                { ...claim, proof: proof.with(at, proof[at]!.subarray(1)) },
              ]),
        ]
        for (const claim of broken) expect(verifyConsistency(crypto, claim)).toBe(false)
      }),
    )
  })

  test('a rewritten entry has no proof from the tree before', async () => {
    const rewritten = LEAVES.with(3, flipped(LEAVES[3]!, 0))
    const proof = await consistencyProof(crypto, nodes, 8, 20)
    const root2 = naiveRoot(rewritten.slice(0, 20))
    expect(verifyConsistency(crypto, { size1: 8, size2: 20, root1: rootAt(8), root2, proof })).toBe(false)
  })

  test('there is none from nothing, nor backwards', async () => {
    for (const [size1, size2] of [
      [0, 3],
      [4, 3],
      [1.5, 3],
    ] as const) {
      await expect(consistencyProof(crypto, nodes, size1, size2)).rejects.toThrowWithCode('PROOF_INVALID')
    }
  })
})
