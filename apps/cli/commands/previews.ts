/** `countersign preview …`: an auditor looks before the pack is handed over. spec/preview.md. @module */
import { InvalidArgumentError, type Command } from 'commander'
import { rfc3339, parseRfc3339 } from '../../../src/core/time.ts'
import { readInfo } from '../operator.ts'
import { listing, result } from '../output.ts'
import {
  answerRequest,
  grantPreview,
  inviteAuditor,
  listPreviews,
  listRequests,
  proposePreview,
  revokePreview,
  type Invitation,
} from '../previews.ts'
import { auditorCommands } from './auditor.ts'
import { collect, profileOf, reasonCode, wantsJson } from './globals.ts'

const ID = 'prv_…'

export function previewCommands(program: Command): void {
  const preview = program
    .command('preview')
    .description('auditors look at a period and criteria, until a day, and every look is logged')
  grantCommands(preview)
  endCommands(preview)
  requestCommands(preview)
  auditorCommands(preview)
}

interface GrantOptions {
  readonly firm: string
  readonly from: string
  readonly to: string
  readonly criterion: string[]
  readonly expires: string
}

function time(text: string): string {
  try {
    return rfc3339(parseRfc3339(text))
  } catch {
    throw new InvalidArgumentError('not an RFC 3339 UTC time such as 2026-01-01T00:00:00Z')
  }
}

function grantCommands(preview: Command): void {
  preview
    .command('grant')
    .description('propose a preview; where one person may act alone, grant it and invite the auditor too')
    .argument('<auditor>', "the auditor's name: kept outside the log")
    .requiredOption('--firm <name>', 'whom they work for')
    .requiredOption('--from <time>', 'period, half-open: from', time)
    .requiredOption('--to <time>', 'to, not in the period itself', time)
    .requiredOption('--criterion <id>', 'that they look at, such as CC6.1 (repeat)', collect)
    .requiredOption('--expires <time>', 'when nothing more is shown', time)
    .action(async (auditor: string, options: GrantOptions, command: Command) => {
      const profile = await profileOf(command)
      const { firm, from, to, criterion, expires } = options
      const wanted = { auditor, firm, period: { from, to }, criteria: criterion, expires }
      const id = await proposePreview(profile, wanted)
      const { separation } = await readInfo(profile.url)
      if (separation === 'independent') {
        const next = `another person: countersign preview approve ${id}`
        result(wantsJson(command), { preview: id, status: 'waiting' }, () => `${id} waits\nnext: ${next}`)
        return
      }
      await grantPreview(profile, id)
      const invited = await inviteAuditor(profile, id)
      result(wantsJson(command), { preview: id, status: 'granted', ...invited }, () => told(id, invited))
    })
  preview
    .command('approve')
    .description(
      'grant a preview that another person proposed, with your authenticator, and invite the auditor',
    )
    .argument('<preview>', ID)
    .action(async (id: string, _: unknown, command: Command) => {
      const profile = await profileOf(command)
      await grantPreview(profile, id)
      const invited = await inviteAuditor(profile, id)
      result(wantsJson(command), { preview: id, status: 'granted', ...invited }, () => told(id, invited))
    })
  preview
    .command('invite')
    .description('another invitation, in place of one before: whoever takes it up looks from then on')
    .argument('<preview>', ID)
    .action(async (id: string, _: unknown, command: Command) => {
      const invited = await inviteAuditor(await profileOf(command), id)
      result(wantsJson(command), { preview: id, ...invited }, () => told(id, invited))
    })
}

function told(id: string, { url, server, secret, expires }: Invitation): string {
  return [
    `${id} is granted. Send the auditor one of these; it is good once, until ${rfc3339(expires)}:`,
    `  with a passkey in a browser: ${url}`,
    `  with a key at a terminal:    countersign preview enrol --url ${server} --secret ${secret} -o auditor.json`,
  ].join('\n')
}

function endCommands(preview: Command): void {
  preview
    .command('list')
    .description('previews, the latest first')
    .action(async (_: unknown, command: Command) => {
      const previews = await listPreviews(await profileOf(command))
      result(wantsJson(command), { previews }, () =>
        listing(
          ['preview', 'auditor', 'firm', 'status', 'period', 'criteria', 'until', 'holds', 'looks', 'last'],
          previews.map((one) => [
            one.preview,
            one.auditor ?? 'erased',
            one.firm ?? 'erased',
            one.status,
            `${one.period.from} to ${one.period.to}`,
            one.criteria.join(', '),
            one.expires,
            one.holder ?? '-',
            String(one.looks_n),
            one.looked ?? '-',
          ]),
          'no auditor was given a preview; give one with "countersign preview grant"',
        ),
      )
    })
  preview
    .command('revoke')
    .description('end a preview: nothing more is answered')
    .argument('<preview>', ID)
    .requiredOption('--reason <code>', 'such as engagement-over', reasonCode)
    .action(async (id: string, { reason }: { reason: string }, command: Command) => {
      await revokePreview(await profileOf(command), id, reason)
      result(wantsJson(command), { preview: id, status: 'revoked' }, () => `${id} is revoked`)
    })
}

function requestCommands(preview: Command): void {
  preview
    .command('requests')
    .description('what auditors asked for, what waits first')
    .option('--preview <id>', 'of this preview alone')
    .action(async (options: { preview?: string }, command: Command) => {
      const requests = await listRequests(await profileOf(command), options.preview ?? null)
      result(wantsJson(command), { requests }, () =>
        listing(
          ['request', 'preview', 'about', 'asked', 'what', 'answer'],
          requests.map(({ request, preview: of, about, opened, text, outcome, answer }) => [
            request,
            of,
            about === null ? '-' : `${about.kind}:${about.id}`,
            opened,
            text ?? 'erased',
            outcome === null ? 'waits' : `${outcome}: ${answer ?? 'erased'}`,
          ]),
          'no auditor asked for anything',
        ),
      )
    })
  preview
    .command('answer')
    .description("answer an auditor's request, once")
    .argument('<request>', 'erq_…')
    .argument('<words>', 'what they are told: kept outside the log')
    .option('--declined', 'it is not given, and the words say why')
    .action(async (id: string, words: string, options: { declined?: boolean }, command: Command) => {
      const outcome = options.declined === true ? 'declined' : 'provided'
      await answerRequest(await profileOf(command), id, outcome, words)
      result(wantsJson(command), { request: id, outcome }, () => `${id}: ${outcome}`)
    })
}
