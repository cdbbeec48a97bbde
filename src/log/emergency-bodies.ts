/** Bodies of the entries about emergency access. spec/entries.md, spec/emergency.md. @module */
import { z } from 'zod'
import { gestureSchema } from '../core/gesture.ts'

const id = z.string().max(64)

/** EMA-1: hours that an emergency access lasts at most, in milliseconds. */
export const EMERGENCY_MS_MAX = 4 * 3_600_000

export const emergencyBodies = {
  'emergency_access.granted': z.strictObject({ agent: id, until: z.iso.datetime() }),
  'emergency_access.reviewed': z.strictObject({
    act: z.strictObject({
      act: z.literal('emergency_access.review'),
      access: id,
      /** Index of the `emergency_access.granted` entry. */
      granted: z.int().nonnegative(),
      delegations_n: z.int().nonnegative(),
      approver: id,
    }),
    gesture: gestureSchema,
    acted_alone: z.boolean(),
  }),
}
