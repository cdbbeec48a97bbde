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
import type { DrillNote, ReportedDrill } from './drills.ts'
import { tabletopNoteSchema, type TabletopNote } from './tabletop/run.ts'

export function walkthrough({ drill, size, report, notes }: ReportedDrill): string {
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
    ...noted(notes),
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

/** Steps of a guided tabletop as a table, other notes as they are. */
function noted(notes: readonly DrillNote[]): string[] {
  const [steps, others]: [string[], string[]] = [[], []]
  const scenarios = new Set<string>()
  for (const { entry, author, text } of notes) {
    const step = stepIn(text)
    if (step === null) others.push(`- entry ${entry}, ${author}: ${text === null ? 'erased' : cell(text)}`)
    else {
      const { who, what, answered_ms } = step
      const after = answered_ms === null ? 'given in a file' : `${answered_ms} ms`
      steps.push(`| ${step.step} | ${cell(who)} | ${cell(what)} | ${after} | ${entry} |`)
      scenarios.add(step.tabletop)
    }
  }
  const columns = [
    '| step | who | what they do | answered after | entry |',
    '| --- | --- | --- | --- | --- |',
  ]
  const told = ['', `Scenario ${[...scenarios].join(', ')}, step by step:`, '', ...columns, ...steps]
  return [...(steps.length === 0 ? [] : told), ...(others.length === 0 ? [] : ['', 'Notes:', '', ...others])]
}

function stepIn(text: string | null): TabletopNote | null {
  try {
    return text === null ? null : (tabletopNoteSchema.safeParse(JSON.parse(text)).data ?? null)
  } catch {
    return null // words, and no step
  }
}

/** A text from people in a cell of Markdown. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ')
}
