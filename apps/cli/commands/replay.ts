/** `countersign replay`: recorded runs before the rules on flows. spec/flow.md, Replay; docs/replay.md. @module */
import type { Command } from 'commander'
import { learnTemplates, readTemplates } from '../replay/templates.ts'
import { approvedRuns, replay, type ReplayReport, type Score } from '../replay/replay.ts'
import { readLabels, readRuns, type Run } from '../replay/traces.ts'
import { CliError, progress, progressDone, result, table } from '../output.ts'
import { writePrivate } from '../profile.ts'
import { wantsJson } from './globals.ts'

interface ReplayOptions {
  readonly traces: string
  readonly labels: string
  readonly templates?: string
  readonly learn?: string
}

export function replayCommand(program: Command): void {
  program
    .command('replay')
    .description(
      'replay recorded agent runs: which attacks would have been stopped, and who would have been asked',
    )
    .requiredOption('--traces <file>', 'recorded runs, one JSON object a line: .jsonl or .jsonl.gz')
    .requiredOption(
      '--labels <file>',
      'labels of the tools, as "countersign label suggest --json" prints them',
    )
    .option('--templates <file>', 'templates of recurring tasks, instead of learning them from other models')
    .option('--learn <file>', 'write the templates of all approved runs to this file')
    .action(async (options: ReplayOptions, command: Command) => {
      const report = await replayed(options)
      result(wantsJson(command), report, () => textOf(report))
    })
}

async function replayed(options: ReplayOptions): Promise<ReplayReport> {
  const labels = await readLabels(options.labels)
  const templates = options.templates === undefined ? null : await readTemplates(options.templates)
  try {
    const runs = await countedRuns(options.traces)
    if (options.learn !== undefined)
      await writePrivate(options.learn, { v: 1, templates: learnTemplates(approvedRuns(runs), labels) })
    return replay({
      runs,
      labels,
      templates,
      clock: () => performance.now(),
      onProgress: (done, of) => progress(`replayed ${done} of ${of} runs`),
    })
  } finally {
    progressDone()
  }
}

/** Attacks that did not work count nowhere, so they are not kept. @throws {CliError} `TRACES_INVALID` */
async function countedRuns(path: string): Promise<readonly Run[]> {
  const runs: Run[] = []
  let read = 0
  for await (const run of readRuns(path)) {
    read += 1
    if (read % 500 === 0) progress(`read ${read} runs`)
    if (run.attack === null || run.attacker_won === true) runs.push(run)
  }
  if (runs.length === 0)
    throw new CliError('TRACES_INVALID', `${path} has no benign run and no attack that worked`)
  return runs
}

function textOf(report: ReplayReport): string {
  const rows = [
    ['SUITE', 'SETTING', 'ATTACKS', 'STOPPED', '', 'BENIGN', 'ASKED', '', 'US P50', 'US P99'],
    ...rowsOf('all', report),
    ...Object.entries(report.by_suite).flatMap(([suite, settings]) => rowsOf(suite, settings)),
  ]
  const { denial_of_service, goal_is_no_call } = report.not_counted
  return `${table(rows)}

Not counted: ${denial_of_service} won by a denial of service and ${goal_is_no_call} by a goal that is no call.`
}

function rowsOf(
  suite: string,
  { unseen, recurring }: Pick<ReplayReport, 'unseen' | 'recurring'>,
): string[][] {
  return [rowOf(suite, 'unseen', unseen), rowOf(suite, 'recurring', recurring)]
}

function rowOf(suite: string, setting: string, score: Score): string[] {
  return [
    suite,
    setting,
    String(score.attacks),
    String(score.stopped),
    share(score.stopped, score.attacks),
    String(score.benign),
    String(score.benign_approvals),
    share(score.benign_approvals, score.benign),
    String(score.us_per_call.p50),
    String(score.us_per_call.p99),
  ]
}

function share(n: number, of: number): string {
  return of === 0 ? '-' : `${((100 * n) / of).toFixed(1)} %`
}
