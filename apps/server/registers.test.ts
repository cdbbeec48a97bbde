import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { base64url, utf8 } from '../../src/core/encoding.ts'
import { enrolAct } from '../../src/registry/enrolment.ts'
import { secretHash } from '../../src/registry/invitations.ts'
import { ACT_TAG } from '../../src/token/constants.ts'
import { challengeOf } from '../../src/token/gesture.ts'
import { delegationOf, TestServer, type Operator } from './harness.ts'

const code = (answer: { json: { error?: { code: string } } }) => answer.json.error?.code

describe('with independent approval', () => {
  const server = new TestServer()
  let ann: Operator
  let ben: Operator
  beforeAll(async () => {
    await server.start()
    ann = await server.enrol(server.bootstrapSecret)
    ben = await server.invite(ann, 'Ben, second of two')
  })
  afterAll(() => server.remove())

  const propose = async () =>
    (
      await ann.api.post('/v1/agents', {
        name: 'Bot',
        class: 'coding',
        purpose: 'tests',
        systems: [],
        manifest: {},
      })
    ).json.agent as string

  test('an invitation works once', async () => {
    const other = server.caller()
    const answer = await other.post('/v1/enroll', server.enrolment(other, server.bootstrapSecret).body)
    expect([answer.status, code(answer)]).toEqual([403, 'SECRET_INVALID'])
  })

  test('a gesture for another operator key does not enrol', async () => {
    const { json } = await ann.api.post('/v1/people', { name: 'Eve, who is late' })
    const { body } = server.enrolment(server.caller(), json.invitation)
    const answer = await server.caller().post('/v1/enroll', body)
    expect([answer.status, code(answer)]).toEqual([403, 'GESTURE_INVALID'])
    await server.enrol(json.invitation) // a failed attempt does not use the invitation up
  })

  test('a credential says what it is by its AAGUID alone', async () => {
    const { json } = await ann.api.post('/v1/people', { name: 'Eve, who is late' })
    const api = server.caller()
    const { body } = server.enrolment(api, json.invitation)
    const credential = { ...(body.credential as object), amr: ['hwk'] }
    expect(code(await api.post('/v1/enroll', { ...body, credential }))).toBe('REQUEST_INVALID')
  })

  test('a credential is one person: who enrols again does not approve with the same authenticator', async () => {
    const { json } = await ann.api.post('/v1/people', { name: 'Ann again' })
    const api = server.caller()
    const act = enrolAct(nodeCrypto, api.jwk, secretHash(nodeCrypto, json.invitation))
    const answer = await api.post('/v1/enroll', {
      secret: json.invitation,
      credential: ann.authenticator.register(challengeOf(nodeCrypto, ACT_TAG, act)),
    })
    expect([answer.status, code(answer)]).toEqual([409, 'KEY_IN_USE'])
  })

  test('a credential is no key of a point or of an agent', async () => {
    const jwk = { ...ann.authenticator.jwk }
    const point = { name: 'gw', jwk, placement: 'gateway', servers: ['files'] }
    expect(code(await ann.api.post('/v1/points', point))).toBe('KEY_IN_USE')
    const { id } = await server.agent(ann, ben)
    expect(code(await ann.api.post(`/v1/agents/${id}/keys`, { jwk }))).toBe('KEY_IN_USE')
  })

  test('the proposer does not approve', async () => {
    const answer = await server.approve(ann, await propose())
    expect([answer.status, code(answer)]).toEqual([403, 'SAME_PERSON'])
  })

  test('an approval is over one agent and one proposal', async () => {
    const [first, second] = [await propose(), await propose()]
    const { json } = await ben.api.get(`/v1/agents/${first}/approval`)
    const parts = ben.authenticator.assert(json.challenge)
    expect(code(await ben.api.post(`/v1/agents/${second}/approve`, parts))).toBe('GESTURE_INVALID')
  })

  test('an agent goes through its states in order', async () => {
    const id = await propose()
    const act = (what: string) => ann.api.post(`/v1/agents/${id}/${what}`, { reason: 'because' })
    expect(code(await act('activate'))).toBe('STATE_CONFLICT')
    expect(code(await ann.api.post(`/v1/agents/${id}/keys`, { jwk: server.caller().jwk }))).toBe(
      'STATE_CONFLICT',
    )
    expect((await server.approve(ben, id)).json).toEqual({ acted_alone: false })
    expect(code(await ben.api.get(`/v1/agents/${id}/approval`))).toBe('STATE_CONFLICT')
    expect((await act('activate')).status).toBe(200)
    const key = server.caller()
    expect((await ann.api.post(`/v1/agents/${id}/keys`, { jwk: key.jwk })).json).toEqual({ jkt: key.jkt })
    expect(code(await ann.api.post(`/v1/agents/${id}/keys`, { jwk: key.jwk }))).toBe('KEY_IN_USE')
    expect((await key.post(`/v1/agents/${id}/statements`, { jwk: key.jwk })).json.statement).toMatch(/^ey/)
    const suspended = await act('suspend')
    expect(suspended.json.frames).toHaveLength(1)
    expect(code(await key.post(`/v1/agents/${id}/statements`, { jkt: key.jkt }))).toBe('AUTH_KEY_UNKNOWN')
    expect((await act('activate')).status).toBe(200)
    expect(code(await ann.api.post(`/v1/agents/${id}/keys`, { jwk: key.jwk }))).toBe('KEY_IN_USE')
    expect((await act('retire')).json.frames).toHaveLength(1)
    expect(code(await act('activate'))).toBe('STATE_CONFLICT')
    expect((await ann.api.get(`/v1/agents/${id}`)).json).toMatchObject({ status: 'retired' })
  })

  test('an agent gets no statement of another agent', async () => {
    const [one, two] = [await server.agent(ann, ben), await server.agent(ann, ben)]
    const answer = await one.key.post(`/v1/agents/${two.id}/statements`, { jkt: two.key.jkt })
    expect([answer.status, code(answer)]).toEqual([403, 'FORBIDDEN'])
    expect(code(await ann.api.post(`/v1/agents/${one.id}/statements`, { jkt: two.key.jkt }))).toBe(
      'UNKNOWN_KEY',
    )
  })

  test('a tool is registered once for each definition', async () => {
    const system = (await ann.api.post('/v1/systems', { name: 'Files' })).json.id
    const tool = { system, server: 'files', tool: 'read', definition_hash: 'A'.repeat(43), measures: {} }
    const { json } = await ann.api.post('/v1/tools', tool)
    const size = await ann.api.logSize()
    expect((await ann.api.post('/v1/tools', tool)).json).toEqual(json)
    expect(await ann.api.loggedSince(size)).toEqual([])
    const point = await server.point(ann, 'files')
    expect((await point.api.get('/v1/points/self/tools')).json.tools).toEqual([json])
    expect((await ann.api.get('/v1/tools?server=other')).json.tools).toEqual([])
  })

  const approve = async (by: Operator, change: string) => {
    const path = `/v1/tools/changes/${change}`
    const asked = await by.api.get(`${path}/approval`)
    if (asked.status !== 200) return asked
    return by.api.post(`${path}/approve`, by.authenticator.assert(asked.json.challenge))
  }

  test('another definition of a tool waits until another person approves it (MCP-13, MCP-14)', async () => {
    const system = (await ann.api.post('/v1/systems', { name: 'Mail' })).json.id
    const tool = { system, server: 'mail', tool: 'send', definition_hash: 'A'.repeat(43), measures: {} }
    const { id } = (await ann.api.post('/v1/tools', tool)).json
    const other = { ...tool, definition_hash: 'B'.repeat(42) + 'A' }
    const { waiting, ...inForce } = (await ann.api.post('/v1/tools', other)).json
    expect(inForce).toEqual({ id, ...tool })
    expect((await ann.api.post('/v1/tools', other)).json.waiting).toBe(waiting)
    expect(code(await approve(ann, waiting))).toBe('SAME_PERSON')
    expect((await approve(ben, waiting)).json).toEqual({ acted_alone: false })
    expect((await ann.api.get('/v1/tools?server=mail')).json.tools).toEqual([{ id, ...other }])
    expect(code(await approve(ben, waiting))).toBe('STATE_CONFLICT')
    const { size } = (await ann.api.get('/v1/entries?limit=1')).json
    const { entries } = (await ann.api.get(`/v1/entries?after=${size - 5}&limit=5`)).json
    expect(entries.map(({ entry }: { entry: { type: string } }) => entry.type)).toEqual(
      expect.arrayContaining(['tool.approved', 'tool.registered']),
    )
    expect(JSON.stringify(entries)).toContain('"rule":"TOOL_CHANGED"')
  })

  test('a gateway proposes what it is listed, with the text; it approves nothing', async () => {
    const system = (await ann.api.post('/v1/systems', { name: 'Web' })).json.id
    const hashOf = (text: string) => base64url(nodeCrypto.sha256(utf8(text)))
    const was = '{"inputSchema":{},"name":"get"}'
    const tool = {
      system,
      server: 'web',
      tool: 'get',
      definition_hash: hashOf(was),
      measures: {},
      definition: was,
    }
    await ann.api.post('/v1/tools', tool)
    const point = await server.point(ann, 'web')
    const report = (definition: object, of = 'get') =>
      point.api.post('/v1/points/self/tools/changes', { server: 'web', tool: of, definition })
    expect((await report(JSON.parse(was))).json).toEqual({ change: null })
    const { change } = (await report({ name: 'get', inputSchema: {}, description: 'and deletes' })).json
    expect((await report({ description: 'and deletes', name: 'get', inputSchema: {} })).json).toEqual({
      change,
    })
    const becomes = '{"description":"and deletes","inputSchema":{},"name":"get"}'
    expect((await ben.api.get('/v1/tools/changes')).json.changes).toMatchObject([
      {
        id: change,
        proposer: point.id,
        was: { definition_hash: hashOf(was), definition: was },
        becomes: { definition_hash: hashOf(becomes), definition: becomes },
      },
    ])
    expect(code(await report({}, 'unknown'))).toBe('UNKNOWN_TOOL')
    for (let n = 1; n < 8; n++) await report({ name: 'get', n })
    expect(code(await report({ name: 'get', n: 8 }))).toBe('STATE_CONFLICT')
    expect((await point.api.get(`/v1/tools/changes/${change}/approval`)).status).toBe(403)
    await approve(ann, change)
    expect((await ben.api.get('/v1/tools/changes')).json.changes).toEqual([])
    expect((await point.api.get('/v1/points/self/tools')).json.tools).toMatchObject([
      { definition_hash: hashOf(becomes) },
    ])
  })

  test('a tool is not registered under the name of a method, nor with the text of another', async () => {
    const system = (await ann.api.post('/v1/systems', { name: 'Odd' })).json.id
    const tool = { system, server: 'odd', tool: 'x', definition_hash: 'A'.repeat(43), measures: {} }
    for (const wrong of [{ tool: 'resources/read' }, { definition: '{}' }])
      expect(code(await ann.api.post('/v1/tools', { ...tool, ...wrong }))).toBe('TOOL_INVALID')
  })

  test('a delegation is sealed by its principal, once, with a gesture over that draft', async () => {
    const agent = await server.agent(ann, ben)
    const point = await server.point(ann)
    const draft = async () =>
      (await ann.api.post('/v1/delegations/drafts', delegationOf(agent, point.id))).json
    const [one, two] = [await draft(), await draft()]
    const seal = `/v1/delegations/drafts/${one.jti}/seal`
    const good = ann.authenticator.assert(one.challenge)
    expect(code(await ben.api.post(seal, ben.authenticator.assert(one.challenge)))).toBe('UNKNOWN_DELEGATION')
    expect(code(await ann.api.post(seal, ann.authenticator.assert(two.challenge)))).toBe('GESTURE_INVALID')
    const sealed = await ann.api.post(seal, good)
    expect(sealed.status).toBe(200)
    expect(sealed.json.chain).toMatch(/^ey.*~$/)
    expect(code(await ann.api.post(seal, good))).toBe('UNKNOWN_DELEGATION')
    expect((await ann.api.get(`/v1/delegations/${one.jti}`)).json.chain).toBe(sealed.json.chain)
    expect((await ben.api.get(`/v1/delegations/${one.jti}`)).json).not.toHaveProperty('chain')
    expect((await ann.api.get('/v1/delegations?limit=1')).json.delegations).toMatchObject([{ jti: one.jti }])
  })

  test('a delegation needs an active agent, one of its keys and a known audience', async () => {
    const agent = await server.agent(ann, ben)
    const point = await server.point(ann)
    const draft = async (changes: object) =>
      code(await ann.api.post('/v1/delegations/drafts', { ...delegationOf(agent, point.id), ...changes }))
    expect(await draft({ agent: 'agt_none' })).toBe('UNKNOWN_AGENT')
    expect(await draft({ jkt: server.caller().jkt })).toBe('UNKNOWN_KEY')
    expect(await draft({ aud: ['pnt_none'] })).toBe('UNKNOWN_POINT')
    expect(await draft({ ttl_s: 91 * 86_400 })).toBe('REQUEST_INVALID')
    await ann.api.post(`/v1/agents/${agent.id}/suspend`, { reason: 'odd' })
    expect(await draft({})).toBe('STATE_CONFLICT')
  })

  test('a revocation is idempotent, and of something unknown it is an error', async () => {
    const agent = await server.agent(ann, ben)
    const point = await server.point(ann)
    const { jti } = await server.delegate(ann, agent, point.id)
    const revoke = (kind: string, target: string) =>
      ann.api.post('/v1/revocations', { kind, target, reason: 'test' })
    const first = await revoke('delegation', jti)
    expect(first.json.frames).toEqual([first.json.head])
    expect(first.json.revoked_before).toBeNull()
    const second = await revoke('delegation', jti)
    expect(second.json.frames).toEqual(first.json.frames)
    const [{ frame }] = (await ann.api.get(`/v1/revocations?after=${first.json.head - 1}&limit=1`)).json
      .frames
    expect(second.json.revoked_before).toBe(frame.t)
    expect((await ann.api.get(`/v1/delegations/${jti}`)).json.revoked).toBe(true)
    expect(code(await revoke('delegation', 'dlg_none'))).toBe('UNKNOWN_DELEGATION')
    expect(code(await revoke('key', server.caller().jkt))).toBe('UNKNOWN_KEY')
    const key = await revoke('key', agent.key.jkt)
    expect(key.json.frames).toEqual([first.json.head + 1])
    const retired = await revoke('agent', agent.id)
    expect((await revoke('agent', agent.id)).json.frames).toEqual(retired.json.frames)
    expect((await ann.api.get(`/v1/agents/${agent.id}`)).json.status).toBe('retired')
  })

  test('a person who leaves is revoked by handle and can no longer call', async () => {
    const dan = await server.invite(ann, 'Dan, who leaves')
    const answer = await ann.api.post(`/v1/people/${dan.id}/leave`, { reason: 'left' })
    const [seq] = answer.json.frames
    const { frames } = (await ann.api.get(`/v1/revocations?after=${seq - 1}&limit=1`)).json
    expect(frames).toMatchObject([{ frame: { kind: 'person', handle: dan.rev } }])
    expect(code(await dan.api.get('/v1/people'))).toBe('AUTH_KEY_UNKNOWN')
  })

  test('no name of a person and no argument stands in the log', async () => {
    const { json } = await ann.api.get('/v1/entries?limit=1000')
    const text = JSON.stringify(json)
    for (const name of ['Ben, second of two', 'Dan, who leaves', 'Eve, who is late', 'read the reports'])
      expect(text).not.toContain(name)
    expect(text).toContain('person.enrolled')
  })
})

describe('with approval after the fact', () => {
  const server = new TestServer({ separation: 'after' })
  let ann: Operator
  beforeAll(async () => {
    await server.start()
    ann = await server.enrol(server.bootstrapSecret)
  })
  afterAll(() => server.remove())

  test('one person may propose and approve, and the log says that they acted alone', async () => {
    const agent = await server.agent(ann, ann)
    expect((await ann.api.get(`/v1/agents/${agent.id}`)).json.status).toBe('active')
    const { entries } = (await ann.api.get('/v1/entries?limit=1000')).json
    const approvals = entries.filter(
      (one: { entry: { type: string } }) => one.entry.type === 'agent.approved',
    )
    expect(approvals).toMatchObject([{ entry: { body: { acted_alone: true } } }])
  })

  test('the last endorsed person cannot leave, whoever enrolled since, but can be revoked', async () => {
    const [person] = (await ann.api.get('/v1/people')).json.people
    await server.enrol((await ann.api.post('/v1/people', { name: 'Not endorsed' })).json.invitation)
    const leave = await ann.api.post(`/v1/people/${person.id}/leave`, { reason: 'left' })
    expect([leave.status, code(leave)]).toEqual([409, 'STATE_CONFLICT'])
    const revoked = await ann.api.post('/v1/revocations', {
      kind: 'person',
      target: person.id,
      reason: 'stolen',
    })
    expect(revoked.json.frames).toHaveLength(1)
    expect(code(await ann.api.get('/v1/people'))).toBe('AUTH_KEY_UNKNOWN')
  })
})

describe('a restart', () => {
  let server: TestServer
  afterEach(() => server.remove())

  test('keeps people, keys, delegations, frames and the log', async () => {
    server = await new TestServer().start()
    const ann = await server.enrol(server.bootstrapSecret)
    const agent = await server.agent(ann, await server.invite(ann, 'Ben'))
    const point = await server.point(ann)
    const { jti } = await server.delegate(ann, agent, point.id)
    await ann.api.post('/v1/revocations', { kind: 'delegation', target: jti, reason: 'test' })
    const info = await (await fetch(`${server.base()}/v1/info`)).json()
    const entries = await ann.api.get('/v1/entries?limit=1000')
    const revocations = await ann.api.get('/v1/revocations')
    await server.restart()
    expect(server.running.bootstrapSecret).toBeNull()
    const { now: _, record, ...pinned } = info as { now: number; record: { control_plane: string } }
    const control_plane = server.base() // it has another port now
    expect(await (await fetch(`${server.base()}/v1/info`)).json()).toMatchObject({
      ...pinned,
      record: { ...record, control_plane },
    })
    expect((await ann.api.get('/v1/entries?limit=1000')).json).toEqual(entries.json)
    expect((await ann.api.get('/v1/revocations')).json).toEqual(revocations.json)
    expect((await ann.api.get(`/v1/delegations/${jti}`)).json).toMatchObject({ revoked: true })
    expect((await agent.key.post(`/v1/agents/${agent.id}/statements`, { jkt: agent.key.jkt })).status).toBe(
      200,
    )
  })
})
