/** The kinds of policies: where each is kept, and the form that it has. @module */
import { alertPolicySchema } from '../../../../../src/core/alert.ts'
import { driftPolicySchema } from '../../../../../src/core/drift-policy.ts'
import { flowPolicySchema } from '../../../../../src/core/flow-policy.ts'
import { outputPolicySchema } from '../../../../../src/core/output.ts'
import { responsePolicySchema } from '../../../../../src/core/response-policy.ts'
import { api, said } from '../../api/client.ts'
import type { Asked } from '../../gesture/gesture-dialog.tsx'
import type { GestureParts } from '../../gesture/passkey.ts'

export interface PolicyView {
  readonly id: string
  readonly status: 'waiting' | 'active' | 'replaced'
  readonly proposer: string
  readonly proposal: number
  readonly approval: number | null
  readonly policy: Readonly<Record<string, unknown>>
}

export interface Listed {
  readonly policies: readonly PolicyView[]
  /** What decides while nothing was approved; null: it is off. */
  readonly packaged: Readonly<Record<string, unknown>> | null
}

export const KINDS = ['flow', 'drift', 'output', 'response', 'alert'] as const
export type Kind = (typeof KINDS)[number]
type Path = `/v1/${Kind}-policies`

export const SCHEMAS = {
  flow: flowPolicySchema,
  drift: driftPolicySchema,
  output: outputPolicySchema,
  response: responsePolicySchema,
  alert: alertPolicySchema,
} as const

/** All five have the same operations, over policies of their own form. */
function pathOf(kind: Kind): Path {
  return `/v1/${kind}-policies`
}

export async function listPolicies(kind: Kind): Promise<Listed> {
  const { policies, in_force } = (await said(api.GET(pathOf(kind)))) as {
    policies: readonly PolicyView[]
    in_force?: unknown
  }
  // The alert policy in force says also which entry approved it.
  const packaged = kind === 'alert' ? (in_force as { policy: unknown } | undefined)?.policy : in_force
  return { policies, packaged: (packaged as Listed['packaged']) ?? null }
}

export function proposePolicy(kind: Kind, policy: unknown): Promise<unknown> {
  return said(api.POST(pathOf(kind), { body: policy as never }))
}

export function policyApproval(kind: Kind, id: string): Promise<Asked> {
  return said(api.GET(`${pathOf(kind)}/{id}/approval`, { params: { path: { id } } }))
}

export function approvePolicy(kind: Kind, id: string, body: GestureParts): Promise<unknown> {
  return said(api.POST(`${pathOf(kind)}/{id}/approve`, { params: { path: { id } }, body }))
}
