/** Bodies of the entries about data subjects: notices, bases, consents, withdrawals, requests. spec/consent.md, spec/entries.md. @module */
import { z } from 'zod'
import {
  basisSchema,
  consentProofSchema,
  consentRecordSchema,
  jurisdictionSchema,
  noticeSchema,
} from '../core/consent.ts'
import { TERM_LENGTH_MAX } from '../core/dpv.ts'
import { gestureSchema } from '../core/gesture.ts'
import { REQUEST_KINDS } from '../core/jurisdiction.ts'
import { jwkSchema } from '../core/jwk.ts'
import { REASON_CODE } from './erasure-bodies.ts'

const id = z.string().max(64)
const reason = z.string().regex(REASON_CODE)
const index = z.int().nonnegative()
/** Null: all of them. */
const purposes = z.array(z.string().max(TERM_LENGTH_MAX)).min(1).max(16).nullable()
/** Of an approval by gesture, over the act that names what is approved. */
function approved<A extends z.ZodType>(
  act: A,
): z.ZodObject<{ act: A; gesture: typeof gestureSchema; acted_alone: z.ZodBoolean }, z.core.$strict> {
  return z.strictObject({ act, gesture: gestureSchema, acted_alone: z.boolean() })
}
const over = { proposal: index, approver: id }

/** CNS-15. */
export const WITHDRAWN_BY = ['subject', 'manager', 'person', 'objection', 'erasure'] as const
/** CNS-16. */
export const OBJECTION_RIGHTS = ['gdpr_21', 'ccpa_opt_out', 'dpdpa_7_a', 'other'] as const
/** CNS-30. */
export const REQUEST_OUTCOMES = ['fulfilled', 'partly', 'refused'] as const

/** CNS-13: a manager, with the key that its consents are signed with. */
export const managerSchema = z.strictObject({
  name: z.string().min(1).max(128),
  jwk: jwkSchema,
  jurisdiction: jurisdictionSchema,
})

export const consentBodies = {
  'notice.proposed': z.strictObject({ notice: noticeSchema }),
  'notice.approved': approved(z.strictObject({ act: z.literal('notice.approve'), notice: id, ...over })),
  'basis.proposed': z.strictObject({ basis: basisSchema }),
  'basis.approved': approved(z.strictObject({ act: z.literal('basis.approve'), basis: id, ...over })),
  /** Before its time (CNS-6). */
  'basis.ended': z.strictObject({ reason }),
  'manager.proposed': z.strictObject({ manager: managerSchema }),
  'manager.approved': approved(z.strictObject({ act: z.literal('manager.approve'), manager: id, ...over })),
  'manager.removed': z.strictObject({ reason }),
  'data_subject.added': z.strictObject({ jurisdiction: jurisdictionSchema }),
  /** Commits to the value (`identifier`). `system`: null for everywhere. */
  'data_subject.identified': z.strictObject({ system: id.nullable() }),
  'data_subject.unidentified': z.strictObject({
    /** Index of the entry that it takes back. */
    identified: index,
  }),
  'data_subject.enrolled': z.strictObject({
    credential: z.strictObject({ jwk: jwkSchema, amr: z.array(z.string().max(16)).min(1).max(8) }),
    /** Who made the link that it came by (CNS-11). */
    by: id,
  }),
  'consent.given': z.strictObject({ record: consentRecordSchema, proof: consentProofSchema }),
  'consent.withdrawn': z.strictObject({
    consent: id,
    rev: id,
    purposes,
    by: z.enum(WITHDRAWN_BY),
  }),
  'objection.made': z.strictObject({
    objection: id,
    right: z.enum(OBJECTION_RIGHTS),
    purposes,
  }),
  'subject_request.opened': z.strictObject({
    request: id,
    kind: z.enum(REQUEST_KINDS),
    jurisdiction: jurisdictionSchema,
    due: z.iso.datetime(),
  }),
  'subject_request.extended': z.strictObject({ request: id, due: z.iso.datetime(), reason }),
  'subject_request.closed': z.strictObject({ request: id, outcome: z.enum(REQUEST_OUTCOMES) }),
  /** SIG-10: it took the event of this frame. */
  'listener.acknowledged': z.strictObject({ seq: z.int().positive() }),
}
