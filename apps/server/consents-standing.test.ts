/** Whose word counts about data subjects, and what a withdrawal may leave in the log. spec/consent.md (CNS-9, CNS-13, CNS-15). */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { softwareAuthenticator } from '../../src/adapters/software-authenticator/software-authenticator.ts'
import { CONSENT_TAG, handleFor } from '../../src/core/consent.ts'
import { DPV, PD } from '../../src/core/dpv.ts'
import { base64url, utf8 } from '../../src/core/encoding.ts'
import { newId } from '../../src/core/ids.ts'
import { signTagged } from '../../src/core/sign.ts'
import { TestServer, type Answer, type Caller, type Operator } from './harness.ts'
import { SESSIONS_OF_SUBJECT_MAX } from './subject-sessions.ts'

const code = ({ json }: Answer): string | undefined => json.error?.code
const MARKETING = `${DPV}Marketing`
const SERVICE = `${DPV}ServiceProvision`
const WHY = { purposes: null, reason: 'asked' }

const server = new TestServer()
let ann: Operator
let ben: Operator
let notice = ''
let subject = ''

async function approve(path: string): Promise<void> {
  const { challenge } = (await ben.api.get(`${path}/approval`)).json
  expect((await ben.api.post(`${path}/approve`, ben.authenticator.assert(challenge))).status).toBe(200)
}

async function given(by: Caller): Promise<{ consent: string; rev: string }> {
  const now_ms = Date.now()
  const given_at = Math.floor(now_ms / 1000)
  const record = {
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
    expires: given_at + 9_000,
  } as const
  const sig = signTagged(nodeCrypto.signer(by.key), CONSENT_TAG, { ...record })
  const imported = { type: 'imported', source: 'CRM', method: 'paper', evidence_hash: 'A'.repeat(43) }
  const proof = by === ann.api ? imported : { type: 'manager', sig }
  expect((await by.post('/v1/consents', { record, proof })).status).toBe(200)
  return record
}

beforeAll(async () => {
  await server.start()
  ann = await server.enrol(server.bootstrapSecret)
  ben = await server.invite(ann, 'Ben')
  const text = 'We tell you of offers.'
  const said = {
    v: 1,
    name: 'Shop',
    version: '1',
    language: 'en',
    jurisdiction: 'EU',
    controller: 'Shop Ltd',
    contact: 'shop.example',
    text_hash: base64url(nodeCrypto.sha256(utf8(text))),
    purposes: [MARKETING, SERVICE],
    categories: [`${PD}Contact`],
  }
  notice = (await ann.api.post('/v1/notices', { notice: said, text })).json.notice
  await approve(`/v1/notices/${notice}`)
  const added = { jurisdiction: 'EU', identifiers: [{ system: null, value: 'jo@example.org' }] }
  subject = (await ann.api.post('/v1/data-subjects', added)).json.subject
})
afterAll(() => server.remove())

describe('somebody whose registration nobody endorsed', () => {
  let eve: Operator
  let consent = ''
  beforeAll(async () => {
    eve = await server.enrol((await ann.api.post('/v1/people', { name: 'Eve' })).json.invitation)
    consent = (await given(ann.api)).consent
  })

  const own = (path: string): string => `/v1/data-subjects/${subject}${path}`
  test.each<[string, () => Promise<Answer>]>([
    ['finds nobody', () => eve.api.post('/v1/data-subjects/find', { system: null, value: 'jo@example.org' })],
    ['names nobody', () => eve.api.post(own('/identifiers'), { system: null, value: 'victim@example.org' })],
    ['takes no name away', () => eve.api.post(own('/identifiers/remove'), { entry: 1 })],
    ['objects for nobody', () => eve.api.post(own('/objections'), { right: 'gdpr_21', purposes: null })],
    ['withdraws for nobody', () => eve.api.post(`/v1/consents/${consent}/withdraw`, WHY)],
    ['reads no consents', () => eve.api.get(own('/consents'))],
    ['reads no requests', () => eve.api.get('/v1/subject-requests')],
    ['asks for nobody', () => eve.api.post(own('/requests'), { kind: 'object', text: 'Stop' })],
    ['commits to no seeded error', () => eve.api.post('/v1/seeds', { kind: 'letter' })],
    ['ends no attestation', () => eve.api.post('/v1/attestations/att_x/withdraw', { reason: 'wrong' })],
  ])('%s', async (_name, asked) => {
    expect(code(await asked())).toBe('NOT_ENDORSED')
  })
})

test('a manager that was removed opens no page and finds nobody, and still withdraws what it gave', async () => {
  const api = server.caller()
  const proposed = { name: 'Hub', jwk: api.jwk, jurisdiction: 'EU' }
  const { manager } = (await ann.api.post('/v1/consent-managers', proposed)).json
  await approve(`/v1/consent-managers/${manager}`)
  const { consent } = await given(api)
  expect((await api.post(`/v1/consents/${consent}/links`, {})).status).toBe(200)
  await ben.api.post(`/v1/consent-managers/${manager}/remove`, { reason: 'over' })
  expect(code(await api.post(`/v1/consents/${consent}/links`, {}))).toBe('UNKNOWN_MANAGER')
  expect(code(await api.post('/v1/data-subjects/find', { system: null, value: 'jo@example.org' }))).toBe(
    'UNKNOWN_MANAGER',
  )
  expect(code(await api.post('/v1/data-subjects', { jurisdiction: 'EU', identifiers: [] }))).toBe(
    'UNKNOWN_MANAGER',
  )
  expect((await api.post(`/v1/consents/${consent}/withdraw`, WHY)).status).toBe(200)
})

test('a purpose of a consent that is withdrawn as a whole gives no frame that no entry speaks of', async () => {
  const { consent, rev } = await given(ann.api)
  const whole = await ann.api.post(`/v1/consents/${consent}/withdraw`, WHY)
  const part = await ann.api.post(`/v1/consents/${consent}/withdraw`, {
    purposes: [MARKETING],
    reason: 'asked',
  })
  expect(part.json.frames).toEqual(whole.json.frames)
  const { frames } = (await ann.api.get('/v1/revocations?limit=1000')).json
  const handles = frames.map(({ frame }: { frame: { handle: string } }) => frame.handle)
  expect(handles).toContain(rev)
  expect(handles).not.toContain(handleFor(nodeCrypto, rev, MARKETING))
})

/** Comes in by a link, and gives the session's cookie. */
async function openedBy(url: string): Promise<{ cookie: string }> {
  const body = JSON.stringify({ secret: url.slice(url.indexOf('#') + 1) })
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${server.base()}/v1/subject/open`, { method: 'POST', headers, body })
  return { cookie: response.headers.get('set-cookie')?.split(';')[0] ?? '' }
}

/** A passkey of its own key that calls itself otherwise. */
function calledBy<T extends { id: string; attestation_object: string }>(made: T, id: string): T {
  const hex = Buffer.from(made.attestation_object, 'base64url').toString('hex')
  const [own, other] = [made.id, id].map((each) => Buffer.from(each, 'base64url').toString('hex'))
  const bent = Buffer.from(hex.replace(own!, other!), 'hex').toString('base64url')
  return { ...made, id, attestation_object: bent }
}

async function enrolPasskey(session: { cookie: string }, id?: string): Promise<Response> {
  const path = `${server.base()}/v1/subject/passkey`
  const key = nodeCrypto.generateKey('ES256')
  const authenticator = softwareAuthenticator(nodeCrypto, key, {
    rp_id: 'localhost',
    origin: 'http://localhost',
  })
  const headers = { ...session, origin: server.base() }
  const asked = await fetch(`${path}/challenge`, { method: 'POST', headers })
  const { challenge } = (await asked.json()) as { challenge: string }
  const made = authenticator.register(challenge)
  const body = JSON.stringify({ credential: id === undefined ? made : calledBy(made, id) })
  return fetch(path, { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body })
}

test('the link of a manager opens the page and registers no passkey', async () => {
  const api = server.caller()
  const proposed = { name: 'Other hub', jwk: api.jwk, jurisdiction: 'EU' }
  const { manager } = (await ann.api.post('/v1/consent-managers', proposed)).json
  await approve(`/v1/consent-managers/${manager}`)
  const { consent } = await given(api)
  const session = await openedBy((await api.post(`/v1/consents/${consent}/links`, {})).json.url)
  expect((await fetch(`${server.base()}/v1/subject`, { headers: session })).status).toBe(200)
  const refused = await enrolPasskey(session)
  expect(((await refused.json()) as { error: { code: string } }).error.code).toBe('NOT_ENDORSED')
})

test('a new passkey ends the sessions of a subject that were opened before', async () => {
  const opened = async (): Promise<{ cookie: string }> =>
    openedBy((await ann.api.post(`/v1/data-subjects/${subject}/links`, {})).json.url)
  const [before, now] = [await opened(), await opened()]
  const path = `${server.base()}/v1/subject`
  const status = async (headers: { cookie: string }) => (await fetch(path, { headers })).status
  expect([await status(before), await status(now)]).toEqual([200, 200])
  expect((await enrolPasskey(now)).status).toBe(200)
  expect([await status(before), await status(now)]).toEqual([401, 200])
})

test('the link of a manager shows the consents that it gave itself, and nothing else of the subject', async () => {
  const api = server.caller()
  const proposed = { name: 'Nosy hub', jwk: api.jwk, jurisdiction: 'EU' }
  const { manager } = (await ann.api.post('/v1/consent-managers', proposed)).json
  await approve(`/v1/consent-managers/${manager}`)
  const [theirs, mine] = [await given(ann.api), await given(api)]
  await ann.api.post(`/v1/data-subjects/${subject}/requests`, { kind: 'complain', text: 'Of the hub' })
  const session = await openedBy((await api.post(`/v1/consents/${mine.consent}/links`, {})).json.url)
  const ask = async (path: string, value?: object): Promise<Answer> => {
    const sent = { headers: { ...session, origin: server.base(), 'content-type': 'application/json' } }
    const body = value === undefined ? {} : { method: 'POST', body: JSON.stringify(value) }
    const response = await fetch(`${server.base()}/v1/subject${path}`, { ...sent, ...body })
    return { status: response.status, json: await response.json() }
  }
  const nothing = { identifiers: [], objections: [], disclosures: [], requests: [], hasPasskey: false }
  const { json: page } = await ask('')
  expect(page).toMatchObject({ through: manager, notices: [], credential_id: null, subject: nothing })
  const { json: exported } = await ask('/export')
  expect(exported.subject).toMatchObject(nothing)
  for (const { consents } of [page.subject, exported.subject])
    expect(consents.map(({ id }: { id: string }) => id)).toEqual([mine.consent])
  expect(exported.consents).toHaveLength(1)
  expect(code(await ask('/withdraw', { consent: theirs.consent, purposes: null }))).toBe('UNKNOWN_CONSENT')
  expect(code(await ask('/requests', { kind: 'erase', text: 'All' }))).toBe('NOT_ENDORSED')
  expect((await ask('/withdraw', { consent: mine.consent, purposes: null })).status).toBe(200)
  for (const path of ['/export', '/cascades'])
    expect(code(await api.get(`/v1/consents/${theirs.consent}${path}`))).toBe('UNKNOWN_CONSENT')
  const own = await api.get(`/v1/data-subjects/${subject}/consents`)
  expect(own.json.consents.map(({ id }: { id: string }) => id)).toEqual([mine.consent])
})

test('a passkey is one data subject’s, by its identifier too', async () => {
  const link = async (of: string): Promise<{ cookie: string }> =>
    openedBy((await ann.api.post(`/v1/data-subjects/${of}/links`, {})).json.url)
  const added = { jurisdiction: 'EU', identifiers: [] }
  const other = (await ann.api.post('/v1/data-subjects', added)).json.subject
  const id = base64url(nodeCrypto.randomBytes(32))
  expect((await enrolPasskey(await link(subject), id)).status).toBe(200)
  const refused = await enrolPasskey(await link(other), id)
  expect(((await refused.json()) as { error: { code: string } }).error.code).toBe('KEY_IN_USE')
  expect((await enrolPasskey(await link(subject), id)).status).toBe(200)
})

test('of one subject the oldest session ends when there are too many', async () => {
  const opened: { cookie: string }[] = []
  for (let i = 0; i <= SESSIONS_OF_SUBJECT_MAX; i++)
    opened.push(await openedBy((await ann.api.post(`/v1/data-subjects/${subject}/links`, {})).json.url))
  const status = async (headers: { cookie: string }) =>
    (await fetch(`${server.base()}/v1/subject`, { headers })).status
  expect(await Promise.all(opened.map((each) => status(each)))).toEqual([
    401,
    ...opened.slice(1).map(() => 200),
  ])
})
