/** Breaches of personal data, as operators see to them. One function an act, as in operator.ts. @module */
import { z } from 'zod'
import type { JsonObject } from '../../src/core/json.ts'
import { approveAt } from './operator.ts'
import type { Profile } from './profile.ts'

const view = z.object({
  id: z.string(),
  recorder: z.string(),
  aware: z.int(),
  incident: z.string().nullable(),
  jurisdictions: z.array(z.string()),
  categories: z.array(z.string()),
  subjects_n: z.int().nullable(),
  risk: z.string(),
  text: z.string().nullable(),
  closed: z.int().nullable(),
  wanted: z.array(z.object({ to: z.string(), jurisdiction: z.string(), due: z.string() })),
})
export type BreachView = z.infer<typeof view>
const detail = view.extend({
  notices: z.array(
    z.object({
      entry: z.int(),
      to: z.string(),
      jurisdiction: z.string(),
      at: z.int(),
      author: z.string(),
      text: z.string().nullable(),
    }),
  ),
})
export type BreachDetail = z.infer<typeof detail>

const PATH = '/v1/breaches'
const pathOf = (id: string): string => `${PATH}/${encodeURIComponent(id)}`

export async function listBreaches(profile: Profile): Promise<BreachView[]> {
  return z.object({ breaches: z.array(view) }).parse(await profile.client.get(PATH)).breaches
}

export async function showBreach(profile: Profile, id: string): Promise<BreachDetail> {
  return detail.parse(await profile.client.get(pathOf(id)))
}

export async function recordBreach(profile: Profile, said: JsonObject): Promise<string> {
  return z.object({ breach: z.string() }).parse(await profile.client.post(PATH, said)).breach
}

export async function assessBreach(profile: Profile, id: string, said: JsonObject): Promise<void> {
  await profile.client.post(`${pathOf(id)}/assess`, said)
}

export async function notifyBreach(profile: Profile, id: string, said: JsonObject): Promise<void> {
  await profile.client.post(`${pathOf(id)}/notices`, said)
}

export async function closeBreach(profile: Profile, id: string): Promise<void> {
  const what = { act: 'breach.close', breach: id }
  await approveAt(profile, pathOf(id), what, { show: 'closing', take: 'close' })
}
