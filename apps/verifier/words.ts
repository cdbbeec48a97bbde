/** What `verify.html` says of a report, as plain data: the page puts it on the screen as text, never as markup. @module */
import { counted } from '../../src/core/words.ts'
import { visible } from '../../src/evidence/report/escaped.ts'
import type { TestResult } from '../../src/evidence/tests/result.ts'
import type { Fault, PackReport } from '../../src/evidence/verify/report.ts'
import { rolledLines } from '../../src/evidence/verify/rolled.ts'
import { cosignedLines } from '../../src/evidence/verify/cosigned.ts'

export interface Verdict {
  readonly isGood: boolean
  readonly title: string
  readonly lines: readonly string[]
}

export interface Section {
  readonly title: string
  readonly lines: readonly string[]
}

/** Of a test: number, what it is about, what it came to. */
export interface TestRow {
  readonly cells: readonly [string, string, string]
  readonly deviates: boolean
}

/** Deviations that are shown of one test: all are in the pack. */
const SHOWN_MAX = 10

export function verdictOf(report: PackReport): Verdict {
  const { ok, integrity, faults, faults_n } = report
  const [first] = faults
  const title = ok
    ? 'Everything recomputes'
    : integrity
      ? 'The pack is whole, and its log shows what does not hold'
      : 'The pack is not what it claims to be'
  const more = faults_n > 1 ? [`${counted(faults_n, 'fault')} in all: they are listed below.`] : []
  const deviating = report.tests.deviations
  const deviations =
    deviating > 0 ? [`${counted(deviating, 'test has', 'tests have')} deviations: see below.`] : []
  return {
    isGood: ok,
    title,
    lines: [...(first === undefined ? [] : [`First, ${faultText(first)}`]), ...more, ...deviations],
  }
}

export function factsOf(report: PackReport, seconds: number): string[] {
  const { origin, entries, period } = report
  return [
    visible(`${origin}, ${period.from} to ${period.to} (the end is not in it)`),
    `${counted(entries, 'entry', 'entries')}, verified in ${seconds} s`,
  ]
}

/** In the order in which a reader needs them. */
export function sectionsOf(report: PackReport): Section[] {
  const { faults, faults_n, not_checked, notes, cosignatures = [] } = report
  const hidden = faults_n - faults.length
  const sections = [
    {
      title: 'What does not hold',
      lines: [...faults.map(faultText), ...(hidden > 0 ? [`and ${hidden} more`] : [])],
    },
    ...rolledOf(report),
    { title: 'Seen by witnesses', lines: cosignedLines(cosignatures).map(visible) },
    ...deviationsOf(report),
    { title: 'What was not checked', lines: not_checked.map(visible) },
    { title: 'What a reader should know', lines: notes.map(visible) },
  ]
  return sections.filter(({ lines }) => lines.length > 0)
}

function rolledOf({ rolled_forward }: PackReport): Section[] {
  if (rolled_forward === undefined || rolled_forward === null) return []
  return [{ title: 'Since the earlier pack', lines: rolledLines(rolled_forward).map(visible) }]
}

export function checksOf({ checks }: PackReport): Section {
  const lines = checks.map(({ ok, name, count }) => `${ok ? 'holds' : 'FAILS'}: ${name} (${count})`)
  return { title: 'Checks', lines }
}

export function testRowsOf({ results }: PackReport): TestRow[] {
  return Object.values(results).map((test) => ({
    cells: [String(test.number), `${test.title} (${test.criteria.join(', ')})`, outcome(test)],
    deviates: test.result === 'deviations',
  }))
}

function deviationsOf({ results }: PackReport): Section[] {
  return Object.values(results)
    .filter(({ deviations_n }) => deviations_n > 0)
    .map(({ number, deviations, deviations_n }) => {
      const more = deviations_n - Math.min(SHOWN_MAX, deviations.length)
      const shown = deviations.slice(0, SHOWN_MAX).map(({ code, message, entries }) => {
        const where = entries.length === 0 ? 'no entry' : `entry ${entries.join(', ')}`
        return visible(`${code}: ${message} [${where}]`)
      })
      return {
        title: `Deviations of test ${number}`,
        lines: [...shown, ...(more > 0 ? [`and ${more} more`] : [])],
      }
    })
}

function outcome({ result, items, deviations_n, reason, source }: TestResult): string {
  const of = counted(items, 'item')
  return visible(
    {
      no_deviation: `${of}, no deviation`,
      deviations: `${of}, ${counted(deviations_n, 'deviation')}`,
      did_not_occur: 'did not occur',
      not_reconciled: `${of}, no deviation in the log; not reconciled with ${source ?? ''}`,
      not_tested: `not tested: ${reason ?? ''}`,
    }[result],
  )
}

function faultText({ code, message, index, file }: Fault): string {
  const where = [...(index === undefined ? [] : [`entry ${index}`]), ...(file === undefined ? [] : [file])]
  return visible(`${code}: ${message}${where.length === 0 ? '' : ` [${where.join(', ')}]`}`)
}
