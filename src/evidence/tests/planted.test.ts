/** Violations that the tests of a report have to find, each of them and nothing else. spec/tests.md. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { tellAlone } from '../../../test/fixtures/alone-acts.ts'
import {
  ControlLog,
  DAY_MS,
  HOUR_MS,
  testedOf,
  YEAR,
  type Tested,
} from '../../../test/fixtures/control-log.ts'
import { HONEST_ACTS } from '../../../test/fixtures/honest-acts.ts'
import { ALICE, BOB, LogBuilder } from '../../../test/fixtures/history.ts'
import type { Found, Violation } from '../../../test/fixtures/planted-found.ts'
import { VIOLATIONS } from '../../../test/fixtures/planted.ts'
import { DETECTOR_RULES } from '../../core/alert.ts'
import type { Manifest } from '../../core/manifest.ts'
import { rfc3339 } from '../../core/time.ts'
import { CONTROL_TESTS } from './control-tests.ts'
import { DEVIATION_CODES } from './codes.ts'

/** Histories that are played, of at most ten weeks: what is delegated in them lives for eighty days. */
const RUNS = 12
const ACTS_MAX = 12

function foundIn({ results }: Tested): Found[] {
  return Object.values(results).flatMap(({ number, deviations }) =>
    deviations.map(({ code, entries }): Found => [number, code, entries[0] ?? null]),
  )
}

/** What planting a violation into a company that has kept its controls for an hour leaves to be found. */
function plantOnce({ name, plant }: Violation): {
  readonly control: ControlLog
  readonly planted: readonly Found[]
} {
  const control = new ControlLog()
  control.pass(HOUR_MS)
  const planted = plant(control)
  plantedBy.set(name, planted)
  return { control, planted }
}

/** Of those that were planted so far, so that whoever asks for all of them plants none twice. */
const plantedBy = new Map<string, readonly Found[]>()

const inOrder = (found: readonly Found[]): string[] => found.map((one) => JSON.stringify(one)).sort()

describe('of a company that keeps its controls, but for', () => {
  test.each(VIOLATIONS.map((each) => [each.name, each] as const))('%s', async (_, violation) => {
    const { control, planted } = plantOnce(violation)
    control.pass(HOUR_MS)
    expect(foundIn(await control.tested())).toEqual(planted)
  })
})

const acts = fc.array(
  fc.record({
    act: fc.constantFrom(...Object.keys(HONEST_ACTS)),
    after_min: fc.integer({ min: 1, max: 2000 }),
  }),
  { minLength: 1, maxLength: ACTS_MAX },
)

function play(control: ControlLog, story: readonly { act: string; after_min: number }[]): void {
  for (const { act, after_min } of story) {
    HONEST_ACTS[act]?.(control)
    control.pass(after_min * 60_000)
  }
}

describe('whatever else happens as it should', () => {
  test('nothing deviates, and what happened is counted', async () => {
    await fc.assert(
      fc.asyncProperty(acts, async (story) => {
        const control = new ControlLog()
        play(control, story)
        const tested = await control.tested()
        expect(tested.faults).toEqual([])
        expect(foundIn(tested)).toEqual([])
      }),
      { numRuns: RUNS },
    )
  })

  test('exactly what is planted is found, wherever it is', async () => {
    const some = fc.subarray(
      VIOLATIONS.filter(({ alone }) => alone !== true),
      { minLength: 1, maxLength: 5 },
    )
    await fc.assert(
      fc.asyncProperty(acts, acts, some, async (before, after, violations) => {
        const control = new ControlLog()
        play(control, before)
        const planted = violations.flatMap(({ plant }) => plant(control))
        play(control, after)
        expect(inOrder(foundIn(await control.tested()))).toEqual(inOrder(planted))
      }),
      { numRuns: RUNS },
    )
  })

  test('every act that there is occurs in some test', async () => {
    const control = new ControlLog()
    play(
      control,
      Object.keys(HONEST_ACTS).map((act) => ({ act, after_min: 60 })),
    )
    const { results } = await control.tested()
    const idle = Object.values(results).filter(({ result }) => result === 'did_not_occur')
    // Nobody acts alone where separation is independent.
    expect(idle.map(({ number }) => number)).toEqual([18])
  })
})

describe('under other terms', () => {
  test('a gesture by software is a deviation in production', async () => {
    const found = async (simulated: boolean): Promise<Found[]> => {
      const log = new LogBuilder().begin({ created: (body) => ({ ...body, simulated }) })
      for (const name of [ALICE, BOB]) log.person(name)
      for (const name of ['bot', 'worker']) log.agent(name)
      log.point('gate')
      return foundIn(await new ControlLog(log).tested())
    }
    expect(await found(true)).toEqual([])
    expect(await found(false)).toEqual([[3, 'SOFTWARE_AUTHENTICATOR', expect.any(Number)]])
  })

  test('a gesture by software hides nothing else that is wrong with its delegation', async () => {
    const log = new LogBuilder().begin({ created: (body) => ({ ...body, simulated: false }) })
    for (const name of [ALICE, BOB]) log.person(name)
    for (const name of ['bot', 'worker']) log.agent(name)
    log.point('gate')
    const control = new ControlLog(log)
    const { name } = control.leave()
    control.root('bot', { quorum: { m: 1, of: [BOB, name], by: [name] } })
    const at = log.entries.length - 1
    const found = foundIn(await control.tested()).filter(([, , index]) => index === at)
    expect(found).toEqual([
      [3, 'APPROVAL_INVALID', at],
      [3, 'SOFTWARE_AUTHENTICATOR', at],
    ])
  })

  test('hours and detectors count from the first midnight, whether anybody ever began with them or not', async () => {
    const log = new LogBuilder().company()
    const day_ms = Math.floor(log.clock.now() / DAY_MS) * DAY_MS
    log.clock.advance(day_ms + 2 * DAY_MS - log.clock.now())
    log.point('late')
    const { results } = await testedOf(log)
    expect(results[21]).toMatchObject({ items: 24, deviations_n: 24, result: 'deviations' })
    expect(results[21]?.deviations[0]?.message).toContain(rfc3339(day_ms + DAY_MS))
    expect(results[11]).toMatchObject({ items: 0, deviations_n: DETECTOR_RULES.length })
    const later = { ...YEAR, from_ms: day_ms + DAY_MS + 12 * HOUR_MS }
    expect((await testedOf(log, later)).results).toMatchObject({
      21: { deviations_n: 12 },
      11: { deviations: [] },
    })
    const founding = { ...YEAR, to_ms: day_ms + DAY_MS }
    expect((await testedOf(log, founding)).results).toMatchObject({
      21: { items: 0 },
      11: { deviations: [] },
    })
  })

  test('a version that one person approved alone was tested all the same', async () => {
    const control = new ControlLog(new LogBuilder().company('after'))
    const alone = (tests?: Manifest['tests'] | null) => tellAlone(control, control.version(tests, ALICE))
    alone()
    const [untested, failed] = [alone(null), alone([{ name: 'evals', passed: 8, failed: 1 }])]
    const tested = await control.tested()
    expect(tested.results[17]?.items).toBe(3)
    expect(foundIn(tested)).toEqual([
      [17, 'CHANGE_UNTESTED', untested],
      [17, 'CHANGE_TESTS_FAILED', failed],
    ])
  })

  test('a reviewer may be hasty one time in ten, and fewer than ten decisions tell nothing', async () => {
    const few = new ControlLog()
    for (let n = 0; n < 9; n++) few.hurry()
    expect(foundIn(await few.tested())).toEqual([])
    const control = new ControlLog()
    for (let n = 0; n < 9; n++) control.letter()
    const first = control.hurry()
    expect(foundIn(await control.tested())).toEqual([])
    control.hurry()
    expect(foundIn(await control.tested())).toEqual([[26, 'REVIEWS_HASTY', first]])
  })

  test('what one person changed alone waits five business days for another, and is not counted before', async () => {
    const control = new ControlLog(new LogBuilder().company('after'))
    const index = tellAlone(control, control.template(ALICE))
    control.pass(5 * DAY_MS)
    expect((await control.tested()).results[18]).toMatchObject({ items: 1, result: 'no_deviation' })
    control.pass(3 * DAY_MS)
    const tested = await control.tested()
    expect(foundIn(tested)).toEqual([[18, 'ALONE_UNREVIEWED', index]])
    expect(tested.results[17]).toMatchObject({ items: 0, result: 'did_not_occur' })
  })

  test('an issuer key signs for a year, and a new one begins anew', async () => {
    const after = async (days: number, rotated: boolean) => {
      const control = new ControlLog()
      control.log.clock.advance(300 * DAY_MS)
      if (rotated) control.rotate()
      control.log.clock.advance((days - 300) * DAY_MS)
      control.sample()
      const until = { ...YEAR, to_ms: control.now + 1 }
      return (await control.tested(until)).results[8]
    }
    expect(await after(365, false)).toMatchObject({ result: 'no_deviation' })
    expect(await after(367, false)).toMatchObject({ deviations: [{ code: 'KEY_NOT_ROTATED' }] })
    expect(await after(600, true)).toMatchObject({ result: 'no_deviation' })
  })
})

test('every code is planted somewhere, and every test that is not "not tested" has a violation', () => {
  const planted = VIOLATIONS.flatMap((each) => plantedBy.get(each.name) ?? plantOnce(each).planted)
  const others = ['ALONE_UNREVIEWED', 'KEY_NOT_ROTATED', 'SOFTWARE_AUTHENTICATOR']
  // Those of sources from outside are planted in reconcile.test.ts.
  others.push('CALLER_UNREGISTERED', 'ONLY_IN_LOG', 'ONLY_IN_SOURCE')
  const codes = new Set([...planted.map(([, code]) => code as string), ...others])
  expect(Object.keys(DEVIATION_CODES).filter((code) => !codes.has(code))).toEqual([])
  const numbers = new Set([...planted.map(([number]) => number), 18])
  const tested = CONTROL_TESTS.filter(({ population }) => population !== null)
  expect(tested.filter(({ number }) => !numbers.has(number))).toEqual([])
})

test('there are 34, each once', () => {
  expect(CONTROL_TESTS.map(({ number }) => number)).toEqual(Array.from({ length: 34 }, (_, at) => at + 1))
})
