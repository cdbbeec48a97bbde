/**
 * The morning after a simulation, so that its screens show a company at work: agents call, one beyond what it was given,
 * over which an incident is open, and one that waits for a person; a program exports, populations are frozen and a sample is
 * drawn, an auditor is proposed. And somebody who looks at all of it with a passkey of their own.
 * @module
 */
import { z } from 'zod'
import { listAlerts } from '../../../apps/cli/alerts/acts.ts'
import { noteIncident, openIncident, oversee } from '../../../apps/cli/incidents.ts'
import { proposePreview } from '../../../apps/cli/previews.ts'
import { ApiClient } from '../../../src/adapters/http/client.ts'
import type { Profile } from '../../../apps/cli/profile.ts'
import { approveService, inviteService, proposeService } from '../../../apps/cli/service-accounts.ts'
import { renewDelegations, type Agent } from '../../../apps/simulate/agents.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../apps/simulate/clock.ts'
import { toolOf } from '../../../apps/simulate/company.ts'
import type { Simulated } from '../../../apps/simulate/simulate.ts'
import { hire } from '../../../apps/simulate/staff.ts'
import { activeAgents } from '../../../apps/simulate/story.ts'
import { canaries } from '../../../apps/simulate/themes/canaries.ts'
import { grant, roleOf } from '../../../apps/simulate/themes/roles.ts'
import { agentWith, sessionOf } from '../../../apps/simulate/themes/trouble.ts'
import { upkeep } from '../../../apps/simulate/themes/upkeep.ts'
import { planDay, playSession } from '../../../apps/simulate/themes/workdays.ts'
import { open, proofOf, work, type Call } from '../../../apps/simulate/work.ts'
import { rfc3339 } from '../../../src/core/time.ts'
import { ConnectionDenied } from '../../../src/enforce/sdk-errors.ts'

/** A day after the period, when the next anchor was due: people have come in, and agents are at work. */
const DAY_AFTER_MS = DAY_MS
const BEGINS_MS = DAY_AFTER_MS + 8 * HOUR_MS
const ENDS_MS = DAY_AFTER_MS + 11 * HOUR_MS
/** Calls of one agent beyond what it was given. */
const BEYOND = 7
/** How long an auditor is to look. */
const PREVIEW_MS = 30 * DAY_MS
/** A model of passkey that many people have, so that the watcher's is none of software. */
const AAGUID = 'adce0002-35bc-c60a-648b-0b25f1f05503'

/** @returns who looks at the screens */
export async function workingMorning(simulated: Simulated): Promise<Profile> {
  const { story, plane, period } = simulated
  const { staff } = story.company
  const watcher = await hire({ ...story.company, aaguid: AAGUID }, staff.operations, 'Olivia Olsen')
  await grant(story, watcher, roleOf(watcher, 'owner'))
  await haveProgram(simulated)
  const freezing = await freeze(simulated)
  await passes(simulated, period.to_ms + BEGINS_MS)
  await agentsWork(simulated)
  const beyond = await callsBeyond(simulated)
  await plane.anchor()
  await draw(simulated, freezing)
  await haveIncident(staff.security, beyond)
  await haveAuditor(simulated)
  await haveCallWaiting(simulated, beyond)
  await plane.observe()
  await plane.publish()
  return watcher
}

/** Time goes on, and so does what the control plane does by itself each hour. */
async function passes({ story }: Pick<Simulated, 'story'>, to_ms: number): Promise<void> {
  const { clock } = story.company
  for (let at_ms = clock.now() + HOUR_MS - (clock.now() % HOUR_MS); at_ms <= to_ms; at_ms += HOUR_MS) {
    clock.to(Math.max(clock.now(), at_ms))
    for (const theme of [upkeep, canaries]) await theme.hour?.(story, at_ms)
  }
  clock.to(Math.max(clock.now(), to_ms))
}

/** Every session of the morning that the day has planned, and a last call a moment ago. */
async function agentsWork({ story, plane, period }: Simulated): Promise<void> {
  const { points } = story.company
  for (const agent of activeAgents(story)) await renewDelegations(story.company, agent)
  for (const point of points.values()) await point.hear()
  const sessions = planDay(story, period.to_ms + DAY_AFTER_MS)
  const length_ms = Math.floor((ENDS_MS - BEGINS_MS) / Math.max(1, sessions.length))
  for (const [n, session] of sessions.entries()) {
    await passes({ story }, period.to_ms + BEGINS_MS + n * length_ms)
    await playSession(story, session)
  }
  await passes({ story }, period.to_ms + ENDS_MS)
  for (const point of points.values()) {
    await point.hear()
    await point.ship()
  }
  await plane.observe()
  await plane.publish()
}

/** One that hands the log to another system, and one that waits to be approved. */
async function haveProgram({ story, plane }: Simulated): Promise<void> {
  const { operations, security } = story.company.staff
  const account = { owner: operations.person, networks: [], days: 90 }
  const exporter = await proposeService(operations, {
    ...account,
    name: 'siem exporter',
    purpose: 'Hands the log to the SIEM',
    roles: ['viewer'],
  })
  await approveService(security, exporter.account)
  const { secret } = await inviteService(operations, exporter.account)
  const { crypto, clock } = story.company
  const signer = crypto.signer(crypto.generateKey('Ed25519'))
  const program = new ApiClient({ url: plane.url, crypto, clock, signer, fetch: plane.fetch })
  await program.post('/v1/service-accounts/enroll', { secret })
  await program.get('/v1/agents')
  await proposeService(operations, {
    ...account,
    name: 'release pipeline',
    purpose: 'Proposes versions of agents as they are built',
    roles: ['developer'],
  })
}

async function freeze({ story, plane, period }: Simulated): Promise<string> {
  await plane.publish()
  const [from, to] = [rfc3339(period.from_ms), rfc3339(period.to_ms)]
  const { security } = story.company.staff
  const frozen = await security.client.post('/v1/evidence/freezings', { engagement: 'SOC 2 2026', from, to })
  return z.object({ id: z.string() }).parse(frozen).id
}

async function draw({ story, plane }: Simulated, freezing: string): Promise<void> {
  await plane.publish()
  story.company.clock.pass(MINUTE_MS)
  await story.company.staff.security.client.post(`/v1/evidence/freezings/${freezing}/draw`, {
    test: 9,
    control: null,
    size: null,
    nonce: '5ca1ab1e0ddba11c0ffee5eedb0a710f',
  })
}

/** As often as is found, so that it is an alert (spec/detectors.md, DET-19). @returns who did */
async function callsBeyond({ story, plane }: Simulated): Promise<Agent> {
  const agent = agentWith(story, 'files')
  if (agent === undefined) throw new TypeError('no agent of the company reads files')
  const session = sessionOf(story, agent, 'files')
  const calls = Array.from({ length: BEYOND }, (_, n): Call => ({
    tool: 'read_file',
    args: { path: `/private/${n}.txt` },
  }))
  await work(story.company, session, calls)
  await session.point.ship()
  await plane.observe()
  return agent
}

/** A quiet month may have none, and its screen is to be looked at. */
async function haveIncident(security: Profile, { id }: Agent): Promise<void> {
  const alerts = await listAlerts(security, { status: 'open' })
  const alert = alerts.find(({ rule, subject }) => rule === 'SCOPE_BURST' && subject === id)
  if (alert === undefined) throw new TypeError('nothing was found of the agent that called beyond its scope')
  const incident = await openIncident(security, {
    kind: 'alert',
    severity: alert.severity,
    title: 'An agent asked for more than it was given',
    agent: id,
    alerts: [alert.id],
    entries: [],
  })
  await noteIncident(security, incident, 'note', 'Seven times in a row, at the same tool.')
}

/** One who waits for somebody else to let them look. */
async function haveAuditor({ story, period }: Simulated): Promise<void> {
  const { clock, staff } = story.company
  await proposePreview(staff.security, {
    auditor: 'Ada Auditor',
    firm: 'Example Assurance',
    period: { from: rfc3339(period.from_ms), to: rfc3339(period.to_ms) },
    criteria: ['CC6.1', 'CC7.2'],
    expires: rfc3339(clock.now() + PREVIEW_MS),
  })
}

/** Another agent is overseen, and the next call of it that has an effect waits for a person. */
async function haveCallWaiting({ story }: Simulated, but: Agent): Promise<void> {
  const { company } = story
  const agent = activeAgents(story).find((one) => one !== but && one.held.has('files'))
  if (agent === undefined) throw new TypeError('no other agent of the company writes files')
  const session = sessionOf(story, agent, 'files')
  const { point, server } = session
  await oversee(company.staff.security, agent.id)
  await point.hear()
  const opened = await open(company, session)
  if (opened instanceof ConnectionDenied) throw opened
  const call = { tool: 'write_file', args: { path: '/work/summary.txt', text: 'What was done today' } }
  const { hash } = toolOf(company, server, call.tool)
  const held = Promise.withResolvers<null>()
  let withdraw = (): void => undefined
  const outcome = point.point.call(
    { server, ...call, credential: proofOf(opened, call), definition_hash: hash },
    async () => ({ result: null, failed: false }),
    {
      onHeld: () => held.resolve(null),
      onWaits: (back) => {
        withdraw = back
      },
    },
  )
  const over = await Promise.race([held.promise, outcome])
  if (over !== null) throw new TypeError(`no person was asked for the call: ${over.decision}`)
  await point.ship()
  // Nothing of this process is to wait on. What the point says of it from here on is never shipped.
  withdraw()
  await outcome
}
