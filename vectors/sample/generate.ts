/**
 * Makes the vectors of spec/samples.md (SMP-4 to SMP-7): `node vectors/sample/generate.ts` writes them, bit for bit as
 * they are.
 * @module
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { hex } from '../../src/core/encoding.ts'
import { drawRows, seedOf, type SeedParts } from '../../src/evidence/samples/draw.ts'

export interface SampleVector {
  readonly name: string
  readonly parts: SeedParts
  /** Of each row. */
  readonly times_ms: readonly number[]
  readonly size: number
  /** Hex: what has to come out, as `rows`. */
  readonly seed: string
  readonly rows: readonly number[]
}

const PARTS: SeedParts = {
  test: 9,
  population: '5e'.repeat(32),
  root: 'q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA',
  nonce: '000102030405060708090a0b0c0d0e0f',
}
const hourly = (n: number): number[] => Array.from({ length: n }, (_, i) => 1_770_000_000_000 + i * 3_600_000)

const CASES: readonly Pick<SampleVector, 'name' | 'parts' | 'times_ms' | 'size'>[] = [
  { name: 'one of many', parts: PARTS, times_ms: hourly(365), size: 1 },
  { name: 'twenty-five of a year of days', parts: PARTS, times_ms: hourly(365), size: 25 },
  { name: 'strata of different widths', parts: PARTS, times_ms: hourly(10), size: 4 },
  { name: 'all', parts: PARTS, times_ms: hourly(5), size: 8 },
  { name: 'none', parts: PARTS, times_ms: [], size: 3 },
  { name: 'without a nonce', parts: { ...PARTS, nonce: null }, times_ms: hourly(365), size: 5 },
  { name: 'rows out of order', parts: PARTS, times_ms: hourly(40).toReversed(), size: 8 },
  { name: 'rows of one time', parts: PARTS, times_ms: Array.from({ length: 40 }, () => 0), size: 8 },
  { name: 'another test', parts: { ...PARTS, test: 10 }, times_ms: hourly(40), size: 8 },
]

export function sampleVectors(): SampleVector[] {
  return CASES.map((one) => {
    const seed = seedOf(nodeCrypto, one.parts)
    return { ...one, seed: hex(seed), rows: drawRows(nodeCrypto, seed, one.times_ms, one.size) }
  })
}

if (import.meta.main)
  writeFileSync(join(import.meta.dirname, 'samples.json'), `${JSON.stringify(sampleVectors(), null, 2)}\n`)
