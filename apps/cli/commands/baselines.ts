/** `countersign baseline …`: what agents usually do. spec/drift.md (DRF-8 to DRF-10, DRF-30). @module */
import type { Command } from 'commander'
import { nodeCrypto } from '../../../src/adapters/node-crypto/node-crypto.ts'
import { counted } from '../../../src/core/words.ts'
import { verifyLog } from '../../../src/log/verify.ts'
import { documentSchema } from '../../../src/observe/drift/document.ts'
import { DriftReplay, type Replayed } from '../../../src/observe/drift/replay.ts'
import { approveBaseline, listBaselines, showBaseline, type Baseline } from '../drift.ts'
import { openSource, type SourceOptions } from '../log-source.ts'
import { EXIT_FAILED, paint, progress, progressDone, result } from '../output.ts'
import { approveCommand } from './approve.ts'
import { globals, profileOf, wantsJson } from './globals.ts'
import { fromSource } from './log.ts'

/** Of each part of a baseline; `--json` has all. */
const LINES_MAX = 40

export function baselineCommands(program: Command): void {
  const baseline = program.command('baseline').description('baselines: what agents usually do')
  baseline
    .command('list')
    .description('baselines, the newest first')
    .action(async (_: unknown, command: Command) => {
      const all = await listBaselines(await profileOf(command))
      result(wantsJson(command), all, () =>
        all.length === 0 ? 'no agent has been seen in enough sessions yet' : all.map(lineOf).join('\n'),
      )
    })
  baseline
    .command('show')
    .description('a baseline: which calls, after which, with which amounts and from where')
    .argument('<baseline>', 'bsl_…')
    .action(async (id: string, _: unknown, command: Command) => {
      const { document: text, ...view } = await showBaseline(await profileOf(command), id)
      const document = text === null ? null : documentSchema.parse(JSON.parse(text))
      result(wantsJson(command), { ...view, document }, () =>
        [
          lineOf(view),
          ...(document === null ? ['  it is learned again first'] : documentLines(document)),
        ].join('\n'),
      )
    })
  approveCommand(baseline, {
    does: 'let sessions be held against a baseline, with your authenticator; not by who owns the agent',
    noun: 'baseline',
    id: 'bsl_…',
    status: 'approved',
    approve: approveBaseline,
  })
  replayCommand(baseline)
}

function replayCommand(baseline: Command): void {
  fromSource(
    baseline
      .command('replay')
      .description('learn all baselines and score all sessions again from the log, and compare bit by bit'),
  ).action(async (options: SourceOptions, command: Command) => {
    const { store, vkey } = await openSource(options, globals(command).profile)
    const replay = new DriftReplay(nodeCrypto)
    const report = await verifyLog(nodeCrypto, store, {
      vkey,
      entryRules: [
        {
          entry: (index, checked) => {
            const entry = checked.read()
            const fault = replay.take(index, Date.parse(entry.time), entry)
            return fault === null ? null : { ...fault, index }
          },
        },
      ],
      onProgress: (n, of) => progress(`${n} of ${of} entries`),
    }).finally(progressDone)
    const { ok, size, entries_pruned, faults, faults_n } = report
    const value = { ok, size, entries_pruned, ...replay.report(), faults, faults_n }
    result(wantsJson(command), value, () => replayText(value))
    if (!ok) process.exitCode = EXIT_FAILED
  })
}

function lineOf({ id, agent, status, sessions, digest }: Baseline): string {
  return `${id}  ${status}  ${agent}, from ${counted(sessions, 'session')}, digest ${digest}`
}

type Document = ReturnType<typeof documentSchema.parse>

/** What a person who approves it looks at: what the agent did, most often first. */
function documentLines({ symbols, evidence, amounts }: Document): readonly string[] {
  const most = (all: readonly (readonly [string, number])[]): string[] =>
    all
      .toSorted(([, a], [, b]) => b - a)
      .slice(0, LINES_MAX)
      .map(([name, n]) => `  ${String(n).padStart(6)}  ${name}`)
  return [
    ' calls (tool, effect, level of the result, decision):',
    ...most(symbols),
    ' where arguments came from:',
    ...most(Object.entries(evidence)),
    ` measures: ${Object.keys(amounts).join(', ') || 'none'}`,
  ]
}

interface ReplayAnswer extends Replayed {
  readonly ok: boolean
  readonly size: number
  readonly entries_pruned: number
  readonly faults: readonly { readonly code: string; readonly message: string; readonly index?: number }[]
}

function replayText({ ok, size, entries_pruned, epochs, baselines, scores, faults }: ReplayAnswer): string {
  const what = `${counted(epochs, 'epoch')}, ${counted(baselines, 'baseline')}, ${counted(scores, 'score')}`
  if (ok) return `${paint('green', 'ok')} ${what} of ${size} entries come out the same`
  const pruned =
    entries_pruned === 0 ? [] : ['     entries were pruned: what was learned from them cannot be']
  const lines = faults.map(({ code, message, index }) =>
    paint('red', `     ${code}: ${message}${index === undefined ? '' : ` [entry ${index}]`}`),
  )
  return [`${paint('red', 'FAIL')} ${what}`, ...lines, ...pruned].join('\n')
}
