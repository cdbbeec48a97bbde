/** `countersign subject …`: data subjects, their links, and what they asked for. spec/consent.md (CNS-9, CNS-29, CNS-30). @module */
import { Option, type Command } from 'commander'
import { z } from 'zod'
import { DPV, termName } from '../../../src/core/dpv.ts'
import { OBJECTION_RIGHTS, REQUEST_OUTCOMES } from '../../../src/log/consent-bodies.ts'
import {
  addSubject,
  findSubject,
  listRequests,
  readSubject,
  type Identifier,
  type SubjectView,
} from '../consent/acts.ts'
import { listing, result } from '../output.ts'
import { collect, profileOf, reasonCode, wantsJson } from './globals.ts'

/** `sys_…=value`, or a value that names the subject everywhere. */
function identifierOf(text: string): Identifier {
  const found = /^(sys_[0-9a-z]{26})=(.+)$/su.exec(text)
  return found === null ? { system: null, value: text } : { system: found[1] ?? null, value: found[2] ?? '' }
}

export function dataSubjectCommands(program: Command): void {
  const subject = program.command('subject').description('data subjects: people whom data is about')
  subject
    .command('add')
    .description('register a data subject under a random pseudonym')
    .argument(
      '<identifier...>',
      'what they are known by, such as jo@example.org, or sys_…=4711 in one system',
    )
    .requiredOption('--jurisdiction <code>', 'EU, IN, US-CA or another ISO 3166 code')
    .action(async (named: string[], { jurisdiction }: { jurisdiction: string }, command: Command) => {
      const id = await addSubject(await profileOf(command), jurisdiction, named.map(identifierOf))
      result(wantsJson(command), { subject: id }, () => `${id} is registered`)
    })
  subject
    .command('find')
    .description('who is known by an identifier')
    .argument('<identifier>', 'such as jo@example.org, or sys_…=4711')
    .action(async (named: string, _: unknown, command: Command) => {
      const id = await findSubject(await profileOf(command), identifierOf(named))
      result(wantsJson(command), { subject: id }, () => id)
    })
  subject
    .command('show')
    .description('what they consented to, and who used their data when for what')
    .argument('<subject>', 'dsb_…')
    .action(async (id: string, _: unknown, command: Command) => {
      const view = await readSubject(await profileOf(command), id)
      result(wantsJson(command), view, () => viewText(view))
    })
  subject
    .command('link')
    .description('a link to their own page, good once and for 15 minutes: see that it reaches them alone')
    .argument('<subject>', 'dsb_…')
    .action(async (id: string, _: unknown, command: Command) => {
      const { client } = await profileOf(command)
      const answer = await client.post(`/v1/data-subjects/${encodeURIComponent(id)}/links`, {})
      const link = z.object({ url: z.string(), expires: z.int() }).parse(answer)
      result(wantsJson(command), link, () => link.url)
    })
  subject
    .command('object')
    .description('deny purposes for them, for ever: consents that live lose these purposes')
    .argument('<subject>', 'dsb_…')
    .option('--purpose <term>', 'such as DirectMarketing; may be repeated; without it all purposes', collect)
    .addOption(
      new Option('--right <right>', 'by which right').choices([...OBJECTION_RIGHTS]).default('gdpr_21'),
    )
    .action(async (id: string, options: { purpose?: string[]; right: string }, command: Command) => {
      const { client } = await profileOf(command)
      const purposes = options.purpose?.map((term) => (term.includes(':') ? term : DPV + term)) ?? null
      const path = `/v1/data-subjects/${encodeURIComponent(id)}/objections`
      const answer = await client.post(path, { right: options.right, purposes })
      const made = z.looseObject({ objection: z.string(), frames: z.array(z.int()) }).parse(answer)
      result(wantsJson(command), made, () => `${made.objection} denies it, by ${made.frames.length} frame(s)`)
    })
  requestCommands(subject)
}

function requestCommands(subject: Command): void {
  const request = subject.command('request').description('what data subjects asked for, each with its day')
  request
    .command('list')
    .description('requests, what is due first')
    .action(async (_: unknown, command: Command) => {
      const requests = await listRequests(await profileOf(command))
      result(wantsJson(command), requests, () =>
        listing(
          ['request', 'kind', 'state', 'due', 'subject'],
          requests.map(({ id, kind, status, due, late, subject: of, outcome }) => [
            id,
            kind,
            late ? 'LATE' : (outcome ?? status),
            due.slice(0, 10),
            of,
          ]),
          'nobody asked for anything',
        ),
      )
    })
  request
    .command('extend')
    .description('extend a request, once, as far as its jurisdiction lets')
    .argument('<request>', 'srq_…')
    .requiredOption('--reason <code>', 'why, as a code', reasonCode)
    .action(async (id: string, { reason }: { reason: string }, command: Command) => {
      const { client } = await profileOf(command)
      const answer = await client.post(`/v1/subject-requests/${encodeURIComponent(id)}/extend`, { reason })
      const { due } = z.object({ due: z.string() }).parse(answer)
      result(wantsJson(command), { request: id, due }, () => `${id} is due on ${due.slice(0, 10)}`)
    })
  request
    .command('close')
    .description('answer a request')
    .argument('<request>', 'srq_…')
    .addOption(
      new Option('--outcome <outcome>', 'what came of it')
        .choices([...REQUEST_OUTCOMES])
        .makeOptionMandatory(),
    )
    .requiredOption('--answer <text>', 'what they are told, in words')
    .action(async (id: string, options: { outcome: string; answer: string }, command: Command) => {
      const { client } = await profileOf(command)
      await client.post(`/v1/subject-requests/${encodeURIComponent(id)}/close`, { ...options })
      result(wantsJson(command), { request: id, outcome: options.outcome }, () => `${id} is closed`)
    })
}

function viewText({ subject, jurisdiction, consents, disclosures }: SubjectView): string {
  return [
    `${subject}, ${jurisdiction}`,
    listing(
      ['consent', 'state', 'proof', 'purposes'],
      consents.map(({ id, state, asserted, record }) => [
        id,
        state,
        asserted ? 'asserted' : 'proven',
        record.purposes.map(termName).join(', '),
      ]),
      'no consent',
    ),
    listing(
      ['used', 'by', 'for', 'on'],
      disclosures.map(({ time, server, tool, purpose, basis, reason, n }) => [
        time,
        `${tool} of ${server}`,
        purpose === null ? '' : termName(purpose),
        reason === null ? `${basis ?? ''} (${n})` : `withheld: ${reason} (${n})`,
      ]),
      'no use is on record',
    ),
  ].join('\n')
}
