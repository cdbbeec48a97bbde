/** Our own vectors of spec/grants.md, and that they are what their generator makes. @module */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { grantSchema } from '../../src/token/grant.ts'
import {
  allowsVectors,
  fileText,
  withinVectors,
  type AllowsVector,
  type WithinVector,
} from '../../vectors/grants/generate.ts'
import { judgeAllows, judgeWithin } from './judge-grants.ts'

const textOf = (name: string): string =>
  readFileSync(resolve(import.meta.dirname, '../../vectors/grants', name), 'utf8')
const within = JSON.parse(textOf('within.json')) as WithinVector[]
const allows = JSON.parse(textOf('allows.json')) as AllowsVector[]

describe('the vectors of grants', () => {
  test.each(within)('within.json: $name', (vector) => {
    for (const grant of [vector.child, vector.parent]) expect(grantSchema.safeParse(grant).success).toBe(true)
    expect(judgeWithin(vector)).toBe(vector.within)
  })

  test.each(allows)('allows.json: $name', (vector) => {
    expect(grantSchema.safeParse(vector.grant).success).toBe(true)
    expect(judgeAllows(vector)).toBe(vector.allows)
  })

  test('are made again bit by bit', () => {
    expect(textOf('within.json')).toBe(fileText(withinVectors()))
    expect(textOf('allows.json')).toBe(fileText(allowsVectors()))
  })

  test('are many, of either answer, under names of their own', () => {
    expect(within.filter((each) => each.within).length).toBeGreaterThanOrEqual(40)
    expect(within.filter((each) => !each.within).length).toBeGreaterThanOrEqual(40)
    expect(allows.filter((each) => each.allows === true).length).toBeGreaterThanOrEqual(30)
    expect(textOf('../README.md')).toContain(`| ${within.length + allows.length} `)
    expect(new Set(allows.map((each) => each.allows)).size).toBe(10)
    const names = [...within, ...allows].map(({ name }) => name)
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([])
  })
})
