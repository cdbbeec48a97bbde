/** Incidents, isolation and capacity, as operators see to them. One function an act, as in operator.ts. @module */
import { z } from 'zod'
import type { JsonObject } from '../../src/core/json.ts'
import { responsePolicySchema, type ResponsePolicy } from '../../src/core/response-policy.ts'
import { responseBodies } from '../../src/log/response-bodies.ts'
import { approveAt } from './operator.ts'
import { CliError } from './output.ts'
import { readJson, type Profile } from './profile.ts'

const ms = z.int().nullable()
const incidentSchema = z.object({
  id: z.string(),
  kind: z.string(),
  severity: z.string(),
  agent: z.string().nullable(),
  opener: z.string(),
  owner: z.string().nullable(),
  title: z.string().nullable(),
  status: z.enum(['open', 'contained', 'closed']),
  detected: z.int(),
  opened: z.int(),
  acknowledged: ms,
  contained: ms,
  contained_by: z.string().nullable(),
  closed: ms,
  cause: ms,
  lessons: ms,
})
const detailSchema = incidentSchema.extend({
  alerts: z.array(z.string()),
  notes: z.array(
    z.object({
      entry: z.int(),
      phase: z.string(),
      author: z.string(),
      time: z.int(),
      text: z.string().nullable(),
    }),
  ),
})
export type IncidentDetail = z.infer<typeof detailSchema>
const spread = z.object({ n: z.int(), median_s: z.number().nullable(), max_s: z.number().nullable() })
const listSchema = z.object({
  incidents: z.array(incidentSchema),
  year: z.object({
    incidents: z.int(),
    exercises: z.int(),
    open: z.int(),
    acknowledged: spread,
    contained: spread,
    closed: spread,
  }),
})
const timelineSchema = z.object({
  lines: z.array(
    z.object({ index: z.int(), time: z.string(), type: z.string(), actor: z.string(), what: z.string() }),
  ),
  lines_n: z.int(),
})
export type Timeline = z.infer<typeof timelineSchema>

export async function listIncidents(profile: Profile, open: boolean): Promise<z.infer<typeof listSchema>> {
  return listSchema.parse(await profile.client.get(`/v1/incidents${open ? '?open=true' : ''}`))
}

export async function showIncident(profile: Profile, id: string): Promise<IncidentDetail> {
  return detailSchema.parse(await profile.client.get(pathOf(id)))
}

export async function readTimeline(profile: Profile, id: string): Promise<Timeline> {
  return timelineSchema.parse(await profile.client.get(`${pathOf(id)}/timeline`))
}

export interface Opening extends JsonObject {
  readonly kind: string
  readonly severity: string
  readonly title: string
  readonly agent: string | null
  readonly alerts: readonly string[]
  readonly entries: readonly number[]
}

export async function openIncident(profile: Profile, opening: Opening): Promise<string> {
  const answer = await profile.client.post('/v1/incidents', opening)
  return z.object({ incident: z.string() }).parse(answer).incident
}

export async function containIncident(
  profile: Profile,
  id: string,
  how: string,
  entries: readonly number[],
): Promise<void> {
  await profile.client.post(`${pathOf(id)}/contain`, { how, entries })
}

export async function noteIncident(profile: Profile, id: string, phase: string, text: string): Promise<void> {
  await profile.client.post(`${pathOf(id)}/notes`, { phase, text })
}

export async function assignIncident(profile: Profile, id: string, owner: string): Promise<void> {
  await profile.client.post(`${pathOf(id)}/assign`, { owner })
}

export async function closeIncident(profile: Profile, incident: string): Promise<void> {
  const what = { act: 'incident.close', incident }
  await approveAt(profile, pathOf(incident), what, { show: 'closing', take: 'close' })
}

function pathOf(id: string): string {
  return `/v1/incidents/${encodeURIComponent(id)}`
}

const standingSchema = z.object({
  agent: z.string(),
  level: z.string(),
  step_up: z.int(),
  because: z.string().nullable(),
  isolated: z.int().nullable(),
  signs: z.array(z.object({ rule: z.string(), time: z.int(), entries: z.array(z.int()) })),
})
export type Standing = z.infer<typeof standingSchema>

export async function listStandings(profile: Profile): Promise<Standing[]> {
  return z.object({ agents: z.array(standingSchema) }).parse(await profile.client.get('/v1/isolation')).agents
}

export async function standingOf(profile: Profile, agent: string): Promise<Standing> {
  return standingSchema.parse(await profile.client.get(`${agentPath(agent)}/isolation`))
}

export async function isolate(profile: Profile, agent: string, title: string): Promise<{ incident: string }> {
  const answer = await profile.client.post(`${agentPath(agent)}/isolate`, { title })
  return z.object({ incident: z.string() }).parse(answer)
}

export async function oversee(profile: Profile, agent: string): Promise<void> {
  await profile.client.post(`${agentPath(agent)}/oversight`, {})
}

export async function liftIsolation(profile: Profile, agent: string): Promise<void> {
  const ends = { show: 'lifting', take: 'lift' }
  await approveAt(profile, `${agentPath(agent)}/isolation`, { act: 'isolation.lift', agent }, ends)
}

export async function endOversight(profile: Profile, agent: string): Promise<void> {
  const ends = { show: 'ending', take: 'end' }
  await approveAt(profile, `${agentPath(agent)}/oversight`, { act: 'oversight.end', agent }, ends)
}

function agentPath(agent: string): string {
  return `/v1/agents/${encodeURIComponent(agent)}`
}

const policiesSchema = z.object({
  policies: z.array(
    z.object({
      id: z.string(),
      status: z.enum(['waiting', 'active', 'replaced']),
      proposer: z.string(),
      policy: responsePolicySchema,
    }),
  ),
  in_force: responsePolicySchema,
})

export async function listResponsePolicies(profile: Profile): Promise<z.infer<typeof policiesSchema>> {
  return policiesSchema.parse(await profile.client.get('/v1/response-policies'))
}

export async function proposeResponsePolicy(profile: Profile, policy: ResponsePolicy): Promise<string> {
  const answer = await profile.client.post('/v1/response-policies', policy)
  return z.object({ policy: z.string() }).parse(answer).policy
}

export async function approveResponsePolicy(profile: Profile, id: string): Promise<void> {
  await approveAt(profile, `/v1/response-policies/${encodeURIComponent(id)}`, {
    act: 'response_policy.approve',
    policy: id,
  })
}

/** @throws {CliError} `RESPONSE_POLICY_INVALID` */
export async function readResponsePolicy(path: string): Promise<ResponsePolicy> {
  const read = responsePolicySchema.safeParse(await readJson(path))
  if (read.success) return read.data
  const places = read.error.issues.slice(0, 8).map((issue) => issue.path.join('.') || 'the whole')
  throw new CliError(
    'RESPONSE_POLICY_INVALID',
    `${path} is no response policy at ${places.join(', ')}: begin with "countersign isolation policy show --json" (spec/isolation.md, ISO-2)`,
  )
}

const sampleSchema = responseBodies['capacity.sampled'].extend({ entry: z.int() })
export type Sample = z.infer<typeof sampleSchema>

export async function listSamples(profile: Profile): Promise<Sample[]> {
  return z.object({ samples: z.array(sampleSchema) }).parse(await profile.client.get('/v1/capacity')).samples
}
