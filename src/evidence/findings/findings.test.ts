/** What is told to other software of a pack. spec/connectors.md (CNX-2 to CNX-4). */
import { describe, expect, test } from 'vitest'
import { nodeCrypto } from '../../adapters/node-crypto/node-crypto.ts'
import type { Catalogue } from '../controls/schema.ts'
import { countsOf, type Deviation, type Outcome, type TestResult } from '../tests/result.ts'
import { findingsOf, type FindingsInput } from './findings.ts'

function result(number: number, outcome: Outcome, more: Partial<TestResult> = {}): TestResult {
  return {
    number,
    criteria: ['CC7.4'],
    title: `title ${number}`,
    attribute: 'a',
    population: 'p',
    source: null,
    reconciliation: null,
    items: 3,
    result: outcome,
    reason: null,
    deviations_n: more.deviations?.length ?? 0,
    deviations: [],
    ...more,
  }
}

const control = (id: string, ...numbers: number[]): Catalogue['controls'][number] => ({
  id,
  title: `control ${id}`,
  statement: 's',
  criteria: ['CC7.4'],
  clauses: {},
  frequency: 'daily',
  owner: 'Ann Example',
  thresholds: {},
  tests: numbers.map((number) => ({ number, procedure: 'p', population: 'p', attributes: ['a'] })),
})
const catalogue: Catalogue = {
  v: 1,
  criteria: [],
  frameworks: [],
  controls: [control('CSN-A-01', 14, 15), control('CSN-A-02', 5), control('CSN-A-03', 33)],
}
const deviation = (code: Deviation['code'], message: string, entries: number[]): Deviation => ({
  id: `dev_${entries.join('_')}`,
  code,
  message,
  entries,
  chain: null,
  evaluation: null,
})
const late = (entry: number, message: string) => deviation('ALERT_LATE', message, [entry, entry + 1])
const signed: Deviation['evaluation'] = {
  entry: 20,
  signed: '2026-07-02T00:00:00.000Z',
  signer: 'per_ann',
  acted_alone: false,
  cause: 'Ann was away',
  extent: 'e',
  compensating: null,
  effect: 'f',
  remediation: null,
}
const results = [
  result(5, 'no_deviation'),
  result(14, 'no_deviation'),
  result(15, 'deviations', {
    deviations: [
      late(7, 'nobody told per_ann of Ann Example'),
      { ...late(9, 'x'), evaluation: signed },
      deviation('DRILL_TABLETOP_ONLY', 'm', []),
    ],
  }),
]
const INPUT: FindingsInput = {
  origin: 'log.example.com',
  simulated: false,
  period: { from: '2026-01-01T00:00:00.000Z', to: '2026-07-01T00:00:00.000Z' },
  entries: 120,
  tests: countsOf(results),
  results,
  catalogue,
  sha256: 'a'.repeat(64),
  where: 'https://evidence.example.com/pack.zip',
}
const all = findingsOf(nodeCrypto, INPUT)

describe('findings of a pack', () => {
  test('are controls with tests that ran, deviations by test and code, and the pack', () => {
    expect(all.map(({ kind, properties }) => [kind, properties.reference, properties.result])).toEqual([
      ['control', 'CSN-A-01', 'deviations'],
      ['control', 'CSN-A-02', 'no_deviation'],
      ['finding', 'test 15 ALERT_LATE', 'deviations'],
      ['finding', 'test 15 DRILL_TABLETOP_ONLY', 'deviations'],
      ['pack', 'pack of log.example.com', 'deviations'],
    ])
  })

  test('name entries, the digest of the pack and where it is, and no message and no owner', () => {
    const told = JSON.stringify(all)
    expect(told).not.toContain('Ann')
    expect(told).not.toContain('per_ann')
    expect(all[2]?.properties).toMatchObject({ entries: '7, 9', deviations: 2, evaluated: 1 })
    expect(all[3]?.lines).toContain('It is about what is not in the log.')
    for (const { lines } of all) expect(lines.join('\n')).toContain(`${INPUT.sha256}, at ${INPUT.where}`)
    for (const { lines } of all) expect(lines.at(-1)).toContain("the opinion is the auditor's")
  })

  test('have the same members of the same types for every kind, as platforms want a schema', () => {
    const shapes = all.map(({ properties }) =>
      Object.entries(properties).map(([name, value]) => `${name}: ${typeof value}`),
    )
    for (const shape of shapes) expect(shape).toEqual(shapes[0])
  })

  test('are known again at the next pack of the period, and are others for another log or period', () => {
    const ids = (input: FindingsInput): string[] => findingsOf(nodeCrypto, input).map(({ id }) => id)
    const own = ids(INPUT)
    expect(new Set(own).size).toBe(own.length)
    for (const id of own) expect(id).toMatch(/^csn-[0-9a-f]{32}$/)
    const period = { ...INPUT.period, to: '2026-08-01T00:00:00.000Z' }
    expect(ids({ ...INPUT, period, sha256: 'b'.repeat(64), entries: 300 })).toEqual(own)
    const other = ids({ ...INPUT, origin: 'other.example.com' })
    expect(other.filter((id) => own.includes(id))).toEqual([])
    // A control is one thing over the years; what deviated in a period is of that period.
    const next = ids({ ...INPUT, period: { ...INPUT.period, from: '2026-02-01T00:00:00.000Z' } })
    expect(next.filter((id) => own.includes(id))).toEqual(own.slice(0, 2))
  })

  test('of simulated data say so in every title and text', () => {
    for (const { title, lines, properties } of findingsOf(nodeCrypto, { ...INPUT, simulated: true })) {
      expect(title).toMatch(/^\[SIMULATED\] /)
      expect(lines.join('\n')).toContain('SIMULATED DATA')
      expect(properties.simulated).toBe(true)
    }
  })

  test('name the first twenty entries, and count the rest', () => {
    const deviations = Array.from({ length: 50 }, (_, i) => late(i * 10, 'm'))
    const many = [result(15, 'deviations', { deviations, deviations_n: 50 })]
    const found = findingsOf(nodeCrypto, { ...INPUT, results: many }).find(({ kind }) => kind === 'finding')
    expect(found?.properties.entries).toMatch(/, 190 and 30 more$/)
    expect(found?.properties.deviations).toBe(50)
  })
})
