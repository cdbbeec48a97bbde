/** The scenes of the demo: what is allowed, what is denied and why, and how fast a revocation takes hold. @module */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { agentStatement, delegate, revoke } from '../../apps/cli/operator.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { Grant } from '../../src/token/grant.ts'
import { lastDelegation } from '../../src/token/narrow.ts'
import type { Narrator } from './narrator.ts'
import { AgentProcess, type Answer } from './processes.ts'
import { SERVER, type Stage } from './stage.ts'

/** Revocations that are measured. */
const REVOCATIONS = 5
/** Between two tries while a limit is leased, and for how long, in milliseconds. */
const LEASED_MS = 200
const LEASED_MS_MAX = 20_000

/** What was expected and did not come. */
export class DemoFailed extends Error {}

export function expectDenied(answer: Answer, reason: string, what: string, tell: Narrator): void {
  if (answer.allowed !== false || answer.reasons[0] !== reason) {
    throw new DemoFailed(`${what}: expected ${reason}, got ${JSON.stringify(answer)}`)
  }
  tell.denied(what, answer.reasons)
}

export function expectAllowed(answer: Answer, what: string, tell: Narrator): void {
  if (answer.allowed !== true || answer.failed === true) {
    throw new DemoFailed(`${what}: expected to be allowed, got ${JSON.stringify(answer)}`)
  }
  tell.allowed(what)
}

/** Reads under reports/ without end; writes of at most 64 bytes under out/, two in all. */
function grantsOf(stage: Stage): Grant[] {
  return [
    {
      type: 'tool',
      server: SERVER,
      actions: ['read_text_file', 'list_directory'],
      constraints: { path: { glob: `${stage.files}/reports/**` } },
    },
    {
      type: 'tool',
      server: SERVER,
      actions: ['write_file'],
      constraints: { path: { glob: `${stage.files}/out/*` } },
      limits: [
        { measure: 'bytes', unit: 'B', max: 64, per: 'call' },
        { measure: 'calls', unit: '1', max: 2, per: 'delegation' },
      ],
    },
  ]
}

interface Delegated {
  readonly jti: string
  readonly chain: string
}

function authorize(stage: Stage, ttl_s: number): Promise<Delegated> {
  return delegate(stage.manager, {
    agent: stage.agent.id,
    jkt: stage.agent.jkt,
    aud: stage.points.map((point) => point.id),
    grants: grantsOf(stage),
    ttl_s,
    depth_max: 1,
    instruction: 'Read the reports and write me a summary.',
  })
}

export async function playCalls(stage: Stage, tell: Narrator): Promise<Delegated> {
  tell.chapter('A human authorizes, the agent acts')
  const delegated = await authorize(stage, 3600)
  tell.step(`delegation ${delegated.jti}: the manager's gesture is inside it`)
  const agent = await AgentProcess.start(stage.agent.keyFile, stage.points[0].file, stage.files)
  const report = join(stage.files, 'reports', 'q3.txt')
  const read = (path: string): object => ({ op: 'call', tool: 'read_text_file', args: { path } })
  const write = (name: string, content: string): object => ({
    op: 'call',
    tool: 'write_file',
    args: { path: join(stage.files, 'out', name), content },
  })

  const opened = await agent.ask({ op: 'open', chain: delegated.chain })
  expectAllowed(opened, 'session opened with the holder key over a fresh challenge', tell)
  const { tools } = z.object({ tools: z.array(z.string()) }).parse(await agent.ask({ op: 'list' }))
  if (tools.includes('move_file') || !tools.includes('read_text_file'))
    throw new DemoFailed('the list is not filtered')
  tell.step(`the agent sees ${tools.length} tools, those that its grants name: ${tools.join(', ')}`)

  expectAllowed(await agent.ask(read(report)), 'read reports/q3.txt', tell)
  const once = { op: 'callOnce', chain: delegated.chain, tool: 'read_text_file', args: { path: report } }
  expectAllowed(await agent.ask(once), 'read it again, with a proof for this one call', tell)
  const secret = join(stage.files, 'secret', 'salaries.txt')
  expectDenied(await agent.ask(read(secret)), 'CONSTRAINT_VIOLATED', 'read secret/salaries.txt', tell)
  const around = `${stage.files}/reports/../secret/salaries.txt`
  expectDenied(
    await agent.ask(read(around)),
    'CONSTRAINT_VIOLATED',
    'read reports/../secret/salaries.txt',
    tell,
  )
  const move = { op: 'call', tool: 'move_file', args: { source: report, destination: secret } }
  expectDenied(await agent.ask(move), 'NO_MATCHING_GRANT', 'move_file, a tool not granted', tell)
  expectDenied(
    await agent.ask(write('long.txt', 'x'.repeat(65))),
    'LIMIT_PER_CALL',
    'write 65 bytes, 64 granted',
    tell,
  )
  expectAllowed(await agent.ask(write('summary-1.txt', 'A good quarter.')), 'write out/summary-1.txt', tell)
  expectAllowed(await agent.ask(write('summary-2.txt', 'Really.')), 'write out/summary-2.txt', tell)
  expectDenied(await thirdWrite(agent, write), 'LIMIT_EXCEEDED', 'a third write, two granted', tell)

  tell.chapter('The agent is killed and comes back')
  const session = z.string().parse(opened.session)
  await agent.kill()
  const again = await AgentProcess.start(stage.agent.keyFile, stage.points[0].file, stage.files)
  const old = { op: 'callWithSession', session, tool: 'read_text_file', args: { path: report } }
  expectDenied(await again.ask(old), 'SESSION_UNKNOWN', 'a call under the old session', tell)
  expectAllowed(
    await again.ask({ op: 'open', chain: delegated.chain }),
    'a new challenge, a new session',
    tell,
  )
  expectAllowed(await again.ask(read(report)), 'read reports/q3.txt', tell)
  await playSubAgent(stage, delegated, again, tell)
  await again.stop()
  return delegated
}

/** Until the receipts of the other two are there, the control plane knows that much is leased, not that it is spent (LIM-10). */
async function thirdWrite(
  agent: AgentProcess,
  write: (name: string, content: string) => object,
): Promise<Answer> {
  const end = performance.now() + LEASED_MS_MAX
  for (;;) {
    const answer = await agent.ask(write('summary-3.txt', 'More.'))
    if (answer.reasons[0] !== 'LIMIT_LEASED' || performance.now() >= end) return answer
    await pause(LEASED_MS)
  }
}

async function playSubAgent(
  stage: Stage,
  root: Delegated,
  agent: AgentProcess,
  tell: Narrator,
): Promise<void> {
  tell.chapter('A sub-agent with less')
  const statement = await agentStatement(stage.manager, stage.subAgent.id, stage.subAgent.jkt)
  const [readDigest] = [...lastDelegation(nodeCrypto, root.chain).grants.keys()]
  const narrower: Grant = {
    type: 'tool',
    from: readDigest ?? '',
    server: SERVER,
    actions: ['read_text_file'],
    constraints: { path: { glob: `${stage.files}/reports/public/*` } },
  }
  const wider: Grant = { ...narrower, constraints: { path: { glob: `${stage.files}/**` } } }
  const handOn = { op: 'handOn', chain: root.chain, to: stage.subAgent.jwk, statement, ttl_s: 600 }
  const refused = await agent
    .ask({ ...handOn, grants: [wider], widen: false })
    .catch((error: unknown) => error)
  if (!(refused instanceof Error)) throw new DemoFailed('our own software signed a wider hop')
  const narrowed = z.string().parse((await agent.ask({ ...handOn, grants: [narrower], widen: false })).chain)
  const widened = z.string().parse((await agent.ask({ ...handOn, grants: [wider], widen: true })).chain)
  tell.step('the agent hands on a narrower delegation, offline; and forges a wider one')

  const sub = await AgentProcess.start(stage.subAgent.keyFile, stage.points[1].file, stage.files)
  const read = (name: string): object => ({
    op: 'call',
    tool: 'read_text_file',
    args: { path: join(stage.files, name) },
  })
  expectDenied(
    await sub.ask({ op: 'open', chain: widened }),
    'WIDENED',
    'the sub-agent presents the wider one',
    tell,
  )
  expectAllowed(
    await sub.ask({ op: 'open', chain: narrowed }),
    'the sub-agent presents the narrower one',
    tell,
  )
  expectAllowed(await sub.ask(read('reports/public/summary.txt')), 'read reports/public/summary.txt', tell)
  expectDenied(await sub.ask(read('reports/q3.txt')), 'CONSTRAINT_VIOLATED', 'read reports/q3.txt', tell)
  await sub.stop()
}

export async function playThief(stage: Stage, delegated: Delegated, tell: Narrator): Promise<void> {
  tell.chapter('A stolen token, and an old one')
  const short = await authorize(stage, 2)
  const thief = await AgentProcess.start(stage.thiefKey, stage.points[1].file, stage.files)
  const stolen = await thief.ask({ op: 'open', chain: delegated.chain })
  expectDenied(stolen, 'PROOF_INVALID', 'a thief presents the chain without its key', tell)
  await thief.stop()
  const agent = await AgentProcess.start(stage.agent.keyFile, stage.points[1].file, stage.files)
  const end = (lastDelegation(nodeCrypto, short.chain).payload.exp + 1) * 1000
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, end - Date.now())))
  const late = await agent.ask({ op: 'open', chain: short.chain })
  expectDenied(late, 'EXPIRED', 'a delegation of two seconds, a second later', tell)
  await agent.stop()
}

/** @returns milliseconds from each revoke call to the first denial that the agent saw */
export async function playRevocations(stage: Stage, tell: Narrator): Promise<number[]> {
  tell.chapter('The human revokes')
  const agent = await AgentProcess.start(stage.agent.keyFile, stage.points[0].file, stage.files)
  const latencies: number[] = []
  for (let i = 0; i < REVOCATIONS; i++) {
    const { jti, chain } = await authorize(stage, 600)
    await agent.ask({ op: 'open', chain })
    const path = join(stage.files, 'reports', 'q3.txt')
    agent.send({ op: 'hammer', tool: 'read_text_file', args: { path } })
    await agent.next() // it is calling now
    const revoked_at = performance.timeOrigin + performance.now()
    await revoke(stage.manager, 'delegation', jti, 'demonstration')
    const answer = await agent.next()
    const denied_at = z.number().parse(answer.denied_at)
    if (answer.reasons[0] !== 'REVOKED')
      throw new DemoFailed(`expected REVOKED, got ${answer.reasons.join(', ')}`)
    latencies.push(denied_at - revoked_at)
    const ms = (denied_at - revoked_at).toFixed(1)
    tell.denied(
      `call ${Number(answer.allowed) + 1} of a busy agent, ${ms} ms after the revoke call`,
      answer.reasons,
    )
  }
  // Each of these may have been stopped at its tool, with an outcome: this one never gets there, and its denial is recorded.
  const path = join(stage.files, 'reports', 'q3.txt')
  const next = await agent.ask({ op: 'call', tool: 'read_text_file', args: { path } })
  expectDenied(next, 'REVOKED', 'its next call', tell)
  await agent.stop()
  return latencies
}

/** What the agent wrote is there, and what it was denied is not. */
export async function checkFiles(stage: Stage): Promise<void> {
  const written = await readFile(join(stage.files, 'out', 'summary-1.txt'), 'utf8')
  if (written !== 'A good quarter.') throw new DemoFailed('an allowed write did not happen')
  for (const name of ['long.txt', 'summary-3.txt']) {
    const exists = await readFile(join(stage.files, 'out', name)).then(
      () => true,
      () => false,
    )
    if (exists) throw new DemoFailed(`${name} was denied and was written all the same`)
  }
}
