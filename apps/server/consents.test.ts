/** Data subjects, their consents and what ends them, over the API. spec/consent.md. */
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text as textOf } from 'node:stream/consumers'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fsTileStore } from '../../src/adapters/fs/tile-store.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { softwareAuthenticator } from '../../src/adapters/software-authenticator/software-authenticator.ts'
import { alikeKey } from '../../src/core/alike.ts'
import {
  CONSENT_TAG,
  foldIdentifier,
  handleFor,
  subjectKey,
  type ConsentRecord,
} from '../../src/core/consent.ts'
import { DPV, PD, PERSONAL_DATA } from '../../src/core/dpv.ts'
import { base64url, fromBase64url, utf8 } from '../../src/core/encoding.ts'
import { newId } from '../../src/core/ids.ts'
import { signTagged } from '../../src/core/sign.ts'
import { buildPack } from '../../src/evidence/pack/build.ts'
import { verifyPack } from '../../src/evidence/verify/verify.ts'
import { openCheckpoint } from '../../src/log/checkpoint.ts'
import { packSigner } from '../../test/fixtures/packs.ts'
import type { Answer, Caller } from './harness.ts'
import { TestServer, type Operator } from './harness.ts'

const code = ({ json }: Answer): string | undefined => json.error?.code
const dpv = (name: string): string => DPV + name
const pd = (name: string): string => PD + name
const DAY_S = 86_400

const server = new TestServer()
let ann: Operator
let ben: Operator
let manager: { readonly id: string; readonly api: Caller }
let notice: string

async function approve(by: Operator, path: string): Promise<Answer> {
  const asked = await by.api.get(`${path}/approval`)
  return asked.status === 200
    ? by.api.post(`${path}/approve`, by.authenticator.assert(asked.json.challenge))
    : asked
}

const WORDS = 'We use your contact data to deliver what you ordered, and to tell you of offers.'
function noticeOf(more: object = {}): object {
  return {
    notice: {
      v: 1,
      name: 'Shop',
      version: '1',
      language: 'en',
      jurisdiction: 'EU',
      controller: 'Shop Ltd',
      contact: 'privacy@shop.example',
      text_hash: base64url(nodeCrypto.sha256(utf8(WORDS))),
      purposes: [dpv('Marketing'), dpv('ServiceProvision')],
      categories: [pd('Contact'), pd('MedicalHealth')],
      ...more,
    },
    text: WORDS,
  }
}

async function subjectOf(value: string, jurisdiction = 'EU'): Promise<string> {
  const answer = await ann.api.post('/v1/data-subjects', {
    jurisdiction,
    identifiers: [{ system: null, value }],
  })
  expect(answer.status).toBe(200)
  return answer.json.subject
}

function recordOf(subject: string, more: Partial<ConsentRecord> = {}): ConsentRecord {
  const now_ms = Date.now()
  const given_at = Math.floor(now_ms / 1000)
  return {
    v: 1,
    consent: newId(nodeCrypto, 'cns', now_ms),
    subject,
    rev: newId(nodeCrypto, 'rev', now_ms),
    notice,
    language: 'en',
    jurisdiction: 'EU',
    purposes: [dpv('Marketing'), dpv('ServiceProvision')],
    categories: [pd('Contact')],
    given_at,
    expires: given_at + 30 * DAY_S,
    ...more,
  }
}

const IMPORTED = { type: 'imported', source: 'old CRM', method: 'web_form', evidence_hash: 'A'.repeat(43) }
const importing = (record: ConsentRecord): Promise<Answer> =>
  ann.api.post('/v1/consents', { record, proof: IMPORTED })
function signed(record: ConsentRecord, by = manager.api): object {
  return {
    record,
    proof: { type: 'manager', sig: signTagged(nodeCrypto.signer(by.key), CONSENT_TAG, record) },
  }
}

beforeAll(async () => {
  await server.start()
  ann = await server.enrol(server.bootstrapSecret)
  ben = await server.invite(ann, 'Ben, privacy officer')
  notice = (await ann.api.post('/v1/notices', noticeOf())).json.notice
  await approve(ben, `/v1/notices/${notice}`)
  const api = server.caller()
  const proposed = { name: 'Consent Hub', jwk: api.jwk, jurisdiction: 'EU' }
  const { json } = await ann.api.post('/v1/consent-managers', proposed)
  manager = { id: json.manager, api }
  await approve(ben, `/v1/consent-managers/${manager.id}`)
})
afterAll(() => server.remove())

describe('a notice', () => {
  test('is approved by another person, and of one name, version, language and jurisdiction there is one', async () => {
    expect(code(await ann.api.post('/v1/notices', noticeOf({ controller: 'Somebody else' })))).toBe(
      'NOTICE_CONFLICT',
    )
    const next = await ann.api.post('/v1/notices', noticeOf({ version: '2' }))
    expect(code(await approve(ann, `/v1/notices/${next.json.notice}`))).toBe('SAME_PERSON')
    expect(
      code(await importing(recordOf(await subjectOf('early@x.example'), { notice: next.json.notice }))),
    ).toBe('UNKNOWN_NOTICE')
    expect((await approve(ben, `/v1/notices/${next.json.notice}`)).json).toEqual({ acted_alone: false })
  })

  test('names terms that exist, and the text that its hash is of', async () => {
    const unknown = noticeOf({ version: '3', purposes: [dpv('SpringCleaning')] })
    expect(code(await ann.api.post('/v1/notices', unknown))).toBe('TERM_UNKNOWN')
    expect(
      code(await ann.api.post('/v1/notices', { ...noticeOf({ version: '3' }), text: 'Other words' })),
    ).toBe('NOTICE_INVALID')
  })
})

describe('a basis that is no consent', () => {
  const basis = {
    v: 1,
    kind: 'gdpr_6_1_f',
    purpose: dpv('FraudPreventionAndDetection'),
    categories: [pd('Contact')],
    jurisdiction: 'EU',
    expires: Math.floor(Date.now() / 1000) + 100 * DAY_S,
  }

  test('is told to points once it was approved, and a frame ends it', async () => {
    const point = await server.point(ann, 'bases')
    const before = (await point.api.get('/v1/points/self/subjects')).json
    const { json } = await ann.api.post('/v1/bases', basis)
    expect((await approve(ben, `/v1/bases/${json.basis}`)).status).toBe(200)
    const page = (await point.api.get(`/v1/points/self/subjects?after=${before.next}`)).json
    const { v: _, expires: exp, ...rest } = basis
    expect(page.bases).toEqual([{ ...rest, id: json.basis, exp }])
    expect((await point.api.get(`/v1/points/self/subjects?after=${page.next}`)).json.bases).toBeNull()
    const ended = await ben.api.post(`/v1/bases/${json.basis}/end`, { reason: 'not_needed' })
    const { frames } = (await ann.api.get(`/v1/revocations?after=${ended.json.frames[0] - 1}`)).json
    expect(frames[0].frame).toMatchObject({ kind: 'consent', handle: json.basis })
    expect((await point.api.get(`/v1/points/self/subjects?after=${page.next}`)).json.bases).toEqual([])
  })

  test('has a condition for special categories, and an end', async () => {
    const health = { ...basis, categories: [pd('HealthRecord')] }
    expect(code(await ann.api.post('/v1/bases', health))).toBe('CONDITION_MISSING')
    expect((await ann.api.post('/v1/bases', { ...health, condition: 'gdpr_9_2_h' })).status).toBe(200)
    expect(code(await ann.api.post('/v1/bases', { ...basis, expires: 1 }))).toBe('BASIS_INVALID')
    expect(code(await ann.api.post('/v1/bases', { ...basis, purpose: dpv('Purpose') }))).toBe('TERM_UNKNOWN')
  })
})

describe('a data subject', () => {
  test('is found by an identifier however it is written, and an identifier is one person’s', async () => {
    const subject = await subjectOf('Jo.Straße@Example.org')
    const named = { system: null, value: ' jo.STRASSE@example.ORG ' }
    expect((await ann.api.post('/v1/data-subjects/find', named)).json).toEqual({ subject })
    const other = await ann.api.post('/v1/data-subjects', { jurisdiction: 'EU', identifiers: [named] })
    expect(code(other)).toBe('IDENTIFIER_IN_USE')
    expect(code(await ann.api.post('/v1/data-subjects/find', { system: null, value: 'nobody' }))).toBe(
      'UNKNOWN_DATA_SUBJECT',
    )
  })

  test('with an identifier that is written otherwise is another, and points are told what looks like it', async () => {
    const [plain, padded] = [await subjectOf('4242'), await subjectOf('004242')]
    const tagged = await subjectOf('kim+shop@x.example')
    const find = async (value: string): Promise<unknown> =>
      (await ann.api.post('/v1/data-subjects/find', { system: null, value })).json.subject
    expect(await find('4242')).toBe(plain)
    expect(await find('004242')).toBe(padded)
    expect(await find('kim@x.example')).toBeUndefined()
    const point = await server.point(ann, 'alike')
    const { index_key, rows } = (await point.api.get('/v1/points/self/subjects')).json
    const alikeOf = (subject: string): unknown =>
      rows.find((row: { subject: string }) => row.subject === subject).alike
    const key = (of: string): string => alikeKey(nodeCrypto, fromBase64url(index_key), null, of)
    expect([alikeOf(plain), alikeOf(padded)]).toEqual([undefined, [key('4242')]])
    expect(alikeOf(tagged)).toEqual([key('kim@x.example')])
  })

  test('has no identifier in any entry or row in the clear', async () => {
    await subjectOf('hidden-in-the-log@example.org')
    for (const file of ['countersign.db', 'countersign.db-wal'])
      expect(readFileSync(join(server.dataDir, file)).includes('hidden-in-the-log')).toBe(false)
  })
})

describe('a consent', () => {
  test.each<[string, string, Partial<ConsentRecord>]>([
    [
      'for a purpose that the notice does not speak of',
      'PURPOSE_OUTSIDE_NOTICE',
      { purposes: [dpv('PublicBenefit')] },
    ],
    ['for a broader purpose', 'PURPOSE_OUTSIDE_NOTICE', { purposes: [dpv('ServiceManagement')] }],
    ['to other data', 'CATEGORY_OUTSIDE_NOTICE', { categories: [PERSONAL_DATA] }],
    ['that has expired', 'CONSENT_EXPIRED', { expires: Math.floor(Date.now() / 1000) - 1 }],
    ['in another language', 'NOTICE_MISMATCH', { language: 'de' }],
    ['to health data that is not explicit', 'CONDITION_MISSING', { categories: [pd('HealthRecord')] }],
    ['of no term', 'TERM_UNKNOWN', { purposes: ['https://example.org/#x'] }],
    [
      'of a child by nobody',
      'PARENT_MISSING',
      { minor: { age: 12, until: 2_000_000_000, verified: 'account' } },
    ],
    ['under another jurisdiction', 'CONSENT_SUBJECT_MISMATCH', { jurisdiction: 'IN' }],
    ['from the future', 'CONSENT_STALE', { given_at: Math.floor(Date.now() / 1000) + 5_000 }],
  ])('%s is refused: %s', async (_name, expected, more) => {
    expect(code(await importing(recordOf(await subjectOf(`${expected}${Math.random()}`), more)))).toBe(
      expected,
    )
  })

  test('of a manager that nobody approved is not taken', async () => {
    const api = server.caller()
    await ann.api.post('/v1/consent-managers', { name: 'Other Hub', jwk: api.jwk, jurisdiction: 'EU' })
    const record = recordOf(await subjectOf('unapproved@example.org'))
    expect(code(await api.post('/v1/consents', signed(record, api)))).toBe('AUTH_KEY_UNKNOWN')
  })

  test('that a manager signed counts once, for its very record, and not by another key', async () => {
    const record = recordOf(await subjectOf('managed@example.org'))
    const { json, status } = await manager.api.post('/v1/consents', signed(record))
    expect([status, json.consent]).toEqual([200, record.consent])
    expect(code(await manager.api.post('/v1/consents', signed(record)))).toBe('CONSENT_REPLAYED')
    const other = recordOf(record.subject)
    expect(
      code(await manager.api.post('/v1/consents', { ...signed(other), record: recordOf(record.subject) })),
    ).toBe('CONSENT_PROOF_INVALID')
    expect(code(await manager.api.post('/v1/consents', signed(other, server.caller())))).toBe(
      'CONSENT_PROOF_INVALID',
    )
    const { consents } = (await manager.api.get(`/v1/data-subjects/${record.subject}/consents`)).json
    expect(consents).toMatchObject([{ id: record.consent, state: 'live', asserted: false }])
  })

  test('is reviewed and withdrawn by the manager that gave it, and by no other', async () => {
    const record = recordOf(await subjectOf('reviewed@example.org'))
    await importing(record)
    const why = { purposes: null, reason: 'asked' }
    expect(code(await manager.api.post(`/v1/consents/${record.consent}/withdraw`, why))).toBe(
      'UNKNOWN_CONSENT',
    )
    const own = recordOf(record.subject)
    await manager.api.post('/v1/consents', signed(own))
    const first = await manager.api.post(`/v1/consents/${own.consent}/withdraw`, why)
    const again = await manager.api.post(`/v1/consents/${own.consent}/withdraw`, why)
    expect(again.json.frames).toEqual(first.json.frames)
  })

  test('stands in the register by pseudonym, found by its state and notice, the latest first', async () => {
    const [kept, taken] = [
      recordOf(await subjectOf('r1@x.example')),
      recordOf(await subjectOf('r2@x.example')),
    ]
    for (const record of [kept, taken]) expect((await importing(record)).status).toBe(200)
    await ann.api.post(`/v1/consents/${taken.consent}/withdraw`, { purposes: null, reason: 'asked' })
    const listed = async (query: string) => {
      const { json } = await ann.api.get(`/v1/consents?${query}`)
      return json.consents as { id: string; given: number }[]
    }
    const ids = async (query: string) => (await listed(query)).map(({ id }) => id)
    const [last, before] = await listed(`notice=${notice}`)
    expect([last?.id, before?.id]).toEqual([taken.consent, kept.consent])
    expect(last).toMatchObject({
      subject: taken.subject,
      state: 'withdrawn',
      proof: 'imported',
      asserted: true,
      notice: { id: notice, name: 'Shop', version: '1' },
      withdrawn: taken.purposes,
    })
    expect(await ids('state=live')).toContain(kept.consent)
    expect(await ids('state=live')).not.toContain(taken.consent)
    expect(await ids('state=withdrawn')).toContain(taken.consent)
    expect(await ids('state=expired')).toEqual([])
    expect(await ids('notice=ntc_other')).toEqual([])
    expect((await ids(`before=${last?.given}`))[0]).toBe(kept.consent)
    expect(code(await manager.api.get('/v1/consents'))).toBe('FORBIDDEN')
  })

  test('is exported as ISO/IEC TS 27560 arranges it', async () => {
    const record = recordOf(await subjectOf('exported@example.org'))
    await importing(record)
    await ann.api.post(`/v1/consents/${record.consent}/withdraw`, {
      purposes: [dpv('DirectMarketing')],
      reason: 'asked',
    })
    const { json } = await ann.api.get(`/v1/consents/${record.consent}/export`)
    const schema = JSON.parse(
      readFileSync(new URL('../../spec/schemas/consent-export.json', import.meta.url), 'utf8'),
    ) as object
    const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(schema)
    expect([validate(json), validate.errors]).toEqual([true, null])
    expect(json).toMatchObject({
      record_id: record.consent,
      pii_principal_id: record.subject,
      events: [{ event_state: 'given' }, { event_state: 'withdrawn', purposes: [dpv('DirectMarketing')] }],
    })
  })
})

describe('a withdrawal', () => {
  test('of one purpose is a frame with its mark, and the feed tells points what is left', async () => {
    const record = recordOf(await subjectOf('partly@example.org'))
    await importing(record)
    const purpose = dpv('DirectMarketing')
    const { json } = await ann.api.post(`/v1/consents/${record.consent}/withdraw`, {
      purposes: [purpose],
      reason: 'asked',
    })
    const { frames } = (await ann.api.get(`/v1/revocations?after=${json.frames[0] - 1}`)).json
    expect(frames[0].frame).toMatchObject({
      kind: 'consent',
      handle: handleFor(nodeCrypto, record.rev, purpose),
    })
    const point = await server.point(ann, 'partly')
    const { rows, index_key } = (await point.api.get('/v1/points/self/subjects')).json
    const row = rows.find((each: { subject: string }) => each.subject === record.subject)
    expect(row.consents).toEqual([
      {
        id: record.consent,
        rev: record.rev,
        purposes: record.purposes,
        categories: record.categories,
        exp: record.expires,
        withdrawn: [purpose],
      },
    ])
    const key = subjectKey(
      nodeCrypto,
      fromBase64url(index_key),
      null,
      foldIdentifier('Partly@example.org') ?? '',
    )
    expect(row.keys).toEqual([key])
    const outside = { purposes: [dpv('PublicBenefit')], reason: 'asked' }
    expect(code(await ann.api.post(`/v1/consents/${record.consent}/withdraw`, outside))).toBe(
      'PURPOSE_OUTSIDE_CONSENT',
    )
  })

  test('reaches a listener as its own event, verified by the standard’s library, and its acknowledgement is in the report', async () => {
    const received: { headers: IncomingMessage['headers']; body: string }[] = []
    let wake: () => void = () => undefined
    const came = new Promise<void>((resolve) => (wake = resolve))
    const receiver = createServer((request, response) => {
      void textOf(request).then((body) => {
        received.push({ headers: request.headers, body })
        response.writeHead(204).end()
        wake()
      })
    })
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`
    const listener = (await ann.api.post('/v1/listeners', { kind: 'webhook', url })).json
    const record = recordOf(await subjectOf('told@example.org'))
    await importing(record)
    await ann.api.post(`/v1/consents/${record.consent}/withdraw`, { purposes: null, reason: 'asked' })
    await came
    const [first] = received
    const said = new Webhook(listener.secret).verify(
      first?.body ?? '',
      first?.headers as Record<string, string>,
    )
    expect(said).toMatchObject({
      type: 'consent.withdrawn',
      data: {
        subject: record.subject,
        consent: record.consent,
        frame: { kind: 'consent', handle: record.rev },
      },
    })
    const report = async (): Promise<Answer['json']> =>
      (await ann.api.get(`/v1/consents/${record.consent}/cascades`)).json.cascades[0]
    await expect.poll(async () => (await report()).frames[0].listeners[0].taken).not.toBeNull()
    expect(await report()).toMatchObject({ consent: record.consent, purposes: null, delegations: [] })
    await ann.api.post(`/v1/listeners/${listener.listener}/remove`, {})
    receiver.closeAllConnections()
    await new Promise((resolve) => receiver.close(resolve))
  })
})

describe('an objection', () => {
  test('denies purposes for ever, and takes them out of the consents that live', async () => {
    const subject = await subjectOf('objects@example.org')
    const [broad, other] = [
      recordOf(subject, { purposes: [dpv('Marketing')] }),
      recordOf(subject, { purposes: [dpv('ServiceProvision')] }),
    ]
    await importing(broad)
    await importing(other)
    const said = { right: 'gdpr_21', purposes: [dpv('DirectMarketing')] }
    const { json } = await ann.api.post(`/v1/data-subjects/${subject}/objections`, said)
    const { frames } = (await ann.api.get(`/v1/revocations?after=${json.frames[0] - 1}`)).json
    expect(frames.map(({ frame }: { frame: { handle: string } }) => frame.handle)).toEqual([
      handleFor(nodeCrypto, subject, dpv('DirectMarketing')),
      handleFor(nodeCrypto, broad.rev, dpv('DirectMarketing')),
    ])
    const later = recordOf(subject, { purposes: [dpv('DirectMarketing')] })
    expect((await importing(later)).status).toBe(200)
    const { consents, objections } = (await ann.api.get(`/v1/data-subjects/${subject}`)).json
    expect(consents.map((one: { state: string }) => one.state)).toEqual(['live', 'live', 'live'])
    expect(objections).toMatchObject([{ purposes: [dpv('DirectMarketing')] }])
  })
})

describe('the subject’s own side', () => {
  async function comeIn(
    subject: string,
  ): Promise<(method: string, path: string, value?: object) => Promise<Answer>> {
    const link = (await ann.api.post(`/v1/data-subjects/${subject}/links`, {})).json.url as string
    const secret = link.slice(link.indexOf('#') + 1)
    let cookie = ''
    const ask = async (method: string, path: string, value?: object): Promise<Answer> => {
      const response = await fetch(server.base() + path, {
        method,
        headers: {
          cookie,
          origin: server.base(),
          ...(value === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(value === undefined ? {} : { body: JSON.stringify(value) }),
      })
      cookie = response.headers.get('set-cookie')?.split(';')[0] ?? cookie
      return { status: response.status, json: await response.json() }
    }
    expect((await ask('POST', '/v1/subject/open', { secret })).status).toBe(200)
    const again = await fetch(`${server.base()}/v1/subject/open`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ secret }),
    })
    expect(((await again.json()) as Answer['json']).error.code).toBe('SECRET_INVALID')
    return ask
  }

  test('gives with a passkey, once, and withdraws without one', async () => {
    const subject = await subjectOf('own@example.org')
    const ask = await comeIn(subject)
    const authenticator = softwareAuthenticator(nodeCrypto, nodeCrypto.generateKey('ES256'), {
      rp_id: 'localhost',
      origin: 'http://localhost',
    })
    const { challenge } = (await ask('POST', '/v1/subject/passkey/challenge')).json
    expect(
      (await ask('POST', '/v1/subject/passkey', { credential: authenticator.register(challenge) })).status,
    ).toBe(200)
    const wanted = { notice, purposes: [dpv('Marketing')], days: 30, explicit: true }
    const drafted = (await ask('POST', '/v1/subject/consents/draft', wanted)).json
    const gesture = authenticator.assert(drafted.challenge)
    const given = await ask('POST', '/v1/subject/consents', { record: drafted.record, gesture })
    expect(given.json.consent).toBe(drafted.record.consent)
    expect(code(await ask('POST', '/v1/subject/consents', { record: drafted.record, gesture }))).toBe(
      'CONSENT_REPLAYED',
    )
    const bent = {
      ...drafted.record,
      consent: newId(nodeCrypto, 'cns', Date.now()),
      rev: newId(nodeCrypto, 'rev', Date.now()),
    }
    expect(code(await ask('POST', '/v1/subject/consents', { record: bent, gesture }))).toBe(
      'CONSENT_PROOF_INVALID',
    )
    const foreign = { ...bent, subject: await subjectOf('foreign@example.org') }
    expect(code(await ask('POST', '/v1/subject/consents', { record: foreign, gesture }))).toBe(
      'CONSENT_SUBJECT_MISMATCH',
    )
    expect(
      (await ask('POST', '/v1/subject/withdraw', { consent: drafted.record.consent, purposes: null })).status,
    ).toBe(200)
    const { consents } = (await ask('GET', '/v1/subject')).json.subject
    expect(consents).toMatchObject([{ state: 'withdrawn', proof: 'passkey', asserted: false }])
    const all = (await ask('GET', '/v1/subject/export')).json
    expect(all.consents[0].events.map((one: { event_state: string }) => one.event_state)).toEqual([
      'given',
      'withdrawn',
    ])

    const entered = (await ask('POST', '/v1/subject/challenge')).json
    const credential_id = authenticator.register(challenge).id
    const signIn = {
      challenge: entered.challenge,
      credential_id,
      gesture: authenticator.assert(entered.challenge),
    }
    expect((await ask('POST', '/v1/subject/sign-in', signIn)).status).toBe(200)
    expect(code(await ask('POST', '/v1/subject/sign-in', signIn))).toBe('GESTURE_INVALID')
  })

  test('asks for things that have their day, and an objection takes effect at once', async () => {
    const subject = await subjectOf('asks@example.org', 'US-CA')
    const ask = await comeIn(subject)
    const opened = (await ask('POST', '/v1/subject/requests', { kind: 'access', text: 'All that you have' }))
      .json
    expect(Date.parse(opened.due) - Date.now()).toBeGreaterThan(44 * DAY_S * 1000)
    await ask('POST', '/v1/subject/requests', { kind: 'object', text: 'Do not sell my data' })
    const { requests, objections } = (await ask('GET', '/v1/subject')).json.subject
    expect(objections).toMatchObject([{ purposes: null }])
    expect(requests.map((one: { kind: string }) => one.kind)).toEqual(['object', 'access'])
    const close = { outcome: 'fulfilled', answer: 'Sent on paper' }
    expect(
      (await ben.api.post(`/v1/subject-requests/${opened.request}/extend`, { reason: 'complex' })).status,
    ).toBe(200)
    expect(
      code(await ben.api.post(`/v1/subject-requests/${opened.request}/extend`, { reason: 'again' })),
    ).toBe('STATE_CONFLICT')
    expect((await ben.api.post(`/v1/subject-requests/${opened.request}/close`, close)).status).toBe(200)
    expect(code(await ben.api.post(`/v1/subject-requests/${opened.request}/close`, close))).toBe(
      'STATE_CONFLICT',
    )
  })

  test('shows nothing to who did not come in', async () => {
    const response = await fetch(`${server.base()}/v1/subject`)
    expect(response.status).toBe(401)
  })
})

describe('the erasure of a data subject', () => {
  test('withdraws what lives, denies the pseudonym, and leaves nothing to find them by', async () => {
    const subject = await subjectOf('forget-me@example.org')
    const record = recordOf(subject)
    await importing(record)
    const point = await server.point(ann, 'erase')
    const { next } = (await point.api.get('/v1/points/self/subjects')).json
    const path = `/v1/subjects/${subject}`
    const asked = (await ben.api.get(`${path}/erasure?basis=request`)).json
    expect(asked.fields_n).toBe(1)
    const gesture = ben.authenticator.assert(asked.challenge)
    const erased = await ben.api.post(`${path}/erase`, { ...gesture, basis: 'request' })
    expect(erased.json.state).toBe('erased')
    const { frames } = (await ann.api.get('/v1/revocations?limit=1000')).json
    const handles = frames.map(({ frame }: { frame: { handle: string } }) => frame.handle)
    expect(handles).toEqual(expect.arrayContaining([record.rev, subject]))
    const { rows } = (await point.api.get(`/v1/points/self/subjects?after=${next}`)).json
    expect(rows).toEqual([{ subject, jurisdiction: 'EU', keys: [], consents: [] }])
    const found = await ann.api.post('/v1/data-subjects/find', {
      system: null,
      value: 'forget-me@example.org',
    })
    expect(code(found)).toBe('UNKNOWN_DATA_SUBJECT')
    expect(code(await ann.api.get(`/v1/data-subjects/${subject}`))).toBe('UNKNOWN_DATA_SUBJECT')
  })
})

test('the log of all of this verifies, the erased data subject included, and its populations are there', async () => {
  const { size } = (await ann.api.get('/v1/entries?limit=1')).json
  const { vkey } = server.running
  const note = (): Uint8Array => readFileSync(join(server.dataDir, 'log', 'checkpoint'))
  await expect
    .poll(() => openCheckpoint(nodeCrypto, note(), vkey).size, { timeout: 60_000 })
    .toBeGreaterThanOrEqual(size)
  const published = { tiles: fsTileStore(join(server.dataDir, 'log')), vkey, checkpoint: note(), start: null }
  const source = { ...published, sign: packSigner(ann.api) }
  const { bytes } = await buildPack(nodeCrypto, source, { from_ms: 0, to_ms: Date.now() + 60_000 })
  const { report } = await verifyPack(nodeCrypto, bytes, vkey)
  expect(report.faults).toEqual([])
  expect(report.populations.consents).toBeGreaterThan(5)
  expect(report.populations.withdrawals).toBeGreaterThan(5)
})
