import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Grant } from './grant.ts'
import {
  outsideTemplate,
  readTemplate,
  templateChanges,
  undecidableGrant,
  type Approvers,
  type Offered,
  type Template,
} from './template.ts'

const READ: Grant = {
  type: 'tool',
  server: 'files',
  actions: ['read'],
  constraints: { path: { glob: 'reports/**' } },
}
const SEND: Grant = { type: 'tool', server: 'mail', actions: ['send'] }
const TEMPLATE: Template = {
  class: 'assistant',
  ttl_s_max: 3600,
  depth_max: 1,
  grants: [SEND, READ],
  approvals: { m: 2, of: ['per_a', 'per_b', 'per_c'] },
}
const ROOT: Offered = {
  class: 'assistant',
  ttl_s: 3600,
  depth_max: 1,
  grants: [READ],
  approvers: { m: 2, of: ['per_a', 'per_b'] },
}

describe('a root', () => {
  test('at every bound of its template is within', () => {
    expect(outsideTemplate(ROOT, TEMPLATE)).toBeNull()
  })

  test.each<[string, Partial<Offered>]>([
    ['class', { class: 'coding' }],
    ['ttl_s', { ttl_s: 3601 }],
    ['depth_max', { depth_max: 2 }],
    ['grants.1.server', { grants: [READ, { ...READ, server: 'db' }] }],
    ['grants.0.actions', { grants: [{ ...READ, actions: ['write'] }] }],
    ['grants.0.constraints.path', { grants: [{ ...READ, constraints: { path: { glob: '**' } } }] }],
    ['quorum.m', { approvers: null }],
    ['quorum.m', { approvers: { m: 1, of: ['per_a', 'per_b'] } }],
    ['quorum.of', { approvers: { m: 2, of: ['per_a', 'per_b', 'per_d'] } }],
  ])('past it at %s is outside, and the member is named', (member, change) => {
    expect(outsideTemplate({ ...ROOT, ...change }, TEMPLATE)?.member).toBe(member)
  })

  test('of which it cannot be decided whether it is within is outside, with that reason', () => {
    const grants: Grant[] = [{ ...READ, constraints: { path: { pattern: 'reports/.*' } } }]
    expect(outsideTemplate({ ...ROOT, grants }, TEMPLATE)).toEqual({
      member: 'grants.0.constraints.path',
      why: expect.stringContaining('cannot be decided'),
    })
  })

  test('of any class, with any grant and anyone behind it is within the widest template', () => {
    const widest: Template = { ...TEMPLATE, class: '*', grants: null, approvals: null }
    const root = { ...ROOT, class: 'coding', grants: [{ ...SEND, server: 'db' }], approvers: null }
    expect(outsideTemplate(root, widest)).toBeNull()
  })

  test('with no grant of a template that grants nothing is outside', () => {
    const nothing = { ...TEMPLATE, grants: [] }
    expect(outsideTemplate(ROOT, nothing)?.member).toBe('grants.0')
    expect(outsideTemplate({ ...ROOT, grants: [] }, nothing)).toBeNull()
  })

  test('within a template stays within when it asks for less, whatever that is', () => {
    const less = fc.record({
      class: fc.constant('assistant'),
      ttl_s: fc.integer({ min: 1, max: 3600 }),
      depth_max: fc.integer({ min: 0, max: 1 }),
      grants: fc.subarray([READ, SEND, { ...READ, constraints: { path: { in: ['reports/q3.txt'] } } }]),
      approvers: fc.constantFrom<Approvers[]>(
        { m: 2, of: ['per_c', 'per_a'] },
        { m: 3, of: ['per_c', 'per_a', 'per_b'] },
      ),
    })
    fc.assert(
      fc.property(less, (root) => {
        expect(outsideTemplate(root, TEMPLATE)).toBeNull()
      }),
    )
  })
})

describe('a template', () => {
  test('reads back as it is', () => {
    expect(readTemplate(TEMPLATE)).toEqual({ ok: true, template: TEMPLATE })
  })

  test.each<[string, string, unknown]>([
    ['a grant with a parent', 'grants.0', { ...TEMPLATE, grants: [{ ...READ, from: 'A'.repeat(43) }] }],
    ['a grant that does not fit', 'grants.0.actions', { ...TEMPLATE, grants: [{ ...READ, actions: [] }] }],
    ['a life past any delegation', 'ttl_s_max', { ...TEMPLATE, ttl_s_max: 90 * 86_400 + 1 }],
    ['more approvals than people', 'approvals', { ...TEMPLATE, approvals: { m: 2, of: ['per_a'] } }],
    [
      'a person who would count twice',
      'approvals.of',
      { ...TEMPLATE, approvals: { m: 2, of: ['per_a', 'per_a'] } },
    ],
    ['a member that no one knows', 'template', { ...TEMPLATE, extra: true }],
    ['no class', 'class', { ...TEMPLATE, class: '' }],
  ])('with %s is refused, and where is said', (_, where, value) => {
    const read = readTemplate(value)
    expect(read.ok ? '' : read.why).toMatch(new RegExp(`^${where.replaceAll('.', '\\.')}`))
  })

  test('with a grant of which not even itself is shown to lie within is named', () => {
    // Reading it with every subset of the last twelve characters takes more pairs than the bound of NRW-8.
    const constraints = { id: { pattern: '(a|b)*a(a|b){14}' } }
    expect(undecidableGrant({ ...TEMPLATE, grants: [SEND, { ...READ, constraints }] })).toEqual({
      member: 'grants.1.constraints.id',
      why: expect.stringContaining('cannot be decided'),
    })
    expect(undecidableGrant(TEMPLATE)).toBeNull()
    expect(undecidableGrant({ ...TEMPLATE, grants: null })).toBeNull()
  })
})

describe('what a template changes', () => {
  test('of itself is nothing', () => {
    expect(templateChanges(TEMPLATE, TEMPLATE)).toEqual([])
  })

  test('is listed by member, grants one by one', () => {
    const next = { ...TEMPLATE, ttl_s_max: 60, approvals: null, grants: [READ, { ...SEND, server: 'post' }] }
    expect(templateChanges(TEMPLATE, next)).toEqual([
      { member: 'ttl_s_max', was: 3600, becomes: 60 },
      { member: 'approvals', was: TEMPLATE.approvals, becomes: null },
      { member: 'grants', was: SEND },
      { member: 'grants', becomes: { ...SEND, server: 'post' } },
    ])
  })

  test('is all grants at once where any was allowed', () => {
    expect(templateChanges({ ...TEMPLATE, grants: null }, TEMPLATE)).toEqual([
      { member: 'grants', was: null, becomes: TEMPLATE.grants },
    ])
  })
})
