/** What an organisation wants done by itself when an agent stops behaving like itself. spec/isolation.md (ISO-2). @module */
import { z } from 'zod'

/** By what an agent is isolated (ISO-5). */
export const ISOLATE_BY = ['two_keys', 'drift', 'sign', 'either', 'never'] as const
const SIGNS_MAX = 32
const DAY_S = 24 * 3600
const WINDOW_S_MIN = 60
const WINDOW_S_MAX = 30 * DAY_S

/** A rule of alerts. */
export const ruleSchema = z.string().regex(/^[A-Z][A-Z_]{0,63}$/)

export const responsePolicySchema = z.strictObject({
  v: z.literal(1),
  isolate: z.enum(ISOLATE_BY),
  /** For how long a key counts, in seconds. */
  window_s: z.int().min(WINDOW_S_MIN).max(WINDOW_S_MAX),
  /** What a class of tasks that no baseline knows leads to. */
  unseen: z.enum(['step_up', 'watch']),
  /** Rules whose findings are signs (ISO-4). */
  signs: z
    .array(ruleSchema)
    .max(SIGNS_MAX)
    .refine((signs) => new Set(signs).size === signs.length, 'a sign is named twice'),
})

export type ResponsePolicy = z.infer<typeof responsePolicySchema>

/** In force until one is approved. */
export const PRESET_RESPONSE: ResponsePolicy = {
  v: 1,
  isolate: 'two_keys',
  window_s: DAY_S,
  unseen: 'step_up',
  signs: ['APPROVAL_REFUSED', 'BYPASS_SUSPECTED', 'LABEL_VIOLATION', 'SCOPE_BURST'],
}
