/** `countersign deviation …`: what tests found, and what management says of it. spec/deviations.md. @module */
import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { rfc3339 } from '../../../src/core/time.ts'
import { DEVIATION_ID } from '../../../src/log/deficiency-bodies.ts'
import {
  deviationsIn,
  deviationsOf,
  listEvaluations,
  proposeEvaluation,
  signEvaluation,
  type ListedDeviation,
} from '../deficiencies.ts'
import { CliError, listing, result, visible } from '../output.ts'
import { unreadable } from '../profile.ts'
import { profileOf, time, wantsJson } from './globals.ts'

export function deviationCommands(program: Command): void {
  const deviation = program
    .command('deviation')
    .description('deviations that tests found, and management’s evaluations of them')
  listCommand(deviation)
  evaluateCommand(deviation)
  signCommand(deviation)
  evaluationsCommand(deviation)
}

function listCommand(deviation: Command): void {
  deviation
    .command('list')
    .description('deviations of a pack, or of a period as the log is now, each evaluated or not')
    .argument('[pack]', 'file that evidence build wrote; says nothing of whether it verifies')
    .option('--from <time>', 'instead of a pack: RFC 3339 UTC, e.g. 2026-01-01T00:00:00Z', time)
    .option('--to <time>', 'not in the period itself; now if not given', time)
    .option('--open', 'those that are not evaluated')
    .action(
      async (
        file: string | undefined,
        options: { from?: number; to?: number; open?: boolean },
        command: Command,
      ) => {
        if ((file === undefined) === (options.from === undefined))
          throw new CliError('ARGUMENT_INVALID', 'give a pack, or --from and --to; not both')
        const all =
          file === undefined
            ? await deviationsOf(await profileOf(command), {
                from_ms: options.from ?? 0,
                to_ms: options.to ?? Date.now() + 1,
              })
            : deviationsIn(await read(file))
        const found = options.open === true ? all.filter(({ evaluation }) => evaluation === null) : all
        result(wantsJson(command), { deviations: found }, () => listText(found))
      },
    )
}

async function read(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file)
  } catch (cause) {
    throw unreadable(file, cause)
  }
}

function listText(found: readonly ListedDeviation[]): string {
  return listing(
    ['deviation', 'what', 'evaluation'],
    found.map(({ id, message, evaluation }) => [
      id,
      visible(message),
      evaluation === null
        ? 'not evaluated'
        : `signed by ${evaluation.signer} on ${evaluation.signed} (entry ${evaluation.entry})`,
    ]),
    'no deviation that is to be shown',
  )
}

interface EvaluateOptions {
  readonly cause: string
  readonly extent: string
  readonly effect: string
  readonly compensating?: string
  readonly deficiency?: string
}

function evaluateCommand(deviation: Command): void {
  deviation
    .command('evaluate')
    .description(
      'draft management’s evaluation; it stands in the log in the clear: name people by identifier',
    )
    .argument('<deviation>', 'as "countersign deviation list" shows it, such as 14/INCIDENT_OPEN/4711')
    .requiredOption('--cause <text>', 'why it happened')
    .requiredOption('--extent <text>', 'how far it goes')
    .requiredOption('--effect <text>', 'what came of it')
    .option('--compensating <text>', 'which other control stood in the way')
    .option('--deficiency <id>', 'dfc_…, under which it is repaired')
    .action(async (id: string, options: EvaluateOptions, command: Command) => {
      if (!DEVIATION_ID.test(id))
        throw new CliError('ARGUMENT_INVALID', 'no deviation: see "countersign deviation list"')
      const { cause, extent, effect, compensating = null, deficiency = null } = options
      const said = { deviation: id, cause, extent, compensating, effect, remediation: deficiency }
      const evaluation = await proposeEvaluation(await profileOf(command), said)
      result(
        wantsJson(command),
        { evaluation, deviation: id },
        () =>
          `${evaluation} waits to be signed\nnext: countersign deviation sign ${evaluation}, by somebody else`,
      )
    })
}

function signCommand(deviation: Command): void {
  deviation
    .command('sign')
    .description('sign an evaluation for management with your authenticator; not by who drafted it')
    .argument('<evaluation>', 'evl_…')
    .action(async (id: string, _: unknown, command: Command) => {
      await signEvaluation(await profileOf(command), id)
      result(wantsJson(command), { evaluation: id, status: 'signed' }, () => `${id} is signed`)
    })
}

function evaluationsCommand(deviation: Command): void {
  deviation
    .command('evaluations')
    .description('evaluations that were drafted or signed, the latest first')
    .argument('[deviation]', 'of this one alone')
    .action(async (of: string | undefined, _: unknown, command: Command) => {
      const evaluations = await listEvaluations(await profileOf(command), of ?? null)
      result(wantsJson(command), { evaluations }, () =>
        listing(
          ['evaluation', 'deviation', 'drafted by', 'signed by', 'signed', 'cause'],
          evaluations.map(({ id, deviation: named, proposer, signer, signed, said }) => [
            id,
            named,
            proposer,
            signer ?? '-',
            signed === null ? '-' : rfc3339(signed),
            visible(said.cause),
          ]),
          'nothing was evaluated; see "countersign deviation list"',
        ),
      )
    })
}
