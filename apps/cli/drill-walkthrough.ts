/** The walkthrough of a drill: its report as Markdown, for whoever asks how the switch was tried. spec/kill.md (KIL-19). @module */
import { rfc3339 } from '../../src/core/time.ts'
import type { DrillReport, DrillRow } from '../../src/log/drill-report.ts'
import { scopeInWords } from './commands/kill-scope.ts'
import type { ReportedDrill } from './drills.ts'

export function walkthrough({ drill, size, report }: ReportedDrill): string {
  const status = drill.status === 'closed' ? 'closed' : 'not closed yet: as the log stands now'
  return [
    `# Drill ${drill.id}`,
    '',
    `- scope: ${scopeInWords(report.scope)}`,
    `- mode: ${report.mode}`,
    `- planned by ${drill.planner} for ${rfc3339(drill.at)}`,
    `- ${status}; computed from the log's first ${size} entries`,
    '',
    ...(report.kill === null ? tabletop(report) : production(report, report.kill)),
  ].join('\n')
}

function tabletop({ mode }: DrillReport): string[] {
  if (mode === 'production') return ['No kill of this drill is in the log.']
  return ['A tabletop: nothing was pulled, so no point denied anything because of it.']
}

function production(report: DrillReport, kill: { readonly id: string; readonly at: string }): string[] {
  const { points_n, answered_n, first_ms, last_ms } = report
  const silent = points_n - answered_n
  return [
    `1. ${kill.at}: the kill ${kill.id} was pulled.`,
    points_n === 0
      ? '2. No enforcement point is within its scope.'
      : `2. ${answered_n} of ${points_n} points denied: the first after ${ms(first_ms)}, the last after ${ms(last_ms)}.`,
    `3. ${silent === 0 ? 'Every point answered.' : `${silent} did not answer.`}`,
    `4. Calls at their tools when their point denied: ${inFlight(report.in_flight)}.`,
    `5. ${liftLine(report)}`,
    '',
    ...table(report),
    '',
    'Times run from the kill, each point by its own clock.',
  ]
}

function ms(value: number | null): string {
  return value === null ? '-' : `${value} ms`
}

function inFlight(counts: DrillReport['in_flight']): string {
  const said = Object.entries(counts).filter(([, n]) => n > 0)
  return said.length === 0 ? 'none' : said.map(([what, n]) => `${n} ${WORDS[what] ?? what}`).join(', ')
}

const WORDS: Readonly<Record<string, string>> = {
  unknown: 'with an outcome nobody knows',
  open: 'without word',
}

function liftLine({ lift }: DrillReport): string {
  if (lift === null) return 'Not lifted yet.'
  const { id, after_ms, people_n, first_allow_ms } = lift
  const next =
    first_allow_ms === null
      ? 'no call was allowed since'
      : first_allow_ms < 0
        ? `a call was allowed ${-first_allow_ms} ms BEFORE it, under the kill`
        : `the first call was allowed ${first_allow_ms} ms later`
  return `Lifted by ${people_n} people (${id}), ${after_ms} ms after the kill; ${next}.`
}

function table({ points, points_n }: DrillReport): string[] {
  if (points.length === 0) return []
  const row = ({ point, denied_ms, last_allow_ms, next_allow_ms }: DrillRow): string =>
    `| ${point} | ${denied_ms === null ? 'no answer' : ms(denied_ms)} | ${ms(last_allow_ms)} | ${ms(next_allow_ms)} |`
  return [
    '| point | denied | last allow before | first allow after |',
    '| --- | --- | --- | --- |',
    ...points.map(row),
    ...(points_n > points.length ? ['', `and ${points_n - points.length} faster ones`] : []),
  ]
}
