/** The frame of the tests: what a pack says of them, and what a verifier makes of that. spec/tests.md (TST-3 to TST-9). */
import { ProvenAllows } from '../verify/allows.ts'
import { describe, expect, test } from 'vitest'
import { ControlLog, DAY_MS, HOUR_MS, testedOf, YEAR } from '../../../test/fixtures/control-log.ts'
import { LogBuilder } from '../../../test/fixtures/history.ts'
import { changedPack } from '../../../test/fixtures/tampered.ts'
import { nodeCrypto } from '../../adapters/node-crypto/node-crypto.ts'
import { canonicalBytes, parseJson } from '../../core/json.ts'
import type { EntryType } from '../../log/entries.ts'
import { bodies } from '../../log/entry-bodies.ts'
import { History } from '../history.ts'
import { readArchive, writeArchive } from '../pack/archive.ts'
import { buildPack } from '../pack/build.ts'
import { POPULATIONS } from '../populations/populations.ts'
import { FAULT_CODES } from '../verify/fault-codes.ts'
import { Findings } from '../verify/report.ts'
import { verifyPack } from '../verify/verify.ts'
import { CONTROL_TESTS } from './control-tests.ts'
import { isWhole, testsOfFault } from './faults.ts'
import { DEVIATIONS_LISTED_MAX, RESULTS_FILE, testResultsSchema } from './result.ts'
import { runTests } from './run.ts'
import type { ControlTest } from './test.ts'

async function packOf({ log }: ControlLog): Promise<Uint8Array> {
  log.head()
  const source = { ...(await log.publish()), start: null }
  return (await buildPack(nodeCrypto, source, YEAR)).bytes
}

async function reportOf(control: ControlLog, pack: Uint8Array) {
  return (await verifyPack(nodeCrypto, pack, control.log.vkey)).report
}

/** An allow of a delegation that was revoked 3 s before. */
function revokedAllow(control: ControlLog) {
  const chain = control.root('bot')
  const revocation = control.log.revoke('delegation', chain.jti)
  control.pass(3_000)
  return { revocation, allow: control.call(chain), segment: control.log.logChain(chain) }
}

describe('a pack', () => {
  test('has the results that its verifier computes, and fits their schema', async () => {
    const control = new ControlLog()
    control.call()
    const pack = await packOf(control)
    const file = readArchive(pack).get(RESULTS_FILE) ?? new Uint8Array()
    const said = testResultsSchema.parse(parseJson(file))
    const report = await reportOf(control, pack)
    expect(report).toMatchObject({ ok: true, integrity: true, faults: [] })
    expect(said.tests).toEqual(Object.values(report.results))
    expect(said.counts).toEqual(report.tests)
    expect(Object.values(report.tests).reduce((sum, n) => sum + n, 0)).toBe(34)
  })

  test('whose log shows a deviation is whole all the same, and names its entries and its chain', async () => {
    const control = new ControlLog()
    const { revocation, allow, segment } = revokedAllow(control)
    const report = await reportOf(control, await packOf(control))
    expect(report).toMatchObject({ ok: false, integrity: true, tests: { deviations: 1 } })
    expect(report.results[5]?.deviations).toEqual([
      {
        id: `5/ALLOW_AFTER_REVOCATION/${allow}`,
        code: 'ALLOW_AFTER_REVOCATION',
        message: expect.stringContaining('after delegation was revoked'),
        entries: [allow, revocation],
        chain: segment,
        evaluation: null,
      },
    ])
  })

  test('whose results were edited is not whole, and the report has its own', async () => {
    const control = new ControlLog()
    revokedAllow(control)
    const pack = await packOf(control)
    const said = testResultsSchema.parse(parseJson(readArchive(pack).get(RESULTS_FILE) ?? new Uint8Array()))
    const tests = said.tests.map((each) =>
      each.number === 5
        ? { ...each, result: 'no_deviation' as const, deviations: [], deviations_n: 0 }
        : each,
    )
    const edited = canonicalBytes({ ...said, tests })
    const forged = changedPack(control.log, pack, (files) => files.set(RESULTS_FILE, edited))
    const report = await reportOf(control, forged)
    expect(report.integrity).toBe(false)
    expect(report.faults.map(({ code }) => code)).toEqual(['ALLOW_AFTER_REVOCATION', 'TESTS_MISMATCH'])
    expect(report.results[5]).toMatchObject({ result: 'deviations', deviations_n: 1 })
  })

  test('without results is not whole', async () => {
    const control = new ControlLog()
    const files = new Map(readArchive(await packOf(control)))
    files.delete(RESULTS_FILE)
    const { integrity, faults } = await reportOf(control, writeArchive(files))
    expect(integrity).toBe(false)
    expect(faults.map(({ code }) => code)).toEqual(['FILE_MISSING', 'TESTS_MISMATCH'])
  })
})

describe('of a period', () => {
  test('are the deviations of entries in it, and of no others', async () => {
    const control = new ControlLog()
    const before = control.now
    revokedAllow(control)
    control.pass(DAY_MS)
    const middle = control.now
    control.call()
    const found = async (from_ms: number, to_ms: number) =>
      (await control.tested({ from_ms, to_ms })).results[5]?.deviations_n
    expect(await found(before, middle)).toBe(1)
    expect(await found(middle, middle + DAY_MS)).toBe(0)
    expect(await found(before - DAY_MS, before)).toBe(0)
  })

  test('that the log has not reached, what still may be done is no deviation', async () => {
    const control = new ControlLog()
    control.alert()
    control.openIncident()
    control.pass(HOUR_MS)
    const { results } = await control.tested()
    expect([results[13], results[14]]).toMatchObject([
      { items: 1, deviations: [] },
      { items: 1, deviations: [] },
    ])
  })

  test('a day and more without a word from outside is a gap, also at the end', async () => {
    const control = new ControlLog()
    control.pass(25 * HOUR_MS, { anchored: false })
    expect((await control.tested()).results[27]?.deviations).toMatchObject([{ code: 'ANCHOR_GAP' }])
    const plain = new LogBuilder().company()
    plain.clock.advance(DAY_MS + 1)
    plain.point('late')
    expect((await testedOf(plain)).results[27]?.deviations).toMatchObject([
      { code: 'ANCHOR_GAP', entries: [] },
    ])
  })
})

describe('a fault of the verifier', () => {
  test.each(FAULT_CODES)('%s is a deviation of a test that is tested, or of the pack alone', (code) => {
    const types = ['' as const, ...(Object.keys(bodies) as EntryType[])]
    const numbers = new Set(types.flatMap((type) => testsOfFault(code, type)))
    const tested = CONTROL_TESTS.filter(({ population }) => population !== null).map(({ number }) => number)
    expect([...numbers].filter((number) => !tested.includes(number))).toEqual([])
    for (const type of types) expect(testsOfFault(code, type).length > 0).toBe(numbers.size > 0)
    const findings = new Findings()
    findings.add({ code, message: 'x' })
    expect(numbers.size > 0 || !isWhole(findings)).toBe(true)
  })
})

describe('a test', () => {
  const history = new History(nodeCrypto)
  const ctx = {
    history,
    period: YEAR,
    findings: new Findings(),
    allows: new ProvenAllows(history.table),
    roots: [],
    logRoots: new Map(),
    sheets: [],
  }
  const bare: ControlTest = {
    number: 99,
    criteria: ['CC1.1'],
    title: 'x',
    attribute: 'x',
    population: null,
    source: null,
    run: () => ({ items: 0, deviations: [] }),
  }
  const resultOf = (more: Partial<ControlTest>) => runTests(ctx, [{ ...bare, ...more }]).tests[0]

  test('without items did not occur, and with an outside source that nobody gave is not reconciled', () => {
    expect(resultOf({})?.result).toBe('did_not_occur')
    expect(resultOf({ source: 'somebody else' })?.result).toBe('did_not_occur')
    const run = () => ({ items: 1, deviations: [] })
    expect(resultOf({ run })?.result).toBe('no_deviation')
    expect(resultOf({ run, source: 'somebody else' })?.result).toBe('not_reconciled')
  })

  test('counts more deviations than it lists', () => {
    const deviation = { code: 'HOUR_MISSING', message: 'x', entries: [] } as const
    const n = DEVIATIONS_LISTED_MAX + 1
    const result = resultOf({
      run: () => ({ items: n, deviations: Array.from({ length: n }, () => deviation) }),
    })
    expect(result).toMatchObject({ deviations_n: n, result: 'deviations' })
    expect(result?.deviations.length).toBe(DEVIATIONS_LISTED_MAX)
  })

  test('names a population of the pack, which has its rows', () => {
    const names = new Set(POPULATIONS.map(({ name }) => name))
    for (const { population } of CONTROL_TESTS)
      expect(population === null || names.has(population.name)).toBe(true)
  })
})
