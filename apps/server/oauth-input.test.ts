/** What the OAuth endpoints refuse: assertions, proofs and bodies of every bad kind. spec/status.md (STS-5). */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { base64url } from '../../src/core/encoding.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { signJws } from '../../src/core/sign.ts'
import { ASSERTION_LIFE_MAX_S } from './client-auth.ts'
import { TestServer, type Caller, type Operator } from './harness.ts'
import { BODY_BYTES_MAX } from './middleware.ts'
import { ReplayMemory } from './replay.ts'

/** How far the clock of the server and of the clients is ahead, in milliseconds. */
let ahead = 0
const clock = { now: () => Date.now() + ahead, monotonic: () => performance.now() + ahead }
const server = new TestServer({ clock })
let ann: Operator
let ben: Operator
let bot: Awaited<ReturnType<TestServer['agent']>>
let point: Awaited<ReturnType<TestServer['point']>>
let chain: string
beforeAll(async () => {
  await server.start()
  ann = await server.enrol(server.bootstrapSecret)
  ben = await server.invite(ann, 'Ben')
  bot = await server.agent(ann, ben)
  point = await server.point(ann)
  ;({ chain } = await server.delegate(ann, bot, point.id))
})
afterAll(() => server.remove())

function seconds(): number {
  return Math.floor(clock.now() / 1000)
}

const random = (): string => base64url(nodeCrypto.randomBytes(16))
const PATHS = ['/oauth/revoke', '/oauth/introspect', '/oauth/token']

function assertion(id: string, key: Caller, claims: JsonObject = {}, header: JsonObject = {}): string {
  return signJws(nodeCrypto.signer(key.key), header, {
    iss: id,
    sub: id,
    aud: server.base(),
    jti: random(),
    iat: seconds(),
    exp: seconds() + 60,
    ...claims,
  })
}

const authOf = (client_assertion: string): Record<string, string> => ({
  client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  client_assertion,
})

interface Answer {
  readonly status: number
  readonly error: unknown
}

async function send(path: string, body: string, headers: Record<string, string> = {}): Promise<Answer> {
  const response = await fetch(server.base() + path, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body,
  })
  expect(response.headers.get('cache-control')).toBe('no-store')
  const text = await response.text()
  if (text === '') return { status: response.status, error: undefined }
  const json = JSON.parse(text) as { error?: unknown; error_description?: unknown }
  if (response.status !== 200) {
    expect(json.error_description).toMatch(/^[ !#-[\]-~]+$/)
    expect(text).not.toMatch(/eyJ/)
  }
  return { status: response.status, error: json.error }
}

const post = (path: string, form: Record<string, string>, headers?: Record<string, string>) =>
  send(path, new URLSearchParams(form).toString(), headers)

const introspect = (client_assertion: string, form: Record<string, string> = {}) =>
  post('/oauth/introspect', { ...authOf(client_assertion), token: chain, ...form })

const INVALID_CLIENT: Answer = { status: 401, error: 'invalid_client' }
const GOOD: Answer = { status: 200, error: undefined }

describe('a client assertion', () => {
  test('is good for the issuer by URL or name, or the endpoint, as text or as one in a list', async () => {
    const audiences = [server.base(), `${server.base()}/oauth/introspect`, 'countersign.localhost']
    for (const aud of [...audiences, ...audiences.map((one) => [one])]) {
      expect(await introspect(assertion(point.id, point.api, { aud }))).toEqual(GOOD)
    }
  })

  test('may say its type and more claims than we know', async () => {
    for (const typ of ['JWT', 'client-authentication+jwt']) {
      expect(await introspect(assertion(point.id, point.api, { more: 1 }, { typ }))).toEqual(GOOD)
    }
  })

  test('works once', async () => {
    const once = assertion(point.id, point.api)
    expect(await introspect(once)).toEqual(GOOD)
    expect(await introspect(once)).toEqual(INVALID_CLIENT)
    expect(await post('/oauth/revoke', { ...authOf(once), token: 'x' })).toEqual(INVALID_CLIENT)
  })

  test('that was refused is not used up', async () => {
    const jti = random()
    expect(await introspect(assertion(point.id, bot.key, { jti }))).toEqual(INVALID_CLIENT)
    expect(await introspect(assertion(point.id, point.api, { jti }))).toEqual(GOOD)
  })

  test.each<[string, JsonObject]>([
    ['for another server', { aud: 'https://other.example' }],
    ['for another endpoint', { aud: 'http://127.0.0.1/oauth/token' }],
    ['for two servers', { aud: ['countersign.localhost', 'https://other.example'] }],
    ['for nobody', { aud: [] }],
    ['without an audience', { aud: null }],
    ['without an identifier', { jti: null }],
    ['with an empty identifier', { jti: '' }],
    ['without an end', { exp: null }],
    ['without a beginning', { iat: null }],
    ['that has expired', { exp: seconds() - 1 }],
    ['that ends too far ahead', { exp: seconds() + ASSERTION_LIFE_MAX_S + 60 }],
    ['of the future', { iat: seconds() + 120, exp: seconds() + 200 }],
    ['that is not valid yet', { nbf: seconds() + 120, exp: seconds() + 200 }],
    ['from before the server started', { iat: seconds() - 3600 }],
    ['about somebody else', { sub: 'agt_x' }],
  ])('%s is refused', async (_, claims) => {
    expect(await introspect(assertion(point.id, point.api, claims))).toEqual(INVALID_CLIENT)
  })

  test.each<[string, JsonObject]>([
    ['of another type', { typ: 'dpop+jwt' }],
    ['of no algorithm', { alg: 'none' }],
    ['of another algorithm than its key', { alg: 'ES256' }],
    ['with a key in its header', { jwk: { kty: 'OKP' } }],
    ['with a key of somebody else by name', { kid: 'A'.repeat(43) }],
    ['with a header that is not understood', { crit: ['exp'] }],
  ])('%s is refused', async (_, header) => {
    expect(await introspect(assertion(point.id, point.api, {}, header))).toEqual(INVALID_CLIENT)
  })

  test('by a key that is not the client’s is refused', async () => {
    for (const key of [bot.key, ann.api, server.caller()]) {
      expect(await introspect(assertion(point.id, key))).toEqual(INVALID_CLIENT)
      expect(await introspect(assertion(point.id, key, {}, { kid: key.jkt }))).toEqual(INVALID_CLIENT)
    }
  })

  test('of who is not registered is refused', async () => {
    const ids = ['nobody', '', `pnt_${'0'.repeat(26)}`, `agt_${'0'.repeat(26)}`, `per_${'0'.repeat(26)}`]
    for (const id of [...ids, `dlg_${'0'.repeat(26)}`, 'x'.repeat(1000)]) {
      expect(await introspect(assertion(id, point.api))).toEqual(INVALID_CLIENT)
    }
  })

  test('with another client_id beside it is refused', async () => {
    expect(await introspect(assertion(point.id, point.api), { client_id: ann.id })).toEqual(INVALID_CLIENT)
    expect(await introspect(assertion(point.id, point.api), { client_id: point.id })).toEqual(GOOD)
  })

  test.each<[string, Record<string, string>]>([
    ['no assertion', {}],
    ['an empty assertion', authOf('')],
    ['no type of assertion', { client_assertion: 'x' }],
    ['an assertion of another type', { ...authOf('x'), client_assertion_type: 'urn:x' }],
    ['a shared secret', { client_id: 'x', client_secret: 'y' }],
    ['an assertion that is no JWT', authOf('x')],
    ['an assertion of empty parts', authOf('..')],
    ['an assertion that is too large', authOf(`${'a'.repeat(5000)}.b.c`)],
  ])('%s is refused by every endpoint', async (_, form) => {
    for (const path of PATHS) {
      expect(await post(path, { ...form, token: chain })).toEqual(INVALID_CLIENT)
    }
  })

  test('of who has left, was retired, suspended or revoked is refused', async () => {
    const cat = await server.invite(ann, 'Cat')
    const [retired, suspended] = [await server.agent(ann, ben), await server.agent(ann, ben)]
    const gone = await server.point(ann)
    const parties: [string, Caller][] = [
      [cat.id, cat.api],
      [retired.id, retired.key],
      [suspended.id, suspended.key],
      [gone.id, gone.api],
    ]
    const revokes = ([id, key]: [string, Caller]) =>
      post('/oauth/revoke', { ...authOf(assertion(id, key)), token: 'x' })
    expect((await Promise.all(parties.map(revokes))).map(({ error }) => error)).toEqual([
      undefined,
      undefined,
      undefined,
      'unauthorized_client',
    ])
    const revoke = (kind: string, target: string) =>
      ann.api.post('/v1/revocations', { kind, target, reason: 'test' })
    await revoke('person', cat.id)
    await ann.api.post(`/v1/agents/${retired.id}/retire`, { reason: 'test' })
    await ann.api.post(`/v1/agents/${suspended.id}/suspend`, { reason: 'test' })
    await revoke('point', gone.id)
    for (const party of parties) expect(await revokes(party)).toEqual(INVALID_CLIENT)
  })
})

test('what was used is remembered for as long as it is good, and no more of it than there is room for', async () => {
  let now = 0
  const memory = new ReplayMemory({ now: () => now, monotonic: () => now }, 1000, 2)
  expect(await Promise.all(['a', 'b', 'a'].map((name) => memory.use(name)))).toEqual([true, true, false])
  await expect(memory.use('c')).rejects.toMatchObject({ code: 'TOO_MANY' })
  now = 999
  expect(await memory.use('a')).toBe(false)
  now = 1000
  expect(await Promise.all(['c', 'a'].map((name) => memory.use(name)))).toEqual([true, true])
})

describe('a DPoP proof', () => {
  const exchange = (proof: string | undefined): Promise<Answer> =>
    post(
      '/oauth/token',
      {
        ...authOf(assertion(bot.id, bot.key)),
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token: chain,
        subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
        audience: point.id,
      },
      proof === undefined ? {} : { DPoP: proof },
    )
  const proof = (claims: JsonObject = {}, header: JsonObject = {}): string =>
    signJws(
      nodeCrypto.signer(bot.key.key),
      { typ: 'dpop+jwt', jwk: { ...bot.key.jwk }, ...header },
      { jti: random(), htm: 'POST', htu: `${server.base()}/oauth/token`, iat: seconds(), ...claims },
    )
  const REFUSED: Answer = { status: 400, error: 'invalid_dpop_proof' }

  test('works once', async () => {
    const once = proof()
    expect(await exchange(once)).toEqual(GOOD)
    expect(await exchange(once)).toEqual(REFUSED)
  })

  test('may say more than we know', async () => {
    expect(await exchange(proof({ nonce: 'x', more: 1 }))).toEqual(GOOD)
  })

  test('is needed', async () => {
    expect(await exchange(undefined)).toEqual(REFUSED)
    expect(await exchange('x')).toEqual(REFUSED)
  })

  test.each<[string, JsonObject, JsonObject]>([
    ['for another method', { htm: 'GET' }, {}],
    ['for another endpoint', { htu: 'http://127.0.0.1/oauth/revoke' }, {}],
    ['that is old', { iat: seconds() - 120 }, {}],
    ['of the future', { iat: seconds() + 120 }, {}],
    ['without an identifier', { jti: null }, {}],
    ['of another type', {}, { typ: 'jwt' }],
    ['without its key', {}, { jwk: null }],
    ['with a key that did not sign it', {}, { jwk: { kty: 'OKP', crv: 'Ed25519', x: 'A'.repeat(43) } }],
    ['with a private key', {}, { jwk: { kty: 'OKP', crv: 'Ed25519', x: 'A'.repeat(43), d: 'A'.repeat(43) } }],
  ])('%s is refused', async (_, claims, header) => {
    expect(await exchange(proof(claims, header))).toEqual(REFUSED)
  })
})

describe('a body', () => {
  const INVALID: Answer = { status: 400, error: 'invalid_request' }
  const auth = () => new URLSearchParams(authOf(assertion(point.id, point.api))).toString()

  test.each([
    ['in JSON', 'application/json', '{"token":"x"}'],
    ['in HTML', 'text/html', '<form><input name="token"></form>'],
    ['in parts', 'multipart/form-data; boundary=x', '--x--'],
    ['of no type', '', 'token=x'],
    ['of a type that only begins right', 'application/x-www-form-urlencoded-not', 'token=x'],
  ])('%s is refused by every endpoint', async (_, type, body) => {
    for (const path of PATHS) expect(await send(path, body, { 'content-type': type })).toEqual(INVALID)
  })

  test('may name its character set', async () => {
    const type = 'application/x-www-form-urlencoded; charset=UTF-8'
    expect(await send('/oauth/introspect', `${auth()}&token=x`, { 'content-type': type })).toEqual(GOOD)
  })

  test('with a parameter twice is refused', async () => {
    expect(await send('/oauth/introspect', `${auth()}&token=x&token=y`)).toEqual(INVALID)
    expect(await send('/oauth/introspect', `${auth()}&token=x&client_assertion=y`)).toEqual(INVALID)
  })

  test('without a token, or with an empty one, is refused', async () => {
    expect(await send('/oauth/introspect', auth())).toEqual(INVALID)
    expect(await send('/oauth/introspect', `${auth()}&token=`)).toEqual(INVALID)
    expect(
      await send('/oauth/revoke', new URLSearchParams(authOf(assertion(ann.id, ann.api))).toString()),
    ).toEqual(INVALID)
  })

  test('with parameters that nobody knows is read', async () => {
    expect(await send('/oauth/introspect', `${auth()}&token=x&token_type_hint=y&z`)).toEqual(GOOD)
  })

  test('that is empty is a client that does not authenticate', async () => {
    for (const path of PATHS) expect(await send(path, '')).toEqual(INVALID_CLIENT)
  })

  test('that is not UTF-8 is refused', async () => {
    const response = await fetch(`${server.base()}/oauth/revoke`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: Uint8Array.of(0x74, 0x3d, 0xff),
    })
    expect([response.status, await response.json()]).toMatchObject([400, { error: 'invalid_request' }])
  })

  test('that is huge is not read', async () => {
    expect(await send('/oauth/introspect', `token=${'a'.repeat(BODY_BYTES_MAX)}`)).toEqual({
      status: 413,
      error: 'invalid_request',
    })
  })

  test('for another grant is refused', async () => {
    const form = { ...authOf(assertion(bot.id, bot.key)), grant_type: 'client_credentials' }
    expect(await post('/oauth/token', form)).toEqual({ status: 400, error: 'unsupported_grant_type' })
    expect(await post('/oauth/token', authOf(assertion(bot.id, bot.key)))).toEqual(INVALID)
  })

  test('is what the endpoints take: nothing is read by GET', async () => {
    for (const path of [...PATHS, '/oauth/authorize']) {
      const response = await fetch(server.base() + path)
      expect([response.status, await response.json()]).toMatchObject([404, { error: 'invalid_request' }])
    }
  })
})

// Last: callers whose clock does not go along are refused from here on.
test('an assertion that was used before a restart is not good after it', async () => {
  const once = assertion(point.id, point.api, { aud: 'countersign.localhost' })
  expect(await introspect(once)).toEqual(GOOD)
  ahead += 1000
  await server.restart()
  expect(await introspect(once)).toEqual(INVALID_CLIENT)
  expect(await introspect(assertion(point.id, point.api))).toEqual(GOOD)
})
