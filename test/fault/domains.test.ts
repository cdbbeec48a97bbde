import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LEVELS, type DataLabel } from '../../src/core/label.ts'
import { DomainWorld, type Wire } from '../fixtures/domain-world.ts'

const POINTS = 3
const AGENTS = ['agt_a', 'agt_b', 'agt_c']

type Step =
  | { readonly kind: 'call'; readonly agents: readonly string[] }
  | { readonly kind: 'finish'; readonly label: DataLabel }
  | { readonly kind: 'tend' | 'arrive' | 'start' | 'epoch' }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'wire'; readonly wire: Wire }
  | { readonly kind: 'crash'; readonly disk: 'kept' | 'lost' }
  | { readonly kind: 'clock'; readonly off_ms: number }
  | { readonly kind: 'disk'; readonly fails: boolean }

const label: fc.Arbitrary<DataLabel> = fc.record({
  level: fc.constantFrom(...LEVELS),
  integrity: fc.constantFrom('trusted' as const, 'untrusted' as const),
  categories: fc.subarray(['health', 'payment']),
})
const chain = fc.shuffledSubarray(AGENTS, { minLength: 1, maxLength: 2 })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: chain.map((agents): Step => ({ kind: 'call', agents })) },
  { weight: 9, arbitrary: label.map((one): Step => ({ kind: 'finish', label: one })) },
  { weight: 8, arbitrary: fc.constant<Step>({ kind: 'tend' }) },
  {
    weight: 4,
    arbitrary: fc
      .constantFrom(1, 500, 6_000, 21_000, 61_000, 63_000)
      .map((ms): Step => ({ kind: 'wait', ms })),
  },
  {
    weight: 3,
    arbitrary: fc
      .constantFrom<Wire>('up', 'up', 'cut', 'lost answer', 'late')
      .map((wire): Step => ({ kind: 'wire', wire })),
  },
  { weight: 2, arbitrary: fc.constant<Step>({ kind: 'arrive' }) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('kept' as const, 'kept' as const, 'lost' as const)
      .map((disk): Step => ({ kind: 'crash', disk })),
  },
  { weight: 2, arbitrary: fc.constantFrom<Step>({ kind: 'start' }, { kind: 'start' }, { kind: 'epoch' }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(-1000, 0, 1000).map((off_ms): Step => ({ kind: 'clock', off_ms })),
  },
  { weight: 1, arbitrary: fc.boolean().map((fails): Step => ({ kind: 'disk', fails })) },
)
const schedule = fc.array(fc.tuple(fc.nat(POINTS - 1), step), { minLength: 40, maxLength: 120, size: 'max' })

async function play(world: DomainWorld, at: number, one: Step): Promise<unknown> {
  const point = world.points[at]!
  switch (one.kind) {
    case 'call':
      return point.call(one.agents)
    case 'finish':
      return point.finish(one.label)
    case 'tend':
      return point.tend()
    case 'arrive':
      return point.arrive()
    case 'start':
      return point.start()
    case 'epoch':
      return point.newEpoch()
    case 'wait':
      world.now_ms += one.ms
      return
    case 'wire':
      point.wire = one.wire
      return
    case 'crash':
      return point.crash(one.disk)
    case 'clock':
      point.off_ms = one.off_ms
      return
    case 'disk':
      point.disk.fails = one.fails
  }
}

test('what a point says was read covers what its agents know, whatever the wire, the clocks, the disks and the processes do', async () => {
  const counts = { entered: 0, elsewhere: 0, tops: 0, whole: 0 }
  const property = fc.asyncProperty(schedule, async (steps) => {
    const world = new DomainWorld()
    try {
      for (const drift of [0, 1e-4, -1e-4]) await world.addPoint(drift)
      for (const [at, one] of steps) await play(world, at, one)
      expect(world.faults).toEqual([])
      expect(await world.findings()).toEqual([])
      for (const name of Object.keys(counts) as (keyof typeof counts)[]) counts[name] += world.counts[name]
    } finally {
      await world.close()
    }
  })
  await fc.assert(property, { numRuns: 40, interruptAfterTimeLimit: 40_000 })
  // The runs were about something.
  expect(counts.entered).toBeGreaterThan(200)
  expect(counts.elsewhere).toBeGreaterThan(50)
  expect(counts.whole).toBeGreaterThan(50)
  expect(counts.tops).toBeGreaterThan(0)
}, 120_000)
