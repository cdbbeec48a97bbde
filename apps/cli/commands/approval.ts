/** `countersign approval …`: calls that wait for a person, and how much people are asked. spec/approvals.md. @module */
import type { Command } from 'commander'
import { rfc3339 } from '../../../src/core/time.ts'
import {
  approvalLink,
  approvalLoad,
  decideApproval,
  listApprovals,
  showApproval,
  type Load,
  type ShownApproval,
} from '../operator-approvals.ts'
import { listing, result, table, tell, visible } from '../output.ts'
import { profileOf, wantsJson, whole } from './globals.ts'

export function approvalCommands(program: Command): void {
  const approval = program.command('approval').description('calls of agents that wait for a person')
  listCommand(approval)
  approval
    .command('show')
    .description('the call, with all of its arguments')
    .argument('<approval>', 'apr_…')
    .action(async (id: string, _: unknown, command: Command) => {
      const shown = await showApproval(await profileOf(command), id)
      result(wantsJson(command), shown, () => `${textOf(shown)}${decideText(shown)}`)
    })
  decideCommand(approval, 'approve', 'let it go out, by your authenticator over this very call')
  decideCommand(approval, 'refuse', 'deny it, by your authenticator over this very call')
  loadCommand(approval)
}

function listCommand(approval: Command): void {
  approval
    .command('list')
    .description('what waits, newest first')
    .option('--all', 'also what is decided or over')
    .option('--browser', 'print a link to the page where you see and decide them')
    .action(async (options: { all?: boolean; browser?: boolean }, command: Command) => {
      const profile = await profileOf(command)
      if (options.browser === true) {
        const url = await approvalLink(profile)
        result(wantsJson(command), { url }, () => url)
        return
      }
      const approvals = await listApprovals(profile, options.all === true)
      result(wantsJson(command), approvals, () =>
        listing(
          ['approval', 'status', 'agent', 'server', 'tool', 'until'],
          approvals.map((each) => [
            each.id,
            each.status.replace('_', ' '),
            each.agent,
            visible(each.server),
            visible(each.tool),
            rfc3339(each.expires),
          ]),
          'nothing waits',
        ),
      )
    })
}

function decideCommand(approval: Command, decision: 'approve' | 'refuse', what: string): void {
  approval
    .command(decision)
    .description(what)
    .argument('<approval>', 'apr_…')
    .action(async (id: string, _: unknown, command: Command) => {
      const profile = await profileOf(command)
      const shown = await showApproval(profile, id)
      tell(textOf(shown))
      const status = await decideApproval(profile, shown, decision, (url) => tell(`Decide here: ${url}`))
      result(wantsJson(command), { approval: id, status }, () => `${id} is ${status.replace('_', ' ')}`)
    })
}

/** Every member that is signed stands there; what does not show in a terminal is named. */
function textOf({ opening, why, ...call }: ShownApproval): string {
  const args = opening === null ? 'erased' : JSON.stringify(opening.args, null, 2)
  return [
    `${visible(call.agent)} wants to call ${visible(call.tool)} of ${visible(call.server)}:`,
    ...args.split('\n').map((line) => `  ${visible(line)}`),
    ...why.map((sentence) => `  ! ${visible(sentence)}`),
    `  under grant ${call.grant} of ${call.jti} of ${visible(call.iss)}`,
    `  action ${call.action}, held at ${call.point} until ${rfc3339(call.expires)}: ${call.status.replace('_', ' ')}`,
  ].join('\n')
}

/** Who stands behind the delegation may look, too: the command says so if they try. */
function decideText({ id, status }: ShownApproval): string {
  if (status !== 'open') return ''
  return `\ndecide: countersign approval approve ${id}, or countersign approval refuse ${id}`
}

function loadCommand(approval: Command): void {
  approval
    .command('load')
    .description('how much people are asked, by day and by agent, and how long they take')
    .option('--days <n>', 'up to now', whole, 30)
    .action(async ({ days }: { days: number }, command: Command) => {
      const answer = await approvalLoad(await profileOf(command), days)
      const row = (name: string, load: Load): string[] => [
        name,
        ...[load.requested, load.approved, load.refused, load.timed_out].map(String),
        load.median_s === null ? '-' : `${Math.round(load.median_s)} s`,
        load.longest_s === null ? '-' : `${Math.round(load.longest_s)} s`,
      ]
      result(wantsJson(command), answer, () =>
        table([
          ['', 'asked', 'approved', 'refused', 'timed out', 'median', 'longest'],
          row('in total', answer.total),
          ...answer.days.map((each) => row(each.day, each)),
          ...answer.agents.map((each) => row(each.agent, each)),
        ]),
      )
    })
}
