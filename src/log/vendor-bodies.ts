/** Bodies of the entries about vendors. spec/entries.md, spec/vendors.md. @module */
import { z } from 'zod'
import { gestureSchema } from '../core/gesture.ts'
import { REASON_CODE } from './erasure-bodies.ts'

const id = z.string().max(64)
const name = z.string().min(1).max(128)
/** Of entries. */
const index = z.int().nonnegative()

export const VENDOR_KINDS = ['model', 'tool', 'other', 'own'] as const
export const VENDOR_OUTCOMES = ['accepted', 'conditional', 'refused'] as const
export const VENDOR_REPORTS = ['soc2_type2', 'soc2_type1', 'iso27001', 'iso42001', 'other'] as const
export const SUBSERVICE_METHODS = ['carve_out', 'inclusive'] as const
/** Servers, and models, of one vendor. */
const NAMES_MAX = 64
const COMPLEMENTARY_MAX = 32
const COMPLEMENTARY_CHARS_MAX = 300

/** VND-1. */
export const vendorSchema = z.strictObject({
  name,
  kind: z.enum(VENDOR_KINDS),
  servers: z.array(name).max(NAMES_MAX),
  models: z.array(name).max(NAMES_MAX),
  owner: id,
  subservice: z.enum(SUBSERVICE_METHODS).nullable(),
})
export type Vendor = z.infer<typeof vendorSchema>

/** VND-2, as somebody says it. */
export const assessmentSchema = z.strictObject({
  outcome: z.enum(VENDOR_OUTCOMES),
  valid_until: z.iso.datetime(),
  next_review: z.iso.datetime(),
  report: z
    .strictObject({
      type: z.enum(VENDOR_REPORTS),
      from: z.iso.date(),
      to: z.iso.date(),
      exceptions_n: z.int().nonnegative(),
    })
    .nullable(),
  complementary: z.array(z.string().min(1).max(COMPLEMENTARY_CHARS_MAX)).max(COMPLEMENTARY_MAX),
})
export type Assessment = z.infer<typeof assessmentSchema>

export const vendorBodies = {
  'vendor.recorded': vendorSchema,
  'vendor.assessed': assessmentSchema.extend({
    /** Index of the `vendor.recorded` entry that it is about. */
    recorded: index,
  }),
  'vendor.approved': z.strictObject({
    act: z.strictObject({
      act: z.literal('vendor.approve'),
      vendor: id,
      /** Index of the `vendor.assessed` entry. */
      assessment: index,
      approver: id,
    }),
    gesture: gestureSchema,
    acted_alone: z.boolean(),
  }),
  'vendor.ended': z.strictObject({ reason: z.string().regex(REASON_CODE) }),
}
