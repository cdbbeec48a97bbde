/**
 * A hosted gateway: a client that knows nothing of Countersign, as desktop assistants are, behind a gateway that holds
 * the agent's chain and key. spec/mcp.md (MCP-3).
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { delegate, enrollPoint, revoke } from '../../apps/cli/operator.ts'
import { writePrivate } from '../../apps/cli/profile.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { NOTES, readGrant, setFlowStage, type FlowStage } from './stage.ts'

let stage: FlowStage

beforeAll(async () => {
  stage = await setFlowStage()
})
afterAll(() => stage.remove())

/** Any MCP client, with what its configuration file would hold. */
async function desktopClient(): Promise<Client> {
  const client = new Client({ name: 'desktop-assistant', version: '1.0.0' })
  const args = stage.gateway('--delegation', 'agent.chain', '--key', 'agent.key.json')
  await client.connect(
    new StdioClientTransport({ command: process.execPath, args, cwd: stage.folder, stderr: 'ignore' }),
  )
  return client
}

/** What a gateway says that does not start. */
async function refusalOf(...options: string[]): Promise<{ code: number | null; said: string }> {
  const child = spawn(process.execPath, stage.gateway(...options), {
    cwd: stage.folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const [said] = await Promise.all([text(child.stderr), once(child, 'exit')])
  return { code: child.exitCode, said }
}

test('a client without keys sees what is granted, reads what is granted, and is cut off by a revocation', async () => {
  const client = await desktopClient()
  const { tools } = await client.listTools()
  expect(tools.map((tool) => tool.name).sort()).toEqual(['list_directory', 'read_text_file'])

  const read = (path: string): ReturnType<Client['callTool']> =>
    client.callTool({ name: 'read_text_file', arguments: { path: join(stage.folder, path) } })
  const allowed = await read('files/notes.txt')
  expect(allowed.isError).not.toBe(true)
  expect(allowed.content).toMatchObject([{ type: 'text', text: NOTES }])

  const denied = await read('gateway.json')
  expect(denied).toMatchObject({
    isError: true,
    _meta: { 'io.countersign/decision': { decision: 'deny', reasons: ['CONSTRAINT_VIOLATED'] } },
  })

  await revoke(stage.manager, 'delegation', stage.jti, 'done')
  // Acknowledged means committed; the frame is pushed, so the first denial may be a moment away.
  await expect
    .poll(async () => (await read('files/notes.txt'))._meta?.['io.countersign/decision'])
    .toMatchObject({ decision: 'deny', reasons: ['REVOKED'] })
  expect((await client.listTools(undefined, { cacheMode: 'refresh' })).tools).toEqual([])
  await client.close()

  const { entries } = (await stage.manager.client.get('/v1/entries?limit=100')) as unknown as {
    entries: { entry: { type: string; body: Record<string, unknown> } }[]
  }
  const decisions = entries.map(({ entry }) => entry.body).filter((body) => body.decision === 'allow')
  expect(decisions).toMatchObject([{ agent: stage.agent, binding: 'hosted', placement: 'gateway' }])
})

test('a stolen chain does not start a gateway: the key is not there', async () => {
  await writePrivate(join(stage.folder, 'thief.key.json'), { ...nodeCrypto.generateKey('Ed25519') })
  const other = await refusalOf('--delegation', 'agent.chain', '--key', 'thief.key.json')
  expect(other.code).toBe(1)
  expect(other.said).toContain('DELEGATION_UNUSABLE')
  const none = await refusalOf('--delegation', 'agent.chain')
  expect(none.code).toBe(2)
  expect(none.said).toContain('--delegation and --key go together')
})

test('a chain for another gateway does not start this one', async () => {
  const { point } = await enrollPoint(stage.manager, 'elsewhere', 'files')
  const { agent, jkt } = stage
  const input = { agent, jkt, aud: [point], grants: [readGrant(stage.folder)], ttl_s: 600, depth_max: 0 }
  const { chain } = await delegate(stage.manager, input)
  await writeFile(join(stage.folder, 'elsewhere.chain'), chain)
  const { code, said } = await refusalOf('--delegation', 'elsewhere.chain', '--key', 'agent.key.json')
  expect(code).toBe(1)
  expect(said).toContain(`the delegation is not for ${stage.point}`)
})
