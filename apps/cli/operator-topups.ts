/** What a person's answer to a used-up limit is drafted from. spec/limits.md (LIM-12). @module */
import { z } from 'zod'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { thumbprint } from '../../src/core/jwk.ts'
import { limitName, type Grant } from '../../src/token/grant.ts'
import { lastDelegation } from '../../src/token/narrow.ts'
import { CliError } from './output.ts'
import type { Profile } from './profile.ts'

const topUpSchema = z.object({
  id: z.string(),
  agent: z.string(),
  delegation: z.string(),
  grant: z.string(),
  limit: z.object({ measure: z.string(), unit: z.string(), per: z.string(), max: z.int() }),
  asked: z.int(),
  status: z.enum(['open', 'granted', 'declined']),
  requested: z.int(),
  answer: z.string().nullable(),
})
type TopUp = z.infer<typeof topUpSchema>

export async function listTopUps(profile: Profile): Promise<TopUp[]> {
  return z.object({ topups: z.array(topUpSchema) }).parse(await profile.client.get('/v1/topups')).topups
}

/** @throws {CliError} `UNKNOWN_TOPUP`: none of this name is open */
export async function topUpOf(profile: Profile, id: string): Promise<TopUp> {
  const found = (await listTopUps(profile)).find((each) => each.id === id && each.status === 'open')
  if (found === undefined)
    throw new CliError('UNKNOWN_TOPUP', `no top-up ${id} is open: see "countersign topup list"`)
  return found
}

interface Raised {
  readonly agent: string
  readonly before: string
  readonly limit: string
  readonly jkt: string
  readonly aud: readonly string[]
  readonly grants: readonly Grant[]
  readonly depth_max: number
}

/** The delegation of before, with another maximum for that one limit. @throws {CliError} `ARGUMENT_INVALID` */
export async function raisedGrants(profile: Profile, topUp: TopUp, max: number): Promise<Raised> {
  const answer = await profile.client.get(`/v1/delegations/${topUp.delegation}`)
  const { chain } = z.object({ chain: z.string() }).parse(answer)
  const { payload, grants } = lastDelegation(nodeCrypto, chain)
  const name = limitName(topUp.limit)
  const raised = [...grants].map(([digest, grant]) => {
    if (digest !== topUp.grant) return grant
    const limits = (grant.limits ?? []).map((limit) =>
      limitName(limit) === name ? { ...limit, max } : limit,
    )
    return { ...grant, limits }
  })
  if (!grants.has(topUp.grant))
    throw new CliError('ARGUMENT_INVALID', `${topUp.delegation} has no such grant: delegate anew`)
  return {
    agent: topUp.agent,
    before: topUp.delegation,
    limit: `${topUp.limit.measure} (${topUp.limit.unit}) per ${topUp.limit.per}`,
    jkt: thumbprint(nodeCrypto, payload.cnf.jwk),
    aud: payload.aud,
    grants: raised,
    depth_max: payload.depth_max,
  }
}
