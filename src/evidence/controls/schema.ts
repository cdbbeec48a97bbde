/**
 * Files of a controls catalogue, as data: criteria, frameworks, controls, settings. spec/controls.md (CTL-1 to CTL-4).
 * Invariant: a file that is parsed has no member that is not understood.
 * @module
 */
import { z } from 'zod'

/** Of audit tests: 1 to 34. spec/pack.md */
export const TESTS_N = 34
/** Of one file, and of all files together: far more than any company has. */
export const CONTROLS_MAX = 1000
const FRAMEWORKS_MAX = 64
const CLAUSES_MAX = 1000
const TEXT_LENGTH_MAX = 2000
/** Of one narrative. */
const SENTENCES_MAX = 32

const name = z.string().min(1).max(128)
const text = z.string().min(1).max(TEXT_LENGTH_MAX)
const CONTROL_ID = /^[A-Z][A-Z0-9]{1,15}(-[A-Z0-9]{1,15}){1,4}$/
const controlId = z.string().regex(CONTROL_ID, 'an identifier such as CSN-AC-01')
const CRITERION_ID = /^(CC|A|C|PI|P)[1-9]\.[1-9]$/
const criterionId = z.string().regex(CRITERION_ID, 'a criterion such as CC6.1')
const frameworkId = z.string().regex(/^[a-z][a-z0-9-]{0,63}$/, 'a short name such as eu-ai-act')

export const FREQUENCIES = {
  annual: 'once a year',
  quarterly: 'each quarter',
  monthly: 'each month',
  weekly: 'each week',
  daily: 'each day',
  many_times_a_day: 'many times a day',
  on_occurrence: 'whenever it occurs',
} as const
const frequency = z.enum(Object.keys(FREQUENCIES) as [keyof typeof FREQUENCIES])

const thresholds = z.strictObject({
  deviations_max: z.int().nonnegative().exactOptional(),
  latency_ms_max: z.int().positive().exactOptional(),
  hours_max: z.int().positive().exactOptional(),
  days_max: z.int().positive().exactOptional(),
})

/** Sentences, with placeholders for facts of the log: spec/narratives.md (NAR-2, NAR-3). */
const narrative = z.array(text).min(1).max(SENTENCES_MAX)

const criterionSchema = z.strictObject({
  id: criterionId,
  title: text,
  /** Whether what agents do is evidence for it. */
  agents: z.boolean(),
})

const frameworkSchema = z.strictObject({
  id: frameworkId,
  title: text,
  version: text,
  source: z.url({ protocol: /^https$/ }),
  note: text.nullable(),
  clauses: z
    .array(
      z.strictObject({
        id: name,
        title: text,
        /** From when it applies, a date or a month; null: no date of its own. */
        from: z
          .string()
          .regex(/^\d{4}-\d{2}(-\d{2})?$/, 'a date such as 2027-12-02')
          .nullable(),
        /** Where that date stands. */
        source: text.nullable(),
      }),
    )
    .min(1)
    .max(CLAUSES_MAX),
})

const controlSchema = z.strictObject({
  id: controlId,
  title: text,
  statement: text,
  criteria: z.array(criterionId).max(64),
  /** By framework: the clauses that it helps with. */
  clauses: z.record(frameworkId, z.array(name).min(1).max(64)),
  frequency,
  owner: name,
  thresholds,
  narrative: narrative.exactOptional(),
  tests: z
    .array(
      z.strictObject({
        number: z.int().min(1).max(TESTS_N),
        procedure: text,
        population: name,
        attributes: z.array(name).min(1).max(32),
      }),
    )
    .max(TESTS_N),
})

/** What a company says of a control that is there already. */
const settingSchema = z.strictObject({
  control: controlId,
  owner: name.exactOptional(),
  frequency: frequency.exactOptional(),
  thresholds: thresholds.exactOptional(),
  narrative: narrative.exactOptional(),
})

/** A criterion that management says does not apply. */
const exclusionSchema = z.strictObject({ criterion: criterionId, reason: text })

/** What customers have to do themselves. */
const userControlSchema = z.strictObject({ id: name, text, criteria: z.array(criterionId).max(64) })

export const controlFileSchema = z.strictObject({
  criteria: z.array(criterionSchema).max(256).exactOptional(),
  frameworks: z.array(frameworkSchema).max(FRAMEWORKS_MAX).exactOptional(),
  controls: z.array(controlSchema).max(CONTROLS_MAX).exactOptional(),
  settings: z.array(settingSchema).max(CONTROLS_MAX).exactOptional(),
  exclusions: z.array(exclusionSchema).max(256).exactOptional(),
  user_controls: z.array(userControlSchema).max(CONTROLS_MAX).exactOptional(),
})

export const catalogueSchema = z.strictObject({
  v: z.literal(1),
  criteria: z.array(criterionSchema).max(256),
  frameworks: z.array(frameworkSchema).max(FRAMEWORKS_MAX),
  controls: z.array(controlSchema).max(CONTROLS_MAX),
  exclusions: z.array(exclusionSchema).max(256).exactOptional(),
  user_controls: z.array(userControlSchema).max(CONTROLS_MAX).exactOptional(),
})

export type Framework = z.infer<typeof frameworkSchema>
export type Control = z.infer<typeof controlSchema>
export type ControlFile = z.infer<typeof controlFileSchema>
/** All files put together. */
export type Catalogue = z.infer<typeof catalogueSchema>
