/** Our own vectors of holder proofs, and that they are what their generator makes. @module */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { fileText, proofVectors, type ProofVector } from '../../vectors/proof/generate.ts'
import type { CounterVector, MacVector } from '../../vectors/proof/macs.ts'
import { judgeCall, judgeCounters, judgeDpop, judgeMac, judgeSession } from './judge-proof.ts'

const textOf = (name: string): string =>
  readFileSync(resolve(import.meta.dirname, '../../vectors/proof', name), 'utf8')
const read = <T>(name: string): T[] => JSON.parse(textOf(name)) as T[]

describe.each([
  ['call.json', judgeCall],
  ['session.json', judgeSession],
  ['dpop.json', judgeDpop],
])('holder proofs of %s', (file, judge) => {
  const vectors = read<ProofVector>(file)

  test.each(vectors)('$name', (vector) => {
    expect(judge(vector)).toEqual(vector.expect)
  })

  test('are of either answer', () => {
    expect(vectors.filter(({ expect: { ok } }) => ok).length).toBeGreaterThanOrEqual(4)
    expect(vectors.filter(({ expect: { ok } }) => !ok).length).toBeGreaterThanOrEqual(15)
  })
})

test.each(read<MacVector>('session-call.json'))('MAC of a call: $name', (vector) => {
  expect(judgeMac(vector)).toBe(vector.holds)
})

test.each(read<CounterVector>('counters.json'))('counters: $name', (vector) => {
  expect(judgeCounters(vector)).toEqual(vector.accepted)
})

test('the vectors of proofs are as many as their page says', () => {
  const count = Object.values(proofVectors()).reduce((sum, vectors) => sum + vectors.length, 0)
  expect(textOf('../README.md')).toContain(`| ${count} `)
})

test('the vectors of proofs are made again bit by bit', () => {
  for (const [name, vectors] of Object.entries(proofVectors()))
    expect([name, textOf(name)]).toEqual([name, fileText(vectors)])
})
