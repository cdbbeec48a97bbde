/**
 * The README's walk to a gateway over HTTP, command by command as it stands there: an agent with a key, and then a
 * client that nobody here wrote and a person with a passkey. Only ports, secrets and identifiers are filled in.
 */
import { once } from 'node:events'
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { createServer as createHttp, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until, type Process } from '../fixtures/processes.ts'
import { readmeCommands, ReadmeShell } from '../fixtures/readme-shell.ts'
import { CHROMIUM_RUNS, launchChromium } from './chromium.ts'
import { Memory } from './client-memory.ts'
import { freePort, PersonAtBrowser } from './person.ts'

const TO_ACT = readmeCommands('## From first start to a verified pack', '**6. Act**')
const [SET_R = ''] = readmeCommands('**6. Act**', '**Or without code:**')
const HTTP = readmeCommands('**Or over HTTP', '**7. Watch, and revoke.**')

/** What a command of the README begins with, or says. */
const starting = (command: string): boolean => command.includes('countersign start')
const serving = (command: string): boolean => command.includes('gateway --config')
/** Steps that the README says are as one likes. */
const optional = (command: string): boolean =>
  /template|--approver|two\.chain|delegation (waiting|approve)/.test(command)

describe('the README over HTTP', () => {
  const home = realpathSync(mkdtempSync(join(tmpdir(), 'countersign-readme-')))
  const filled = new Map<string, string>()
  let shell: ReadmeShell
  let control: Process
  let gateway: Process | undefined
  let address = ''

  const fill = (command: string): string =>
    [...filled].reduce((text, [from, to]) => text.replaceAll(from, to), command)

  /** Types it, and keeps what the next ones ask for. */
  async function typed(command: string): Promise<string> {
    const said = await shell.type(fill(command))
    const invited = /--secret (\S+)\n[^]*?then vouch for them: countersign person endorse (per_\w+)/.exec(
      said,
    )
    if (invited !== null) {
      filled.set('THE INVITATION', invited[1] ?? '')
      filled.set('per_…', invited[2] ?? '')
    }
    return said
  }

  beforeAll(async () => {
    shell = new ReadmeShell(home)
    const [controlPort, gatewayPort] = [await freePort(), await freePort()]
    filled.set('127.0.0.1:7400', `127.0.0.1:${controlPort}`)
    filled.set('127.0.0.1:7500', `127.0.0.1:${gatewayPort}`)
    address = `http://127.0.0.1:${gatewayPort}/servers/files/mcp`
    for (const command of TO_ACT.filter((each) => !optional(each))) {
      if (!starting(command)) {
        await typed(command)
        continue
      }
      control = shell.elsewhere(`${command} --port ${controlPort}`, { W: join(home, 'countersign-walk') })
      const [, secret = ''] = await until('it prints a secret', () => /--secret (\S+)/.exec(control.output))
      filled.set('THE SECRET', secret)
    }
    await typed(SET_R)
  }, 120_000)

  afterAll(async () => {
    await gateway?.end('SIGTERM')
    await shell?.close()
    await control?.end('SIGTERM')
    rmSync(home, { recursive: true, force: true })
  }, 60_000)

  test('an agent with a key needs an address and its key file', async () => {
    const said: string[] = []
    for (const command of HTTP.slice(
      0,
      HTTP.findIndex((each) => each.includes('person invite')),
    )) {
      if (!serving(command)) {
        said.push(await typed(command))
        continue
      }
      const started = shell.elsewhere(fill(command))
      gateway = started
      await until('the gateway listens', () => started.output.includes('listens at http://127.0.0.1:'))
    }
    expect(said.slice(-3)).toEqual([
      expect.stringMatching(/countersign\.yaml is good: 1 server\n$/),
      'allowed: The quarter was good.\n',
      'denied: CONSTRAINT_VIOLATED\n',
    ])
  }, 60_000)

  describe.runIf(CHROMIUM_RUNS)('and a client that knows nothing of Countersign', () => {
    let browser: Browser
    let reader: PersonAtBrowser
    let callbacks: Server
    let memory: Memory

    beforeAll(async () => {
      callbacks = createHttp((_, response) => response.end('back at the client')).listen(0, '127.0.0.1')
      await once(callbacks, 'listening')
      memory = new Memory(`http://127.0.0.1:${(callbacks.address() as AddressInfo).port}/callback`)
      browser = await launchChromium()
      reader = await PersonAtBrowser.sit(browser)
    }, 60_000)

    afterAll(async () => {
      await browser?.close()
      callbacks?.close()
      callbacks?.closeAllConnections()
    }, 60_000)

    const transport = (): StreamableHTTPClientTransport =>
      new StreamableHTTPClientTransport(new URL(address), { authProvider: memory })
    const program = (): Client => new Client({ name: 'desk-assistant', version: '1.0.0' })

    test('needs the address, and a person with a passkey', async () => {
      const rest = HTTP.slice(HTTP.findIndex((each) => each.includes('person invite')))
      const [invite = '', enroll = '', endorse = '', approve = '', ...none] = rest
      expect(none).toEqual([])
      await typed(invite)
      const enrolling = shell.elsewhere(fill(enroll), { W: join(home, 'countersign-walk') })
      await reader.open(await until('it prints a link', () => /http:\S+/.exec(enrolling.output)?.[0]))
      await reader.press('Create passkey')
      await reader.reaches('enrolled')
      expect((await enrolling.ended).code).toBe(0)
      await typed(endorse)

      const first = transport()
      await expect(program().connect(first)).rejects.toThrow(UnauthorizedError)
      expect(await reader.open(String(memory.sentTo))).toMatch(/^Desk Assistant wants to use files\n/)
      await reader.press('Sign in with passkey')
      await reader.reaches('agent_new')
      await reader.press('Propose this agent')
      const [, agent = ''] = /agent approve (agt_\w+)/.exec(await reader.reaches('agent_proposed')) ?? []
      filled.set('agt_…', agent)
      await typed(approve)
      await reader.reaches('choose')
      await reader.page.getByLabel('read_text_file').check()
      await reader.press('Continue')
      await reader.reaches('sign')
      await reader.press('Approve with passkey')
      await reader.page.waitForURL(`${memory.redirectUrl}**`)
      await first.finishAuth(new URL(reader.page.url()).searchParams)

      const client = program()
      await client.connect(transport())
      const path = join(home, 'countersign-walk', 'files', 'notes.txt')
      const answer = await client.callTool({ name: 'read_text_file', arguments: { path } })
      expect(answer.content).toMatchObject([{ type: 'text', text: 'The quarter was good.\n' }])
      await client.close()
      expect(await typed('npx countersign delegations')).toContain(agent)
    }, 120_000)
  })
})
