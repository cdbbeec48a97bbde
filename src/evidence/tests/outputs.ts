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

/**
 * Whoever decides faster than one can read approves what they did not see, though each such decision counts for nothing.
 * Of each kind of output by itself, too: many that take no reading would hide the few that do.
 */
function hasty(ctx: TestContext): FoundDeviation[] {
  const decided = ctx.rows(reviews).filter(({ decision }) => decision === 'attest')
  return [...Map.groupBy(decided, ({ reviewer }) => textOf(reviewer))].flatMap(([reviewer, its]) => {
    const all = hastyIn(its, reviewer, '')
    if (all !== null) return [all]
    return [...Map.groupBy(its, ({ kind }) => kind)].flatMap(
      ([kind, of]) =>
        hastyIn(of, reviewer, ` outputs of ${kind === null ? 'no known kind' : `kind ${textOf(kind)}`}`) ??
        [],
    )
  })
}

/** @returns null: too few, or few enough of them were flagged */
function hastyIn(decided: readonly JsonObject[], reviewer: string, what: string): FoundDeviation | null {
  const flagged = decided.filter((one) => one.flagged === true)
  if (decided.length < DECISIONS_MIN || flagged.length <= decided.length * HASTY_SHARE_MAX) return null
  const message = `${reviewer} decided ${decided.length} times to attest${what}, ${flagged.length} of them in less time than the policy asks`
  return { code: 'REVIEWS_HASTY', message, entries: indicesOf(...flagged.map(({ index }) => index)) }
}
