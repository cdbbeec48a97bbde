/** What goes wrong and is dealt with as it should be: agents beyond their scope, revocations, callers whom nobody knows, points that restart or are cut off. spec/simulation.md (SIM-13). @module */
import { revoke } from '../../cli/operator.ts'
import { type Agent } from '../agents.ts'
import { isBusinessDay, MINUTE_MS, SECOND_MS } from '../clock.ts'
import { pointOf } from '../company.ts'
import { activeAgents, isDay, type Story, type Theme } from '../story.ts'
import { callAsNobody, work, type Call } from '../work.ts'

const BURST_DAYS = { first: 30, every: 45 }
const REVOKED_DAYS = { first: 37, every: 40 }
const STRANGER_DAYS = { first: 12, every: 50 }
const RESTART_DAYS = { first: 8, every: 21 }
const CUT_DAYS = { first: 27, every: 33 }

export const trouble: Theme = {
  day: async (story, day_ms) => {
    if (isDay(story, day_ms, BURST_DAYS)) await burst(story)
    if (isDay(story, day_ms, REVOKED_DAYS)) await revokedTries(story)
    if (isDay(story, day_ms, STRANGER_DAYS)) await stranger(story)
    if (isDay(story, day_ms, RESTART_DAYS) && isBusinessDay(day_ms)) await restart(story)
    if (isDay(story, day_ms, CUT_DAYS)) await cutOff(story)
  },
}

export function agentWith(story: Story, server: string): Agent | undefined {
  return activeAgents(story).find(({ held }) => held.has(server))
}

export function sessionOf(story: Story, agent: Agent, server: string) {
  const held = agent.held.get(server)
  if (held === undefined) throw new TypeError(`${agent.id} holds nothing for ${server}`)
  return { point: pointOf(story.company, server), server, chain: held.chain, holder: agent.holder }
}

/** An agent calls what it was not granted, time and again. */
async function burst(story: Story): Promise<void> {
  const agent = agentWith(story, 'files')
  if (agent === undefined) return
  const calls = Array.from({ length: 24 }, (_, i): Call => ({
    tool: 'read_file',
    args: { path: `/private/${i}` },
  }))
  await work(story.company, sessionOf(story, agent, 'files'), calls)
  await looked(story)
}

/** Its owner revokes a delegation; the agent goes on for a moment, and is denied. */
async function revokedTries(story: Story): Promise<void> {
  const { clock, staff } = story.company
  const agent = agentWith(story, 'files')
  const held = agent?.held.get('files')
  if (agent === undefined || held === undefined) return
  const session = sessionOf(story, agent, 'files')
  const calls = Array.from({ length: 12 }, (_, i): Call => ({
    tool: 'read_file',
    args: { path: `/work/${i}` },
  }))
  await work(story.company, session, calls.slice(0, 3))
  await revoke(staff.security, 'delegation', held.jti, 'not-needed')
  clock.pass(SECOND_MS)
  await session.point.hear()
  for (let i = 0; i < 12; i++) await work(story.company, session, calls.slice(0, 1))
  agent.held.delete('files')
  await looked(story)
}

/** Somebody without a delegation knocks. */
export async function stranger(story: Story): Promise<void> {
  const point = pointOf(story.company, 'files')
  for (let i = 0; i < 12; i++)
    await callAsNobody(story.company, point, 'files', { tool: 'read_file', args: { path: '/work/1.txt' } })
  await looked(story)
}

async function restart(story: Story): Promise<void> {
  await pointOf(story.company, 'files').restart()
}

/** For some minutes a point hears of nothing: it denies, and goes on once it hears again. */
async function cutOff(story: Story): Promise<void> {
  const { clock } = story.company
  const agent = agentWith(story, 'files')
  if (agent === undefined) return
  const session = sessionOf(story, agent, 'files')
  session.point.isPartitioned = true
  clock.pass(10 * MINUTE_MS)
  await work(story.company, session, [{ tool: 'read_file', args: { path: '/work/2.txt' } }]).catch(
    () => undefined,
  )
  session.point.isPartitioned = false
  await session.point.hear()
}

async function looked({ company }: Story): Promise<void> {
  for (const point of company.points.values()) await point.ship()
  await company.plane.observe()
}

/** What was revoked is not used any more: another is issued in the morning. */
export function dropDelegation({ agents }: Story, jti: string): void {
  for (const { held } of agents) for (const [server, one] of held) if (one.jti === jti) held.delete(server)
}
