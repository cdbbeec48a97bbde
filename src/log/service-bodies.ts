/** Bodies of the entries about service accounts. spec/entries.md, spec/service-accounts.md. @module */
import { z } from 'zod'
import { gestureSchema } from '../core/gesture.ts'
import { jwkSchema } from '../core/jwk.ts'
import { SERVICE_ROLE_NAMES } from '../core/roles.ts'
import { REASON_CODE } from './erasure-bodies.ts'

const id = z.string().max(64)
/** Of an account. */
export const NETWORKS_MAX = 16
/** An account is good for a year, and a day where it has one more. */
export const SERVICE_DAYS_MAX = 366
/** A rotation: two keys by name, in characters. */
export const ROTATION_CHARS_MAX = 1024

const reasonBody = z.strictObject({ reason: z.string().regex(REASON_CODE) })

/** SVC-1, but for what the proposal alone knows. */
export const serviceTerms = {
  name: z.string().min(1).max(64),
  purpose: z.string().min(1).max(512),
  owner: id,
  /** Each once. */
  roles: z.array(z.enum(SERVICE_ROLE_NAMES)).min(1).max(SERVICE_ROLE_NAMES.length),
  /** None: from anywhere. */
  networks: z.array(z.string().max(64)).max(NETWORKS_MAX),
}

const terms = { ...serviceTerms, expires: z.iso.datetime() }
export const serviceTermsSchema = z.strictObject(terms)
export type ServiceTerms = z.infer<typeof serviceTermsSchema>

const jws = z.string().max(ROTATION_CHARS_MAX)

export const serviceBodies = {
  'service_account.proposed': serviceTermsSchema,
  'service_account.approved': z.strictObject({
    act: z.strictObject({
      act: z.literal('service_account.approve'),
      account: id,
      ...terms,
      /** Index of the `service_account.proposed` entry. */
      proposal: z.int().nonnegative(),
      approver: id,
    }),
    gesture: gestureSchema,
    acted_alone: z.boolean(),
  }),
  'service_account.invited': z.strictObject({}),
  'service_account.enrolled': z.strictObject({ jwk: jwkSchema }),
  /** Proofs by the key so far, and by the new one. */
  'service_account.rotated': z.strictObject({ jwk: jwkSchema, old: jws, new: jws }),
  /** By somebody who may stop. */
  'service_account.disabled': reasonBody,
  /** Its owner left. */
  'service_account.retired': reasonBody,
}
