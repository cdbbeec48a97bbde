/** `countersign incident …`: from the first sign to what was learned. spec/incidents.md. @module */
import { type Command, Option } from 'commander'
import { SEVERITIES } from '../../../src/core/alert.ts'
import { rfc3339 } from '../../../src/core/time.ts'
import { CONTAINED_BY } from '../../../src/log/response-bodies.ts'
import {
  assignIncident,
  closeIncident,
  containIncident,
  listIncidents,
  noteIncident,
  openIncident,
  readTimeline,
  showIncident,
  type IncidentDetail,
  type Timeline,
} from '../incidents.ts'
import { listing, paint, result, table, visible } from '../output.ts'
import { collect, profileOf, wantsJson, wholes } from './globals.ts'

const ID = 'inc_…'

export function incidentCommands(program: Command): void {
  const incident = program
    .command('incident')
    .description('incidents: opened, contained, explained, closed by somebody else')
  listCommand(incident)
  showCommand(incident)
  timelineCommand(incident)
  openCommand(incident)
  containCommand(incident)
  wordsCommand(incident, 'note', 'say something about it')
  wordsCommand(incident, 'cause', 'say why it could happen')
  wordsCommand(incident, 'lessons', 'say what changes')
  assignCommand(incident)
  closeCommand(incident)
}

function listCommand(incident: Command): void {
  incident
    .command('list')
    .description('incidents, the latest first, and how long they took within a year')
    .option('--open', 'those that are not closed')
    .action(async ({ open = false }: { open?: boolean }, command: Command) => {
      const found = await listIncidents(await profileOf(command), open)
      result(wantsJson(command), found, () => {
        const rows = found.incidents.map(({ id, status, kind, severity, agent, opened, title }) => [
          id,
          status,
          kind,
          severity,
          rfc3339(opened),
          agent ?? '-',
          title ?? '-',
        ])
        const columns = ['incident', 'status', 'kind', 'severity', 'opened', 'agent', 'title']
        const list = listing(
          columns,
          rows,
          'no incident did occur; open one with "countersign incident open"',
        )
        const { incidents, exercises, open: still } = found.year
        return [
          list,
          '',
          `within a year: ${incidents} incidents (${still} open), ${exercises} exercises`,
          ...(['acknowledged', 'contained', 'closed'] as const).map((step) =>
            spreadText(step, found.year[step]),
          ),
        ].join('\n')
      })
    })
}

function spreadText(
  step: string,
  { n, median_s, max_s }: { n: number; median_s: number | null; max_s: number | null },
): string {
  if (median_s === null || max_s === null) return `  ${step}: none`
  return `  ${step}: ${n}, median ${duration(median_s)}, at most ${duration(max_s)}`
}

function duration(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds * 10) / 10} s`
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`
  return `${Math.round(seconds / 3_600)} h`
}

function showCommand(incident: Command): void {
  incident
    .command('show')
    .description('an incident with what people said of it')
    .argument('<incident>', ID)
    .action(async (id: string, _: unknown, command: Command) => {
      const found = await showIncident(await profileOf(command), id)
      result(wantsJson(command), found, () => detailText(found))
    })
}

function detailText(found: IncidentDetail): string {
  const at = (time: number | null): string => (time === null ? '-' : rfc3339(time))
  const rows = [
    ['status', found.status],
    ['kind', `${found.kind}, ${found.severity}`],
    ['agent', found.agent ?? '-'],
    ['alerts', found.alerts.join(', ') || '-'],
    ['detected', at(found.detected)],
    ['opened', `${at(found.opened)} by ${found.opener}`],
    ['acknowledged', at(found.acknowledged)],
    ['contained', `${at(found.contained)}${found.contained_by === null ? '' : ` (${found.contained_by})`}`],
    ['works on it', found.owner ?? '-'],
    ['closed', at(found.closed)],
  ]
  const notes = found.notes.map(
    ({ phase, author, time, text }) => `${rfc3339(time)} ${author} ${phase}: ${visible(text ?? '(erased)')}`,
  )
  const title = found.title === null ? found.id : `${found.id}: ${visible(found.title)}`
  return [paint('bold', title), table(rows), ...notes, nextStep(found)].join('\n')
}

/** What is missing before it can be closed. */
function nextStep({ id, status, cause, lessons }: IncidentDetail): string {
  if (status === 'closed') return `what happened: countersign incident timeline ${id}`
  if (status === 'open') return `next: countersign incident contain ${id} --how …`
  if (cause === null) return `next: countersign incident cause ${id} "why it could happen"`
  if (lessons === null) return `next: countersign incident lessons ${id} "what changes"`
  return `next: countersign incident close ${id}, by somebody who did not open it, work on it or own the agent`
}

function timelineCommand(incident: Command): void {
  incident
    .command('timeline')
    .description('what happened around it, from the entries of the log')
    .argument('<incident>', ID)
    .action(async (id: string, _: unknown, command: Command) => {
      const found = await readTimeline(await profileOf(command), id)
      result(wantsJson(command), found, () => timelineText(found))
    })
}

function timelineText({ lines, lines_n }: Timeline): string {
  const rows = lines.map(({ index, time, actor, what }) => [String(index), time, actor, what])
  const left = lines_n - lines.length
  return `${listing(['entry', 'time', 'by', 'what'], rows, 'no entry is about it')}${left > 0 ? `\nand ${left} more` : ''}`
}

interface OpenOptions {
  readonly kind: string
  readonly severity: string
  readonly agent?: string
  readonly alert?: string[]
  readonly entry?: number[]
}

function openCommand(incident: Command): void {
  incident
    .command('open')
    .description('open an incident by hand, or an exercise')
    .argument('<title>', 'in a few words; sealed, and no part of the log')
    .addOption(
      new Option('--kind <kind>', 'tabletop is an exercise')
        .choices(['manual', 'alert', 'tabletop'])
        .default('manual'),
    )
    .addOption(new Option('--severity <severity>').choices([...SEVERITIES]).default('high'))
    .option('--agent <id>', 'the agent that it is about')
    .option('--alert <id>', 'an alert that it is about (repeat)', collect)
    .option('--entry <index>', 'an entry that says so (repeat)', wholes)
    .action(async (title: string, options: OpenOptions, command: Command) => {
      const { kind, severity, agent = null, alert = [], entry = [] } = options
      const id = await openIncident(await profileOf(command), {
        kind,
        severity,
        title,
        agent,
        alerts: alert,
        entries: entry,
      })
      result(
        wantsJson(command),
        { incident: id },
        () => `${id} is open\nnext: countersign incident contain ${id} --how …`,
      )
    })
}

function containCommand(incident: Command): void {
  incident
    .command('contain')
    .description('say what stopped it, and name the entries that did')
    .argument('<incident>', ID)
    .addOption(new Option('--how <how>').choices([...CONTAINED_BY]).makeOptionMandatory())
    .option('--entry <index>', 'the suspension, revocation or kill (repeat)', wholes)
    .action(async (id: string, options: { how: string; entry?: number[] }, command: Command) => {
      await containIncident(await profileOf(command), id, options.how, options.entry ?? [])
      result(wantsJson(command), { incident: id, status: 'contained' }, () => `${id} is contained`)
    })
}

function wordsCommand(incident: Command, phase: string, does: string): void {
  incident
    .command(phase)
    .description(does)
    .argument('<incident>', ID)
    .argument('<text>', 'sealed, and no part of the log')
    .action(async (id: string, text: string, _: unknown, command: Command) => {
      await noteIncident(await profileOf(command), id, phase, text)
      result(wantsJson(command), { incident: id, phase }, () => `kept as ${phase} of ${id}`)
    })
}

function assignCommand(incident: Command): void {
  incident
    .command('assign')
    .description('say who works on it')
    .argument('<incident>', ID)
    .argument('<person>', 'per_…')
    .action(async (id: string, person: string, _: unknown, command: Command) => {
      await assignIncident(await profileOf(command), id, person)
      result(wantsJson(command), { incident: id, owner: person }, () => `${person} works on ${id}`)
    })
}

function closeCommand(incident: Command): void {
  incident
    .command('close')
    .description('close it with your authenticator; not by who opened it, works on it or owns its agent')
    .argument('<incident>', ID)
    .action(async (id: string, _: unknown, command: Command) => {
      await closeIncident(await profileOf(command), id)
      result(wantsJson(command), { incident: id, status: 'closed' }, () => `${id} is closed`)
    })
}
