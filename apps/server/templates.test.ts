/** Templates and delegations behind which several people stand, over the real server. spec/grants.md, DLG-10. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { parseJws } from '../../src/core/sign.ts'
import { resolveDisclosures } from '../../src/token/disclosure.ts'
import { challengeOf } from '../../src/token/gesture.ts'
import { delegationOf, TestServer, type Answer, type Caller, type Operator } from './harness.ts'

const code = (answer: Answer): string => answer.json.error?.code
const READ = { type: 'tool', server: 'files', actions: ['read'] }
const TEMPLATE = { class: 'coding', ttl_s_max: 3600, depth_max: 2, grants: [READ], approvals: null }

const server = new TestServer()
let ann: Operator
let ben: Operator
let cat: Operator
let dan: Operator
let agent: { id: string; key: Caller }
let point: { id: string }

beforeAll(async () => {
  await server.start()
  ann = await server.enrol(server.bootstrapSecret)
  ben = await server.invite(ann, 'Ben')
  cat = await server.invite(ann, 'Cat')
  dan = await server.invite(ann, 'Dan')
  agent = await server.agent(ann, ben)
  point = await server.point(ann)
})
afterAll(() => server.remove())

const propose = async (template: object, by = ann): Promise<string> =>
  (await by.api.post('/v1/templates', template)).json.template

async function approve(id: string, by = ben): Promise<Answer> {
  const { json } = await by.api.get(`/v1/templates/${id}/approval`)
  return by.api.post(`/v1/templates/${id}/approve`, by.authenticator.assert(json.challenge ?? ''))
}

/** In force from here on. */
async function decree(template: object): Promise<string> {
  const id = await propose(template)
  expect((await approve(id)).status).toBe(200)
  return id
}

const draft = (change: object = {}, by = ann): Promise<Answer> =>
  by.api.post('/v1/delegations/drafts', { ...delegationOf(agent, point.id), ...change })

const gesture = async (by: Operator, jti: string): Promise<object> => {
  const { json } = await by.api.get(`/v1/delegations/drafts/${jti}`)
  return by.authenticator.assert(json.challenge ?? '')
}
const seal = async (jti: string, by = ann): Promise<Answer> =>
  by.api.post(`/v1/delegations/drafts/${jti}/seal`, await gesture(by, jti))
const stand = async (by: Operator, jti: string): Promise<Answer> =>
  by.api.post(`/v1/delegations/drafts/${jti}/approve`, await gesture(by, jti))
const decline = (by: Operator, jti: string): Promise<Answer> =>
  by.api.post(`/v1/delegations/drafts/${jti}/decline`, {})

const entriesOf = async (
  type: string,
): Promise<{ index: number; entry: { actor: object; body: object } }[]> =>
  (await ann.api.get('/v1/entries?limit=1000')).json.entries.filter(
    (one: { entry: { type: string } }) => one.entry.type === type,
  )

describe('a template', () => {
  test('is proposed by one and approved by another; only then it bounds delegations of its class', async () => {
    const id = await propose({ ...TEMPLATE, ttl_s_max: 60 })
    expect((await draft()).status).toBe(200)
    const own = await approve(id, ann)
    expect([own.status, code(own)]).toEqual([403, 'SAME_PERSON'])
    expect((await draft()).status).toBe(200)
    expect((await approve(id)).json).toEqual({ acted_alone: false })
    const refused = await draft()
    expect([refused.status, code(refused)]).toEqual([403, 'OUTSIDE_TEMPLATE'])
    expect(refused.json.error.message).toContain('ttl_s: longer than 60 seconds')
    expect(code(await approve(id))).toBe('STATE_CONFLICT')
    const next = await decree(TEMPLATE)
    expect((await draft()).status).toBe(200)
    const { templates } = (await ann.api.get('/v1/templates')).json
    const states = new Map(templates.map((one: { id: string; status: string }) => [one.id, one.status]))
    expect([states.get(id), states.get(next)]).toEqual(['replaced', 'active'])
  })

  test('shows what it changes of the one in force', async () => {
    await decree(TEMPLATE)
    const write = { ...READ, actions: ['write'] }
    const id = await propose({ ...TEMPLATE, depth_max: 0, grants: [READ, write] })
    const shown = (await ben.api.get(`/v1/templates/${id}`)).json
    expect(shown.status).toBe('proposed')
    expect(shown.changes).toEqual([
      { member: 'depth_max', was: 2, becomes: 0 },
      { member: 'grants', becomes: write },
    ])
    expect(code(await ben.api.get('/v1/templates/tpl_none'))).toBe('UNKNOWN_TEMPLATE')
  })

  test.each<[string, object, string, string]>([
    [
      'whose grant cannot be decided',
      { grants: [{ ...READ, constraints: { id: { pattern: '(a|b)*a(a|b){14}' } } }] },
      'TEMPLATE_INVALID',
      'grants.0.constraints.id: cannot be decided',
    ],
    [
      'whose grant has a parent',
      { grants: [{ ...READ, from: 'A'.repeat(43) }] },
      'TEMPLATE_INVALID',
      'grants.0: a grant of a template has no parent',
    ],
    [
      'that wants more approvals than it names people',
      { approvals: { m: 2, of: ['per_x'] } },
      'TEMPLATE_INVALID',
      'approvals: more approvals than people',
    ],
    ['that names a stranger', { approvals: { m: 1, of: ['per_x'] } }, 'UNKNOWN_PERSON', 'no such person'],
  ])('%s is refused, with the reason', async (_, change, refusal, why) => {
    const answer = await ann.api.post('/v1/templates', { ...TEMPLATE, ...change })
    expect(code(answer)).toBe(refusal)
    expect(answer.json.error.message).toContain(why)
  })

  test('is approved with a gesture over that template', async () => {
    const [one, two] = [await propose(TEMPLATE), await propose(TEMPLATE)]
    const { json } = await ben.api.get(`/v1/templates/${one}/approval`)
    const parts = ben.authenticator.assert(json.challenge)
    expect(code(await ben.api.post(`/v1/templates/${two}/approve`, parts))).toBe('GESTURE_INVALID')
  })

  test('refuses a delegation of which it cannot be decided, and says which member and why', async () => {
    await decree({ ...TEMPLATE, grants: [{ ...READ, constraints: { path: { glob: 'reports/**' } } }] })
    const grants = [{ ...READ, constraints: { path: { pattern: 'reports/.*' } } }]
    const answer = await draft({ grants })
    expect(code(answer)).toBe('OUTSIDE_TEMPLATE')
    expect(answer.json.error.message).toContain('grants.0.constraints.path: cannot be decided')
    await decree(TEMPLATE)
  })

  test('that became narrower since the draft refuses the seal', async () => {
    const { jti } = (await draft()).json
    await decree({ ...TEMPLATE, ttl_s_max: 60 })
    expect(code(await seal(jti))).toBe('OUTSIDE_TEMPLATE')
    const current = await decree(TEMPLATE)
    expect((await seal(jti)).json.chain).toMatch(/^ey/)
    const approvals = await entriesOf('template.approved')
    const issued = (await entriesOf('delegation.issued')).at(-1)?.entry.body
    const { approval } = (await ann.api.get(`/v1/templates/${current}`)).json
    expect(approvals.at(-1)?.index).toBe(approval)
    expect(issued).toMatchObject({ jti, template: approval })
  })
})

describe('a delegation that two people approve besides its principal', () => {
  const wanted = (m: number, ...of: Operator[]) => ({ approvers: { m, of: of.map(({ id }) => id) } })

  test('is sealed by the last gesture that it needs, and its chain is the principal’s', async () => {
    const { jti, approvers } = (await draft(wanted(2, ben, cat, dan))).json
    expect(approvers).toEqual({ m: 2, of: [ben.id, cat.id, dan.id] })
    expect((await seal(jti)).json).toEqual({ jti, missing: 2 })
    expect((await stand(cat, jti)).json).toEqual({ jti, missing: 1 })
    expect(code(await ann.api.get(`/v1/delegations/${jti}`))).toBe('UNKNOWN_DELEGATION')
    expect((await stand(ben, jti)).json).toEqual({ jti, missing: 0 })
    const { chain } = (await ann.api.get(`/v1/delegations/${jti}`)).json
    expect((await ben.api.get(`/v1/delegations/${jti}`)).json).not.toHaveProperty('chain')
    expect(parseJws(chain.split('~')[0]).payload).toMatchObject({
      rev: [ann.rev],
      quorum: { m: 2, of: [ben.rev, cat.rev, dan.rev] },
      gestures: [
        { rev: ann.rev, role: 'principal' },
        { rev: expect.any(String), role: 'approver' },
        { rev: expect.any(String), role: 'approver' },
      ],
    })
    expect((await entriesOf('delegation.issued')).at(-1)?.entry).toMatchObject({
      actor: { kind: 'person', id: ann.id },
      body: { jti, rev: [ann.rev] },
    })
    expect(code(await stand(dan, jti))).toBe('UNKNOWN_DELEGATION')
  })

  test('is sealed by its principal, when they are the last', async () => {
    const { jti } = (await draft(wanted(1, ben))).json
    expect((await stand(ben, jti)).json).toEqual({ jti, missing: 1 })
    const sealed = (await seal(jti)).json
    expect(sealed).toMatchObject({ jti, missing: 0, chain: expect.stringMatching(/^ey/) })
  })

  test('is shown to who is asked exactly as it is signed, instruction and all, and to nobody else', async () => {
    const { jti } = (await draft(wanted(1, ben, cat))).json
    const waiting = (await ben.api.get('/v1/delegations/drafts')).json.drafts
    expect(waiting.at(-1)).toMatchObject({ jti, principal: ann.id, agent: agent.id, m: 1, missing: 2 })
    const seen = (await ben.api.get(`/v1/delegations/drafts/${jti}`)).json
    const { header, payload, disclosures } = seen.shown
    expect(challengeOf(nodeCrypto, 'countersign-root-v1', { header, payload })).toBe(seen.challenge)
    const digests = payload.authorization_details.map((each: { '...': string }) => each['...'])
    const { grants, claims } = resolveDisclosures(nodeCrypto, disclosures, digests, payload._sd)
    expect([...grants.values()]).toEqual([READ])
    expect(claims).toEqual({ instruction: 'read the reports' })
    expect((await dan.api.get('/v1/delegations/drafts')).json.drafts).toEqual([])
    expect(code(await dan.api.get(`/v1/delegations/drafts/${jti}`))).toBe('UNKNOWN_DELEGATION')
    expect(code(await stand(dan, jti))).toBe('UNKNOWN_DELEGATION')
    expect(code(await decline(dan, jti))).toBe('UNKNOWN_DELEGATION')
  })

  test('leaves nothing in the log while it waits', async () => {
    const before = await ann.api.logSize()
    const { jti } = (await draft(wanted(2, ben, cat))).json
    await seal(jti)
    await stand(ben, jti)
    await decline(cat, jti)
    expect(await ann.api.loggedSince(before)).toEqual([])
  })

  test('has no approver who is its principal, occurs twice, is unknown, or is too few', async () => {
    const self = await draft(wanted(1, ann, ben))
    expect([self.status, code(self)]).toEqual([403, 'SAME_PERSON'])
    expect(code(await draft(wanted(1, ben, ben)))).toBe('REQUEST_INVALID')
    expect(code(await draft(wanted(2, ben)))).toBe('REQUEST_INVALID')
    expect(code(await draft({ approvers: { m: 1, of: ['per_none'] } }))).toBe('UNKNOWN_PERSON')
  })

  test('is asked of nobody whose registration is not endorsed, nor bounded by a template of theirs', async () => {
    const zoe = await server.enrol((await ann.api.post('/v1/people', { name: 'Zoe' })).json.invitation)
    const answer = await draft(wanted(1, ben, zoe))
    expect([answer.status, code(answer)]).toEqual([403, 'NOT_ENDORSED'])
    const approvals = { m: 1, of: [zoe.id, ben.id] }
    expect(code(await ann.api.post('/v1/templates', { ...TEMPLATE, approvals }))).toBe('NOT_ENDORSED')
    expect(code(await approve(await propose(TEMPLATE), zoe))).toBe('NOT_ENDORSED')
  })

  test('counts one person once, and no principal as approver or approver as principal', async () => {
    const { jti } = (await draft(wanted(2, ben, cat))).json
    expect((await stand(ben, jti)).json.missing).toBe(2)
    expect(code(await stand(ben, jti))).toBe('STATE_CONFLICT')
    const { error } = (await stand(ann, jti)).json
    expect(error.code).toBe('SAME_PERSON')
    expect(error.message).toBe(`you are its principal, it waits for the approval of ${cat.id}`)
    expect(code(await seal(jti, cat))).toBe('UNKNOWN_DELEGATION')
    const forged = { ...(await gesture(ann, jti)) }
    expect(code(await cat.api.post(`/v1/delegations/drafts/${jti}/approve`, forged))).toBe('GESTURE_INVALID')
    expect((await seal(jti)).json.missing).toBe(1)
  })

  test('takes no gesture over another draft', async () => {
    const [one, two] = [(await draft(wanted(1, ben))).json, (await draft(wanted(1, ben))).json]
    const parts = await gesture(ben, two.jti)
    expect(code(await ben.api.post(`/v1/delegations/drafts/${one.jti}/approve`, parts))).toBe(
      'GESTURE_INVALID',
    )
  })

  test('is not sealed without its m, for whoever declines has declined for good', async () => {
    const { jti } = (await draft(wanted(1, ben, cat))).json
    expect((await seal(jti)).json).toEqual({ jti, missing: 1 })
    expect((await decline(ben, jti)).status).toBe(200)
    const refused = await stand(ben, jti)
    expect([refused.status, code(refused)]).toEqual([409, 'STATE_CONFLICT'])
    expect((await seal(jti)).json).toEqual({ jti, missing: 1 })
    const { answers } = (await ann.api.get(`/v1/delegations/drafts/${jti}`)).json
    expect(answers).toEqual(
      expect.arrayContaining([
        { person: ann.id, role: 'principal', answer: 'approved' },
        { person: ben.id, role: 'approver', answer: 'declined' },
        { person: cat.id, role: 'approver', answer: 'open' },
      ]),
    )
    expect((await stand(cat, jti)).json).toEqual({ jti, missing: 0 })
  })

  test('loses an approval that is taken back before the seal', async () => {
    const { jti } = (await draft(wanted(1, ben, cat))).json
    await stand(ben, jti)
    await decline(ben, jti)
    expect((await seal(jti)).json).toEqual({ jti, missing: 1 })
  })

  test('is ended by its principal', async () => {
    const { jti } = (await draft(wanted(1, ben))).json
    await decline(ann, jti)
    expect(code(await stand(ben, jti))).toBe('UNKNOWN_DELEGATION')
    expect(code(await seal(jti))).toBe('UNKNOWN_DELEGATION')
  })

  test('does not count who left after their gesture, nor does it outlive its principal’s leaving', async () => {
    const eve = await server.invite(ann, 'Eve')
    const { jti } = (await draft(wanted(1, eve, cat))).json
    expect((await stand(eve, jti)).json.missing).toBe(1)
    await ann.api.post(`/v1/people/${eve.id}/leave`, { reason: 'left' })
    expect((await seal(jti)).json).toEqual({ jti, missing: 1 })
    const { answers } = (await ann.api.get(`/v1/delegations/drafts/${jti}`)).json
    expect(answers).toContainEqual({ person: eve.id, role: 'approver', answer: 'left' })
    expect((await stand(cat, jti)).json.missing).toBe(0)
    const { chain } = (await ann.api.get(`/v1/delegations/${jti}`)).json
    expect(JSON.stringify(parseJws(chain.split('~')[0]).payload.gestures)).not.toContain(eve.rev)

    const fay = await server.invite(ann, 'Fay')
    const hers = (await draft(wanted(1, ben), fay)).json.jti
    expect((await seal(hers, fay)).json.missing).toBe(1)
    await ann.api.post(`/v1/people/${fay.id}/leave`, { reason: 'left' })
    expect(code(await stand(ben, hers))).toBe('STATE_CONFLICT')
  })

  test('is not sealed once its agent is suspended, or its key revoked', async () => {
    const other = await server.agent(ann, ben)
    const body = { ...delegationOf(other, point.id), ...wanted(1, ben) }
    const [one, two] = [
      (await ann.api.post('/v1/delegations/drafts', body)).json.jti,
      (await ann.api.post('/v1/delegations/drafts', body)).json.jti,
    ]
    await seal(one)
    await ann.api.post('/v1/revocations', { kind: 'key', target: other.key.jkt, reason: 'lost' })
    expect(code(await stand(ben, one))).toBe('STATE_CONFLICT')
    await stand(ben, two)
    await ann.api.post(`/v1/agents/${other.id}/suspend`, { reason: 'odd' })
    expect(code(await seal(two))).toBe('STATE_CONFLICT')
  })

  test('asked for by the template is asked of those who are there, without the principal', async () => {
    const gus = await server.invite(ann, 'Gus')
    await decree({ ...TEMPLATE, approvals: { m: 1, of: [ann.id, ben.id, gus.id] } })
    await ann.api.post(`/v1/people/${gus.id}/leave`, { reason: 'left' })
    const { jti, approvers } = (await draft()).json
    expect(approvers).toEqual({ m: 1, of: [ben.id] })
    await seal(jti)
    expect((await stand(ben, jti)).json.missing).toBe(0)
  })

  test('is refused when too few of the template’s people are left, and when others are asked', async () => {
    await decree({ ...TEMPLATE, approvals: { m: 2, of: [ann.id, ben.id] } })
    const few = await draft()
    expect(code(few)).toBe('OUTSIDE_TEMPLATE')
    expect(few.json.error.message).toContain('2 approvals needed, 1 of its approvers')
    await decree({ ...TEMPLATE, approvals: { m: 1, of: [ben.id, cat.id] } })
    const other = await draft(wanted(1, dan))
    expect(other.json.error.message).toContain('quorum.of')
    expect((await draft(wanted(2, ben, cat))).status).toBe(200)
    await decree(TEMPLATE)
  })
})
