/** Agents that hand on a part of what they may to others, and calls that wait for a person. spec/simulation.md (SIM-7). @module */
import { newId } from '../../../src/core/ids.ts'
import { seconds } from '../../../src/core/time.ts'
import { thumbprint } from '../../../src/core/jwk.ts'
import { lastDelegation, narrow } from '../../../src/token/narrow.ts'
import { agentStatement } from '../../cli/operator.ts'
import { authorize, grantFor, type Agent } from '../agents.ts'
import { activeAgents, isDay, type Story, type Theme } from '../story.ts'
import { work, type Call } from '../work.ts'
import { agentWith, sessionOf } from './trouble.ts'

const HOP_DAYS = { first: 6, every: 7 }
const ASK_DAYS = { first: 11, every: 15 }
const HOP_TTL_S = 3_600
const READ: Call = { tool: 'read_file', args: { path: '/work/shared.txt' } }

export const together: Theme = {
  day: async (story, day_ms) => {
    if (isDay(story, day_ms, HOP_DAYS)) await handOn(story)
    if (isDay(story, day_ms, ASK_DAYS)) await askSomebody(story)
  },
}

/** Reading alone, for an hour, to another agent. */
async function handOn(story: Story): Promise<void> {
  const { company } = story
  const { crypto, clock } = company
  const giver = agentWith(story, 'files')
  const taker = activeAgents(story).find((agent) => agent !== giver)
  if (giver === undefined || taker === undefined) return
  const session = sessionOf(story, giver, 'files')
  const statement = await statementOf(story, taker)
  const { payload, grants } = lastDelegation(crypto, session.chain)
  const [from = ''] = grants.keys()
  const now_s = seconds(clock.now())
  const chain = narrow(crypto, session.chain, giver.holder, {
    jti: newId(crypto, 'dlg', clock.now()),
    iat: now_s,
    nbf: now_s,
    exp: Math.min(payload.exp, now_s + HOP_TTL_S),
    aud: payload.aud,
    holder: taker.holder.publicJwk,
    statement,
    grants: [{ ...grantFor('files'), actions: ['read_file'], from }],
    depth_max: payload.depth_max,
  })
  await work(company, { ...session, chain, holder: taker.holder }, [READ, READ])
}

function statementOf({ company }: Story, { id, owner, holder }: Agent): Promise<string> {
  return agentStatement(owner, id, thumbprint(company.crypto, holder.publicJwk))
}

/** A call under a grant that asks: it waits until a person has looked. */
async function askSomebody(story: Story): Promise<void> {
  const { company } = story
  const agent = agentWith(story, 'files')
  if (agent === undefined) return
  const grant = { ...grantFor('files'), ask: true as const }
  const { chain } = await authorize(company, agent, 'files', { grant, ttl_s: HOP_TTL_S })
  const { allowed } = await work(company, { ...sessionOf(story, agent, 'files'), chain }, [READ])
  if (allowed !== 1) throw new TypeError('what a person approved did not go out')
}
