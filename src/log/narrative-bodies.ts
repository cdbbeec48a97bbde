/** Bodies of the entries about narratives of controls. spec/entries.md, spec/narratives.md (NAR-13). @module */
import { z } from 'zod'
import { gestureSchema } from '../core/gesture.ts'

const id = z.string().max(64)
/** As a catalogue names it. */
const control = z.string().regex(/^[A-Z][A-Z0-9]{1,15}(-[A-Z0-9]{1,15}){1,4}$/)
/** NAR-8. */
const digest = z.string().regex(/^[0-9a-f]{64}$/)

export const narrativeSchema = z.strictObject({ control, digest })
export type NarrativeSaid = z.infer<typeof narrativeSchema>

export const narrativeBodies = {
  'narrative.proposed': narrativeSchema,
  'narrative.approved': z.strictObject({
    act: z.strictObject({
      act: z.literal('narrative.approve'),
      narrative: id,
      control,
      digest,
      /** Index of the `narrative.proposed` entry. */
      proposal: z.int().nonnegative(),
      approver: id,
    }),
    gesture: gestureSchema,
    acted_alone: z.boolean(),
  }),
}
