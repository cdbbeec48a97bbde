import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LeaseWorld, type LimitedCall, type Wire } from '../fixtures/lease-world.ts'

const POINTS = 4

/** Small caps, so that every run comes to the end of some. */
const LIMITS: readonly Omit<LimitedCall, 'amount'>[] = [
  { per: 'delegation', max: 60 },
  { per: 'hour', max: 30 },
  { per: 'day', max: 40 },
  { per: 'week', max: 50 },
  { per: 'month', max: 55 },
  { per: 'PT1M', max: 12 },
  { per: 'PT10M', max: 25 },
]

type Step =
  | { readonly kind: 'call'; readonly calls: readonly LimitedCall[] }
  | { readonly kind: 'burst'; readonly calls: readonly LimitedCall[] }
  | { readonly kind: 'ship'; readonly count: number }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'wire'; readonly wire: Wire }
  | { readonly kind: 'arrive'; readonly last: boolean }
  | { readonly kind: 'crash'; readonly disk: 'kept' | 'lost' }
  | { readonly kind: 'start' }
  | { readonly kind: 'clock'; readonly off_ms: number }
  | { readonly kind: 'disk'; readonly fault: 'lost' | 'stored' | 'mended' }

const limitedCalls = fc
  .subarray([...LIMITS], { minLength: 1, maxLength: 3 })
  .chain((limits) =>
    fc.tuple(
      ...limits.map((limit) => fc.integer({ min: 1, max: 4 }).map((amount) => ({ ...limit, amount }))),
    ),
  )
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: limitedCalls.map((calls): Step => ({ kind: 'call', calls })) },
  { weight: 2, arbitrary: limitedCalls.map((calls): Step => ({ kind: 'burst', calls })) },
  { weight: 6, arbitrary: fc.constantFrom(1, 3, 500).map((count): Step => ({ kind: 'ship', count })) },
  {
    weight: 5,
    arbitrary: fc
      .constantFrom(1, 500, 3000, 6001, 10_001, 45_000, 300_000)
      .map((ms): Step => ({ kind: 'wait', ms })),
  },
  {
    weight: 4,
    arbitrary: fc
      .constantFrom<Wire>('up', 'up', 'cut', 'lost answer', 'late')
      .map((wire): Step => ({ kind: 'wire', wire })),
  },
  { weight: 2, arbitrary: fc.boolean().map((last): Step => ({ kind: 'arrive', last })) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('kept' as const, 'kept' as const, 'lost' as const)
      .map((disk): Step => ({ kind: 'crash', disk })),
  },
  { weight: 3, arbitrary: fc.constant<Step>({ kind: 'start' }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(-1000, 0, 1000).map((off_ms): Step => ({ kind: 'clock', off_ms })),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('lost' as const, 'stored' as const, 'mended' as const)
      .map((fault): Step => ({ kind: 'disk', fault })),
  },
)
const schedule = fc.array(fc.tuple(fc.nat(POINTS - 1), step), { minLength: 40, maxLength: 160, size: 'max' })

async function play(world: LeaseWorld, at: number, one: Step): Promise<void> {
  const point = world.points[at]!
  switch (one.kind) {
    case 'call':
      return point.call(one.calls)
    case 'burst':
      await Promise.all(Array.from({ length: 5 }, (_, i) => world.points[(at + i) % POINTS]!.call(one.calls)))
      return
    case 'ship':
      return point.ship(one.count)
    case 'wait':
      world.now_ms += one.ms
      return
    case 'wire':
      point.wire = one.wire
      return
    case 'arrive':
      return point.arrive(one.last)
    case 'crash':
      return point.crash(one.disk)
    case 'start':
      return point.start()
    case 'clock':
      point.off_ms = one.off_ms
      return
    case 'disk':
      if (one.fault === 'mended') point.mendDisk()
      else point.failDisk(one.fault)
  }
}

/** The network heals and what is leased ends: every point accounts for what it had. */
async function settleAll(world: LeaseWorld): Promise<void> {
  for (const point of world.points) await point.heal()
  for (let i = 0; i < 3; i++) {
    for (const point of world.points) {
      await point.ship(500)
      await point.ship(500)
    }
    world.now_ms += 11_000
  }
}

test('no cap is passed, whatever the wire, the clocks, the disks and the processes do, and nothing stays leased', async () => {
  let allowed = 0
  const denied: Record<string, number> = {}
  const property = fc.asyncProperty(schedule, async (steps) => {
    const world = new LeaseWorld()
    try {
      for (const drift of [0, 1e-4, -1e-4, 5e-5]) await world.addPoint(drift)
      for (const [at, one] of steps) await play(world, at, one)
      await settleAll(world)
      expect(world.overspent()).toEqual([])
      expect(await world.findings()).toEqual([])
      expect(await world.openLeases()).toBe(0)
      allowed += world.allowed.length
      for (const [reason, n] of Object.entries(world.denied)) denied[reason] = (denied[reason] ?? 0) + n
    } finally {
      await world.close()
    }
  })
  await fc.assert(property, { numRuns: 40, interruptAfterTimeLimit: 40_000 })
  // The runs were about something.
  expect(allowed).toBeGreaterThan(500)
  expect(Object.keys(denied).sort()).toEqual(['LEDGER_UNAVAILABLE', 'LIMIT_EXCEEDED', 'LIMIT_LEASED'])
}, 120_000)

test('once everything is accounted for, exactly what is left can be spent', async () => {
  const world = new LeaseWorld()
  try {
    for (let i = 0; i < POINTS; i++) await world.addPoint(0)
    const one = [{ per: 'delegation', max: 60, amount: 1 }]
    for (let i = 0; i < 20; i++) await world.points[i % POINTS]!.call(one)
    world.points[0]!.crash('kept')
    await settleAll(world)
    for (let i = 0; i < 400 && world.allowed.length < 60; i++) {
      await world.points[i % POINTS]!.call(one)
      for (const point of world.points) await point.ship(500)
      world.now_ms += 1000
    }
    await world.points[0]!.call(one)
    expect(world.allowed).toHaveLength(60)
    expect(world.overspent()).toEqual([])
  } finally {
    await world.close()
  }
})
