/**
 * `countersign output register | release`, `attest withdraw | dispute`, `review seed …`: what people do with outputs of
 * their own hand. spec/attestation.md (ATT-17, ATT-20, ATT-26, ATT-28).
 * @module
 */
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { Option, type Command } from 'commander'
import { FORMS, type Form } from '../../../src/core/output.ts'
import { Git } from '../attest/git.ts'
import {
  commitSeed,
  endAttestation,
  plantSeed,
  registerWritten,
  releaseOutput,
  takeSeedBack,
} from '../operator-outputs.ts'
import { CliError, result } from '../output.ts'
import { unreadable } from '../profile.ts'
import { profileOf, wantsJson } from './globals.ts'

interface Given {
  readonly name: string
  readonly bytes: Uint8Array
  readonly form: Form
}

async function givenOf(
  file: string | undefined,
  { commit, form }: { commit?: string; form: Form },
): Promise<Given> {
  if ((file === undefined) === (commit === undefined))
    throw new CliError('ARGUMENT_INVALID', 'give a file, or --commit with a revision')
  if (file === undefined) {
    const git = new Git(process.cwd())
    return { name: 'commit', bytes: git.commit(git.resolve(commit ?? '')).raw, form: 'git' }
  }
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw unreadable(file, cause)
  })
  return { name: basename(file), bytes, form }
}

function formOption(): Option {
  return new Option('--form <form>', 'how it is digested').choices([...FORMS]).default('text')
}

export function outputActs(output: Command): void {
  output
    .command('register')
    .description('register an output that is to leave, under your own key: what you wrote counts as yours')
    .argument('[file]', 'the output')
    .requiredOption('--kind <kind>', 'as the output policy calls it')
    .option('--commit <revision>', 'a commit of the repository here, in place of a file')
    .addOption(formOption())
    .option('--draft <output>', 'what it was made from, out_…')
    .option('--delegation <jti>', 'under which an agent took part, dlg_…')
    .action(
      async (
        file: string | undefined,
        options: { kind: string; commit?: string; form: Form; draft?: string; delegation?: string },
        command: Command,
      ) => {
        const { kind, draft, delegation } = options
        const id = await registerWritten(await profileOf(command), {
          kind,
          ...(await givenOf(file, options)),
          ...(draft === undefined ? {} : { draft }),
          ...(delegation === undefined ? {} : { jti: delegation }),
        })
        result(
          wantsJson(command),
          { output: id },
          () =>
            `${id} is registered. Sign what you wrote: countersign review attest ${id}; or have another person review it: countersign review open ${id}`,
        )
      },
    )
  output
    .command('release')
    .description('say that it leaves; refused while a gate wants an attestation')
    .argument('<output>', 'out_…, that you registered')
    .action(async (id: string, _: unknown, command: Command) => {
      const attestation = await releaseOutput(await profileOf(command), id)
      result(wantsJson(command), { output: id, attestation }, () =>
        attestation === null ? `${id} left without an attestation` : `${id} left, attested by ${attestation}`,
      )
    })
}

export function endCommands(attest: Command): void {
  for (const [verb, done, what] of [
    ['withdraw', 'withdrawn', 'say that an attestation counts no more'],
    ['dispute', 'disputed', 'say that an attestation is not right'],
  ] as const)
    attest
      .command(verb)
      .description(what)
      .argument('<attestation>', 'att_…')
      .requiredOption('--reason <code>', 'one word for the log, such as wrong')
      .action(async (id: string, { reason }: { reason: string }, command: Command) => {
        await endAttestation(await profileOf(command), id, verb, reason)
        result(wantsJson(command), { attestation: id, state: done }, () => `${id} is ${done}`)
      })
}

export function seedCommands(review: Command): void {
  const seed = review
    .command('seed')
    .description('outputs that are wrong on purpose, to see whether reviewers look')
  seed
    .command('commit')
    .description('commit to one; plant it later, so that its place in the log does not give it away')
    .requiredOption('--kind <kind>', 'one that is held for people')
    .action(async ({ kind }: { kind: string }, command: Command) => {
      const id = await commitSeed(await profileOf(command), kind)
      result(
        wantsJson(command),
        { seed: id },
        () => `${id} is committed; plant it later: countersign review seed plant ${id} FILE`,
      )
    })
  seed
    .command('plant')
    .description('put it before reviewers, as if the last point that released this kind had')
    .argument('<seed>', 'sed_…')
    .argument('<file>', 'the output with its error')
    .addOption(formOption())
    .option('--name <name>', 'what it is called, as others of its kind are', 'output')
    .action(async (id: string, file: string, options: { form: Form; name: string }, command: Command) => {
      const { bytes, form } = await givenOf(file, options)
      const output = await plantSeed(await profileOf(command), id, { name: options.name, bytes, form })
      result(wantsJson(command), { seed: id, output }, () => `${output} waits for a review as others do`)
    })
  seed
    .command('take-back')
    .description('reveal one that nobody reviewed')
    .argument('<output>', 'out_…, as "review seed plant" gave it')
    .action(async (output: string, _: unknown, command: Command) => {
      await takeSeedBack(await profileOf(command), output)
      result(wantsJson(command), { output }, () => `${output} is revealed, and no longer waits`)
    })
}
