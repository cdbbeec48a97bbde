/**
 * The OAuth endpoints over a real server, with `oauth4webapi` as the client and `jose` as the resource server: neither
 * knows anything of us. spec/status.md (STS-5 to STS-8).
 */
import type { webcrypto } from 'node:crypto'
import { decodeJwt, importJWK, jwtVerify } from 'jose'
import * as oauth from 'oauth4webapi'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { JsonObject } from '../../src/core/json.ts'
import type { Grant } from '../../src/token/grant.ts'
import { narrow } from '../../src/token/narrow.ts'
import { grantsOf } from '../../test/fixtures/tokens.ts'
import { delegationOf, TestServer, type Caller, type Operator } from './harness.ts'

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const JWT_TYPE = 'urn:ietf:params:oauth:token-type:jwt'
const INSECURE = { [oauth.allowInsecureRequests]: true }

type Agent = Awaited<ReturnType<TestServer['agent']>>
type Point = Awaited<ReturnType<TestServer['point']>>

let now = Date.now()
const server = new TestServer({ clock: { now: () => now, monotonic: () => now } })
let ann: Operator
let ben: Operator
let bot: Agent
let point: Point
beforeAll(async () => {
  await server.start()
  ann = await server.enrol(server.bootstrapSecret)
  ben = await server.invite(ann, 'Ben')
  bot = await server.agent(ann, ben)
  point = await server.point(ann)
})
afterAll(() => server.remove())

const as = (): oauth.AuthorizationServer => ({
  issuer: server.base(),
  token_endpoint: `${server.base()}/oauth/token`,
  revocation_endpoint: `${server.base()}/oauth/revoke`,
  introspection_endpoint: `${server.base()}/oauth/introspect`,
})

async function keyPair(caller: Caller): Promise<webcrypto.CryptoKeyPair> {
  const { kty } = caller.jwk
  const algorithm = kty === 'OKP' ? { name: 'Ed25519' } : { name: 'ECDSA', namedCurve: 'P-256' }
  const load = (jwk: webcrypto.JsonWebKey, usage: webcrypto.KeyUsage) =>
    crypto.subtle.importKey('jwk', jwk, algorithm, true, [usage])
  return {
    privateKey: await load({ ...caller.key }, 'sign'),
    publicKey: await load({ ...caller.jwk }, 'verify'),
  }
}

/** Somebody registered, as an OAuth client. */
async function clientOf(id: string, key: Caller, kid?: string) {
  const { privateKey } = await keyPair(key)
  const auth = oauth.PrivateKeyJwt(kid === undefined ? privateKey : { key: privateKey, kid })
  // Rounded up, so that nothing is older than the server.
  const skew = Math.ceil((now - Date.now()) / 1000)
  return { client: { client_id: id, [oauth.clockSkew]: skew }, auth }
}

async function introspect(by: { id: string; api: Caller }, token: string) {
  const { client, auth } = await clientOf(by.id, by.api)
  const response = await oauth.introspectionRequest(as(), client, auth, token, INSECURE)
  return oauth.processIntrospectionResponse(as(), client, response)
}

async function revokeToken(id: string, key: Caller, token: string) {
  const { client, auth } = await clientOf(id, key)
  const response = await oauth.revocationRequest(as(), client, auth, token, INSECURE)
  return oauth.processRevocationResponse(response)
}

interface Bend {
  /** In place of those of an honest request; `undefined` leaves one out. */
  readonly form?: Record<string, string | undefined>
  readonly auth?: Caller
  readonly dpop?: Caller
}

async function exchange(
  agent: Agent,
  chain: string,
  { form = {}, auth = agent.key, dpop = agent.key }: Bend = {},
) {
  const { client, auth: clientAuth } = await clientOf(agent.id, auth)
  const parameters = Object.entries({
    subject_token: chain,
    subject_token_type: JWT_TYPE,
    audience: point.id,
    ...form,
  }).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as [string, string]]))
  const response = await oauth.genericTokenEndpointRequest(as(), client, clientAuth, EXCHANGE, parameters, {
    ...INSECURE,
    DPoP: oauth.DPoP(client, await keyPair(dpop)),
  })
  return oauth.processGenericTokenEndpointResponse(as(), client, response)
}

const delegate = async (
  agent = bot,
  edit: JsonObject = {},
  by = ann,
): Promise<{ jti: string; chain: string }> => {
  const draft = await by.api.post('/v1/delegations/drafts', { ...delegationOf(agent, point.id), ...edit })
  const seal = by.authenticator.assert(draft.json.challenge)
  return (await by.api.post(`/v1/delegations/drafts/${draft.json.jti}/seal`, seal)).json
}

/** Hands a chain on. */
async function handOn(chain: string, from: Agent, to: Agent): Promise<string> {
  const { json } = await to.key.post(`/v1/agents/${to.id}/statements`, { jkt: to.key.jkt })
  const iat = Math.floor(now / 1000)
  return narrow(nodeCrypto, chain, nodeCrypto.signer(from.key.key), {
    jti: 'dlg_hop',
    iat,
    nbf: iat,
    exp: iat + 600,
    aud: [point.id],
    holder: to.key.jwk,
    statement: json.statement,
    grants: grantsOf(nodeCrypto, chain).map(({ digest, grant }) => ({ ...grant, from: digest })),
    depth_max: 2,
  })
}

const revoke = (kind: string, target: string) =>
  ann.api.post('/v1/revocations', { kind, target, reason: 'test' })

const asPerson = (person: Operator) => ({ id: person.id, api: person.api })
const error = (code: string) => ({ name: 'ResponseBodyError', error: code })

async function entriesOf(type: string) {
  const { entries } = (await ann.api.get('/v1/entries?limit=1000')).json
  return (entries as { entry: JsonObject & { type: string; body: JsonObject } }[])
    .map(({ entry }) => entry)
    .filter((entry) => entry.type === type)
}

describe('a client that somebody else wrote', () => {
  test('exchanges a chain for an access token that a resource server verifies with the issuer key', async () => {
    const { jti, chain } = await delegate()
    const answer = await exchange(bot, chain)
    expect(answer).toMatchObject({
      token_type: 'dpop',
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      expires_in: 300,
      authorization_details: [{ type: 'tool', server: 'files', actions: ['read'] }],
    })
    const info = (await server.caller().get('/v1/info')).json
    const key = await importJWK(info.issuer_keys[0].jwk, 'Ed25519')
    const { payload, protectedHeader } = await jwtVerify(answer.access_token, key, {
      typ: 'at+jwt',
      issuer: info.issuer,
      audience: point.id,
      currentDate: new Date(now),
    })
    expect(protectedHeader.kid).toBe(info.issuer_keys[0].kid)
    expect(payload).toEqual({
      iss: info.issuer,
      iat: Math.floor(now / 1000),
      exp: Math.floor(now / 1000) + 300,
      aud: point.id,
      sub: bot.id,
      client_id: bot.id,
      jti: expect.stringMatching(/^tok_/),
      cnf: { jkt: bot.key.jkt },
      authorization_details: [{ type: 'tool', server: 'files', actions: ['read'] }],
      delegation: jti,
    })
    const entries = await entriesOf('token.exchanged')
    expect(entries.at(-1)).toMatchObject({
      actor: { kind: 'agent', id: bot.id },
      subject: payload.jti,
      body: { delegation: jti, agent: bot.id, jkt: bot.key.jkt, aud: point.id, exp: payload.exp },
    })
  })

  test('introspects chain and access token, as a point and as a person', async () => {
    const { jti, chain } = await delegate()
    const { access_token } = await exchange(bot, chain)
    const common = {
      active: true,
      iss: 'countersign.localhost',
      sub: bot.id,
      client_id: bot.id,
      cnf: { jkt: bot.key.jkt },
      token_type: 'DPoP',
      authorization_details: [{ type: 'tool', server: 'files', actions: ['read'] }],
      delegation: jti,
    }
    for (const by of [point, asPerson(ben)]) {
      const { exp, iat, nbf } = decodeJwt(chain.split('~')[0]!)
      expect(await introspect(by, chain)).toEqual({ ...common, aud: [point.id], jti, exp, iat, nbf })
      const token = decodeJwt(access_token)
      expect(await introspect(by, access_token)).toEqual({ ...common, ...token })
    }
  })

  test('is told by a point for which the token is not that it is inactive', async () => {
    const { chain } = await delegate()
    const { access_token } = await exchange(bot, chain)
    const other = await server.point(ann)
    expect(await introspect(other, chain)).toEqual({ active: false })
    expect(await introspect(other, access_token)).toEqual({ active: false })
  })

  test('revokes an access token, and that one alone', async () => {
    const { chain } = await delegate()
    const [first, second] = [await exchange(bot, chain), await exchange(bot, chain)]
    await revokeToken(bot.id, bot.key, first.access_token)
    await revokeToken(bot.id, bot.key, first.access_token)
    expect(await introspect(point, first.access_token)).toEqual({ active: false })
    expect(await introspect(point, second.access_token)).toMatchObject({ active: true })
    expect(await introspect(point, chain)).toMatchObject({ active: true })
    const { jti } = decodeJwt(first.access_token)
    expect((await entriesOf('token.revoked')).filter(({ subject }) => subject === jti)).toHaveLength(1)
  })

  test('revokes a chain, with every access token that was given for it, and points hear of it', async () => {
    const { jti, chain } = await delegate()
    const { access_token } = await exchange(bot, chain)
    await revokeToken(bot.id, bot.key, chain)
    expect(await introspect(point, chain)).toEqual({ active: false })
    expect(await introspect(point, access_token)).toEqual({ active: false })
    const { frames } = (await point.api.get('/v1/revocations?limit=1000')).json
    expect(frames.at(-1).frame).toMatchObject({ kind: 'delegation', handle: jti })
    await expect(exchange(bot, chain)).rejects.toMatchObject(error('invalid_request'))
  })

  test('revokes as a person what any agent holds', async () => {
    const { chain } = await delegate()
    const { access_token } = await exchange(bot, chain)
    await revokeToken(ben.id, ben.api, access_token)
    expect(await introspect(point, access_token)).toEqual({ active: false })
    expect(await introspect(point, chain)).toMatchObject({ active: true })
    await revokeToken(ben.id, ben.api, chain)
    expect(await introspect(point, chain)).toEqual({ active: false })
  })

  test('is not told whether a token was known: 200', async () => {
    const forged = (await delegate()).chain.replace(/^[^.]*\./, 'e30.')
    for (const token of ['x', 'a.b.c', '~', 'e30.e30.AAAA', 'e30.e30.AAAA~', forged.slice(5)]) {
      await expect(revokeToken(bot.id, bot.key, token)).resolves.toBeUndefined()
    }
  })

  test('that does not hold the token does not revoke it', async () => {
    const { chain } = await delegate()
    const { access_token } = await exchange(bot, chain)
    const other = await server.agent(ann, ben)
    for (const token of [chain, access_token, await handOn(chain, bot, other)]) {
      await expect(revokeToken(other.id, other.key, token)).rejects.toMatchObject(error('invalid_grant'))
    }
    await expect(revokeToken(point.id, point.api, chain)).rejects.toMatchObject(error('unauthorized_client'))
    expect(await introspect(point, access_token)).toMatchObject({ active: true })
  })

  test.each(['delegation', 'agent', 'key', 'person'])(
    'is told that chain and access token are inactive once the %s behind them is revoked',
    async (kind) => {
      const cat = await server.invite(ann, 'Cat')
      const agent = await server.agent(ann, ben)
      const { jti, chain } = await delegate(agent, {}, cat)
      const { access_token } = await exchange(agent, chain)
      const target = { delegation: jti, agent: agent.id, key: agent.key.jkt, person: cat.id }[kind]!
      expect((await revoke(kind, target)).status).toBe(200)
      expect(await introspect(point, access_token)).toEqual({ active: false })
      expect(await introspect(point, chain)).toEqual({ active: false })
    },
  )

  test('holds a chain by a hop: it is its last agent, and whoever handed it on stands behind it', async () => {
    const parent = await server.agent(ann, ben)
    const { jti, chain } = await delegate(parent)
    const hop = await handOn(chain, parent, bot)
    const { access_token } = await exchange(bot, hop)
    const before = { active: true, sub: bot.id, cnf: { jkt: bot.key.jkt }, delegation: jti }
    expect(await introspect(point, access_token)).toMatchObject(before)
    expect(await introspect(asPerson(ann), hop)).toMatchObject({ ...before, jti: 'dlg_hop' })
    const logged = new Set((await entriesOf('chain.segment')).map(({ body }) => body.id))
    expect(logged.has((await entriesOf('token.exchanged')).at(-1)!.body.segment)).toBe(true)
    await revoke('key', parent.key.jkt)
    expect(await introspect(point, access_token)).toEqual({ active: false })
    expect(await introspect(asPerson(ann), hop)).toEqual({ active: false })
    await expect(exchange(bot, hop)).rejects.toMatchObject(error('invalid_request'))
  })

  test('may authenticate with another key of the agent, named by kid, of the other algorithm', async () => {
    const { chain } = await delegate()
    const key = server.caller('ES256')
    expect((await ann.api.post(`/v1/agents/${bot.id}/keys`, { jwk: key.jwk })).status).toBe(200)
    await expect(exchange(bot, chain, { auth: key })).resolves.toMatchObject({ token_type: 'dpop' })
    const { client, auth } = await clientOf(bot.id, key, key.jkt)
    const response = await oauth.revocationRequest(as(), client, auth, 'x', INSECURE)
    expect(response.status).toBe(200)
    const wrong = await clientOf(bot.id, key, bot.key.jkt)
    const refused = await oauth.revocationRequest(as(), client, wrong.auth, 'x', INSECURE)
    expect(refused.status).toBe(401)
  })

  test('gets a token that ends no later than the chain', async () => {
    const { chain } = await delegate(bot, { ttl_s: 40 })
    expect(await exchange(bot, chain)).toMatchObject({ expires_in: 40 })
  })
})

test('a token lives no longer than the bound of a grant: it stands for the state of its moment', async () => {
  const grants = [{ type: 'tool', server: 'files', actions: ['read'], bound: 20 }]
  const { chain } = await delegate(bot, { grants })
  expect(await exchange(bot, chain)).toMatchObject({ expires_in: 20, authorization_details: grants })
})

describe('an exchange is refused', () => {
  const limited = (per: 'call' | 'day'): Grant => ({
    type: 'tool',
    server: 'files',
    actions: ['read'],
    limits: [{ measure: 'size', unit: 'B', max: 10, per }],
  })

  test('for what is capped cumulatively, unless those grants are not disclosed', async () => {
    const free = delegationOf(bot, point.id).grants as unknown as Grant[]
    const { chain } = await delegate(bot, { grants: [limited('day'), free[0]!] as unknown as JsonObject[] })
    await expect(exchange(bot, chain)).rejects.toMatchObject(error('invalid_target'))
    const shown = grantsOf(nodeCrypto, chain).filter(({ grant }) => grant.limits === undefined)
    expect(shown).toHaveLength(1)
    const [jwt = '', first = ''] = chain.split('~')
    const withoutLimited = chain.replace(`${first}~`, '')
    expect(withoutLimited.startsWith(`${jwt}~`)).toBe(true)
    await expect(exchange(bot, withoutLimited)).resolves.toMatchObject({ authorization_details: free })
    const perCall = await delegate(bot, { grants: [limited('call')] as unknown as JsonObject[] })
    await expect(exchange(bot, perCall.chain)).resolves.toMatchObject({
      authorization_details: [limited('call')],
    })
  })

  test('for a chain that discloses nothing', async () => {
    const [jwt] = (await delegate()).chain.split('~')
    await expect(exchange(bot, `${jwt}~`)).rejects.toMatchObject(error('invalid_request'))
  })

  test('for another audience than one of the chain', async () => {
    const { chain } = await delegate()
    const { id } = await server.point(ann)
    for (const audience of [id, 'https://rs.example', 'x'.repeat(10_000)]) {
      await expect(exchange(bot, chain, { form: { audience } })).rejects.toMatchObject(
        error('invalid_target'),
      )
    }
  })

  test('for the chain of another agent, handed on or not', async () => {
    const other = await server.agent(ann, ben)
    const { chain } = await delegate(other)
    await expect(exchange(bot, chain, { dpop: other.key })).rejects.toMatchObject(error('invalid_request'))
    const { chain: ours } = await delegate()
    const hop = await handOn(ours, bot, other)
    await expect(exchange(bot, hop, { dpop: other.key })).rejects.toMatchObject(error('invalid_request'))
  })

  test('with a proof by another key, even one of the same agent', async () => {
    const { chain } = await delegate()
    const key = server.caller()
    await ann.api.post(`/v1/agents/${bot.id}/keys`, { jwk: key.jwk })
    for (const dpop of [key, server.caller(), ann.api]) {
      await expect(exchange(bot, chain, { dpop })).rejects.toMatchObject(error('invalid_dpop_proof'))
    }
  })

  test('to who is not an agent', async () => {
    const { chain } = await delegate()
    for (const [id, key] of [
      [ann.id, ann.api],
      [point.id, point.api],
    ] as const) {
      await expect(exchange({ id, key }, chain)).rejects.toMatchObject(error('unauthorized_client'))
    }
  })

  test.each<[string, Record<string, string | undefined>, string]>([
    ['without a subject token', { subject_token: undefined }, 'invalid_request'],
    ['with an empty subject token', { subject_token: '' }, 'invalid_request'],
    ['without the type of the subject token', { subject_token_type: undefined }, 'invalid_request'],
    [
      'with another type',
      { subject_token_type: 'urn:ietf:params:oauth:token-type:saml2' },
      'invalid_request',
    ],
    ['without an audience', { audience: undefined }, 'invalid_request'],
    [
      'for an ID token',
      { requested_token_type: 'urn:ietf:params:oauth:token-type:id_token' },
      'invalid_request',
    ],
    ['with an actor token', { actor_token: 'x' }, 'invalid_request'],
    ['with a resource', { resource: 'https://rs.example' }, 'invalid_target'],
    ['with a scope', { scope: 'openid' }, 'invalid_scope'],
    ['for something that is no chain', { subject_token: 'x' }, 'invalid_request'],
    ['for something with characters that no chain has', { subject_token: '<a>~' }, 'invalid_request'],
    ['for a chain of over 64 KiB', { subject_token: `${'a'.repeat(64 * 1024)}~` }, 'invalid_request'],
    ['for a root of nobody', { subject_token: 'e30.e30.AAAA~' }, 'invalid_request'],
  ])('%s', async (_, form, code) => {
    const { chain } = await delegate()
    await expect(exchange(bot, chain, { form })).rejects.toMatchObject(error(code))
  })

  test('and leaves no entry', async () => {
    const count = async () => (await entriesOf('token.exchanged')).length
    const before = await count()
    const { chain } = await delegate()
    await expect(exchange(bot, chain, { form: { audience: 'x' } })).rejects.toMatchObject(
      error('invalid_target'),
    )
    expect(await count()).toBe(before)
  })
})

describe('introspection', () => {
  test('is not for agents', async () => {
    const { chain } = await delegate()
    await expect(introspect({ id: bot.id, api: bot.key }, chain)).rejects.toMatchObject(
      error('unauthorized_client'),
    )
  })

  test('says inactive of whatever does not verify', async () => {
    const { chain } = await delegate()
    const { access_token } = await exchange(bot, chain)
    const bent = (token: string) => token.replace(/.(?=~|$)/, (last) => (last === 'A' ? 'Q' : 'A'))
    const tokens = ['x', '~', '~~', 'e30.e30.AAAA', bent(chain), bent(access_token), `${access_token}~`]
    for (const token of [...tokens, chain.slice(0, -1), 'a'.repeat(70_000), 'ü', '\u0000~']) {
      expect(await introspect(asPerson(ann), token)).toEqual({ active: false })
    }
  })

  // Last: the clock of the server and of the clients moves on, that of the other callers does not.
  test('says inactive of what is over', async () => {
    const { chain } = await delegate()
    const { access_token } = await exchange(bot, chain)
    now += 299_000
    expect(await introspect(point, access_token)).toMatchObject({ active: true })
    now += 1000
    expect(await introspect(point, access_token)).toEqual({ active: false })
    await exchange(bot, chain) // what is over is forgotten
    expect(await introspect(point, access_token)).toEqual({ active: false })
    await expect(revokeToken(bot.id, bot.key, access_token)).resolves.toBeUndefined()
    now += 3300_000
    expect(await introspect(point, chain)).toEqual({ active: false })
    await expect(exchange(bot, chain)).rejects.toMatchObject(error('invalid_request'))
  })
})
