/** Delegations for one data subject alone, over the API: issued while their consent lives, and over with it. spec/consent.md (CNS-40). */
import type { webcrypto } from 'node:crypto'
import { decodeJwt, type JWTPayload } from 'jose'
import * as oauth from 'oauth4webapi'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { softwareAuthenticator } from '../../src/adapters/software-authenticator/software-authenticator.ts'
import { sha256Text } from '../../src/core/digest.ts'
import type { ConsentRecord } from '../../src/core/consent.ts'
import { DPV, PD } from '../../src/core/dpv.ts'
import { newId } from '../../src/core/ids.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { readStatus, type StatusReference } from '../../src/token/status-list.ts'
import { delegationOf, TestServer, type Answer, type Caller, type Operator } from './harness.ts'

const MARKETING = `${DPV}Marketing`
const SERVICE = `${DPV}ServiceProvision`
const WORDS = 'We use your contact data to tell you of offers.'
const HOUR_S = 3600

const server = new TestServer()
let ann: Operator
let ben: Operator
let agent: Awaited<ReturnType<TestServer['agent']>>
let point: Awaited<ReturnType<TestServer['point']>>
let notice: string
let subject: string

const ok = async (asked: Promise<Answer>): Promise<Answer['json']> => {
  const { status, json } = await asked
  expect([status, json]).toEqual([200, json])
  return json
}
const code = ({ json }: Answer): string | undefined => json.error?.code

beforeAll(async () => {
  await server.start()
  ann = await server.enrol(server.bootstrapSecret)
  ben = await server.invite(ann, 'Ben')
  agent = await server.agent(ann, ben)
  point = await server.point(ann)
  const said = {
    v: 1,
    name: 'Shop',
    version: '1',
    language: 'en',
    jurisdiction: 'EU',
    controller: 'Shop Ltd',
  }
  const terms = { purposes: [MARKETING, SERVICE], categories: [`${PD}Contact`] }
  const whole = { ...said, ...terms, contact: 'shop.example', text_hash: sha256Text(nodeCrypto, WORDS) }
  notice = (await ok(ann.api.post('/v1/notices', { notice: whole, text: WORDS }))).notice
  const { challenge } = await ok(ben.api.get(`/v1/notices/${notice}/approval`))
  await ok(ben.api.post(`/v1/notices/${notice}/approve`, ben.authenticator.assert(challenge)))
  const identifiers = [{ system: null, value: 'jo@customer.example' }]
  subject = (await ok(ann.api.post('/v1/data-subjects', { jurisdiction: 'EU', identifiers }))).subject
})
afterAll(() => server.remove())

async function give(more: Partial<ConsentRecord> = {}): Promise<ConsentRecord> {
  const now_ms = Date.now()
  const given_at = Math.floor(now_ms / 1000)
  const record: ConsentRecord = {
    v: 1,
    consent: newId(nodeCrypto, 'cns', now_ms),
    subject,
    rev: newId(nodeCrypto, 'rev', now_ms),
    notice,
    language: 'en',
    jurisdiction: 'EU',
    purposes: [MARKETING, SERVICE],
    categories: [`${PD}Contact`],
    given_at,
    expires: given_at + 2 * HOUR_S,
    ...more,
  }
  const proof = { type: 'imported', source: 'CRM', method: 'paper', evidence_hash: 'A'.repeat(43) }
  await ok(ann.api.post('/v1/consents', { record, proof }))
  return record
}

const withdraw = (consent: string, purposes: string[] | null = null): Promise<Answer> =>
  ann.api.post(`/v1/consents/${consent}/withdraw`, { purposes, reason: 'asked' })

const grantFor = (...purposes: string[]): JsonObject => ({
  type: 'tool',
  server: 'files',
  actions: ['read'],
  purposes,
})

const draft = (consent: string, edit: JsonObject = {}): Promise<Answer> =>
  ann.api.post('/v1/delegations/drafts', {
    ...delegationOf(agent, point.id),
    grants: [grantFor(MARKETING)],
    ttl_s: HOUR_S,
    consent,
    ...edit,
  })
const seal = ({ json }: Answer): Promise<Answer> =>
  ann.api.post(`/v1/delegations/drafts/${json.jti}/seal`, ann.authenticator.assert(json.challenge))

async function delegated(consent: string): Promise<{ jti: string; chain: string }> {
  return ok(seal(await draft(consent)))
}

const shown = async (jti: string): Promise<JsonObject> => ok(ann.api.get(`/v1/delegations/${jti}`))
const as = (): oauth.AuthorizationServer => ({
  issuer: server.base(),
  token_endpoint: `${server.base()}/oauth/token`,
  introspection_endpoint: `${server.base()}/oauth/introspect`,
})
const INSECURE = { [oauth.allowInsecureRequests]: true }

async function keyPair({ key, jwk }: Caller): Promise<webcrypto.CryptoKeyPair> {
  const load = (of: webcrypto.JsonWebKey, usage: webcrypto.KeyUsage) =>
    crypto.subtle.importKey('jwk', of, { name: 'Ed25519' }, true, [usage])
  return { privateKey: await load({ ...key }, 'sign'), publicKey: await load({ ...jwk }, 'verify') }
}

/** As an OAuth client that somebody else wrote. */
async function exchange(chain: string): Promise<unknown> {
  const client: oauth.Client = { client_id: agent.id }
  const keys = await keyPair(agent.key)
  const auth = oauth.PrivateKeyJwt(keys.privateKey)
  const token = { subject_token: chain, subject_token_type: 'urn:ietf:params:oauth:token-type:jwt' }
  const options = { ...INSECURE, DPoP: oauth.DPoP(client, keys) }
  const grant = 'urn:ietf:params:oauth:grant-type:token-exchange'
  const asked = { ...token, audience: point.id }
  const response = await oauth.genericTokenEndpointRequest(as(), client, auth, grant, asked, options)
  return oauth.processGenericTokenEndpointResponse(as(), client, response)
}

const rootOf = (chain: string): JWTPayload & { status?: { status_list: StatusReference } } =>
  decodeJwt(chain.split('~')[0] ?? '')

async function isActive(chain: string): Promise<boolean> {
  const client: oauth.Client = { client_id: point.id }
  const auth = oauth.PrivateKeyJwt((await keyPair(point.api)).privateKey)
  const response = await oauth.introspectionRequest(as(), client, auth, chain, INSECURE)
  const { active, consent } = await oauth.processIntrospectionResponse(as(), client, response)
  if (active) expect(consent).toBe(rootOf(chain).consent)
  return active
}

/** In the status list that the root names. */
async function status(chain: string): Promise<number> {
  const place = rootOf(chain).status?.status_list ?? { idx: 0, uri: '' }
  const { issuer_keys } = await ok(server.caller().get('/v1/info'))
  const keys = new Map([[issuer_keys[0].kid as string, { jwk: issuer_keys[0].jwk, retired_at: null }]])
  const token = await (await fetch(place.uri)).text()
  return readStatus({ crypto: nodeCrypto, keys, now_ms: Date.now() }, token, place)
}

describe('a delegation for one data subject alone', () => {
  test('names the handle of the consent, and nothing else of the subject', async () => {
    const record = await give()
    const { jti, chain } = await delegated(record.consent)
    expect(rootOf(chain)).toMatchObject({ consent: record.rev })
    expect(chain).not.toContain(subject)
    expect(await shown(jti)).toMatchObject({ consent: record.consent, revoked: false })
    const { delegations } = await ok(ann.api.get('/v1/delegations'))
    expect(delegations[0]).toMatchObject({ jti, consent: record.consent })
    await withdraw(record.consent)
  })

  test('ends with the whole consent everywhere, and the cascade report lists it', async () => {
    const [record, other] = [await give(), await give()]
    const [own, theirs] = [await delegated(record.consent), await delegated(other.consent)]
    expect([await isActive(own.chain), await status(own.chain)]).toEqual([true, 0])
    await withdraw(record.consent)
    expect([await isActive(own.chain), await status(own.chain)]).toEqual([false, 1])
    expect([await isActive(theirs.chain), await status(theirs.chain)]).toEqual([true, 0])
    expect([(await shown(own.jti)).revoked, (await shown(theirs.jti)).revoked]).toEqual([true, false])
    const { cascades } = await ok(ann.api.get(`/v1/consents/${record.consent}/cascades`))
    expect(cascades).toMatchObject([{ consent: record.consent, purposes: null, delegations: [own.jti] }])
    await withdraw(other.consent)
  })

  test('goes on after the withdrawal of one purpose, for the others', async () => {
    const record = await give()
    const { jti, chain } = await delegated(record.consent)
    await withdraw(record.consent, [SERVICE])
    expect([await isActive(chain), (await shown(jti)).revoked]).toEqual([true, false])
    const { cascades } = await ok(ann.api.get(`/v1/consents/${record.consent}/cascades`))
    expect(cascades).toMatchObject([{ purposes: [SERVICE], delegations: [] }])
    // What is left of it makes two withdrawals one of the whole.
    await withdraw(record.consent, [MARKETING])
    expect([await isActive(chain), (await shown(jti)).revoked]).toEqual([false, true])
  })

  test('is not drafted on a consent that does not carry it', async () => {
    const record = await give()
    expect(code(await draft('cns_nobody'))).toBe('UNKNOWN_CONSENT')
    expect(code(await draft(record.consent, { ttl_s: 3 * HOUR_S }))).toBe('CONSENT_EXPIRED')
    const wider = { grants: [grantFor(`${DPV}FraudPreventionAndDetection`)] }
    expect(code(await draft(record.consent, wider))).toBe('PURPOSE_OUTSIDE_CONSENT')
    await withdraw(record.consent, [SERVICE])
    expect(code(await draft(record.consent, { grants: [grantFor(SERVICE)] }))).toBe('PURPOSE_OUTSIDE_CONSENT')
    await withdraw(record.consent)
    expect(code(await draft(record.consent))).toBe('CONSENT_WITHDRAWN')
  })

  test('is not sealed once the consent was withdrawn', async () => {
    const record = await give()
    const waiting = await draft(record.consent)
    await withdraw(record.consent)
    expect(code(await seal(waiting))).toBe('CONSENT_WITHDRAWN')
  })

  test('is exchanged for no access token: nobody would hold a resource server to the subject', async () => {
    const record = await give()
    const { chain } = await delegated(record.consent)
    await expect(exchange(chain)).rejects.toMatchObject({ error: 'invalid_target' })
  })

  test('says to who is asked for a gesture whose data it is', async () => {
    const record = await give()
    const { challenge, shown } = (await draft(record.consent)).json
    const { header, payload, disclosures } = shown
    const asking = {
      challenge,
      shown: { tag: 'countersign-root-v1', value: { header, payload }, disclosures },
    }
    const { invitation } = await ok(ann.api.post('/v1/people', { name: 'Pam' }))
    const pam = server.caller()
    const enrolling = { secret: invitation, name: 'Pam' }
    const enrolment = secretOf(await ok(pam.post('/v1/ceremonies/enrol', enrolling)))
    const passkey = softwareAuthenticator(nodeCrypto, nodeCrypto.generateKey('ES256'), {
      rp_id: 'localhost',
      origin: 'http://localhost',
      aaguid: 'fbfc3007-154e-4ecc-8c0b-6e020557d7bd',
    })
    const { challenge: own } = await browser('open', { secret: enrolment })
    await browser('answer', { secret: enrolment, credential: passkey.register(own) })
    const { people } = await ok(ann.api.get('/v1/people'))
    await server.endorse(ann, people.find(({ name }: { name: string }) => name === 'Pam').id)
    const secret = secretOf(await ok(pam.post('/v1/ceremonies', asking)))
    const { names } = await browser('open', { secret })
    expect(names[record.rev]).toContain(`${subject} alone, by consent ${record.consent}`)
  })
})

function secretOf({ url }: { url: string }): string {
  return new URL(url).hash.slice(1)
}

/** What a page sends: no proof, no cookie, one secret. */
async function browser(path: 'open' | 'answer', body: object): Promise<Answer['json']> {
  const answer = await fetch(`${server.base()}/v1/ceremonies/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  expect(answer.status).toBe(200)
  return answer.json()
}
