/** `countersign attest verify | digest | trailer | note | mail | compact | withdraw | dispute | coverage | hook`: who stands behind an output. spec/carriers.md. @module */
import { readFile, writeFile } from 'node:fs/promises'
import { Option, type Command } from 'commander'
import { FORMS, ROLES, type Form, type Role } from '../../../src/core/output.ts'
import { toCompact } from '../../../src/provenance/carriers/compact.ts'
import { withMailField } from '../../../src/provenance/carriers/fields.ts'
import { measure } from '../../../src/provenance/digest.ts'
import type { Bundle } from '../../../src/provenance/statement.ts'
import { givenBundle, noteCommit, trailCommit } from '../attest/carry.ts'
import { Git } from '../attest/git.ts'
import { runHook } from '../attest/hook.ts'
import { measureFile, newHash } from '../attest/output-file.ts'
import { verifyCommits, verifyOutput, type Verified, type VerifyOptions } from '../attest/verify.ts'
import { CliError, EXIT_FAILED, paint, result, say, tell, visible } from '../output.ts'
import { unreadable, unwritable } from '../profile.ts'
import { collect, globals, wantsJson } from './globals.ts'
import { endCommands } from './output-acts.ts'
import { coverageCommand } from './outputs.ts'

export function attestCommands(program: Command): void {
  const attest = program
    .command('attest')
    .description('who stands behind an output, and how its attestation travels')
  verifyCommand(attest)
  digestCommand(attest)
  carryCommands(attest)
  endCommands(attest)
  coverageCommand(attest)
  attest
    .command('hook')
    .description(
      'a pre-receive hook, or an update hook with its three arguments: refuses what is not attested',
    )
    .argument('[ref]', 'as git gives it to an update hook')
    .argument('[old]')
    .argument('[new]')
    .requiredOption('--policy <file>', 'what is protected, and by whose keys')
    .action(
      async (
        ref: string | undefined,
        from: string | undefined,
        to: string | undefined,
        { policy }: { policy: string },
        command: Command,
      ) => {
        const refusals = await runHook(policy, ref === undefined ? null : [from ?? '', to ?? '', ref])
        if (wantsJson(command)) say(JSON.stringify({ ok: refusals.length === 0, refusals }))
        else
          for (const { ref: name, commit, code, message } of refusals)
            tell(`${visible(name)}${commit === undefined ? '' : ` ${commit}`} ${code}: ${message}`)
        if (refusals.length > 0) process.exitCode = EXIT_FAILED
      },
    )
}

function verifyCommand(attest: Command): void {
  attest
    .command('verify')
    .description('who stands behind a file or a commit; exit code 1 when nobody does')
    .argument('[file]', 'the output')
    .option('--commit <revision>', 'a commit of the repository here, or a range A..B, in place of a file')
    .option(
      '--attestation <file>',
      'where it is: FILE.attestation.json, or the header of the file, if not given',
    )
    .option(
      '--key <kid>',
      "thumbprint of the issuer's key, brought from elsewhere; may be given again",
      collect,
    )
    .option('--issuer <url>', 'ask this control plane for its keys, and what became of the attestation since')
    .addOption(
      new Option('--role <role>', 'the lowest that is enough').choices([...ROLES]).default('directed'),
    )
    .option('--independent', 'only by somebody else than who set the task')
    .action(
      async (
        file: string | undefined,
        options: Omit<VerifyOptions, 'profile'> & { commit?: string; role: Role },
        command: Command,
      ) => {
        const { commit } = options
        if ((file === undefined) === (commit === undefined))
          throw new CliError('ARGUMENT_INVALID', 'give a file, or --commit with a revision')
        const { profile } = globals(command)
        const all = { ...options, ...(profile === undefined ? {} : { profile }) }
        const json = wantsJson(command)
        if (commit?.includes('..') === true) {
          const commits = await verifyCommits(new Git(process.cwd()), commit, all)
          const ok = commits.every((each) => each.ok)
          result(
            json,
            { ok, commits },
            () =>
              commits.map((each) => `${each.commit} ${described(each)}`).join('\n') ||
              'no commits in that range',
          )
          if (!ok) process.exitCode = EXIT_FAILED
          return
        }
        const answer =
          file === undefined
            ? (await verifyCommits(new Git(process.cwd()), commit ?? '', all))[0]
            : await verifyOutput(file, all)
        if (answer === undefined) throw new CliError('ARGUMENT_INVALID', 'no such commit')
        if (answer.ok || json) result(json, answer, () => described(answer))
        else tell(described(answer))
        if (!answer.ok) process.exitCode = EXIT_FAILED
      },
    )
}

function described(answer: Verified): string {
  if (!answer.ok) return `${paint('red', 'not attested')} ${answer.error.code}: ${answer.error.message}`
  const { role, human, name, chain, independent } = answer
  const who = name === undefined ? human : `${name} (${human})`
  const how = independent ? ', who did not set the task' : ''
  return `${paint('green', 'attested')} ${role} by ${visible(who)}${how}; ${chain === null ? 'no agent took part' : `chain ${visible(chain)}`}`
}

function digestCommand(attest: Command): void {
  attest
    .command('digest')
    .description('the digest by which an output is registered and attested')
    .argument('[file]', 'the output')
    .option('--commit <revision>', 'a commit of the repository here')
    .addOption(
      new Option('--form <form>', 'how it is brought into one form').choices([...FORMS]).default('file'),
    )
    .action(
      async (
        file: string | undefined,
        { commit, form }: { commit?: string; form: Form },
        command: Command,
      ) => {
        const measured = await digestOf(file, commit, form)
        result(
          wantsJson(command),
          measured,
          () => `${measured.form} sha256:${measured.sha256} (${measured.bytes} bytes)`,
        )
      },
    )
}

function digestOf(
  file: string | undefined,
  commit: string | undefined,
  form: Form,
): Promise<ReturnType<typeof measure>> {
  if (file !== undefined && commit === undefined) return measureFile(file, form)
  if (commit === undefined) throw new CliError('ARGUMENT_INVALID', 'give a file, or --commit with a revision')
  const git = new Git(process.cwd())
  return Promise.resolve(measure('git', git.commit(git.resolve(commit)).raw, newHash))
}

function carryCommands(attest: Command): void {
  const bundleOption = ['--attestation <file>', 'the bundle'] as const
  attest
    .command('trailer')
    .description('put an attestation of the commit at HEAD into its message; HEAD is then another commit')
    .requiredOption(...bundleOption)
    .action(async (options: { attestation: string }, command: Command) => {
      const commit = trailCommit(new Git(process.cwd()), await givenBundle(options.attestation))
      result(wantsJson(command), { commit }, () => `HEAD is ${commit}: push it as any commit`)
    })
  attest
    .command('note')
    .description('put an attestation of a commit into its note')
    .requiredOption(...bundleOption)
    .argument('[revision]', 'which commit', 'HEAD')
    .action(async (revision: string, options: { attestation: string }, command: Command) => {
      const commit = noteCommit(new Git(process.cwd()), revision, await givenBundle(options.attestation))
      result(
        wantsJson(command),
        { commit },
        () => `${commit} has a note: push refs/notes/countersign with it`,
      )
    })
  attest
    .command('mail')
    .description('put an attestation of a mail into its header')
    .argument('<file>', 'the mail, as it will be sent')
    .requiredOption(...bundleOption)
    .requiredOption('-o, --out <file>', 'where the mail with the header is written')
    .action(async (file: string, options: { attestation: string; out: string }, command: Command) => {
      const mail = await readFile(file).catch((cause: unknown) => {
        throw unreadable(file, cause)
      })
      await save(options.out, withMailField(mail, toCompact(await givenBundle(options.attestation))))
      result(wantsJson(command), { file: options.out }, () => `wrote ${options.out}`)
    })
  attest
    .command('compact')
    .description('an attestation as one line, for a header field of HTTP')
    .argument('<bundle>', 'FILE.attestation.json')
    .action(async (file: string, _: unknown, command: Command) => {
      const bundle: Bundle = await givenBundle(file)
      const value = toCompact(bundle)
      result(wantsJson(command), { value }, () => value)
    })
}

async function save(file: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeFile(file, bytes, { flag: 'wx' })
  } catch (cause) {
    throw unwritable(file, cause)
  }
}
