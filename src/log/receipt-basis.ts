/**
 * What a receipt says of bases: for whose data, which purpose and by what ground it was used, and what was missing.
 * spec/consent.md (CNS-28). Pseudonyms, terms and identifiers alone.
 * @module
 */
import { z } from 'zod'
import { USES_MAX } from '../core/consent.ts'
import { TERM_LENGTH_MAX } from '../core/dpv.ts'
import { freshnessSchema } from './freshness.ts'

/** Why a basis was missing (CNS-25 to CNS-28). */
export const BASIS_REASONS = [
  'BASIS_LIMIT',
  'CONSENT_EXPIRED',
  'CONSENT_WITHDRAWN',
  'MINOR_PROFILING',
  'NO_BASIS',
  'PURPOSE_OUTSIDE',
  'STALE_REVOCATION',
  'SUBJECT_OBJECTED',
  'SUBJECT_OUTSIDE',
  'SUBJECT_UNRESOLVED',
] as const

const id = z.string().max(64)
const purpose = z.string().max(TERM_LENGTH_MAX)
/** Records, or arguments. */
const n = z.int().positive()

export const basisUseSchema = z.strictObject({
  /** Null: an identifier that the register does not know (CNS-8). */
  subject: id.nullable(),
  purpose,
  /** `cns_…` or `bas_…`. */
  basis: id,
  n,
})
const basisMissingSchema = z.strictObject({
  subject: id.nullable(),
  purpose: purpose.nullable(),
  reason: z.enum(BASIS_REASONS),
  n,
})

/** Not checked here: that there are no more than {@link USES_MAX} together, which no pattern of a text could say. */
export const basisRecordSchema = z.strictObject({
  mode: z.enum(['observe', 'enforce']),
  /** Of an outcome: what its decision was about. */
  call: z
    .strictObject({ agent: id.nullable(), server: z.string().max(256), tool: z.string().max(256) })
    .exactOptional(),
  /** Of an outcome: when its result was judged. */
  freshness: freshnessSchema.exactOptional(),
  used: z.array(basisUseSchema).max(USES_MAX),
  missing: z.array(basisMissingSchema).max(USES_MAX),
})

export type BasesRecord = z.infer<typeof basisRecordSchema>
