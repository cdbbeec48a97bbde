/** `countersign drill …`: try the kill switch, and say how it went. spec/kill.md (KIL-17 to KIL-19). @module */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { scopeInWords } from '../../../src/evidence/report/drill-words.ts'
import { rfc3339 } from '../../../src/core/time.ts'
import type { DrillMode, DrillReport } from '../../../src/log/drill-report.ts'
import {
  closeDrill,
  findDrill,
  listDrills,
  planDrill,
  readReport,
  startDrill,
  watchDrill,
  type Drill,
  type ReportedDrill,
} from '../drills.ts'
import { walkthrough } from '../drill-walkthrough.ts'
import { listing, paint, result, say } from '../output.ts'
import { profileOf, wantsJson } from './globals.ts'
import { scopeOf, withScope, type ScopeOptions } from './kill-scope.ts'
import { tabletopCommand } from './tabletop.ts'

const WAIT_S = 15

export function drillCommands(program: Command): void {
  const drill = program.command('drill').description('try the kill switch, at least once a quarter')
  planCommand(drill)
  runCommand(drill)
  tabletopCommand(drill)
  closeCommand(drill)
  reportCommand(drill)
  listCommand(drill)
}

function planCommand(drill: Command): void {
  withScope(drill.command('plan').description('say on what, how and when; nothing is stopped'))
    .addOption(
      new Option('--mode <mode>', 'production pulls a kill, tabletop pulls nothing')
        .choices(['production', 'tabletop'])
        .makeOptionMandatory(),
    )
    .option('--at <time>', 'when it is meant to be run: 2026-03-01T09:00:00Z; now unless you say', time)
    .action(async (options: ScopeOptions & { mode: DrillMode; at?: string }, command: Command) => {
      const { mode, at } = options
      const scope = scopeOf(options)
      const plan = { mode, scope, ...(at === undefined ? {} : { at }) }
      const id = await planDrill(await profileOf(command), plan)
      result(wantsJson(command), { drill: id }, () => `${id}\nnext: countersign drill run ${id}`)
    })
}

function runCommand(drill: Command): void {
  drill
    .command('run')
    .description('begin: in production it stops its scope, with a gesture, and shows who denies')
    .argument('<drill>', 'drl_…')
    .option('--wait <seconds>', 'how long to watch the points', seconds, WAIT_S)
    .action(async (id: string, options: { wait: number }, command: Command) => {
      const profile = await profileOf(command)
      const json = wantsJson(command)
      const found = await findDrill(profile, id)
      const kill = await startDrill(profile, found)
      if (!json) say(begun(found, kill))
      const seen = new Set<string>()
      const show = (report: DrillReport): void => {
        if (!json) for (const line of fresh(report, seen)) say(line)
      }
      const report =
        kill === null
          ? (await readReport(profile, id)).report
          : await watchDrill(profile, id, options.wait * 1000, show)
      result(json, { drill: id, kill, report }, () => whatNow(id, kill, report))
    })
}

function begun({ id, scope }: Drill, kill: string | null): string {
  return kill === null
    ? `${id} began as a tabletop: nothing is pulled, ${scopeInWords(scope)} goes on`
    : `${paint('red', 'KILLED')} ${scopeInWords(scope)} by ${kill}`
}

function fresh({ points }: DrillReport, seen: Set<string>): string[] {
  const lines: string[] = []
  for (const { point, denied_ms } of points.toReversed()) {
    if (denied_ms === null || seen.has(point)) continue
    seen.add(point)
    lines.push(`  ${point} denies, ${denied_ms} ms after the kill`)
  }
  return lines
}

function whatNow(id: string, kill: string | null, report: DrillReport): string {
  const close = `countersign drill close ${id}, by somebody else than who planned it`
  if (kill === null) return `when you have talked it through: ${close}`
  const silent = report.points.filter(({ denied_ms }) => denied_ms === null).map(({ point }) => `  ${point}`)
  return [
    `${report.answered_n} of ${report.points_n} points deny${silent.length === 0 ? '' : '; no answer yet from:'}`,
    ...silent,
    `next: countersign kill lift ${kill} --reason drill-over, and once it is lifted: ${close}`,
  ].join('\n')
}

function closeCommand(drill: Command): void {
  drill
    .command('close')
    .description('close it with its report; by somebody else than who planned it, once its kill is lifted')
    .argument('<drill>', 'drl_…')
    .action(async (id: string, _: unknown, command: Command) =>
      print(command, await closeDrill(await profileOf(command), id)),
    )
}

function reportCommand(drill: Command): void {
  drill
    .command('report')
    .description('the walkthrough, in Markdown; before the close as the log stands now')
    .argument('<drill>', 'drl_…')
    .action(async (id: string, _: unknown, command: Command) =>
      print(command, await readReport(await profileOf(command), id)),
    )
}

function print(command: Command, reported: ReportedDrill): void {
  result(wantsJson(command), reported, () => walkthrough(reported))
}

function listCommand(drill: Command): void {
  const list = drill.command('list').description('drills, the latest first')
  list.action(async (_: unknown, command: Command) => {
    const drills = await listDrills(await profileOf(command))
    result(wantsJson(command), { drills }, () =>
      listing(
        ['drill', 'status', 'mode', 'on', 'for', 'planned by'],
        drills.map(({ id, status, mode, scope, at, planner }) => [
          id,
          status,
          mode,
          scopeInWords(scope),
          rfc3339(at),
          planner,
        ]),
        'no drill was planned: countersign drill plan --mode tabletop --global',
      ),
    )
  })
}

function time(text: string): string {
  const at = Date.parse(text)
  if (Number.isNaN(at)) throw new InvalidArgumentError('not a time such as 2026-03-01T09:00:00Z')
  return rfc3339(at)
}

function seconds(text: string): number {
  const value = Number(text)
  if (!(value >= 0 && value <= 600)) throw new InvalidArgumentError('not a number of seconds from 0 to 600')
  return value
}
