/** For tests: a real server in a temporary folder, and callers that sign with real keys. @module */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import {
  softwareAuthenticator,
  type SoftwareAuthenticator,
} from '../../src/adapters/software-authenticator/software-authenticator.ts'
import type { Alg, PrivateJwk, PublicJwk } from '../../src/core/crypto.ts'
import { openScratch, openSnapshot } from '../../src/adapters/sqlite/offline.ts'
import { base64url, utf8 } from '../../src/core/encoding.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { thumbprint } from '../../src/core/jwk.ts'
import { signJws } from '../../src/core/sign.ts'
import { enrolAct } from '../../src/registry/enrolment.ts'
import { secretHash } from '../../src/registry/invitations.ts'
import { checkRegisters, type RegisterCheck } from '../../src/registry/rebuild/check.ts'
import { ACT_TAG } from '../../src/token/constants.ts'
import { challengeOf } from '../../src/token/gesture.ts'
import { createServer, type RunningServer } from './server.ts'
import type { ServerOptions } from './server-options.ts'

export interface Answer {
  readonly status: number
  /** The answer's JSON; a test that reads a member it does not have fails on the comparison. */
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly json: any
}

/** Claims and body as they would be sent, for tests that bend them. */
export interface Bend {
  readonly claims?: JsonObject
  readonly proof?: string
  readonly sent?: string
  readonly headers?: Record<string, string>
}

/** Signs requests with one key. */
export class Caller {
  readonly key: PrivateJwk
  readonly jwk: PublicJwk
  readonly jkt: string
  readonly base: () => string

  constructor(base: () => string, alg: Alg = 'Ed25519', key = nodeCrypto.generateKey(alg)) {
    this.key = key
    this.jwk = nodeCrypto.signer(this.key).publicJwk
    this.jkt = thumbprint(nodeCrypto, this.jwk)
    this.base = base
  }

  proof(method: string, path: string, body: string, claims: JsonObject = {}): string {
    const header = { typ: 'dpop+jwt', jwk: { ...this.jwk } }
    return signJws(nodeCrypto.signer(this.key), header, {
      jti: base64url(nodeCrypto.randomBytes(16)),
      htm: method,
      htu: this.base() + path.split('?')[0],
      iat: Math.floor(Date.now() / 1000),
      body_sha256: base64url(nodeCrypto.sha256(utf8(body))),
      ...claims,
    })
  }

  fetch(method: string, path: string, body = '', bend: Bend = {}, signal?: AbortSignal): Promise<Response> {
    const sent = bend.sent ?? body
    return fetch(this.base() + path, {
      method,
      headers: {
        DPoP: bend.proof ?? this.proof(method, path, body, bend.claims),
        ...(sent === '' ? {} : { 'content-type': 'application/json' }),
        ...bend.headers,
      },
      ...(sent === '' ? {} : { body: sent }),
      ...(signal ? { signal } : {}),
    })
  }

  async get(path: string, bend?: Bend): Promise<Answer> {
    return read(await this.fetch('GET', path, '', bend))
  }

  async post(path: string, value: unknown, bend?: Bend): Promise<Answer> {
    return read(await this.fetch('POST', path, JSON.stringify(value), bend))
  }

  async put(path: string, value: unknown, bend?: Bend): Promise<Answer> {
    return read(await this.fetch('PUT', path, JSON.stringify(value), bend))
  }

  /** @returns how many entries the log has */
  async logSize(): Promise<number> {
    return (await this.get('/v1/entries?limit=1')).json.size
  }

  /** @returns types of the entries since the log had `size`, but for alerts, which come by themselves */
  async loggedSince(size: number): Promise<string[]> {
    const { json } = await this.get(`/v1/entries?after=${size - 1}&limit=1000`)
    const types: string[] = json.entries.map(({ entry }: { entry: { type: string } }) => entry.type)
    return types.filter((type) => type !== 'alert.raised')
  }
}

async function read(response: Response): Promise<Answer> {
  return { status: response.status, json: await response.json() }
}

export interface Operator {
  readonly id: string
  readonly rev: string
  readonly api: Caller
  readonly authenticator: SoftwareAuthenticator
}

/** A server that can be restarted on the same folder. */
export class TestServer {
  readonly dataDir = mkdtempSync(join(tmpdir(), 'countersign-server-'))
  readonly options: Omit<ServerOptions, 'dataDir'>
  readonly faults: unknown[] = []
  /** For tests that write to the database behind the server's back. */
  skipsRebuild = false
  #running: RunningServer | null = null
  bootstrapSecret = ''

  constructor(options: Omit<ServerOptions, 'dataDir'> = {}) {
    this.options = options
  }

  get running(): RunningServer {
    if (!this.#running) throw new Error('the test server is not running')
    return this.#running
  }

  readonly base = (): string => this.running.url

  async start(): Promise<this> {
    const report = (error: unknown): number => this.faults.push(error)
    this.#running = await createServer({ dataDir: this.dataDir, report, ...this.options })
    this.bootstrapSecret = this.#running.bootstrapSecret ?? this.bootstrapSecret
    return this
  }

  async restart(): Promise<void> {
    await this.running.close()
    await this.start()
  }

  /** Starts again, as whoever holds the machine does. @returns the secret */
  async recover(person: string): Promise<string> {
    await this.running.close()
    const report = (error: unknown): number => this.faults.push(error)
    this.#running = await createServer({ dataDir: this.dataDir, report, ...this.options, recover: person })
    return this.running.recoverySecret ?? ''
  }

  /** Whatever a test did, the log gives the registers that it left (REG-2). */
  async remove(): Promise<void> {
    await this.#running?.close()
    const database = join(this.dataDir, 'countersign.db')
    const check = this.#running === null || this.skipsRebuild ? null : await registersOf(database)
    rmSync(this.dataDir, { recursive: true, force: true })
    if (this.faults.length > 0) throw new AggregateError(this.faults, 'the server had unexpected faults')
    if (check?.ok === false) throw new Error(`the log gives other registers: ${JSON.stringify(check)}`)
  }

  /** As a browser that opens a link. @returns its cookie; null: it did not come in */
  async comeIn(link: string): Promise<string | null> {
    const ticket = /#ticket=(.*)$/.exec(link)?.[1]
    const headers = { 'content-type': 'application/json', origin: this.base() }
    const init = { method: 'POST', headers, body: JSON.stringify({ ticket }) }
    const answer = await fetch(`${this.base()}/v1/session/ticket`, init)
    return answer.headers.get('set-cookie')?.split(';')[0] ?? null
  }

  caller(alg?: Alg): Caller {
    return new Caller(this.base, alg)
  }

  /** Enrols with an invitation. The first person endorses themselves. */
  async enrol(secret: string): Promise<Operator> {
    const api = this.caller()
    const { authenticator, body } = this.enrolment(api, secret)
    const answer = await api.post('/v1/enroll', body)
    if (answer.status !== 200) throw new Error(`enrolment failed: ${JSON.stringify(answer.json)}`)
    const operator = { id: answer.json.person, rev: answer.json.rev, api, authenticator }
    if (answer.json.first === true) await this.endorse(operator, operator.id)
    return operator
  }

  /** @param given another one than a new one */
  enrolment(
    api: Caller,
    secret: string,
    given?: SoftwareAuthenticator,
  ): { authenticator: SoftwareAuthenticator; body: JsonObject } {
    const place = { rp_id: 'localhost', origin: 'http://localhost' }
    const authenticator = given ?? softwareAuthenticator(nodeCrypto, nodeCrypto.generateKey('ES256'), place)
    const act = enrolAct(nodeCrypto, api.jwk, secretHash(nodeCrypto, secret))
    const credential = { ...authenticator.register(challengeOf(nodeCrypto, ACT_TAG, act)) }
    return { authenticator, body: { secret, credential } }
  }

  async endorse(by: Operator, person: string): Promise<Answer> {
    const { json } = await by.api.get(`/v1/people/${person}/endorsement`)
    return by.api.post(`/v1/people/${person}/endorse`, by.authenticator.assert(json.challenge))
  }

  /** Enrolled, and endorsed by who invites. */
  async invite(by: Operator, name: string): Promise<Operator> {
    const operator = await this.enrol((await by.api.post('/v1/people', { name })).json.invitation)
    await this.endorse(by, operator.id)
    return operator
  }

  /** Proposed by one, approved by another, active, with a key. */
  async agent(proposer: Operator, approver: Operator): Promise<{ id: string; key: Caller }> {
    const proposal = {
      name: 'Bot',
      class: 'coding',
      purpose: 'tests',
      systems: [],
      manifest: { version: '1' },
    }
    const id: string = (await proposer.api.post('/v1/agents', proposal)).json.agent
    await this.approve(approver, id)
    await proposer.api.post(`/v1/agents/${id}/activate`, { reason: 'start' })
    const key = this.caller()
    await proposer.api.post(`/v1/agents/${id}/keys`, { jwk: key.jwk })
    return { id, key }
  }

  async approve(approver: Operator, agent: string): Promise<Answer> {
    const { json } = await approver.api.get(`/v1/agents/${agent}/approval`)
    return approver.api.post(`/v1/agents/${agent}/approve`, approver.authenticator.assert(json.challenge))
  }

  async point(by: Operator, server = 'files'): Promise<{ id: string; api: Caller }> {
    const api = this.caller()
    const body = { name: 'gw', jwk: api.jwk, placement: 'gateway', servers: [server] }
    return { id: (await by.api.post('/v1/points', body)).json.point, api }
  }

  async delegate(
    by: Operator,
    agent: { id: string; key: Caller },
    point: string,
  ): Promise<{ jti: string; chain: string }> {
    const draft = await by.api.post('/v1/delegations/drafts', delegationOf(agent, point))
    const seal = by.authenticator.assert(draft.json.challenge)
    return (await by.api.post(`/v1/delegations/drafts/${draft.json.jti}/seal`, seal)).json
  }
}

/** The registers of a database against its own log. */
export async function registersOf(path: string): Promise<RegisterCheck> {
  const live = openSnapshot(path)
  const scratch = openScratch()
  try {
    return await checkRegisters({ crypto: nodeCrypto, live, scratch: scratch.db })
  } finally {
    scratch.close()
    live.close()
  }
}

export function delegationOf(agent: { id: string; key: Caller }, point: string): JsonObject {
  return {
    agent: agent.id,
    jkt: agent.key.jkt,
    aud: [point],
    grants: [{ type: 'tool', server: 'files', actions: ['read'] }],
    ttl_s: 3600,
    depth_max: 2,
    instruction: 'read the reports',
  }
}
