/** `countersign deficiency …`: owned, repaired, retested by somebody else, closed. spec/deviations.md. @module */
import { Argument, type Command } from 'commander'
import { rfc3339 } from '../../../src/core/time.ts'
import { RETEST_RESULTS } from '../../../src/log/deficiency-bodies.ts'
import {
  assignDeficiency,
  closeDeficiency,
  listDeficiencies,
  noteDeficiency,
  openDeficiency,
  retestDeficiency,
  showDeficiency,
  type DeficiencyDetail,
} from '../deficiencies.ts'
import { listing, paint, result, table, visible } from '../output.ts'
import { collect, profileOf, time, wantsJson, wholes } from './globals.ts'

const ID = 'dfc_…'
const WHEN = 'RFC 3339 UTC, e.g. 2026-03-01T00:00:00Z'

export function deficiencyCommands(program: Command): void {
  const deficiency = program
    .command('deficiency')
    .description('deficiencies: owned, repaired, retested by somebody else, closed')
  readCommands(deficiency)
  openCommand(deficiency)
  assignCommand(deficiency)
  wordsCommand(deficiency, ['plan', 'plan'], 'say what is going to be done')
  wordsCommand(deficiency, ['note', 'note'], 'say something about it')
  wordsCommand(deficiency, ['repair', 'remediation'], 'say what was done')
  retestCommand(deficiency)
  closeCommand(deficiency)
}

function readCommands(deficiency: Command): void {
  deficiency
    .command('list')
    .description('deficiencies, what is due first comes first')
    .option('--open', 'those that are not closed')
    .action(async ({ open = false }: { open?: boolean }, command: Command) => {
      const deficiencies = await listDeficiencies(await profileOf(command), open)
      result(wantsJson(command), { deficiencies }, () =>
        listing(
          ['deficiency', 'status', 'criteria', 'owner', 'due', 'title'],
          deficiencies.map(({ id, status, criteria, owner, due, title }) => [
            id,
            status,
            criteria.join(', '),
            owner ?? '-',
            rfc3339(due),
            title === null ? '(erased)' : visible(title),
          ]),
          'no deficiency did occur; open one with "countersign deficiency open"',
        ),
      )
    })
  deficiency
    .command('show')
    .description('a deficiency with what people said of it')
    .argument('<deficiency>', ID)
    .action(async (id: string, _: unknown, command: Command) => {
      const found = await showDeficiency(await profileOf(command), id)
      result(wantsJson(command), found, () => detailText(found))
    })
}

function detailText(found: DeficiencyDetail): string {
  const { id, title, status, criteria, deviation, owner, repairer, due, opened, opener, closed } = found
  const rows = [
    ['status', status],
    ['criteria', criteria.join(', ')],
    ['deviation', deviation ?? '-'],
    ['opened', `${rfc3339(opened)} by ${opener}`],
    ['owner', owner ?? '-'],
    ['due', rfc3339(due)],
    ['repaired by', repairer ?? '-'],
    ['closed', closed === null ? '-' : rfc3339(closed)],
  ]
  const notes = found.notes.map(
    ({ phase, author, time: when, text }) =>
      `${rfc3339(when)} ${author} ${phase}: ${visible(text ?? '(erased)')}`,
  )
  const head = title === null ? id : `${id}: ${visible(title)}`
  return [paint('bold', head), table(rows), ...notes, nextStep(found)].join('\n')
}

function nextStep({ id, status, owner }: DeficiencyDetail): string {
  if (status === 'closed') return 'it is closed: what comes up later is another one'
  if (owner === null) return `next: countersign deficiency assign ${id} per_… --due …`
  if (status === 'open') return `next: countersign deficiency repair ${id} "what was done"`
  if (status === 'repaired') return `next: countersign deficiency retest ${id} passed "how", by somebody else`
  return `next: countersign deficiency close ${id}, by somebody who does not own it`
}

interface OpenOptions {
  readonly criterion: string[]
  readonly due: number
  readonly owner?: string
  readonly deviation?: string
  readonly entry?: number[]
}

function openCommand(deficiency: Command): void {
  deficiency
    .command('open')
    .description('open a deficiency, from a deviation or by hand')
    .argument('<title>', 'in a few words; sealed, and no part of the log')
    .requiredOption('--criterion <id>', 'of what is deficient, such as CC6.3 (repeat)', collect)
    .requiredOption('--due <time>', WHEN, time)
    .option('--owner <person>', 'per_…, who answers for it')
    .option('--deviation <id>', 'that it was opened from: see "countersign deviation list"')
    .option('--entry <index>', 'an entry that shows it (repeat)', wholes)
    .action(async (title: string, options: OpenOptions, command: Command) => {
      const { criterion, due, owner = null, deviation = null, entry = [] } = options
      const id = await openDeficiency(await profileOf(command), {
        title,
        criteria: criterion,
        deviation,
        owner,
        due: rfc3339(due),
        entries: entry,
      })
      result(wantsJson(command), { deficiency: id }, () => `${id} is open`)
    })
}

function assignCommand(deficiency: Command): void {
  deficiency
    .command('assign')
    .description('say who answers for it, and until when; a date that has passed stays')
    .argument('<deficiency>', ID)
    .argument('<owner>', 'per_…')
    .requiredOption('--due <time>', WHEN, time)
    .action(async (id: string, owner: string, { due }: { due: number }, command: Command) => {
      await assignDeficiency(await profileOf(command), id, owner, rfc3339(due))
      result(wantsJson(command), { deficiency: id, owner, due: rfc3339(due) }, () => `${owner} owns ${id}`)
    })
}

function wordsCommand(deficiency: Command, [name, phase]: readonly [string, string], does: string): void {
  deficiency
    .command(name)
    .description(does)
    .argument('<deficiency>', ID)
    .argument('<text>', 'sealed, and no part of the log')
    .option('--entry <index>', 'an entry that shows it (repeat)', wholes)
    .action(async (id: string, text: string, { entry = [] }: { entry?: number[] }, command: Command) => {
      await noteDeficiency(await profileOf(command), id, { phase, text, entries: entry })
      result(wantsJson(command), { deficiency: id, phase }, () => `kept as ${phase} of ${id}`)
    })
}

function retestCommand(deficiency: Command): void {
  deficiency
    .command('retest')
    .description('say what a retest of what was done came to; not by who owns or repaired it')
    .argument('<deficiency>', ID)
    .addArgument(new Argument('<result>').choices([...RETEST_RESULTS]))
    .argument('<text>', 'how it was tested; sealed, and no part of the log')
    .option('--entry <index>', 'an entry that shows it (repeat)', wholes)
    .action(
      async (
        id: string,
        came: string,
        text: string,
        { entry = [] }: { entry?: number[] },
        command: Command,
      ) => {
        const said = { result: came, text, entries: entry }
        const acted_alone = await retestDeficiency(await profileOf(command), id, said)
        result(wantsJson(command), { deficiency: id, result: came, acted_alone }, () => `retest: ${came}`)
      },
    )
}

function closeCommand(deficiency: Command): void {
  deficiency
    .command('close')
    .description('close it with your authenticator, once a retest passed; not by who owns it')
    .argument('<deficiency>', ID)
    .action(async (id: string, _: unknown, command: Command) => {
      await closeDeficiency(await profileOf(command), id)
      result(wantsJson(command), { deficiency: id, status: 'closed' }, () => `${id} is closed`)
    })
}
