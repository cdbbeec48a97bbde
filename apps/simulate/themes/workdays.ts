/** What agents do on a working day: sessions at working hours, mostly within what they may, now and then beyond. spec/simulation.md (SIM-7). @module */
import type { Agent } from '../agents.ts'
import { TRADES } from '../agents.ts'
import { HOUR_MS, isBusinessDay } from '../clock.ts'
import { pointOf } from '../company.ts'
import { activeAgents, type Story } from '../story.ts'
import { work, type Call } from '../work.ts'
import { addressesWithConsent } from './consents.ts'

/** From eight to six, UTC. */
const FIRST_HOUR = 8
const HOURS = 10
/** Of calls, this share is one that the agent may not make, and this share fails at its tool. */
const DENIED_SHARE = 0.01
const FAILED_SHARE = 0.02

/** A session of more calls than this goes quicker, so that a day has room for them: milliseconds between two. */
const MANY = 50
const QUICK_MS = 10

export interface PlannedSession {
  readonly at: number
  readonly agent: Agent
  readonly server: string
  readonly calls: number
}

/** Sessions of a day, by when they begin. None on weekends. */
export function planDay(story: Story, day_ms: number): PlannedSession[] {
  if (!isBusinessDay(day_ms)) return []
  const { chance } = story.company
  const agents = activeAgents(story)
  const each = story.actions_per_day / Math.max(1, story.agents_n)
  const sessions = agents.flatMap((agent): PlannedSession[] => {
    const calls = Math.floor(each) + (chance.isTrue(each % 1) ? 1 : 0)
    if (calls === 0) return []
    const [main, other] = TRADES[agent.trade]
    const at = day_ms + FIRST_HOUR * HOUR_MS + chance.below(HOURS * HOUR_MS)
    const session = { at, agent, server: main, calls }
    // A mail takes more of everybody than other calls: few are sent.
    const few = other === 'mail' ? Math.min(calls, chance.below(2)) : Math.min(calls, chance.below(4))
    return few === 0
      ? [session]
      : [
          { ...session, calls: calls - few },
          { ...session, server: other, calls: few },
        ]
  })
  return sessions.sort((a, b) => a.at - b.at)
}

export async function playSession(story: Story, planned: PlannedSession): Promise<void> {
  const { company, done } = story
  const { agent, server, calls } = planned
  const held = agent.held.get(server)
  if (agent.status !== 'active' || held === undefined || calls === 0) return
  const all = Array.from({ length: calls }, () => callOf(story, server))
  const session = { point: pointOf(company, server), server, chain: held.chain, holder: agent.holder }
  const { allowed, denied } = await work(company, session, all, calls > MANY ? QUICK_MS : undefined)
  done.allowed += allowed
  done.denied += denied
}

function callOf(story: Story, server: string): Call {
  const { chance } = story.company
  const isBeyond = chance.isTrue(DENIED_SHARE)
  const fails = chance.isTrue(FAILED_SHARE)
  const n = chance.below(1000)
  switch (server) {
    case 'files':
      return chance.isTrue(0.8)
        ? { tool: 'read_file', args: { path: isBeyond ? `/private/${n}` : `/work/${n}.txt` }, fails }
        : { tool: 'write_file', args: { path: `/work/${n}.txt`, text: `report ${n}` }, fails }
    case 'records':
      return { tool: 'read_record', args: { id: `record-${n}` }, fails }
    case 'customers':
      return { tool: 'find_customer', args: { address: chance.of(addressesWithConsent(story)) }, fails }
    default:
      return { tool: 'send_mail', args: { to: 'team@company.example', text: `note ${n}` }, fails }
  }
}
