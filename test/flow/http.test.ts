/** Middleware of real frameworks before real handlers, and a client that proves each request. spec/sdk.md SDK-9 to SDK-12. */
import { request as httpRequest } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectHttp, serve } from 'countersign'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { addAgentKey, delegate, revoke } from '../../apps/cli/operator.ts'
import { openPoint } from '../../apps/gateway/point.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { PublicJwk } from '../../src/core/crypto.ts'
import { thumbprint } from '../../src/core/jwk.ts'
import { AccessTokens } from '../../src/enforce/access-tokens.ts'
import { bearerOf } from '../../src/enforce/adapters/http/bearer.ts'
import { HttpDoor, type Asked } from '../../src/enforce/adapters/http/door.ts'
import type { HttpConnection } from '../../src/enforce/adapters/http/client.ts'
import { HostedDelegations } from '../../src/enforce/hosted.ts'
import { systemClock } from '../../src/ports/clock.ts'
import type { Served } from '../../src/enforce/served.ts'
import { NAMES, ORIGIN, startService, type Service } from './http-frameworks.ts'
import { sdkPoint, type SdkPoint } from './stage-sdk.ts'
import { setFlowStage, type FlowStage } from './stage.ts'

let stage: FlowStage

const GRANTS = [
  {
    type: 'tool' as const,
    server: 'notes',
    actions: ['GET /notes/:id'],
    constraints: { id: { in: ['a', 'b/c'] } },
  },
  {
    type: 'tool' as const,
    server: 'notes',
    actions: ['POST /notes/:id'],
    constraints: { id: { in: ['a'] }, amount: { max: 10 } },
  },
  { type: 'tool' as const, server: 'notes', actions: ['GET /broken', 'GET /missing'] },
]

beforeAll(async () => {
  stage = await setFlowStage()
})
afterAll(() => stage.remove())

describe.each(NAMES)('%s', (framework) => {
  let at: SdkPoint
  let served: Served
  let service: Service
  let notes: HttpConnection
  /** The last request that the client sent. */
  let sent: { url: string; init: RequestInit }

  beforeAll(async () => {
    at = await sdkPoint(stage, framework.replaceAll(/\W+/g, '-').toLowerCase(), 'tool_side', GRANTS)
    served = await serve(at)
    service = await startService(framework, served)
    notes = await connectHttp({
      key: at.key,
      origin: ORIGIN,
      server: 'notes',
      fetch: (url, init) => {
        sent = { url: url.replace(ORIGIN, service.url), init }
        return fetch(sent.url, init)
      },
    })
  })
  afterAll(async () => {
    await service.close()
    await served.close()
  })

  test('a granted request reaches its handler with what was decided, and says under which action', async () => {
    const answer = await notes.call('GET /notes/:id', { id: 'a', tag: 'x' })
    expect(answer).toMatchObject({ decision: 'allow', action: expect.stringMatching(/^act_/) as string })
    expect(await answer.response.json()).toEqual({ text: 'hello' })
    expect(service.handled.at(-1)).toEqual({ id: 'a', tag: 'x' })
    const slashed = await notes.call('GET /notes/:id', { id: 'b/c' })
    expect(slashed.decision).toBe('allow')
    expect(service.handled.at(-1)).toMatchObject({ id: 'b/c' })
  })

  test('members of a JSON body are arguments that a grant can bind', async () => {
    const answer = await notes.call('POST /notes/:id', { id: 'a', amount: 10 })
    expect(answer.response.status).toBe(201)
    expect(service.handled.at(-1)).toEqual({ id: 'a', amount: 10 })
    const handled_n = service.handled.length
    const denied = await notes.call('POST /notes/:id', { id: 'a', amount: 11 })
    expect(denied).toMatchObject({ decision: 'deny', reasons: ['CONSTRAINT_VIOLATED'] })
    expect(denied.response.status).toBe(403)
    expect(denied.response.headers.get('countersign-reasons')).toBe('CONSTRAINT_VIOLATED')
    expect(service.handled).toHaveLength(handled_n)
  })

  test('what no grant names does not run, and neither does what no route takes', async () => {
    expect(await notes.call('GET /secret')).toMatchObject({
      decision: 'deny',
      reasons: ['NO_MATCHING_GRANT'],
    })
    const missing = await notes.call('GET /missing')
    expect(missing).toMatchObject({ decision: 'deny', reasons: ['METHOD_NOT_GRANTED'] })
    expect(missing.response.status).toBe(403)
  })

  test('a bare request is told how to prove itself', async () => {
    const bare = await fetch(`${service.url}/notes/a`)
    expect(bare.status).toBe(401)
    expect(bare.headers.get('www-authenticate')).toMatch(/^DPoP /)
    expect(bare.headers.get('dpop-nonce')).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect(await bare.json()).toMatchObject({ error: { code: 'NO_CHAIN', reasons: ['NO_CHAIN'] } })
  })

  test('a proof is good once, and for these arguments, this path and this method alone', async () => {
    await notes.call('GET /notes/:id', { id: 'a' })
    const handled_n = service.handled.length
    const again = await fetch(sent.url, sent.init)
    expect(await again.json()).toMatchObject({ error: { code: 'PROOF_REPLAYED' } })
    const other = await fetch(`${sent.url}?tag=y`, sent.init)
    expect(await other.json()).toMatchObject({ error: { code: 'PROOF_INVALID' } })
    const elsewhere = await fetch(sent.url.replace('/notes/a', '/broken'), sent.init)
    expect(elsewhere.status).toBe(401)
    expect(service.handled).toHaveLength(handled_n)
  })

  test('two arguments of one name are refused before anything is decided', async () => {
    const response = await fetch(`${service.url}/notes/a?id=b`)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: { code: 'ARGUMENTS_INVALID' } })
  })

  test('a body that is no JSON is refused', async () => {
    const response = await fetch(`${service.url}/notes/a`, { method: 'POST', body: 'plain' })
    expect([400, 415]).toContain(response.status)
  })

  test('a target with dots, escapes or a host of its own reaches no other handler', async () => {
    const handled_n = service.handled.length
    for (const path of [
      '/notes/../secret',
      '/%2e%2e/secret',
      '//secret',
      '/secret/',
      '/SECRET',
      'http://x/secret',
    ])
      expect(await statusOf(service.url, path)).toBeGreaterThanOrEqual(400)
    expect(service.handled).toHaveLength(handled_n)
  })

  test('a handler that fails is allowed and has failed', async () => {
    const answer = await notes.call('GET /broken')
    expect(answer.decision).toBe('allow')
    expect(answer.response.status).toBe(500)
  })

  test('a revocation turns the next request into a denial', async () => {
    await revoke(stage.manager, 'delegation', at.jti, 'done')
    await expect
      .poll(() => notes.call('GET /notes/:id', { id: 'a' }))
      .toMatchObject({ decision: 'deny', reasons: ['REVOKED'] })
  })
})

describe('access tokens', () => {
  const asked = (authorization: string, path = '/notes/a'): Asked => ({
    method: 'GET',
    route: path === '/secret' ? '/secret' : '/notes/:id',
    path,
    params: path === '/secret' ? {} : { id: 'a' },
    query: new URLSearchParams(),
    body: undefined,
    header: (name) => (name === 'authorization' ? authorization : undefined),
  })

  test('are calls under the delegation that they name, which the service holds', async () => {
    const at = await sdkPoint(stage, 'tokens', 'tool_side', GRANTS)
    let pool: readonly PublicJwk[] = []
    const chains = new Map<string, string>()
    const hosting = new HostedDelegations({
      crypto: nodeCrypto,
      clock: systemClock,
      point: at.id,
      plane: {
        register: (keys) => {
          pool = keys
          return Promise.resolve(keys.length)
        },
        delegation: async (jti) => chains.get(jti) ?? null,
      },
      keys: [],
      keep: () => Promise.resolve(),
      onFault: () => undefined,
    })
    await hosting.fill()
    const { manager, agent } = stage
    const jwk = pool[0]!
    await addAgentKey(manager, agent, jwk)
    const jkt = thumbprint(nodeCrypto, jwk)
    const input = { agent, jkt, aud: [at.id], grants: GRANTS, ttl_s: 600, depth_max: 0 }
    const { jti, chain } = await delegate(manager, input)
    chains.set(jti, chain)
    const { privateKey, publicKey } = await generateKeyPair('ES256')
    const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'as-1', alg: 'ES256' }] }
    const authority = { issuer: 'https://control.example', keys: () => Promise.resolve(jwks) }
    const tokens = new AccessTokens({ crypto: nodeCrypto, clock: systemClock, server: authority })
    const token = (claims: object): Promise<string> => {
      const iat = Math.floor(Date.now() / 1000)
      const own = {
        iss: authority.issuer,
        aud: ORIGIN,
        sub: 'x',
        client_id: 'app',
        iat,
        exp: iat + 60,
        jti: 't',
      }
      const jwt = new SignJWT({ ...own, delegation: jti, ...claims })
      return jwt.setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'as-1' }).sign(privateKey)
    }
    const { point } = await openPoint(at.point, { delegations: hosting.get, onFault: () => undefined })
    const bare = { point, server: 'notes', crypto: nodeCrypto, close: () => point.close() }
    const door = new HttpDoor(
      { ...bare, bearer: bearerOf({ tokens, hosting, resource: ORIGIN }) },
      { origin: ORIGIN },
    )
    const good = `Bearer ${await token({})}`

    const allowed = await door.ask(asked(good))
    expect(allowed.decision).toBe('allow')
    if (allowed.decision === 'allow') allowed.end('finished')
    expect(await door.ask(asked(good, '/secret'))).toMatchObject({ status: 403 })
    for (const claims of [
      { aud: 'https://other.example' },
      { delegation: 'dlg_x' },
      { cnf: { jkt: 'x'.repeat(43) } },
    ])
      expect(await door.ask(asked(`Bearer ${await token(claims)}`))).toMatchObject({ status: 401 })
    expect(await new HttpDoor(bare, { origin: ORIGIN }).ask(asked(good))).toMatchObject({ status: 401 })
    await point.close()
  })

  test('of nobody are refused by a service that takes those of its control plane', async () => {
    const at = await sdkPoint(stage, 'takes-tokens', 'tool_side', GRANTS)
    const served = await serve({ ...at, resource: ORIGIN })
    const door = new HttpDoor(served, { origin: ORIGIN })
    expect(await door.ask(asked('Bearer a.b.c'))).toMatchObject({
      status: 401,
      body: { error: { reasons: ['NO_CHAIN'] } },
    })
    await served.close()
  })
})

/** As it stands: fetch would tidy the path. */
function statusOf(url: string, path: string): Promise<number> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    httpRequest({ hostname, port, path }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
      .on('error', reject)
      .end()
  })
}
