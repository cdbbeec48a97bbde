/** What is changed, by two people each time: versions of agents, templates, labels; and keys, which the control plane makes anew. spec/simulation.md (SIM-9). @module */
import { z } from 'zod'
import { approveAt } from '../../cli/operator.ts'
import type { Profile } from '../../cli/profile.ts'
import { manifestOf, type Agent } from '../agents.ts'
import { activeAgents, isDay, type Story, type Theme } from '../story.ts'
import { labelTools } from './labels.ts'

const VERSION_DAYS = { first: 10, every: 14 }
const TEMPLATE_DAYS = { first: 25, every: 60 }
const LABEL_DAYS = { first: 55, every: 70 }
const ROTATION_DAYS = { first: 40, every: 90 }
/** Delegations of the old key are over by then. */
const RETIRED_DAYS = { first: 75, every: 90 }
const TTL_DAYS = 30

export const changes: Theme = {
  day: async (story, day_ms) => {
    if (isDay(story, day_ms, VERSION_DAYS)) {
      const agents = activeAgents(story)
      if (agents.length > 0) await releaseVersion(story, story.company.chance.of(agents))
    }
    if (isDay(story, day_ms, TEMPLATE_DAYS)) await changeTemplate(story)
    if (isDay(story, day_ms, LABEL_DAYS)) await labelTools(story)
    if (isDay(story, day_ms, ROTATION_DAYS)) await rotate(story)
    if (isDay(story, day_ms, RETIRED_DAYS)) await retireKeys(story)
  },
}

/** @param failed tests of the version that failed; null: it names no test */
export async function releaseVersion(
  { company }: Story,
  agent: Agent,
  failed: number | null = 0,
  model?: string,
): Promise<void> {
  agent.versions++
  const { tests, ...rest } = manifestOf(agent.trade, agent.versions, failed ?? 0, model)
  const document = { ...rest, ...(failed === null || tests === undefined ? {} : { tests }) }
  const path = `/v1/agents/${agent.id}/versions`
  const { manifest } = z
    .object({ manifest: z.string() })
    .parse(await agent.owner.client.post(path, { manifest: document }))
  const what = { act: 'version.approve', agent: agent.id, manifest }
  await approveAt(company.staff.security, `${path}/${manifest}`, what)
}

/** A template for clerks, as wide as what they are given. @param by who proposes and who approves */
export async function changeTemplate(
  { company }: Story,
  by: { readonly author: Profile; readonly approver: Profile } = {
    author: company.staff.operations,
    approver: company.staff.security,
  },
): Promise<void> {
  const asked = {
    class: 'clerk',
    ttl_s_max: TTL_DAYS * 86_400,
    depth_max: 2,
    grants: null,
    approvals: null,
  }
  const { template } = z
    .object({ template: z.string() })
    .parse(await by.author.client.post('/v1/templates', asked))
  await approveAt(by.approver, `/v1/templates/${template}`, { act: 'template.approve', template })
}

async function rotate({ company }: Story): Promise<void> {
  await company.staff.operations.client.post('/v1/keys/issuer/rotate', {})
  // The stream tells points within a moment; a list of the same millisecond is no news to them.
  company.clock.pass(1_000)
  for (const point of company.points.values()) await point.hear()
}

const keysSchema = z.object({ issuer: z.array(z.object({ kid: z.string(), status: z.string() })) })

async function retireKeys({ company }: Story): Promise<void> {
  const { client } = company.staff.operations
  const { issuer } = keysSchema.parse(await client.get('/v1/keys'))
  for (const { kid } of issuer.filter(({ status }) => status === 'verifying'))
    await client.post(`/v1/keys/issuer/${kid}/retire`, {})
}
