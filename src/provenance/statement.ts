/**
 * The statement of an attestation, its predicate, the act that the human signs, and the bundle that travels.
 * spec/attestation.md (ATT-1, ATT-2, ATT-6, ATT-8).
 * Not checked here: any signature, and that the evidence gives the role (`verify.ts`).
 * @module
 */
import { z } from 'zod'
import type { Crypto } from '../core/crypto.ts'
import { taggedDigest } from '../core/digest.ts'
import { fromUtf8 } from '../core/encoding.ts'
import { CountersignError } from '../core/errors.ts'
import { gestureSchema } from '../core/gesture.ts'
import { canonicalize, isJsonObject, parseJson, type JsonObject } from '../core/json.ts'
import { jwkSchema } from '../core/jwk.ts'
import { FORMS, ROLES } from '../core/output.ts'
import { ProvenanceError } from './errors.ts'

export const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1'
export const PREDICATE_TYPE = 'urn:countersign:attestation:1'
const STATEMENT_TAG = 'countersign-attestation-v1'

export const SUBJECTS_MAX = 16
export const CALLS_MAX = 256
/** Bytes of a bundle: an envelope, a key and a name. */
export const BUNDLE_BYTES_MAX = 300 * 1024
const STATEMENT_LIMITS = { bytes_max: 256 * 1024, depth_max: 16 }
/** Shares are of this. */
export const PER_MILLE = 1000

const id = z.string().min(1).max(64)
const digest = z.string().regex(/^[A-Za-z0-9_-]{43}$/)
const sha256 = z.string().regex(/^[0-9a-f]{64}$/)
const time = z.iso.datetime()
const count = z.int().nonnegative()
const share = z.int().min(0).max(PER_MILLE)

export const subjectSchema = z.strictObject({
  name: z.string().min(1).max(256),
  digest: z.strictObject({ sha256 }),
  annotations: z.strictObject({ form: z.enum(FORMS), bytes: count }),
})
export type Subject = z.infer<typeof subjectSchema>

/** ATT-11. */
export const reviewSchema = z.strictObject({
  by: id,
  opened_at: time,
  decided_at: time,
  in_view_ms: count,
  length: count,
  edit_distance: count,
  refusals: count,
  flagged: z.boolean(),
})
export type Review = z.infer<typeof reviewSchema>

/** ATT-10. */
export const compositionSchema = z.strictObject({ by: id, human_share: share })
export type Composition = z.infer<typeof compositionSchema>

/** ATT-12. `text`: the instruction names the kind; `grant`: a grant of the root does. */
export const instructionSchema = z.strictObject({
  commit: digest.nullable(),
  signed_at: time,
  names: z.enum(['grant', 'text', 'none']),
  grant: digest.exactOptional(),
})
export type Instruction = z.infer<typeof instructionSchema>

/** ATT-6. */
export const attestActSchema = z.strictObject({
  act: z.literal('output.attest'),
  output: id,
  statement: digest,
  role: z.enum(ROLES),
  approver: id,
})
export type AttestAct = z.infer<typeof attestActSchema>

export const predicateSchema = z.strictObject({
  v: z.literal(1),
  id,
  iss: z.string().min(1).max(256),
  nonce: z.string().regex(/^[A-Za-z0-9_-]{22}$/),
  issued_at: time,
  output: z.strictObject({
    id,
    kind: z.string().min(1).max(64),
    registered_at: time,
    released_at: time.exactOptional(),
  }),
  role: z.enum(ROLES),
  independent: z.boolean(),
  human: z.strictObject({ rev: id, name: digest }),
  chain: z.strictObject({ root: digest, jti: id, principal: id }).nullable(),
  agent: z.strictObject({ id, manifest: digest.nullable() }).nullable(),
  model: z.string().min(1).max(256).exactOptional(),
  calls: z.array(z.strictObject({ action: id, entry: count.nullable() })).max(CALLS_MAX),
  instruction: instructionSchema.nullable(),
  review: reviewSchema.nullable(),
  composition: compositionSchema.nullable(),
  policy: z.strictObject({ id, approval: count, human_share: share }),
  rp: z.strictObject({ rp_id: z.string().max(256), origins: z.array(z.string().max(256)).min(1).max(8) }),
  predecessor: id.exactOptional(),
  act: attestActSchema.exactOptional(),
  gesture: gestureSchema.exactOptional(),
})
export type Predicate = z.infer<typeof predicateSchema>

export const statementSchema = z.strictObject({
  _type: z.literal(STATEMENT_TYPE),
  subject: z.array(subjectSchema).min(1).max(SUBJECTS_MAX),
  predicateType: z.literal(PREDICATE_TYPE),
  predicate: predicateSchema,
})
export type Statement = z.infer<typeof statementSchema>

/** ATT-6: what the act names. It covers everything but the act itself and the gesture over it. */
export function statementDigest(crypto: Crypto, statement: Statement): string {
  const { act: _, gesture: __, ...predicate } = statement.predicate
  return taggedDigest(crypto, STATEMENT_TAG, { ...statement, predicate })
}

/** What the human signs, under `ACT_TAG`. */
export function attestActOf(crypto: Crypto, statement: Statement): AttestAct {
  const { output, role, human } = statement.predicate
  return {
    act: 'output.attest',
    output: output.id,
    statement: statementDigest(crypto, statement),
    role,
    approver: human.rev,
  }
}

/**
 * The payload of an envelope, strictly: canonical, and nothing that is not known.
 * @throws {ProvenanceError} `STATEMENT_INVALID`, `PREDICATE_UNSUPPORTED`
 */
export function readStatement(payload: Uint8Array): Statement {
  const value = jsonOf(payload)
  if (value._type === STATEMENT_TYPE && value.predicateType !== PREDICATE_TYPE)
    throw new ProvenanceError('PREDICATE_UNSUPPORTED', 'a statement of another predicate')
  const read = statementSchema.safeParse(value)
  if (!read.success) throw invalid(`the statement does not fit at: ${where(read.error)}`)
  return read.data
}

function jsonOf(payload: Uint8Array): JsonObject {
  try {
    const text = fromUtf8(payload)
    const value = parseJson(text, STATEMENT_LIMITS)
    if (isJsonObject(value) && canonicalize(value) === text) return value
  } catch (cause) {
    if (!(cause instanceof CountersignError)) throw cause
    throw invalid('the payload is not strict JSON', cause)
  }
  throw invalid('the payload is no object in canonical form')
}

function invalid(message: string, cause?: unknown): ProvenanceError {
  return new ProvenanceError('STATEMENT_INVALID', message, { cause })
}

/** Paths and codes of what does not fit, never the values. */
function where(error: z.ZodError): string {
  const all = error.issues.map((issue) => `${issue.path.join('.')} ${issue.code}`)
  return all.slice(0, 4).join(', ')
}

/** ATT-8. */
export const bundleSchema = z.strictObject({
  v: z.literal(1),
  /** Read by {@link openEnvelope}: its faults have a code of their own. */
  envelope: z.json(),
  keys: z
    .array(z.strictObject({ kid: digest, jwk: jwkSchema }))
    .min(1)
    .max(4),
  disclosures: z
    .strictObject({
      human: z.strictObject({ salt: digest, name: z.string().min(1).max(128) }).exactOptional(),
    })
    .exactOptional(),
})
export type Bundle = z.infer<typeof bundleSchema>

/** @throws {ProvenanceError} `BUNDLE_INVALID` */
export function readBundle(bytes: Uint8Array): Bundle {
  try {
    const value = parseJson(bytes, { bytes_max: BUNDLE_BYTES_MAX, depth_max: 16 })
    const read = bundleSchema.safeParse(value)
    if (read.success) return read.data
  } catch (cause) {
    if (!(cause instanceof CountersignError)) throw cause
    throw new ProvenanceError('BUNDLE_INVALID', 'the attestation file is not strict JSON', { cause })
  }
  throw new ProvenanceError('BUNDLE_INVALID', 'the file is no bundle of an attestation')
}
