/** The SDK against a real gateway, the real filesystem server and a real control plane. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client, type JSONRPCMessage, type Transport } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { delegate, revoke } from '../../apps/cli/operator.ts'
import { NOTES, readGrant, setFlowStage, type FlowStage } from './stage.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { connect } from '../../src/enforce/sdk.ts'
import { ConnectionDenied } from '../../src/enforce/sdk-errors.ts'

let stage: FlowStage
let chain: string
let key: string
const clients: Client[] = []

beforeAll(async () => {
  stage = await setFlowStage()
  chain = readFileSync(join(stage.folder, 'agent.chain'), 'utf8')
  key = readFileSync(join(stage.folder, 'agent.key.json'), 'utf8')
})
afterAll(async () => {
  for (const client of clients) await client.close()
  await stage.remove()
})

/** A gateway that can be restarted behind the client's back, as a supervisor would. */
class RestartingGateway implements Transport {
  onmessage?: (message: JSONRPCMessage) => void
  onclose?: () => void
  onerror?: (error: Error) => void
  #inner = this.#make()
  readonly #greeting: JSONRPCMessage[] = []

  #make(): StdioClientTransport {
    const { folder } = stage
    return new StdioClientTransport({
      command: process.execPath,
      args: stage.gateway(),
      cwd: folder,
      stderr: 'ignore',
    })
  }

  #listen(hear: (message: JSONRPCMessage) => void): void {
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- a transport has no other way
    this.#inner.onmessage = hear
  }

  async start(): Promise<void> {
    this.#listen((message) => this.onmessage?.(message))
    await this.#inner.start()
  }

  async send(message: JSONRPCMessage): Promise<void> {
    if ('method' in message && /^(notifications\/)?initialize/.test(message.method))
      this.#greeting.push(message)
    await this.#inner.send(message)
  }

  close(): Promise<void> {
    return this.#inner.close()
  }

  async restart(): Promise<void> {
    await this.#inner.close()
    this.#inner = this.#make()
    const [initialize, initialized] = this.#greeting
    const greeted = Promise.withResolvers<void>()
    this.#listen(() => greeted.resolve())
    await this.#inner.start()
    await this.#inner.send(initialize!)
    await greeted.promise
    this.#listen((message) => this.onmessage?.(message))
    await this.#inner.send(initialized!)
  }
}

async function connectedClient(): Promise<{ client: Client; gateway: RestartingGateway }> {
  const client = new Client({ name: 'sdk-test', version: '1.0.0' })
  const gateway = new RestartingGateway()
  await client.connect(gateway)
  clients.push(client)
  return { client, gateway }
}

/** One client for all tests: a point's records have one writer. */
let shared: Promise<{ client: Client; gateway: RestartingGateway }> | null = null
const gatewayClient = (): Promise<{ client: Client; gateway: RestartingGateway }> =>
  (shared ??= connectedClient())
const file = (name: string): { path: string } => ({ path: join(stage.folder, name) })

test('gives the result of what is allowed, and the reasons of what is denied', async () => {
  const { client } = await gatewayClient()
  const tools = await connect(client, { chain, key })
  expect(tools.server).toBe('files')
  const listed = (await tools.listTools()).tools.map((tool) => tool.name)
  expect(listed.sort()).toEqual(['list_directory', 'read_text_file'])
  const allowed = await tools.callTool({ name: 'read_text_file', arguments: file('files/notes.txt') })
  expect(allowed).toMatchObject({ decision: 'allow', result: { content: [{ type: 'text', text: NOTES }] } })
  const denied = await tools.callTool({ name: 'read_text_file', arguments: file('agent.key.json') })
  expect(denied).toMatchObject({
    decision: 'deny',
    action: expect.stringMatching(/^act_/) as string,
    reasons: ['CONSTRAINT_VIOLATED'],
    result: { isError: true },
  })
  const failed = await tools.callTool({ name: 'read_text_file', arguments: file('files/none.txt') })
  expect(failed).toMatchObject({ decision: 'allow', result: { isError: true } })
})

test('opens one new session after the gateway has restarted, and the calls in flight go on', async () => {
  const { client, gateway } = await gatewayClient()
  const tools = await connect(client, { chain, key })
  await gateway.restart()
  const call = { name: 'read_text_file', arguments: file('files/notes.txt') }
  const answers = await Promise.all([tools.callTool(call), tools.callTool(call), tools.callTool(call)])
  expect(answers.map((answer) => answer.decision)).toEqual(['allow', 'allow', 'allow'])
})

test('a key that is not the chain’s is denied by the gateway, and what is no key by us', async () => {
  const { client } = await gatewayClient()
  const stranger = connect(client, { chain, key: nodeCrypto.generateKey('Ed25519') })
  await expect(stranger).rejects.toMatchObject({ code: 'CONNECTION_DENIED', reasons: ['PROOF_INVALID'] })
  await expect(stranger).rejects.toThrow(ConnectionDenied)
  const wrong = `{"kty":"OKP","d":"${'s'.repeat(43)}"}`
  const refused = await connect(client, { chain, key: wrong }).catch((error: unknown) => error)
  expect(refused).toMatchObject({ code: 'KEY_INVALID' })
  expect(JSON.stringify(refused) + String(refused)).not.toContain('sss')
})

test('a version that was approved may call, and one that nobody approved opens no session', async () => {
  const { client } = await gatewayClient()
  const tools = await connect(client, { chain, key, manifest: { version: 1 } })
  const call = { name: 'read_text_file', arguments: file('files/notes.txt') }
  expect((await tools.callTool(call)).decision).toBe('allow')
  const next = connect(client, { chain, key, manifest: { version: 2 } })
  await expect(next).rejects.toMatchObject({ code: 'CONNECTION_DENIED', reasons: ['VERSION_NOT_APPROVED'] })
})

test('arguments that are no JSON never leave', async () => {
  const { client } = await gatewayClient()
  const tools = await connect(client, { chain, key })
  const call = { name: 'read_text_file', arguments: { path: 'a', n: 2 ** 60 } }
  await expect(tools.callTool(call)).rejects.toThrowWithCode('JSON_NUMBER_RANGE')
})

test('a revocation turns the next answer into a denial, and no new session is given', async () => {
  const { client } = await gatewayClient()
  const { agent, jkt, point, folder, manager } = stage
  const input = { agent, jkt, aud: [point], grants: [readGrant(folder)], ttl_s: 600, depth_max: 0 }
  const delegated = await delegate(manager, input)
  const tools = await connect(client, { chain: delegated.chain, key })
  await revoke(manager, 'delegation', delegated.jti, 'done')
  const call = { name: 'read_text_file', arguments: file('files/notes.txt') }
  await expect.poll(() => tools.callTool(call)).toMatchObject({ decision: 'deny', reasons: ['REVOKED'] })
  await expect(connect(client, { chain: delegated.chain, key })).rejects.toMatchObject({
    reasons: ['REVOKED'],
  })
})
