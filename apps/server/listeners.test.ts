/** Webhooks and Shared Signals to a real receiver, verified by other people's software. spec/signals.md. */
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { text } from 'node:stream/consumers'
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose'
import { Webhook } from 'standardwebhooks'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { signKill } from '../../src/revoke/kill-rules.ts'
import { SESSION_REVOKED, VERIFICATION } from '../../src/revoke/signal.ts'
import { TestServer, type Operator } from './harness.ts'

interface Received {
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

const server = new TestServer({ separation: 'after' })
let ann: Operator
let receiver: Server
let received: Received[]
let status: number
let url: string
let added: string[]

beforeAll(async () => {
  await server.start()
  ann = await server.enrol(server.bootstrapSecret)
})
afterAll(() => server.remove())

beforeEach(async () => {
  received = []
  added = []
  status = 202
  receiver = createServer((request, response) => {
    void text(request).then((body) => {
      received.push({ headers: request.headers, body })
      response.writeHead(status, { location: '/elsewhere' }).end()
    })
  })
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`
})
afterEach(async () => {
  for (const id of added) await ann.api.post(`/v1/listeners/${id}/remove`, {})
  receiver.closeAllConnections()
  await new Promise((resolve) => receiver.close(resolve))
})

async function listen(input: object): Promise<{ listener: string; secret?: string; token?: string }> {
  const { json } = await ann.api.post('/v1/listeners', input)
  added.push(json.listener)
  return json
}

/** Revokes somebody new. @returns the handle */
async function revokePoint(): Promise<string> {
  const point = await server.point(ann)
  await ann.api.post('/v1/revocations', { kind: 'point', target: point.id, reason: 'lost' })
  return point.api.jkt
}

/** Kills, which end no session (SIG-4). */
async function kills(n: number): Promise<void> {
  const key = JSON.parse(readFileSync(join(server.dataDir, 'keys/break-glass.jwk'), 'utf8'))
  const { issuer: iss } = (await (await fetch(`${server.base()}/v1/info`)).json()) as { issuer: string }
  const scope = { kind: 'class', id: 'none' } as const
  for (let i = 0; i < n; i++) {
    const kill = { v: 1, id: `kil_${i}`, iss, scope, reason: 'test', t: 1 } as const
    const signed = signKill(nodeCrypto.signer(key), 'break_glass', kill)
    expect((await ann.api.post('/v1/statements', { ...signed })).status).toBe(200)
  }
}

async function verified(token: string, audience: string) {
  const jwks = (await (await fetch(`${server.base()}/.well-known/jwks.json`)).json()) as JSONWebKeySet
  const { payload } = await jwtVerify(token, createLocalJWKSet(jwks), {
    issuer: server.base(),
    audience,
    typ: 'secevent+jwt',
  })
  return payload as typeof payload & {
    events: Record<string, unknown>
    sub_id: { format: string; id: string }
  }
}

const told = async (n: number): Promise<void> => {
  await expect.poll(() => received.length, { timeout: 10_000 }).toBe(n)
}
const code = (answer: { json: { error?: { code: string } } }) => answer.json.error?.code

describe('a webhook', () => {
  test('carries the signed frame, and verifies with the reference library', async () => {
    const { secret = '' } = await listen({ kind: 'webhook', url })
    const handle = await revokePoint()
    await told(1)
    const [{ headers, body }] = received as [Received]
    const message = new Webhook(secret).verify(body, headers as Record<string, string>)
    expect(message).toMatchObject({
      type: 'revocation.committed',
      data: { frame: { kind: 'key', handle, reason: 'lost' }, sig: expect.any(String) },
    })
    expect(() => new Webhook(secret).verify(`${body} `, headers as Record<string, string>)).toThrow(
      'No matching signature found',
    )
  })

  test('comes again under the same identifier until it is taken, and later ones wait', async () => {
    await listen({ kind: 'webhook', url })
    status = 500
    await revokePoint()
    await told(1)
    await revokePoint()
    status = 204
    await told(3)
    const ids = received.map(({ headers }) => headers['webhook-id'])
    expect(ids[0]).toBe(ids[1])
    expect(ids[2]).not.toBe(ids[1])
    const { listeners } = (await ann.api.get('/v1/listeners')).json
    await expect
      .poll(async () => (await ann.api.get('/v1/listeners')).json.listeners[0].failing_since)
      .toBe(null)
    expect(listeners).toHaveLength(1)
  })

  test('is told nothing of what was revoked before it, and no more once it answered 410', async () => {
    await revokePoint()
    await listen({ kind: 'webhook', url })
    status = 410
    await revokePoint()
    await told(1)
    await expect.poll(async () => (await ann.api.get('/v1/listeners')).json.listeners).toEqual([])
    added = []
    await revokePoint()
    expect(received).toHaveLength(1)
  })

  test('that is taken with an answer of any length is taken', async () => {
    receiver.removeAllListeners('request').on('request', (request, response) => {
      void text(request).then((body) => {
        received.push({ headers: request.headers, body })
        response.writeHead(200).end('x'.repeat(200_000))
      })
    })
    await listen({ kind: 'webhook', url })
    await revokePoint()
    await told(1)
    await revokePoint()
    await told(2)
    expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(2)
  })

  test('follows no redirect', async () => {
    await listen({ kind: 'webhook', url })
    status = 307
    await revokePoint()
    await told(1)
    const failing = async () => (await ann.api.get('/v1/listeners')).json.listeners[0].failing_since
    await expect.poll(failing).toEqual(expect.any(Number))
    expect(received.every(({ body }) => body.includes('revocation.committed'))).toBe(true)
  })

  test('is not removed by somebody whose registration was not endorsed', async () => {
    const { listener } = await listen({ kind: 'webhook', url })
    const zoe = await server.enrol((await ann.api.post('/v1/people', { name: 'Zoe' })).json.invitation)
    expect(code(await zoe.api.post(`/v1/listeners/${listener}/remove`, {}))).toBe('NOT_ENDORSED')
    await revokePoint()
    await told(1)
  })

  test.each([
    ['http to somewhere else', 'http://example.com/hook'],
    ['a user in the URL', 'https://me:secret@example.com/hook'],
    ['a query, which would be logged', 'https://example.com/hook?token=1'],
    ['another scheme', 'file:///etc/passwd'],
    ['no URL', 'example'],
  ])('%s is refused', async (_, bad) => {
    expect(code(await ann.api.post('/v1/listeners', { kind: 'webhook', url: bad }))).toBe('LISTENER_INVALID')
  })
})

describe('Shared Signals', () => {
  test('are pushed as session-revoked, signed by an issuer key, with what the receiver gave', async () => {
    const { listener } = await listen({ kind: 'ssf_push', url, authorization: 'Bearer theirs' })
    const handle = await revokePoint()
    await told(1)
    const [{ headers, body }] = received as [Received]
    expect(headers).toMatchObject({
      authorization: 'Bearer theirs',
      'content-type': 'application/secevent+jwt',
    })
    const event = await verified(body, listener)
    expect(event.sub_id).toEqual({ format: 'opaque', id: handle })
    expect(event.events[SESSION_REVOKED]).toMatchObject({
      initiating_entity: 'admin',
      reason_admin: { en: 'lost' },
      event_timestamp: expect.any(Number),
    })
  })

  const ssf = async (token: string | undefined, method: string, path: string, body?: object) => {
    const response = await fetch(server.base() + path, {
      method,
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const content = await response.text()
    return { status: response.status, json: content === '' ? null : JSON.parse(content) }
  }
  const poll = async (stream: { listener: string; token?: string }, body: object = {}) =>
    (await ssf(stream.token, 'POST', `/ssf/poll/${stream.listener}`, { returnImmediately: true, ...body }))
      .json

  test('are polled, and come again until they are acknowledged, in any order', async () => {
    const stream = await listen({ kind: 'ssf_poll', url: null })
    const handles = [await revokePoint(), await revokePoint(), await revokePoint()]
    const first = await poll(stream, { maxEvents: 2 })
    expect(Object.keys(first.sets)).toHaveLength(2)
    expect(first.moreAvailable).toBe(true)
    const all = await poll(stream)
    const jtis = Object.keys(all.sets)
    const subjects = await Promise.all(
      Object.values(all.sets as Record<string, string>).map(
        async (each) => (await verified(each, stream.listener)).sub_id.id,
      ),
    )
    expect(subjects).toEqual(handles)
    expect(Object.keys((await poll(stream, { ack: [jtis[2]] })).sets)).toEqual(jtis.slice(0, 2))
    expect(Object.keys((await poll(stream, { ack: [jtis[0], 'set_of_nobody'] })).sets)).toEqual([jtis[1]])
    expect(await poll(stream, { ack: [jtis[1]] })).toEqual({ sets: {}, moreAvailable: false })
    await revokePoint()
    expect(Object.keys((await poll(stream)).sets)).toHaveLength(1)
  })

  test('a poll that may wait is answered by the next revocation', async () => {
    const stream = await listen({ kind: 'ssf_poll', url: null })
    const waiting = poll(stream, { returnImmediately: false })
    await revokePoint()
    expect(Object.keys((await waiting).sets)).toHaveLength(1)
  })

  test('one stream holds two polls at most, so that it keeps no other out', async () => {
    const [one, two] = [
      await listen({ kind: 'ssf_poll', url: null }),
      await listen({ kind: 'ssf_poll', url: null }),
    ]
    const ask = (stream: typeof one, body: object = {}) =>
      ssf(stream.token, 'POST', `/ssf/poll/${stream.listener}`, body)
    const many = Array.from({ length: 8 }, () => ask(one))
    expect((await Promise.any(many)).status).toBe(429)
    expect((await ask(two, { returnImmediately: true })).status).toBe(200)
    await revokePoint() // ends those that are held
    const statuses = (await Promise.all(many)).map(({ status }) => status).sort((a, b) => a - b)
    expect(statuses).toEqual([200, 200, 429, 429, 429, 429, 429, 429])
  })

  test('a verification comes back with its state, by push and by poll', async () => {
    const push = await listen({ kind: 'ssf_push', url })
    const ask = { stream_id: push.listener, state: 'here' }
    expect((await ssf(push.token, 'POST', '/ssf/verify', ask)).status).toBe(204)
    await told(1)
    expect((await verified(received[0]!.body, push.listener)).events[VERIFICATION]).toEqual({ state: 'here' })
    const pull = await listen({ kind: 'ssf_poll', url: null })
    await ssf(pull.token, 'POST', '/ssf/verify', { stream_id: pull.listener })
    const { sets } = await poll(pull)
    const [jti = ''] = Object.keys(sets)
    expect((await verified(sets[jti], pull.listener)).events).toEqual({ [VERIFICATION]: {} })
    expect((await poll(pull, { ack: [jti] })).sets).toEqual({})
  })

  test('a verification that is given up costs no event', async () => {
    const push = await listen({ kind: 'ssf_push', url })
    status = 500
    await ssf(push.token, 'POST', '/ssf/verify', { stream_id: push.listener })
    await told(1)
    const failing = async () => (await ann.api.get('/v1/listeners')).json.listeners[0].failing_since
    await expect.poll(failing).toEqual(expect.any(Number))
    const database = new DatabaseSync(join(server.dataDir, 'countersign.db'))
    const days_ago = Date.now() - 4 * 86_400_000
    database.prepare('UPDATE deliveries SET failing_since = ?, next_try = 0').run(days_ago)
    database.close()
    await expect.poll(failing, { timeout: 10_000 }).toBe(null)
    status = 202
    const handle = await revokePoint()
    const subject = async () => {
      const last = received.at(-1)?.body ?? ''
      return (await verified(last, push.listener)).sub_id.id
    }
    await expect.poll(subject, { timeout: 10_000 }).toBe(handle)
  })

  test('paused, a stream keeps what commits; disabled, it skips it', async () => {
    const stream = await listen({ kind: 'ssf_poll', url: null })
    const set = (to: string) =>
      ssf(stream.token, 'POST', '/ssf/status', { stream_id: stream.listener, status: to })
    await set('paused')
    await revokePoint()
    expect((await poll(stream)).sets).toEqual({})
    await set('enabled')
    const { sets } = await poll(stream)
    expect(Object.keys(sets)).toHaveLength(1)
    await poll(stream, { ack: Object.keys(sets) })
    await set('disabled')
    await revokePoint()
    await set('enabled')
    expect((await poll(stream)).sets).toEqual({})
    expect((await ssf(stream.token, 'GET', `/ssf/status?stream_id=${stream.listener}`)).json).toEqual({
      stream_id: stream.listener,
      status: 'enabled',
    })
  })

  test('a poll is not stuck behind a window of frames that end no session', async () => {
    const stream = await listen({ kind: 'ssf_poll', url: null })
    await kills(501)
    const handle = await revokePoint()
    const { sets } = await poll(stream)
    const [jti = ''] = Object.keys(sets)
    expect((await verified(sets[jti], stream.listener)).sub_id.id).toBe(handle)
    expect((await poll(stream, { ack: [jti] })).sets).toEqual({})
  })

  test('a receiver sees and removes its own stream alone', async () => {
    const [one, two] = [
      await listen({ kind: 'ssf_poll', url: null }),
      await listen({ kind: 'ssf_poll', url: null }),
    ]
    expect((await ssf(undefined, 'GET', '/ssf/streams')).status).toBe(401)
    expect((await ssf('A'.repeat(22), 'GET', '/ssf/streams')).json).toEqual({ error: 'invalid_token' })
    expect((await ssf(one.token, 'GET', '/ssf/streams')).json).toMatchObject([{ stream_id: one.listener }])
    expect((await ssf(one.token, 'GET', `/ssf/streams?stream_id=${two.listener}`)).status).toBe(404)
    expect((await ssf(one.token, 'POST', `/ssf/poll/${two.listener}`, {})).status).toBe(404)
    expect((await ssf(one.token, 'POST', '/ssf/streams', {})).status).toBe(403)
    expect((await ssf(one.token, 'POST', '/ssf/verify', { stream_id: 7 })).status).toBe(400)
    expect((await ssf(one.token, 'DELETE', `/ssf/streams?stream_id=${one.listener}`)).status).toBe(204)
    expect((await ssf(one.token, 'GET', '/ssf/streams')).status).toBe(401)
    added = [two.listener]
  })

  test('the configuration names every endpoint', async () => {
    const { json } = await ssf(undefined, 'GET', '/.well-known/ssf-configuration')
    expect(json).toMatchObject({
      spec_version: '1_0',
      issuer: server.base(),
      delivery_methods_supported: ['urn:ietf:rfc:8935', 'urn:ietf:rfc:8936'],
    })
  })
})
