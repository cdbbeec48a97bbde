/**
 * What a pack would say if its period ended on a given day, as a list of what to do. spec/readiness.md (RDY-6 to RDY-8).
 * Pure over results of the tests of a pack. They are management's tests; the opinion is the auditor's (PCK-5).
 * @module
 */
import { controlsOfTest } from '../controls/catalogue.ts'
import type { Catalogue } from '../controls/schema.ts'
import type { Deviation, Outcome, TestCounts, TestResult, TestResults } from '../tests/result.ts'
import { REMEDIES } from './remedies.ts'

/** Deviations of a test that a report names; the number of them is exact. */
export const SHOWN_MAX = 10

export interface Gap {
  readonly test: number
  readonly title: string
  readonly criteria: readonly string[]
  /** Identifiers of controls that it tests. */
  readonly controls: readonly string[]
  readonly result: Exclude<Outcome, 'no_deviation'>
  readonly why: string
  readonly next: string
  readonly deviations_n: number
  readonly deviations: readonly Deviation[]
}

export interface GapReport {
  readonly period: { readonly from: string; readonly to: string }
  readonly simulated: boolean
  readonly entries: number
  readonly counts: TestCounts
  /** Deviations first, then what has to happen yet, what nothing tells of, and what wants an outside source. */
  readonly gaps: readonly Gap[]
  /** Tests of what did not occur, and need not. */
  readonly quiet: readonly number[]
}

const ORDER: Readonly<Record<Gap['result'], number>> = {
  deviations: 0,
  did_not_occur: 1,
  not_tested: 2,
  not_reconciled: 3,
}

export function gapReport(results: TestResults, catalogue: Catalogue): GapReport {
  const { period, simulated, range, counts, tests } = results
  const gaps = tests.flatMap((test) => gapOf(test, catalogue) ?? [])
  return {
    period,
    simulated,
    entries: range.end,
    counts,
    gaps: gaps.toSorted((a, b) => ORDER[a.result] - ORDER[b.result] || a.test - b.test),
    quiet: tests.filter((test) => isQuiet(test)).map(({ number }) => number),
  }
}

function isQuiet({ number, result }: TestResult): boolean {
  return result === 'did_not_occur' && absentOf(number) === null
}

function absentOf(number: number): string | null {
  return REMEDIES[number]?.absent ?? null
}

function gapOf(test: TestResult, catalogue: Catalogue): Gap | null {
  const { number, title, criteria, result, deviations_n, deviations } = test
  if (result === 'no_deviation' || isQuiet(test)) return null
  return {
    test: number,
    title,
    criteria,
    controls: controlsOfTest(catalogue, number).map(({ id }) => id),
    result,
    why: whyOf(test),
    next: nextOf(test),
    deviations_n,
    deviations: deviations.slice(0, SHOWN_MAX),
  }
}

function nextOf({ number, result, source }: TestResult): string {
  const remedy = REMEDIES[number]?.next ?? ''
  if (result === 'not_reconciled')
    return `give what shows the same and is not ours: ${source ?? 'an outside source'}`
  return result === 'deviations' ? `${remedy}; countersign deviation evaluate for each that is there` : remedy
}

function whyOf({ number, result, reason, source, deviations_n, deviations }: TestResult): string {
  switch (result) {
    case 'deviations':
      return `${deviations_n} found, the first: ${deviations[0]?.message ?? ''}; what is repaired now stays one`
    case 'not_tested':
      return reason ?? 'nothing in the log tells of it'
    case 'not_reconciled':
      return `the log has no deviation, and nothing outside was held against it: ${source ?? ''}`
    case 'did_not_occur':
    case 'no_deviation':
      return absentOf(number) ?? ''
  }
}
