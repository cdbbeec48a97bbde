/** A verified pack in words, as `countersign verify` prints it. spec/tests.md. @module */
import { counted } from '../../src/core/words.ts'
import type { Limitation } from '../../src/evidence/populations/cut-off.ts'
import type { TestCounts, TestResult } from '../../src/evidence/tests/result.ts'
import { rolledLines } from '../../src/evidence/verify/rolled.ts'
import type { PackReport } from '../../src/evidence/verify/report.ts'
import { cosignedLines } from '../../src/evidence/verify/cosigned.ts'
import { paint } from './output.ts'

export function describeReport(report: PackReport): string {
  const mark = (ok: boolean): string => (ok ? paint('green', 'ok  ') : paint('red', 'FAIL'))
  return [
    ...(report.simulated
      ? [paint('yellow', 'SIMULATED DATA: this log says that its history was simulated')]
      : []),
    `${report.origin}, ${counted(report.entries, 'entry', 'entries')}, ${report.period.from} to ${report.period.to}`,
    ...cutOffLines(report),
    ...report.checks.map(({ ok, name, count }) => `${mark(ok)} ${name} (${count})`),
    ...report.faults.map((fault) => paint('red', `     ${fault.code}: ${fault.message}${place(fault)}`)),
    ...(report.faults_n > report.faults.length
      ? [`     and ${report.faults_n - report.faults.length} more`]
      : []),
    ...Object.values(report.results).flatMap(testLines),
    countsText(report.tests),
    `${report.allowed} allowed; denied: ${denials(report)}${report.asked === 0 ? '' : `; waited for a person: ${report.asked}`}`,
    ...report.notes.map((note) => paint('yellow', `note: ${note}`)),
    ...cosignedLines(report.cosignatures ?? []),
    ...rolledText(report),
    'Not checked:',
    ...report.not_checked.map((each) => `  - ${each}`),
    "What recomputes is reported; conclusions are the auditor's.",
  ].join('\n')
}

function rolledText({ rolled_forward }: PackReport): string[] {
  if (rolled_forward === undefined || rolled_forward === null) return []
  return ['Since the earlier pack:', ...rolledLines(rolled_forward).map((line) => `  - ${line}`)]
}

/** Whether a pack is final, and which points did not bring all of its period. */
export function cutOffLines({ state, limitations }: Pick<PackReport, 'state' | 'limitations'>): string[] {
  const interim = 'interim: the log ends before the period does, build it again after that'
  return [...(state === 'interim' ? [paint('yellow', interim)] : []), ...limitationLines(limitations)]
}

/** A line each. */
export function limitationLines(limitations: readonly Omit<Limitation, 'index'>[]): string[] {
  return limitations.map(({ point, until, wanted }) =>
    paint('yellow', `limitation: ${point} brought what it recorded until ${until ?? 'never'}, not ${wanted}`),
  )
}

/** Deviations that are shown of one test: all of them are in the JSON, and in the pack. */
const SHOWN_MAX = 10

/** A line a test, and its first deviations. */
function testLines(test: TestResult): string[] {
  const { number, criteria, title, items, result, reason, source, deviations, deviations_n } = test
  const said = {
    no_deviation: paint('green', 'no deviation'),
    deviations: paint('red', counted(deviations_n, 'deviation')),
    did_not_occur: 'did not occur',
    not_reconciled: `no deviation in the log; ${paint('yellow', 'not reconciled')} with ${source ?? ''}`,
    not_tested: `${paint('yellow', 'not tested')}: ${reason ?? ''}`,
  }[result]
  const more = deviations_n - SHOWN_MAX
  return [
    `test ${String(number).padStart(2)} (${criteria.join(', ')}) ${title}: ${counted(items, 'item')}, ${said}`,
    ...deviations.slice(0, SHOWN_MAX).map((each) => {
      const chain = each.chain === null ? '' : `, chain ${each.chain}`
      const entries = each.entries.length === 0 ? 'no entry' : `entry ${each.entries.join(', ')}`
      return paint('red', `     ${each.code}: ${each.message} [${entries}${chain}]`)
    }),
    ...(more > 0 ? [`     and ${more} more`] : []),
  ]
}

export function countsText(counts: TestCounts): string {
  const words = Object.entries(counts).map(([outcome, n]) => `${n} ${outcome.replaceAll('_', ' ')}`)
  return `tests: ${words.join(', ')}`
}

function denials({ denied }: PackReport): string {
  const each = Object.entries(denied).map(([code, n]) => `${code} ${n}`)
  return each.length === 0 ? 'none' : each.join(', ')
}

function place(fault: { readonly index?: number; readonly file?: string }): string {
  const index = fault.index === undefined ? '' : ` [entry ${fault.index}]`
  return fault.file === undefined ? index : `${index} [${fault.file}]`
}
