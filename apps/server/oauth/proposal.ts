/**
 * What a person is shown to choose from, and whether what they chose lies within. spec/oauth.md (OAU-12).
 * Invariant: what the page sends back is held against the same proposal, made again here.
 * @module
 */
import type { Kysely } from 'kysely'
import type { Schema } from '../../../src/ports/schema.ts'
import { RegistryError } from '../../../src/registry/errors.ts'
import { templateInForce } from '../../../src/registry/templates.ts'
import { listTools } from '../../../src/registry/tools.ts'
import { GRANTS_MAX } from '../../../src/token/constants.ts'
import { grantSchema, type Grant } from '../../../src/token/grant.ts'
import { ANY_CLASS, outsideTemplate } from '../../../src/token/template.ts'
import type { Asked } from './asked.ts'

/** What is proposed when the template allows more: a working day. */
const TTL_S = 8 * 3600

export interface Proposal {
  /** Each with its actions, of which the person keeps some. */
  readonly grants: readonly Grant[]
  /** Whether the client asked for these itself: then they are ticked. */
  readonly asked: boolean
  readonly ttl_s: number
  readonly ttl_s_max: number
  /** Whether a grant can say that a person is asked in the middle of each call. */
  readonly can_ask: boolean
}

export interface Choice {
  readonly grants: readonly Grant[]
  readonly ttl_s: number
}

export async function proposalFor(
  db: Kysely<Schema>,
  { grants, resource }: Pick<Asked, 'grants' | 'resource'>,
  agentClass: string,
): Promise<Proposal> {
  const { template } = await templateInForce(db, agentClass)
  return {
    grants: grants ?? (await offered(db, resource.server, template.grants)),
    asked: grants !== null,
    ttl_s: Math.min(TTL_S, template.ttl_s_max),
    ttl_s_max: template.ttl_s_max,
    can_ask: Object.hasOwn(grantSchema.shape, 'ask'),
  }
}

/** The registered tools of a server, each under the first grant of the template that names it. */
async function offered(
  db: Kysely<Schema>,
  server: string,
  bounds: readonly Grant[] | null,
): Promise<readonly Grant[]> {
  const names = (await listTools(db, [server])).map(({ tool }) => tool)
  const any: Grant = { type: 'tool', server, actions: ['*'] }
  const proposed: Grant[] = []
  const left = new Set(names)
  for (const bound of (bounds ?? [any]).filter((each) => each.server === server)) {
    const named = bound.actions[0] === '*' ? [...left] : bound.actions.filter((name) => left.has(name))
    for (const name of named) left.delete(name)
    // A grant names at most 128 tools.
    for (let i = 0; i < named.length; i += 128) proposed.push({ ...bound, actions: named.slice(i, i + 128) })
  }
  return proposed.slice(0, GRANTS_MAX)
}

/** @throws {RegistryError} `OUTSIDE_TEMPLATE`: the choice is wider than what was proposed, with the member that is */
export function assertWithinProposal({ grants, ttl_s_max }: Proposal, choice: Choice): void {
  const outside = outsideTemplate(
    { class: ANY_CLASS, ttl_s: choice.ttl_s, depth_max: 0, grants: choice.grants, approvers: null },
    { class: ANY_CLASS, ttl_s_max, depth_max: 0, grants: [...grants], approvals: null },
  )
  if (outside !== null)
    throw new RegistryError('OUTSIDE_TEMPLATE', `more than was asked for: ${outside.member}: ${outside.why}`)
}
