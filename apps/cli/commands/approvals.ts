/** `countersign delegation …`: delegations that wait for several people. @module */
import type { Command } from 'commander'
import { rfc3339 } from '../../../src/core/time.ts'
import { counted } from '../../../src/core/words.ts'
import {
  approveDraft,
  declineDraft,
  fetchChain,
  listDrafts,
  showDraft,
  waitForChain,
  type ShownDraft,
} from '../operator-quorum.ts'
import { CliError, listing, result, tell, visible } from '../output.ts'
import { assertWritable, writePrivate } from '../profile.ts'
import { profileOf, wantsJson } from './globals.ts'

export function approvalCommands(program: Command): void {
  const delegation = program
    .command('delegation')
    .description('delegations that wait for the gestures of several people')
  const waiting = delegation.command('waiting').description('those in which you have a part')
  waiting.action(async (_: unknown, command: Command) => {
    const profile = await profileOf(command)
    const drafts = await listDrafts(profile)
    result(wantsJson(command), drafts, () =>
      listing(
        ['delegation', 'you', 'missing', 'agent', 'draft'],
        drafts.map((each) => [
          each.jti,
          each.answers.find(({ person }) => person === profile.person)?.answer ?? 'open',
          String(each.missing),
          each.agent,
          `until ${rfc3339(each.expires)}`,
        ]),
        'nothing waits for you: countersign delegations lists what is issued',
      ),
    )
  })
  delegation
    .command('show')
    .description('all that would be signed, and who has answered')
    .argument('<delegation>', 'dlg_…')
    .action(async (jti: string, _: unknown, command: Command) => {
      const draft = await showDraft(await profileOf(command), jti)
      result(wantsJson(command), draft, () => textOf(draft))
    })
  delegation
    .command('approve')
    .description('stand behind it with your authenticator, over all that it shows first')
    .argument('<delegation>', 'dlg_…')
    .action(async (jti: string, _: unknown, command: Command) => {
      const missing = await approveDraft(await profileOf(command), jti, (draft) => tell(textOf(draft)))
      result(wantsJson(command), { jti, missing }, () =>
        missing === 0 ? `${jti} is issued` : `${jti} waits for ${missing} more`,
      )
    })
  delegation
    .command('decline')
    .description('refuse it for good; as its principal, end it')
    .argument('<delegation>', 'dlg_…')
    .action(async (jti: string, _: unknown, command: Command) => {
      await declineDraft(await profileOf(command), jti)
      result(wantsJson(command), { jti, declined: true }, () => `${jti} is declined`)
    })
  fetchCommand(delegation)
}

function fetchCommand(delegation: Command): void {
  delegation
    .command('fetch')
    .description('write the chain of a delegation of yours, once the last approval is there')
    .argument('<delegation>', 'dlg_…')
    .requiredOption('-o, --out <file>', 'where to write the chain')
    .option('--wait', 'wait for the last approval')
    .action(async (jti: string, options: { out: string; wait?: boolean }, command: Command) => {
      await assertWritable(options.out)
      const profile = await profileOf(command)
      const chain = options.wait === true ? await waitForChain(profile, jti) : await fetchChain(profile, jti)
      if (chain === null)
        throw new CliError(
          'APPROVALS_MISSING',
          `${jti} waits for approvals: see "countersign delegation show ${jti}", or wait with --wait`,
        )
      await writePrivate(options.out, `${chain}\n`)
      result(wantsJson(command), { jti, file: options.out }, () => `${jti} in ${options.out}`)
    })
}

/** Every member that is signed stands there, in words or as it is. */
function textOf({ root, grants, instruction, sub, answers, m, principal }: ShownDraft): string {
  return [
    `${principal} delegates:`,
    ...(instruction === null ? [] : [`  instruction: ${visible(instruction)}`]),
    ...(sub === null ? [] : [`  sub: ${visible(sub)}`]),
    ...grants.map((grant) => `  grant: ${JSON.stringify(grant)}`),
    `  root: ${JSON.stringify(root)}`,
    `${counted(m, 'approval')} needed besides:`,
    ...answers.map(({ person, role, answer }) => `  ${person}  ${role}  ${answer}`),
  ].join('\n')
}
