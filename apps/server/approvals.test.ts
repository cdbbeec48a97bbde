/** Calls that wait for a person, at the control plane. spec/approvals.md (APR-5 to APR-11, APR-18). */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { approvalSchema, type ApprovalAct } from '../../src/core/approval.ts'
import { base64url } from '../../src/core/encoding.ts'
import { newId } from '../../src/core/ids.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { commitTo } from '../../src/log/commitment.ts'
import { approvalChallenge, approvalGestureFault } from '../../src/token/approval.ts'
import { TestServer, type Answer, type Caller, type Operator } from './harness.ts'

const ARGS = { path: '/data/a', text: 'invisible\u200b' }

const server = new TestServer()
let manager: Operator
let lead: Operator
let agent: { id: string; key: Caller }
let point: { id: string; api: Caller }
let jti: string
let iss: string

beforeAll(async () => {
  await server.start()
  manager = await server.enrol(server.bootstrapSecret)
  lead = await server.invite(manager, 'Lead')
  agent = await server.agent(manager, lead)
  point = await server.point(manager)
  ;({ jti } = await server.delegate(manager, agent, point.id))
  iss = ((await (await fetch(`${server.base()}/v1/info`)).json()) as { issuer: string }).issuer
})
afterAll(() => server.remove())

function requestOf(edit: JsonObject = {}, args: JsonObject = ARGS) {
  const now = Date.now()
  const { commitment, opening } = commitTo(nodeCrypto, args)
  return {
    approval: newId(nodeCrypto, 'apr', now),
    action: newId(nodeCrypto, 'act', now),
    agent: agent.id,
    iss,
    jti,
    grant: base64url(new Uint8Array(32)),
    server: 'files',
    tool: 'read',
    definition_hash: null,
    args_commit: commitment,
    salt: 'salt' in opening ? opening.salt : '',
    args,
    expires: now + 60_000,
    ...edit,
  }
}

async function asked(edit: JsonObject = {}) {
  const request = requestOf(edit)
  const answer = await point.api.post('/v1/approvals', request)
  expect(answer.status).toBe(200)
  return { request, url: answer.json.url as string }
}

function actOf(
  request: ReturnType<typeof requestOf>,
  decision: ApprovalAct['decision'] = 'approve',
): ApprovalAct {
  const { approval, action, grant, server: name, tool, args_commit, expires } = request
  return {
    v: 1,
    approval,
    point: point.id,
    action,
    jti,
    grant,
    server: name,
    tool,
    args_commit,
    decision,
    expires,
  }
}

function decide(by: Operator, request: ReturnType<typeof requestOf>, act = actOf(request)) {
  const gesture = by.authenticator.assert(approvalChallenge(nodeCrypto, act))
  return by.api.post(`/v1/approvals/${request.approval}/decide`, { decision: act.decision, ...gesture })
}

async function open(url: string): Promise<Answer> {
  const body = JSON.stringify({ secret: url.split('#')[1] })
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${server.base()}/v1/approvals/open`, { method: 'POST', headers, body })
  return { status: response.status, json: await response.json() }
}

describe('a request', () => {
  test('says in sentences what rules on flow object to, and keeps no value of them', async () => {
    const source = { action: 'act_1', server: 'mail', tool: 'inbox', path: '' }
    const objects = {
      argument: '/path',
      provenance: 'prose',
      rule: 'destination',
      source,
      verdict: 'objects',
    }
    const taint = { categories: [], integrity: 'untrusted', level: 'internal' }
    const { request } = await asked({ flow: { basis: [objects], taint } })
    const { json } = await lead.api.get(`/v1/approvals/${request.approval}`)
    expect(json.approval.flow).toEqual({ basis: [objects], taint })
    expect(json.why).toEqual([expect.stringMatching(/path "\/data\/a".*inbox/)])
    const plain = await lead.api.get(`/v1/approvals/${(await asked()).request.approval}`)
    expect(plain.json.why).toEqual([])
    expect(plain.json.approval.flow).toBeUndefined()
  })

  test('is shown to whoever has its link, as it is, and to people by their key', async () => {
    const { request, url } = await asked()
    expect(url).toMatch(/\/a#[\w-]{20,}$/)
    const { json } = await open(url)
    expect(json.approval).toMatchObject({
      id: request.approval,
      status: 'open',
      tool: 'read',
      behind: [manager.rev],
      opening: { salt: request.salt, args: ARGS },
    })
    expect(json.names).toMatchObject({ [agent.id]: 'Bot', [manager.rev]: expect.any(String) })
    const shown = await lead.api.get(`/v1/approvals/${request.approval}`)
    expect(shown.json.approval).toEqual(json.approval)
    const { approvals } = (await lead.api.get('/v1/approvals')).json
    expect(approvals.map(({ id }: { id: string }) => id)).toContain(request.approval)
    expect(JSON.stringify(approvals)).not.toContain('/data/a')
  })

  test('stands before those with more time, and is counted', async () => {
    const later = await asked({ expires: Date.now() + 50_000 })
    const first = await asked({ expires: Date.now() + 20_000 })
    const ids = (await lead.api.get('/v1/approvals')).json.approvals.map(({ id }: { id: string }) => id)
    expect(ids.indexOf(first.request.approval)).toBeLessThan(ids.indexOf(later.request.approval))
    expect((await lead.api.get('/v1/fleet')).json.waiting_n).toBe(ids.length)
  })

  test('is found again by its state, its agent and what came after it', async () => {
    const [one, two] = [await asked(), await asked()]
    const listed = async (query: string): Promise<string[]> =>
      (await lead.api.get(`/v1/approvals?all=true&${query}`)).json.approvals.map(
        ({ id }: { id: string }) => id,
      )
    const ids = [one.request.approval, two.request.approval].sort()
    expect(await listed('status=open')).toEqual(expect.arrayContaining(ids))
    expect(await listed('status=approved')).not.toEqual(expect.arrayContaining([ids[0]]))
    expect(await listed(`agent=${agent.id}`)).toEqual(expect.arrayContaining(ids))
    expect(await listed('agent=agt_other')).toEqual([])
    const before = await listed(`before=${ids[1]}`)
    expect([before.includes(ids[0] ?? ''), before.includes(ids[1] ?? '')]).toEqual([true, false])
  })

  test('is taken once, however often it comes, and never for another call', async () => {
    const { request } = await asked()
    expect((await point.api.post('/v1/approvals', request)).status).toBe(200)
    const other = await point.api.post('/v1/approvals', { ...request, tool: 'write' })
    expect(other.json.error.code).toBe('STATE_CONFLICT')
    const size = (await lead.api.get('/v1/approvals?all=true')).json.approvals.filter(
      ({ id }: { id: string }) => id === request.approval,
    )
    expect(size).toHaveLength(1)
  })

  test.each<[string, () => JsonObject, string]>([
    ['whose arguments are others', () => ({ args: { path: '/data/b' } }), 'OPENING_INVALID'],
    ['that has expired', () => ({ expires: Date.now() - 1 }), 'STATE_CONFLICT'],
    ['that lasts for days', () => ({ expires: Date.now() + 86_400_000 }), 'STATE_CONFLICT'],
  ])('%s is refused', async (_, edit, code) => {
    expect((await point.api.post('/v1/approvals', requestOf(edit()))).json.error.code).toBe(code)
  })

  test('needs the key of a point', async () => {
    expect((await lead.api.post('/v1/approvals', requestOf())).json.error.code).toBe('FORBIDDEN')
  })

  test('of another point is not told of', async () => {
    const { request } = await asked()
    const other = await server.point(manager)
    const answer = await other.api.get(`/v1/points/self/approvals/${request.approval}`)
    expect(answer.json.error.code).toBe('UNKNOWN_APPROVAL')
  })
})

describe('a decision', () => {
  test('reaches the point that waits for it, with a gesture that it can verify itself', async () => {
    const { request, url } = await asked()
    const waiting = point.api.get(`/v1/points/self/approvals/${request.approval}`)
    expect((await decide(lead, request)).json).toEqual({ acted_alone: false })
    const { act, gesture, approver } = approvalSchema.parse((await waiting).json.approval)
    expect(act).toEqual(actOf(request))
    expect(gesture.rev).toBe(lead.rev)
    const rp = { rp_id: 'localhost', origins: ['http://localhost'] }
    const { origins } = (await lead.api.get(`/v1/approvals/${request.approval}`)).json
    expect(approvalGestureFault(nodeCrypto, { ...rp, origins }, act, gesture)).toBeNull()
    expect(approver.approver).toMatchObject({ iss, rev: lead.rev, jwk: gesture.jwk })
    expect((await open(url)).status).toBe(404)
  })

  test('counts once', async () => {
    const { request } = await asked()
    await decide(lead, request, actOf(request, 'refuse'))
    expect((await decide(lead, request)).json.error.code).toBe('STATE_CONFLICT')
  })

  test('is not for who delegated', async () => {
    const { request } = await asked()
    expect((await decide(manager, request)).json.error.code).toBe('SAME_PERSON')
  })

  test('is not for whom nobody has endorsed', async () => {
    const { request } = await asked()
    const { invitation } = (await manager.api.post('/v1/people', { name: 'New' })).json
    const newcomer = await server.enrol(invitation)
    expect((await decide(newcomer, request)).json.error.code).toBe('NOT_ENDORSED')
  })

  test.each<[string, (act: ApprovalAct) => ApprovalAct]>([
    ['of another action', (act) => ({ ...act, action: 'act_other' })],
    ['that was to refuse', (act) => ({ ...act, decision: 'refuse' })],
  ])('by a gesture over an act %s is refused', async (_, edit) => {
    const { request } = await asked()
    const gesture = lead.authenticator.assert(approvalChallenge(nodeCrypto, edit(actOf(request))))
    const body = { decision: 'approve', ...gesture }
    const answer = await lead.api.post(`/v1/approvals/${request.approval}/decide`, body)
    expect(answer.json.error.code).toBe('GESTURE_INVALID')
  })

  test('is counted, by day and by agent', async () => {
    const { json } = await lead.api.get('/v1/approvals/load')
    expect(json.total).toMatchObject({ approved: 1, refused: 1, median_s: expect.any(Number) })
    expect(json.agents).toEqual([{ agent: agent.id, ...json.total }])
    expect(json.days.map(({ day }: { day: string }) => day)).toEqual([new Date().toISOString().slice(0, 10)])
  })

  test('cannot be asked for as a ceremony, whose page has no arguments', async () => {
    const { request } = await asked()
    const value = actOf(request)
    const challenge = approvalChallenge(nodeCrypto, value)
    const shown = { tag: 'countersign-approval-v1', value }
    expect((await lead.api.post('/v1/ceremonies', { challenge, shown })).json.error.code).toBe(
      'GESTURE_INVALID',
    )
  })
})
