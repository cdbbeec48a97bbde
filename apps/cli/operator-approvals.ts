/** Calls that wait for a person, as people at a command line see and decide them. spec/approvals.md. @module */
import { setTimeout as wait } from 'node:timers/promises'
import { z } from 'zod'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { ApprovalAct } from '../../src/core/approval.ts'
import { commitmentOf } from '../../src/log/commitment.ts'
import { approvalChallenge } from '../../src/token/approval.ts'
import { APPROVAL_TAG } from '../../src/token/constants.ts'
import { CliError } from './output.ts'
import type { Profile } from './profile.ts'

/** How often it is asked what came of a decision in a browser. */
const POLL_MS = 500

const approvalSchema = z.object({
  id: z.string(),
  point: z.string(),
  action: z.string(),
  agent: z.string(),
  iss: z.string(),
  jti: z.string(),
  grant: z.string(),
  server: z.string(),
  tool: z.string(),
  args_commit: z.string(),
  expires: z.int(),
  requested: z.int(),
  status: z.enum(['open', 'approved', 'refused', 'timed_out']),
  decided: z.int().nullable(),
  approver: z.string().nullable(),
  /** The output that it releases: reviewed and attested, which lets the call go. */
  output: z.string().nullable(),
})
const shownSchema = approvalSchema.extend({
  opening: z.object({ salt: z.string(), args: z.record(z.string(), z.json()) }).nullable(),
})
export type ListedApproval = z.infer<typeof approvalSchema>
/** `why`: what rules on flow object to, in sentences (FLW-12). */
export type ShownApproval = z.infer<typeof shownSchema> & { readonly why: readonly string[] }

const load = z.object({
  requested: z.int(),
  approved: z.int(),
  refused: z.int(),
  timed_out: z.int(),
  open: z.int(),
  median_s: z.number().nullable(),
  longest_s: z.number().nullable(),
})
const loadSchema = z.object({
  total: load,
  days: z.array(load.extend({ day: z.string() })),
  agents: z.array(load.extend({ agent: z.string() })),
})
export type Load = z.infer<typeof load>

export async function listApprovals(profile: Profile, all: boolean): Promise<ListedApproval[]> {
  const answer = await profile.client.get(`/v1/approvals${all ? '?all=true' : ''}`)
  return z.object({ approvals: z.array(approvalSchema) }).parse(answer).approvals
}

export async function showApproval(profile: Profile, id: string): Promise<ShownApproval> {
  const answer = await profile.client.get(`/v1/approvals/${encodeURIComponent(id)}`)
  const { approval, why } = z
    .object({ approval: shownSchema, why: z.array(z.string()).default([]) })
    .parse(answer)
  return { ...approval, why }
}

export async function approvalLoad(profile: Profile, days: number): Promise<z.infer<typeof loadSchema>> {
  return loadSchema.parse(await profile.client.get(`/v1/approvals/load?days=${days}`))
}

/** A link with a session of this person. @param approval one call; all that wait without it */
export async function approvalLink(profile: Profile, approval?: string): Promise<string> {
  const body = approval === undefined ? {} : { approval }
  return z.object({ url: z.url() }).parse(await profile.client.post('/v1/approvals/links', body)).url
}

/**
 * With the key of the profile, over what was shown; or in a browser, where the passkey is.
 * @throws {CliError} `GESTURE_MISMATCH`: the arguments are not those that would be signed
 */
export async function decideApproval(
  profile: Profile,
  shown: ShownApproval,
  decision: ApprovalAct['decision'],
  showLink: (url: string) => void,
): Promise<ShownApproval['status']> {
  const { id, point, action, jti, grant, server, tool, args_commit, expires, opening } = shown
  if (
    opening === null ||
    commitmentOf(nodeCrypto, { salt: opening.salt, value: opening.args }) !== args_commit
  )
    throw new CliError('GESTURE_MISMATCH', 'nothing was signed: the arguments are not those of the call')
  if (profile.usesBrowser) return decideInBrowser(profile, id, showLink)
  const act: ApprovalAct = {
    v: 1,
    approval: id,
    point,
    action,
    jti,
    grant,
    server,
    tool,
    args_commit,
    decision,
    expires,
  }
  const shownAct = { tag: APPROVAL_TAG, value: act }
  const gesture = await profile.authenticator.assert(approvalChallenge(nodeCrypto, act), shownAct)
  await profile.client.post(`/v1/approvals/${id}/decide`, { decision, ...gesture })
  return decision === 'approve' ? 'approved' : 'refused'
}

async function decideInBrowser(
  profile: Profile,
  id: string,
  showLink: (url: string) => void,
): Promise<ShownApproval['status']> {
  showLink(await approvalLink(profile, id))
  for (;;) {
    const { status } = await showApproval(profile, id)
    if (status !== 'open') return status
    await wait(POLL_MS)
  }
}
