/** Bodies of the entries about outputs, reviews and attestations. spec/entries.md, spec/attestation.md. @module */
import { z } from 'zod'
import { gestureSchema } from '../core/gesture.ts'
import { FORMS, kindName, outputPolicySchema, ROLES } from '../core/output.ts'
import { REASON_CODE } from './erasure-bodies.ts'

const id = z.string().max(64)
const digest = z.string().regex(/^[A-Za-z0-9_-]{43}$/)
const index = z.int().nonnegative()
const reason = z.string().regex(REASON_CODE)
const share = z.int().min(0).max(1000)

/** Calls that one output names. */
const CALLS_MAX = 256

/** ATT-6. */
const actSchema = z.strictObject({
  act: z.literal('output.attest'),
  output: id,
  statement: digest,
  role: z.enum(ROLES),
  approver: id,
})

export const attestationBodies = {
  'output_policy.proposed': z.strictObject({ policy: outputPolicySchema }),
  'output_policy.approved': z.strictObject({
    act: z.strictObject({
      act: z.literal('output_policy.approve'),
      policy: id,
      /** Index of the `output_policy.proposed` entry. */
      proposal: index,
      approver: id,
    }),
    gesture: gestureSchema,
    acted_alone: z.boolean(),
  }),
  'output.registered': z.strictObject({
    kind: kindName,
    form: z.enum(FORMS),
    system: id.nullable(),
    /** The delegation under which it was made; null where no agent took part. */
    jti: id.nullable(),
    agent: id.nullable(),
    /** The output that it was made from. */
    draft: id.nullable(),
    /** ATT-10, by the handle of who registered it. */
    composition: z.strictObject({ by: id, human_share: share }).nullable(),
    calls: z.array(z.strictObject({ action: id, entry: index.nullable() })).max(CALLS_MAX),
  }),
  /** `attestation`: the valid one, or null. */
  'output.released': z.strictObject({ attestation: id.nullable() }),
  'review.opened': z.strictObject({ output: id }),
  /** The gesture of a decision to attest, also where nothing came of it (ATT-23, ATT-26). */
  'review.decided': z.strictObject({
    output: id,
    decision: z.enum(['attest', 'refuse']),
    flagged: z.boolean(),
    act: actSchema.exactOptional(),
    gesture: gestureSchema.exactOptional(),
  }),
  'attestation.issued': z.strictObject({
    output: id,
    role: z.enum(ROLES),
    independent: z.boolean(),
    /** Handle of the human. */
    human: id,
    /** Digest of the statement (ATT-6). */
    statement: digest,
    kid: digest,
    /** Index of the `output_policy.approved` entry. */
    policy: index,
    /** RFC 3339 UTC: when it was drafted. */
    issued_at: z.iso.datetime(),
    /** The review behind it. */
    review: id.nullable(),
    instruction: z
      .strictObject({
        commit: digest.nullable(),
        signed_at: z.iso.datetime(),
        names: z.enum(['grant', 'text', 'none']),
        grant: digest.exactOptional(),
      })
      .nullable(),
    predecessor: id.nullable(),
    act: actSchema.exactOptional(),
    gesture: gestureSchema.exactOptional(),
  }),
  'attestation.withdrawn': z.strictObject({ reason }),
  'attestation.disputed': z.strictObject({ reason }),
  /** ATT-26. */
  'seed.committed': z.strictObject({ kind: kindName }),
  'seed.revealed': z.strictObject({
    output: id,
    /** Opens the commitment of the `seed.committed` entry, which is to the output's identifier. */
    salt: digest,
    outcome: z.enum(['caught', 'missed', 'unused']),
  }),
}
