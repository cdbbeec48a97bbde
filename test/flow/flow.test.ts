/**
 * Flow with real processes: a control plane, gateways before a real MCP server, two people. spec/flow.md,
 * spec/enforcement.md (ENF-3 to ENF-6). What the tool did, in its own words, is the ground truth.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import {
  approveFlowPolicy,
  approveLabels,
  listLabels,
  proposeFlowPolicy,
  proposeLabels,
} from '../../apps/cli/labels/acts.ts'
import { addSystem, delegate, enrollPoint } from '../../apps/cli/operator.ts'
import {
  decideApproval,
  listApprovals,
  showApproval,
  type ShownApproval,
} from '../../apps/cli/operator-approvals.ts'
import { saveProfile, writePrivate } from '../../apps/cli/profile.ts'
import { registerTool } from '../../apps/cli/tools.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { FlowPolicy } from '../../src/core/flow-policy.ts'
import type { JsonObject } from '../../src/core/json.ts'
import type { ToolLabel } from '../../src/core/label.ts'
import { CountersignMcpSession } from '../../src/enforce/adapters/mcp/client.ts'
import { definitionHash } from '../../src/enforce/adapters/mcp/definitions.ts'
import { systemClock } from '../../src/ports/clock.ts'
import type { Grant } from '../../src/token/grant.ts'
import { CLI, McpProcess, runCli, until } from '../fixtures/processes.ts'
import { Stage } from '../fixtures/stage.ts'

const DESK = fileURLToPath(new URL('../fixtures/desk-server.ts', import.meta.url))
const SERVER = 'desk'
const STRANGER = 'archive@else.example'
const GRANT: Grant = { type: 'tool', server: SERVER, actions: ['*'] }

const reads = (edit: Partial<ToolLabel['result']> = {}): ToolLabel => ({
  v: 1,
  result: { level: 'internal', integrity: 'trusted', categories: [], ...edit },
  effect: 'none',
  accepts: 'restricted',
  destination: [],
})
const sends = (accepts: ToolLabel['accepts'], to: string): ToolLabel => ({
  ...reads({ level: 'public' }),
  effect: 'external',
  accepts,
  destination: [to],
})
const LABELS: Readonly<Record<string, ToolLabel>> = {
  inbox: reads({ integrity: 'untrusted' }),
  customer: reads({ fields: { '/account': { level: 'confidential', categories: ['payment'] } } }),
  colleagues: reads(),
  send: sends('internal', '/to'),
  publish: sends('public', '/board'),
}

let stage: Stage
let sent: string
let points: { readonly id: string; readonly path: string }[]
const gateways: McpProcess[] = []

beforeAll(async () => {
  stage = await Stage.set()
  sent = join(stage.folder, 'sent')
  await saveProfile(join(stage.folder, 'lead'), stage.leadFile)
  await register()
  points = await Promise.all(['one', 'two'].map((name) => newPoint(name)))
}, 60_000)
afterAll(async () => {
  for (const each of gateways) await each.end('SIGKILL')
  await stage.remove()
})

/** The desk's tools, each with a label that somebody else approved. */
async function register(): Promise<void> {
  const system = await addSystem(stage.manager, 'Desk')
  const server = await new McpProcess(process.execPath, [DESK, sent]).initialize()
  const { tools } = z
    .object({ tools: z.array(z.looseObject({ name: z.string() })) })
    .parse(await server.request('tools/list', {}))
  await server.end('SIGTERM')
  for (const tool of tools) {
    const definition_hash = definitionHash(nodeCrypto, tool as JsonObject)
    await registerTool(stage.manager, {
      system,
      server: SERVER,
      tool: tool.name,
      definition_hash,
      measures: {},
    })
  }
  const all = await listLabels(stage.manager)
  const labels = all.flatMap(({ tool, name, server: of, definition_hash }) => {
    const label = of === SERVER ? LABELS[name] : undefined
    return label === undefined ? [] : [{ tool, definition_hash, label }]
  })
  expect(labels).toHaveLength(5)
  await approveLabels(stage.lead, await proposeLabels(stage.manager, labels))
}

async function newPoint(name: string): Promise<{ id: string; path: string }> {
  const file = await enrollPoint(stage.manager, name, SERVER)
  const path = join(stage.folder, `${name}.json`)
  await writePrivate(path, file)
  return { id: file.point, path }
}

async function policyIs(policy: Omit<FlowPolicy, 'v'>): Promise<void> {
  await approveFlowPolicy(stage.lead, await proposeFlowPolicy(stage.manager, { v: 1, ...policy }))
}

interface Agent {
  call(tool: string, args?: JsonObject): Promise<Answer>
  readonly gateway: McpProcess
}
interface Answer {
  readonly text: string
  readonly reasons: readonly string[]
  readonly action: string | null
  readonly whole: JsonObject
}

/** An agent with a session at a gateway of that point, which has the policy in force. */
async function agentAt(
  { id, path }: { readonly id: string; readonly path: string },
  grant: Grant = GRANT,
): Promise<Agent> {
  const command = [CLI, 'gateway', '--stdio', '--point', path, '--', process.execPath, DESK, sent]
  const gateway = await new McpProcess(process.execPath, command).initialize()
  gateways.push(gateway)
  const { id: agent, jkt, holder } = stage.agent
  const instruction = 'Answer the mail of ann@customer.example'
  const terms = { agent, jkt, aud: [id], grants: [grant], instruction, ttl_s: 3600, depth_max: 0 }
  const { chain } = await delegate(stage.manager, terms)
  const session = await CountersignMcpSession.open({
    crypto: nodeCrypto,
    clock: systemClock,
    chain,
    holder,
    claims: ['instruction'],
    request: (method, params) => gateway.request(method, params),
  })
  return {
    gateway,
    call: async (name, args = {}) => {
      const params = { name, arguments: args, _meta: session.metaFor(name, args) }
      return answerOf(await gateway.request('tools/call', params))
    },
  }
}

const resultSchema = z.looseObject({
  content: z.array(z.looseObject({ text: z.string() })),
  _meta: z
    .looseObject({
      'io.countersign/decision': z.object({ action: z.string(), reasons: z.array(z.string()) }).optional(),
    })
    .optional(),
})

function answerOf(result: JsonObject): Answer {
  const { content, _meta } = resultSchema.parse(result)
  const decision = _meta?.['io.countersign/decision']
  const text = content.map((each) => each.text).join('\n')
  return { text, reasons: decision?.reasons ?? [], action: decision?.action ?? null, whole: result }
}

const wasSent = async (text: string): Promise<boolean> =>
  (await readFile(sent, 'utf8').catch(() => '')).includes(text)

/** The one that waits. */
function held(text: string): Promise<ShownApproval> {
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

async function end(agent: Agent): Promise<void> {
  await agent.gateway.end('SIGTERM')
}

describe('under the mode ask', () => {
  let agent: Agent

  beforeAll(async () => {
    await policyIs({ mode: 'ask' })
    agent = await agentAt(points[0]!)
  }, 30_000)
  afterAll(() => end(agent))

  test('a recipient that a stranger named is a person’s to agree to, who is told why', async () => {
    expect((await agent.call('inbox')).text).toContain(STRANGER)
    const answer = agent.call('send', { to: STRANGER, text: 'the file' })
    const shown = await held('the file')
    expect(shown.why.join()).toMatch(/archive@else\.example.*inbox/)
    expect(await wasSent('the file')).toBe(false)
    const told = await runCli(['--profile', join(stage.folder, 'lead'), 'approval', 'show', shown.id])
    expect(told.stdout).toMatch(/! .*archive@else\.example/)
    await decideApproval(stage.lead, shown, 'refuse', noLink)
    expect(await answer).toMatchObject({ reasons: ['APPROVAL_REFUSED'] })
    expect(await wasSent('the file')).toBe(false)
  }, 30_000)

  test('an approval lets exactly that go out, once', async () => {
    const answer = agent.call('send', { to: STRANGER, text: 'a word of thanks' })
    await decideApproval(stage.lead, await held('a word of thanks'), 'approve', noLink)
    expect(await answer).toMatchObject({ text: 'sent', reasons: [] })
    expect(await wasSent('a word of thanks')).toBe(true)
    const again = agent.call('send', { to: STRANGER, text: 'a word of thanks' })
    await decideApproval(stage.lead, await held('a word of thanks'), 'refuse', noLink)
    expect(await again).toMatchObject({ reasons: ['APPROVAL_REFUSED'] })
  }, 30_000)

  test('whom the principal or the directory names is written to without asking', async () => {
    await agent.call('colleagues')
    for (const to of ['ann@customer.example', 'bo@firm.example'])
      expect(await agent.call('send', { to, text: `noted for ${to.length}` })).toMatchObject({ reasons: [] })
  }, 30_000)
})

describe('under the mode deny', () => {
  beforeAll(() => policyIs({ mode: 'deny', pseudonyms: ['payment'] }))

  test('confidential data does not reach the public board, and the agent is told why', async () => {
    const agent = await agentAt(points[0]!)
    expect((await agent.call('customer', { name: 'Ann' })).text).toContain('DE89')
    const denied = await agent.call('publish', { board: 'news', text: 'the account of Ann' })
    expect(denied.reasons).toContain('FLOW_SINK')
    expect(denied.text).toMatch(/more sensitive/)
    expect(await wasSent('the account of Ann')).toBe(false)
    await end(agent)
  }, 30_000)

  test('neither a second session, nor another gateway, nor a restart washes it off', async () => {
    for (const at of [points[1]!, points[0]!]) {
      const agent = await agentAt(at)
      expect((await agent.call('publish', { board: 'news', text: 'again' })).reasons).toContain('FLOW_SINK')
      await end(agent)
    }
    const agent = await agentAt(points[1]!)
    const other = await agentAt(points[0]!)
    // The domain is where it is used; the other asks for it and is given it once it is free.
    expect((await agent.call('publish', { board: 'news', text: 'again' })).reasons).toContain('FLOW_SINK')
    const answer = await until('it is handed over', async () => {
      const { reasons } = await other.call('publish', { board: 'news', text: 'again' })
      return reasons.includes('DOMAIN_ELSEWHERE') ? null : reasons
    })
    expect(answer).toContain('FLOW_SINK')
    await end(agent)
    await end(other)
  }, 60_000)

  test('a field above the clearance is a pseudonym, in the text and in the structured content', async () => {
    const agent = await agentAt(points[0]!, { ...GRANT, clearance: 'internal' })
    const { text, whole } = await agent.call('customer', { name: 'Ann' })
    expect(text).toContain('Rome')
    expect(JSON.stringify(whole)).not.toContain('DE89')
    expect(whole.structuredContent).toEqual({
      name: 'Ann Example',
      city: 'Rome',
      account: expect.stringMatching(/^psn_[a-z2-7]{26}$/),
    })
    expect((await agent.call('customer', { name: 'Zoe' })).text).toBe('[redacted: confidential]')
    await end(agent)
  }, 30_000)
})

test('an auditor reads why a call was denied, in a pack that verifies', async () => {
  const pack = join(stage.folder, 'pack.zip')
  const from = ['--from', '2026-01-01T00:00:00Z', '-o', pack]
  const built = await runCli(['--profile', stage.profileDir, 'evidence', 'build', ...from])
  expect(built.code).toBe(0)
  const actions = JSON.parse((await runCli(['--json', 'evidence', 'actions', pack])).stdout)
  const denied = actions.find(({ reasons }: { reasons: string[] }) => reasons.includes('FLOW_SINK'))
  const asked = ['verify', pack, '--key', stage.control.vkey, '--action', denied.action]
  expect((await runCli(asked)).stdout).toMatch(/! .*more sensitive/)
  const report = JSON.parse((await runCli(['--json', ...asked])).stdout)
  expect(report).toMatchObject({ ok: true, faults: [] })
  const names = report.checks.map(({ name }: { name: string }) => name)
  expect(names.join()).toMatch(/memory domains.*rules on flow/)
}, 60_000)
