import { expect, test } from 'vitest'
import type { JsonObject } from '../../core/json.ts'
import { reviews } from '../populations/attested.ts'
import { reviewedOutputs } from './outputs.ts'
import type { TestContext } from './test.ts'

/** As many decisions to attest, of which the first so many were flagged. */
function decisions(reviewer: string, kind: string, count: number, flagged_n: number): JsonObject[] {
  return Array.from({ length: count }, (_, i) => ({
    index: i,
    reviewer,
    kind,
    decision: 'attest',
    flagged: i < flagged_n,
  }))
}

function found(...rows: JsonObject[][]): unknown[] {
  const ctx = { rows: (of: unknown) => (of === reviews ? rows.flat() : []) }
  const run = reviewedOutputs.run(ctx as unknown as TestContext)
  return 'deviations' in run ? [...run.deviations].map(({ code, message }) => [code, message]) : [run]
}

test('a reviewer who is hasty in all is named once, whatever the kinds', () => {
  expect(found(decisions('per_1', 'letter', 10, 2), decisions('per_1', 'memo', 10, 1))).toEqual([
    ['REVIEWS_HASTY', 'per_1 decided 20 times to attest, 3 of them in less time than the policy asks'],
  ])
})

test('who is hasty with one kind does not hide it behind many of another', () => {
  expect(found(decisions('per_1', 'letter', 12, 6), decisions('per_1', 'memo', 500, 0))).toEqual([
    [
      'REVIEWS_HASTY',
      'per_1 decided 12 times to attest outputs of kind letter, 6 of them in less time than the policy asks',
    ],
  ])
})

test('few decisions, and few of many, say nothing', () => {
  expect(found(decisions('per_1', 'letter', 9, 9), decisions('per_2', 'letter', 10, 1))).toEqual([])
})
