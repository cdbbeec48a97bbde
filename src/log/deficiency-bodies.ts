/** Bodies of the entries about deviations and deficiencies. spec/entries.md, spec/deviations.md. @module */
import { z } from 'zod'
import { gestureSchema } from '../core/gesture.ts'

const id = z.string().max(64)
/** Of entries. */
const index = z.int().nonnegative()
/** Entries that one names. */
export const SHOWN_MAX = 64
const indices = z.array(index).max(SHOWN_MAX)

/** DEV-1: test, code, and what it is about. */
export const DEVIATION_ID = /^\d{1,3}\/[A-Z][A-Z0-9_]{1,63}\/[A-Za-z0-9.:-]{1,160}$/
export const deviationIdSchema = z.string().regex(DEVIATION_ID)

/** What management says of a deviation, each in characters. */
export const EVALUATION_CHARS_MAX = 4_000
const said = z.string().min(1).max(EVALUATION_CHARS_MAX)

/** The AICPA's identifiers. */
export const CRITERION = /^[A-Z]{1,2}\d\.\d$/
export const CRITERIA_MAX = 16
export const criteriaSchema = z.array(z.string().regex(CRITERION)).min(1).max(CRITERIA_MAX)

export const DEFICIENCY_PHASES = ['plan', 'remediation', 'note'] as const
export const RETEST_RESULTS = ['passed', 'failed'] as const

function approvedBy<A extends z.ZodObject>(act: A) {
  return z.strictObject({ act, gesture: gestureSchema, acted_alone: z.boolean() })
}

/** DEV-2. */
export const evaluationSchema = z.strictObject({
  deviation: deviationIdSchema,
  cause: said,
  extent: said,
  /** Null: no other control stood in the way. */
  compensating: said.nullable(),
  effect: said,
  /** The deficiency under which it is repaired. */
  remediation: id.nullable(),
})
export type Evaluation = z.infer<typeof evaluationSchema>

export const deficiencyBodies = {
  'evaluation.proposed': evaluationSchema,
  'evaluation.signed': approvedBy(
    z.strictObject({
      act: z.literal('evaluation.sign'),
      evaluation: id,
      deviation: deviationIdSchema,
      /** Index of the `evaluation.proposed` entry. */
      proposal: index,
      approver: id,
    }),
  ),
  'deficiency.opened': z.strictObject({
    criteria: criteriaSchema,
    deviation: deviationIdSchema.nullable(),
    owner: id.nullable(),
    due: z.iso.datetime(),
    entries: indices,
  }),
  'deficiency.assigned': z.strictObject({ owner: id, due: z.iso.datetime() }),
  'deficiency.noted': z.strictObject({ phase: z.enum(DEFICIENCY_PHASES), entries: indices }),
  'deficiency.retested': z.strictObject({
    /** Index of the `deficiency.noted` entry that it is a test of. */
    remediation: index,
    result: z.enum(RETEST_RESULTS),
    entries: indices,
    /** Who tested owns it, or repaired it. */
    acted_alone: z.boolean(),
  }),
  'deficiency.closed': approvedBy(
    z.strictObject({
      act: z.literal('deficiency.close'),
      deficiency: id,
      /** Indices of the entries that opened it, repaired it last, and retested that. */
      opened: index,
      remediation: index,
      retest: index,
      approver: id,
    }),
  ),
}
