/** What the tests of a pack came to, as its file has it. spec/tests.md (TST-3, TST-6). @module */
import { z } from 'zod'
import { canonicalBytes } from '../../core/json.ts'
import { DEVIATION_ID, EVALUATION_CHARS_MAX } from '../../log/deficiency-bodies.ts'
import { FAULT_CODES } from '../verify/fault-codes.ts'
import { DEVIATION_CODES, type DeviationCode } from './codes.ts'

/** Where a pack holds it. */
export const RESULTS_FILE = 'tests/results.json'

export const OUTCOMES = [
  'no_deviation',
  'deviations',
  'did_not_occur',
  'not_reconciled',
  'not_tested',
] as const
export type Outcome = (typeof OUTCOMES)[number]

/** Deviations of one test that a file lists: a person reads fewer. The number of them is exact. */
export const DEVIATIONS_LISTED_MAX = 100_000
/** Entries that one deviation names. */
export const ENTRIES_NAMED_MAX = 128

const text = z.string().max(1024)
const count = z.int().nonnegative()

/** What management says of a deviation (DEV-4). */
export const deviationEvaluationSchema = z.strictObject({
  /** Index of the `evaluation.signed` entry. */
  entry: count,
  signed: z.iso.datetime(),
  signer: text,
  acted_alone: z.boolean(),
  cause: z.string().max(EVALUATION_CHARS_MAX),
  extent: z.string().max(EVALUATION_CHARS_MAX),
  compensating: z.string().max(EVALUATION_CHARS_MAX).nullable(),
  effect: z.string().max(EVALUATION_CHARS_MAX),
  /** Identifier of the deficiency under which it is repaired. */
  remediation: text.nullable(),
})
export type DeviationEvaluation = z.infer<typeof deviationEvaluationSchema>

export const deviationSchema = z.strictObject({
  /** DEV-1: the same in every pack. */
  id: z.string().regex(DEVIATION_ID),
  code: z.enum([...FAULT_CODES, ...(Object.keys(DEVIATION_CODES) as DeviationCode[])]),
  message: z.string().max(4096),
  /** Indices, the one that it is about first; empty when it is about what is not there. */
  entries: z.array(count).max(ENTRIES_NAMED_MAX),
  /** Identifier of the chain segment behind it, or null. */
  chain: text.nullable(),
  /** Null: not evaluated. */
  evaluation: deviationEvaluationSchema.nullable(),
})

/** RCN-6. */
const reconciliationSchema = z.strictObject({
  /** In the order of the log; `matched_n` rows name an item of the log. */
  sources: z.array(z.strictObject({ id: text, index: count, rows_n: count, matched_n: count })).min(1),
  only_in_source_n: count,
  only_in_log_n: count,
  /** Items that no source covers. */
  uncovered_n: count,
  /** Sources that were handed in and erased since. */
  erased_n: count,
  /** No item and no time of the period is without a source, and none was erased. */
  covered: z.boolean(),
})
export type Reconciliation = z.infer<typeof reconciliationSchema>

export const testResultSchema = z.strictObject({
  number: z.int().positive(),
  criteria: z.array(text).min(1).max(16),
  title: text,
  attribute: text,
  /** Null: nothing in the log tells of it yet. */
  population: text.nullable(),
  /** The outside source that the test wants, in words; null: it wants none. */
  source: text.nullable(),
  /** What sources say that were handed in; null: none was. */
  reconciliation: reconciliationSchema.nullable(),
  items: count,
  result: z.enum(OUTCOMES),
  /** Why it was not tested, else null. */
  reason: text.nullable(),
  deviations_n: count,
  /** In the order of the log. */
  deviations: z.array(deviationSchema).max(DEVIATIONS_LISTED_MAX),
})

export const testResultsSchema = z.strictObject({
  v: z.literal(1),
  period: z.strictObject({ from: z.iso.datetime(), to: z.iso.datetime() }),
  range: z.strictObject({ first: z.literal(0), end: count }),
  simulated: z.boolean(),
  counts: z.record(z.enum(OUTCOMES), count),
  /** By number. */
  tests: z.array(testResultSchema).max(64),
})

export type Deviation = z.infer<typeof deviationSchema>
export type TestResult = z.infer<typeof testResultSchema>
export type TestResults = z.infer<typeof testResultsSchema>
export type TestCounts = TestResults['counts']

export function countsOf(tests: readonly TestResult[]): TestCounts {
  const counts = { no_deviation: 0, deviations: 0, did_not_occur: 0, not_reconciled: 0, not_tested: 0 }
  for (const { result } of tests) counts[result]++
  return counts
}

export function resultsBytes(results: TestResults): Uint8Array {
  return canonicalBytes(results)
}
