/**
 * The scene about flow: each call is allowed, and yet together they would leak. A field is taken out, a leak across
 * classes is stopped and explained, and a person declassifies one sentence.
 * @module
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { addSystem, delegate, enrollPoint } from '../../apps/cli/operator.ts'
import {
  decideApproval,
  listApprovals,
  showApproval,
  type ShownApproval,
} from '../../apps/cli/operator-approvals.ts'
import { writePrivate } from '../../apps/cli/profile.ts'
import type { ToolLabel } from '../../src/core/label.ts'
import { policyIs, registerLabelled } from './labelled.ts'
import type { Narrator } from './narrator.ts'
import { AgentProcess, type Answer } from './processes.ts'
import { DemoFailed, expectAllowed, expectDenied } from './scenes.ts'
import { addAgent, type Stage } from './stage.ts'

const DESK = fileURLToPath(new URL('desk.ts', import.meta.url))
const SERVER = 'desk'
const LOOK_MS = 200
const LOOK_MS_MAX = 20_000

const LABELS: Readonly<Record<string, ToolLabel>> = {
  customer: {
    v: 1,
    result: {
      level: 'confidential',
      integrity: 'trusted',
      categories: [],
      fields: { '/account': { level: 'restricted', categories: ['payment'] } },
    },
    effect: 'none',
    accepts: 'confidential',
    destination: [],
  },
  publish: {
    v: 1,
    result: { level: 'public', integrity: 'trusted', categories: [] },
    effect: 'external',
    accepts: 'public',
    destination: [],
  },
}

/** @returns whether the field was taken out, the leak stopped and the one sentence let out */
export async function playFlow(stage: Stage, tell: Narrator): Promise<boolean> {
  tell.chapter('Each call is allowed, and yet together they leak')
  const board = join(stage.folder, 'board.txt')
  await writeFile(board, '')
  const agent = await deskAgent(stage, board, tell)
  const read = await agent.ask({ op: 'call', tool: 'customer', args: { name: 'Ann' } })
  expectAllowed(read, 'look up a customer, cleared for confidential', tell)
  const redacted = String(read.text).includes('"account":"[redacted: restricted]"')
  if (!redacted) throw new DemoFailed(`the account was not taken out: ${String(read.text)}`)
  tell.good(`the account number was taken out before the agent saw it: ${String(read.text)}`)

  const leak = 'Ann Example has complained three times.'
  expectDenied(await published(stage, agent, leak, 'refuse', tell), 'APPROVAL_REFUSED', 'publish that', tell)
  const harmless = 'We answered three questions today.'
  const sent = await published(stage, agent, harmless, 'approve', tell)
  expectAllowed(sent, 'publish that, declassified for this one call', tell)
  await agent.stop()
  await policyIs(stage, { v: 1, mode: 'off' })
  return (await readFile(board, 'utf8')) === `${harmless}\n`
}

/** An agent of the desk behind a gateway of its own, with labels and rules that two people agreed on. */
async function deskAgent(stage: Stage, board: string, tell: Narrator): Promise<AgentProcess> {
  const { folder, manager, lead } = stage
  const system = await addSystem(manager, 'Help desk')
  await registerLabelled(stage, { system, server: SERVER, args: [DESK, board], labels: LABELS })
  await policyIs(stage, { v: 1, mode: 'ask' })
  tell.step('labels of two tools and a flow policy, proposed by the manager, approved by the security lead')
  const { id, jkt, keyFile } = await addAgent(manager, lead, folder, system, 'clerk', 'clerk')
  const enrolled = await enrollPoint(manager, 'gateway-desk', SERVER)
  const point = join(folder, 'gateway-desk.json')
  await writePrivate(point, enrolled)
  const { chain } = await delegate(manager, {
    agent: id,
    jkt,
    aud: [enrolled.point],
    grants: [{ type: 'tool', server: SERVER, actions: ['*'], clearance: 'confidential' }],
    ttl_s: 600,
    depth_max: 0,
    instruction: 'Answer customers, and tell the public how it goes.',
  })
  const agent = await AgentProcess.start(keyFile, point, board, DESK)
  expectAllowed(await agent.ask({ op: 'open', chain }), 'session opened', tell)
  return agent
}

/** The call waits, the security lead reads why, and decides. */
async function published(
  { lead }: Stage,
  agent: AgentProcess,
  text: string,
  decision: 'approve' | 'refuse',
  tell: Narrator,
): Promise<Answer> {
  const answer = agent.ask({ op: 'call', tool: 'publish', args: { text } })
  const waiting = await waitingCall(lead)
  tell.step(`publish “${text}” waits: ${waiting.why.join(' ')}`)
  await decideApproval(lead, waiting, decision, () => undefined)
  return answer
}

async function waitingCall(lead: Stage['lead']): Promise<ShownApproval> {
  const end = performance.now() + LOOK_MS_MAX
  while (performance.now() < end) {
    const [found] = await listApprovals(lead, false)
    if (found !== undefined) return showApproval(lead, found.id)
    await pause(LOOK_MS)
  }
  throw new DemoFailed('no call waits for a person')
}
