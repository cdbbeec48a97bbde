/**
 * The stranger's path, with the processes that people start: an MCP client that nobody here wrote knows the URL of a
 * gateway and nothing else. A person consents, another approves what waits, and it is revoked. spec/gateway.md
 * (GWR-1 to GWR-7), spec/oauth.md, spec/approvals.md. COUNTERSIGN_SCREENSHOTS is a folder for pictures of the pages.
 */
import { createServer as createHttp, type Server } from 'node:http'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { packOf } from '../../apps/cli/pack-of.ts'
import { addSystem, approveAgent, endorse, enrollPoint, invite, revoke } from '../../apps/cli/operator.ts'
import { approveTemplate, proposeTemplate } from '../../apps/cli/operator-quorum.ts'
import { writePrivate, type Profile } from '../../apps/cli/profile.ts'
import { inspectToolServer } from '../../apps/cli/tool-server.ts'
import { registerTool } from '../../apps/cli/tools.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { canonicalize } from '../../src/core/json.ts'
import { readArchive } from '../../src/evidence/pack/archive.ts'
import { verifyPack } from '../../src/evidence/verify/verify.ts'
import { CLI, Process, startControlPlane, until, type ControlPlane } from '../fixtures/processes.ts'
import { CHROMIUM_RUNS, launchChromium } from './chromium.ts'
import { Memory } from './client-memory.ts'
import { during, enrolledAt, freePort, Links, type PersonAtBrowser } from './person.ts'

const FILES = fileURLToPath(
  new URL('../../node_modules/@modelcontextprotocol/server-filesystem/dist/index.js', import.meta.url),
)
const MODERN = fileURLToPath(new URL('../fixtures/modern-server.ts', import.meta.url))
const TOOLS = ['read_text_file', 'list_directory', 'write_file', 'move_file', 'echo']
const DECISION = 'io.countersign/decision'
const LOOKS = [
  ['light', { width: 1280, height: 800 }, 'light'],
  ['dark', { width: 1280, height: 800 }, 'dark'],
  ['narrow', { width: 360, height: 740 }, 'light'],
] as const

type Revision = '2025-11-25' | '2026-07-28'
type Answer = Awaited<ReturnType<Client['callTool']>>

const decisionOf = (answer: Answer): unknown => answer._meta?.[DECISION]
const denied = (...reasons: string[]): object => ({ decision: 'deny', reasons })

describe.runIf(CHROMIUM_RUNS)('a stranger who knows the URL of a gateway', () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'countersign-stranger-')))
  const reports = join(folder, 'reports')
  const links = new Links()
  const began = Date.now()
  let browser: Browser
  let control: ControlPlane
  let gateway: Process
  let url = ''
  let callbacks: Server
  let memory: Memory
  let ann: { at: PersonAtBrowser; profile: Profile }
  let ben: { at: PersonAtBrowser; profile: Profile }
  let point = ''

  const enrolled = (secret: string, name: string): Promise<typeof ann> =>
    enrolledAt(browser, links, { url: control.url, secret, name }, async (at) => {
      await at.press('Create passkey')
      if (name !== 'Ann') return void (await at.reaches('enrolled'))
      await at.reaches('open')
      await at.press('Approve with passkey')
      await at.reaches('done')
    })

  async function registered(server: string, command: readonly string[]): Promise<void> {
    const system = await addSystem(ann.profile, server)
    for (const { tool, definition_hash, definition } of await inspectToolServer(process.execPath, command))
      if (TOOLS.includes(tool))
        await registerTool(ann.profile, {
          system,
          server,
          tool,
          definition_hash,
          measures: {},
          definition: canonicalize(definition),
        })
  }

  async function startGateway(port: number): Promise<void> {
    writeFileSync(
      join(folder, 'countersign.yaml'),
      `v: 1
point: gateway.json
listen: 127.0.0.1:${port}
servers:
  files:
    access: oauth
    stdio: {command: ${process.execPath}, args: [${FILES}, ${folder}]}
  modern:
    access: oauth
    stdio: {command: ${process.execPath}, args: [${MODERN}]}
`,
    )
    gateway = new Process(process.execPath, [CLI, 'gateway', '--config', join(folder, 'countersign.yaml')])
    const [, origin = ''] = await until('the gateway listens', () => {
      if (!gateway.isRunning) throw new Error(`the gateway ended: ${gateway.output}`)
      return /listens at (http:\S+)/.exec(gateway.output)
    })
    url = origin
  }

  beforeAll(async () => {
    mkdirSync(reports)
    writeFileSync(join(reports, 'q3.txt'), 'Q3 was good.')
    writeFileSync(join(folder, 'salaries.txt'), 'secret')
    callbacks = createHttp((_, response) => response.end('back at the client')).listen(0, '127.0.0.1')
    const [, started] = await Promise.all([
      once(callbacks, 'listening'),
      startControlPlane(join(folder, 'data'), await freePort()),
      launchChromium().then((launched) => (browser = launched)),
    ])
    control = started
    memory = new Memory(`http://127.0.0.1:${(callbacks.address() as AddressInfo).port}/callback`)
    ann = await enrolled(control.bootstrap_secret ?? '', 'Ann')
    const { invitation } = await invite(ann.profile, 'Ben')
    ben = await enrolled(invitation, 'Ben')
    await during(links, endorse(ann.profile, ben.profile.person), ann.at)
    await registered('files', [FILES, folder])
    await registered('modern', [MODERN])
    const within = { path: { glob: `${reports}/**` } }
    const template = await proposeTemplate(ann.profile, {
      class: 'mcp-client',
      ttl_s_max: 8 * 3600,
      approvals: null,
      depth_max: 0,
      grants: [
        { type: 'tool', server: 'files', actions: ['read_text_file', 'list_directory'], constraints: within },
        { type: 'tool', server: 'files', actions: ['write_file', 'move_file'] },
        { type: 'tool', server: 'modern', actions: ['echo'] },
      ],
    })
    await during(links, approveTemplate(ben.profile, template), ben.at)
    const file = await enrollPoint(ann.profile, 'desk gateway', 'files', 'modern')
    point = file.point
    await writePrivate(join(folder, 'gateway.json'), file)
    await startGateway(0)
  }, 180_000)

  afterAll(async () => {
    await browser?.close()
    callbacks?.close()
    callbacks?.closeAllConnections()
    await gateway?.end('SIGTERM')
    await control?.process.end('SIGTERM')
    rmSync(folder, { recursive: true, force: true })
  }, 60_000)

  /** URLs that the client was asked to open. */
  const opened: string[] = []

  function program(revision: Revision = '2025-11-25'): Client {
    const client = new Client(
      { name: 'desk-assistant', version: '1.0.0' },
      {
        capabilities: { elicitation: { url: {} } },
        ...(revision === '2025-11-25' ? {} : { versionNegotiation: { mode: { pin: revision } } }),
      },
    )
    client.setRequestHandler('elicitation/create', ({ params }) => {
      if (params.mode === 'url') opened.push(params.url)
      return { action: 'accept' }
    })
    return client
  }

  const transport = (server = 'files', authProvider = memory): StreamableHTTPClientTransport =>
    new StreamableHTTPClientTransport(new URL(`${url}/servers/${server}/mcp`), { authProvider })

  async function connected(): Promise<Client> {
    const client = program()
    await client.connect(transport())
    return client
  }

  async function looks(at: PersonAtBrowser, name: string): Promise<void> {
    for (const [look, size, colorScheme] of LOOKS) {
      await at.page.setViewportSize(size)
      await at.page.emulateMedia({ colorScheme })
      const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'
      expect(await at.page.evaluate(overflow), `${name}, ${look}`).toBe(0)
      await at.shot(`stranger-${name}-${look}`)
    }
    await at.page.setViewportSize(LOOKS[0][1])
  }

  const read = (client: Client, path: string): Promise<Answer> =>
    client.callTool({ name: 'read_text_file', arguments: { path } })

  /** Ann ticks what it may do: to read, and to write when another person says so. */
  async function choosing(): Promise<string> {
    const { page } = ann.at
    const choice = await ann.at.reaches('choose')
    await page.getByLabel('read_text_file').check()
    await page.getByLabel('write_file').check()
    const card = page.locator('.card', { has: page.getByLabel('write_file') })
    await card.getByLabel('Another person approves each call').check()
    await page.getByLabel('For how long').selectOption('1 hour')
    await looks(ann.at, 'choose')
    return choice
  }

  /** From the choice to a client that has a token. */
  async function signed(first: StreamableHTTPClientTransport): Promise<string> {
    const { at } = ann
    await at.press('Continue')
    const root = await at.reaches('sign')
    await looks(at, 'sign')
    await at.press('Approve with passkey')
    await at.page.waitForURL(`${memory.redirectUrl}**`)
    await first.finishAuth(new URL(at.page.url()).searchParams)
    return root
  }

  let delegation = ''
  const delegationOf = (): string => {
    const { access_token } = memory.tokens() as { access_token: string }
    const claims = JSON.parse(Buffer.from(access_token.split('.')[1] ?? '', 'base64url').toString())
    return String(claims.delegation)
  }

  test('is led to a page that says in plain words what is asked, and gets what a person leaves of it', async () => {
    const first = transport()
    await expect(program().connect(first)).rejects.toThrow(UnauthorizedError)
    expect(memory.sentTo?.origin).toBe(new URL(control.url).origin)
    const { at } = ann
    expect(await at.open(String(memory.sentTo))).toMatch(/^Desk Assistant wants to use files\n/)
    await at.press('Sign in with passkey')
    await at.reaches('agent_new')
    await at.press('Propose this agent')
    const waiting = await at.reaches('agent_proposed')
    const agent = /agent approve (agt_\w+)/.exec(waiting)?.[1] ?? ''
    await during(links, approveAgent(ben.profile, agent), ben.at)

    const choice = await choosing()
    for (const words of [`path matches ${reports}/**`, 'list_directory', 'move_file'])
      expect(choice).toContain(words)
    const root = await signed(first)
    for (const words of [
      'read_text_file',
      'write_file',
      `${reports}/**`,
      'Waits until a person',
      'desk gateway',
    ])
      expect(root).toContain(words)
    for (const words of ['list_directory', 'move_file']) expect(root).not.toContain(words)
    delegation = delegationOf()
  }, 120_000)

  test('calls what is granted, and is told why the rest is denied', async () => {
    const client = await connected()
    const { tools } = await client.listTools()
    expect(tools.map(({ name }) => name).sort()).toEqual(['read_text_file', 'write_file'])
    expect((await read(client, join(reports, 'q3.txt'))).content).toMatchObject([{ text: 'Q3 was good.' }])
    const outside = await read(client, join(folder, 'salaries.txt'))
    expect(decisionOf(outside)).toMatchObject(denied('CONSTRAINT_VIOLATED'))
    const ungranted = await client.callTool({ name: 'list_directory', arguments: { path: reports } })
    expect(decisionOf(ungranted)).toMatchObject(denied('NO_MATCHING_GRANT'))
    await client.close()
  }, 60_000)

  test('waits with what another person has to approve, and hands on where they do', async () => {
    const client = program()
    // It has no stream open but that of the call: the link comes there.
    const fetchAlone = (at: string | URL, init?: RequestInit): Promise<Response> =>
      init?.method === 'GET' ? Promise.resolve(new Response(null, { status: 405 })) : fetch(at, init)
    await client.connect(
      new StreamableHTTPClientTransport(new URL(`${url}/servers/files/mcp`), {
        authProvider: memory,
        fetch: fetchAlone,
      }),
    )
    const path = join(reports, 'q4.txt')
    const answer = client.callTool({
      name: 'write_file',
      arguments: { path, content: 'Q4 will be better.' },
    })
    const text = await ben.at.open(await until('the client was told where', () => opened.shift()))
    expect(statSync(path, { throwIfNoEntry: false })).toBeUndefined()
    for (const words of ['Let it call write_file?', 'Desk Assistant', 'Delegated by\nAnn', path])
      expect(text).toContain(words)
    await looks(ben.at, 'approval')
    await ben.at.press('Approve with passkey')
    await ben.at.reaches('approved')
    expect((await answer).isError).not.toBe(true)
    expect(readFileSync(path, 'utf8')).toBe('Q4 will be better.')
    await client.close()
  }, 60_000)

  test('of revision 2026-07-28 does so at another server, with another token for the same agent', async () => {
    const other = new Memory(memory.redirectUrl, memory.clientInformation())
    const first = transport('modern', other)
    await expect(program('2026-07-28').connect(first)).rejects.toThrow(UnauthorizedError)
    const { at } = ann
    await at.open(String(other.sentTo))
    await at.press('Sign in with passkey')
    await at.reaches('choose')
    await at.page.getByLabel('echo').check()
    await at.page.getByLabel('Another person approves each call').check()
    await signed(first)
    const client = program('2026-07-28')
    await client.connect(transport('modern', other))
    const answer = client.callTool({ name: 'echo', arguments: { text: 'hello' } })
    await ben.at.open(await until('the client was told where', () => opened.shift()))
    await ben.at.press('Approve with passkey')
    await ben.at.reaches('approved')
    expect((await answer).content).toMatchObject([{ text: 'hello' }])
    await client.close()
  }, 60_000)

  test('is not stopped by a gateway that is killed and started again', async () => {
    const port = Number(new URL(url).port)
    await gateway.end('SIGKILL')
    await startGateway(port)
    const client = await connected()
    expect((await read(client, join(reports, 'q3.txt'))).content).toMatchObject([{ text: 'Q3 was good.' }])
    await client.close()
    expect(delegationOf()).toBe(delegation)
    const kept = join(folder, `${point}.hosting.json`)
    expect(statSync(kept).mode & 0o777).toBe(0o600)
    const { keys } = JSON.parse(readFileSync(kept, 'utf8')) as { keys: { used: string | null }[] }
    // One of the agent for both of its delegations, and as many as before for the next.
    expect(keys.filter(({ used }) => used !== null)).toHaveLength(1)
    expect(keys.filter(({ used }) => used === null)).toHaveLength(32)
  }, 60_000)

  test('is stopped by a revocation: the next call is denied, and then its token is good for nothing', async () => {
    const client = await connected()
    const path = join(reports, 'q3.txt')
    await read(client, path)
    await revoke(ann.profile, 'delegation', delegation, 'work_done')
    const after = await until('the revocation is there', async () => {
      const answer = await read(client, path)
      return answer.isError === true ? answer : null
    })
    expect(decisionOf(after)).toMatchObject(denied('REVOKED'))
    memory.sentTo = null
    await expect(read(client, path)).rejects.toThrow(UnauthorizedError)
    expect(memory.sentTo).not.toBeNull()
    await client.close().catch(() => undefined)
  }, 60_000)

  test('gets another when its person consents anew', async () => {
    const first = transport()
    await expect(program().connect(first)).rejects.toThrow(UnauthorizedError)
    const { at } = ann
    await at.open(String(memory.sentTo))
    await at.press('Sign in with passkey')
    await choosing()
    await signed(first)
    expect(delegationOf()).not.toBe(delegation)
    const client = await connected()
    expect((await read(client, join(reports, 'q3.txt'))).content).toMatchObject([{ text: 'Q3 was good.' }])
    await client.close()
  }, 60_000)

  test('leaves evidence that verifies, with who delegated and who approved', async () => {
    await gateway.end('SIGTERM') // it ships what it has recorded
    const { bytes } = await packOf(ann.profile, { from_ms: began - 1000, to_ms: Date.now() + 1 })
    const { report } = await verifyPack(nodeCrypto, bytes, control.vkey)
    expect(report.faults).toEqual([])
    expect(report).toMatchObject({ ok: true, allowed: expect.any(Number) })
    const [decisions, delegations] = ['decisions', 'delegations'].map((name) =>
      Buffer.from(readArchive(bytes).get(`populations/${name}.jsonl`) ?? [])
        .toString()
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    )
    expect(delegations).toContainEqual(expect.objectContaining({ jti: delegation }))
    expect(decisions).toContainEqual(
      expect.objectContaining({
        decision: 'allow',
        tool: 'write_file',
        approval: expect.stringMatching(/^apr_/),
      }),
    )
    expect(decisions).toContainEqual(
      expect.objectContaining({ decision: 'deny', reasons: ['REVOKED'], point }),
    )
  }, 60_000)
})
