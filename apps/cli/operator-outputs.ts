/** Outputs, their policies and reviews, as operators keep them. One function an act. spec/outputs.md, spec/attestation.md. @module */
import { z } from 'zod'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { approvalActSchema } from '../../src/core/approval.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { FORMS, outputPolicySchema, ROLES, type Form, type OutputPolicy } from '../../src/core/output.ts'
import { measured } from '../../src/enforce/measured.ts'
import { attestActSchema, statementDigest, statementSchema } from '../../src/provenance/statement.ts'
import { ACT_TAG, APPROVAL_TAG } from '../../src/token/constants.ts'
import { challengeOf } from '../../src/token/gesture.ts'
import { approveAt } from './operator.ts'
import { CliError } from './output.ts'
import type { Profile } from './profile.ts'

const outputSchema = z.object({
  id: z.string(),
  kind: z.string(),
  form: z.enum(FORMS),
  agent: z.string().nullable(),
  system: z.string().nullable(),
  registrar: z.string(),
  registered: z.string(),
  released: z.string().nullable(),
  role: z.enum(ROLES).nullable(),
  attestation: z.string().nullable(),
  refusals: z.int(),
  flagged: z.int(),
  held_until: z.string().nullable(),
  asks: z.object({ minimum: z.enum(ROLES), release: z.enum(['gate', 'cover']) }).nullable(),
  seed: z.enum(['caught', 'missed', 'unused']).nullable(),
})
export type ListedOutput = z.infer<typeof outputSchema>

const policySchema = z.object({
  id: z.string(),
  status: z.enum(['waiting', 'active', 'replaced']),
  proposer: z.string(),
  policy: outputPolicySchema,
})
export type OutputPolicyView = z.infer<typeof policySchema>

const subjectSchema = z.array(
  z.object({
    name: z.string(),
    digest: z.object({ sha256: z.string() }),
    annotations: z.object({ form: z.enum(FORMS), bytes: z.int() }),
  }),
)

const viewSchema = z.object({
  output: z.string(),
  kind: z.string(),
  content: z.string().nullable(),
  difference: z.object({
    pieces: z.array(z.object({ op: z.enum(['same', 'added', 'removed']), text: z.string() })),
    distance: z.int(),
    isExact: z.boolean(),
  }),
  sources: z.array(
    z.object({
      action: z.string(),
      entry: z.int().nullable(),
      server: z.string().nullable(),
      tool: z.string().nullable(),
      label: z.string().nullable(),
    }),
  ),
  chain: z.object({ jti: z.string(), agent: z.string(), root: z.string() }).nullable(),
  refusals: z.int(),
})
export type ReviewView = z.infer<typeof viewSchema>

const coverageSchema = z.object({
  as_of: z.int(),
  rows: z.array(
    z.object({
      of: z.string(),
      released: z.int(),
      authored: z.int(),
      supervised: z.int(),
      directed: z.int(),
      uncovered: z.int(),
    }),
  ),
})
export type Coverage = z.infer<typeof coverageSchema>

const deviationsSchema = z.object({
  total: z.int(),
  deviations: z.array(
    z.object({
      output: z.string(),
      kind: z.string(),
      agent: z.string().nullable(),
      released: z.string(),
      owner: z.string().nullable(),
    }),
  ),
})

/** @returns the identifier of the proposal */
export async function proposeOutputPolicy(profile: Profile, policy: OutputPolicy): Promise<string> {
  const answer = await profile.client.post('/v1/output-policies', policy)
  return z.object({ policy: z.string() }).parse(answer).policy
}

/** The newest first. */
export async function listOutputPolicies(profile: Profile): Promise<OutputPolicyView[]> {
  const answer = await profile.client.get('/v1/output-policies')
  return z.object({ policies: z.array(policySchema) }).parse(answer).policies
}

/** The policy is in force from then on. */
export async function approveOutputPolicy(profile: Profile, id: string): Promise<void> {
  await approveAt(profile, `/v1/output-policies/${id}`, { act: 'output_policy.approve', policy: id })
}

/** The newest first. @param waiting those alone that somebody may review */
export async function listOutputs(profile: Profile, waiting: boolean): Promise<ListedOutput[]> {
  const answer = await profile.client.get(`/v1/outputs${waiting ? '?waiting=true' : ''}`)
  return z.object({ outputs: z.array(outputSchema) }).parse(answer).outputs
}

export async function showOutput(
  profile: Profile,
  id: string,
): Promise<ListedOutput & { readonly subject: z.infer<typeof subjectSchema> }> {
  const answer = await profile.client.get(`/v1/outputs/${encodeURIComponent(id)}`)
  const { output, subject } = z.object({ output: outputSchema, subject: subjectSchema }).parse(answer)
  return { ...output, subject }
}

export interface Written {
  readonly kind: string
  readonly name: string
  readonly bytes: Uint8Array
  readonly form: Form
  /** What it was made from: an agent's draft, or an earlier version. */
  readonly draft?: string
  readonly jti?: string
}

/** What a person wrote, under their own key: so is its composition recorded (ATT-10). */
export async function registerWritten(
  profile: Profile,
  { kind, name, bytes, form, draft, jti }: Written,
): Promise<string> {
  const made = outputOf({ name, bytes, form })
  const of = { ...(draft === undefined ? {} : { draft }), ...(jti === undefined ? {} : { jti }) }
  const answer = await profile.client.post('/v1/outputs', { kind, calls: [], ...made, ...of })
  return z.object({ output: z.string() }).parse(answer).output
}

/** By its digest, with what people look at. */
function outputOf({ name, bytes, form }: Pick<Written, 'name' | 'bytes' | 'form'>): JsonObject {
  const { subject, content } = measured(nodeCrypto, bytes, { kind: '', name, form })
  const listed = subject.map((one) => ({ ...one }))
  return content === undefined ? { subject: listed } : { subject: listed, content }
}

/** @param verb `withdraw`, `dispute` */
export async function endAttestation(
  profile: Profile,
  id: string,
  verb: string,
  reason: string,
): Promise<void> {
  await profile.client.post(`/v1/attestations/${encodeURIComponent(id)}/${verb}`, { reason })
}

/** @returns the identifier of the seeded error that may be planted */
export async function commitSeed(profile: Profile, kind: string): Promise<string> {
  return z.object({ seed: z.string() }).parse(await profile.client.post('/v1/seeds', { kind })).seed
}

/** @returns the identifier of the output */
export async function plantSeed(
  profile: Profile,
  seed: string,
  written: Pick<Written, 'name' | 'bytes' | 'form'>,
): Promise<string> {
  const path = `/v1/seeds/${encodeURIComponent(seed)}/plant`
  const answer = await profile.client.post(path, { ...outputOf(written), calls: [] })
  return z.object({ output: z.string() }).parse(answer).output
}

export async function takeSeedBack(profile: Profile, output: string): Promise<void> {
  await profile.client.post(`/v1/outputs/${encodeURIComponent(output)}/unplant`, {})
}

export async function releaseOutput(profile: Profile, id: string): Promise<string | null> {
  const answer = await profile.client.post(`/v1/outputs/${encodeURIComponent(id)}/release`, {})
  return z.object({ attestation: z.string().nullable() }).parse(answer).attestation
}

/** @returns the identifier of the caller's review */
export async function openReview(profile: Profile, output: string): Promise<string> {
  const answer = await profile.client.post(`/v1/outputs/${encodeURIComponent(output)}/reviews`, {})
  return z.object({ review: z.string() }).parse(answer).review
}

export async function reviewView(profile: Profile, review: string): Promise<ReviewView> {
  return viewSchema.parse(await profile.client.get(`/v1/reviews/${encodeURIComponent(review)}`))
}

/** A sign of life of whoever shows it (ATT-22). */
export async function sawReview(profile: Profile, review: string): Promise<number> {
  const answer = await profile.client.post(`/v1/reviews/${encodeURIComponent(review)}/view`, {})
  return z.object({ in_view_ms: z.int() }).parse(answer).in_view_ms
}

export async function refuseOutput(profile: Profile, review: string): Promise<boolean> {
  const answer = await profile.client.post(`/v1/reviews/${encodeURIComponent(review)}/refuse`, {})
  return z.object({ seed: z.boolean() }).parse(answer).seed
}

/** A link to the desk with a session of this person. @param output one; all that wait without it */
export async function reviewLink(profile: Profile, output?: string): Promise<string> {
  const body = output === undefined ? {} : { output }
  return z.object({ url: z.url() }).parse(await profile.client.post('/v1/reviews/links', body)).url
}

const draftSchema = z.object({
  attestation: z.string(),
  statement: statementSchema,
  act: z.union([attestActSchema, approvalActSchema]),
})
const sealedSchema = z.object({
  outcome: z.enum(['issued', 'flagged', 'seed']),
  bundle: z.record(z.string(), z.json()).nullable(),
})
export type SealedOutput = z.infer<typeof sealedSchema>

/**
 * Signs what the caller wrote or reviewed, with the key of the profile.
 * @throws {CliError} `GESTURE_MISMATCH`: what would be signed is not the statement that is shown
 */
export async function attestOutput(profile: Profile, output: string): Promise<SealedOutput> {
  const answer = await profile.client.post(`/v1/outputs/${encodeURIComponent(output)}/attestations`, {})
  const { attestation, statement, act } = draftSchema.parse(answer)
  if (act.statement !== statementDigest(nodeCrypto, statement) || statement.predicate.output.id !== output)
    throw new CliError('GESTURE_MISMATCH', 'nothing was signed: the statement is not of this output')
  const tag = 'act' in act ? ACT_TAG : APPROVAL_TAG
  const gesture = await profile.authenticator.assert(challengeOf(nodeCrypto, tag, act), { tag, value: act })
  const path = `/v1/attestations/${encodeURIComponent(attestation)}/seal`
  return sealedSchema.parse(await profile.client.post(path, { ...gesture }))
}

/** @param by `kind`, `agent`, `system` or `day`. @param period days, half-open */
export async function coverageOf(
  profile: Profile,
  by: string,
  { from, to }: { readonly from: string; readonly to: string },
): Promise<Coverage> {
  return coverageSchema.parse(await profile.client.get(`/v1/outputs/coverage?by=${by}&from=${from}&to=${to}`))
}

export async function deviationsOf(profile: Profile): Promise<z.infer<typeof deviationsSchema>> {
  return deviationsSchema.parse(await profile.client.get('/v1/outputs/deviations'))
}
