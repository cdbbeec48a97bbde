/** `countersign readiness`: how far the ninety-day plan is, and what a pack would say of a period. spec/readiness.md. @module */
import type { Command } from 'commander'
import { rfc3339 } from '../../../src/core/time.ts'
import { counted } from '../../../src/core/words.ts'
import { gapReport, type Gap, type GapReport } from '../../../src/evidence/readiness/gaps.ts'
import {
  readinessPlanSchema,
  type PlanStep,
  type ReadinessPlan,
} from '../../../src/evidence/readiness/plan.ts'
import { readControls } from '../controls/read.ts'
import { listing, paint, progressDone, result } from '../output.ts'
import { countsText } from '../pack-report.ts'
import { rehearsal } from '../rehearsal.ts'
import { profileOf, time, wantsJson } from './globals.ts'

const DAY_MS = 24 * 3600 * 1000

interface GapOptions {
  readonly from?: number
  readonly to?: number
  readonly controls?: string
}

export function readinessCommands(program: Command): void {
  const readiness = program
    .command('readiness')
    .description('the ninety-day plan: what is measured of each step, and what to do next')
  readiness.action(async (_: unknown, command: Command) => {
    const { client } = await profileOf(command)
    const plan = readinessPlanSchema.parse(await client.get('/v1/readiness'))
    result(wantsJson(command), plan, () => planText(plan))
  })
  readiness
    .command('gaps')
    .description('run the tests of a pack as if its period ended on a day, and say what to do')
    .option('--from <time>', 'RFC 3339 UTC; ninety days before --to unless you say', time)
    .option('--to <time>', 'RFC 3339 UTC, not in the period itself; now unless you say', time)
    .option('--controls <dir>', 'control files of your own, besides those that come with Countersign')
    .action(async (options: GapOptions, command: Command) => {
      const to_ms = options.to ?? Date.now() + 1
      const period = { from_ms: options.from ?? to_ms - 90 * DAY_MS, to_ms }
      const catalogue = await readControls(options.controls ?? null)
      const report = gapReport(await rehearsal(await profileOf(command), period), catalogue)
      progressDone()
      result(wantsJson(command), report, () => gapText(report))
    })
}

const MARKS = { done: 'green', partly: 'yellow', open: 'red' } as const

function planText({ started, simulated, day, stack, whole, steps }: ReadinessPlan): string {
  const each = ({ id, title, by_day, state, late, says, next }: PlanStep): string[] => [
    `${paint(MARKS[state], state.padEnd(6))} day ${String(by_day).padStart(2)}  ${title} (${id})${late ? paint('red', '  LATE') : ''}`,
    `         ${says}`,
    ...(next === null ? [] : [`         next: ${next}`]),
  ]
  return [
    ...(simulated ? [paint('yellow', 'SIMULATED DATA: this log says that its history was simulated')] : []),
    `day ${day} since ${rfc3339(started)}`,
    `instrumented stack: ${stack.done} of ${stack.of} done, by day ${stack.by_day} (${counted(stack.days_left, 'day')} left)`,
    `whole plan: ${whole.done} of ${whole.of} done, by day ${whole.by_day} (${counted(whole.days_left, 'day')} left)`,
    '',
    ...steps.flatMap(each),
    '',
    'What is measured is said; whether controls are effective is for the auditor.',
  ].join('\n')
}

function gapText({ period, simulated, entries, counts, gaps, quiet }: GapReport): string {
  const found = (gap: Gap): string[] =>
    gap.deviations.map(({ code, message, entries: at }) =>
      paint('red', `     ${code}: ${message} [${at.length === 0 ? 'no entry' : `entry ${at.join(', ')}`}]`),
    )
  return [
    ...(simulated ? [paint('yellow', 'SIMULATED DATA: this log says that its history was simulated')] : []),
    `${period.from} to ${period.to}, over ${counted(entries, 'entry', 'entries')}`,
    countsText(counts),
    '',
    listing(
      ['test', 'result', 'controls', 'what'],
      gaps.map(({ test, result: came, controls, title }) => [
        String(test),
        came.replaceAll('_', ' '),
        controls.join(', '),
        title,
      ]),
      'no gap: every test has something to show, and none has a deviation',
    ),
    ...gaps.flatMap((gap) => [
      '',
      `test ${gap.test}: ${gap.why}`,
      ...found(gap),
      ...(gap.deviations_n > gap.deviations.length
        ? [`     and ${gap.deviations_n - gap.deviations.length} more`]
        : []),
      `  next: ${gap.next}`,
    ]),
    ...(quiet.length === 0 ? [] : ['', `did not occur, and need not: tests ${quiet.join(', ')}`]),
    '',
    "These are management's tests; the opinion is the auditor's.",
  ].join('\n')
}
