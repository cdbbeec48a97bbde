/** Reviews of access, as operators see to them. One function an act, as in operator.ts. @module */
import { z } from 'zod'
import type { JsonObject } from '../../src/core/json.ts'
import { approveAt } from './operator.ts'
import type { Profile } from './profile.ts'

const reviewSchema = z.object({
  id: z.string(),
  period: z.string(),
  list: z.string(),
  opener: z.string(),
  items_n: z.int(),
  digest: z.string(),
  opened: z.int(),
  closed: z.int().nullable(),
})
export type AccessReview = z.infer<typeof reviewSchema>
const detailSchema = reviewSchema.extend({
  items: z.array(
    z.object({
      n: z.int(),
      kind: z.string(),
      target: z.string(),
      owner: z.string().nullable(),
      may: z.array(z.string()),
      reviewer: z.string().nullable(),
      decision: z.string().nullable(),
      decider: z.string().nullable(),
      acted: z.int().nullable(),
    }),
  ),
})
export type AccessReviewDetail = z.infer<typeof detailSchema>

const PATH = '/v1/access-reviews'
const pathOf = (id: string): string => `${PATH}/${encodeURIComponent(id)}`

export async function listAccessReviews(profile: Profile): Promise<AccessReview[]> {
  return z.object({ reviews: z.array(reviewSchema) }).parse(await profile.client.get(PATH)).reviews
}

export async function showAccessReview(profile: Profile, id: string): Promise<AccessReviewDetail> {
  return detailSchema.parse(await profile.client.get(pathOf(id)))
}

export async function openAccessReview(
  profile: Profile,
  period: string,
  list: 'access' | 'roles' = 'access',
): Promise<{ review: string; items_n: number; digest: string }> {
  const answer = await profile.client.post(PATH, { period, list })
  return z.object({ review: z.string(), items_n: z.int(), digest: z.string() }).parse(answer)
}

export async function assignAccess(profile: Profile, id: string, share: JsonObject): Promise<number> {
  return z.object({ items_n: z.int() }).parse(await profile.client.post(`${pathOf(id)}/assign`, share))
    .items_n
}

export async function decideAccess(
  profile: Profile,
  id: string,
  item: number,
  decision: string,
): Promise<void> {
  await profile.client.post(`${pathOf(id)}/decide`, { item, decision })
}

export async function actOnAccess(
  profile: Profile,
  id: string,
  item: number,
  entries: readonly number[],
): Promise<number[]> {
  const answer = await profile.client.post(`${pathOf(id)}/act`, { item, entries })
  return z.object({ frames: z.array(z.int()) }).parse(answer).frames
}

export async function closeAccessReview(profile: Profile, review: string): Promise<void> {
  const what = { act: 'access_review.close', review }
  await approveAt(profile, pathOf(review), what, { show: 'closing', take: 'close' })
}
