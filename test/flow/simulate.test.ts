/**
 * Half a year of a company, played with the real code: the pack finds what was planted, and nothing else.
 * spec/simulation.md (SIM-17, SIM-18).
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { manifestSigner } from '../../apps/cli/pack-of.ts'
import { registersOf } from '../../apps/server/harness.ts'
import { chosenOf, DEVIATIONS } from '../../apps/simulate/deviations/all.ts'
import { plant, type Deviation } from '../../apps/simulate/deviations/deviation.ts'
import { simulate, type Simulated } from '../../apps/simulate/simulate.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { buildPack } from '../../src/evidence/pack/build.ts'
import type { PackReport } from '../../src/evidence/verify/report.ts'
import { fromUtf8 } from '../../src/core/encoding.ts'
import { readArchive } from '../../src/evidence/pack/archive.ts'
import { verifyPack } from '../../src/evidence/verify/verify.ts'
import { checkpointAt } from '../../src/registry/checkpoints.ts'
import { CLI } from './stage.ts'

vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 })

const TO_MS = Date.UTC(2026, 6, 1)
const HALF_A_YEAR = { months: 6, agents: 8, actionsPerDay: 16 }
const folder = mkdtempSync(join(tmpdir(), 'countersign-simulated-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const faults: unknown[] = []

function play(name: string, deviations: readonly Deviation[], size = HALF_A_YEAR): Promise<Simulated> {
  const report = (error: unknown): number => faults.push(error)
  const dataDir = join(folder, name)
  return simulate({ ...size, seed: 'flow', to_ms: TO_MS, dataDir, deviations, report })
}

async function packOver({ plane, period, story }: Simulated): Promise<Uint8Array> {
  const { note: checkpoint } = await plane.publish()
  const start = await plane.store.query((db) => checkpointAt(db, period.from_ms))
  const { tiles, vkey } = plane
  const sign = manifestSigner(story.company.staff.operations, '0'.repeat(64))
  const source = { tiles, vkey, checkpoint, start: start?.note ?? null, sign }
  return (await buildPack(nodeCrypto, source, period)).bytes
}

async function reportOf(simulated: Simulated): Promise<PackReport> {
  const { report } = await verifyPack(nodeCrypto, await packOver(simulated), simulated.plane.vkey)
  return report
}

/** How many of each code in each test. */
type Counts = Record<string, number>

function countsOf(all: Iterable<{ test: number; code: string; n: number }>): Counts {
  const counts: Counts = {}
  for (const { test: number, code, n } of all) {
    const name = `test ${number} ${code}`
    counts[name] = (counts[name] ?? 0) + n
  }
  return counts
}

function foundIn({ results }: PackReport): Counts {
  const each = Object.values(results).flatMap(({ number, deviations }) =>
    deviations.map(({ code }) => ({ test: number, code, n: 1 })),
  )
  return countsOf(each)
}

const run = (...args: string[]) =>
  promisify(execFile)(process.execPath, [CLI, ...args], { maxBuffer: 64 * 1024 * 1024 })

/** Changes that one person made alone, access in an emergency, and credentials of gateways, which are not played. */
const EMPTY = [18, 32, 33]

/** In a process of its own, while the other half-year is played in this one. */
let honest: ReturnType<typeof run>
beforeAll(() => {
  const { months, agents, actionsPerDay } = HALF_A_YEAR
  const size = ['--months', months, '--agents', agents, '--actions-per-day', actionsPerDay].map(String)
  const rest = ['--seed', 'flow', '--to', '2026-07-01T00:00:00Z', '-o', join(folder, 'honest.zip')]
  honest = run('--json', 'simulate', ...size, ...rest)
  honest.catch(() => undefined) // whoever needs it is told
})

describe('half a year in which everything that can be planted was', () => {
  let report: PackReport
  beforeAll(async () => {
    const simulated = await play('planted', DEVIATIONS)
    report = await reportOf(simulated)
    await simulated.close()
  })

  test('has exactly these deviations, test by test and code by code', () => {
    expect(foundIn(report)).toEqual(countsOf(DEVIATIONS.flatMap(({ finds }) => finds)))
  })

  test('is a whole pack of a simulated log', () => {
    expect(report).toMatchObject({ integrity: true, simulated: true })
  })

  test('ran without a fault, and its registers are what its log gives', async () => {
    expect(faults).toEqual([])
    expect(await registersOf(join(folder, 'planted', 'countersign.db'))).toMatchObject({ ok: true })
  })
})

describe('the same half-year without, by the command line', () => {
  const pack = join(folder, 'honest.zip')
  let report: PackReport
  let made: { readonly key: string; readonly planted: readonly unknown[] }
  beforeAll(async () => {
    made = JSON.parse((await honest).stdout)
    report = JSON.parse((await run('--json', 'verify', pack, '--key', made.key)).stdout)
  })

  test('has no deviation and no fault, and is whole', () => {
    expect(made.planted).toEqual([])
    expect(foundIn(report)).toEqual({})
    expect(report).toMatchObject({ integrity: true, simulated: true, faults: [] })
  })

  test('has items for every test that a log answers, but for what an honest company has none of', () => {
    const empty = Object.values(report.results).filter(({ result }) => result === 'did_not_occur')
    expect(empty.map(({ number }) => number)).toEqual(EMPTY)
  })

  test('says on every page that it is simulated', () => {
    const files = readArchive(readFileSync(pack))
    const pages = [...files].filter(([name]) => name.endsWith('.html'))
    expect(pages.length).toBeGreaterThan(2)
    const silent = pages.filter(([, bytes]) => !/simulated/i.test(fromUtf8(bytes)))
    expect(silent.map(([name]) => name)).toEqual([])
  })
})

describe('countersign simulate', () => {
  const MONTH = { months: 1, agents: 3, actionsPerDay: 6 }

  test('writes a pack that verifies, and plays the same again from the same seed', async () => {
    const [pack, data] = [join(folder, 'month.zip'), join(folder, 'month')]
    const size = ['--months', '1', '--agents', '3', '--actions-per-day', '6', '--seed', 'flow']
    const rest = ['--to', '2026-07-01T00:00:00Z', '--deviations', 'acted-alone,capacity-gap']
    const made = await run('--json', 'simulate', ...size, ...rest, '--data', data, '-o', pack)
    const { key, planted } = JSON.parse(made.stdout)
    expect(planted).toMatchObject([{ name: 'acted-alone' }, { name: 'capacity-gap' }])
    const verified = await run('--json', 'verify', pack, '--key', key)
    const said = JSON.parse(verified.stdout)
    expect(said).toMatchObject({ integrity: true, simulated: true, faults: [] })
    expect(foundIn(said)).toEqual({ 'test 2 ACTED_ALONE': 1, 'test 21 HOUR_MISSING': 3 })

    const again = await play('again', chosenOf(['acted-alone', 'capacity-gap']), MONTH)
    const { note } = await again.plane.publish()
    await again.close()
    expect(treeOf(note)).toEqual(treeOf(readFileSync(join(data, 'log', 'checkpoint'))))
  })

  test.each([
    [['--deviations', 'nothing-like-it', '-o', 'x.zip'], 'DEVIATION_UNKNOWN'],
    [['--months', '1', '--deviations', 'baseline-alone', '-o', 'x.zip'], 'PERIOD_SHORT'],
    [['--months', '1'], 'ARGUMENT_INVALID'],
    [['--data', '.', '-o', 'x.zip'], 'ARGUMENT_INVALID'],
  ])('says what is wrong with %j', async (args, code) => {
    const failed = await run('--json', 'simulate', ...args).catch((error: { stdout: string }) => error)
    expect(JSON.parse(failed.stdout)).toMatchObject({ ok: false, error: { code } })
  })
})

/** Origin, size and root of a checkpoint. */
function treeOf(note: Uint8Array): string[] {
  return Buffer.from(note).toString().split('\n').slice(0, 3)
}

test('deviations have a name and a place each, and days on which nobody works', () => {
  const names = DEVIATIONS.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
  const planted = plant(DEVIATIONS, { from_ms: Date.UTC(2026, 0, 1), to_ms: TO_MS })
  for (const { day_ms } of planted) expect([0, 6]).toContain(new Date(day_ms).getUTCDay())
  const spec = readFileSync('spec/simulation.md', 'utf8')
  for (const name of names) expect(spec).toContain(`| \`${name}\``)
})
