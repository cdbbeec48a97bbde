/** What a pack would say of a period that ends on a day, and what to do about it. spec/readiness.md (RDY-6 to RDY-9). */
import { Command } from 'commander'
import { beforeAll, describe, expect, test } from 'vitest'
import { addCommands } from '../../apps/cli/command-groups.ts'
import { readControls } from '../../apps/cli/controls/read.ts'
import { ControlLog, DAY_MS, YEAR } from '../fixtures/control-log.ts'
import { FIRST_DAY, READY } from '../fixtures/readiness.ts'
import { VIOLATIONS } from '../fixtures/planted.ts'
import type { ReadinessFacts } from '../../src/core/readiness.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { buildPack } from '../../src/evidence/pack/build.ts'
import type { Catalogue } from '../../src/evidence/controls/schema.ts'
import type { Period } from '../../src/evidence/populations/definition.ts'
import { CONTROL_TESTS } from '../../src/evidence/tests/control-tests.ts'
import { gapReport, type GapReport } from '../../src/evidence/readiness/gaps.ts'
import { planOf } from '../../src/evidence/readiness/plan.ts'
import { rehearse } from '../../src/evidence/readiness/rehearse.ts'
import { REMEDIES } from '../../src/evidence/readiness/remedies.ts'

/** Installations whose plans have something to do in every step, each for its own reason. */
const PLANS: readonly ReadinessFacts[] = [
  FIRST_DAY,
  {
    ...FIRST_DAY,
    agents: { ...FIRST_DAY.agents, unregistered: 1 },
    channels: 1,
    alerts: { raised: 1, late: 1 },
  },
  {
    ...FIRST_DAY,
    agents: { ...READY.agents, mapped: 0 },
    points: { enrolled: 1, recording: 0, silent: 1 },
    revocation: { ...READY.revocation, bound_ms: 1 },
    outputs: { released: 1, attested: 0 },
    drills: { ...FIRST_DAY.drills, open: 1 },
    accessReview: { closed: null, open: 1 },
  },
]

let catalogue: Catalogue
beforeAll(async () => {
  catalogue = await readControls()
})

async function resultsOf({ log }: ControlLog, period: Period = YEAR) {
  log.head()
  return rehearse(nodeCrypto, await log.publish(), period)
}

async function gapsOf(control: ControlLog, period?: Period): Promise<GapReport> {
  return gapReport(await resultsOf(control, period), catalogue)
}

function planted(name: string, control: ControlLog): void {
  const violation = VIOLATIONS.find((each) => each.name === name)
  if (violation === undefined) throw new Error(`no violation ${name}`)
  violation.plant(control)
}

describe('a rehearsal', () => {
  test('comes to what a pack of the same period says', async () => {
    const control = new ControlLog()
    control.call()
    planted('an agent without a purpose', control)
    const results = await resultsOf(control)
    const pack = await buildPack(nodeCrypto, { ...(await control.log.publish()), start: null }, YEAR)
    expect(results.counts).toEqual(pack.tests)
  })

  test('refuses a period that ends before it starts, and a log that was changed', async () => {
    const control = new ControlLog()
    await expect(resultsOf(control, { from_ms: 2, to_ms: 1 })).rejects.toThrow('must end after it starts')
    const { tiles, ...source } = await control.log.publish()
    const bent = {
      read: async (path: string) => {
        const bytes = await tiles.read(path)
        return path.includes('entries') && bytes !== null
          ? bytes.map((b, i) => (i === 40 ? b ^ 1 : b))
          : bytes
      },
    }
    await expect(rehearse(nodeCrypto, { ...source, tiles: bent }, YEAR)).rejects.toThrow('does not verify')
  })

  test('judges what falls due by the end of the log, so a period may end later', async () => {
    const control = new ControlLog()
    planted('an alert that nobody took', control)
    const far: Period = { from_ms: YEAR.from_ms, to_ms: YEAR.to_ms + 3000 * DAY_MS }
    expect(await gapsOf(control, far)).toMatchObject({ counts: (await gapsOf(control)).counts })
  })
})

describe('a gap', () => {
  test('of each deviation names its test, its controls, its entries and what to do', async () => {
    const control = new ControlLog()
    planted('an agent without a purpose', control)
    const { gaps } = await gapsOf(control)
    expect(gaps[0]).toMatchObject({
      test: 1,
      result: 'deviations',
      criteria: ['CC6.1'],
      deviations_n: 1,
      deviations: [{ code: 'AGENT_PURPOSE_MISSING' }],
    })
    expect(gaps[0]?.controls.length).toBeGreaterThan(0)
    expect(gaps[0]?.why).toContain('what is repaired now stays one')
    expect(gaps[0]?.next).toMatch(/countersign agent list.*; countersign deviation evaluate/)
  })

  test('is also what must occur in a period and did not, and what need not is none', async () => {
    const { gaps, quiet } = await gapsOf(new ControlLog())
    const drill = gaps.find((gap) => gap.test === 15)
    expect(drill).toMatchObject({ result: 'did_not_occur', deviations_n: 0 })
    expect(drill?.why).toContain('in production')
    // Withdrawals need not occur.
    expect(quiet).toContain(30)
    expect(gaps.map(({ test: number }) => number)).not.toContain(30)
  })

  test('comes in the order of what is worst, and each test is in one place at most', async () => {
    const control = new ControlLog()
    planted('a delegation of another class than its agent', control)
    const { gaps, quiet, counts } = await gapsOf(control)
    const order = ['deviations', 'did_not_occur', 'not_tested', 'not_reconciled']
    const places = gaps.map(({ result }) => order.indexOf(result))
    expect(places).toEqual(places.toSorted((a, b) => a - b))
    const named = [...gaps.map(({ test: number }) => number), ...quiet]
    expect(new Set(named).size).toBe(named.length)
    expect(named.length + (counts.no_deviation ?? 0)).toBe(CONTROL_TESTS.length)
  })
})

describe('what to do', () => {
  test('is said of every test of a pack, and of nothing else', () => {
    const numbers = CONTROL_TESTS.map(({ number }) => String(number))
    expect(Object.keys(REMEDIES).sort()).toEqual(numbers.sort())
  })

  test('names commands that there are', { timeout: 120_000 }, async () => {
    const program = new Command('countersign')
    await addCommands(program, ['--help'])
    const texts = [
      ...Object.values(REMEDIES).map(({ next }) => next),
      ...PLANS.flatMap((facts) => planOf(facts).steps.map(({ next }) => next ?? '')),
    ]
    const named = texts.flatMap((text) => [
      ...text.matchAll(/countersign ((?:[a-z][a-z-]*)(?: [a-z][a-z-]*){0,2})/g),
    ])
    expect(named.length).toBeGreaterThan(40)
    const unknown = named
      .map(([, words = '']) => words)
      .filter((words) => !isCommand(program, words.split(' ')))
    expect(unknown).toEqual([])
  })
})

/** Whether the first words lead to a command; what is left may be prose. */
function isCommand(program: Command, words: readonly string[]): boolean {
  const [first, second] = words
  const top = program.commands.find((command) => command.name() === first)
  if (top === undefined) return false
  // A command that only has commands of its own wants one of them, unless prose goes on.
  return (
    second === undefined ||
    top.commands.length === 0 ||
    PROSE.has(second) ||
    top.commands.some((c) => c.name() === second)
  )
}

const PROSE = new Set(['within', 'for', 'in', 'and', 'on', 'where'])
