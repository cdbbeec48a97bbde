/** Outputs, reviews and attestations over the API, and their bundles verified from the file alone. spec/attestation.md */
import { ProvenAllows } from '../../src/evidence/verify/allows.ts'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { openSnapshot } from '../../src/adapters/sqlite/offline.ts'
import { utf8 } from '../../src/core/encoding.ts'
import { History } from '../../src/evidence/history.ts'
import { outputs, reviews } from '../../src/evidence/populations/attested.ts'
import { attestedOutputs, reviewedOutputs } from '../../src/evidence/tests/outputs.ts'
import { runTests } from '../../src/evidence/tests/run.ts'
import { checkAttestations } from '../../src/evidence/verify/attestations.ts'
import { Findings } from '../../src/evidence/verify/report.ts'
import { decodeEntry } from '../../src/log/entries.ts'
import { measure } from '../../src/provenance/digest.ts'
import { readBundle } from '../../src/provenance/statement.ts'
import { pinnedKeys, verifyAttestation, type AttestationAnswer } from '../../src/provenance/verify.ts'
import { registersOf, TestServer, type Answer, type Caller, type Operator } from './harness.ts'

let offset_ms = 0
/** Steps stay within the skew that proofs of callers are allowed. */
const clock = { now: () => Date.now() + offset_ms, monotonic: () => performance.now() + offset_ms }
const server = new TestServer({ clock })
const code = (answer: Answer): string | undefined => answer.json.error?.code

let [ann, ben, cai, dee] = [] as unknown as [Operator, Operator, Operator, Operator]
let point: Caller
let jti = ''
let pointId = ''
let aloneSaid: string | undefined
let kid = ''

const newHash = () => createHash('sha256')
const DRAFT = 'Dear customer, your refund of 42 euros is on its way to your account.'
/** So short that two seconds in view are enough, in its kind. */
const subjectOf = (content: string) => {
  const { sha256, bytes } = measure('text', utf8(content), newHash)
  return [{ name: 'letter.txt', digest: { sha256 }, annotations: { form: 'text', bytes } }]
}

let letters = 0
/** Each is another. */
const letter = (): string => `${DRAFT} Number ${letters++}.`

async function register(by: Caller, kind: string, content: string, more: object = { jti }): Promise<string> {
  const answer = await by.post('/v1/outputs', {
    kind,
    subject: subjectOf(content),
    content,
    calls: [],
    ...more,
  })
  return answer.json.output
}

async function look(by: Operator, output: string, ms = 3000): Promise<string> {
  const { review } = (await by.api.post(`/v1/outputs/${output}/reviews`, {})).json
  offset_ms += ms
  await by.api.post(`/v1/reviews/${review}/view`, {})
  return review
}

async function sign(by: Operator, output: string): Promise<Answer> {
  const draft = await by.api.post(`/v1/outputs/${output}/attestations`, {})
  if (draft.status !== 200) return draft
  const { attestation, challenge } = draft.json
  return by.api.post(`/v1/attestations/${attestation}/seal`, by.authenticator.assert(challenge))
}

/** As the database has them. */
async function entries() {
  const snapshot = openSnapshot(join(server.dataDir, 'countersign.db'))
  try {
    return await snapshot.db.selectFrom('entries').select(['idx', 'type', 'bytes']).orderBy('idx').execute()
  } finally {
    snapshot.close()
  }
}

const release = (output: string) => point.post(`/v1/outputs/${output}/release`, {})

/** As somebody would who has the file, the bundle and the thumbprint of the issuer's key. */
function verified(bundle: object, content: string): AttestationAnswer {
  const read = readBundle(utf8(JSON.stringify(bundle)))
  const keys = pinnedKeys(nodeCrypto, read, [kid])
  return verifyAttestation(nodeCrypto, { bundle: read, keys, given: measure('text', utf8(content), newHash) })
}

const soon = new Date(Date.now() + 86_400_000).toISOString()
const past = new Date(Date.now() - 1000).toISOString()

function policyOf() {
  const reviewers = [ann, ben, cai].map(({ id }) => ({ person: id, trained_until: soon }))
  const base = { tools: [], reviewers, owner: ann.id, view_ms_per_1000: 20_000 }
  return {
    v: 1,
    separation: 'independent',
    kinds: [
      { ...base, kind: 'letter', minimum: 'supervised', release: 'gate' },
      { ...base, kind: 'reports', minimum: 'directed', release: 'cover' },
      {
        ...base,
        kind: 'listing',
        minimum: 'directed',
        release: 'gate',
        tools: [{ server: 'files', tool: 'read' }],
      },
      { ...base, kind: 'memo', minimum: 'supervised', release: 'gate' },
      {
        ...base,
        kind: 'notice',
        minimum: 'supervised',
        release: 'gate',
        reviewers: [{ person: ben.id, trained_until: past }],
      },
    ],
  }
}

beforeAll(async () => {
  await server.start()
  ann = await server.enrol(server.bootstrapSecret)
  ben = await server.invite(ann, 'Ben')
  cai = await server.invite(ann, 'Cai')
  dee = await server.invite(ann, 'Dee')
  const agent = await server.agent(ann, ben)
  const gateway = await server.point(ann)
  point = gateway.api
  pointId = gateway.id
  jti = (await server.delegate(ann, agent, gateway.id)).jti
  kid = (await ann.api.get('/v1/info')).json.issuer_keys[0].kid
  const { policy } = (await ann.api.post('/v1/output-policies', policyOf())).json
  const own = await ann.api.get(`/v1/output-policies/${policy}/approval`)
  const alone = await ann.api.post(
    `/v1/output-policies/${policy}/approve`,
    ann.authenticator.assert(own.json.challenge),
  )
  aloneSaid = code(alone)
  const asked = await ben.api.get(`/v1/output-policies/${policy}/approval`)
  await ben.api.post(`/v1/output-policies/${policy}/approve`, ben.authenticator.assert(asked.json.challenge))
})
afterAll(() => server.remove())

test('who proposed a policy does not approve it', () => {
  expect(aloneSaid).toBe('SAME_PERSON')
})

describe('a directed output', () => {
  test('is attested where the instruction names its kind, or a grant its tool', async () => {
    for (const [kind, names] of [
      ['reports', 'text'],
      ['listing', 'grant'],
    ] as const) {
      const content = letter()
      const output = await register(point, kind, content)
      const { json } = await point.post(`/v1/outputs/${output}/attest-directed`, {})
      const answer = verified(json.bundle, content)
      expect(answer).toMatchObject({
        ok: true,
        role: 'directed',
        independent: false,
        human: ann.rev,
        chain: jti,
      })
      expect(answer.ok && answer.statement.predicate.instruction?.names).toBe(names)
    }
  })

  test('is none where neither names it, nor where there is no delegation', async () => {
    const output = await register(point, 'letter', letter())
    expect(code(await point.post(`/v1/outputs/${output}/attest-directed`, {}))).toBe('ROLE_UNPROVEN')
    const free = await register(point, 'reports', letter(), {})
    expect(code(await point.post(`/v1/outputs/${free}/attest-directed`, {}))).toBe('ROLE_UNPROVEN')
  })
})

describe('a gate', () => {
  test('holds an output until somebody else has looked at it and signed', async () => {
    const content = letter()
    const output = await register(point, 'letter', content)
    expect(code(await release(output))).toBe('RELEASE_HELD')
    const review = await look(ben, output)
    const shown = (await ben.api.get(`/v1/reviews/${review}`)).json
    expect(shown).toMatchObject({ output, content, chain: { jti }, refusals: 0 })
    const sealed = await sign(ben, output)
    expect(sealed.json.outcome).toBe('issued')
    const answer = verified(sealed.json.bundle, content)
    expect(answer).toMatchObject({
      ok: true,
      role: 'supervised',
      independent: true,
      human: ben.rev,
      name: null,
    })
    expect((await release(output)).status).toBe(200)
    expect(code(await release(output))).toBe('STATE_CONFLICT')
  })

  test('is not opened by what directed it', async () => {
    const output = await register(point, 'letter', letter())
    expect(code(await sign(ben, output))).toBe('ROLE_UNPROVEN')
    expect(code(await release(output))).toBe('RELEASE_HELD')
  })

  test('gives the name only to who asks for it', async () => {
    const content = letter()
    const output = await register(point, 'letter', content)
    await look(ben, output)
    const { bundle } = (await sign(ben, output)).json
    const answer = verified(bundle, content)
    const id = answer.ok ? answer.statement.predicate.id : ''
    expect((await ben.api.get(`/v1/attestations/${id}`)).json.bundle).toEqual(bundle)
    const named = (await ben.api.get(`/v1/attestations/${id}?named=true`)).json.bundle
    expect((await point.get(`/v1/attestations/${id}?named=true`)).json.bundle).toEqual(bundle)
    expect(verified(named, content)).toMatchObject({ ok: true, name: 'Ben' })
  })
})

describe('who reviews', () => {
  test('is authorized, trained, and not who set the task', async () => {
    const output = await register(point, 'letter', letter())
    expect(code(await dee.api.post(`/v1/outputs/${output}/reviews`, {}))).toBe('NOT_ELIGIBLE')
    expect(code(await ann.api.post(`/v1/outputs/${output}/reviews`, {}))).toBe('SAME_PERSON')
    const notice = await register(point, 'notice', letter())
    expect(code(await ben.api.post(`/v1/outputs/${notice}/reviews`, {}))).toBe('NOT_ELIGIBLE')
  })

  test('and looks too briefly is flagged, and another person has to', async () => {
    const output = await register(point, 'letter', letter())
    await look(ben, output, 100)
    expect((await sign(ben, output)).json).toEqual({ outcome: 'flagged', bundle: null })
    expect(code(await release(output))).toBe('RELEASE_HELD')
    expect(code(await ben.api.post(`/v1/outputs/${output}/reviews`, {}))).toBe('STATE_CONFLICT')
    await look(cai, output)
    expect((await sign(cai, output)).json.outcome).toBe('issued')
    expect((await release(output)).status).toBe(200)
  })

  test('is seen for 5 s at most since the page last said that it is in view', async () => {
    const output = await register(point, 'letter', letter())
    const { review } = (await ben.api.post(`/v1/outputs/${output}/reviews`, {})).json
    offset_ms += 8000
    expect((await ben.api.post(`/v1/reviews/${review}/view`, {})).json).toEqual({ in_view_ms: 5000 })
    expect(code(await cai.api.post(`/v1/reviews/${review}/view`, {}))).toBe('UNKNOWN_REVIEW')
  })

  test('is measured under a notice, for a purpose, for 90 days', async () => {
    const { json } = await ben.api.get('/v1/review-measures?mine=true')
    expect(json).toMatchObject({
      retention_days: 90,
      notice: expect.any(String),
      purpose: expect.any(String),
    })
    const [first] = json.reviews
    expect(first.person).toBe(ben.id)
    expect(Date.parse(first.gone_by) - Date.parse(first.opened)).toBe(90 * 86_400_000)
  })

  test('signs one draft once, and no other by the same gesture', async () => {
    const output = await register(point, 'letter', letter())
    await look(ben, output)
    const [one, two] = [
      (await ben.api.post(`/v1/outputs/${output}/attestations`, {})).json,
      (await ben.api.post(`/v1/outputs/${output}/attestations`, {})).json,
    ]
    const gesture = ben.authenticator.assert(one.challenge)
    expect(code(await ben.api.post(`/v1/attestations/${two.attestation}/seal`, gesture))).toBe(
      'GESTURE_INVALID',
    )
    expect(code(await cai.api.post(`/v1/attestations/${one.attestation}/seal`, gesture))).toBe(
      'UNKNOWN_ATTESTATION',
    )
    expect((await ben.api.post(`/v1/attestations/${one.attestation}/seal`, gesture)).json.outcome).toBe(
      'issued',
    )
    expect(code(await ben.api.post(`/v1/attestations/${one.attestation}/seal`, gesture))).toBe(
      'UNKNOWN_ATTESTATION',
    )
  })
})

test('who wrote most of it is its author, and one word less than half is not enough', async () => {
  const draft = await register(point, 'letter', letter())
  const own = 'We are sorry. The money left our bank this morning, and it is with you by Friday.'
  const written = await register(dee.api, 'letter', own, { jti, draft })
  const sealed = await sign(dee, written)
  expect(verified(sealed.json.bundle, own)).toMatchObject({ ok: true, role: 'authored', human: dee.rev })
  const touched = `${DRAFT} Kind regards, Dee.`
  const other = await register(dee.api, 'letter', touched, { jti, draft })
  expect(code(await sign(dee, other))).toBe('ROLE_UNPROVEN')
})

test('a draft is of the same kind, and of who registers or of the same delegation or agent', async () => {
  const draft = await register(point, 'letter', letter())
  const said = (kind: string, of: object) => {
    const content = letter()
    return { kind, subject: subjectOf(content), content, calls: [], draft, ...of }
  }
  // Who reviews reports would be shown the letter.
  expect(code(await point.post('/v1/outputs', said('reports', { jti })))).toBe('OUTPUT_INVALID')
  const another = (await server.delegate(ann, await server.agent(ann, ben), pointId)).jti
  for (const of of [{}, { jti: another }]) {
    expect(code(await point.post('/v1/outputs', said('letter', of)))).toBe('UNKNOWN_OUTPUT')
    expect(code(await dee.api.post('/v1/outputs', said('letter', of)))).toBe('UNKNOWN_OUTPUT')
  }
  expect((await point.post('/v1/outputs', said('letter', { jti }))).status).toBe(200)
  const own = await register(dee.api, 'letter', letter(), {})
  const content = letter()
  const revised = { kind: 'letter', subject: subjectOf(content), content, calls: [], draft: own }
  expect((await dee.api.post('/v1/outputs', revised)).status).toBe(200)
  expect(code(await cai.api.post('/v1/outputs', revised))).toBe('UNKNOWN_OUTPUT')
})

test('nobody reviews words that are not the output', async () => {
  const answer = await point.post('/v1/outputs', {
    kind: 'letter',
    subject: subjectOf(letter()),
    content: letter(),
    calls: [],
    jti,
  })
  expect(code(await ben.api.post(`/v1/outputs/${answer.json.output}/reviews`, {}))).toBe('OUTPUT_INVALID')
})

describe('a seeded error', () => {
  const plantAs = async (kind: string): Promise<Answer> => {
    const { seed } = (await ann.api.post('/v1/seeds', { kind })).json
    const content = letter()
    return ann.api.post(`/v1/seeds/${seed}/plant`, { subject: subjectOf(content), content, calls: [] })
  }
  const plant = async (): Promise<string> => (await plantAs('letter')).json.output
  /** Members, and of what kind their values are: identifiers by their prefix. */
  const shapeOf = (value: unknown, name = ''): unknown => {
    if (Array.isArray(value)) return value.map((each) => shapeOf(each))
    if (typeof value === 'object' && value !== null)
      return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, shapeOf(each, key)]))
    // One and the same in all: who registered it, under what.
    if (['registrar', 'agent', 'jti', 'root', 'kind', 'role', 'seed', 'by'].includes(name)) return value
    return typeof value === 'string' ? (/^[a-z]{3}_/.exec(value)?.[0] ?? 'text') : typeof value
  }

  test('is in no list, view, draft or entry other than an output of a point', async () => {
    const real = (
      await point.post('/v1/points/self/outputs', {
        kind: 'letter',
        action: 'act_00000000000000000000000001',
        subject: subjectOf(DRAFT),
        content: DRAFT,
        iss: (await ann.api.get('/v1/info')).json.issuer,
        jti,
        calls: ['act_00000000000000000000000002'],
      })
    ).json.output
    const seeded = await plant()
    const seenBy = async (output: string) => {
      const { json: list } = await ben.api.get('/v1/outputs?waiting=true')
      const listed = list.outputs.find(({ id }: { id: string }) => id === output)
      const one = (await ben.api.get(`/v1/outputs/${output}`)).json
      const verbs = []
      for (const verb of ['release', 'attest-directed', 'unplant'])
        verbs.push((await ben.api.post(`/v1/outputs/${output}/${verb}`, {})).json)
      const review = await look(ben, output)
      const shown = (await ben.api.get(`/v1/reviews/${review}`)).json
      const { statement } = (await ben.api.post(`/v1/outputs/${output}/attestations`, {})).json
      return { listed, one, verbs, shown, statement, names: list.names[listed.registrar] }
    }
    const logged = (await entries())
      .map(({ bytes }) => decodeEntry(bytes))
      .filter(({ subject }) => subject === real || subject === seeded)
    const [first, second] = [await seenBy(real), await seenBy(seeded)]
    expect(shapeOf(second)).toEqual(shapeOf(first))
    expect(first.verbs.map((each) => each.error.code)).toEqual([
      'RELEASE_HELD',
      'RELEASE_HELD',
      'UNKNOWN_OUTPUT',
    ])
    expect(second.verbs).toEqual(first.verbs)
    expect(logged).toHaveLength(2)
    expect(shapeOf(logged[1])).toEqual(shapeOf(logged[0]))
    expect(logged[1]?.actor).toEqual({ kind: 'point', id: pointId })
    // An identifier sorts with nothing, so that nobody sees that this one was made before.
    expect(seeded.slice(0, 8)).not.toBe(real.slice(0, 8))
    const committed = (await entries()).findLast(({ type }) => type === 'seed.committed')
    const opened = await ben.api.post('/v1/openings', { entry: committed?.idx, field: 'seed' })
    expect(code(opened)).toBe('STATE_CONFLICT')
    await ann.api.post(`/v1/outputs/${seeded}/unplant`, {})
    expect((await ben.api.get(`/v1/outputs/${seeded}`)).json.output.seed).toBe('unused')
    const { outputs: waiting } = (await ben.api.get('/v1/outputs?waiting=true')).json
    expect(waiting.map(({ id }: { id: string }) => id)).not.toContain(seeded)
  })

  test('is planted only where it does not stand out', async () => {
    // Reports leave at once, and no point has registered a memo.
    expect(code(await plantAs('reports'))).toBe('STATE_CONFLICT')
    expect(code(await plantAs('memo'))).toBe('STATE_CONFLICT')
  })

  test('that is signed is revealed, and can never leave', async () => {
    const output = await plant()
    await look(ben, output)
    expect((await sign(ben, output)).json).toEqual({ outcome: 'seed', bundle: null })
    expect(code(await release(output))).toBe('RELEASE_HELD')
  })

  test('that is refused is caught', async () => {
    const output = await plant()
    const review = await look(cai, output)
    expect((await cai.api.post(`/v1/reviews/${review}/refuse`, {})).json).toEqual({ seed: true })
    const [last] = (await cai.api.get('/v1/review-measures?mine=true')).json.reviews
    expect(last.outcome).toBe('caught')
  })

  test('that nobody reviewed is taken back once', async () => {
    const output = await plant()
    // Else a reviewer would ask of each output whether it is one.
    expect(code(await ben.api.post(`/v1/outputs/${output}/unplant`, {}))).toBe('UNKNOWN_OUTPUT')
    expect((await ann.api.post(`/v1/outputs/${output}/unplant`, {})).status).toBe(200)
    expect(code(await ann.api.post(`/v1/outputs/${output}/unplant`, {}))).toBe('UNKNOWN_OUTPUT')
  })
})

test('a point neither releases nor has attested what another point registered', async () => {
  const other = (await server.point(ann, 'other')).api
  const output = await register(point, 'listing', letter())
  for (const verb of ['release', 'attest-directed'])
    expect(code(await other.post(`/v1/outputs/${output}/${verb}`, {}))).toBe('UNKNOWN_OUTPUT')
})

test('words that are not the output make nobody its author', async () => {
  const content = letter()
  const said = { kind: 'letter', subject: subjectOf(letter()), content, calls: [] }
  const { output } = (await cai.api.post('/v1/outputs', said)).json
  expect(code(await sign(cai, output))).toBe('ROLE_UNPROVEN')
})

test('a session opens and refuses reviews from a page of this server alone, with a body or without', async () => {
  const { url } = (await ben.api.post('/v1/reviews/links', {})).json
  const cookie = (await server.comeIn(url)) ?? ''
  const path = `/v1/outputs/${await register(point, 'letter', letter())}/reviews`
  const said = async (headers: Record<string, string>, more: RequestInit = {}, at = path) => {
    const answer = await fetch(server.base() + at, {
      method: 'POST',
      headers: { cookie, ...headers },
      ...more,
    })
    return ((await answer.json()) as { error?: { code: string } }).error?.code ?? answer.status
  }
  const origin = server.base()
  const beside = `http://127.0.0.1:${Number(new URL(origin).port) + 1}`
  expect(await said({})).toBe('FORBIDDEN')
  expect(await said({ origin: 'null' })).toBe('FORBIDDEN')
  expect(await said({ origin: beside, 'sec-fetch-site': 'same-site' })).toBe('FORBIDDEN')
  expect(await said({ origin, 'sec-fetch-site': 'cross-site' })).toBe('FORBIDDEN')
  const json = { headers: { cookie, origin: beside, 'content-type': 'application/json' }, body: '{}' }
  expect(await said({}, json)).toBe('FORBIDDEN')
  // Whatever the route: a session of a data subject's browser is no other.
  const withdraw = { headers: { cookie: 'countersign_subject=x', origin: beside } }
  expect(await said({}, withdraw, '/v1/subject/withdraw')).toBe('FORBIDDEN')
  expect(await said({ origin, 'sec-fetch-site': 'same-origin' })).toBe(200)
  // Gestures are pinned to this one: there the page is, behind whatever stands before this server.
  expect(await said({ origin: 'http://localhost' })).toBe(200)
  expect((await fetch(`${origin}/v1/outputs`, { headers: { cookie } })).status).toBe(200)
})

test('what leaves without an attestation is a deviation with an owner, and coverage counts it', async () => {
  const today = new Date(clock.now()).toISOString().slice(0, 10)
  const tomorrow = new Date(clock.now() + 2 * 86_400_000).toISOString().slice(0, 10)
  const count = async () => {
    const { json } = await ann.api.get(`/v1/outputs/coverage?by=kind&from=${today}&to=${tomorrow}`)
    return json.rows.find(({ of }: { of: string }) => of === 'reports')
  }
  const owners = async (of: string) =>
    (await ann.api.get('/v1/outputs/deviations')).json.deviations
      .filter(({ output }: { output: string }) => output === of)
      .map(({ owner }: { owner: string }) => owner)
  const output = await register(point, 'reports', letter())
  expect((await release(output)).json).toEqual({ attestation: null })
  expect(await count()).toMatchObject({ released: 1, directed: 0, uncovered: 1 })
  expect(await owners(output)).toEqual([ann.id])
  const { bundle } = (await point.post(`/v1/outputs/${output}/attest-directed`, {})).json
  expect(await count()).toMatchObject({ released: 1, directed: 1, uncovered: 0 })
  expect(await owners(output)).toEqual([])
  const { id } = JSON.parse(Buffer.from(bundle.envelope.payload, 'base64').toString()).predicate
  const state = async () =>
    ((await (await fetch(`${server.base()}/v1/public/attestations/${id}`)).json()) as { state: string }).state
  expect(await state()).toBe('valid')
  await ben.api.post(`/v1/attestations/${id}/dispute`, { reason: 'wrong' })
  expect(await state()).toBe('disputed')
  await ben.api.post(`/v1/attestations/${id}/withdraw`, { reason: 'wrong' })
  expect(await state()).toBe('withdrawn')
  expect(code(await ben.api.post(`/v1/attestations/${id}/withdraw`, { reason: 'wrong' }))).toBe(
    'STATE_CONFLICT',
  )
  expect(await count()).toMatchObject({ released: 1, directed: 0, uncovered: 1 })
  expect(await owners(output)).toEqual([ann.id])
})

test('a better role takes the place of a lower one', async () => {
  const content = letter()
  const output = await register(point, 'reports', content)
  const first = (await point.post(`/v1/outputs/${output}/attest-directed`, {})).json.bundle
  await look(ben, output)
  const second = verified((await sign(ben, output)).json.bundle, content)
  const before = verified(first, content)
  const id = before.ok ? before.statement.predicate.id : ''
  expect(second.ok && second.statement.predicate.predecessor).toBe(id)
  const said: unknown = await (await fetch(`${server.base()}/v1/public/attestations/${id}`)).json()
  expect(said).toMatchObject({
    state: 'superseded',
    successor: second.ok ? second.statement.predicate.id : '',
  })
})

test('nothing of content, digest or name stands in an entry', async () => {
  const rows = await entries()
  const texts = rows.map(({ bytes }) => Buffer.from(bytes).toString())
  expect(rows.filter(({ type }) => type === 'attestation.issued').length).toBeGreaterThan(3)
  const [one] = subjectOf(`${DRAFT} Number 0.`)
  for (const hidden of ['Dear customer', 'Ben"', one!.digest.sha256])
    expect(texts.filter((text) => text.includes(hidden))).toEqual([])
})

test('who has only the log finds each of these on evidence that was there before, and counts them', async () => {
  const history = new History(nodeCrypto)
  for (const { idx, bytes } of await entries()) history.add(idx, decodeEntry(bytes))
  const { rp_id, origins } = history.created!.entry.body
  const findings = new Findings()
  checkAttestations(nodeCrypto, history, { rp_id, origins }, findings)
  expect(findings.faults).toEqual([])
  expect(findings.checks[0]?.count).toBeGreaterThan(5)
  const period = { from_ms: 0, to_ms: clock.now() + 1 }
  const left = [...outputs.rows(history, period)]
  expect(left.filter(({ role }) => role === 'supervised').length).toBe(2)
  expect(left.filter(({ role }) => role === null).length).toBe(1)
  const tested = {
    history,
    period,
    findings,
    allows: new ProvenAllows(history.table),
    roots: [],
    logRoots: new Map(),
    sheets: [],
  }
  const [attested, reviewed] = runTests(tested, [attestedOutputs, reviewedOutputs]).tests
  expect(attested).toMatchObject({ items: 3, deviations_n: 1, result: 'deviations' })
  expect(attested?.deviations).toMatchObject([
    { entries: [left.find(({ role }) => role === null)?.index], code: 'OUTPUT_NOT_ATTESTED' },
  ])
  expect(reviewed).toMatchObject({ items: 2, deviations: [], result: 'no_deviation' })
  const looked = [...reviews.rows(history, period)]
  expect(looked.filter(({ flagged }) => flagged)).toMatchObject([
    { reviewer: ben.id, released: expect.any(String) },
  ])
})

test('who has left signs nothing more', async () => {
  const output = await register(point, 'letter', letter())
  await look(cai, output)
  const draft = (await cai.api.post(`/v1/outputs/${output}/attestations`, {})).json
  await ann.api.post(`/v1/people/${cai.id}/leave`, { reason: 'left' })
  const gesture = cai.authenticator.assert(draft.challenge)
  const late = await cai.api.post(`/v1/attestations/${draft.attestation}/seal`, gesture)
  expect(code(late)).toBe('AUTH_KEY_UNKNOWN')
})

test('the registers are what the log says of them', async () => {
  expect(await registersOf(`${server.dataDir}/countersign.db`)).toMatchObject({ ok: true, differences: [] })
})
