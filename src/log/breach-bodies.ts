/** Bodies of the entries about breaches of personal data. spec/entries.md, spec/breaches.md. @module */
import { z } from 'zod'
import { BREACH_RISKS, NOTIFIED } from '../core/breach.ts'
import { jurisdictionSchema } from '../core/consent.ts'
import { TERM_LENGTH_MAX } from '../core/dpv.ts'
import { gestureSchema } from '../core/gesture.ts'

const id = z.string().max(64)
/** Of entries. */
const index = z.int().nonnegative()
/** Entries that one names. */
const SHOWN_MAX = 64
const entries = z.array(index).max(SHOWN_MAX)
const JURISDICTIONS_MAX = 64
const CATEGORIES_MAX = 64

const subjects_n = z.int().nonnegative().nullable()
const risk = z.enum(BREACH_RISKS)

/** BRC-1. */
export const breachSchema = z.strictObject({
  aware: z.iso.datetime(),
  incident: id.nullable(),
  jurisdictions: z.array(jurisdictionSchema).min(1).max(JURISDICTIONS_MAX),
  categories: z.array(z.string().max(TERM_LENGTH_MAX)).max(CATEGORIES_MAX),
  subjects_n,
  risk,
  entries,
})
export type Breach = z.infer<typeof breachSchema>

export const breachBodies = {
  'breach.recorded': breachSchema,
  'breach.assessed': z.strictObject({ risk, subjects_n }),
  'breach.notified': z.strictObject({
    to: z.enum(NOTIFIED),
    jurisdiction: jurisdictionSchema,
    at: z.iso.datetime(),
    entries,
  }),
  'breach.closed': z.strictObject({
    act: z.strictObject({
      act: z.literal('breach.close'),
      breach: id,
      /** Index of the `breach.recorded` entry. */
      recorded: index,
      risk,
      notices_n: index,
      approver: id,
    }),
    gesture: gestureSchema,
    acted_alone: z.boolean(),
  }),
}
