/** Tests 25 and 26: who stands behind what left. spec/tests.md, spec/attestation.md. @module */
import type { JsonObject } from '../../core/json.ts'
import { outputs, reviews } from '../populations/attested.ts'
import {
  census,
  indicesOf,
  msOf,
  textOf,
  type ControlTest,
  type FoundDeviation,
  type TestContext,
} from './test.ts'

/** Decisions of one reviewer to attest from which on a share says anything, and the share of those that may be flagged (ATT-23). */
const DECISIONS_MIN = 10
const HASTY_SHARE_MAX = 0.1

export const attestedOutputs: ControlTest = {
  number: 25,
  criteria: ['PI1.3', 'PI1.4'],
  title: 'Outputs that leave are attested',
  attribute: 'exactly one valid attestation by an eligible human',
  population: outputs,
  source: "the channel's own list of what was sent",
  run: (ctx) =>
    census(ctx.rows(outputs), ({ index, output, attestation }) =>
      attestation === null
        ? {
            code: 'OUTPUT_NOT_ATTESTED',
            message: `no attestation of ${textOf(output)} is valid at the end of the log`,
            entries: indicesOf(index),
          }
        : null,
    ),
}

export const reviewedOutputs: ControlTest = {
  number: 26,
  criteria: ['PI1.4'],
  title: 'Supervised outputs are reviewed before they leave',
  attribute:
    'reviewed before release, by an authorized person, who at most one time in ten takes less than the time that the policy asks',
  population: outputs,
  source: null,
  run: (ctx) => {
    const supervised = ctx.rows(outputs).filter(({ role }) => role === 'supervised')
    const late = ({ index, output, attested, released }: JsonObject): FoundDeviation | null =>
      msOf(attested) > msOf(released)
        ? {
            code: 'ATTESTED_LATE',
            message: `${textOf(output)} was attested after it left`,
            entries: indicesOf(index),
          }
        : null
    return {
      items: supervised.length,
      deviations: [...supervised.flatMap((row) => late(row) ?? []), ...hasty(ctx)],
    }
  },
}

/** Whoever decides faster than one can read approves what they did not see, though each such decision counts for nothing. */
function hasty(ctx: TestContext): FoundDeviation[] {
  const decided = ctx.rows(reviews).filter(({ decision }) => decision === 'attest')
  return [...Map.groupBy(decided, ({ reviewer }) => textOf(reviewer))].flatMap(([reviewer, its]) => {
    const flagged = its.filter((one) => one.flagged === true)
    if (its.length < DECISIONS_MIN || flagged.length <= its.length * HASTY_SHARE_MAX) return []
    const message = `${reviewer} decided ${its.length} times to attest, ${flagged.length} of them in less time than the policy asks`
    return [
      { code: 'REVIEWS_HASTY', message, entries: indicesOf(...flagged.map(({ index }) => index)) } as const,
    ]
  })
}
