/** `countersign kill probe` and `probed`: whether a kill would get to points, and the log of it. spec/kill.md (KIL-28). @module */
import type { Command } from 'commander'
import { ApiError } from '../../../src/adapters/http/client.ts'
import { CliError, EXIT_FAILED, result } from '../output.ts'
import { askProbe, offlineProbe, readRound, recordRound, type ProbeRound } from '../probes.ts'
import { writePrivate } from '../profile.ts'
import { collect, profileOf, wantsJson } from './globals.ts'
import { keyOf, placed, push, report, type KeyOptions, type PlaceOptions } from './kill-places.ts'

interface ProbeOptions extends PlaceOptions, Partial<KeyOptions> {
  readonly iss?: string
  readonly point?: string[]
  readonly out?: string
}

export function probeCommands(kill: Command): void {
  placed(kill.command('probe').description('ask points whether the switch reaches them; it stops nothing'))
    .option('--point <id>', 'of which an answer is wanted (repeat). Otherwise all in service', collect)
    .option('--key <file>', 'the break-glass key: shows that it works. Otherwise the frame key signs')
    .option('--passphrase-file <file>', 'holds its passphrase; or the variable COUNTERSIGN_PASSPHRASE')
    .option('--iss <name>', "with --key: the control plane's name, trust.iss in an enrolment file")
    .option('-o, --out <file>', 'keeps the round, to put it into the log later')
    .action(probe)
  kill
    .command('probed')
    .description('put a round of a probe into the log that was sent while the control plane was away')
    .argument('<file>', 'what "countersign kill probe … -o FILE" wrote')
    .action(async (file: string, _: unknown, command: Command) => {
      const round = await readRound(file)
      const points = await recordRound(await profileOf(command), round)
      result(wantsJson(command), { probe: round.statement.probe.id, points }, () => loggedOf(points))
    })
}

async function probe(options: ProbeOptions, command: Command): Promise<void> {
  const { key, iss, point, out } = options
  if ((key === undefined) !== (iss === undefined))
    throw new CliError('ARGUMENT_INVALID', '--key and --iss go together: give both, or neither')
  const statement =
    key === undefined || iss === undefined
      ? await askProbe(await profileOf(command))
      : offlineProbe(await keyOf({ ...options, key }), iss)
  const round: ProbeRound = { statement, ...(point === undefined ? {} : { points: point }) }
  if (out !== undefined) await writePrivate(out, round)
  const pushed = await push(command, statement, options)
  const { points, words } = await logged(command, round, out)
  report(command, pushed, { json: { probe: statement.probe.id, points }, words: [words] })
}

/** What was pushed was pushed, with a control plane or without. `points` null: it is not in the log. */
async function logged(
  command: Command,
  round: ProbeRound,
  out: string | undefined,
): Promise<{ points: string[] | null; words: string }> {
  try {
    const points = await recordRound(await profileOf(command), round)
    return { points, words: loggedOf(points) }
  } catch (error) {
    if (error instanceof ApiError && error.code === 'API_REFUSED') {
      process.exitCode = EXIT_FAILED
      return { points: null, words: `not in the log: ${error.message}` }
    }
    const next = out === undefined ? 'repeat it with -o FILE' : `countersign kill probed ${out}`
    return { points: null, words: `not in the log, the control plane is away: ${next}` }
  }
}

function loggedOf(points: readonly string[]): string {
  return `in the log: an answer is wanted of ${points.length}, and each hands in its own`
}
