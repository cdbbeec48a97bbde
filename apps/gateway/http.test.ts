/**
 * The HTTP gateway between real MCP clients and real servers, with a real control plane behind its point. The
 * authorization server is a small one of `jose`; delegations are real, under hosting keys of the gateway.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { addAgentKey, delegate, enrollPoint, revoke } from '../cli/operator.ts'
import { writePrivate } from '../cli/profile.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { PublicJwk } from '../../src/core/crypto.ts'
import { base64url } from '../../src/core/encoding.ts'
import { thumbprint } from '../../src/core/jwk.ts'
import { AccessTokens } from '../../src/enforce/access-tokens.ts'
import { CountersignMcpSession } from '../../src/enforce/adapters/mcp/client.ts'
import { HostedDelegations, type HostingKey } from '../../src/enforce/hosted.ts'
import { systemClock } from '../../src/ports/clock.ts'
import { argsCommit } from '../../src/token/proof.ts'
import { signDpop } from '../../src/token/dpop.ts'
import { ECHO_SERVER, until } from '../../test/fixtures/processes.ts'
import { ECHO_GRANT, SERVER, Stage } from '../../test/fixtures/stage.ts'
import { Access } from './access.ts'
import type { ServerConfig } from './config.ts'
import { openFront, type Front } from './http-front.ts'
import { Sessions } from './http-sessions.ts'
import { openPoint, type OpenPoint } from './point.ts'

const anyResult = z.record(z.string(), z.unknown())
const ISSUER = 'https://control.example'

let stage: Stage
let open: OpenPoint
let front: Front
let hosting: HostedDelegations
let sessions: Sessions
let file = ''
let pool: readonly PublicJwk[] = []
let kept: readonly HostingKey[] = []
const chains = new Map<string, string>()
let signing: CryptoKey
const servers = new Map<string, ServerConfig>()
const faults: unknown[] = []

function serverOf(name: string, upstream: ServerConfig['upstream'], access: 'oauth' | 'keys'): ServerConfig {
  const limits = { sessions: 8, sessions_per_client: 4, idle_s: 60, answer_s: 20 }
  return { name, secrets: [], upstream, access, limits }
}

beforeAll(async () => {
  stage = await Stage.set()
  file = join(stage.folder, 'executed')
  const enrolled = await enrollPoint(stage.manager, 'gateway', SERVER, 'other')
  const path = join(stage.folder, 'gateway.json')
  await writePrivate(path, enrolled)
  hosting = new HostedDelegations({
    crypto: nodeCrypto,
    clock: systemClock,
    point: enrolled.point,
    plane: {
      register: async (keys) => (pool = keys).length,
      delegation: async (jti) => chains.get(jti) ?? null,
    },
    keys: [],
    keep: async (keys) => void (kept = keys),
    onFault: (error) => faults.push(error),
  })
  await hosting.fill()
  open = await openPoint(path, { delegations: hosting.get, onFault: (error) => faults.push(error) })
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  signing = privateKey
  const keys = { keys: [{ ...(await exportJWK(publicKey)), kid: 'as-1', use: 'sig', alg: 'ES256' }] }
  const authority = { issuer: ISSUER, keys: async () => keys }
  const tokens = new AccessTokens({ crypto: nodeCrypto, clock: systemClock, server: authority })
  sessions = new Sessions({ point: open.point, clock: systemClock, log: () => undefined })
  const env = {}
  const echo = {
    kind: 'stdio',
    command: process.execPath,
    args: [ECHO_SERVER, file],
    env,
    cwd: undefined,
  } as const
  servers.set(SERVER, serverOf(SERVER, echo, 'oauth'))
  front = await openFront({
    listen: { host: '127.0.0.1', port: 0 },
    public_url: undefined,
    origins: () => ['https://app.example'],
    servers: () => servers,
    access: new Access({ point: open.point, tokens, hosting, hosted: false }),
    sessions,
    issuer: ISSUER,
    onFault: (error) => faults.push(error),
  })
}, 120_000)

afterAll(async () => {
  await front?.close()
  await open?.point.close()
  await stage?.remove()
  if (faults.length > 0) throw new AggregateError(faults, 'the gateway had unexpected faults')
}, 60_000)

const urlOf = (name = SERVER): string => `${front.url}/servers/${name}/mcp`

let taken = 0

/** A delegation under the next hosting key, as a consent would make it. @param again under the key of the one before */
async function consent(again = false): Promise<string> {
  const jwk = pool[again ? taken - 1 : taken++]!
  if (!again) await addAgentKey(stage.manager, stage.agent.id, jwk)
  const jkt = thumbprint(nodeCrypto, jwk)
  const input = {
    agent: stage.agent.id,
    jkt,
    aud: [open.point.id],
    grants: [ECHO_GRANT],
    ttl_s: 3600,
    depth_max: 0,
  }
  const { jti, chain } = await delegate(stage.manager, input)
  chains.set(jti, chain)
  return jti
}

function tokenFor(delegation: string, claims: Record<string, unknown> = {}, typ = 'at+jwt'): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  const payload = {
    iss: ISSUER,
    aud: urlOf(),
    sub: 'somebody',
    client_id: 'desktop',
    iat: now,
    exp: now + 300,
  }
  return new SignJWT({ ...payload, jti: base64url(nodeCrypto.randomBytes(9)), delegation, ...claims })
    .setProtectedHeader({ alg: 'ES256', typ, kid: 'as-1' })
    .sign(signing)
}

async function clientOf(headers: Record<string, string>, name = SERVER): Promise<Client> {
  const client = new Client(
    { name: 'http-test', version: '1.0.0' },
    { versionNegotiation: { mode: 'legacy' } },
  )
  await client.connect(new StreamableHTTPClientTransport(new URL(urlOf(name)), { requestInit: { headers } }))
  return client
}

function post(body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(urlOf(), {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...headers,
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
}

const initialize = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'raw', version: '1' } },
}

describe('a client with an access token', () => {
  test('is led to the authorization server, calls under its delegation, and is sent back when that is revoked', async () => {
    const refused = await post(initialize)
    expect(refused.status).toBe(401)
    const [, metadata = ''] =
      /resource_metadata="([^"]+)"/.exec(refused.headers.get('www-authenticate') ?? '') ?? []
    const described = (await (await fetch(metadata)).json()) as object
    expect(described).toMatchObject({ resource: urlOf(), authorization_servers: [ISSUER] })

    const jti = await consent()
    const authorization = `Bearer ${await tokenFor(jti)}`
    const client = await clientOf({ authorization })
    expect((await client.listTools()).tools.map(({ name }) => name).sort()).toEqual(['die', 'echo'])
    const said = await client.callTool({ name: 'echo', arguments: { text: 'hello' } })
    expect(said.content).toEqual([{ type: 'text', text: 'hello' }])
    const denied = await client.callTool({ name: 'wait', arguments: { text: 'x' } })
    expect(denied.content).toEqual([{ type: 'text', text: expect.stringMatching(/^NO_MATCHING_GRANT/) }])

    await revoke(stage.manager, 'delegation', jti, 'test')
    await until('the point knows', () => open.point.standingOf({ delegation: jti }).includes('REVOKED'))
    const late = await client.callTool({ name: 'echo', arguments: { text: 'late' } })
    expect(late.content).toEqual([{ type: 'text', text: expect.stringMatching(/^REVOKED/) }])
    const after = await post(initialize, { authorization })
    expect([after.status, after.headers.get('www-authenticate')]).toEqual([
      401,
      expect.stringMatching(/invalid_token/),
    ])
    await client.close().catch(() => undefined)
    expect(await readFile(file, 'utf8')).not.toContain('late')
  })

  test('gets nowhere with a token that is not for here, not bound to a delegation here, over, or of another type', async () => {
    const jti = await consent()
    const now = Math.floor(Date.now() / 1000)
    const bad: [Record<string, unknown>, string?][] = [
      [{ aud: `${front.url}/servers/other/mcp` }],
      [{ aud: [urlOf(), 'https://elsewhere.example'] }],
      [{ iss: 'https://other.example' }],
      [{ delegation: 'dlg_none' }],
      [{ iat: now - 600, exp: now - 300 }],
      [{ exp: now + 4000 }],
      [{ cnf: { jkt: 'A'.repeat(43) } }],
      [{}, 'JWT'],
    ]
    for (const [claims, typ] of bad) {
      const answer = await post(initialize, { authorization: `Bearer ${await tokenFor(jti, claims, typ)}` })
      expect([answer.status, JSON.stringify(claims)]).toEqual([401, JSON.stringify(claims)])
    }
    const [head = '', body = '', signature = ''] = (await tokenFor(jti)).split('.')
    const flipped = signature.startsWith('A') ? `B${signature.slice(1)}` : `A${signature.slice(1)}`
    expect((await post(initialize, { authorization: `Bearer ${head}.${body}.${flipped}` })).status).toBe(401)
  })

  test('that is bound to a key comes with a proof, which is good once', async () => {
    const jti = await consent()
    const { privateKey, publicKey } = await generateKeyPair('ES256')
    const jwk = await exportJWK(publicKey)
    const jkt = thumbprint(nodeCrypto, jwk as unknown as PublicJwk)
    const token = await tokenFor(jti, { cnf: { jkt } })
    const ath = base64url(nodeCrypto.sha256(new TextEncoder().encode(token)))
    const proof = (claims: object): Promise<string> =>
      new SignJWT({ htm: 'POST', htu: urlOf(), jti: 'proof-1', ath, ...claims })
        .setIssuedAt()
        .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
        .sign(privateKey)
    const authorization = `DPoP ${token}`
    const dpop = await proof({})
    const good = await post(initialize, { authorization, dpop })
    expect(good.status).toBe(200)
    expect((await post(initialize, { authorization, dpop })).status).toBe(401)
    for (const claims of [{ htm: 'GET' }, { htu: front.url }, { ath: 'x' }])
      expect(
        (await post(initialize, { authorization, dpop: await proof({ jti: 'p', ...claims }) })).status,
      ).toBe(401)
    expect((await post(initialize, { authorization: `Bearer ${token}` })).status).toBe(401)
    expect((await post(initialize, { authorization })).status).toBe(401)
  })

  test('does not see the session of another one', async () => {
    const [mine, others] = [await consent(), await consent()]
    const begun = await post(initialize, { authorization: `Bearer ${await tokenFor(mine)}` })
    const session = { 'mcp-session-id': begun.headers.get('mcp-session-id') ?? '' }
    const ping = { jsonrpc: '2.0', id: 2, method: 'ping' }
    expect((await post(ping, { ...session, authorization: `Bearer ${await tokenFor(others)}` })).status).toBe(
      404,
    )
    const authorization = `Bearer ${await tokenFor(mine)}`
    expect((await post(ping, { ...session, authorization })).status).toBe(200)
    const ended = await fetch(urlOf(), { method: 'DELETE', headers: { ...session, authorization } })
    expect(ended.status).toBe(200)
    expect((await post(ping, { ...session, authorization })).status).toBe(404)
  })

  test('is let in again when its person consents anew, under the key that it has', async () => {
    for (const again of [false, true]) {
      const authorization = `Bearer ${await tokenFor(await consent(again))}`
      const begun = await post(initialize, { authorization })
      expect(begun.status).toBe(200)
      const session = { 'mcp-session-id': begun.headers.get('mcp-session-id') ?? '' }
      await fetch(urlOf(), { method: 'DELETE', headers: { ...session, authorization } })
    }
  })

  test('finds room, however many strangers came before', async () => {
    const proves = { 'countersign-proof': 'call' }
    const strangers = await Promise.all(Array.from({ length: 10 }, () => post(initialize, proves)))
    const authorization = `Bearer ${await tokenFor(await consent())}`
    const begun = await post(initialize, { authorization })
    expect(begun.status).toBe(200)
    for (const answer of [...strangers, begun]) {
      const id = answer.headers.get('mcp-session-id')
      if (id === null) continue
      const headers = { ...proves, 'mcp-session-id': id, ...(answer === begun ? { authorization } : {}) }
      await fetch(urlOf(), { method: 'DELETE', headers })
    }
  })

  test('hands in hosting keys that are kept', () => {
    expect(kept.filter(({ used }) => used !== null).length).toBeGreaterThan(0)
    expect(pool.length).toBeLessThanOrEqual(64)
  })
})

describe('a client with a key of its own', () => {
  test('proves each call in the body as over stdio', async () => {
    const { jti: _, chain } = await stage.delegate({ id: open.point.id, path: '', file: {} as never })
    const client = await clientOf({ 'countersign-proof': 'call' })
    expect((await client.listTools()).tools).toEqual([])
    const session = await CountersignMcpSession.open({
      crypto: nodeCrypto,
      clock: systemClock,
      chain,
      holder: stage.agent.holder,
      request: (method, params) => client.request({ method, params }, anyResult),
    })
    const args = { text: 'proved' }
    const said = await client.callTool({
      name: 'echo',
      arguments: args,
      _meta: session.metaFor('echo', args),
    })
    expect(said.content).toEqual([{ type: 'text', text: 'proved' }])
    const bare = await client.callTool({ name: 'echo', arguments: args })
    expect(bare.content).toEqual([{ type: 'text', text: expect.stringMatching(/^NO_CHAIN/) }])
    await client.close()
  })

  test('or in headers, with its chain as the token', async () => {
    const { chain } = await stage.delegate({ id: open.point.id, path: '', file: {} as never })
    const authorization = `DPoP ${chain}`
    const asked = await post(initialize, { authorization })
    expect(asked.status).toBe(401)
    const nonce = asked.headers.get('dpop-nonce') ?? ''
    const args = { text: 'by header' }
    const salt = nodeCrypto.randomBytes(32)
    const target = () => ({
      method: 'POST',
      url: urlOf(),
      iat: Math.floor(Date.now() / 1000),
      nonce,
      args_commit: argsCommit(nodeCrypto, salt, args),
    })
    const proof = (): string => signDpop(nodeCrypto, stage.agent.holder, chain, target())
    const begun = await post(initialize, { authorization, dpop: proof() })
    const headers = {
      authorization,
      'mcp-session-id': begun.headers.get('mcp-session-id') ?? '',
      'countersign-salt': base64url(salt),
    }
    await post({ jsonrpc: '2.0', method: 'notifications/initialized' }, { ...headers, dpop: proof() })
    const call = { jsonrpc: '2.0', id: 7, method: 'tools/call', params: { name: 'echo', arguments: args } }
    const said = JSON.stringify(await (await post(call, { ...headers, dpop: proof() })).json())
    // The nonce was for one proof with its `jti`: the same one again is a replay, another one is not.
    expect(said).toContain('by header')
    const other = { ...call, params: { name: 'echo', arguments: { text: 'another' } } }
    expect(JSON.stringify(await (await post(other, { ...headers, dpop: proof() })).json())).toContain(
      'PROOF_INVALID',
    )
  })
})

describe('without sessions', () => {
  const revision = '2026-07-28'
  const later = (method: string, id: string, params: object = {}, more: Record<string, string> = {}) => {
    const _meta = { 'io.modelcontextprotocol/protocolVersion': revision }
    const headers = { 'mcp-protocol-version': revision, 'mcp-method': method, ...more }
    return post({ jsonrpc: '2.0', id, method, params: { ...params, _meta } }, headers)
  }
  test('a stranger does not withdraw the request of another one', async () => {
    const silent = {
      kind: 'stdio',
      command: process.execPath,
      args: ['-e', 'process.stdin.resume()'],
    } as const
    servers.set('other', serverOf('other', { ...silent, env: {}, cwd: undefined }, 'keys'))
    const abort = new AbortController()
    const send = (body: object, headers: Record<string, string>): Promise<Response> =>
      fetch(urlOf('other'), {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          'mcp-protocol-version': revision,
          ...headers,
        },
        body: JSON.stringify({ jsonrpc: '2.0', ...body }),
        signal: abort.signal,
      })
    const params = { _meta: { 'io.modelcontextprotocol/protocolVersion': revision } }
    const lasting = send({ id: 'guessed', method: 'ping', params }, { 'mcp-method': 'ping' }).catch(
      () => null,
    )
    await until('it lasts', () => sessions.load > 0)
    const withdrawal = { method: 'notifications/cancelled', params: { requestId: 'guessed' } }
    expect((await send(withdrawal, {})).status).toBe(202)
    expect(sessions.load).toBe(1)
    abort.abort()
    expect(await lasting).toBe(null)
    await until('it is withdrawn', () => sessions.load === 0)
    servers.delete('other')
  })

  test('a stranger does not see what another one opened', async () => {
    const proves = { 'countersign-proof': 'call' }
    const { chain } = await stage.delegate({ id: open.point.id, path: '', file: {} as never })
    const session = await CountersignMcpSession.open({
      crypto: nodeCrypto,
      clock: systemClock,
      chain,
      holder: stage.agent.holder,
      request: async (method, params) => {
        const answer = (await (await later(method, 'o', params, proves)).json()) as { result: never }
        return answer.result
      },
    })
    const _meta = session.metaFor('echo', { text: 'x' })
    const own = await post(
      {
        jsonrpc: '2.0',
        id: 'mine',
        method: 'tools/list',
        params: { _meta: { ..._meta, 'io.modelcontextprotocol/protocolVersion': revision } },
      },
      { 'mcp-protocol-version': revision, 'mcp-method': 'tools/list', ...proves },
    )
    expect(await own.text()).toContain('"echo"')
    expect(await (await later('tools/list', 'theirs', {}, proves)).text()).toContain('"tools":[]')
  })

  test('whoever writes a chain that ends at somebody’s key is not that somebody', async () => {
    const { chain } = await stage.delegate({ id: open.point.id, path: '', file: {} as never })
    const authorization = `DPoP ${chain}`
    const thief = nodeCrypto.signer(nodeCrypto.generateKey('Ed25519'))
    const iat = Math.floor(Date.now() / 1000)
    const dpop = signDpop(nodeCrypto, thief, chain, {
      method: 'POST',
      url: urlOf(),
      iat,
      nonce: open.point.challenge().challenge,
      args_commit: argsCommit(nodeCrypto, nodeCrypto.randomBytes(32), {}),
    })
    const stolen = await later('tools/list', 'a', {}, { authorization, dpop })
    expect(JSON.stringify(await stolen.json())).toContain('"tools":[]')
    const denied = await later(
      'tools/call',
      'b',
      { name: 'echo', arguments: {} },
      {
        authorization,
        dpop,
        'mcp-name': 'echo',
      },
    )
    expect(JSON.stringify(await denied.json())).toContain('PROOF_INVALID')
  })
})

describe('the front', () => {
  test('reads no large message of who has no token', async () => {
    const large = JSON.stringify({
      ...initialize,
      params: { ...initialize.params, x: 'x'.repeat(3_000_000) },
    })
    expect((await post(large)).status).toBe(401)
    const authorization = `Bearer ${await tokenFor(await consent())}`
    expect((await post(large, { authorization })).status).toBe(200)
  })

  test('refuses other hosts, other origins, other types, batches, and headers that differ from the body', async () => {
    const proves = { 'countersign-proof': 'call' }
    expect((await post(initialize, { ...proves, origin: 'https://evil.example' })).status).toBe(403)
    expect((await post(initialize, { ...proves, 'content-type': 'text/plain' })).status).toBe(415)
    expect((await post(initialize, { ...proves, accept: 'application/json' })).status).toBe(406)
    expect((await post([initialize], proves)).status).toBe(400)
    expect((await post('{', proves)).status).toBe(400)
    expect((await post({ jsonrpc: '2.0', id: 1, method: 'ping' }, proves)).status).toBe(400)
    const named = await post(initialize, { ...proves, 'mcp-method': 'tools/call' })
    expect([named.status, await named.json()]).toMatchObject([400, { error: { code: -32020 } }])
    expect((await fetch(`${front.url}/servers/none/mcp`, { method: 'POST' })).status).toBe(404)
    const allowed = await post(JSON.stringify(initialize, null, 2), {
      ...proves,
      origin: 'https://app.example',
    })
    expect([allowed.status, allowed.headers.get('access-control-allow-origin')]).toEqual([
      200,
      'https://app.example',
    ])
  })

  test('opens no more sessions than the server has room for', async () => {
    const proves = { 'countersign-proof': 'call' }
    const answers = await Promise.all(Array.from({ length: 10 }, () => post(initialize, proves)))
    expect(answers.some(({ status }) => status === 503)).toBe(true)
    for (const answer of answers) {
      const id = answer.headers.get('mcp-session-id')
      if (id !== null)
        await fetch(urlOf(), { method: 'DELETE', headers: { ...proves, 'mcp-session-id': id } })
    }
  })
})
