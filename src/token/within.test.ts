import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FILES } from '../../test/fixtures/tokens.ts'
import type { JsonObject } from '../core/json.ts'
import { LEVELS, type DataLabel } from '../core/label.ts'
import {
  constraintsMet,
  grantNames,
  grantSchema,
  labelFault,
  limitName,
  resourcesFault,
  ruleAccepts,
  type Grant,
  type Limit,
  type Rule,
} from './grant.ts'
import { boundsWithin, grantWithin, outsideOf, ruleWithin } from './within.ts'

const MEMBERS = [
  'server',
  'actions',
  'resources',
  'constraints',
  'limits',
  'clearance',
  'categories',
  'purposes',
  'bound',
] as const satisfies readonly (keyof Grant)[]
const scalar = fc.oneof(fc.integer({ min: 0, max: 4 }), fc.constantFrom('a', 'b', 'a/b', 'c'), fc.boolean())
const globs = fc.constantFrom('*', '**', 'a', 'a/*', 'a/**', 'a*', '*/b')
const patterns = fc.constantFrom('a', 'a|b', '[a-c]', '.', 'a/b', 'a(/b)?', '.*', '[ab]{1,3}', 'a{2}')
const members = {
  in: fc.array(scalar, { minLength: 1, maxLength: 4 }),
  glob: globs,
  pattern: patterns,
  required: fc.boolean(),
  min: fc.integer({ min: 0, max: 4 }),
  max: fc.integer({ min: 0, max: 4 }),
}
/** Mostly rules that some value meets: with all four members hardly one is. */
const rule: fc.Arbitrary<Rule> = fc.oneof(
  fc.record({ in: members.in }),
  fc.record({ glob: members.glob }),
  fc.record({ pattern: members.pattern }),
  fc.record({ in: members.in, required: fc.constant(false) }),
  fc.constant<Rule>({ forbidden: true }),
  fc.constant<Rule>({ required: true }),
  fc.record({ min: members.min }),
  fc.record({ max: members.max }),
  fc.record(members, { requiredKeys: [] }).filter((each) => Object.keys(each).length > 0),
)

const PERIODS = ['call', 'hour', 'week', 'month', 'delegation', 'PT90M', 'P1D'] as const
const terms = fc.uniqueArray(fc.constantFrom<string[]>('u', 'v', 'w'))
const resourceGlobs = fc.constantFrom('**', 'a/*', 'a/**', 'file:///**', 'file:///a/*', 'https://h/*')
const limit: fc.Arbitrary<Limit> = fc.record({
  measure: fc.constantFrom('calls', 'bytes'),
  unit: fc.constant('1'),
  max: fc.integer({ min: 0, max: 3 }),
  per: fc.constantFrom(...PERIODS),
})
const grant: fc.Arbitrary<Grant> = fc.record(
  {
    type: fc.constant('tool' as const),
    server: fc.constantFrom('s', 's', 's', 't'),
    actions: fc.oneof(
      fc.constant<string[]>(['*']),
      fc.uniqueArray(fc.constantFrom<string[]>('x', 'y', 'z'), { minLength: 1 }),
    ),
    constraints: fc.dictionary(fc.constantFrom('p', 'q', 'constructor'), rule, { maxKeys: 2 }),
    limits: fc.uniqueArray(limit, { selector: limitName, maxLength: 2 }),
    resources: fc.uniqueArray(resourceGlobs, { minLength: 1, maxLength: 2 }),
    clearance: fc.constantFrom(...LEVELS),
    categories: terms,
    purposes: terms,
    bound: fc.integer({ min: 1, max: 4 }),
  },
  { requiredKeys: ['type', 'server', 'actions'] },
)
/** A parent and a child that shares most of it, so that it often lies within. */
const family = fc
  .tuple(grant, grant, fc.uniqueArray(fc.constantFrom(...MEMBERS), { maxLength: 3 }))
  .map(([parent, other, taken]): [child: Grant, parent: Grant] => {
    const child: Record<string, unknown> = { ...parent }
    for (const member of taken) {
      if (other[member] === undefined) delete child[member]
      else child[member] = other[member]
    }
    return [child as Grant, parent]
  })

/** What one call is, as far as a grant can ask. */
interface Call {
  server: string
  tool: string
  args: JsonObject
  resources: string[]
  label: Pick<DataLabel, 'level' | 'categories'>
  /** Of `bytes`; `calls` is always 1. */
  amount: number
  hour: number
  age_s: number
}
const call: fc.Arbitrary<Call> = fc.record({
  server: fc.constantFrom('s', 's', 's', 't'),
  tool: fc.constantFrom('x', 'x', 'y', 'z', 'other'),
  args: fc.dictionary(
    fc.constantFrom('p', 'q', 'constructor'),
    fc.oneof(scalar, fc.array(scalar, { maxLength: 3 })),
  ),
  resources: fc.array(fc.constantFrom('a', 'a/b', 'a/b/c', 'file:///a/b', 'file:///x', 'https://h/a'), {
    maxLength: 2,
  }),
  label: fc.record({ level: fc.constantFrom(...LEVELS), categories: terms }),
  amount: fc.integer({ min: 0, max: 2 }),
  hour: fc.constantFrom(0, 1, 25, 100, 760),
  age_s: fc.integer({ min: 0, max: 4 }),
})
const BOUND_S = 2

/** Whether a grant allows every call of a life, one after the other: an independent reading of spec/grants.md. */
function allowsAll(each: Grant, calls: readonly Call[]): boolean {
  const alone = calls.every(
    (one) =>
      grantNames(each, one.server, one.tool) &&
      constraintsMet(each, one.args) &&
      resourcesFault(each, one.resources) === null &&
      labelFault(each, one.label) === null &&
      one.age_s <= (each.bound ?? BOUND_S),
  )
  return alone && (each.limits ?? []).every((one) => keepsLimit(one, calls))
}

function keepsLimit({ measure, per, max }: Limit, calls: readonly Call[]): boolean {
  const minutes = { PT90M: 90, P1D: 24 * 60 }[per]
  if (minutes !== undefined) {
    const weight = (one: Call): number => (measure === 'calls' ? 1 : one.amount)
    return calls.every((last) => {
      const inWindow = calls.filter(({ hour }) => hour <= last.hour && (last.hour - hour) * 60 < minutes)
      return inWindow.reduce((sum, one) => sum + weight(one), 0) <= max
    })
  }
  // Hour 0 is the first of a month and a Thursday.
  const period = (one: Call, at: number): number =>
    ({
      call: at,
      hour: one.hour,
      day: Math.floor(one.hour / 24),
      week: Math.floor((one.hour / 24 + 3) / 7),
      month: Math.floor(one.hour / (24 * 31)),
    })[per] ?? 0
  const spent = new Map<number, number>()
  for (const [at, one] of calls.entries()) {
    const amount = measure === 'calls' ? 1 : one.amount
    spent.set(period(one, at), (spent.get(period(one, at)) ?? 0) + amount)
  }
  return [...spent.values()].every((sum) => sum <= max)
}

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

  test('hold for no argument that a reader may take for the one that is constrained', () => {
    expect(met({ recursive: { forbidden: true } }, { Recursive: true })).toBe(false)
    expect(met({ recursive: { forbidden: true } }, { 'recur\u017five': true })).toBe(false)
    expect(met({ path: { glob: 'pub/**', required: false } }, { Path: '/etc/shadow' })).toBe(false)
    expect(met({ path: { glob: 'pub/**' } }, { path: 'pub/a', PATH: '/etc/shadow' })).toBe(false)
    expect(met({ path: { glob: 'pub/**' } }, { path: 'pub/a', paths: '/etc/shadow' })).toBe(true)
    expect(met({ path: { glob: 'pub/**' } }, { path: 'pub/a', o: { Path: '', path: '' }, O: 1 })).toBe(true)
  })

  test('hold for no call of more arguments than are compared', () => {
    const many = (n: number): JsonObject =>
      Object.fromEntries(Array.from({ length: n }, (_, i) => [`n${i}`, 1]))
    expect(met({ path: { required: false } }, many(256))).toBe(true)
    expect(met({ path: { required: false } }, many(257))).toBe(false)
    expect(met({}, many(257))).toBe(true)
  })
})

describe('grants', () => {
  test('lie within soundly: what the child allows, call by call and in sum, the parent allows', () => {
    let shown = 0
    let within = 0
    fc.assert(
      fc.property(family, fc.array(call, { minLength: 1, maxLength: 3 }), ([child, parent], calls) => {
        if (!grantWithin(child, parent)) return
        within++
        if (!allowsAll(child, calls)) return
        shown++
        expect(allowsAll(parent, calls)).toBe(true)
      }),
      { numRuns: 60_000 },
    )
    expect(within).toBeGreaterThan(10_000)
    expect(shown).toBeGreaterThan(300)
  })

  test('lie within themselves; within is transitive', () => {
    fc.assert(
      fc.property(grant, (each) => {
        expect(outsideOf(each, each)).toBe(null)
      }),
    )
    let shown = 0
    fc.assert(
      fc.property(family, fc.constantFrom(...MEMBERS), grant, ([b, c], member, other) => {
        const a = { ...b, ...(other[member] === undefined ? {} : { [member]: other[member] }) } as Grant
        if (!grantWithin(a, b) || !grantWithin(b, c)) return
        shown++
        expect(grantWithin(a, c)).toBe(true)
      }),
      { numRuns: 20_000 },
    )
    expect(shown).toBeGreaterThan(1000)
  })

  test.each<[Partial<Grant>, Partial<Grant>, string | null]>([
    [{}, { resources: ['a/**'] }, 'resources'],
    [{ resources: ['a/b'] }, { resources: ['a/**'] }, null],
    [{ resources: ['file:///a'] }, { resources: ['**'] }, 'resources'],
    [{}, { clearance: 'internal' }, 'clearance'],
    [{ clearance: 'public' }, { clearance: 'internal' }, null],
    [{ clearance: 'restricted' }, { clearance: 'internal' }, 'clearance'],
    [{ clearance: 'public' }, {}, null],
    [{ categories: ['u'] }, { categories: ['u', 'v'] }, null],
    [{ categories: ['w'] }, { categories: ['u', 'v'] }, 'categories'],
    [{}, { purposes: ['u'] }, 'purposes'],
    [{ bound: 1 }, {}, 'bound'],
    [{}, { bound: 9 }, 'bound'],
    [{ bound: 8 }, { bound: 9 }, null],
    [{ constraints: { p: { forbidden: true } } }, { constraints: { p: { in: ['a'] } } }, 'constraints.p'],
    [
      { constraints: { p: { forbidden: true } } },
      { constraints: { p: { in: ['a'], required: false } } },
      null,
    ],
    [{ constraints: { p: { required: true } } }, { constraints: { p: { required: false } } }, null],
    [{ constraints: { p: { pattern: 'a' } } }, { constraints: { p: { glob: 'a' } } }, 'constraints.p'],
    [
      { limits: [{ measure: 'b', unit: '1', per: 'delegation', max: 3 }] },
      { limits: [{ measure: 'b', unit: '1', per: 'day', max: 3 }] },
      null,
    ],
    [
      { limits: [{ measure: 'b', unit: '1', per: 'hour', max: 3 }] },
      { limits: [{ measure: 'b', unit: '1', per: 'day', max: 3 }] },
      'limits.b',
    ],
  ])('%j within %j fails at %j', (child, parent, member) => {
    const base: Grant = { type: 'tool', server: 's', actions: ['x'] }
    expect(outsideOf({ ...base, ...child }, { ...base, ...parent })?.member ?? null).toBe(member)
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
