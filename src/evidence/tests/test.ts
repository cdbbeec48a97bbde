/**
 * What a test of a pack is: items of a population, an attribute of each, and those that lack it. spec/tests.md.
 * Pure over the history: builder and verifier run the same and must get the same bytes. Concludes nothing (PCK-5).
 * @module
 */
import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { History } from '../history.ts'
import type { Period, PopulationDefinition } from '../populations/definition.ts'
import type { Sheet } from '../populations/sheets.ts'
import type { CheckedHistory } from '../verify/checks.ts'
import type { Findings } from '../verify/report.ts'
import type { DeviationCode } from './codes.ts'

export interface TestContext extends CheckedHistory {
  readonly history: History
  readonly period: Period
  /** With every check run. */
  readonly findings: Findings
  /** base64url root of the log's first entries, by how many, for the sizes that entries name. */
  readonly logRoots: ReadonlyMap<number, string>
  /** What was handed in of sources that are not ours, and lies within the period. */
  readonly sheets: readonly Sheet[]
  /** Made once for all tests. */
  rows(population: PopulationDefinition): readonly JsonObject[]
}

export interface FoundDeviation {
  readonly code: DeviationCode
  readonly message: string
  /** The one that it is about first. */
  readonly entries: readonly number[]
  /** Said where no entry of the deviation says it. */
  readonly chain?: string | null
}

export type TestRun =
  | { readonly items: number; readonly deviations: readonly FoundDeviation[] }
  /** Nothing in the log tells of it, and why. */
  | { readonly not_tested: string }

export interface ControlTest {
  readonly number: number
  /** The AICPA's identifiers. */
  readonly criteria: readonly string[]
  readonly title: string
  readonly attribute: string
  readonly population: PopulationDefinition | null
  /** What shows the same and is not ours; null: the test wants none. */
  readonly source: string | null
  run(ctx: TestContext): TestRun
}

/** Every row is an item. @param why what a row lacks, or nothing */
export function census(
  rows: readonly JsonObject[],
  why: (row: JsonObject) => readonly FoundDeviation[] | FoundDeviation | null,
): TestRun {
  return { items: rows.length, deviations: rows.flatMap((row) => why(row) ?? []) }
}

/** The end of what a pack can tell of its period, in milliseconds: its end, or that of the log. */
export function knownUntil({ history, period }: Pick<TestContext, 'history' | 'period'>): number {
  return Math.min(period.to_ms, history.last_ms + 1)
}

/** Rows are made by the definitions of populations: other types do not occur. */
export function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : ''
}

export function msOf(value: JsonValue | undefined): number {
  return Date.parse(textOf(value))
}

/** Indices of entries in a row. */
export function indicesOf(...values: readonly (JsonValue | undefined)[]): number[] {
  return values.flat().filter((value) => typeof value === 'number')
}
