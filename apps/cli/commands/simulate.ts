/** `countersign simulate`: a company, its agents and months of both, played with the real code. spec/simulation.md (SIM-1). @module */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InvalidArgumentError, type Command } from 'commander'
import { rfc3339 } from '../../../src/core/time.ts'
import { counted } from '../../../src/core/words.ts'
import { chosenOf, DEVIATIONS } from '../../simulate/deviations/all.ts'
import { startOfDay } from '../../simulate/clock.ts'
import { simulate, type Simulated } from '../../simulate/simulate.ts'
import { CliError, paint, progress, progressDone, result } from '../output.ts'
import { countsText } from '../pack-report.ts'
import { packInto } from '../pack-of.ts'
import { assertWritable } from '../profile.ts'
import { time, wantsJson } from './globals.ts'

const MONTHS_MAX = 60
const AGENTS = { default: 200, max: 2_000 }
/** Of one agent on a working day, unless told otherwise. */
const ACTIONS_EACH = 5
const ACTIONS_MAX = 1_000_000

interface Options {
  readonly months: number
  readonly agents: number
  readonly seed: string
  readonly to?: number
  readonly actionsPerDay?: number
  readonly deviations: readonly string[]
  readonly data?: string
  readonly out?: string
}

export function simulateCommand(program: Command): void {
  const known = DEVIATIONS.map(({ name }) => name).join(', ')
  program
    .command('simulate')
    .description('play a company and its agents for months, with the real code and a clock that is moved')
    .option('--months <n>', 'how long', numberUpTo(MONTHS_MAX), 6)
    .option('--agents <n>', 'how many there are in the end', numberUpTo(AGENTS.max), AGENTS.default)
    .option('--seed <seed>', 'the same seed plays the same: a word', seed, '1')
    .option('--to <time>', 'when the period ends, RFC 3339 UTC; midnight of today unless given', time)
    .option(
      '--actions-per-day <n>',
      `of all agents together; ${ACTIONS_EACH} each unless given`,
      numberUpTo(ACTIONS_MAX),
    )
    .option('--deviations <list>', `what goes wrong: none, all, or of ${known}`, list, ['none'])
    .option('--data <dir>', 'keep the control plane in this folder, which is empty or not there yet')
    .option('-o, --out <file>', 'write a pack over the period')
    .action(async (options: Options, command: Command) => {
      const { data, out } = options
      if (data === undefined && out === undefined)
        throw new CliError(
          'ARGUMENT_INVALID',
          'nothing of it would be left: give -o FILE, --data DIR, or both',
        )
      if (out !== undefined) await assertWritable(out)
      const dataDir = data ?? (await mkdtemp(join(tmpdir(), 'countersign-simulation-')))
      try {
        await assertEmpty(dataDir)
        await run(options, dataDir, command)
      } finally {
        if (data === undefined) await rm(dataDir, { recursive: true, force: true })
      }
    })
}

async function run(options: Options, dataDir: string, command: Command): Promise<void> {
  const { months, agents, out, data } = options
  const begun = performance.now()
  const faults: unknown[] = []
  const simulated = await simulate({
    months,
    agents,
    dataDir,
    seed: options.seed,
    to_ms: startOfDay(options.to ?? Date.now()),
    actionsPerDay: options.actionsPerDay ?? ACTIONS_EACH * agents,
    deviations: chosenOf(options.deviations),
    onDay: ({ day, of, actions }) => progress(`day ${day} of ${of}, ${counted(actions, 'action')}`),
    report: (error) => faults.push(error),
  })
  try {
    const seconds = (performance.now() - begun) / 1000
    progress('the pack is being built')
    const pack = out === undefined ? null : await packed(simulated, out)
    progressDone()
    if (faults.length > 0) throw new AggregateError(faults, 'the control plane had faults')
    const summary = { ...(await described(simulated, seconds)), data: data ?? null, pack }
    result(wantsJson(command), summary, () => words(summary))
  } finally {
    progressDone()
    await simulated.close()
  }
}

async function packed({ story, period }: Simulated, out: string) {
  const { operations } = story.company.staff
  const built = await packInto(out, operations, period)
  return { file: out, bytes: built.bytes, entries: built.manifest.log.end, tests: built.tests }
}

async function described({ plane, story, period, planted }: Simulated, seconds: number) {
  const { allowed, denied } = story.done
  return {
    simulated: true,
    key: plane.vkey,
    period: { from: rfc3339(period.from_ms), to: rfc3339(period.to_ms) },
    agents: story.agents.length,
    actions: { allowed, denied },
    entries: await plane.store.entries.size(),
    seconds: Math.round(seconds * 100) / 100,
    planted: planted.map(({ deviation: { name, what, finds }, day_ms }) => {
      return { name, what, day: rfc3339(day_ms).slice(0, 10), finds }
    }),
  }
}

type Summary = Awaited<ReturnType<typeof described>> & {
  readonly data: string | null
  readonly pack: Awaited<ReturnType<typeof packed>> | null
}

function words({ period, agents, actions, entries, seconds, planted, data, pack, key }: Summary): string {
  const all = actions.allowed + actions.denied
  return [
    `${paint('yellow', 'SIMULATED')} ${period.from} to ${period.to}: ${counted(agents, 'agent')}, ${counted(all, 'action')}, ${counted(entries, 'entry', 'entries')} in ${seconds} s`,
    ...planted.map(({ name, day, finds }) => {
      const found = finds.map(({ test, code, n }) => `test ${test} ${code}${n === 1 ? '' : ` ${n} times`}`)
      return `  ${day} ${name}: ${found.join(', ')}`
    }),
    ...(data === null
      ? []
      : [`the control plane is in ${data}: its keys come of the seed, and protect nothing`]),
    ...(pack === null
      ? []
      : [
          `${paint('green', 'built')} ${pack.file} (${counted(pack.bytes, 'byte')})`,
          countsText(pack.tests),
          `verify it with: countersign verify ${pack.file} --key ${key}`,
        ]),
  ].join('\n')
}

/** @throws {CliError} `ARGUMENT_INVALID` */
async function assertEmpty(folder: string): Promise<void> {
  const names = await readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return []
    throw new CliError('ARGUMENT_INVALID', `${folder} is no folder: choose another --data`, { cause })
  })
  if (names.length > 0)
    throw new CliError('ARGUMENT_INVALID', `${folder} is not empty: choose another --data, or empty it`)
}

function numberUpTo(max: number): (text: string) => number {
  return (text) => {
    const n = /^\d{1,9}$/.test(text) ? Number(text) : 0
    if (n < 1 || n > max) throw new InvalidArgumentError(`a whole number from 1 to ${max}`)
    return n
  }
}

function seed(text: string): string {
  if (!/^[A-Za-z0-9._-]{1,32}$/.test(text))
    throw new InvalidArgumentError('1 to 32 letters, digits, dots, dashes and underscores')
  return text
}

function list(text: string): string[] {
  return text.split(',').map((name) => name.trim())
}
