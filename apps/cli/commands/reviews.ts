/** `countersign review …`: what waits for somebody to look at it. spec/outputs.md (OUT-10 to OUT-12). @module */
import { writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { canonicalize, type JsonObject } from '../../../src/core/json.ts'
import {
  attestOutput,
  listOutputs,
  openReview,
  refuseOutput,
  reviewLink,
  reviewView,
  sawReview,
  type ReviewView,
} from '../operator-outputs.ts'
import { CliError, result, visible } from '../output.ts'
import { profileOf, wantsJson } from './globals.ts'
import { seedCommands } from './output-acts.ts'
import { outputsText } from './outputs.ts'

export function reviewCommands(program: Command): void {
  const review = program.command('review').description('outputs that wait for somebody to look at them')
  review
    .command('list')
    .description('what waits, newest first')
    .option('--browser', 'print a link to the review desk')
    .action(async (options: { browser?: boolean }, command: Command) => {
      const profile = await profileOf(command)
      if (options.browser === true) {
        const url = await reviewLink(profile)
        result(wantsJson(command), { url }, () => url)
        return
      }
      const outputs = await listOutputs(profile, true)
      result(wantsJson(command), outputs, () => outputsText(outputs, 'nothing waits for a review'))
    })
  review
    .command('open')
    .description('look at an output: opens your review, which counts how long you look')
    .argument('<output>', 'out_…')
    .option('--browser', 'print a link to it at the review desk')
    .action(async (output: string, options: { browser?: boolean }, command: Command) => {
      const profile = await profileOf(command)
      if (options.browser === true) {
        const url = await reviewLink(profile, output)
        result(wantsJson(command), { url }, () => url)
        return
      }
      const id = await openReview(profile, output)
      const view = await reviewView(profile, id)
      result(wantsJson(command), { review: id, ...view }, () => viewText(id, view))
    })
  decideCommands(review)
  seedCommands(review)
}

function decideCommands(review: Command): void {
  review
    .command('attest')
    .description('sign that you wrote or reviewed it, with your authenticator; lets go what it holds')
    .argument('<output>', 'out_…')
    .option('-o, --out <file>', 'where the attestation is written')
    .action(async (output: string, { out }: { out?: string }, command: Command) => {
      const profile = await profileOf(command)
      if (profile.usesBrowser) {
        const url = await reviewLink(profile, output)
        result(wantsJson(command), { url }, () => `your passkey is in a browser, sign there: ${url}`)
        return
      }
      const sealed = await attestOutput(profile, output)
      if (out !== undefined && sealed.bundle !== null) await writeBundle(out, sealed.bundle)
      result(wantsJson(command), sealed, () => OUTCOMES[sealed.outcome])
    })
  review
    .command('refuse')
    .description('say that it is not to leave as it is')
    .argument('<review>', 'rvw_…, as "review open" gave it')
    .action(async (id: string, _: unknown, command: Command) => {
      const seed = await refuseOutput(await profileOf(command), id)
      result(wantsJson(command), { review: id, seed }, () =>
        seed ? 'refused, and well seen: it was wrong on purpose' : 'refused; others may still review it',
      )
    })
  review
    .command('seen')
    .description('say that you are looking at it; at most 5 seconds count since you said so last')
    .argument('<review>', 'rvw_…')
    .action(async (id: string, _: unknown, command: Command) => {
      const in_view_ms = await sawReview(await profileOf(command), id)
      result(wantsJson(command), { review: id, in_view_ms }, () => `${in_view_ms / 1000} s in view`)
    })
}

const OUTCOMES = {
  issued: 'attested',
  flagged: 'not attested: it was in view too briefly for its length. Another person has to review it',
  seed: 'not attested: it was wrong on purpose, and you signed it',
}

function viewText(id: string, { content, difference, sources, chain, refusals }: ReviewView): string {
  const marks = { same: ' ', added: '+', removed: '-' }
  const lines = difference.pieces.flatMap(({ op, text }) =>
    text.split('\n').map((line) => `${marks[op]} ${visible(line)}`),
  )
  return [
    `${id}, refused ${refusals} times before`,
    ...(content === null ? ['its content is erased'] : lines),
    ...sources.map(({ server, tool, action }) =>
      server === null ? `fed by ${action}` : `fed by ${visible(`${server}/${tool}`)}, ${action}`,
    ),
    chain === null ? 'no agent took part' : `made by ${chain.agent} under ${chain.jti}`,
  ].join('\n')
}

/** What travels with the output (ATT-8). One that is there stays. @throws {CliError} `FILE_UNWRITABLE` */
async function writeBundle(path: string, bundle: JsonObject): Promise<void> {
  try {
    await writeFile(path, `${canonicalize(bundle)}\n`, { flag: 'wx' })
  } catch (cause) {
    throw new CliError(
      'FILE_UNWRITABLE',
      `the output is attested, but ${path} cannot be written: take another name`,
      {
        cause,
      },
    )
  }
}
