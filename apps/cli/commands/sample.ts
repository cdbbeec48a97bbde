/** `countersign sample …`: freeze populations, then draw rows that nobody could choose. spec/samples.md. @module */
import { InvalidArgumentError, type Command } from 'commander'
import { counted } from '../../../src/core/words.ts'
import { sampledOf, type Sampled } from '../../../src/evidence/samples/make.ts'
import { readControls } from '../controls/read.ts'
import { WAIT_S, WAIT_WORDS } from '../cut-off.ts'
import { CliError, listing, result } from '../output.ts'
import { limitationLines } from '../pack-report.ts'
import { draw, freeze, listSamples } from '../sample.ts'
import { profileOf, time, wantsJson, whole } from './globals.ts'

interface DrawOptions {
  readonly test?: number
  readonly control?: string
  readonly size?: number
  readonly nonce?: string
  readonly controls?: string
}

export function sampleCommands(program: Command): void {
  const sample = program
    .command('sample')
    .description('samples for a person to read, that nobody could choose')
  freezeCommand(sample)
  drawCommand(sample)
  sample
    .command('list')
    .description('what was frozen and drawn, the latest first')
    .action(async (_: unknown, command: Command) => {
      const all = await listSamples(await profileOf(command))
      result(wantsJson(command), all, () =>
        listing(
          ['id', 'entry', 'what'],
          [
            ...all.freezings.map(({ id, entry, engagement, from, to }) => [
              id,
              String(entry),
              `frozen for ${engagement}: ${from} to ${to}`,
            ]),
            ...all.samples.map(({ id, entry, control, population, rows, nonce }) => [
              id,
              String(entry),
              `${counted(rows.length, 'row')} of ${population} for ${control}, ${nonce === null ? "management's" : "the auditor's"}`,
            ]),
          ],
          'nothing was frozen: see "countersign sample freeze --help"',
        ),
      )
    })
}

function freezeCommand(sample: Command): void {
  sample
    .command('freeze')
    .description('log the digest of each population of a period that is over')
    .requiredOption('--from <time>', 'RFC 3339 UTC', time)
    .requiredOption('--to <time>', 'RFC 3339 UTC, not in the period itself', time)
    .requiredOption('--engagement <name>', 'as you and the auditor call it')
    .option('--wait <seconds>', WAIT_WORDS, whole, WAIT_S)
    .action(async (o: { from: number; to: number; engagement: string; wait: number }, command: Command) => {
      const period = { from_ms: o.from, to_ms: o.to }
      const done = await freeze(await profileOf(command), o.engagement, period, o.wait)
      result(wantsJson(command), done, () =>
        [
          `${done.id}: ${counted(done.populations_n, 'population')} frozen in entry ${done.entry}`,
          ...limitationLines(done.limitations),
          `next: once it is anchored, ask the auditor for a nonce (openssl rand -hex 16 makes one), then countersign sample draw ${done.id} --test N --nonce HEX`,
        ].join('\n'),
      )
    })
}

function drawCommand(sample: Command): void {
  sample
    .command('draw')
    .description("draw of a frozen population; without a nonce the sample is management's")
    .argument('<freezing>', 'frz_…, as "countersign sample list" names it')
    .option('--test <number>', 'whose population is sampled', whole)
    .option('--control <id>', 'of the catalogue: of its only test, or of --test')
    .option('--size <n>', 'as the auditor asks; by how often the control runs if not given', whole)
    .option('--nonce <hex>', "the auditor's, at least 16 bytes, given once the freezing is anchored", nonce)
    .option('--controls <dir>', 'control files of your own, besides those that come with Countersign')
    .action(async (freezing: string, options: DrawOptions, command: Command) => {
      const { control, test, frequency } = await sampledBy(options)
      const profile = await profileOf(command)
      const { size = null, nonce: given = null } = options
      const done = await draw(profile, { freezing, control, test, frequency, size, nonce: given })
      const { rows, population } = done.drawn
      result(
        wantsJson(command),
        done,
        () =>
          `${done.id}: ${counted(rows.length, 'row')} of ${population}; the next pack of the period has their stories`,
      )
    })
}

/** What is sampled, and how often it runs. @throws {CliError} `ARGUMENT_INVALID` */
async function sampledBy({ control, test, controls }: DrawOptions): Promise<Sampled> {
  const catalogue = await readControls(controls ?? null)
  const sampled = sampledOf(catalogue, { control, test })
  if (sampled !== null) return sampled
  const found = catalogue.controls.find(({ id }) => id === control)
  const numbers = found?.tests.map(({ number }) => number) ?? []
  throw new CliError(
    'ARGUMENT_INVALID',
    control === undefined
      ? 'say of what: --test N, or --control ID of "countersign controls list"'
      : found === undefined
        ? `there is no control ${control}: see "countersign controls list"`
        : `${control} has tests ${numbers.join(', ')}: say which, with --test`,
  )
}

function nonce(text: string): string {
  if (!/^(?:[0-9a-f]{2}){16,64}$/.test(text))
    throw new InvalidArgumentError('not 16 to 64 bytes in lower-case hex')
  return text
}
