import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { BOTTOM, LEVELS, TOP, type DataLabel } from '../../src/core/label.ts'
import { DomainWorld, type DomainPoint, type Wire } from '../fixtures/domain-world.ts'
import { TaintDisk } from '../fixtures/memory-taint-file.ts'

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
  { weight: 14, arbitrary: label.map((one): Step => ({ kind: 'finish', label: one })) },
  { weight: 5, arbitrary: fc.constant<Step>({ kind: 'tend' }) },
  {
    weight: 4,
    arbitrary: fc
      .constantFrom(1, 500, 6_000, 21_000, 61_000, 63_000)
      .map((ms): Step => ({ kind: 'wait', ms })),
  },
  {
    weight: 3,
    arbitrary: fc
      .constantFrom<Wire>('up', 'up', 'up', 'up', 'cut', 'lost answer', 'late')
      .map((wire): Step => ({ kind: 'wire', wire })),
  },
  { weight: 2, arbitrary: fc.constant<Step>({ kind: 'arrive' }) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('kept' as const, 'kept' as const, 'lost' as const)
      .map((disk): Step => ({ kind: 'crash', disk })),
  },
  { weight: 4, arbitrary: fc.constant<Step>({ kind: 'start' }) },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: 'epoch' }) },
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
      if ((await point.call(one.agents)) !== 'elsewhere') return
      for (const each of world.points) await each.tend() // who holds it hears of it
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
  await fc.assert(property, { numRuns: 60, interruptAfterTimeLimit: 40_000 })
  // The runs were about something.
  expect(counts.entered).toBeGreaterThan(150)
  expect(counts.elsewhere).toBeGreaterThan(50)
  expect(counts.whole).toBeGreaterThan(50)
  expect(counts.tops).toBeGreaterThan(0)
}, 120_000)

describe('a point of two', () => {
  const A = ['agt_a']
  const SECRET: DataLabel = { level: 'confidential', integrity: 'untrusted', categories: ['health'] }
  const worlds: DomainWorld[] = []
  afterEach(async () => {
    for (const world of worlds.splice(0)) await world.close()
  })
  const two = async (): Promise<{ world: DomainWorld; one: DomainPoint; other: DomainPoint }> => {
    const world = new DomainWorld()
    worlds.push(world)
    return { world, one: await world.addPoint(), other: await world.addPoint() }
  }
  const read = async (point: DomainPoint, label: DataLabel): Promise<DataLabel | null> => {
    const stay = point.domains.enter(A) ?? (await point.domains.obtain(A))
    const taint = stay?.taint ?? null
    await stay?.raise(label)
    stay?.leave()
    return taint
  }

  test('that is cut off goes on until its lease is over, and the other begins at the top 2 s later', async () => {
    const { world, one, other } = await two()
    await read(one, SECRET)
    one.wire = 'cut'
    world.now_ms += 59_900
    expect(await read(one, BOTTOM)).toEqual(SECRET)
    expect(await read(other, BOTTOM)).toBeNull()
    world.now_ms += 100
    expect(await read(one, BOTTOM)).toBeNull()
    world.now_ms += 1_999
    expect(await read(other, BOTTOM)).toBeNull()
    world.now_ms += 1
    expect(await read(other, BOTTOM)).toEqual(TOP)
    one.wire = 'up'
    expect(await read(one, BOTTOM)).toBeNull()
    expect(await world.findings()).toEqual([])
  })

  test('whose machine slept, or whose clock jumped ahead, asks before it goes on', async () => {
    const { one } = await two()
    await read(one, SECRET)
    one.wire = 'cut'
    one.off_ms = 61_000
    expect(await read(one, BOTTOM)).toBeNull()
    one.wire = 'up'
    expect(await read(one, BOTTOM)).toEqual(SECRET)
  })

  test('hands a result over only once its label would survive a crash', async () => {
    const { one, other } = await two()
    await read(one, BOTTOM)
    one.disk.fails = true
    await expect(read(one, SECRET)).rejects.toThrowWithCode('SPOOL_UNAVAILABLE')
    expect(await read(one, BOTTOM).catch(() => null)).toBeNull() // nor anything after it
    one.crash('kept')
    await one.start()
    await one.tend()
    expect(await read(other, SECRET)).toEqual(BOTTOM) // nobody was given the secret
    other.crash('kept')
    await other.start()
    await other.tend()
    expect(await read(one, BOTTOM)).toEqual(SECRET)
  })

  test('whose answer was lost is given the same turn again; after a crash it begins at the top', async () => {
    const { one } = await two()
    one.wire = 'lost answer'
    expect(await read(one, BOTTOM)).toBeNull()
    one.wire = 'up'
    expect(await read(one, SECRET)).toEqual(BOTTOM)
    one.disk = new TaintDisk()
    one.crash('kept') // of that disk, which has nothing
    await one.start()
    expect(await read(one, BOTTOM)).toEqual(TOP)
  })

  test('that opens another epoch hands over what it held in the one before', async () => {
    const { world, one } = await two()
    await read(one, SECRET)
    await one.newEpoch()
    expect(await read(one, BOTTOM)).toEqual(SECRET)
    expect(await world.findings()).toEqual([])
  })

  test('has its texts when nobody else had the domain, and not when another did', async () => {
    const { world, one, other } = await two()
    await read(one, SECRET)
    const sight = async () => {
      const stay = await one.domains.obtain(A)
      stay?.leave()
      return stay?.domains[0]
    }
    const before = await sight()
    expect(before).toEqual({ agent: 'agt_a', turn: 1, forgot: false })
    world.now_ms += 61_000
    await one.tend() // unused for a minute: handed over
    expect(await sight()).toEqual(before)
    world.now_ms += 61_000
    await one.tend()
    await read(other, BOTTOM)
    world.now_ms += 61_000
    await other.tend()
    expect(await sight()).toEqual({ agent: 'agt_a', turn: 4, forgot: true })
  })
})
