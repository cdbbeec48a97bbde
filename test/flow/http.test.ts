/** Middleware of real frameworks before real handlers, and a client that proves each request. spec/sdk.md SDK-9 to SDK-12. */
import { readFile } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectHttp, serve } from 'countersign'
import { revoke } from '../../apps/cli/operator.ts'
import { openPoint } from '../../apps/gateway/point.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { HttpDoor, type Asked } from '../../src/enforce/adapters/http/door.ts'
import type { HttpConnection } from '../../src/enforce/adapters/http/client.ts'
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
  test('are asked of the verifier that the service was given, and are nothing without one', async () => {
    const at = await sdkPoint(stage, 'tokens', 'tool_side', GRANTS)
    const key: unknown = JSON.parse(await readFile(at.key, 'utf8'))
    const chain = (await readFile(at.key.replace('.key.json', '.chain'), 'utf8')).trim()
    const opened = await openPoint(at.point, { hosted: { chain, key }, onFault: () => undefined })
    const served = {
      point: opened.point,
      server: 'notes',
      crypto: nodeCrypto,
      close: () => opened.point.close(),
    }
    const asked = (authorization: string, path: string): Asked => ({
      method: 'GET',
      route: path === '/secret' ? '/secret' : '/notes/:id',
      path,
      params: path === '/secret' ? {} : { id: 'a' },
      query: new URLSearchParams(),
      body: undefined,
      header: (name) => (name === 'authorization' ? authorization : undefined),
    })
    const door = new HttpDoor(served, {
      origin: ORIGIN,
      bearer: (token) => {
        if (token === 'broken') return Promise.reject(new Error('the authorization server is away'))
        return Promise.resolve(token === 'good' ? { kind: 'hosted' } : null)
      },
    })
    const allowed = await door.ask(asked('Bearer good', '/notes/a'))
    expect(allowed.decision).toBe('allow')
    if (allowed.decision === 'allow') allowed.end('finished')
    expect(await door.ask(asked('Bearer good', '/secret'))).toMatchObject({ status: 403 })
    expect(await door.ask(asked('Bearer other', '/notes/a'))).toMatchObject({ status: 401 })
    expect(await door.ask(asked('Bearer broken', '/notes/a'))).toMatchObject({ status: 401 })
    const without = new HttpDoor(served, { origin: ORIGIN })
    expect(await without.ask(asked('Bearer good', '/notes/a'))).toMatchObject({ status: 401 })
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
