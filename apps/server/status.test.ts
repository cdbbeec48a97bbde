/** Status lists over HTTP, read as an outsider would: with `jose`, node:zlib, and our reader. spec/status.md. */
import { inflateSync } from 'node:zlib'
import { decodeJwt, importJWK, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { readStatus, type StatusReference } from '../../src/token/status-list.ts'
import { TestServer, type Operator } from './harness.ts'

let now = Date.now()
const clock = { now: () => now, monotonic: () => now }
const server = new TestServer({ clock })
let ann: Operator
let ben: Operator
let agent: Awaited<ReturnType<TestServer['agent']>>
let point: string
beforeAll(async () => {
  await server.start()
  ann = await server.enrol(server.bootstrapSecret)
  ben = await server.invite(ann, 'Ben')
  agent = await server.agent(ann, ben)
  point = (await server.point(ann)).id
})
afterAll(() => server.remove())

interface Issued {
  readonly jti: string
  readonly status: StatusReference
}

async function issue(by: Operator = ann, to = agent): Promise<Issued> {
  const { jti, chain } = await server.delegate(by, to, point)
  const { status } = decodeJwt<{ status: { status_list: StatusReference } }>(chain.split('~')[0]!)
  return { jti, status: status.status_list }
}

async function keys() {
  const { issuer_keys } = (await server.caller().get('/v1/info')).json
  return new Map([[issuer_keys[0].kid as string, { jwk: issuer_keys[0].jwk, retired_at: null }]])
}

async function statusOf({ status }: Issued): Promise<number> {
  const token = await (await fetch(status.uri)).text()
  return readStatus({ crypto: nodeCrypto, keys: await keys(), now_ms: now }, token, status)
}

const revoke = (kind: string, target: string) =>
  ann.api.post('/v1/revocations', { kind, target, reason: 'test' })

describe('a status list', () => {
  test('verifies under the issuer key and is the list that the token names', async () => {
    const { status } = await issue()
    const response = await fetch(status.uri)
    expect(response.headers.get('content-type')).toBe('application/statuslist+jwt')
    expect(response.headers.get('cache-control')).toBe('public, max-age=60')
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
    const { jwk } = [...(await keys()).values()][0]!
    const { payload } = await jwtVerify(await response.text(), await importJWK(jwk, 'Ed25519'), {
      typ: 'statuslist+jwt',
      subject: status.uri,
      currentDate: new Date(now),
    })
    expect([payload.exp! - payload.iat!, payload.ttl]).toEqual([300, 60])
    const { bits, lst } = payload.status_list as { bits: number; lst: string }
    expect([bits, inflateSync(Buffer.from(lst, 'base64url')).length]).toEqual([1, 16_384])
  })

  test('says at once that a delegation is revoked, and of that one alone', async () => {
    const [first, second] = [await issue(), await issue()]
    expect([await statusOf(first), await statusOf(second)]).toEqual([0, 0])
    await revoke('delegation', first.jti)
    expect([await statusOf(first), await statusOf(second)]).toEqual([1, 0])
  })

  test.each(['agent', 'key', 'person'])(
    'says so when the %s behind a delegation is revoked',
    async (kind) => {
      const cat = await server.invite(ann, 'Cat')
      const bot = await server.agent(ann, ben)
      const issued = await issue(cat, bot)
      const others = await issue()
      expect(await statusOf(issued)).toBe(0)
      await revoke(kind, { agent: bot.id, key: bot.key.jkt, person: cat.id }[kind]!)
      expect([await statusOf(issued), await statusOf(others)]).toEqual([1, 0])
    },
  )

  test('says so when a suspension revoked the keys of the agent', async () => {
    const bot = await server.agent(ann, ben)
    const issued = await issue(ann, bot)
    await ann.api.post(`/v1/agents/${bot.id}/suspend`, { reason: 'odd' })
    expect(await statusOf(issued)).toBe(1)
  })

  test('is not sent again to who has it', async () => {
    const { status } = await issue()
    const etag = (await fetch(status.uri)).headers.get('etag')!
    const again = (tag: string) => fetch(status.uri, { headers: { 'if-none-match': tag } })
    for (const tag of [etag, `"other", W/${etag}`, '*']) {
      const answer = await again(tag)
      expect([answer.status, answer.headers.get('etag'), await answer.text()]).toEqual([304, etag, ''])
    }
    expect((await again('"other"')).status).toBe(200)
  })

  test.each(['0', '2', '01', '1e0', '-1', '999999999', '9999999999', 'x'])(
    '%s does not exist',
    async (list) => {
      const answer = await fetch(`${server.base()}/status/${list}`)
      expect(answer.status).toBe(404)
      expect(await answer.json()).toMatchObject({ error: { code: 'NOT_FOUND' } })
    },
  )

  test('keeps what it said over a restart', async () => {
    const issued = await issue()
    await revoke('delegation', issued.jti)
    await server.restart()
    const { pathname } = new URL(issued.status.uri)
    const uri = server.base() + pathname
    expect(await statusOf({ ...issued, status: { ...issued.status, uri } })).toBe(1)
  })

  test('has a place for each delegation, drawn at random', async () => {
    const places = await Promise.all(Array.from({ length: 8 }, async () => (await issue()).status.idx))
    expect(new Set(places).size).toBe(8)
    expect(Math.max(...places) - Math.min(...places)).toBeGreaterThan(1000) // by chance once in 10^14
  })

  test('is the same bytes until half of its life is over or something is revoked', async () => {
    const { jti, status } = await issue()
    const fetched = async () => {
      const response = await fetch(status.uri)
      return { etag: response.headers.get('etag'), token: await response.text() }
    }
    const first = await fetched()
    expect(first.etag).toMatch(/^"[\w-]{43}"$/)
    now += 149_000
    expect(await fetched()).toEqual(first)
    now += 1000
    const renewed = await fetched()
    expect(renewed.etag).not.toBe(first.etag)
    expect(decodeJwt(renewed.token).iat! - decodeJwt(first.token).iat!).toBe(150)
    // The caller's clock has to go along.
    const claims = { iat: Math.floor(now / 1000) }
    const request = { kind: 'delegation', target: jti, reason: 'test' }
    expect((await ann.api.post('/v1/revocations', request, { claims })).status).toBe(200)
    expect((await fetched()).etag).not.toBe(renewed.etag)
  })
})
