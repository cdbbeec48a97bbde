/**
 * What every document and export of a pack is made from. Builder and verifier put the same in, and must get the same
 * bytes. spec/report.md (RPT-1).
 * @module
 */
import { canonicalize, type JsonObject, type JsonValue } from '../../core/json.ts'
import type { Catalogue } from '../controls/schema.ts'
import type { History } from '../history.ts'
import type { Reconciliation } from '../tests/result.ts'
import type { SecondSource } from '../populations/second-source.ts'
import type { Sample } from '../samples/samples.ts'
import type { AlikeRow, Period } from '../populations/definition.ts'
import type { Evaluations } from '../tests/evaluated.ts'
import type { DeviationEvaluation } from '../tests/result.ts'
import type { Story } from '../verify/story.ts'
import type { Description } from '../companions/drafts/description.ts'
import type { NarrativesFile } from '../companions/narratives/schema.ts'
import type { EntryFiles } from './citations.ts'

export const RESULTS = [
  'no_deviation',
  'deviations',
  'did_not_occur',
  'not_reconciled',
  'not_tested',
] as const
export type ResultCode = (typeof RESULTS)[number]

export const RESULT_WORDS: Readonly<Record<ResultCode, string>> = {
  no_deviation: 'no deviation',
  deviations: 'deviations',
  did_not_occur: 'did not occur',
  not_reconciled: 'not reconciled',
  not_tested: 'not tested',
}

export interface ReportedDeviation {
  /** Entries that it is about, the first being the item. */
  readonly entries: readonly number[]
  readonly message: string
  /** DEV-1. */
  readonly id: string
  /** What management says of it; null: not evaluated. */
  readonly evaluation: DeviationEvaluation | null
}

/** What a test came to: what the documents take of a result. */
export interface ReportedTest {
  readonly number: number
  readonly title: string
  readonly criteria: readonly string[]
  readonly result: ResultCode
  /** Why it was not tested or not reconciled; null where nothing is to be said. */
  readonly reason: string | null
  /** The outside source that the test wants, in words; null: it wants none. */
  readonly source: string | null
  /** What sources say that were handed in; null: none was. */
  readonly reconciliation: Reconciliation | null
  /** Null: the log has no such population. */
  readonly population: string | null
  readonly items: number
  readonly deviations_n: number
  /** As many as the results list. */
  readonly deviations: readonly ReportedDeviation[]
}

export interface ReportedPopulation {
  readonly name: string
  readonly definition: string
  readonly query: string
  readonly file: string
  readonly csv: string
  readonly sha256: string
  readonly count: number
  /** What is not in it, as numbers of entries. */
  readonly exclusions: readonly { readonly words: string; readonly entries: number }[]
  readonly reconciliations: readonly SecondSource[]
  /** Made anew for each who asks. */
  readonly rows: () => Iterable<JsonObject>
  /** The same, told by what they share; absent or null: they are not. */
  readonly alike?: { readonly own: readonly string[]; readonly rows: () => Iterable<AlikeRow> } | null
}

/** Who made a pack with which software, as it is signed (PCK-7). */
export interface PackMade {
  /** Identifier of the person for whom it was made. */
  readonly runner: string
  /** Hex SHA-256 of the files of the generator (PCK-8). */
  readonly release: string
}

export interface ReportInput {
  readonly origin: string
  readonly simulated: boolean
  readonly generator: string
  /** Null: nobody signed the pack. */
  readonly made: PackMade | null
  readonly period: Period
  /** Tree sizes; the root of the end, base64. */
  readonly log: { readonly start: number | null; readonly end: number; readonly root: string }
  readonly catalogue: Catalogue
  readonly tests: readonly ReportedTest[]
  readonly populations: readonly ReportedPopulation[]
  readonly history: History
  /** That were drawn of frozen populations of the period. */
  readonly samples: readonly Sample[]
  /** What management said of deviations, also of those of other periods, by their identifiers. */
  readonly evaluations: Evaluations
  /** What the company wrote of itself; null: nothing. */
  readonly description: Description | null
  /** Narratives of an earlier pack to compare with. */
  readonly earlier: NarrativesFile | null
  /** The stories of these actions, of those that the log decided on. */
  stories(actions: readonly string[]): readonly Story[]
  readonly files: EntryFiles
}

/** One by one: of decisions there may be millions. */
export function eachRow(input: ReportInput, population: string): Iterable<JsonObject> {
  return input.populations.find(({ name }) => name === population)?.rows() ?? []
}

export function rowsOf(input: ReportInput, population: string): readonly JsonObject[] {
  return [...eachRow(input, population)]
}

export function countOf(input: ReportInput, population: string): number {
  return input.populations.find(({ name }) => name === population)?.count ?? 0
}

/** What stands in a row, as text. */
export function said(value: JsonValue | undefined): string {
  if (value === null || value === undefined) return 'none'
  if (Array.isArray(value)) return value.map(said).join(', ')
  return typeof value === 'object' ? canonicalize(value) : String(value)
}
