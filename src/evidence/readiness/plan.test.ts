/** The ninety-day plan over what was counted. spec/readiness.md (RDY-1 to RDY-5). */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DAY_MS, FIRST_DAY, NOW, READY } from '../../../test/fixtures/readiness.ts'
import type { ReadinessFacts } from '../../core/readiness.ts'
import { planOf, readinessPlanSchema } from './plan.ts'

function stepOf(facts: ReadinessFacts, id: string) {
  const found = planOf(facts).steps.find((step) => step.id === id)
  if (found === undefined) throw new Error(`no step ${id}`)
  return found
}

describe('the plan', () => {
  test('of an installation that has done everything is done, and has nothing next', () => {
    const { stack, whole, steps, day } = planOf(READY)
    expect(steps.filter(({ state }) => state !== 'done')).toEqual([])
    expect(steps.filter(({ next }) => next !== null)).toEqual([])
    expect([day, stack.done, stack.of, whole.done, whole.of]).toEqual([80, 8, 8, 17, 17])
    expect([stack.days_left, whole.days_left]).toEqual([0, 10])
  })

  test('of the first day is open in every step, and says of each what to do', () => {
    const { stack, whole, steps } = planOf(FIRST_DAY)
    expect(steps.filter(({ state }) => state !== 'open').map(({ id }) => id)).toEqual([])
    expect(steps.filter(({ next }) => next === null || next === '')).toEqual([])
    expect(steps.filter(({ late }) => late)).toEqual([])
    expect([stack.done, whole.done, stack.days_left, whole.days_left]).toEqual([0, 0, 14, 90])
  })

  test('lists its steps in the order of their days, the stack by day 14 and all by day 90', () => {
    const days = planOf(READY).steps.map(({ by_day }) => by_day)
    expect(days).toEqual(days.toSorted((a, b) => a - b))
    expect(Math.max(...days)).toBeLessThanOrEqual(90)
  })

  test('calls a step late on the day on which its days are over, and not before', () => {
    const at = (day: number) => stepOf({ ...FIRST_DAY, started: NOW - day * DAY_MS }, 'inventory').late
    expect([at(6), at(7), at(50)]).toEqual([false, true, true])
    expect(stepOf({ ...READY, started: NOW - 500 * DAY_MS }, 'inventory').late).toBe(false)
  })

  test('fits its schema, and counts no more steps as done than there are, whatever was counted', () => {
    const n = fc.nat({ max: 50 })
    const facts = fc.record({
      agents: fc.record({ registered: n, owned: n, purposed: n, placed: n, mapped: n, unregistered: n }),
      points: fc.record({ enrolled: n, recording: n, silent: n }),
      delegated: fc.record({ active: n, delegated: n }),
      outputs: fc.record({ released: n, attested: n }),
      alerts: fc.record({ raised: n, late: n }),
      channels: n,
      started: fc.integer({ min: NOW - 900 * DAY_MS, max: NOW + DAY_MS }),
    })
    fc.assert(
      fc.property(facts, fc.constantFrom(READY, FIRST_DAY), (bend, base) => {
        const plan = planOf({ ...base, ...bend })
        expect(readinessPlanSchema.parse(plan)).toEqual(plan)
        expect(plan.whole.done).toBe(plan.steps.filter(({ state }) => state === 'done').length)
        expect(plan.stack.done).toBeLessThanOrEqual(plan.stack.of)
        expect(plan.steps.every(({ state, next }) => (state === 'done') === (next === null))).toBe(true)
        expect(plan.day).toBeGreaterThanOrEqual(0)
      }),
    )
  })
})

describe('a step is not done', () => {
  const less: readonly [string, string, Partial<ReadinessFacts>][] = [
    [
      'with one person where two are wanted',
      'people',
      { people: { enrolled: 1, endorsed: 1, isAlone: false } },
    ],
    ['with an agent that nobody mapped', 'inventory', { agents: { ...READY.agents, mapped: 3, placed: 3 } }],
    [
      'with something found and not registered',
      'inventory',
      { agents: { ...READY.agents, unregistered: 1 } },
    ],
    ['with a point that is silent', 'points', { points: { enrolled: 2, recording: 2, silent: 1 } }],
    ['with a point that recorded nothing', 'points', { points: { enrolled: 2, recording: 1, silent: 0 } }],
    ['with an active agent without a delegation', 'delegations', { delegated: { active: 3, delegated: 2 } }],
    [
      'with a point that did not acknowledge',
      'revocation',
      { revocation: { ...READY.revocation, acknowledged: 1 } },
    ],
    [
      'with a revocation past the bound',
      'revocation',
      { revocation: { ...READY.revocation, spread_ms: { n: 40, p50: 12, p99: 90, max: 2_001 } } },
    ],
    ['with nothing measured', 'revocation', { revocation: { ...READY.revocation, spread_ms: null } }],
    ['with over a day without an anchor', 'anchors', { anchors: { n: 3, last: NOW, gap: DAY_MS + 1 } }],
    [
      'with a detector that is silent',
      'detectors',
      { detectors: { day: '2026-05-31', tried: 12, silent: 1 } },
    ],
    [
      'with detectors that were last tried three days ago',
      'detectors',
      { detectors: { day: '2026-05-29', tried: 12, silent: 0 } },
    ],
    ['with a policy that is missing', 'policies', { policies: ['alert', 'drift', 'flow', 'output'] }],
    ['with a restore that failed', 'restore', { restore: { time: NOW, ok: false } }],
    ['with a restore of last year', 'restore', { restore: { time: NOW - 200 * DAY_MS, ok: true } }],
    [
      'with a tabletop alone',
      'drill',
      { drills: { production: null, tabletop: { id: 'drl_2', closed: NOW }, open: 0 } },
    ],
    [
      'with a drill that a point did not answer',
      'drill',
      {
        drills: {
          ...READY.drills,
          production: { id: 'drl_1', closed: NOW, points_n: 2, answered_n: 1, last_ms: 130 },
        },
      },
    ],
    [
      'with a drill in whose scope was no point',
      'drill',
      {
        drills: {
          ...READY.drills,
          production: { id: 'drl_1', closed: NOW, points_n: 0, answered_n: 0, last_ms: null },
        },
      },
    ],
    ['with an output that nobody attested', 'attestation', { outputs: { released: 5, attested: 4 } }],
    ['with an alert that was taken late', 'alerts', { alerts: { raised: 6, late: 1 } }],
    ['with a review that is open', 'access_review', { accessReview: { closed: null, open: 1 } }],
    ['with a pack of last year', 'pack', { packs: { built: 1, last: NOW - 200 * DAY_MS } }],
    [
      'with narratives of two years ago',
      'narratives',
      { narratives: { approved: 1, last: NOW - 700 * DAY_MS } },
    ],
  ]

  test.each(less)('%s (%s)', (_, id, facts) => {
    const { state, next } = stepOf({ ...READY, ...facts }, id)
    expect(state).toBe('partly')
    expect(next).not.toBeNull()
  })

  test('but one person is enough where the separation is "after"', () => {
    const people = { enrolled: 1, endorsed: 1, isAlone: true }
    expect(stepOf({ ...READY, people }, 'people').state).toBe('done')
  })

  test('names the policies that are missing, and how to propose them', () => {
    const { says, next } = stepOf({ ...READY, policies: ['alert', 'output', 'response'] }, 'policies')
    expect(says).toContain('missing: drift, flow')
    expect(next).toBe('countersign drift policy propose; countersign flow policy propose')
  })

  test('has the measured revocation with its percentiles, its bound and the last drill', () => {
    expect(stepOf(READY, 'revocation').measure).toEqual({
      frames: 9,
      acknowledged: 2,
      points: 2,
      n: 40,
      p50_ms: 12,
      p99_ms: 90,
      max_ms: 140,
      bound_ms: 2_000,
      drill_last_ms: 130,
    })
  })
})
