/** Alerts, their policy and channels, as operators keep them. One function an act. spec/alerts.md. @module */
import { z } from 'zod'
import {
  alertPolicySchema,
  DISPOSITIONS,
  RULE_NAMES,
  SEVERITIES,
  type AlertPolicy,
} from '../../../src/core/alert.ts'
import type { Channel } from '../../../src/core/channel.ts'
import { approveAt } from '../operator.ts'
import type { Profile } from '../profile.ts'

const alertSchema = z.object({
  id: z.string(),
  entry: z.int(),
  rule: z.enum(RULE_NAMES),
  severity: z.enum(SEVERITIES),
  subject: z.string().nullable(),
  status: z.enum(['open', 'acknowledged', 'closed']),
  canary: z.boolean(),
  first: z.int(),
  last: z.int(),
  count: z.int(),
  triage_until: z.int(),
  detail: z.record(z.string(), z.union([z.string(), z.number()])),
  entries: z.array(z.int()),
  acknowledged: z.int().nullable(),
  taker: z.string().nullable(),
  triage: z.string().nullable(),
  closed: z.int().nullable(),
  disposition: z.enum(DISPOSITIONS).nullable(),
})
export type ShownAlert = z.infer<typeof alertSchema>

export interface AlertQuery {
  readonly status?: string
  readonly canaries?: boolean
}

/** A page, the newest first. @param before the first entry of an alert: those older than it */
export async function listAlerts(
  profile: Profile,
  { status, canaries }: AlertQuery,
  before?: number,
): Promise<ShownAlert[]> {
  const query = new URLSearchParams()
  if (status !== undefined) query.set('status', status)
  if (canaries === true) query.set('canaries', 'true')
  if (before !== undefined) query.set('before', String(before))
  const answer = await profile.client.get(`/v1/alerts?${query.toString()}`)
  return z.object({ alerts: z.array(alertSchema) }).parse(answer).alerts
}

/** All of them, the newest first. */
export async function* everyAlert(profile: Profile, query: AlertQuery): AsyncGenerator<ShownAlert> {
  let before: number | undefined
  for (;;) {
    const page = await listAlerts(profile, query, before)
    yield* page
    before = page.at(-1)?.entry
    if (before === undefined) return
  }
}

export async function showAlert(profile: Profile, id: string): Promise<ShownAlert> {
  return alertSchema.parse(await profile.client.get(`/v1/alerts/${id}`))
}

const policiesSchema = z.object({
  policies: z.array(
    z.object({
      id: z.string(),
      status: z.enum(['waiting', 'active', 'replaced']),
      proposer: z.string(),
      policy: alertPolicySchema,
    }),
  ),
  in_force: z.object({ policy: alertPolicySchema, approval: z.int().nullable() }),
})

export async function alertPolicies(profile: Profile): Promise<z.infer<typeof policiesSchema>> {
  return policiesSchema.parse(await profile.client.get('/v1/alert-policies'))
}

/** @returns the identifier of the proposal */
export async function proposeAlertPolicy(profile: Profile, policy: AlertPolicy): Promise<string> {
  const answer = await profile.client.post('/v1/alert-policies', policy)
  return z.object({ policy: z.string() }).parse(answer).policy
}

export async function approveAlertPolicy(profile: Profile, id: string): Promise<void> {
  await approveAt(profile, `/v1/alert-policies/${id}`, { act: 'alert_policy.approve', policy: id })
}

const deliverySchema = z.object({
  id: z.string(),
  channel: z.string(),
  alert: z.string(),
  event: z.string(),
  time: z.int(),
  state: z.enum(['waiting', 'taken', 'dead']),
  attempts: z.int(),
  changed: z.int(),
  why: z.string().nullable(),
})
export type Delivered = z.infer<typeof deliverySchema>

export async function listDeliveries(
  profile: Profile,
  filter: { readonly state?: string; readonly channel?: string },
): Promise<Delivered[]> {
  const query = new URLSearchParams({ ...filter })
  const answer = await profile.client.get(`/v1/alert-deliveries?${query.toString()}`)
  return z.object({ deliveries: z.array(deliverySchema) }).parse(answer).deliveries
}

/** @returns how many */
export async function redeliver(
  profile: Profile,
  what: { readonly notice: string } | { readonly channel: string },
): Promise<number> {
  const answer = await profile.client.post('/v1/alert-deliveries/redeliver', { ...what })
  return z.object({ deliveries: z.int() }).parse(answer).deliveries
}

const channelSchema = z.object({
  id: z.string(),
  kind: z.string(),
  host: z.string(),
  failing_since: z.int().nullable(),
})

export async function listChannels(profile: Profile): Promise<z.infer<typeof channelSchema>[]> {
  const answer = await profile.client.get('/v1/channels')
  return z.object({ channels: z.array(channelSchema) }).parse(answer).channels
}

export async function addChannel(
  profile: Profile,
  channel: Channel,
): Promise<{ readonly channel: string; readonly secret?: string }> {
  const answer = await profile.client.post('/v1/channels', channel)
  return z.object({ channel: z.string(), secret: z.string().exactOptional() }).parse(answer)
}
