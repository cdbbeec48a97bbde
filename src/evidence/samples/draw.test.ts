/** How samples are drawn. spec/samples.md (SMP-4 to SMP-7). */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nodeCrypto } from '../../adapters/node-crypto/node-crypto.ts'
import { hex } from '../../core/encoding.ts'
import { sampleVectors, type SampleVector } from '../../../vectors/sample/generate.ts'
import { defaultSize, drawRows, seedOf, type SeedParts } from './draw.ts'

const PARTS: SeedParts = {
  test: 9,
  population: 'ab'.repeat(32),
  root: 'A'.repeat(43),
  nonce: '00'.repeat(16),
}
const FILE = join(import.meta.dirname, '../../../vectors/sample/samples.json')
const VECTORS = JSON.parse(readFileSync(FILE, 'utf8')) as SampleVector[]

describe('the seed', () => {
  test('changes with each thing that goes in, and with nothing else', () => {
    const seed = hex(seedOf(nodeCrypto, PARTS))
    expect(hex(seedOf(nodeCrypto, { ...PARTS }))).toBe(seed)
    const others = [
      { test: 10 },
      { population: 'ac'.repeat(32) },
      { root: 'B'.repeat(43) },
      { nonce: null },
      { nonce: '01'.repeat(16) },
    ].map((edit) => hex(seedOf(nodeCrypto, { ...PARTS, ...edit })))
    expect(new Set([seed, ...others]).size).toBe(6)
  })
})

test.each([
  ['annual', 1, 1],
  ['quarterly', 4, 2],
  ['monthly', 12, 2],
  ['weekly', 52, 5],
  ['daily', 365, 25],
  ['daily', 3, 3],
  ['many_times_a_day', 1_000_000, 40],
  ['on_occurrence', 0, 0],
  ['on_occurrence', 10, 10],
  ['on_occurrence', 11, 8],
  ['on_occurrence', 50, 8],
  ['on_occurrence', 51, 15],
  ['on_occurrence', 250, 15],
  ['on_occurrence', 251, 25],
] as const)('of a control that runs %s, and did %d times, %d are read', (frequency, count, size) => {
  expect(defaultSize(frequency, count)).toBe(size)
})

describe('a sample', () => {
  const times = fc.array(fc.integer({ min: 0, max: 1000 }), { maxLength: 60 })
  const seeds = fc.uint8Array({ minLength: 32, maxLength: 32 })

  test('has as many rows as were asked for, none twice, in order, and is the same each time', () => {
    fc.assert(
      fc.property(times, seeds, fc.integer({ min: 0, max: 70 }), (times_ms, seed, size) => {
        const rows = drawRows(nodeCrypto, seed, times_ms, size)
        expect(rows).toHaveLength(Math.min(size, times_ms.length))
        expect(new Set(rows).size).toBe(rows.length)
        expect(rows).toEqual(rows.toSorted((a, b) => a - b))
        expect(rows.every((row) => row >= 0 && row < times_ms.length)).toBe(true)
        expect(drawRows(nodeCrypto, seed, times_ms, size)).toEqual(rows)
      }),
    )
  })

  test('has one row of each stretch of time', () => {
    fc.assert(
      fc.property(
        seeds,
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 20 }),
        (seed, size, each) => {
          const times_ms = Array.from({ length: size * each }, (_, row) => row)
          const rows = drawRows(nodeCrypto, seed, times_ms, size)
          expect(rows.map((row) => Math.floor(row / each))).toEqual(Array.from({ length: size }, (_, i) => i))
        },
      ),
    )
  })

  test('takes each row of a stratum about as often as any other', () => {
    const counts = new Map<number, number>()
    const rounds = 4000
    const times_ms = Array.from({ length: 30 }, (_, row) => row)
    for (let n = 0; n < rounds; n++) {
      const seed = seedOf(nodeCrypto, { ...PARTS, test: n })
      for (const row of drawRows(nodeCrypto, seed, times_ms, 3)) counts.set(row, (counts.get(row) ?? 0) + 1)
    }
    const expected = rounds / 10
    const chi = [...counts.values()].reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0)
    expect(counts.size).toBe(30)
    // 27 degrees of freedom: 55.5 is passed by one honest draw in 1000, and these draws never change.
    expect(chi).toBeLessThan(55.5)
  })
})

test.each(sampleVectors())('$name is drawn as the vector says', ({ name, parts, times_ms, size }) => {
  const { seed, rows } = VECTORS.find((vector) => vector.name === name) ?? { seed: '', rows: [] }
  expect(hex(seedOf(nodeCrypto, parts))).toBe(seed)
  expect(drawRows(nodeCrypto, seedOf(nodeCrypto, parts), times_ms, size)).toEqual(rows)
})
