/** The walkthrough of a drill: its report as Markdown, for whoever asks how the switch was tried. spec/kill.md (KIL-19). @module */
import { rfc3339 } from '../../src/core/time.ts'
import {
  drillSteps,
  fasterPoints,
  POINT_COLUMNS,
  pointRows,
  scopeInWords,
} from '../../src/evidence/report/drill-words.ts'
import type { DrillReport } from '../../src/log/drill-report.ts'
import type { ReportedDrill } from './drills.ts'

export function walkthrough({ drill, size, report }: ReportedDrill): string {
  const status = drill.status === 'closed' ? 'closed' : 'not closed yet: as the log stands now'
  const steps = drillSteps(report)
  return [
    `# Drill ${drill.id}`,
    '',
    `- scope: ${scopeInWords(report.scope)}`,
    `- mode: ${report.mode}`,
    `- planned by ${drill.planner} for ${rfc3339(drill.at)}`,
    `- ${status}; computed from the log's first ${size} entries`,
    '',
    ...(report.kill === null
      ? steps
      : [
          ...steps.map((step, i) => `${i + 1}. ${step}`),
          '',
          ...table(report),
          '',
          'Times run from the kill, each point by its own clock.',
        ]),
  ].join('\n')
}

function table(report: DrillReport): string[] {
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  const rows = pointRows(report)
  if (rows.length === 0) return []
  const more = fasterPoints(report)
  return [
    row(POINT_COLUMNS),
    row(POINT_COLUMNS.map(() => '---')),
    ...rows.map(row),
    ...(more === '' ? [] : ['', more]),
  ]
}
