/**
 * Calls that wait for a person, with real processes: a stdio gateway, a control plane, somebody who decides.
 * spec/approvals.md. What the tool did, in its own words, is the ground truth.
 */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { delegate, revoke } from '../../apps/cli/operator.ts'
import {
  decideApproval,
  listApprovals,
  showApproval,
  type ShownApproval,
} from '../../apps/cli/operator-approvals.ts'
import { saveProfile } from '../../apps/cli/profile.ts'
import type { CountersignMcpSession } from '../../src/enforce/adapters/mcp/client.ts'
import type { DecisionReceipt } from '../../src/log/receipt.ts'
import { CLI, ECHO_SERVER, McpProcess, runCli, until } from '../fixtures/processes.ts'
import {
  callTool,
  ECHO_GRANT,
  echoesOf,
  randomText,
  receiptsOf,
  Stage,
  type StagedPoint,
} from '../fixtures/stage.ts'

let stage: Stage
let point: StagedPoint
let gateway: McpProcess
let session: CountersignMcpSession
const gateways: McpProcess[] = []

beforeAll(async () => {
  stage = await Stage.set()
  point = await stage.point('gate')
  gateway = await start(point)
  session = await stage.open(gateway, (await asking()).chain)
}, 60_000)
afterAll(async () => {
  for (const each of gateways) await each.end('SIGKILL')
  await stage.remove()
})

async function start({ path }: StagedPoint, ...options: string[]): Promise<McpProcess> {
  const own = [CLI, 'gateway', '--stdio', '--point', path, ...options]
  const command = [...own, '--', process.execPath, ECHO_SERVER, join(stage.folder, 'echoes')]
  const made = await new McpProcess(process.execPath, command).initialize()
  gateways.push(made)
  return made
}

function asking(at = point): Promise<{ jti: string; chain: string }> {
  const { id, jkt } = stage.agent
  const grants = [{ ...ECHO_GRANT, ask: true as const }]
  return delegate(stage.manager, { agent: id, jkt, aud: [at.id], grants, ttl_s: 3600, depth_max: 0 })
}

/** The one that waits. */
async function held(text: string): Promise<ShownApproval> {
  return until('the call waits', async () => {
    for (const { id } of await listApprovals(stage.lead, false)) {
      const shown = await showApproval(stage.lead, id)
      if (shown.opening?.args.text === text) return shown
    }
    return null
  })
}

const noLink = (): never => {
  throw new Error('nobody has a browser here')
}
const echoed = async (text: string): Promise<boolean> =>
  (await echoesOf(join(stage.folder, 'echoes'))).some((each) => each.text === text)
const decisionsOf = async (action: string): Promise<DecisionReceipt[]> =>
  (await receiptsOf(stage, point))
    .filter((one) => one.kind === 'decision')
    .filter((one) => one.action === action)

describe('a call under a grant that asks', () => {
  test('waits, is approved by somebody else over exactly what it does, and goes out', async () => {
    const text = randomText()
    const { answer } = callTool(gateway, session, 'echo', text)
    const shown = await held(text)
    expect(await echoed(text)).toBe(false)
    await expect(decideApproval(stage.manager, shown, 'approve', noLink)).rejects.toMatchObject({
      remote: 'SAME_PERSON',
    })
    expect(await decideApproval(stage.lead, shown, 'approve', noLink)).toBe('approved')
    expect(await answer).toEqual({ allowed: true, text })
    expect(await echoed(text)).toBe(true)
    const decisions = await until('both are shipped', async () => {
      const found = await decisionsOf(shown.action)
      return found.length === 2 ? found : null
    })
    expect(decisions.map(({ decision, approval }) => [decision, approval])).toEqual([
      ['step_up', shown.id],
      ['allow', shown.id],
    ])
  }, 60_000)

  test('is denied when they refuse, and says so', async () => {
    const text = randomText()
    const { answer } = callTool(gateway, session, 'echo', text)
    await decideApproval(stage.lead, await held(text), 'refuse', noLink)
    expect(await answer).toMatchObject({ allowed: false, reasons: ['APPROVAL_REFUSED'] })
    expect(await echoed(text)).toBe(false)
  }, 30_000)

  test('tells its client by a progress notification where people decide', async () => {
    const text = randomText()
    const meta = { ...session.metaFor('echo', { text }), progressToken: 'p1' }
    const answer = gateway.request('tools/call', { name: 'echo', arguments: { text }, _meta: meta })
    const told = await until('it is told', () =>
      gateway.nameless.find((each) => JSON.stringify(each).includes('notifications/progress')),
    )
    expect(JSON.stringify(told)).toContain('/a#')
    await decideApproval(stage.lead, await held(text), 'refuse', noLink)
    expect(JSON.stringify(await answer)).toContain('APPROVAL_REFUSED')
  }, 30_000)

  test('is denied once its delegation is revoked, before anybody decides', async () => {
    const { jti, chain } = await asking()
    const other = await stage.open(gateway, chain)
    const text = randomText()
    const { answer } = callTool(gateway, other, 'echo', text)
    const shown = await held(text)
    await revoke(stage.manager, 'delegation', jti, 'test')
    expect(await answer).toMatchObject({ allowed: false, reasons: ['REVOKED'] })
    // Too late to matter: the point waits for it no more.
    await decideApproval(stage.lead, shown, 'approve', noLink)
    expect(await echoed(text)).toBe(false)
  }, 30_000)

  test('is taken back by the client that cancels it, before anybody decides', async () => {
    const text = randomText()
    const params = { name: 'echo', arguments: { text }, _meta: session.metaFor('echo', { text }) }
    gateway.write(JSON.stringify({ jsonrpc: '2.0', id: 'taken back', method: 'tools/call', params }))
    const shown = await held(text)
    const cancelled = { method: 'notifications/cancelled', params: { requestId: 'taken back' } }
    gateway.write(JSON.stringify({ jsonrpc: '2.0', ...cancelled }))
    const decisions = await until('both are shipped', async () => {
      const found = await decisionsOf(shown.action)
      return found.length === 2 ? found : null
    })
    expect(decisions[1]).toMatchObject({ decision: 'deny', reasons: ['APPROVAL_WITHDRAWN'] })
    // Too late to matter, and nobody is answered.
    await decideApproval(stage.lead, shown, 'approve', noLink)
    expect(await echoed(text)).toBe(false)
    expect(JSON.stringify(gateway.nameless)).not.toContain('taken back')
  }, 30_000)

  test('is gone with its point: what is approved then is nobody’s, and the next asks anew', async () => {
    const text = randomText()
    const { answer } = callTool(gateway, session, 'echo', text)
    const lost = answer.catch(() => 'gone')
    const shown = await held(text)
    await gateway.end('SIGKILL')
    expect(await lost).toBe('gone')
    await decideApproval(stage.lead, shown, 'approve', noLink)
    gateway = await start(point)
    session = await stage.open(gateway, (await asking()).chain)
    const decisions = await until('it is shipped', async () => {
      const found = await decisionsOf(shown.action)
      return found.length > 0 ? found : null
    })
    expect(decisions.map(({ decision }) => decision)).toEqual(['step_up'])
    const again = callTool(gateway, session, 'echo', text)
    const anew = await held(text)
    expect(anew.id).not.toBe(shown.id)
    await decideApproval(stage.lead, anew, 'refuse', noLink)
    expect(await again.answer).toMatchObject({ allowed: false, reasons: ['APPROVAL_REFUSED'] })
    expect(await echoed(text)).toBe(false)
  }, 60_000)

  test('is denied when nobody decides in time', async () => {
    const late = await stage.point('late')
    const impatient = await start(late, '--approval-timeout', '1')
    const { chain } = await asking(late)
    const text = randomText()
    const { answer } = callTool(impatient, await stage.open(impatient, chain), 'echo', text)
    expect(await answer).toMatchObject({ allowed: false, reasons: ['APPROVAL_TIMED_OUT'] })
    expect(await echoed(text)).toBe(false)
  }, 60_000)

  test('is listed, shown and decided at a command line, and counted', async () => {
    await saveProfile(join(stage.folder, 'lead'), stage.leadFile)
    const profile = ['--profile', join(stage.folder, 'lead')]
    const text = `${randomText()}\u202e`
    const { answer } = callTool(gateway, session, 'echo', text)
    const { id } = await held(text)
    const listed = await runCli([...profile, 'approval', 'list'])
    expect(listed.stdout).toContain(id)
    const shown = await runCli([...profile, 'approval', 'show', id])
    expect(shown.stdout).toContain('\\u{202e}')
    const approved = await runCli([...profile, 'approval', 'approve', id])
    expect(approved.stdout).toContain(`${id} is approved`)
    expect(await answer).toMatchObject({ allowed: true })
    const load = JSON.parse((await runCli([...profile, '--json', 'approval', 'load'])).stdout)
    expect(load.total).toMatchObject({ approved: 5, refused: 3, timed_out: 1 })
  }, 60_000)

  test('is denied by a kill while it waits', async () => {
    const text = randomText()
    const { answer } = callTool(gateway, session, 'echo', text)
    await held(text)
    const args = [
      '--profile',
      stage.profileDir,
      'kill',
      'pull',
      '--agent',
      stage.agent.id,
      '--reason',
      'test',
    ]
    const killed = await runCli(args)
    expect(killed.code).toBe(0)
    expect(await answer).toMatchObject({ allowed: false, reasons: ['KILLED'] })
    expect(await echoed(text)).toBe(false)
  }, 30_000)

  test('leaves evidence that verifies', async () => {
    const file = join(stage.folder, 'pack.zip')
    const built = await runCli([
      '--profile',
      stage.profileDir,
      'evidence',
      'build',
      '--from',
      '2026-01-01T00:00:00Z',
      '-o',
      file,
    ])
    expect(built.code).toBe(0)
    const verified = await runCli(['--json', 'verify', file, '--key', stage.control.vkey])
    expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true, faults: [] })
  }, 60_000)
})
