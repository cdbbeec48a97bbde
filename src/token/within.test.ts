import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FILES } from '../../test/fixtures/tokens.ts'
import type { JsonObject } from '../core/json.ts'
import {
  constraintsMet,
  grantNames,
  grantSchema,
  limitName,
  ruleAccepts,
  type Grant,
  type Limit,
  type Rule,
} from './grant.ts'
import { boundsWithin, grantWithin, ruleWithin } from './within.ts'

const scalar = fc.oneof(fc.integer({ min: 0, max: 4 }), fc.constantFrom('a', 'b', 'a/b', 'c'), fc.boolean())
const pattern = fc.constantFrom('*', '**', 'a', 'a/*', 'a/**', 'a*', '*/b')
const members = {
  in: fc.array(scalar, { minLength: 1, maxLength: 4 }),
  glob: pattern,
  min: fc.integer({ min: 0, max: 4 }),
  max: fc.integer({ min: 0, max: 4 }),
}
/** Mostly rules that some value meets: with all four members hardly one is. */
const rule: fc.Arbitrary<Rule> = fc.oneof(
  fc.record({ in: members.in }),
  fc.record({ glob: members.glob }),
  fc.record({ min: members.min }),
  fc.record({ max: members.max }),
  fc.record(members, { requiredKeys: [] }).filter((each) => Object.keys(each).length > 0),
)

const limit: fc.Arbitrary<Limit> = fc.record({
  measure: fc.constantFrom('calls', 'bytes'),
  unit: fc.constant('1'),
  max: fc.integer({ min: 0, max: 3 }),
  per: fc.constantFrom('call' as const, 'day' as const),
})
const grant: fc.Arbitrary<Grant> = fc.record(
  {
    type: fc.constant('tool' as const),
    server: fc.constantFrom('s', 't'),
    actions: fc.oneof(
      fc.constant<string[]>(['*']),
      fc.uniqueArray(fc.constantFrom<string[]>('x', 'y', 'z'), { minLength: 1 }),
    ),
    constraints: fc.dictionary(fc.constantFrom('p', 'q', 'constructor'), rule, { maxKeys: 2 }),
    limits: fc.uniqueArray(limit, { selector: limitName, maxLength: 2 }),
  },
  { requiredKeys: ['type', 'server', 'actions'] },
)
const args = fc.dictionary(
  fc.constantFrom('p', 'q', 'constructor'),
  fc.oneof(scalar, fc.array(scalar, { maxLength: 3 })),
) as fc.Arbitrary<JsonObject>

describe('rules', () => {
  test.each<[Rule, unknown, boolean]>([
    [{ in: ['a', 1, true] }, 'a', true],
    [{ in: ['a', 1, true] }, '1', false],
    [{ in: [1] }, true, false],
    [{ min: 1, max: 3 }, 3, true],
    [{ min: 1, max: 3 }, 4, false],
    [{ min: 1 }, '2', false],
    [{ max: 1 }, null, false],
    [{ glob: '*' }, 7, false],
    [{ glob: '*', in: ['a'] }, 'b', false],
    [{ glob: 'a*' }, ['a'] as unknown, false],
  ])('%j accepts %j: %j', (each, value, answer) => {
    expect(ruleAccepts(each, value as never)).toBe(answer)
  })

  test('lie within soundly: what the child accepts, the parent accepts', () => {
    let shown = 0
    fc.assert(
      fc.property(rule, rule, scalar, (child, parent, value) => {
        if (!ruleWithin(child, parent) || !ruleAccepts(child, value)) return
        shown++
        expect(ruleAccepts(parent, value)).toBe(true)
      }),
      { numRuns: 10_000 },
    )
    expect(shown).toBeGreaterThan(50)
  })

  test('lie within themselves, and within what their own bounds lie in', () => {
    fc.assert(
      fc.property(rule, (each) => {
        expect(ruleWithin(each, each)).toBe(true)
      }),
    )
    fc.assert(
      fc.property(rule, rule, rule, (a, b, c) => {
        if (ruleWithin(a, b) && ruleWithin(b, c)) expect(ruleWithin(a, c)).toBe(true)
      }),
      { numRuns: 10_000 },
    )
  })

  test.each<[Rule, Rule, boolean]>([
    [{ in: ['a'] }, { in: ['a', 'b'] }, true],
    [{ in: ['a', 'c'] }, { in: ['a', 'b'] }, false],
    [{ in: ['a/b'] }, { glob: 'a/*' }, true],
    [{ in: [1, 2] }, { min: 1, max: 2 }, true],
    [{ in: [1, 9], max: 2 }, { max: 2 }, true],
    [{ glob: 'a' }, { in: ['a'] }, false],
    [{ min: 2 }, { min: 1 }, true],
    [{ max: 2 }, { min: 1 }, false],
    [{ min: 1, max: 2 }, { min: 1, max: 2 }, true],
    [{ glob: 'a/*', max: 1 }, { glob: 'a/**' }, true],
  ])('%j within %j: %j', (child, parent, answer) => {
    expect(ruleWithin(child, parent)).toBe(answer)
  })
})

describe('constraints', () => {
  const met = (constraints: Record<string, Rule>, given: JsonObject): boolean =>
    constraintsMet({ ...FILES, constraints }, given)

  test('need their argument to be there, itself and not by inheritance', () => {
    expect(met({ path: { in: ['a'] } }, {})).toBe(false)
    expect(met({ toString: { in: ['a'] } }, {})).toBe(false)
    expect(met({ constructor: { glob: '*' } }, {})).toBe(false)
  })

  test('hold for each element of a list, and not for an empty one', () => {
    expect(met({ to: { in: ['a', 'b'] } }, { to: ['a', 'b'] })).toBe(true)
    expect(met({ to: { in: ['a', 'b'] } }, { to: ['a', 'c'] })).toBe(false)
    expect(met({ to: { in: ['a', 'b'] } }, { to: [] })).toBe(false)
    expect(met({ to: { in: ['a', 'b'] } }, { to: [['a']] })).toBe(false)
    expect(met({ to: { in: ['a'] } }, { to: { 0: 'a' } })).toBe(false)
  })
})

describe('grants', () => {
  test('lie within soundly: what the child allows, the parent allows under limits at least as wide', () => {
    fc.assert(
      fc.property(
        grant,
        grant,
        args,
        fc.constantFrom('x', 'y', 'z', 'other'),
        (child, parent, given, tool) => {
          if (!grantWithin(child, parent)) return
          for (const server of ['s', 't']) {
            if (!grantNames(child, server, tool) || !constraintsMet(child, given)) continue
            expect(grantNames(parent, server, tool) && constraintsMet(parent, given)).toBe(true)
          }
          for (const bound of parent.limits ?? []) {
            const own = child.limits?.find((each) => limitName(each) === limitName(bound))
            expect(own !== undefined && own.max <= bound.max).toBe(true)
          }
        },
      ),
      { numRuns: 20_000 },
    )
  })

  test('lie within themselves; within is transitive', () => {
    fc.assert(
      fc.property(grant, (each) => {
        expect(grantWithin(each, each)).toBe(true)
      }),
    )
    let shown = 0
    fc.assert(
      fc.property(grant, grant, grant, (a, b, c) => {
        if (!grantWithin(a, b) || !grantWithin(b, c)) return
        shown++
        expect(grantWithin(a, c)).toBe(true)
      }),
      { numRuns: 20_000 },
    )
    expect(shown).toBeGreaterThan(0)
  })

  test('of all tools lie only within grants of all tools', () => {
    expect(grantWithin({ ...FILES, actions: ['*'] }, FILES)).toBe(false)
    expect(grantWithin(FILES, { ...FILES, actions: ['*'] })).toBe(true)
    expect(grantWithin({ ...FILES, actions: ['read', '*'] }, { ...FILES, actions: ['read'] })).toBe(false)
  })

  test('have so few limits that the debits of nine delegations fit a receipt', () => {
    const limits = (n: number) =>
      Array.from({ length: n }, (_, i) => ({ measure: `m${i}`, unit: '1', max: 1, per: 'day' }))
    expect(grantSchema.safeParse({ ...FILES, limits: limits(14) }).success).toBe(true)
    expect(grantSchema.safeParse({ ...FILES, limits: limits(15) }).success).toBe(false)
  })
})

test('bounds are narrower or equal, one step deeper', () => {
  const parent = { nbf: 10, exp: 20, aud: ['a', 'b'], depth: 0, depth_max: 2 }
  const child = { nbf: 10, exp: 20, aud: ['a'], depth: 1, depth_max: 2 }
  expect(boundsWithin(child, parent)).toBe(true)
  for (const edit of [
    { nbf: 9 },
    { exp: 21 },
    { aud: ['c'] },
    { aud: ['a', 'c'] },
    { depth: 0 },
    { depth: 2 },
    { depth_max: 3 },
  ]) {
    expect(boundsWithin({ ...child, ...edit }, parent)).toBe(false)
  }
  expect(boundsWithin(child, { ...parent, depth_max: 0 })).toBe(false)
})
