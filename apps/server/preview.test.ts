/** An auditor looks, over HTTP: what they see, that it is logged first, and all that they do not see. spec/preview.md. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { hex, utf8 } from '../../src/core/encoding.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { readArchive, writeArchive } from '../../src/evidence/pack/archive.ts'
import { checkExtract } from '../../src/evidence/preview/extract.ts'
import { ACT_TAG } from '../../src/token/constants.ts'
import { challengeOf } from '../../src/token/gesture.ts'
import { published, Stream } from '../../test/fixtures/shipped.ts'
import { TestServer, type Answer, type Caller, type Operator } from './harness.ts'
import { LOOKS_A_MINUTE_MAX } from './previewer.ts'

const HOUR_MS = 3_600_000
const at = (ms: number): string => new Date(Date.now() + ms).toISOString()
/** Both clocks can be moved. */
const clock = {
  moved: 0,
  now: () => Date.now() + clock.moved,
  monotonic: () => performance.now() + clock.moved,
}

const server = new TestServer({ clock })
let ann: Operator
let ben: Operator
let stream: Stream
const code = (answer: Answer): string | undefined => answer.json.error?.code

beforeAll(async () => {
  await server.start()
  ann = await server.enrol(server.bootstrapSecret)
  ben = await server.invite(ann, 'Ben')
  await server.agent(ann, ben)
  stream = await Stream.open(server, ann)
  await stream.ship(3, 'secret words of a call')
  await published(ann)
})
afterAll(() => server.remove())

const wanted = (criteria: readonly string[], more: JsonObject = {}): JsonObject => ({
  auditor: 'Ada Auditor',
  firm: 'Audit & Partners',
  period: { from: at(-HOUR_MS), to: at(HOUR_MS) },
  criteria: [...criteria],
  expires: at(24 * HOUR_MS),
  ...more,
})

async function proposed(criteria: readonly string[], more?: JsonObject): Promise<string> {
  const { status, json } = await ann.api.post('/v1/previews', wanted(criteria, more))
  expect([status, json]).toEqual([200, expect.anything()])
  return json.preview
}

async function grant(by: Operator, preview: string): Promise<Answer> {
  const { json } = await by.api.get(`/v1/previews/${preview}/approval`)
  return by.api.post(`/v1/previews/${preview}/approve`, by.authenticator.assert(json.challenge))
}

interface Held {
  readonly preview: string
  readonly api: Caller
}

/** Granted, and held by a key. */
async function held(criteria: readonly string[], more?: JsonObject): Promise<Held> {
  const preview = await proposed(criteria, more)
  expect((await grant(ben, preview)).status).toBe(200)
  const { secret } = (await ann.api.post(`/v1/previews/${preview}/invite`, {})).json
  const api = server.caller()
  expect((await api.post('/v1/preview/enrol-key', { secret })).status).toBe(200)
  return { preview, api }
}

interface Logged {
  readonly index: number
  readonly entry: { type: string; subject?: string; actor: JsonObject; body: JsonObject }
}

async function logged(preview: string): Promise<Logged[]> {
  const { json } = await ann.api.get('/v1/entries?limit=1000')
  return (json.entries as Logged[]).filter(({ entry }) => entry.subject === preview)
}
const looks = async (preview: string): Promise<JsonObject[]> =>
  (await logged(preview))
    .filter(({ entry }) => entry.type === 'preview.looked')
    .map(({ entry }) => entry.body)

describe('a preview', () => {
  test('is granted by a gesture of who did not propose it', async () => {
    const preview = await proposed(['CC6.1'])
    expect(code(await grant(ann, preview))).toBe('SAME_PERSON')
    expect(code(await ann.api.post(`/v1/previews/${preview}/invite`, {}))).toBe('STATE_CONFLICT')
    expect((await grant(ben, preview)).json).toEqual({ acted_alone: false })
    expect(code(await grant(ben, preview))).toBe('STATE_CONFLICT')
    const [, granted] = await logged(preview)
    expect(granted?.entry).toMatchObject({
      type: 'preview.granted',
      body: { act: { preview, criteria: ['CC6.1'], approver: ben.id } },
    })
    expect(JSON.stringify(await logged(preview))).not.toContain('Ada')
    const { previews } = (await ben.api.get('/v1/previews')).json
    expect(previews[0]).toMatchObject({ preview, auditor: 'Ada Auditor', status: 'granted', holder: null })
  })

  test.each([
    ['a period that ends before it starts', { period: { from: at(0), to: at(-HOUR_MS) } }],
    ['an end in the past', { expires: at(-HOUR_MS) }],
    ['an end after more than 400 days', { expires: at(401 * 24 * HOUR_MS) }],
    ['a criterion twice', { criteria: ['CC6.1', 'CC6.1'] }],
  ])('is refused with %s', async (_, more) => {
    expect(code(await ann.api.post('/v1/previews', wanted(['CC6.1'], more)))).toBe('PREVIEW_INVALID')
  })

  test.each([[{ criteria: [] }], [{ criteria: ['CC10.1'] }], [{ expires: 'soon' }], [{ auditor: '' }]])(
    'is refused with what does not fit: %j',
    async (more) => {
      expect(code(await ann.api.post('/v1/previews', wanted(['CC6.1'], more)))).toBe('REQUEST_INVALID')
    },
  )
})

describe('an invitation', () => {
  test('registers one key once, and the one before it ends with it', async () => {
    const preview = await proposed(['CC6.1'])
    await grant(ben, preview)
    const first = (await ann.api.post(`/v1/previews/${preview}/invite`, {})).json.secret
    const { secret, url } = (await ben.api.post(`/v1/previews/${preview}/invite`, {})).json
    expect(url).toContain(`/preview#${secret}`)
    const ada = server.caller()
    expect(code(await ada.post('/v1/preview/enrol-key', { secret: first }))).toBe('SECRET_INVALID')
    expect(code(await ann.api.post('/v1/preview/enrol-key', { secret }))).toBe('KEY_IN_USE')
    expect((await ada.post('/v1/preview/enrol-key', { secret })).json).toMatchObject({ preview })
    expect(code(await server.caller().post('/v1/preview/enrol-key', { secret }))).toBe('SECRET_INVALID')
  })

  test('of a later holder ends what the one before could do', async () => {
    const { preview, api } = await held(['CC6.1'])
    expect((await api.get('/v1/preview')).status).toBe(200)
    const { secret } = (await ann.api.post(`/v1/previews/${preview}/invite`, {})).json
    const next = server.caller()
    await next.post('/v1/preview/enrol-key', { secret })
    expect(code(await api.get('/v1/preview'))).toBe('AUTH_KEY_UNKNOWN')
    expect((await next.get('/v1/preview')).status).toBe(200)
  })
})

describe('an auditor', () => {
  let ada: Held
  beforeAll(async () => {
    ada = await held(['CC6.1', 'CC6.6'])
  })

  test('sees their criteria, with what the tests came to, as of a tree that is named', async () => {
    const { status, json } = await ada.api.get('/v1/preview')
    expect(status).toBe(200)
    expect(json.grant).toMatchObject({ preview: ada.preview, auditor: 'Ada Auditor' })
    expect(json.tree).toMatchObject({ interim: true, integrity: true, faults_n: expect.any(Number) })
    expect(json.criteria.map(({ id }: { id: string }) => id)).toEqual(['CC6.1', 'CC6.6'])
    expect(json.tests.map(({ number }: { number: number }) => number)).toContain(9)
    expect(json.controls[0].narrative[0]).toMatchObject({ text: expect.stringMatching(/\w/) })
    expect(await looks(ada.preview)).toContainEqual({ kind: 'overview', id: null, size: json.tree.end })
  })

  test('reads rows, files, a test, an entry and the story of an action, each in the log', async () => {
    const rows = (await ada.api.get('/v1/preview/populations/decisions')).json
    expect(rows).toMatchObject({ name: 'decisions', count: 3 })
    const [{ action, index }] = rows.rows
    const story = (await ada.api.get(`/v1/preview/actions/${action}`)).json
    expect(story).toMatchObject({ action, decisions: [{ decision: 'deny' }] })
    expect(story.entries.map((each: { index: number }) => each.index)).toContain(index)
    const entry = (await ada.api.get(`/v1/preview/entries/${index}`)).json
    expect(JSON.parse(entry.text)).toMatchObject({ type: 'receipt', body: { action } })
    expect((await ada.api.get('/v1/preview/tests/9')).json).toMatchObject({ number: 9, from: 0 })
    const csv = await ada.api.fetch('GET', '/v1/preview/populations/decisions/file?format=csv')
    expect([csv.status, csv.headers.get('content-disposition')]).toEqual([
      200,
      'attachment; filename="decisions.csv"',
    ])
    expect((await csv.text()).split('\r\n')).toHaveLength(5)
    expect((await looks(ada.preview)).map(({ kind, id }) => [kind, id])).toEqual(
      expect.arrayContaining([
        ['population', 'decisions'],
        ['action', action],
        ['entry', String(index)],
        ['test', '9'],
        ['download', 'decisions.csv'],
      ]),
    )
    expect(JSON.stringify([rows, story, entry])).not.toContain('secret words')
  })

  test('asks, is answered, and comments, in words that stand in no entry', async () => {
    const about = { kind: 'test', id: '9' }
    const asked = await ada.api.post('/v1/preview/requests', { about, text: 'Show me the <b>policy</b>' })
    const { request } = asked.json
    expect((await ben.api.get('/v1/evidence-requests')).json.requests).toMatchObject([
      { request, preview: ada.preview, outcome: null, text: 'Show me the <b>policy</b>' },
    ])
    const answer = { outcome: 'provided', answer: 'It is attached to your ticket' }
    expect((await ben.api.post(`/v1/evidence-requests/${request}/answer`, answer)).status).toBe(200)
    expect(code(await ann.api.post(`/v1/evidence-requests/${request}/answer`, answer))).toBe('STATE_CONFLICT')
    await ada.api.post('/v1/preview/comments', { about, text: 'Looks thin' })
    await ben.api.post(`/v1/previews/${ada.preview}/comments`, {
      about: { kind: 'request', id: request },
      text: 'See above',
    })
    expect((await ada.api.get('/v1/preview/requests')).json.requests).toMatchObject([
      { request, outcome: 'provided', answer: 'It is attached to your ticket', person: ben.id },
    ])
    expect((await ada.api.get('/v1/preview/comments')).json.comments).toMatchObject([
      { about, person: null, text: 'Looks thin' },
      { person: ben.id, text: 'See above' },
    ])
    const all = JSON.stringify(await logged(ada.preview))
    for (const words of ['policy', 'attached', 'thin', 'above']) expect(all).not.toContain(words)
  })

  test('takes an extract that anyone can check, and that nobody can change', async () => {
    const response = await ada.api.fetch('GET', '/v1/preview/export')
    const bytes = new Uint8Array(await response.arrayBuffer())
    const vkey = server.running.vkey
    const { extract, faults } = checkExtract(nodeCrypto, bytes, vkey)
    expect([extract.preview, faults]).toEqual([ada.preview, []])
    const exported = (await logged(ada.preview)).at(-1)
    const sha256 = Buffer.from(nodeCrypto.sha256(bytes)).toString('hex')
    expect(exported?.entry).toMatchObject({ type: 'preview.exported', body: { sha256 } })

    const files = new Map(readArchive(bytes))
    expect([...files.keys()].filter((name) => name.endsWith('.jsonl'))).not.toContain(
      'populations/consents.jsonl',
    )
    const faultsWith = (change: object, more: Record<string, Uint8Array> = {}): string => {
      const added = Object.entries(more).map(([name, its]) => [name, hex(nodeCrypto.sha256(its))])
      const said = { ...extract, files: { ...extract.files, ...Object.fromEntries(added) }, ...change }
      const changed = new Map([
        ...files,
        ...Object.entries(more),
        ['extract.json', utf8(JSON.stringify(said))],
      ])
      return checkExtract(nodeCrypto, writeArchive(changed), vkey).faults.join()
    }
    expect(faultsWith({})).toBe('')
    expect(faultsWith({}, { 'report.html': utf8('all is well') })).toBe(
      'report.html is no file of an extract',
    )
    expect(faultsWith({ log: { ...extract.log, root: 'A'.repeat(43) } })).toMatch(/names another tree/)
    expect(faultsWith({ entries_n: extract.entries_n + 1 })).toMatch(/entries are not as many as/)

    const entries = Buffer.from(files.get('entries.jsonl') ?? '').toString()
    files.set('entries.jsonl', Buffer.from(entries.replaceAll('"deny', '"allo')))
    expect(checkExtract(nodeCrypto, writeArchive(files), vkey).faults.join()).toMatch(
      /not the file that was exported.*is not in the tree/,
    )
    files.delete('entries.jsonl')
    expect(checkExtract(nodeCrypto, writeArchive(files), vkey).faults.join()).toMatch(
      /entries.jsonl is missing/,
    )
    const other = new TestServer()
    await other.start()
    expect(checkExtract(nodeCrypto, bytes, other.running.vkey).faults.join()).toMatch(/not of the key given/)
    await other.remove()
  })

  test('is told at once that it is over, and is answered nothing more', async () => {
    const { preview, api } = await held(['CC6.1'])
    expect((await api.get('/v1/preview')).status).toBe(200)
    await ann.api.post(`/v1/previews/${preview}/revoke`, { reason: 'engagement-over' })
    const before = (await logged(preview)).length
    for (const path of ['', '/requests', '/populations/agents', '/export', '/tests/1'])
      expect([path, code(await api.get(`/v1/preview${path}`))]).toEqual([path, 'PREVIEW_REVOKED'])
    expect(code(await api.post('/v1/preview/requests', { about: null, text: 'x' }))).toBe('PREVIEW_REVOKED')
    expect(await logged(preview)).toHaveLength(before)
    expect(code(await ann.api.post(`/v1/previews/${preview}/invite`, {}))).toBe('PREVIEW_REVOKED')
  })
})

describe('nobody', () => {
  test('sees more than their criteria, one thing at a time', async () => {
    const narrow = await held(['CC8.1'])
    const shown = (await narrow.api.get('/v1/preview')).json
    const mine = {
      tests: new Set(shown.tests.map(({ number }: { number: number }) => number)),
      populations: new Set(shown.populations.map(({ name }: { name: string }) => name)),
    }
    expect(mine.populations.has('decisions')).toBe(false)
    const wide = await held(['CC6.1', 'CC6.2', 'CC6.3', 'CC6.6', 'CC7.2', 'CC7.4', 'P4.1', 'A1.1'])
    const more = (await wide.api.get('/v1/preview')).json
    const before = (await logged(narrow.preview)).length
    let refused = 0
    for (const { number } of more.tests)
      if (!mine.tests.has(number)) {
        expect(code(await narrow.api.get(`/v1/preview/tests/${number}`))).toBe('NOT_IN_SCOPE')
        refused++
      }
    for (const { name } of more.populations)
      if (!mine.populations.has(name)) {
        for (const path of ['', '/file?format=csv', '/file?format=jsonl'])
          expect([name, code(await narrow.api.get(`/v1/preview/populations/${name}${path}`))]).toEqual([
            name,
            'NOT_IN_SCOPE',
          ])
        refused++
      }
    const { rows } = (await wide.api.get('/v1/preview/populations/decisions')).json
    for (const { action, index } of rows) {
      expect(code(await narrow.api.get(`/v1/preview/actions/${action}`))).toBe('NOT_IN_SCOPE')
      expect(code(await narrow.api.get(`/v1/preview/entries/${index}`))).toBe('NOT_IN_SCOPE')
      const about = { kind: 'action', id: action }
      expect(code(await narrow.api.post('/v1/preview/requests', { about, text: 'x' }))).toBe('NOT_IN_SCOPE')
      expect(code(await narrow.api.post('/v1/preview/comments', { about, text: 'x' }))).toBe('NOT_IN_SCOPE')
    }
    expect(code(await narrow.api.get('/v1/preview/populations/nothing'))).toBe('NOT_IN_SCOPE')
    expect(refused).toBeGreaterThan(5)
    expect(await logged(narrow.preview)).toHaveLength(before)
  })

  test('sees what lies outside their period', async () => {
    const early = await held(['CC6.1', 'CC6.6'], {
      period: { from: at(-48 * HOUR_MS), to: at(-24 * HOUR_MS) },
    })
    const { rows } = (await early.api.get('/v1/preview/populations/decisions')).json
    expect(rows).toEqual([])
    expect(code(await early.api.get(`/v1/preview/actions/act_${stream.point}_1`))).toBe('NOT_IN_SCOPE')
  })

  test('reaches what another auditor asked or was told', async () => {
    const [one, two] = [await held(['CC6.1']), await held(['CC6.1'])]
    const { request } = (await one.api.post('/v1/preview/requests', { about: null, text: 'mine' })).json
    expect((await two.api.get('/v1/preview/requests')).json.requests).toEqual([])
    const about = { kind: 'request', id: request }
    expect(code(await two.api.post('/v1/preview/comments', { about, text: 'x' }))).toBe(
      'UNKNOWN_EVIDENCE_REQUEST',
    )
    await one.api.post('/v1/preview/comments', { about, text: 'between us' })
    expect((await two.api.get('/v1/preview/comments')).json.comments).toEqual([])
    expect(code(await two.api.post(`/v1/evidence-requests/${request}/answer`, {}))).toBe('FORBIDDEN')
  })

  test('does anything else with the key of an auditor', async () => {
    const { api } = await held(['CC6.1'])
    const document = (await (await fetch(`${server.base()}/openapi.json`)).json()) as {
      paths: Record<string, Record<string, unknown>>
    }
    const paths = Object.entries(document.paths)
    const answered: string[] = []
    for (const [path, methods] of paths)
      for (const method of Object.keys(methods).map((each) => each.toUpperCase())) {
        if (path.startsWith('/v1/preview/') || path === '/v1/preview') continue
        const to = path.replaceAll(/\{[^}]+\}/g, 'x')
        const body = method === 'GET' ? '' : '{}'
        const { status } = await api.fetch(method, to, body)
        if (status < 400) answered.push(`${method} ${to}`)
      }
    expect(answered.length).toBeGreaterThan(3)
    // What anybody is told, and nothing of it by the key.
    for (const one of answered) {
      const [method = '', path = ''] = one.split(' ')
      const headers = { 'content-type': 'application/json', origin: server.base() }
      const post = method === 'POST' ? { headers, body: '{}' } : {}
      const { status } = await fetch(server.base() + path, { method, ...post })
      expect([one, status < 400]).toEqual([one, true])
    }
  }, 180_000)

  test('comes in with a proof that was used, is of another key, or for another path', async () => {
    const { api, preview } = await held(['CC6.1'])
    const proof = api.proof('GET', '/v1/preview', '')
    expect((await api.get('/v1/preview', { proof })).status).toBe(200)
    expect(code(await api.get('/v1/preview', { proof }))).toBe('AUTH_REPLAYED')
    expect(code(await api.get('/v1/preview/export', { proof: api.proof('GET', '/v1/preview', '') }))).toBe(
      'AUTH_TARGET_MISMATCH',
    )
    expect(code(await server.caller().get('/v1/preview'))).toBe('AUTH_KEY_UNKNOWN')
    expect(code(await ann.api.get('/v1/preview'))).toBe('FORBIDDEN')
    const bare = await fetch(`${server.base()}/v1/preview`, {
      headers: { cookie: `countersign_preview=${preview}` },
    })
    expect(bare.status).toBe(401)
  })

  test('looks faster than the limit, whatever comes of it', async () => {
    const { api } = await held(['CC6.1'])
    expect((await api.fetch('GET', '/v1/preview/export')).status).toBe(200)
    for (let i = 20; i < LOOKS_A_MINUTE_MAX; i++) await api.get('/v1/preview/populations/nothing')
    expect(code(await api.get('/v1/preview/requests'))).toBe('TOO_MANY')
  }, 180_000)
})

describe('a passkey in a browser', () => {
  const post = async (
    path: string,
    value: unknown,
    headers: Record<string, string> = {},
  ): Promise<Response> =>
    fetch(server.base() + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(value),
    })
  const challengeAt = async (path: string, value: unknown): Promise<{ challenge: string }> =>
    (await (await post(path, value)).json()) as { challenge: string }
  const cookieOf = (response: Response): string =>
    (response.headers.get('set-cookie') ?? '').split(';')[0] ?? ''

  test('registers over the invitation, looks in its session, and signs in again', async () => {
    const preview = await proposed(['CC6.1'])
    await grant(ben, preview)
    const { secret } = (await ann.api.post(`/v1/previews/${preview}/invite`, {})).json
    const { authenticator } = server.enrolment(server.caller(), 'unused')
    const { challenge } = await challengeAt('/v1/preview/enrol/challenge', { secret })
    const wrong = authenticator.register(challengeOf(nodeCrypto, ACT_TAG, { act: 'other' }))
    expect((await post('/v1/preview/enrol', { secret, credential: wrong })).status).toBe(403)
    const credential = authenticator.register(challenge)
    const enrolled = await post('/v1/preview/enrol', { secret, credential })
    const cookie = cookieOf(enrolled)
    expect(enrolled.headers.get('set-cookie')).toMatch(
      /HttpOnly; .*SameSite=Strict|SameSite=Strict.*HttpOnly/i,
    )
    const look = (headers: Record<string, string>): Promise<Response> =>
      fetch(`${server.base()}/v1/preview`, { headers })
    expect((await look({ cookie })).status).toBe(200)
    expect((await look({ cookie, 'sec-fetch-site': 'same-site' })).status).toBe(403)
    expect((await look({})).status).toBe(401)

    const own = new URL(server.base()).origin
    const said = { about: { kind: 'test', id: '1' }, text: 'x' }
    for (const origin of ['https://elsewhere.example', 'null'])
      expect((await post('/v1/preview/comments', said, { cookie, origin })).status).toBe(403)
    expect((await post('/v1/preview/comments', said, { cookie, origin: own })).status).toBe(200)

    const asked = await challengeAt('/v1/preview/challenge', {})
    const sign = {
      challenge: asked.challenge,
      credential_id: credential.id,
      gesture: authenticator.assert(asked.challenge),
    }
    const again = await post('/v1/preview/sign-in', sign)
    expect(again.status).toBe(200)
    expect((await post('/v1/preview/sign-in', sign)).status).toBe(403)
    const second = cookieOf(again)
    expect((await look({ cookie: second })).status).toBe(200)
    await post('/v1/preview/sign-out', {}, { cookie: second, origin: own })
    expect((await look({ cookie: second })).status).toBe(401)

    const next = (await ann.api.post(`/v1/previews/${preview}/invite`, {})).json.secret
    await server.caller().post('/v1/preview/enrol-key', { secret: next })
    expect((await look({ cookie })).status).toBe(401)
  })
})

describe('when a preview is over', () => {
  test('nothing more is answered, and the auditor can be forgotten', async () => {
    const { preview, api } = await held(['CC6.1'], { expires: at(2 * HOUR_MS) })
    await api.post('/v1/preview/requests', { about: null, text: 'to be forgotten' })
    const erasing = `/v1/subjects/${preview}/erasure?basis=request`
    expect(code(await ann.api.get(erasing))).toBe('STATE_CONFLICT')
    const before = (await logged(preview)).length
    clock.moved = 3 * HOUR_MS
    const late = new (api.constructor as typeof Caller)(server.base, 'Ed25519', api.key)
    const claims = { iat: Math.floor(clock.now() / 1000) }
    expect(code(await late.get('/v1/preview', { claims }))).toBe('PREVIEW_EXPIRED')
    expect(code(await ann.api.post(`/v1/previews/${preview}/invite`, {}, { claims }))).toBe('PREVIEW_EXPIRED')
    expect(
      (await ann.api.get('/v1/entries?limit=1000', { claims })).json.entries.filter(
        ({ entry }: Logged) => entry.subject === preview,
      ),
    ).toHaveLength(before)
    const { challenge } = (await ann.api.get(erasing, { claims })).json
    const erase = { ...ann.authenticator.assert(challenge), basis: 'request' }
    expect((await ann.api.post(`/v1/subjects/${preview}/erase`, erase, { claims })).json).toMatchObject({
      state: 'erased',
      fields_n: 3,
    })
    const { json } = await ben.api.get(`/v1/previews/${preview}`, { claims })
    expect(json).toMatchObject({ status: 'expired', auditor: null, firm: null })
    clock.moved = 0
  })
})
