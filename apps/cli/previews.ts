/** Auditors' previews, as the company sees to them. One function an act, as in operator.ts. @module */
import { z } from 'zod'
import type { JsonObject } from '../../src/core/json.ts'
import { approveAt } from './operator.ts'
import type { Profile } from './profile.ts'

const previewSchema = z.object({
  preview: z.string(),
  status: z.string(),
  auditor: z.string().nullable(),
  firm: z.string().nullable(),
  period: z.object({ from: z.string(), to: z.string() }),
  criteria: z.array(z.string()),
  expires: z.string(),
  proposer: z.string(),
  holder: z.string().nullable(),
  looks_n: z.int(),
  looked: z.string().nullable(),
})
export type Preview = z.infer<typeof previewSchema>

const about = z.object({ kind: z.string(), id: z.string() })
export const evidenceRequestSchema = z.object({
  request: z.string(),
  preview: z.string(),
  about: about.nullable(),
  opened: z.string(),
  text: z.string().nullable(),
  outcome: z.string().nullable(),
  answer: z.string().nullable(),
  person: z.string().nullable(),
  answered: z.string().nullable(),
})
export type EvidenceRequest = z.infer<typeof evidenceRequestSchema>
export const commentSchema = z.object({
  entry: z.int(),
  about,
  person: z.string().nullable(),
  time: z.string(),
  text: z.string().nullable(),
})
export type PreviewComment = z.infer<typeof commentSchema>

export interface PreviewWanted {
  readonly auditor: string
  readonly firm: string
  readonly period: { readonly from: string; readonly to: string }
  readonly criteria: readonly string[]
  readonly expires: string
}

const PATH = '/v1/previews'
const pathOf = (id: string): string => `${PATH}/${encodeURIComponent(id)}`

export async function proposePreview(profile: Profile, wanted: PreviewWanted): Promise<string> {
  const body = { ...wanted, period: { ...wanted.period }, criteria: [...wanted.criteria] }
  return z.object({ preview: z.string() }).parse(await profile.client.post(PATH, body)).preview
}

/** With the gesture of who runs this, over what the preview says now. */
export async function grantPreview(profile: Profile, preview: string): Promise<void> {
  const { period, criteria, expires } = previewSchema.parse(await profile.client.get(pathOf(preview)))
  const asked: JsonObject = { act: 'preview.grant', preview, period, criteria, expires }
  await approveAt(profile, pathOf(preview), asked)
}

export interface Invitation {
  readonly secret: string
  readonly url: string
  /** Where a terminal reaches the control plane. */
  readonly server: string
  readonly expires: number
}

export async function inviteAuditor(profile: Profile, preview: string): Promise<Invitation> {
  const answer = await profile.client.post(`${pathOf(preview)}/invite`, {})
  return z.object({ secret: z.string(), url: z.string(), server: z.string(), expires: z.int() }).parse(answer)
}

export async function revokePreview(profile: Profile, preview: string, reason: string): Promise<void> {
  await profile.client.post(`${pathOf(preview)}/revoke`, { reason })
}

export async function listPreviews(profile: Profile): Promise<Preview[]> {
  return z.object({ previews: z.array(previewSchema) }).parse(await profile.client.get(PATH)).previews
}

export async function listRequests(profile: Profile, preview: string | null): Promise<EvidenceRequest[]> {
  const query = preview === null ? '' : `?preview=${encodeURIComponent(preview)}`
  const answer = await profile.client.get(`/v1/evidence-requests${query}`)
  return z.object({ requests: z.array(evidenceRequestSchema) }).parse(answer).requests
}

export async function answerRequest(
  profile: Profile,
  request: string,
  outcome: 'provided' | 'declined',
  answer: string,
): Promise<void> {
  await profile.client.post(`/v1/evidence-requests/${encodeURIComponent(request)}/answer`, {
    outcome,
    answer,
  })
}

export async function listPreviewComments(profile: Profile, preview: string): Promise<PreviewComment[]> {
  const answer = await profile.client.get(`${pathOf(preview)}/comments`)
  return z.object({ comments: z.array(commentSchema) }).parse(answer).comments
}

export async function commentAsCompany(
  profile: Profile,
  preview: string,
  on: JsonObject,
  text: string,
): Promise<void> {
  await profile.client.post(`${pathOf(preview)}/comments`, { about: on, text })
}
