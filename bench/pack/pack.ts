/**
 * Evidence packs of 10,000, 100,000 and 1,000,000 actions: how long building and verifying take, in how much memory, and
 * how both grow. Everything is in it: tests, populations, report, OSCAL, companions. spec/pack.md
 * @module
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { machine as machineNow, type Machine } from '../machine.ts'
import { round } from '../measure.ts'
import { CHROMIUM_RUNS } from '../../test/browser/chromium.ts'
import type { Apart } from './apart.ts'
import type { InPage } from './browser.ts'

const SIZES = [10_000, 100_000, 1_000_000]
/** Of a million actions: what the design sets. */
const TARGETS = { build_s: 60, build_mb: 512, verify_s: 10, page_s: 30 }

interface Step {
  readonly actions: number
  readonly entries: number
  readonly build: Apart
  readonly verify: Apart
  /** With `verify.html`; null: no Chromium for this machine. */
  readonly page: InPage | null
  /** Of the pack, by action. */
  readonly bytes_per_action: number
}

export async function pack(options: { readonly json: boolean; readonly short: boolean }): Promise<void> {
  const machine = machineNow()
  const steps: Step[] = []
  for (const actions of options.short ? SIZES.slice(0, 2) : SIZES) steps.push(await stepOf(actions))
  const report = { machine, targets: TARGETS, steps }
  process.stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : tableOf(machine, steps))
}

async function stepOf(actions: number): Promise<Step> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-pack-'))
  const file = join(folder, 'pack.zip')
  try {
    process.stderr.write(`${actions} actions: planting, building, verifying\n`)
    await apart('plant.ts', folder, String(actions))
    const build = JSON.parse(await apart('apart.ts', 'build', folder, file)) as Apart
    const verify = JSON.parse(await apart('apart.ts', 'verify', folder, file)) as Apart
    const page = CHROMIUM_RUNS ? (JSON.parse(await apart('browser.ts', folder, file)) as InPage) : null
    return {
      actions,
      entries: build.entries,
      build,
      verify,
      page,
      bytes_per_action: round(build.bytes / actions),
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function apart(script: string, ...args: readonly string[]): Promise<string> {
  const path = join(import.meta.dirname, script)
  return (await promisify(execFile)(process.execPath, [path, ...args])).stdout
}

function tableOf(machine: Machine, steps: readonly Step[]): string {
  const lines = steps.map(({ actions, entries, build, verify, page, bytes_per_action }) =>
    [
      actions,
      entries,
      build.seconds,
      build.cpu_s,
      build.rss_mb,
      verify.seconds,
      verify.cpu_s,
      verify.rss_mb,
      page?.seconds ?? '-',
      page?.cpu_s ?? '-',
      page?.rss_mb ?? '-',
      bytes_per_action,
    ]
      .map((value) => String(value).padStart(10))
      .join(''),
  )
  const heads = [
    'actions',
    'entries',
    'build s',
    'cpu s',
    'MB',
    'verify s',
    'cpu s',
    'MB',
    'page s',
    'cpu s',
    'MB',
    'bytes each',
  ]
  return [
    `pack, ${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, load ${machine.load_1m} at the start`,
    `targets of 1,000,000 actions: build ${TARGETS.build_s} s and ${TARGETS.build_mb} MB, verify ${TARGETS.verify_s} s, in a page ${TARGETS.page_s} s`,
    '',
    heads.map((head) => head.padStart(10)).join(''),
    ...lines,
    '',
  ].join('\n')
}
