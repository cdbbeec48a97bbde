/**
 * Real tool servers behind the gateway, over stdio, with the clients that people have: SDK v1, SDK v2 in both
 * revisions, and the Inspector's command line. Nothing may be missing that is there without a gateway.
 */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport as StdioV1 } from '@modelcontextprotocol/sdk/client/stdio.js'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import type { GatewayFixture } from '../fixtures/gateway-main.ts'

const GATEWAY = join(import.meta.dirname, '../fixtures/gateway-main.ts')
const MODERN = join(import.meta.dirname, '../fixtures/modern-server.ts')
const folder = mkdtempSync(join(tmpdir(), 'countersign-real-'))
mkdirSync(join(folder, 'files'))
writeFileSync(join(folder, 'files', 'notes.txt'), 'hello')
const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean()
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const packages = createRequire(import.meta.url)
const main = (name: string, file: string): string =>
  join(dirname(packages.resolve(`@modelcontextprotocol/${name}/package.json`)), file)

interface Server {
  readonly name: string
  readonly args: readonly string[]
  readonly tool: { readonly name: string; readonly arguments: Record<string, unknown> }
}
const SERVERS: readonly Server[] = [
  {
    name: 'everything',
    args: [main('server-everything', 'dist/index.js'), 'stdio'],
    tool: { name: 'echo', arguments: { message: 'hi' } },
  },
  {
    name: 'filesystem',
    args: [main('server-filesystem', 'dist/index.js'), join(folder, 'files')],
    tool: { name: 'read_text_file', arguments: { path: join(folder, 'files', 'notes.txt') } },
  },
  {
    name: 'memory',
    args: [main('server-memory', 'dist/index.js')],
    tool: { name: 'read_graph', arguments: {} },
  },
  {
    name: 'sequential-thinking',
    args: [main('server-sequential-thinking', 'dist/index.js')],
    tool: {
      name: 'sequentialthinking',
      arguments: { thought: 'one', nextThoughtNeeded: false, thoughtNumber: 1, totalThoughts: 1 },
    },
  },
]

function through(args: readonly string[], allowed: readonly string[]): string[] {
  const fixture: GatewayFixture = { allowed, holder: null, command: process.execPath, args }
  return [GATEWAY, JSON.stringify(fixture)]
}

async function v1(args: readonly string[]): Promise<ClientV1> {
  const client = new ClientV1({ name: 'v1', version: '1.0.0' })
  await client.connect(new StdioV1({ command: process.execPath, args: [...args], stderr: 'ignore' }))
  cleanups.push(() => client.close())
  return client
}

async function v2(args: readonly string[], mode: 'legacy' | 'auto'): Promise<Client> {
  const client = new Client(
    { name: 'v2', version: '1.0.0' },
    { capabilities: { elicitation: { form: {} } }, versionNegotiation: { mode } },
  )
  client.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: { name: 'Ann' } }))
  await client.connect(
    new StdioClientTransport({ command: process.execPath, args: [...args], stderr: 'ignore' }),
  )
  cleanups.push(() => client.close())
  return client
}

describe.each(SERVERS)('server-$name', ({ args, tool }) => {
  test('is to SDK v1 and v2 what it is without a gateway', async () => {
    const direct = await v1(args)
    const names = (await direct.listTools()).tools.map(({ name }) => name)
    const [one, two] = [await v1(through(args, names)), await v2(through(args, names), 'legacy')]
    expect(one.getServerCapabilities()).toEqual(direct.getServerCapabilities())
    expect(one.getServerVersion()).toEqual(direct.getServerVersion())
    expect(one.getInstructions()).toEqual(direct.getInstructions())
    expect(await one.listTools()).toEqual(await direct.listTools())
    const answer = await direct.callTool(tool)
    expect(answer.isError).not.toBe(true)
    expect(await one.callTool(tool)).toEqual(answer)
    expect((await two.callTool(tool)).content).toEqual(answer.content)
  })
})

describe('server-everything', () => {
  const args = SERVERS[0]?.args ?? []

  test('shows prompts and resources to who may have them, and to nobody else', async () => {
    const direct = await v1(args)
    const all = await v1(
      through(args, ['prompts/get', 'resources/read', 'resources/subscribe', 'completion/complete']),
    )
    expect(await all.listPrompts()).toEqual(await direct.listPrompts())
    expect(await all.listResources()).toEqual(await direct.listResources())
    expect(await all.listResourceTemplates()).toEqual(await direct.listResourceTemplates())
    const [prompt] = (await direct.listPrompts()).prompts.filter(
      (each) => (each.arguments ?? []).length === 0,
    )
    const [resource] = (await direct.listResources()).resources
    const [name, uri] = [prompt?.name ?? '', resource?.uri ?? '']
    expect(await all.getPrompt({ name })).toEqual(await direct.getPrompt({ name }))
    expect(await all.readResource({ uri })).toMatchObject({ contents: [{ uri }] })
    await all.subscribeResource({ uri })
    await all.unsubscribeResource({ uri })
    const none = await v1(through(args, ['echo']))
    expect((await none.listPrompts()).prompts).toEqual([])
    expect((await none.listResources()).resources).toEqual([])
    await expect(none.readResource({ uri })).rejects.toThrow('-32001')
    await expect(none.subscribeResource({ uri })).rejects.toThrow('-32001')
  })

  test('says how far it is, through the gateway too', async () => {
    const client = await v1(through(args, ['trigger-long-running-operation']))
    const steps: number[] = []
    await client.callTool(
      { name: 'trigger-long-running-operation', arguments: { duration: 1, steps: 4 } },
      undefined,
      { onprogress: ({ progress }) => steps.push(progress) },
    )
    // The last one may come together with the result, and then this client does not tell of it.
    expect(steps.slice(0, 3)).toEqual([1, 2, 3])
  })

  test('is inspected by the Inspector’s command line', async () => {
    const inspector = main('inspector', 'clients/launcher/build/index.js')
    const command = [
      inspector,
      '--cli',
      process.execPath,
      ...through(args, ['echo']),
      '--method',
      'tools/list',
    ]
    const { stdout } = await promisify(execFile)(process.execPath, command, { timeout: 50_000 })
    const listed = JSON.parse(stdout) as { tools: { name: string }[] }
    expect(listed.tools.map(({ name }) => name)).toEqual(['echo'])
  })
})

describe('a server of revision 2026-07-28', () => {
  const args = [MODERN]
  const granted = ['echo', 'ask', 'resources/read', 'resources/subscribe', 'prompts/get']

  test('is discovered, listed, called, read and listened to like without a gateway', async () => {
    const [direct, client] = [await v2(args, 'auto'), await v2(through(args, granted), 'auto')]
    expect(client.getServerCapabilities()).toEqual(direct.getServerCapabilities())
    expect(await client.listTools()).toEqual(await direct.listTools())
    expect(await client.listResources()).toEqual(await direct.listResources())
    expect(await client.listPrompts()).toEqual(await direct.listPrompts())
    const call = { name: 'echo', arguments: { text: 'hi' } }
    expect(await client.callTool(call)).toEqual(await direct.callTool(call))
    expect(await client.readResource({ uri: 'memo://a' })).toEqual(
      await direct.readResource({ uri: 'memo://a' }),
    )
    const asked = { name: 'ask', arguments: { text: 'I am' } }
    expect((await client.callTool(asked)).content).toEqual([{ type: 'text', text: 'I am Ann' }])
    const listening = await client.listen({ toolsListChanged: true })
    expect(listening.honoredFilter).toEqual({ toolsListChanged: true })
    await listening.close()
  })

  test('denies what is not granted as the revision says', async () => {
    const client = await v2(through(args, ['echo']), 'auto')
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(['echo'])
    expect(await client.callTool({ name: 'ask', arguments: { text: '' } })).toMatchObject({ isError: true })
    await expect(client.readResource({ uri: 'memo://a' })).rejects.toMatchObject({ code: -32001 })
    await expect(client.listen({ resourceSubscriptions: ['memo://a'] })).rejects.toMatchObject({
      code: -32001,
    })
  })
})
