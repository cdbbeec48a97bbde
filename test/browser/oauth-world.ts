/**
 * For the tests of consent: a control plane with two people who have passkeys, a gateway's point with hosting keys, a
 * resource behind it, and clients.
 * @module
 */
import { createServer as createHttp, type Server } from 'node:http'
import { createServer as createSocket, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, BrowserContextOptions } from 'playwright-core'
import {
  addSystem,
  approveAgent,
  endorse,
  enrollPoint,
  enrollWithPasskey,
  invite,
} from '../../apps/cli/operator.ts'
import { registerTool } from '../../apps/cli/tools.ts'
import { openProfile, type Profile } from '../../apps/cli/profile.ts'
import { Caller } from '../../apps/server/harness.ts'
import { createServer, type RunningServer } from '../../apps/server/server.ts'
import type { PrivateJwk } from '../../src/core/crypto.ts'
import { ProtectedResource } from '../fixtures/protected-resource.ts'
import { launchChromium } from './chromium.ts'
import { PersonAtBrowser } from './person.ts'

export const DOCUMENT_URL = 'https://client.example/oauth/metadata.json'
const TOOLS = ['read_text_file', 'list_directory', 'write_file', 'move_file']

interface Person {
  readonly at: PersonAtBrowser
  readonly profile: Profile
}

interface Parts {
  readonly folder: string
  readonly server: RunningServer
  readonly clients: Server
  readonly faults: readonly unknown[]
}

export class OauthWorld {
  readonly #folder: string
  /** Metadata documents by URL, as the clients' own servers would serve them. */
  readonly documents = new Map<string, object>()
  /** Where clients are answered. */
  readonly callback: string
  readonly #clients: Server
  readonly #faults: readonly unknown[]
  readonly server: RunningServer
  readonly browser: Browser
  ann!: Person
  ben!: Person
  point!: { readonly id: string; readonly api: Caller }
  resource!: ProtectedResource

  private constructor({ folder, server, clients, faults }: Parts, browser: Browser) {
    this.#folder = folder
    this.#clients = clients
    this.#faults = faults
    this.callback = `http://127.0.0.1:${(clients.address() as AddressInfo).port}/callback`
    this.server = server
    this.browser = browser
  }

  /** @param isPinned whether clients reach it at the origin of its passkeys */
  static async begin(
    separation: 'independent' | 'after' = 'independent',
    isPinned = true,
  ): Promise<OauthWorld> {
    const port = await freePort()
    const url = `http://localhost:${port}`
    const folder = mkdtempSync(join(tmpdir(), 'countersign-oauth-'))
    let world: OauthWorld | null = null
    const faults: unknown[] = []
    const server = await createServer({
      dataDir: folder,
      port,
      ...(isPinned ? { publicUrl: url } : {}),
      separation,
      rp: { rp_id: 'localhost', origins: [url] },
      report: (error) => faults.push(error),
      clientFetch: async (at) => world?.document(new Request(at).url) ?? Response.error(),
    })
    const clients = createHttp((_, response) => response.end('back at the client')).listen(0, '127.0.0.1')
    await once(clients, 'listening')
    world = new OauthWorld({ folder, server, clients, faults }, await launchChromium())
    await world.#furnish()
    return world
  }

  document(url: string): Response {
    const found = this.documents.get(url)
    return found === undefined ? new Response(null, { status: 404 }) : Response.json(found)
  }

  async #furnish(): Promise<void> {
    this.ann = await this.#enrol(this.server.bootstrapSecret ?? '', 'Ann', true)
    const { invitation } = await invite(this.ann.profile, 'Ben')
    this.ben = await this.#enrol(invitation, 'Ben', false)
    await this.during(this.ann, endorse(this.ann.profile, this.ben.profile.person))
    const file = await enrollPoint(this.ann.profile, 'gateway-1', 'files')
    this.point = {
      id: file.point,
      api: new Caller(() => this.server.url, 'Ed25519', file.key as unknown as PrivateJwk),
    }
    const system = await addSystem(this.ann.profile, 'files')
    for (const tool of TOOLS)
      await registerTool(this.ann.profile, {
        system,
        server: 'files',
        tool,
        definition_hash: 'A'.repeat(43),
        measures: {},
      })
    this.resource = await ProtectedResource.start(this.server.url)
    await this.offerKeys(16)
    this.documents.set(DOCUMENT_URL, {
      client_id: DOCUMENT_URL,
      client_name: 'Quarterly Report Writer',
      application_type: 'native',
      redirect_uris: [this.callback],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    })
  }

  async offerKeys(n: number): Promise<void> {
    const { api } = this.point
    const keys = Array.from({ length: n }, () => new Caller(() => '').jwk)
    const resources = [{ server: 'files', url: this.resource.url }]
    const answer = await api.fetch('PUT', '/v1/points/hosting-keys', JSON.stringify({ keys, resources }))
    if (!answer.ok) throw new Error(await answer.text())
  }

  /** Somebody enrolled whom nobody has endorsed. */
  async stranger(name: string): Promise<Person> {
    const { invitation } = await invite(this.ann.profile, name)
    return this.#enrol(invitation, name, false)
  }

  async #enrol(secret: string, name: string, isFirst: boolean): Promise<Person> {
    const at = await this.sit()
    const link = Promise.withResolvers<string>()
    const file = enrollWithPasskey(this.server.url, secret, name, (url) => link.resolve(url))
    await at.open(await link.promise)
    await at.press('Create passkey')
    if (isFirst) {
      await at.reaches('open')
      await at.press('Approve with passkey')
    }
    await at.reaches(isFirst ? 'done' : 'enrolled')
    const profile = openProfile(await file, (url) => this.#links.shift()?.(url))
    return { at, profile }
  }

  readonly #links: ((url: string) => void)[] = []

  /** Makes the gesture that a command asks for. */
  async during<T>({ at }: Person, command: Promise<T>): Promise<T> {
    const link = new Promise<string>((resolve) => this.#links.push(resolve))
    await at.open(await link)
    await at.press('Approve with passkey')
    await at.reaches('done')
    return command
  }

  approves(by: Person, agent: string): Promise<void> {
    return this.during(by, approveAgent(by.profile, agent))
  }

  sit(look: BrowserContextOptions = {}): Promise<PersonAtBrowser> {
    return PersonAtBrowser.sit(this.browser, look)
  }

  async end(): Promise<void> {
    await this.browser.close()
    this.resource?.close()
    this.#clients.close()
    this.#clients.closeAllConnections()
    await this.server.close()
    rmSync(this.#folder, { recursive: true, force: true })
    if (this.#faults.length > 0) throw new AggregateError(this.#faults, 'the server had unexpected faults')
  }
}

async function freePort(): Promise<number> {
  const socket = createSocket().listen(0, '127.0.0.1')
  await once(socket, 'listening')
  const address = socket.address()
  socket.close()
  await once(socket, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}
