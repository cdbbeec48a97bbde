/** Sessions of people's browsers: how they begin, what they open, when they end. spec/sessions.md. @module */
import { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { GestureParts } from '../../src/registry/context.ts'
import type { AppEnv, ServerContext } from './context.ts'
import { TestServer, type Answer, type Operator } from './harness.ts'
import { isAttended, sessionCookie, setSessionCookie } from './session-cookie.ts'
import {
  SESSION_COOKIE,
  SESSION_IDLE_MS,
  SESSION_TTL_MS,
  Sessions,
  SESSIONS_OF_PERSON_MAX,
} from './sessions.ts'

const ORIGIN = 'http://localhost'

/** A browser without a screen: cookies, `Origin`, and what it was sent. */
class Browser {
  readonly #base: () => string
  cookie: string | null = null

  constructor(base: () => string, cookie: string | null = null) {
    this.#base = base
    this.cookie = cookie
  }

  async ask(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer & { readonly set: string | null }> {
    const response = await fetch(this.#base() + path, {
      method,
      headers: {
        ...(method === 'GET' ? {} : { origin: this.#base(), 'content-type': 'application/json' }),
        ...(this.cookie !== null && { cookie: `${SESSION_COOKIE}=${this.cookie}` }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const set = response.headers.get('set-cookie')
    const secret = set === null ? null : (/countersign_session=([^;]*)/.exec(set)?.[1] ?? null)
    if (secret !== null) this.cookie = secret === '' ? null : secret
    return { status: response.status, json: await response.json(), set }
  }
}

async function signIn(
  browser: Browser,
  person: Operator,
  bend: (parts: GestureParts, challenge: string) => unknown = (gesture) => gesture,
) {
  const { challenge } = (await browser.ask('POST', '/v1/session/challenge')).json
  const credential_id = credentialIds.get(person.id)
  const gesture = bend(person.authenticator.assert(challenge), challenge)
  return browser.ask('POST', '/v1/session/passkey', { challenge, credential_id, gesture })
}

const credentialIds = new Map<string, string>()

test('somebody at a page asks, and neither a stream does nor the page by itself', async () => {
  const app = new Hono<AppEnv>()
  app.get('/', (c) => c.json(isAttended(c)))
  const asks = async (headers: Record<string, string>) => (await app.request('/', { headers })).json()
  expect(await asks({})).toBe(true)
  expect(await asks({ accept: 'text/event-stream' })).toBe(false)
  expect(await asks({ 'Countersign-Background': '1' })).toBe(false)
})

describe('a session', () => {
  const server = new TestServer({ rp: { rp_id: 'localhost', origins: [ORIGIN] } })
  let ann: Operator
  let ben: Operator
  const browser = (cookie: string | null = null): Browser => new Browser(server.base, cookie)

  beforeAll(async () => {
    await server.start()
    ann = await server.enrol(server.bootstrapSecret)
    ben = await server.invite(ann, 'Ben')
    for (const one of [ann, ben]) {
      const at = browser()
      const { url } = (await one.api.post('/v1/viewer-links', { to: 'console' })).json
      await at.ask('POST', '/v1/session/ticket', { ticket: /#ticket=(.*)$/.exec(url)?.[1] })
      const { person } = (await at.ask('GET', '/v1/session')).json
      credentialIds.set(one.id, person.credential_ids[0])
    }
  })
  afterAll(() => server.remove())

  test('begins by a passkey, and says who is in', async () => {
    const at = browser()
    expect((await at.ask('GET', '/v1/session')).json.error.code).toBe('AUTH_MISSING')
    const { status, set } = await signIn(at, ben)
    expect(status).toBe(200)
    expect(set).toContain('HttpOnly')
    expect(set).toContain('SameSite=Strict')
    const { json } = await at.ask('GET', '/v1/session')
    expect(json).toMatchObject({
      person: { id: ben.id, endorsed: true },
      roles_decide: false,
      session: { by: 'passkey' },
    })
  })

  test.each([
    [
      'https://control.example',
      /^__Host-countersign_session=s; .*Path=\/; HttpOnly; Secure; SameSite=Strict$/,
    ],
    ['http://localhost:7400', /^countersign_session=s; .*Path=\/; HttpOnly; SameSite=Strict$/],
  ])('has at %s a cookie that nobody else there can set', async (url, wanted) => {
    const app = new Hono<AppEnv>()
    const ctx = { publicUrl: () => url } as ServerContext
    app.get('/', (c) => {
      setSessionCookie(c, ctx, 's')
      return c.text(sessionCookie(ctx))
    })
    const answer = await app.request('/')
    expect(answer.headers.get('set-cookie')).toMatch(wanted)
    expect(answer.headers.get('set-cookie')).toContain(`${await answer.text()}=`)
  })

  test('has a secret that was in no browser before it', async () => {
    const planted = 'A'.repeat(43)
    const at = browser(planted)
    await signIn(at, ben)
    expect(at.cookie).not.toBe(planted)
    expect((await browser(planted).ask('GET', '/v1/session')).status).toBe(401)
  })

  test('does not begin by a challenge that was used, is too old by name, or is another one’s', async () => {
    const at = browser()
    const { challenge } = (await at.ask('POST', '/v1/session/challenge')).json
    const body = {
      challenge,
      credential_id: credentialIds.get(ben.id),
      gesture: ben.authenticator.assert(challenge),
    }
    expect((await at.ask('POST', '/v1/session/passkey', body)).status).toBe(200)
    expect((await browser().ask('POST', '/v1/session/passkey', body)).json.error.code).toBe('GESTURE_INVALID')
    const made = { ...body, challenge: 'x'.repeat(43) }
    expect((await browser().ask('POST', '/v1/session/passkey', made)).json.error.code).toBe('GESTURE_INVALID')
    const others = await signIn(browser(), ben, (_, other) => ann.authenticator.assert(other))
    expect(others.json.error.code).toBe('GESTURE_INVALID')
    const nobody = { ...body, credential_id: 'AAAA' }
    expect((await browser().ask('POST', '/v1/session/passkey', nobody)).json.error.code).toBe(
      'GESTURE_INVALID',
    )
  })

  test('opens what its person may ask for, with the same registers behind it', async () => {
    const at = browser()
    await signIn(at, ben)
    expect((await at.ask('GET', '/v1/agents')).status).toBe(200)
    const proposed = await at.ask('POST', '/v1/systems', { name: 'Ledger' })
    expect(proposed.status).toBe(200)
    expect((await at.ask('GET', '/v1/points/self/tools')).json.error.code).toBe('AUTH_MISSING')
  })

  test('is good for no page of another origin', async () => {
    const at = browser()
    await signIn(at, ben)
    for (const headers of [
      { origin: 'https://evil.example' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ]) {
      const { status, json } = await at.ask('POST', '/v1/systems', { name: 'Forged' }, headers)
      expect([status, json.error.code]).toEqual([403, 'FORBIDDEN'])
    }
    const { systems } = (await at.ask('GET', '/v1/systems')).json
    expect(JSON.stringify(systems)).not.toContain('Forged')
  })

  test('ends for this browser, or for every one of its person', async () => {
    const [one, two] = [browser(), browser()]
    await signIn(one, ben)
    await signIn(two, ben)
    const secret = one.cookie
    await one.ask('POST', '/v1/session/end', {})
    expect((await browser(secret).ask('GET', '/v1/session')).status).toBe(401)
    expect((await two.ask('GET', '/v1/session')).status).toBe(200)
    await signIn(one, ben)
    const both = [one.cookie, two.cookie]
    await one.ask('POST', '/v1/session/end', { everywhere: true })
    for (const cookie of both) expect((await browser(cookie).ask('GET', '/v1/session')).status).toBe(401)
  })

  test('is not had by a ticket twice', async () => {
    const { url } = (await ben.api.post('/v1/viewer-links', { to: 'console' })).json
    const ticket = /#ticket=(.*)$/.exec(url)?.[1]
    expect((await browser().ask('POST', '/v1/session/ticket', { ticket })).status).toBe(200)
    expect((await browser().ask('POST', '/v1/session/ticket', { ticket })).json.error.code).toBe(
      'AUTH_MISSING',
    )
  })

  test.each(['viewer-links', 'reviews/links', 'approvals/links'])(
    'asks for no other by %s',
    async (links) => {
      const at = browser()
      await signIn(at, ben)
      expect((await at.ask('POST', `/v1/${links}`, {})).json.error?.code).toBe('FORBIDDEN')
      expect((await ben.api.post(`/v1/${links}`, {})).status).toBe(200)
    },
  )

  test('ends when its person leaves', async () => {
    const cat = await server.invite(ann, 'Cat')
    const { url } = (await cat.api.post('/v1/viewer-links', { to: 'console' })).json
    const at = browser()
    await at.ask('POST', '/v1/session/ticket', { ticket: /#ticket=(.*)$/.exec(url)?.[1] })
    expect((await at.ask('GET', '/v1/session')).status).toBe(200)
    await ann.api.post('/v1/revocations', { kind: 'person', target: cat.id, reason: 'left' })
    expect((await at.ask('GET', '/v1/agents')).status).toBe(401)
  })

  test('is not guessed at: attempts of an address are counted', async () => {
    const at = browser()
    const codes = []
    for (let n = 0; n < 40; n++)
      codes.push((await at.ask('POST', '/v1/session/ticket', { ticket: `guess${n}` })).json.error.code)
    expect(codes.slice(0, 20).every((code) => code === 'AUTH_MISSING')).toBe(true)
    expect(codes.at(-1)).toBe('TOO_MANY')
    // Others of the address come in all the same.
    expect((await signIn(browser(), ben)).status).toBe(200)
  })
})

describe('sessions in time', () => {
  let now = 0
  const clock = { now: () => now, monotonic: () => now }
  const MINUTE_MS = 60_000

  test('end when nobody asks for anything, and after eight hours', () => {
    const sessions = new Sessions(nodeCrypto, clock)
    const idle = sessions.begin('per_a', { by: 'passkey', passkey: 1 }, 1)
    now += SESSION_IDLE_MS
    expect(sessions.sessionOf(idle, true)).toBeNull()
    let busy = sessions.begin('per_a', { by: 'passkey', passkey: 1 }, 1)
    const began = now
    while (now < began + SESSION_TTL_MS) {
      expect(sessions.sessionOf(busy, true)).not.toBeNull()
      busy = sessions.rotate(busy) ?? busy
      now += 10 * MINUTE_MS
    }
    expect(sessions.sessionOf(busy, true)).toBeNull()
  })

  test('are idle while a page asks by itself, however often', () => {
    const sessions = new Sessions(nodeCrypto, clock)
    const polled = sessions.begin('per_a', { by: 'passkey', passkey: 1 }, 1)
    const began = now
    while (now < began + SESSION_IDLE_MS) {
      expect(sessions.sessionOf(polled, false)).not.toBeNull()
      now += MINUTE_MS
    }
    expect(sessions.sessionOf(polled, false)).toBeNull()
    expect(sessions.sessionOf(polled, true)).toBeNull()
  })

  test('of one person have eight tickets, of which the oldest is good for nothing, and others have theirs', () => {
    const sessions = new Sessions(nodeCrypto, clock)
    const others = sessions.ticketFor('per_b', 1)
    const first = sessions.ticketFor('per_a', 1)
    let last = first
    for (let n = 0; n < 2_000; n++) last = sessions.ticketFor('per_a', 1)
    expect(sessions.redeem(first)).toBeNull()
    expect(sessions.redeem(last)).not.toBeNull()
    expect(sessions.redeem(others)).not.toBeNull()
    expect(sessions.redeem(sessions.ticketFor('per_c', 1))).not.toBeNull()
  })

  test('change their secret, and the old one is good for what is under way', () => {
    const sessions = new Sessions(nodeCrypto, clock)
    const old = sessions.begin('per_a', { by: 'passkey', passkey: 1 }, 1)
    expect(sessions.rotate(old)).toBeNull()
    now += 16 * MINUTE_MS
    const next = sessions.rotate(old)
    expect(next).not.toBeNull()
    expect(sessions.sessionOf(old, true)).not.toBeNull()
    expect(sessions.rotate(old)).toBeNull()
    now += MINUTE_MS
    expect(sessions.sessionOf(old, true)).toBeNull()
    expect(sessions.sessionOf(next ?? '', true)).not.toBeNull()
    sessions.end(next ?? '')
    expect(sessions.sessionOf(next ?? '', true)).toBeNull()
  })

  test('of one person are eight, of which the oldest ends', () => {
    const sessions = new Sessions(nodeCrypto, clock)
    const first = sessions.begin('per_a', { by: 'passkey', passkey: 1 }, 1)
    const others = Array.from({ length: SESSIONS_OF_PERSON_MAX }, () =>
      sessions.begin('per_a', { by: 'passkey', passkey: 1 }, 1),
    )
    expect(sessions.sessionOf(first, true)).toBeNull()
    expect(others.every((secret) => sessions.sessionOf(secret, true) !== null)).toBe(true)
    expect(sessions.endWhere(({ person }) => person === 'per_a')).toBe(SESSIONS_OF_PERSON_MAX)
  })

  test('are as old as their beginning, whenever their secret was replaced', () => {
    const sessions = new Sessions(nodeCrypto, clock)
    const first = sessions.begin('per_a', { by: 'passkey', passkey: 1 }, 1)
    now += 16 * MINUTE_MS
    const second = sessions.begin('per_a', { by: 'passkey', passkey: 1 }, 1)
    const rotated = sessions.rotate(first) ?? ''
    for (let n = 0; n < SESSIONS_OF_PERSON_MAX - 1; n++)
      sessions.begin('per_a', { by: 'passkey', passkey: 1 }, 1)
    expect(sessions.sessionOf(rotated, true)).toBeNull()
    expect(sessions.sessionOf(second, true)).not.toBeNull()
  })
})
