/** Baselines, drift policies and levels at the control plane. spec/drift.md. @module */
import { z } from 'zod'
import { driftPolicySchema, type DriftPolicy } from '../../src/core/drift-policy.ts'
import { approveAt } from './operator.ts'
import { CliError } from './output.ts'
import { readJson, type Profile } from './profile.ts'

const level = z.enum(['none', 'watch', 'step_up', 'isolate'])
const baselineSchema = z.object({
  id: z.string(),
  agent: z.string(),
  epoch: z.string(),
  status: z.enum(['waiting', 'approved']),
  digest: z.string(),
  sessions: z.int(),
  proposal: z.int(),
  approval: z.int().nullable(),
})
const policySchema = z.object({
  id: z.string(),
  status: z.enum(['waiting', 'active', 'replaced']),
  proposer: z.string(),
  proposal: z.int(),
  approval: z.int().nullable(),
  policy: driftPolicySchema,
})
const standingSchema = z.object({
  level,
  alarm: z.object({ entry: z.int(), time_ms: z.int() }).nullable(),
  epochs: z.array(
    z.object({
      epoch: z.string(),
      manifest: z.string(),
      task_class: z.string(),
      level,
      warm: z.int(),
      scored: z.int(),
      entry: z.int(),
      alarm: z.int().nullable(),
    }),
  ),
})

export type Baseline = z.infer<typeof baselineSchema>
export type DriftPolicyView = z.infer<typeof policySchema>
export type Standing = z.infer<typeof standingSchema>

export async function listBaselines(profile: Profile): Promise<Baseline[]> {
  const answer = await profile.client.get('/v1/baselines')
  return z.object({ baselines: z.array(baselineSchema) }).parse(answer).baselines
}

export async function showBaseline(
  profile: Profile,
  id: string,
): Promise<Baseline & { document: string | null }> {
  const answer = await profile.client.get(`/v1/baselines/${encodeURIComponent(id)}`)
  return baselineSchema.extend({ document: z.string().nullable() }).parse(answer)
}

export async function approveBaseline(profile: Profile, id: string): Promise<void> {
  await approveAt(profile, `/v1/baselines/${id}`, { act: 'baseline.approve', baseline: id })
}

export async function standingOf(profile: Profile, agent: string): Promise<Standing> {
  return standingSchema.parse(await profile.client.get(`/v1/agents/${encodeURIComponent(agent)}/drift`))
}

/** @throws {CliError} `ARGUMENT_INVALID` */
export async function readDriftPolicy(path: string): Promise<DriftPolicy> {
  const read = driftPolicySchema.safeParse(await readJson(path))
  if (read.success) return read.data
  const at = read.error.issues.map((issue) => issue.path.join('.') || 'the whole').join(', ')
  throw new CliError('ARGUMENT_INVALID', `${path} is no drift policy at ${at}: see spec/drift.md, DRF-27`)
}

export async function proposeDriftPolicy(profile: Profile, policy: DriftPolicy): Promise<string> {
  const answer = await profile.client.post('/v1/drift-policies', policy)
  return z.object({ policy: z.string() }).parse(answer).policy
}

/** The newest first, and the one in force. */
export async function listDriftPolicies(
  profile: Profile,
): Promise<{ policies: DriftPolicyView[]; in_force: DriftPolicy }> {
  const answer = await profile.client.get('/v1/drift-policies')
  return z.object({ policies: z.array(policySchema), in_force: driftPolicySchema }).parse(answer)
}

export async function approveDriftPolicy(profile: Profile, id: string): Promise<void> {
  await approveAt(profile, `/v1/drift-policies/${id}`, { act: 'drift_policy.approve', policy: id })
}
