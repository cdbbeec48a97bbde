/** Sign-in by an identity provider that nobody here wrote, and by one that lies. spec/identity.md (IDN-1 to IDN-13). */
import { fileURLToPath } from 'node:url'
import { decodeProtectedHeader, exportJWK, generateKeyPair } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Browser } from '../../../test/fixtures/browser.ts'
import { LyingProvider } from '../../../test/fixtures/lying-provider.ts'
import { Process, until } from '../../../test/fixtures/processes.ts'
import { nodeCrypto } from '../../../src/adapters/node-crypto/node-crypto.ts'
import { thumbprint } from '../../../src/core/jwk.ts'
import { systemClock } from '../../../src/ports/clock.ts'
import { TestServer, type Operator } from '../harness.ts'
import { SESSION_COOKIE } from '../sessions.ts'
import { returnPath } from './return-path.ts'
import type { OidcSettings } from './settings.ts'

const PROVIDER = fileURLToPath(new URL('../../../test/fixtures/identity-provider.ts', import.meta.url))
const CLIENT_ID = 'countersign'
const SECRET = 'a-secret-of-this-fixture-of-32-characters'
const CALLBACK = '/auth/oidc/callback'

/** Settings are known after the port is, which the provider is told: an object that is filled in time. */
function settings(): OidcSettings & { issuer: string } {
  return { issuer: '', clientId: CLIENT_ID, proof: { kind: 'secret', secret: SECRET } }
}

/** A session by a passkey, as the console opens one. */
async function withPasskey(server: TestServer, operator: Operator): Promise<Browser> {
  const browser = new Browser()
  const { json } = await operator.api.get('/v1/people')
  expect(json.people.length).toBeGreaterThan(0)
  const { challenge } = (await (await browser.post(`${server.base()}/v1/session/challenge`, {})).json()) as {
    challenge: string
  }
  const gesture = operator.authenticator.assert(challenge)
  const credential_id = thumbprint(nodeCrypto, operator.authenticator.jwk)
  const answer = await browser.post(`${server.base()}/v1/session/passkey`, {
    challenge,
    credential_id,
    gesture,
  })
  expect(answer.status).toBe(200)
  return browser
}

async function codeOf(response: Response | null): Promise<string> {
  return /data-code="([A-Z_]+)"/.exec((await response?.text()) ?? '')?.[1] ?? 'no page'
}

describe('with a provider that nobody here wrote', () => {
  const oidc = settings()
  const server = new TestServer({ oidc })
  let ann: Operator
  let provider: Process

  beforeAll(async () => {
    await server.start()
    ann = await server.enrol(server.bootstrapSecret)
    const own = server.base()
    provider = new Process(process.execPath, [
      PROVIDER,
      own + CALLBACK,
      `${own}/auth/oidc/backchannel-logout`,
      `${own}/console/`,
    ])
    oidc.issuer = await until('the provider is up', () => provider.lines[0])
  })
  afterAll(async () => {
    await provider.end('SIGTERM')
    await server.remove()
  })

  /** Follows a sign-in to the page that asks who it is, and says `account`. @returns the callback, not yet called */
  const signInAs = async (browser: Browser, account: string, start: string): Promise<URL> => {
    const isThere = ({ pathname }: URL): boolean => pathname === CALLBACK
    const { at } = await browser.follow(
      start,
      (url) => url.pathname.startsWith('/interaction/') || isThere(url),
    )
    if (isThere(at)) return at // the provider knows this browser
    return (await browser.follow(`${at.href}?account=${account}`, isThere)).at
  }
  const startUrl = (back = '/console/alerts?open=1'): string =>
    `${server.base()}/auth/oidc/start?return=${encodeURIComponent(back)}`
  const connect = async (browser: Browser, account: string): Promise<Response> => {
    const asked = await browser.post(`${server.base()}/v1/session/connect`, { return: '/console/me' })
    const { url } = (await asked.json()) as { url: string }
    return browser.ask((await signInAs(browser, account, url)).href)
  }

  test('somebody unknown is told what to do, and gets no session', async () => {
    const browser = new Browser()
    const callback = await signInAs(browser, 'stranger', startUrl())
    const answer = await browser.ask(callback.href)
    expect(answer.status).toBe(403)
    const page = await answer.text()
    expect(page).toContain('data-code="IDENTITY_UNKNOWN"')
    expect(page).toContain('connect the account')
    expect(browser.jar(server.base()).has(SESSION_COOKIE)).toBe(false)
  })

  test('an account that was connected in a session by passkey opens the next session, and goes where it was to', async () => {
    const connected = await connect(await withPasskey(server, ann), 'ann')
    expect([connected.status, connected.headers.get('location')]).toEqual([303, '/console/me'])
    const browser = new Browser()
    const callback = await signInAs(browser, 'ann', startUrl())
    const answer = await browser.ask(callback.href)
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/console/alerts?open=1'])
    const session = await (await browser.ask(`${server.base()}/v1/session`)).json()
    expect(session).toMatchObject({ person: { id: ann.id }, session: { by: 'oidc' } })
    // It looks, stops, and hands in gestures; whoever holds the provider authorizes nothing (SES-9).
    expect((await browser.ask(`${server.base()}/v1/agents`)).status).toBe(200)
    const send = async (path: string, body: object): Promise<unknown> => {
      const said = await (await browser.post(server.base() + path, body)).json()
      return (said as { error?: { code: string } }).error?.code
    }
    expect(await send('/v1/systems', { name: 'Ledger' })).toBe('PASSKEY_NEEDED')
    expect(await send('/v1/keys/issuer/rotate', {})).toBe('PASSKEY_NEEDED')
    // Naming a gesture where none is taken makes none of it.
    const forged = { name: 'Ledger', client_data: 'x', gesture: {} }
    for (const path of ['/v1/systems', '/v1/keys/issuer/rotate', '/v1/keys/oauth/rotate'])
      expect([path, await send(path, forged)]).toEqual([path, 'PASSKEY_NEEDED'])
    const gesture = { client_data: 'x', authenticator_data: 'x', signature: 'x' }
    expect(await send('/v1/agents/agt_none/approve', gesture)).toBe('UNKNOWN_AGENT')
    const stop = { kind: 'agent', target: 'agt_none', reason: 'test' }
    expect(await send('/v1/revocations', stop)).toBe('UNKNOWN_AGENT')
  })

  test('the link says whose it is to whoever may see it, and the log says neither who nor what', async () => {
    const { json } = await ann.api.get('/v1/identities')
    expect(json.identities).toMatchObject([{ person: ann.id, iss: oidc.issuer, by: 'connect', sub: 'ann' }])
    const entry = json.identities[0].entry
    const logged = await ann.api.get(`/v1/log/entries?from=${entry}`)
    expect(JSON.stringify(logged.json)).not.toContain('"ann"')
  })

  test('a code that was used is good for nothing, here or there', async () => {
    const browser = new Browser()
    const callback = await signInAs(browser, 'ann', startUrl())
    const thief = new Browser()
    for (const [name, value] of browser.jar(server.base())) thief.jar(server.base()).set(name, value)
    expect((await browser.ask(callback.href)).status).toBe(303)
    expect(await codeOf(await browser.ask(callback.href))).toBe('SIGN_IN_REFUSED')
    expect(await codeOf(await thief.ask(callback.href))).toBe('SIGN_IN_REFUSED')
    // The same code in a flow of the thief's own: the provider wants the verifier of whoever asked for it.
    const { at } = await thief.follow(startUrl(), ({ pathname }) => pathname.startsWith('/interaction/'))
    const own = await thief.follow(`${at.href}?account=eve`, ({ pathname }) => pathname === CALLBACK)
    own.at.searchParams.set('code', callback.searchParams.get('code') ?? '')
    expect(await codeOf(await thief.ask(own.at.href))).toBe('SIGN_IN_REFUSED')
  })

  test('an answer with another state, of another browser, or without one, opens nothing', async () => {
    const browser = new Browser()
    const callback = await signInAs(browser, 'ann', startUrl())
    const other = new URL(callback)
    other.searchParams.set('state', 'A'.repeat(43))
    expect(await codeOf(await browser.ask(other.href))).toBe('SIGN_IN_REFUSED')
    const again = await signInAs(browser, 'ann', startUrl())
    expect(await codeOf(await new Browser().ask(again.href))).toBe('SIGN_IN_REFUSED')
    // It was used up by whoever it was not for.
    expect(await codeOf(await browser.ask(again.href))).toBe('SIGN_IN_REFUSED')
    const third = await signInAs(browser, 'ann', startUrl())
    third.searchParams.append('state', 'B')
    expect(await codeOf(await browser.ask(third.href))).toBe('SIGN_IN_REFUSED')
  })

  test('what a browser held before is never its session', async () => {
    const browser = new Browser()
    browser.jar(server.base()).set(SESSION_COOKIE, 'planted-by-somebody-else')
    const before = new Map(browser.jar(server.base()))
    const callback = await signInAs(browser, 'ann', startUrl())
    await browser.ask(callback.href)
    const secret = browser.jar(server.base()).get(SESSION_COOKIE)
    expect(secret).toMatch(/^[\w-]{43}$/)
    expect([...before.values()]).not.toContain(secret)
    browser.jar(server.base()).set(SESSION_COOKIE, 'planted-by-somebody-else')
    expect((await browser.ask(`${server.base()}/v1/session`)).status).toBe(401)
  })

  test.each([
    [
      '',
      '//evil.example/console',
      'https://evil.example/console/',
      '/\\evil.example',
      '/console/../v1/people',
    ],
    [
      '/%2f%2fevil.example',
      '/console\t/..//evil.example',
      '/console/%2e%2e/',
      'console',
      '/consoles',
      'javascript:1',
    ],
  ])('leads nowhere else: %s', async (...backs: readonly string[]) => {
    for (const back of backs) {
      const answer = await new Browser().ask(startUrl(back))
      expect([back, answer.status, await codeOf(answer)]).toEqual([back, 400, 'REQUEST_INVALID'])
    }
  })

  test('whoever signs out there is out here, by the provider’s own word', async () => {
    const browser = new Browser()
    await browser.ask((await signInAs(browser, 'ann', startUrl())).href)
    const other = new Browser()
    await other.ask((await signInAs(other, 'ann', startUrl())).href)
    const passkey = await withPasskey(server, ann)
    const isIn = async (one: Browser): Promise<boolean> =>
      (await one.ask(`${server.base()}/v1/session`)).status === 200
    // The provider asks whether to sign out, with a form.
    const page = await browser.follow(`${oidc.issuer}/session/end?client_id=${CLIENT_ID}`)
    const xsrf = /name="xsrf" value="([^"]+)"/.exec((await page.response?.text()) ?? '')?.[1] ?? ''
    const body = new URLSearchParams({ xsrf, logout: 'yes' })
    await browser.ask(`${oidc.issuer}/session/end/confirm`, { method: 'POST', body })
    await until('the session has ended', async () => !(await isIn(browser)))
    expect([await isIn(other), await isIn(passkey)]).toEqual([true, true])
  })

  test('whoever signs out here is led to sign out there', async () => {
    const browser = new Browser()
    await browser.ask((await signInAs(browser, 'ann', startUrl())).href)
    const { url } = (await (await browser.post(`${server.base()}/auth/oidc/logout`, {})).json()) as {
      url: string
    }
    expect(new URL(url).origin + new URL(url).pathname).toBe(`${oidc.issuer}/session/end`)
    expect(new URL(url).searchParams.get('post_logout_redirect_uri')).toBe(`${server.base()}/console/`)
    expect((await browser.ask(`${server.base()}/v1/session`)).status).toBe(401)
  })

  test('a form of another site signs nobody out', async () => {
    const answer = await fetch(`${server.base()}/auth/oidc/logout`, {
      method: 'POST',
      headers: { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
    })
    expect(answer.headers.get('set-cookie')).toBeNull()
  })

  test('asks for no session that the provider could not end', async () => {
    const browser = new Browser()
    await browser.ask((await signInAs(browser, 'ann', startUrl())).href)
    expect((await browser.post(`${server.base()}/v1/viewer-links`, { to: 'console' })).status).toBe(403)
  })

  test('an account is one person’s, and a person has one', async () => {
    const ben = await server.invite(ann, 'Ben')
    expect(await codeOf(await connect(await withPasskey(server, ben), 'ann'))).toBe('IDENTITY_IN_USE')
    expect(await codeOf(await connect(await withPasskey(server, ann), 'ann2'))).toBe('STATE_CONFLICT')
  })

  test('no account is connected in a session that an account opened, or once the session is over', async () => {
    const browser = new Browser()
    await browser.ask((await signInAs(browser, 'ann', startUrl())).href)
    expect((await browser.post(`${server.base()}/v1/session/connect`, {})).status).toBe(403)
    const passkey = await withPasskey(server, ann)
    const { url } = (await (await passkey.post(`${server.base()}/v1/session/connect`, {})).json()) as {
      url: string
    }
    expect(new URL(url).searchParams.get('prompt')).toBe('login')
    const callback = await signInAs(passkey, 'ann3', url)
    await passkey.post(`${server.base()}/v1/session/end`, {})
    expect(await codeOf(await passkey.ask(callback.href))).toBe('SIGN_IN_REFUSED')
    const foreign = await passkey.post(`${server.base()}/v1/session/connect`, {}, 'https://evil.example')
    expect(foreign.status).toBe(403)
  })

  test('an account that is unlinked is nobody’s at once', async () => {
    const ben = await server.invite(ann, 'Ben')
    await connect(await withPasskey(server, ben), 'ben')
    const browser = new Browser()
    await browser.ask((await signInAs(browser, 'ben', startUrl())).href)
    const { json } = await ann.api.get('/v1/identities')
    const { id } = json.identities.find((each: { person: string }) => each.person === ben.id)
    expect((await ann.api.post(`/v1/identities/${id}/unlink`, {})).status).toBe(200)
    expect((await browser.ask(`${server.base()}/v1/session`)).status).toBe(401)
    expect(await codeOf(await browser.ask((await signInAs(new Browser(), 'ben', startUrl())).href))).toBe(
      'SIGN_IN_REFUSED',
    )
    const next = new Browser()
    expect(await codeOf(await next.ask((await signInAs(next, 'ben', startUrl())).href))).toBe(
      'IDENTITY_UNKNOWN',
    )
  })

  test('the account of somebody who left is nobody’s, and free', async () => {
    const cat = await server.invite(ann, 'Cat')
    await connect(await withPasskey(server, cat), 'cat')
    await ann.api.post(`/v1/people/${cat.id}/leave`, { reason: 'left' })
    const browser = new Browser()
    expect(await codeOf(await browser.ask((await signInAs(browser, 'cat', startUrl())).href))).toBe(
      'IDENTITY_UNKNOWN',
    )
    const { json } = await ann.api.get('/v1/identities')
    expect(json.identities.some((each: { person: string }) => each.person === cat.id)).toBe(false)
  })

  test('while the provider is away sign-in says so, and the rest works', async () => {
    await server.restart()
    await provider.end('SIGTERM')
    const answer = await new Browser().ask(startUrl())
    expect([answer.status, await codeOf(answer)]).toEqual([503, 'PROVIDER_AWAY'])
    expect((await ann.api.get('/v1/people')).status).toBe(200)
    server.faults.length = 0 // It is said in the log of the server.
  })
})

describe('with a provider that lies', () => {
  const oidc = settings()
  const server = new TestServer({ oidc })
  const liar = new LyingProvider()
  let ann: Operator

  beforeAll(async () => {
    await liar.start()
    oidc.issuer = liar.issuer
    await server.start()
    ann = await server.enrol(server.bootstrapSecret)
    const browser = await withPasskey(server, ann)
    const asked = await browser.post(`${server.base()}/v1/session/connect`, {})
    await signIn(browser, ((await asked.json()) as { url: string }).url)
  })
  afterAll(async () => {
    await liar.stop()
    await server.remove()
  })
  beforeEach(() => void (liar.bends = {}))

  /** @returns the answer of the callback */
  const signIn = async (browser: Browser, start = `${server.base()}/auth/oidc/start`): Promise<Response> => {
    const { at } = await browser.follow(start, ({ pathname }) => pathname === CALLBACK)
    return browser.ask(at.href)
  }
  const isIn = async (browser: Browser): Promise<boolean> =>
    (await browser.ask(`${server.base()}/v1/session`)).status === 200
  const now = (): number => Math.floor(Date.now() / 1000)

  test('the code comes with the verifier of the challenge, and the client says who it is', async () => {
    const browser = new Browser()
    const { at } = await browser.follow(
      `${server.base()}/auth/oidc/start`,
      (url) => url.pathname === '/authorize',
    )
    expect(Object.fromEntries(at.searchParams)).toMatchObject({
      response_type: 'code',
      client_id: CLIENT_ID,
      scope: 'openid',
      code_challenge_method: 'S256',
      redirect_uri: server.base() + CALLBACK,
    })
    expect((await signIn(new Browser())).status).toBe(303)
    const verifier = liar.redeemed.at(-1)?.get('code_verifier') ?? ''
    expect(verifier).toMatch(/^[\w-]{43}$/)
  })

  test.each([
    ['another nonce', { claims: { nonce: 'another' } }],
    ['no nonce', { claims: { nonce: undefined } }],
    ['another issuer', { claims: { iss: 'https://evil.example' } }],
    ['another audience', { claims: { aud: 'somebody-else' } }],
    ['several audiences and another party', { claims: { aud: [CLIENT_ID, 'x'], azp: 'x' } }],
    ['an ID token that is over', { claims: { exp: now() - 3_600, iat: now() - 7_200 } }],
    ['no time of issue', { claims: { iat: undefined } }],
    ['no subject', { claims: { sub: undefined } }],
    ['another key', { otherKey: true }],
    ['another iss in the redirect', { answer: { iss: 'https://evil.example' } }],
    ['no iss in the redirect, which it says that it sends', { answer: { iss: undefined } }],
    ['an error', { answer: { error: 'access_denied', error_description: '<script>alert(1)</script>' } }],
    ['another state', { answer: { state: 'Z'.repeat(43) } }],
  ])('opens nothing for %s', async (_, bends) => {
    liar.bends = bends
    const browser = new Browser()
    const answer = await signIn(browser)
    expect(answer.status).toBe(403)
    const page = await answer.text()
    expect(page).toContain('data-code="SIGN_IN_REFUSED"')
    expect(page).not.toContain('alert(1)')
    expect(browser.jar(server.base()).has(SESSION_COOKIE)).toBe(false)
  })

  test('what fails often is told to wait, and who has what it takes comes in all the same', async () => {
    const codes = new Set<string>()
    for (let n = 0; n < 31; n++)
      codes.add(await codeOf(await new Browser().ask(`${server.base()}${CALLBACK}?state=guessed`)))
    expect([...codes].at(-1)).toBe('TOO_MANY')
    expect((await signIn(new Browser())).status).toBe(303)
  })

  test('a logout token ends the sessions of whom it names, once', async () => {
    const [one, other] = [new Browser(), new Browser()]
    await signIn(one)
    liar.bends = { claims: { sid: 'second' } }
    await signIn(other)
    liar.bends = {}
    const byId = await liar.logoutToken({ sid: 'second', sub: undefined })
    const answer = await logOut(byId)
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store'])
    expect([await isIn(one), await isIn(other)]).toEqual([true, false])
    expect((await logOut(byId)).status).toBe(400)
    expect((await logOut(await liar.logoutToken())).status).toBe(200)
    expect(await isIn(one)).toBe(false)
  })

  test('takes a token without a type, of a provider from before there was one', async () => {
    expect((await logOut(await liar.logoutToken({}, { typ: undefined }))).status).toBe(200)
  })

  const logOut = (token: string): Promise<Response> =>
    fetch(`${server.base()}/auth/oidc/backchannel-logout`, {
      method: 'POST',
      body: new URLSearchParams({ logout_token: token }),
    })

  test.each<[string, Record<string, unknown>, Record<string, unknown>?]>([
    ['of another issuer', { iss: 'https://evil.example' }],
    ['for another client', { aud: 'somebody-else' }],
    ['without a time', { iat: undefined }],
    ['from before', { iat: now() - 3_600 }],
    ['of the future', { iat: now() + 3_600 }],
    ['that is over', { exp: now() - 3_600 }],
    ['without an identifier', { jti: undefined }],
    ['without an event', { events: undefined }],
    ['of another event', { events: { 'http://schemas.openid.net/event/other': {} } }],
    [
      'with an event that is no object',
      { events: { 'http://schemas.openid.net/event/backchannel-logout': 'yes' } },
    ],
    ['of nobody', { sub: undefined, sid: undefined }],
    ['with a nonce: it is an ID token', { nonce: 'n' }],
    ['of another type', {}, { typ: 'at+jwt' }],
    ['with what must be understood and is not', {}, { crit: ['x'], x: 1 }],
  ])('refuses a logout token %s', async (_, claims, header = {}) => {
    const browser = new Browser()
    await signIn(browser)
    const token = await (header.crit === undefined
      ? liar.logoutToken(claims, header)
      : liar.logoutToken(claims).then((good) => withHeader(good, header)))
    const answer = await logOut(token)
    expect([answer.status, await answer.json()]).toMatchObject([400, { error: 'invalid_request' }])
    expect(await isIn(browser)).toBe(true)
  })

  test('refuses a logout token that nobody signed, or that somebody else did', async () => {
    const browser = new Browser()
    await signIn(browser)
    const good = await liar.logoutToken()
    liar.bends = { otherKey: true }
    const others = await liar.logoutToken()
    const [, body = ''] = good.split('.')
    const none = `${base64url(JSON.stringify({ alg: 'none', typ: 'logout+jwt' }))}.${body}.`
    for (const token of [others, none, `${good}A`, good.slice(0, -4), '', 'x.y.z', 'A'.repeat(20_000)])
      expect((await logOut(token)).status).toBe(400)
    expect(await isIn(browser)).toBe(true)
    const twice = await fetch(`${server.base()}/auth/oidc/backchannel-logout`, {
      method: 'POST',
      body: new URLSearchParams([
        ['logout_token', good],
        ['logout_token', good],
      ]),
    })
    expect(twice.status).toBe(400)
  })
})

function base64url(text: string): string {
  return Buffer.from(text).toString('base64url')
}

/** Not signed anew: what must be understood is refused before. */
function withHeader(token: string, header: Record<string, unknown>): string {
  const [, body, signature] = token.split('.')
  return [base64url(JSON.stringify({ alg: 'RS256', kid: 'only', ...header })), body, signature].join('.')
}

test('the way back is a path of the console, as a browser reads it', () => {
  expect(returnPath(undefined)).toBe('/console/')
  expect(returnPath('/console/agents/../alerts?a=1#b')).toBe('/console/alerts?a=1#b')
})

test('a client with a key of its own signs who it is', async () => {
  const liar = await new LyingProvider().start()
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  const jwk = { ...(await exportJWK(privateKey)), alg: 'ES256', kid: 'mine' }
  const oidc = { ...settings(), issuer: liar.issuer, proof: { kind: 'key', jwk } } as const
  const server = await new TestServer({ oidc }).start()
  const browser = new Browser()
  const { at } = await browser.follow(`${server.base()}/auth/oidc/start`, (url) => url.pathname === CALLBACK)
  expect(await codeOf(await browser.ask(at.href))).toBe('IDENTITY_UNKNOWN')
  const [form] = liar.redeemed
  expect(form?.get('client_assertion_type')).toBe('urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
  expect(decodeProtectedHeader(form?.get('client_assertion') ?? '')).toMatchObject({
    alg: 'ES256',
    kid: 'mine',
  })
  expect(form?.has('client_secret')).toBe(false)
  await liar.stop()
  await server.remove()
})

describe('a sign-in that took too long', () => {
  test('is over after ten minutes', async () => {
    const liar = await new LyingProvider().start()
    let late_ms = 0
    const clock = { now: () => Date.now(), monotonic: () => performance.now() + late_ms }
    const server = await new TestServer({
      oidc: { ...settings(), issuer: liar.issuer },
      clock: { ...systemClock, ...clock },
    }).start()
    const browser = new Browser()
    const { at } = await browser.follow(
      `${server.base()}/auth/oidc/start`,
      (url) => url.pathname === CALLBACK,
    )
    late_ms = 10 * 60_000 + 1
    expect(await codeOf(await browser.ask(at.href))).toBe('SIGN_IN_REFUSED')
    await liar.stop()
    await server.remove()
  })
})
