/**
 * The scene about an agent that is taken over in mid-run: what it used to do was learned and approved; what it does now is
 * not that, and it reaches for what it was not granted. Two keys turn, it is isolated, and people close the incident.
 * spec/drift.md, spec/isolation.md, spec/incidents.md.
 * @module
 */
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { connect, type Guard } from 'countersign'
import { listAlerts, type ShownAlert } from '../../apps/cli/alerts/acts.ts'
import {
  approveBaseline,
  approveDriftPolicy,
  listBaselines,
  listDriftPolicies,
  proposeDriftPolicy,
  standingOf as driftOf,
} from '../../apps/cli/drift.ts'
import {
  closeIncident,
  listIncidents,
  noteIncident,
  readTimeline,
  showIncident,
  standingOf,
} from '../../apps/cli/incidents.ts'
import { addSystem, delegate, endorse, enroll, enrollPointAs, invite } from '../../apps/cli/operator.ts'
import { openProfile, writePrivate } from '../../apps/cli/profile.ts'
import type { Narrator } from './narrator.ts'
import { DemoFailed } from './scenes.ts'
import { giveRole, addAgent, type Stage } from './stage.ts'

const SERVER = 'ledger'
/** Few and short, so that a demo sees what takes an agent days. */
const TERMS = { actions_max: 3, train_sessions: 20, calibrate_sessions: 60 }
const USUAL = ['find_invoice', 'read_invoice', 'post_payment'] as const
/** What whoever took it over is after: one of them it was never granted. */
const STRANGE = ['post_payment', 'export_customers', 'export_customers'] as const
const STRANGE_SESSIONS_MAX = 8
const WAIT_MS_MAX = 30_000
const LOOK_EVERY_MS = 50

interface Clerk {
  readonly id: string
  readonly guard: Guard
}

/** @returns whether it was isolated, and its incident closed */
export async function playTakeover(stage: Stage, tell: Narrator): Promise<boolean> {
  tell.chapter('An agent is taken over in mid-run')
  const { manager, lead, control } = stage
  const { invitation } = await invite(manager, 'Incident responder')
  const responder = openProfile(await enroll(control.url, invitation, 'Incident responder'))
  await endorse(manager, responder.person)
  await giveRole(responder, 'security', manager)
  const { in_force } = await listDriftPolicies(manager)
  await approveDriftPolicy(lead, await proposeDriftPolicy(manager, { ...in_force, ...TERMS }))
  const clerk = await clerkOf(stage)

  await work(clerk, USUAL, TERMS.train_sessions)
  const baseline = await until('a baseline', async () =>
    (await listBaselines(lead)).find(({ agent, status }) => agent === clerk.id && status === 'waiting'),
  )
  await approveBaseline(lead, baseline.id)
  tell.step(`${baseline.sessions} runs of the clerk are its baseline, which the security lead approves`)
  await work(clerk, USUAL, TERMS.calibrate_sessions)
  await until('its scores', async () => {
    const { epochs } = await driftOf(lead, clerk.id)
    return epochs.some(({ scored }) => scored >= TERMS.calibrate_sessions) ? true : undefined
  })
  const calm = await standingOf(lead, clerk.id)
  if (calm.level !== 'none') throw new DemoFailed(`a clerk that does its work is at ${calm.level}`)
  tell.good(`${TERMS.calibrate_sessions} more runs, and nothing of it is unusual`)

  tell.step('somebody takes the clerk over: it posts payments without reading, and reaches for customers')
  const isolated = await takeOver(stage, clerk)
  const alarm = await alarmOf(stage, clerk)
  tell.good(`alert ${alarm.rule}: ${explained(alarm)}`)
  const { incident, begun } = isolated
  tell.good(`${begun}: ${incident} is open, and contained`)
  await clerk.guard.close()

  await responder.client.post(`/v1/alerts/${alarm.id}/acknowledge`, { triage: 'real' })
  await noteIncident(responder, incident, 'cause', 'An invoice told the clerk to pay without reading.')
  await noteIncident(responder, incident, 'lessons', 'Invoices of others are untrusted from now on.')
  await responder.client.post(`/v1/alerts/${alarm.id}/close`, { disposition: 'incident' })
  await closeIncident(responder, incident)
  const { status, contained, detected, closed } = await showIncident(manager, incident)
  const { lines_n } = await readTimeline(manager, incident)
  if (status !== 'closed' || contained === null || closed === null)
    throw new DemoFailed(`the incident is ${status}`)
  tell.good(
    `contained ${((contained - detected) / 1000).toFixed(1)} s after the first sign, closed by somebody who neither opened it nor owns the clerk; ${lines_n} entries are its timeline`,
  )
  return true
}

async function clerkOf(stage: Stage): Promise<Clerk> {
  const { manager, lead, folder } = stage
  const system = await addSystem(manager, 'Ledger')
  const { id, jkt, keyFile } = await addAgent(manager, lead, folder, system, 'ledger-clerk', 'clerk')
  const enrolled = await enrollPointAs('in_process', manager, 'ledger', [SERVER])
  const point = join(folder, 'ledger.point.json')
  await writePrivate(point, enrolled)
  const { chain } = await delegate(manager, {
    agent: id,
    jkt,
    aud: [enrolled.point],
    grants: [{ type: 'tool', server: SERVER, actions: [...USUAL] }],
    ttl_s: 900,
    depth_max: 0,
    instruction: 'Pay the invoices that are in order.',
  })
  return { id, guard: await connect({ point, key: keyFile, chain }) }
}

/** Each run is a session: it has as many decisions as end one. */
async function work({ guard }: Clerk, tools: readonly string[], sessions: number): Promise<void> {
  for (let i = 0; i < sessions; i++)
    for (const tool of tools) await guard.call({ tool, args: { invoice: i } }, () => ({ ok: true }))
}

async function takeOver(stage: Stage, clerk: Clerk): Promise<{ incident: string; begun: string }> {
  for (let i = 0; i < STRANGE_SESSIONS_MAX; i++) {
    await work(clerk, STRANGE, 1).catch(() => undefined)
    await pause(200)
    if ((await standingOf(stage.lead, clerk.id)).level === 'isolated') break
  }
  const found = await until('the isolation', async () =>
    (await listIncidents(stage.lead, true)).incidents.find(({ agent }) => agent === clerk.id),
  )
  const { lines } = await readTimeline(stage.lead, found.id)
  const begun = lines.find(({ type }) => type === 'isolation.begun')?.what ?? ''
  return { incident: found.id, begun }
}

async function alarmOf({ lead }: Stage, { id }: Clerk): Promise<ShownAlert> {
  return until('the alarm', async () =>
    (await listAlerts(lead, {})).find(({ rule, subject }) => rule === 'DRIFT_ALARM' && subject === id),
  )
}

function explained({ detail }: ShownAlert): string {
  return Object.entries(detail)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')
}

async function until<T>(what: string, found: () => Promise<T | undefined>): Promise<T> {
  const end = Date.now() + WAIT_MS_MAX
  for (;;) {
    const value = await found()
    if (value !== undefined) return value
    if (Date.now() > end) throw new DemoFailed(`${what} did not come`)
    await pause(LOOK_EVERY_MS)
  }
}
