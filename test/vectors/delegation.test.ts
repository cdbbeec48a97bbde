/** Our own vectors of spec/delegation.md, and that they are what their generator makes. @module */
import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { delegationVectors, vectorText } from '../../vectors/delegation/generate.ts'
import { judge, type DelegationVector } from './judge.ts'

const FOLDER = resolve(import.meta.dirname, '../../vectors/delegation')
const files = readdirSync(FOLDER).filter((name) => name.endsWith('.json'))
const textOf = (name: string): string => readFileSync(resolve(FOLDER, name), 'utf8')

describe('the vectors', () => {
  test.each(files)('%s gets the answer that it expects', (name) => {
    const vector = JSON.parse(textOf(name)) as DelegationVector
    expect(judge(nodeCrypto, vector)).toEqual(vector.expect)
    expect(`${vector.name}.json`).toBe(name)
  })

  test('are made again bit by bit', () => {
    const made = new Map(delegationVectors().map((vector) => [`${vector.name}.json`, vectorText(vector)]))
    expect([...made.keys()].sort()).toEqual([...files].sort())
    for (const [name, text] of made) expect([name, textOf(name)]).toEqual([name, text])
  })

  test('are many, valid and invalid, and reach every code that a chain can have', () => {
    const codes = files
      .map((name) => (JSON.parse(textOf(name)) as DelegationVector).expect)
      .map((e) => (e.ok ? 'ok' : e.code))
    expect(codes.filter((code) => code === 'ok').length).toBeGreaterThanOrEqual(100)
    expect(codes.filter((code) => code !== 'ok').length).toBeGreaterThanOrEqual(200)
    expect(readFileSync(resolve(FOLDER, '../README.md'), 'utf8')).toContain(`| ${files.length} `)
    expect(new Set(codes).size).toBe(18) // every TokenErrorCode but the two of proofs, and ok
  })
})
