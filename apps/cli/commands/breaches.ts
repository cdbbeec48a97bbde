/** `countersign breach …`: who was told of a breach of personal data, and by when. spec/breaches.md. @module */
import { Argument, Option, type Command } from 'commander'
import { BREACH_RISKS, NOTIFIED } from '../../../src/core/breach.ts'
import { rfc3339 } from '../../../src/core/time.ts'
import {
  assessBreach,
  closeBreach,
  listBreaches,
  notifyBreach,
  recordBreach,
  showBreach,
  type BreachDetail,
} from '../breaches.ts'
import { listing, paint, result, table, visible } from '../output.ts'
import { collect, profileOf, time, wantsJson, whole, wholes } from './globals.ts'

const ID = 'brc_…'
const WHEN = 'RFC 3339 UTC, e.g. 2026-03-01T00:00:00Z'

export function breachCommands(program: Command): void {
  const breach = program
    .command('breach')
    .description('breaches of personal data: recorded, told, closed by somebody else')
  readCommands(breach)
  recordCommand(breach)
  assessCommand(breach)
  notifyCommand(breach)
  closeCommand(breach)
}

function readCommands(breach: Command): void {
  breach
    .command('list')
    .description('breaches, the latest first, and who is to be told by when')
    .action(async (_: unknown, command: Command) => {
      const breaches = await listBreaches(await profileOf(command))
      result(wantsJson(command), { breaches }, () =>
        listing(
          ['breach', 'aware', 'risk', 'status', 'to be told'],
          breaches.map(({ id, aware, risk, closed, wanted }) => [
            id,
            rfc3339(aware),
            risk,
            closed === null ? 'open' : 'closed',
            wanted.map(({ to, jurisdiction, due }) => `${to} of ${jurisdiction} by ${due}`).join('; ') || '-',
          ]),
          'no breach did occur; record one with "countersign breach record"',
        ),
      )
    })
  breach
    .command('show')
    .description('a breach with the notices of it')
    .argument('<breach>', ID)
    .action(async (id: string, _: unknown, command: Command) => {
      const found = await showBreach(await profileOf(command), id)
      result(wantsJson(command), found, () => detailText(found))
    })
}

function detailText(found: BreachDetail): string {
  const { id, risk, subjects_n, aware, recorder, incident, jurisdictions, categories, wanted, closed } = found
  const told = (to: string, jurisdiction: string): boolean =>
    found.notices.some((one) => one.to === to && one.jurisdiction === jurisdiction)
  const rows = [
    ['risk', risk],
    ['data subjects', subjects_n === null ? 'not known yet' : String(subjects_n)],
    ['aware', rfc3339(aware)],
    ['recorded by', recorder],
    ['incident', incident ?? '-'],
    ['jurisdictions', jurisdictions.join(', ')],
    ['categories', categories.join(', ') || '-'],
    ['closed', closed === null ? '-' : rfc3339(closed)],
    ...wanted.map(({ to, jurisdiction, due }) => [
      `${to} of ${jurisdiction}`,
      told(to, jurisdiction) ? 'told' : `to be told by ${due}`,
    ]),
  ]
  const notices = found.notices.map(
    ({ at, to, jurisdiction, author, text }) =>
      `${rfc3339(at)} ${author} told ${to} of ${jurisdiction}: ${visible(text ?? '(erased)')}`,
  )
  return [paint('bold', id), visible(found.text ?? '(erased)'), table(rows), ...notices].join('\n')
}

interface RecordOptions {
  readonly aware: number
  readonly risk: string
  readonly jurisdiction: string[]
  readonly category?: string[]
  readonly subjects?: number
  readonly incident?: string
  readonly entry?: number[]
}

function recordCommand(breach: Command): void {
  breach
    .command('record')
    .description('record a breach of personal data; name no data subject')
    .argument('<text>', 'what happened; sealed, and no part of the log')
    .requiredOption('--aware <time>', `when the company knew: ${WHEN}`, time)
    .requiredOption('--jurisdiction <code>', 'whose law, such as EU, IN or US-CA (repeat)', collect)
    .addOption(
      new Option('--risk <risk>', 'for data subjects').choices([...BREACH_RISKS]).makeOptionMandatory(),
    )
    .option('--category <term>', 'of the data, a DPV term: see "countersign consent terms" (repeat)', collect)
    .option('--subjects <n>', 'how many data subjects, if that is known', whole)
    .option('--incident <id>', 'inc_…')
    .option('--entry <index>', 'an entry that shows it (repeat)', wholes)
    .action(async (text: string, options: RecordOptions, command: Command) => {
      const { aware, risk, jurisdiction, category = [], subjects, incident = null, entry = [] } = options
      const id = await recordBreach(await profileOf(command), {
        text,
        aware: rfc3339(aware),
        incident,
        jurisdictions: jurisdiction,
        categories: category,
        subjects_n: subjects ?? null,
        risk,
        entries: entry,
      })
      result(
        wantsJson(command),
        { breach: id },
        () => `${id} is recorded\nnext: countersign breach show ${id}, for who is to be told by when`,
      )
    })
}

function assessCommand(breach: Command): void {
  breach
    .command('assess')
    .description('say what is known now; no limit that has passed changes by it')
    .argument('<breach>', ID)
    .addArgument(new Argument('<risk>').choices([...BREACH_RISKS]))
    .option('--subjects <n>', 'how many data subjects, if that is known', whole)
    .action(async (id: string, risk: string, { subjects }: { subjects?: number }, command: Command) => {
      await assessBreach(await profileOf(command), id, { risk, subjects_n: subjects ?? null })
      result(wantsJson(command), { breach: id, risk }, () => `${id}: ${risk}`)
    })
}

interface NotifyOptions {
  readonly jurisdiction: string
  readonly at: number
  readonly entry?: number[]
}

function notifyCommand(breach: Command): void {
  breach
    .command('notify')
    .description('say that an authority, or the data subjects, were told')
    .argument('<breach>', ID)
    .addArgument(new Argument('<whom>').choices([...NOTIFIED]))
    .argument('<text>', 'how, and under what reference; sealed, and no part of the log')
    .requiredOption('--jurisdiction <code>', 'of whom, such as EU')
    .requiredOption('--at <time>', WHEN, time)
    .option('--entry <index>', 'an entry that shows it (repeat)', wholes)
    .action(async (id: string, to: string, text: string, options: NotifyOptions, command: Command) => {
      const { jurisdiction, at, entry = [] } = options
      const said = { to, jurisdiction, at: rfc3339(at), entries: entry, text }
      await notifyBreach(await profileOf(command), id, said)
      result(wantsJson(command), { breach: id, to, jurisdiction }, () => `${to} of ${jurisdiction}: told`)
    })
}

function closeCommand(breach: Command): void {
  breach
    .command('close')
    .description('close it with your authenticator, once everybody was told; not by who recorded it')
    .argument('<breach>', ID)
    .action(async (id: string, _: unknown, command: Command) => {
      await closeBreach(await profileOf(command), id)
      result(wantsJson(command), { breach: id, status: 'closed' }, () => `${id} is closed`)
    })
}
