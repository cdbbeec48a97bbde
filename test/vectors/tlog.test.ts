/** Proof vectors of transparency-dev/merkle, from `../shared/data/tlog` beside the checkout when it is there. @module */
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { nodeCrypto as crypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { fromBase64 } from '../../src/core/encoding.ts'
import { verifyConsistency, verifyInclusion } from '../../src/log/merkle.ts'

const FOLDER = resolve(import.meta.dirname, '../../../shared/data/tlog')
const present = existsSync(FOLDER)
const why = present ? '' : ' (skipped: ../shared/data/tlog is not on this machine)'

interface Vector {
  readonly name: string
  readonly proof: readonly string[] | null
  readonly wantErr: boolean
}
interface InclusionVector extends Vector {
  readonly leafIdx: number
  readonly treeSize: number
  readonly root: string
  readonly leafHash: string
}
interface ConsistencyVector extends Vector {
  readonly size1: number
  readonly size2: number
  readonly root1: string
  readonly root2: string
}

function load<T extends Vector>(file: string): T[] {
  return JSON.parse(readFileSync(resolve(FOLDER, file), 'utf8')) as T[]
}

const hashes = (proof: readonly string[] | null): Uint8Array[] => (proof ?? []).map(fromBase64)
/** A root or leaf may be absent in a vector that is to fail. */
const hash = (text: string | null): Uint8Array => fromBase64(text ?? '')

test.skipIf(!present)(`inclusion proofs of transparency-dev/merkle are judged as there${why}`, () => {
  const vectors = load<InclusionVector>('inclusion.json')
  expect(vectors).toHaveLength(98)
  for (const { name, leafIdx, treeSize, root, leafHash, proof, wantErr } of vectors) {
    const claim = {
      index: leafIdx,
      size: treeSize,
      leaf: hash(leafHash),
      root: hash(root),
      proof: hashes(proof),
    }
    expect([name, verifyInclusion(crypto, claim)]).toEqual([name, !wantErr])
  }
})

test.skipIf(!present)(`consistency proofs of transparency-dev/merkle are judged as there${why}`, () => {
  const vectors = load<ConsistencyVector>('consistency.json')
  expect(vectors).toHaveLength(98)
  for (const { name, size1, size2, root1, root2, proof, wantErr } of vectors) {
    const claim = { size1, size2, root1: hash(root1), root2: hash(root2), proof: hashes(proof) }
    // A first tree of size 0 proves nothing: refused whatever the vector says.
    expect([name, verifyConsistency(crypto, claim)]).toEqual([name, !wantErr && size1 > 0])
  }
})
