/**
 * OAuth clients that nobody here wrote, led to the consent page in a real Chromium with a virtual authenticator.
 * spec/oauth.md (OAU-1 to OAU-17).
 */
import {
  auth,
  type OAuthClientProvider,
  type OAuthDiscoveryState,
  type StoredOAuthClientInformation,
} from '@modelcontextprotocol/client'
import * as oauth from 'openid-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { revoke } from '../../apps/cli/operator.ts'
import { CHROMIUM_RUNS } from './chromium.ts'
import { DOCUMENT_URL, OauthWorld } from './oauth-world.ts'
import type { PersonAtBrowser } from './person.ts'

const READ = {
  type: 'tool',
  server: 'files',
  actions: ['read_text_file', 'list_directory'],
  constraints: { path: { glob: '/srv/reports/**' } },
}

/** What a browser answers to a request for a gesture. */
interface Asserted {
  readonly response: Record<'clientDataJSON' | 'authenticatorData' | 'signature', ArrayBuffer>
}

/** An MCP client's memory: the SDK asks for it and does the rest. */
class Memory implements OAuthClientProvider {
  readonly redirectUrl: string
  readonly clientMetadata: { client_name: string; redirect_uris: string[] }
  #client: StoredOAuthClientInformation | undefined
  #verifier = ''
  kept: { access_token: string; refresh_token?: string } | undefined
  sentTo: URL | null = null
  constructor(callback: string) {
    this.redirectUrl = callback
    this.clientMetadata = { client_name: 'Desk Assistant', redirect_uris: [callback] }
  }
  clientInformation = () => this.#client
  saveClientInformation = (client: object): void =>
    void (this.#client = client as StoredOAuthClientInformation)
  tokens = () => this.kept as never
  saveTokens = (tokens: object): void => void (this.kept = tokens as never)
  redirectToAuthorization = (url: URL): void => void (this.sentTo = url)
  saveCodeVerifier = (verifier: string): void => void (this.#verifier = verifier)
  codeVerifier = (): string => this.#verifier
  #discovered: OAuthDiscoveryState | undefined
  discoveryState = () => this.#discovered
  saveDiscoveryState = (state: OAuthDiscoveryState): void => void (this.#discovered = state)
}

describe.runIf(CHROMIUM_RUNS)('a client without a key of its own', () => {
  let world: OauthWorld
  beforeAll(async () => {
    world = await OauthWorld.begin()
  }, 120_000)
  afterAll(() => world?.end())

  const signIn = async (at: PersonAtBrowser, url: URL | string): Promise<string> => {
    await at.open(String(url))
    await at.press('Sign in with passkey')
    await at.page.locator('main:not([data-state="sign_in"]):not([data-state="busy"]) h1').waitFor()
    return at.page.locator('main').innerText()
  }

  const sign = async (at: PersonAtBrowser): Promise<URL> => {
    await at.press('Continue')
    await at.reaches('sign')
    await at.press('Approve with passkey')
    await at.page.waitForURL(`${world.callback}**`)
    return new URL(at.page.url())
  }

  test('of the MCP SDK registers, is approved by somebody else, and gets what a person ticks', async () => {
    const { at } = world.ann
    const client = new Memory(world.callback)
    const serverUrl = world.resource.url
    expect(await auth(client, { serverUrl })).toBe('REDIRECT')
    expect(await at.open(String(client.sentTo))).toMatch(/^Desk Assistant wants to use files\n/)
    await at.shot('sign-in-light-wide')
    expect(await signIn(at, String(client.sentTo))).toMatch(
      /^Desk Assistant is new here\n[^]*registered itself/,
    )
    await at.shot('agent-new-light-wide')
    await at.press('Propose this agent')
    const waiting = await at.reaches('agent_proposed')
    await at.shot('agent-waiting-light-wide')
    await world.approves(world.ben, /agent approve (agt_\w+)/.exec(waiting)?.[1] ?? '')

    const choosing = await at.reaches('choose')
    expect(choosing).toContain('tick those that it may call')
    await at.shot('choose-empty-light-wide')
    expect(await at.page.getByRole('button', { name: 'Continue' }).isDisabled()).toBe(true)
    await at.page.getByLabel('read_text_file').check()
    await at.page.getByRole('spinbutton').fill('20')
    await at.page.getByLabel('For how long').selectOption('1 hour')
    await at.shot('choose-light-wide')
    await at.press('Continue')
    const root = await at.reaches('sign')
    for (const words of [
      'Authorize Desk Assistant',
      'read_text_file',
      'At most 20 calls a day',
      '1 hour, until',
      'gateway-1',
    ])
      expect(root).toContain(words)
    expect(root).not.toContain('write_file')
    await at.shot('sign-light-wide')
    await at.press('Approve with passkey')
    await at.page.waitForURL(`${world.callback}**`)
    const back = new URL(at.page.url()).searchParams
    expect(back.get('iss')).toBe(world.server.url)
    const [authorizationCode, iss] = [back.get('code') ?? '', back.get('iss') ?? '']
    expect(await auth(client, { serverUrl, authorizationCode, iss })).toBe('AUTHORIZED')

    const call = (token = client.kept?.access_token): Promise<Response> =>
      fetch(serverUrl, { headers: { authorization: `Bearer ${token}` } })
    expect((await call()).status).toBe(200)
    const { delegation, aud, exp = 0, iat = 0, sub, authorization_details } = world.resource.claims ?? {}
    expect(aud).toBe(serverUrl)
    expect(exp - iat).toBeLessThanOrEqual(300)
    expect(sub).not.toMatch(/^per_/)
    expect(authorization_details).toMatchObject([
      { actions: ['read_text_file'], limits: [{ max: 20, per: 'day' }] },
    ])
    const hosted = await world.point.api.get(`/v1/points/hosted/${String(delegation)}`)
    expect(hosted).toMatchObject({ status: 200, json: { jti: delegation } })

    const first = client.kept?.refresh_token
    expect(await auth(client, { serverUrl })).toBe('AUTHORIZED')
    expect(client.kept?.refresh_token).not.toBe(first)
    await revoke(world.ann.profile, 'delegation', String(delegation), 'test')
    expect(await auth(client, { serverUrl }).catch(() => 'REFUSED')).not.toBe('AUTHORIZED')
  }, 60_000)

  const resourceOf = () => ({ resource: world.resource.url })
  /** A client that is known by its metadata document. */
  const discover = async (): Promise<oauth.Configuration> => {
    const url = new URL(world.server.url)
    const config = await oauth.discovery(url, DOCUMENT_URL, undefined, oauth.None(), {
      algorithm: 'oauth2',
      execute: [oauth.allowInsecureRequests],
    })
    return config
  }
  const request = async (more: Record<string, string> = {}) => {
    const verifier = oauth.randomPKCECodeVerifier()
    const parameters = {
      redirect_uri: world.callback,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state: 'as sent',
      ...resourceOf(),
      authorization_details: JSON.stringify([READ]),
      ...more,
    }
    return { parameters, checks: { pkceCodeVerifier: verifier, expectedState: 'as sent' } }
  }
  /** As far as the choice: the agent is registered by the first who comes here. */
  const choosing = async (url: URL | string): Promise<PersonAtBrowser> => {
    const { at } = world.ann
    const text = await signIn(at, url)
    if (text.includes('is new here')) {
      await at.press('Propose this agent')
      const waiting = await at.reaches('agent_proposed')
      await world.approves(world.ben, /agent approve (agt_\w+)/.exec(waiting)?.[1] ?? '')
    }
    await at.reaches('choose')
    return at
  }

  test('of openid-client pushes its request, is narrowed, and is bound to its key', async () => {
    const config = await discover()
    const DPoP = oauth.getDPoPHandle(config, await oauth.randomDPoPKeyPair('ES256'))
    const { parameters, checks } = await request()
    const at = await choosing(await oauth.buildAuthorizationUrlWithPAR(config, parameters, { DPoP }))
    expect(await at.reaches('choose')).toMatch(
      /client\.example publishes[^]*path matches \/srv\/reports\/\*\*/,
    )
    await at.page.getByLabel('list_directory').uncheck()
    await at.shot('choose-asked-light-wide')
    const back = await sign(at)
    const wrong = new URL(back)
    wrong.searchParams.set('iss', 'https://other.example')
    await expect(
      oauth.authorizationCodeGrant(config, wrong, checks, resourceOf(), { DPoP }),
    ).rejects.toMatchObject({ code: 'OAUTH_INVALID_RESPONSE' })

    const tokens = await oauth.authorizationCodeGrant(config, back, checks, resourceOf(), { DPoP })
    const granted = [{ ...READ, actions: ['read_text_file'] }]
    expect(tokens).toMatchObject({ token_type: 'dpop', authorization_details: granted })
    const url = new URL(world.resource.url)
    const call = (handle?: oauth.DPoPHandle): Promise<Response> =>
      oauth.fetchProtectedResource(
        config,
        tokens.access_token,
        url,
        'GET',
        null,
        new Headers(),
        handle && { DPoP: handle },
      )
    expect((await call(DPoP)).status).toBe(200)
    const thief = oauth.getDPoPHandle(config, await oauth.randomDPoPKeyPair('ES256'))
    for (const handle of [thief, undefined]) await expect(call(handle)).rejects.toMatchObject({ status: 401 })
    await expect(
      oauth.refreshTokenGrant(config, tokens.refresh_token ?? '', resourceOf(), { DPoP: thief }),
    ).rejects.toMatchObject({ error: 'invalid_grant' })

    const again = await oauth.refreshTokenGrant(config, tokens.refresh_token ?? '', resourceOf(), { DPoP })
    await expect(
      oauth.refreshTokenGrant(
        config,
        again.refresh_token ?? '',
        { resource: 'https://other.example/mcp' },
        { DPoP },
      ),
    ).rejects.toMatchObject({ error: 'invalid_target' })
    const { delegation } = world.resource.claims ?? {}
    await expect(
      oauth.refreshTokenGrant(config, tokens.refresh_token ?? '', resourceOf(), { DPoP }),
    ).rejects.toMatchObject({ error: 'invalid_grant' })
    await expect(
      oauth.refreshTokenGrant(config, again.refresh_token ?? '', resourceOf(), { DPoP }),
    ).rejects.toMatchObject({ error: 'invalid_grant' })
    await expect
      .poll(
        async () => (await world.ann.profile.client.get(`/v1/delegations/${String(delegation)}`)) as object,
      )
      .toMatchObject({ revoked: true })
  }, 60_000)

  test('gets nothing for a code that was used, and what it had ends', async () => {
    const config = await discover()
    const { parameters, checks } = await request()
    const at = await choosing(oauth.buildAuthorizationUrl(config, parameters))
    const back = await sign(at)
    await expect(
      oauth.authorizationCodeGrant(
        config,
        back,
        { ...checks, pkceCodeVerifier: oauth.randomPKCECodeVerifier() },
        resourceOf(),
      ),
    ).rejects.toMatchObject({ error: 'invalid_grant' })
    const tokens = await oauth.authorizationCodeGrant(config, back, checks, resourceOf())
    await expect(oauth.authorizationCodeGrant(config, back, checks, resourceOf())).rejects.toMatchObject({
      error: 'invalid_grant',
    })
    await expect(oauth.refreshTokenGrant(config, tokens.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    })
  }, 60_000)

  test('goes on under a new key of the server, and begins again when the old one is retired', async () => {
    const { client: operator } = world.ann.profile
    const kidOf = (token: string): string =>
      String(JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).kid)
    const published = async (): Promise<string[]> => {
      const { keys } = (await (await fetch(`${world.server.url}/oauth2/jwks`)).json()) as {
        keys: { kid: string }[]
      }
      return keys.map(({ kid }) => kid)
    }
    const config = await discover()
    const begun = await request()
    const first = await sign(await choosing(oauth.buildAuthorizationUrl(config, begun.parameters)))
    const tokens = await oauth.authorizationCodeGrant(config, first, begun.checks, resourceOf())
    const old = kidOf(tokens.access_token)
    expect(await published()).toEqual([old])

    const next = await request()
    const at = await choosing(oauth.buildAuthorizationUrl(config, next.parameters))
    const { kid } = (await operator.post('/v1/keys/oauth/rotate', {})) as { kid: string }
    const second = await oauth.authorizationCodeGrant(config, await sign(at), next.checks, resourceOf())
    const again = await oauth.refreshTokenGrant(config, tokens.refresh_token ?? '', resourceOf())
    expect([kidOf(second.access_token), kidOf(again.access_token)]).toEqual([kid, kid])
    expect(await published()).toEqual([kid, old])

    await expect(operator.post(`/v1/keys/oauth/${kid}/retire`, {})).rejects.toMatchObject({
      remote: 'KEY_CURRENT',
    })
    expect(await operator.post(`/v1/keys/oauth/${old}/retire`, {})).toEqual({ kid: old, destroyed: true })
    expect(await published()).toEqual([kid])
    await expect(
      oauth.refreshTokenGrant(config, again.refresh_token ?? '', resourceOf()),
    ).rejects.toMatchObject({ error: 'invalid_grant' })
    const later = await oauth.refreshTokenGrant(config, second.refresh_token ?? '', resourceOf())
    expect(kidOf(later.access_token)).toBe(kid)
  }, 60_000)

  test('is refused without PKCE, for another resource, at another address, or as somebody else', async () => {
    const config = await discover()
    const answer = async (
      more: Record<string, string>,
      without: string[] = [],
    ): Promise<[number, URLSearchParams]> => {
      const { parameters } = await request(more)
      const url = oauth.buildAuthorizationUrl(config, parameters)
      for (const name of without) url.searchParams.delete(name)
      const response = await fetch(url, { redirect: 'manual' })
      return [
        response.status,
        URL.parse(response.headers.get('location') ?? '')?.searchParams ?? new URLSearchParams(),
      ]
    }
    const [, noPkce] = await answer({}, ['code_challenge', 'code_challenge_method'])
    expect([noPkce.get('error'), noPkce.get('iss')]).toEqual(['invalid_request', world.server.url])
    const [, plain] = await answer({ code_challenge_method: 'plain' })
    expect(plain.get('error')).toBe('invalid_request')
    const [, elsewhere] = await answer({ resource: 'https://other.example/mcp' })
    expect(elsewhere.get('error')).toBe('invalid_target')
    const [, nowhere] = await answer({}, ['resource', 'authorization_details'])
    expect(nowhere.get('error')).toBe('invalid_target')
    const [, foreign] = await answer({ authorization_details: JSON.stringify([{ ...READ, server: 'mail' }]) })
    expect(foreign.get('error')).toBe('invalid_authorization_details')
    world.documents.set('https://impostor.example/a', {
      client_id: DOCUMENT_URL,
      redirect_uris: [world.callback],
    })
    for (const more of [
      { redirect_uri: 'https://evil.example/callback' },
      { redirect_uri: `${world.callback}/../evil` },
      { client_id: 'https://impostor.example/a' },
      { client_id: 'https://unknown.example/a' },
    ]) {
      const [status, parameters] = await answer(more)
      expect([status, [...parameters]]).toEqual([400, []]) // said to the person, and sent nowhere
    }
  })

  test('is told nothing by another browser, another page, or another person', async () => {
    const config = await discover()
    const { parameters } = await request()
    const at = await choosing(oauth.buildAuthorizationUrl(config, parameters))
    await at.press('Continue')
    await at.reaches('sign')
    const page = at.page.url()
    expect(await (await world.sit()).open(page)).toMatch(/^This request is over/)
    const [cookie] = await at.page.context().cookies(page)
    const elsewhere = await world.sit()
    const { parameters: others } = await request()
    const there = oauth.buildAuthorizationUrl(config, others)
    there.hostname = '127.0.0.1'
    expect(await elsewhere.open(String(there))).toMatch(/^Wrong address/)
    const post = (name: string, body: object, headers = {}): Promise<Response> =>
      fetch(`${page}/${name}`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          cookie: `${cookie?.name}=${cookie?.value}`,
          origin: world.server.url,
          ...headers,
        },
        body: JSON.stringify(body),
      })
    const codeOf = async (answer: Response): Promise<unknown> =>
      ((await answer.json()) as { error: { code: string } }).error.code
    expect((await post('open', {})).status).toBe(200)
    expect((await post('open', {}, { origin: 'https://evil.example' })).status).toBe(403)
    expect((await post('open', {}, { 'sec-fetch-site': 'cross-site' })).status).toBe(403)
    const wider = { ...READ, actions: ['read_text_file', 'write_file'] }
    const { constraints: _, ...unbounded } = READ
    for (const grants of [[wider], [unbounded], [{ ...READ, server: 'mail' }]])
      expect(await codeOf(await post('draft', { grants, ttl_s: 3600 }))).toBe('OUTSIDE_TEMPLATE')
    expect(await codeOf(await post('draft', { grants: [READ], ttl_s: 90 * 86_400 + 1 }))).toBe(
      'REQUEST_INVALID',
    )

    const opened = await post('draft', { grants: [READ], ttl_s: 3600 })
    expect(opened.status).toBe(200)
    const { draft } = (await (await post('open', {})).json()) as { draft: { challenge: string } }
    // Ben's passkey over Ann's root.
    const parts = await world.ben.at.page.evaluate(async (challenge) => {
      const { navigator } = globalThis as unknown as {
        navigator: { credentials: { get(of: object): Promise<Asserted> } }
      }
      const bytes = Uint8Array.from(atob(challenge.replaceAll('-', '+').replaceAll('_', '/')), (c) =>
        c.charCodeAt(0),
      )
      const text = (buffer: ArrayBuffer): string =>
        btoa(String.fromCharCode(...new Uint8Array(buffer)))
          .replaceAll('+', '-')
          .replaceAll('/', '_')
          .replaceAll('=', '')
      const made = await navigator.credentials.get({
        publicKey: { challenge: bytes, rpId: 'localhost', userVerification: 'required' },
      })
      const { clientDataJSON, authenticatorData, signature } = made.response
      return {
        client_data: text(clientDataJSON),
        authenticator_data: text(authenticatorData),
        signature: text(signature),
      }
    }, draft.challenge)
    expect(await codeOf(await post('seal', { gesture: parts }))).toBe('GESTURE_INVALID')
  }, 60_000)

  test('goes no further with a person whom nobody has endorsed, or who declines', async () => {
    const config = await discover()
    const { parameters } = await request()
    const url = oauth.buildAuthorizationUrl(config, parameters)
    const { at } = await world.stranger('Cem')
    expect(await signIn(at, url)).toMatch(/^Your passkey does not count yet/)
    await at.shot('unendorsed-light-wide')
    await at.press('Go back')
    await at.page.waitForURL(`${world.callback}**`)
    expect(new URL(at.page.url()).searchParams.get('error')).toBe('access_denied')
    await at.loseKeys()
    await at.open(String(url))
    await at.press('Sign in with passkey')
    expect(await at.page.getByRole('alert').innerText()).toMatch(/did not answer/)
  }, 60_000)

  test.each([
    ['dark-wide', { colorScheme: 'dark' }],
    ['dark-narrow', { colorScheme: 'dark', viewport: { width: 360, height: 740 } }],
    ['light-narrow', { viewport: { width: 320, height: 640 } }],
  ] as const)(
    'reads a page that fits: %s',
    async (name, look) => {
      const { at } = world.ann
      const config = await discover()
      const { parameters } = await request()
      await at.page.setViewportSize('viewport' in look ? look.viewport : { width: 1280, height: 720 })
      await at.page.emulateMedia({ colorScheme: 'colorScheme' in look ? look.colorScheme : 'light' })
      const fits = async (screen: string): Promise<void> => {
        await at.shot(`${screen}-${name}`)
        const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'
        expect(await at.page.evaluate(overflow)).toBe(0)
      }
      const url = oauth.buildAuthorizationUrl(config, parameters)
      await at.open(String(url))
      await fits('sign-in')
      await choosing(url)
      await fits('choose')
      await at.press('Continue')
      await at.reaches('sign')
      await fits('sign')
      await at.open(`${world.server.url}/oauth2/authorize?client_id=nobody`)
      await fits('error')
    },
    60_000,
  )
})
