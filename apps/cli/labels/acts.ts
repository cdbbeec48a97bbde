/** Labels and flow policies, as operators keep them. One function an act, as in operator.ts. spec/labels.md, spec/flow.md. @module */
import { z } from 'zod'
import { flowPolicySchema, type FlowPolicy } from '../../../src/core/flow-policy.ts'
import type { JsonObject } from '../../../src/core/json.ts'
import { toolLabelSchema, type ToolLabel } from '../../../src/core/label.ts'
import { approveAt } from '../operator.ts'
import type { Profile } from '../profile.ts'

const toolSchema = z.object({
  tool: z.string(),
  server: z.string(),
  name: z.string(),
  definition_hash: z.string(),
  label: toolLabelSchema.nullable(),
})
export type LabelledTool = z.infer<typeof toolSchema>

const proposalSchema = z.object({
  id: z.string(),
  proposer: z.string(),
  labels: z.array(toolSchema.extend({ label: toolLabelSchema, was: toolLabelSchema.nullable() })),
})
export type LabelProposal = z.infer<typeof proposalSchema>

const policySchema = z.object({
  id: z.string(),
  status: z.enum(['waiting', 'active', 'replaced']),
  proposer: z.string(),
  policy: flowPolicySchema,
})
export type FlowPolicyView = z.infer<typeof policySchema>

/** What is proposed of one definition of one tool. */
export interface Labelling {
  readonly tool: string
  readonly definition_hash: string
  readonly label: ToolLabel
}

/** Registered tools, each with the label in force. */
export async function listLabels(profile: Profile): Promise<LabelledTool[]> {
  const answer = await profile.client.get('/v1/labels')
  return z.object({ labels: z.array(toolSchema) }).parse(answer).labels
}

/** @returns the identifier of the proposal */
export async function proposeLabels(profile: Profile, labels: readonly Labelling[]): Promise<string> {
  const body = { labels } as unknown as JsonObject
  const answer = await profile.client.post('/v1/labels/proposals', body)
  return z.object({ labels: z.string() }).parse(answer).labels
}

/** Those that wait. */
export async function listLabelProposals(profile: Profile): Promise<LabelProposal[]> {
  const answer = await profile.client.get('/v1/labels/proposals')
  return z.object({ proposals: z.array(proposalSchema) }).parse(answer).proposals
}

/** The labels are in force from then on. */
export async function approveLabels(profile: Profile, id: string): Promise<void> {
  await approveAt(profile, `/v1/labels/proposals/${id}`, { act: 'label.approve', labels: id })
}

/** @returns the identifier of the proposal */
export async function proposeFlowPolicy(profile: Profile, policy: FlowPolicy): Promise<string> {
  const answer = await profile.client.post('/v1/flow-policies', policy)
  return z.object({ policy: z.string() }).parse(answer).policy
}

/** The newest first. */
export async function listFlowPolicies(profile: Profile): Promise<FlowPolicyView[]> {
  const answer = await profile.client.get('/v1/flow-policies')
  return z.object({ policies: z.array(policySchema) }).parse(answer).policies
}

/** The policy is in force from then on. */
export async function approveFlowPolicy(profile: Profile, id: string): Promise<void> {
  await approveAt(profile, `/v1/flow-policies/${id}`, { act: 'flow_policy.approve', policy: id })
}
