import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { Signer } from '../../src/core/crypto.ts'
import { liftAct, signKill, signRoster } from '../../src/revoke/kill-rules.ts'
import type { Kill, KillScope, Roster, SignedKill } from '../../src/revoke/statement.ts'
import { ACT_TAG } from '../../src/token/constants.ts'
import { challengeOf } from '../../src/token/gesture.ts'
import { TestServer, type Operator } from './harness.ts'

const server = new TestServer()
let ann: Operator
let ben: Operator
let cem: Operator
let agent: { id: string }
let breakGlass: Signer

beforeAll(async () => {
  await server.start()
  ann = await server.enrol(server.bootstrapSecret)
  ben = await server.invite(ann, 'Ben')
  cem = await server.invite(ann, 'Cem')
  agent = await server.agent(ann, ben)
  const text = readFileSync(join(server.dataDir, 'keys/break-glass.jwk'), 'utf8')
  breakGlass = nodeCrypto.signer(JSON.parse(text))
})
afterAll(() => server.remove())

const code = (answer: { json: { error?: { code: string } } }) => answer.json.error?.code

interface Logged {
  readonly type: string
  readonly subject?: string
  readonly actor: { readonly kind: string; readonly id: string }
  readonly body: Record<string, unknown>
}

async function entries(type: string): Promise<Logged[]> {
  const all: Logged[] = []
  for (;;) {
    const page: { size: number; entries: { entry: Logged }[] } = (
      await ann.api.get(`/v1/entries?limit=1000&after=${all.length - 1}`)
    ).json
    all.push(...page.entries.map(({ entry }) => entry))
    if (all.length >= page.size) return all.filter((each) => each.type === type)
  }
}

async function draft(by: Operator, scope: KillScope) {
  return (await by.api.post('/v1/kills/draft', { scope: { ...scope }, reason: 'test' })).json
}

async function pull(by: Operator, scope: KillScope): Promise<string> {
  const { challenge, act } = await draft(by, scope)
  const answer = await by.api.post('/v1/kills', { ...by.authenticator.assert(challenge), kill: act.kill })
  expect(answer.status).toBe(200)
  return answer.json.kill
}

async function outside(scope: KillScope, edit: Partial<Kill> = {}): Promise<SignedKill> {
  const { act } = await draft(ann, scope)
  return signKill(breakGlass, 'break_glass', { ...act.kill, ...edit })
}

async function setRoster(people: Operator[], m = 2): Promise<Roster> {
  const { json } = await ann.api.post('/v1/rosters/draft', { people: people.map(({ id }) => id), m })
  expect((await ann.api.post('/v1/statements', { ...signRoster(breakGlass, json) })).status).toBe(200)
  return json
}

const inForce = async (): Promise<string[]> =>
  (await ann.api.get('/v1/kills')).json.kills.map((each: SignedKill) => each.kill.id)

describe('pulling', () => {
  test('takes one endorsed person and a gesture, and is in the log and the stream', async () => {
    const id = await pull(ben, { kind: 'agent', id: agent.id })
    expect(await inForce()).toContain(id)
    const [entry] = (await entries('kill.pulled')).filter(({ subject }) => subject === id)
    expect(entry).toMatchObject({
      actor: { kind: 'person', id: ben.id },
      body: { act: { act: 'kill.pull', person: ben.id, kill: { id } }, statement: { by: 'frame' } },
    })
    const { frames } = (await ann.api.get('/v1/revocations?limit=1000')).json
    expect(frames.at(-1).frame).toMatchObject({ kind: 'kill', handle: id, statement: { kill: { id } } })
  })

  test.each<[string, KillScope, string]>([
    ['an agent', { kind: 'agent', id: 'agt_none' }, 'UNKNOWN_AGENT'],
    ['a class', { kind: 'class', id: 'none' }, 'UNKNOWN_CLASS'],
    ['a system', { kind: 'system', id: 'none' }, 'UNKNOWN_SYSTEM'],
  ])('says when nobody knows %s of that name, so that nothing seems stopped', async (_, scope, fault) => {
    const answer = await ann.api.post('/v1/kills/draft', { scope: { ...scope }, reason: 'test' })
    expect(code(answer)).toBe(fault)
  })

  test('takes no gesture over another kill, nor of another person', async () => {
    const [one, two] = [await draft(ann, { kind: 'global' }), await draft(ann, { kind: 'global' })]
    const gesture = ann.authenticator.assert(one.challenge)
    expect(code(await ann.api.post('/v1/kills', { ...gesture, kill: two.act.kill }))).toBe('GESTURE_INVALID')
    expect(code(await ben.api.post('/v1/kills', { ...gesture, kill: one.act.kill }))).toBe('GESTURE_INVALID')
    const wider = { ...one.act.kill, iss: 'other' }
    expect(code(await ann.api.post('/v1/kills', { ...gesture, kill: wider }))).toBe('STATEMENT_REFUSED')
  })
})

describe('a kill from outside', () => {
  test('is taken once, from a point or a person, when the break-glass key signed it', async () => {
    const statement = await outside({ kind: 'class', id: 'coding' })
    const point = await server.point(ann)
    expect((await point.api.post('/v1/statements', { ...statement })).status).toBe(200)
    expect((await ann.api.post('/v1/statements', { ...statement })).status).toBe(200)
    const pulled = (await entries('kill.pulled')).filter(({ subject }) => subject === statement.kill.id)
    expect(pulled).toHaveLength(1)
    expect(pulled[0]).toMatchObject({ actor: { kind: 'point', id: point.id }, body: { statement } })
    const read = (await point.api.get('/v1/points/self/statements?after=0')).json
    expect(read.statements).toContainEqual(statement)
    expect((await point.api.get(`/v1/points/self/statements?after=${read.next}`)).json.statements).toEqual([])
  })

  test('is refused when another key signed it, or it says something else under a known name', async () => {
    const good = await outside({ kind: 'global' })
    const thief = nodeCrypto.signer(nodeCrypto.generateKey('Ed25519'))
    const forged = signKill(thief, 'break_glass', good.kill)
    expect(code(await ann.api.post('/v1/statements', { ...forged }))).toBe('STATEMENT_REFUSED')
    const [known = ''] = await inForce()
    const other = await outside({ kind: 'global' }, { id: known })
    expect(code(await ann.api.post('/v1/statements', { ...other }))).toBe('STATEMENT_REFUSED')
  })
})

describe('lifting', () => {
  const begin = async (kills: string[]): Promise<string> =>
    (await ann.api.post('/v1/lifts', { kills, reason: 'over' })).json.lift
  const sign = async (by: Operator, lift: string) => {
    const { challenge } = (await by.api.get(`/v1/lifts/${lift}`)).json
    return by.api.post(`/v1/lifts/${lift}/sign`, { ...by.authenticator.assert(challenge) })
  }

  test('takes a roster, that the break-glass key signed, of people who count', async () => {
    const [known = ''] = await inForce()
    expect(code(await ann.api.post('/v1/lifts', { kills: [known], reason: 'over' }))).toBe('STATE_CONFLICT')
    const asked = { people: [ann.id, ben.id], m: 1 }
    expect(code(await ann.api.post('/v1/rosters/draft', asked))).toBe('STATEMENT_REFUSED')
    const { json } = await ann.api.post('/v1/rosters/draft', { ...asked, m: 2 })
    const thief = nodeCrypto.signer(nodeCrypto.generateKey('Ed25519'))
    const forged = { ...signRoster(thief, json) }
    expect(code(await ann.api.post('/v1/statements', forged))).toBe('STATEMENT_REFUSED')
    const [jwk] = [nodeCrypto.signer(nodeCrypto.generateKey('Ed25519')).publicJwk]
    const unknown = { ...json, people: [...json.people, { rev: 'rev_x', jwk }] }
    const named = { ...signRoster(breakGlass, unknown) }
    expect(code(await ann.api.post('/v1/statements', named))).toBe('STATEMENT_REFUSED')
    expect(await setRoster([ann, ben])).toMatchObject({ seq: 1, m: 2 })
  })

  test('is not begun by somebody whose registration was not endorsed', async () => {
    const [known = ''] = await inForce()
    const zoe = await server.enrol((await ann.api.post('/v1/people', { name: 'Zoe' })).json.invitation)
    const asked = { kills: [known], reason: 'over' }
    expect(code(await zoe.api.post('/v1/lifts', asked))).toBe('NOT_ENDORSED')
    const people = { people: [ann.id, ben.id], m: 2 }
    expect(code(await ann.api.post('/v1/rosters/draft', { ...people, people: [ann.id, zoe.id] }))).toBe(
      'NOT_ENDORSED',
    )
    // What the break-glass key signs of somebody by hand is not taken either.
    const { json } = await ann.api.post('/v1/rosters/draft', people)
    const key = { rev: zoe.rev, jwk: zoe.authenticator.jwk }
    const named = signRoster(breakGlass, { ...json, people: [json.people[0], key] })
    expect(code(await ann.api.post('/v1/statements', { ...named }))).toBe('STATEMENT_REFUSED')
  })

  test('takes two of the roster, one after the other, and no one else', async () => {
    const kill = await pull(ann, { kind: 'global' })
    const lift = await begin([kill])
    expect(code(await sign(cem, lift))).toBe('STATE_CONFLICT')
    expect((await sign(ann, lift)).json).toEqual({ missing: 1 })
    expect((await sign(ann, lift)).json).toEqual({ missing: 1 })
    expect(await inForce()).toContain(kill)
    expect((await ann.api.get('/v1/kills')).json.lifts).toMatchObject([{ id: lift, missing: 1 }])
    expect((await sign(ben, lift)).json).toEqual({ missing: 0 })
    expect(await inForce()).not.toContain(kill)
    const [entry] = await entries('kill.lifted')
    expect(entry?.body).toMatchObject({ statement: { lift: { kills: [kill] } } })
    const { frames } = (await ann.api.get('/v1/revocations?limit=1000')).json
    expect(frames.at(-1).frame).toMatchObject({ kind: 'lift', handle: lift })
    expect(code(await sign(ben, lift))).toBe('UNKNOWN_KILL')
  })

  test('is for ever: a kill that comes again after its lift, from anywhere, changes nothing', async () => {
    const statement = await outside({ kind: 'global' })
    await ann.api.post('/v1/statements', { ...statement })
    const lift = await begin([statement.kill.id])
    await sign(ann, lift)
    await sign(ben, lift)
    const before = (await entries('kill.pulled')).length
    expect((await ann.api.post('/v1/statements', { ...statement })).status).toBe(200)
    expect([await inForce(), (await entries('kill.pulled')).length]).toEqual([await inForce(), before])
    expect(await inForce()).not.toContain(statement.kill.id)
    const [lifted] = (await entries('kill.lifted')).filter(({ subject }) => subject === lift)
    const { statement: again } = lifted!.body as { statement: object }
    expect((await ann.api.post('/v1/statements', { ...again })).status).toBe(200)
    expect((await entries('kill.lifted')).filter(({ subject }) => subject === lift)).toHaveLength(1)
  })

  test('that comes from outside does not hold with a gesture of somebody who has left', async () => {
    const dan = await server.invite(ann, 'Dan')
    const { seq } = await setRoster([ann, dan])
    const kill = await pull(ann, { kind: 'agent', id: agent.id })
    const { iss } = (await outside({ kind: 'global' })).kill
    const lift = { v: 1 as const, id: 'lft_dan', iss, kills: [kill], roster: seq, reason: 'test', t: 1 }
    const challenge = challengeOf(nodeCrypto, ACT_TAG, liftAct(lift))
    const people = (await ann.api.get(`/v1/entries?limit=1000`)).json.entries as {
      entry: Logged
      index: number
    }[]
    const gestures = [ann, dan].map((each) => {
      const at = people.find(({ entry }) => entry.type === 'person.enrolled' && entry.subject === each.id)
      const { rev, credential } = (at?.entry.body ?? {}) as { rev: string; credential: { jwk: object } }
      const made = each.authenticator.assert(challenge)
      return { rev, role: 'approver', jwk: credential.jwk, registration: at?.index, ...made }
    })
    await ann.api.post('/v1/revocations', { kind: 'person', target: dan.id, reason: 'test' })
    expect(code(await ann.api.post('/v1/statements', { lift, gestures }))).toBe('STATEMENT_REFUSED')
    expect(await inForce()).toContain(kill)
    await setRoster([ann, ben])
  })

  test('begins again when the roster was replaced meanwhile', async () => {
    const kill = await pull(ann, { kind: 'class', id: 'coding' })
    const lift = await begin([kill])
    await sign(ann, lift)
    await setRoster([ben, cem])
    expect(code(await sign(ben, lift))).toBe('STATE_CONFLICT')
    const next = await begin([kill])
    expect((await sign(ben, next)).json).toEqual({ missing: 1 })
    expect((await sign(cem, next)).json).toEqual({ missing: 0 })
  })
})

test('the break-glass key is made once, and is not needed again', async () => {
  const before = (await ann.api.get('/v1/info')).json.break_glass
  expect(before).toEqual(breakGlass.publicJwk)
  rmSync(join(server.dataDir, 'keys/break-glass.jwk'))
  await server.restart()
  expect((await ann.api.get('/v1/info')).json.break_glass).toEqual(before)
  expect(await entries('break_glass.created')).toHaveLength(1)
  expect(existsSync(join(server.dataDir, 'keys/break-glass.jwk'))).toBe(false)
})
