/** Body of the entry with which another looks at what one person did alone. spec/entries.md, spec/alone.md. @module */
import { z } from 'zod'
import { gestureSchema } from '../core/gesture.ts'

const id = z.string().max(64)

/** ALO-4: what somebody else says of it. */
export const LONE_OUTCOMES = ['agreed', 'objected'] as const
export type LoneOutcome = (typeof LONE_OUTCOMES)[number]

export const aloneBodies = {
  'alone.reviewed': z.strictObject({
    act: z.strictObject({
      act: z.literal('alone.review'),
      /** Index of the entry that says `acted_alone: true`; `type` and `subject` are its own. */
      of: z.int().nonnegative(),
      type: id,
      subject: z.string().max(64).nullable(),
      outcome: z.enum(LONE_OUTCOMES),
      approver: id,
    }),
    gesture: gestureSchema,
  }),
}
