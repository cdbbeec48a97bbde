/** Programs that ask: how an account begins, what each role opens, what is refused, how it ends. spec/service-accounts.md */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { SERVICE_PERMISSIONS } from '../../src/core/service-permissions.ts'
import { permissionFor, serviceHolds, servicePermissionFor } from '../../src/core/permitted.ts'
import { SERVICE_ROLE_NAMES, type ServiceRole } from '../../src/core/roles.ts'
import { signRotation } from '../../src/core/service-rotation.ts'
import { TestServer, type Answer, type Bend, type Caller, type Operator } from './harness.ts'

const DAY_MS = 86_400_000
const server = new TestServer()
let ann: Operator
let ben: Operator

beforeAll(async () => {
  await server.start()
  ann = await server.enrol(server.bootstrapSecret)
  ben = await server.invite(ann, 'Ben')
})
afterAll(() => server.remove())

const code = (answer: Answer): string | undefined => answer.json.error?.code
const path = (id: string): string => `/v1/service-accounts/${id}`
function terms(roles: readonly ServiceRole[], more: JsonObject = {}): JsonObject {
  return {
    name: 'ci',
    purpose: 'proposes versions',
    owner: ann.id,
    roles: [...roles],
    networks: [],
    days: 30,
    ...more,
  }
}
async function propose(roles: readonly ServiceRole[], more: JsonObject = {}, by = ann): Promise<string> {
  const { status, json } = await by.api.post('/v1/service-accounts', terms(roles, more))
  if (status !== 200) throw new Error(JSON.stringify(json))
  return json.account
}
async function approve(id: string, by = ben): Promise<Answer> {
  const asked = await by.api.get(`${path(id)}/approval`)
  if (asked.status !== 200) return asked
  return by.api.post(`${path(id)}/approve`, by.authenticator.assert(asked.json.challenge))
}
const invite = (id: string, by = ann): Promise<Answer> => by.api.post(`${path(id)}/invite`, {})
const enroll = (key: Caller, secret: string): Promise<Answer> =>
  key.post('/v1/service-accounts/enroll', { secret })
const disable = (id: string, by = ben): Promise<Answer> =>
  by.api.post(`${path(id)}/disable`, { reason: 'stolen' })

/** Approved by Ben, with a key. */
async function program(
  roles: readonly ServiceRole[],
  more: JsonObject = {},
): Promise<{ id: string; api: Caller }> {
  const id = await propose(roles, more)
  expect((await approve(id)).status).toBe(200)
  const api = server.caller()
  expect((await enroll(api, (await invite(id)).json.secret)).json).toEqual({ account: id, jkt: api.jkt })
  return { id, api }
}

describe('an account', () => {
  test('is approved by who neither proposed nor owns it', async () => {
    const id = await propose(['viewer'], { owner: ben.id })
    expect(code(await approve(id, ann))).toBe('SAME_PERSON')
    expect(code(await approve(id, ben))).toBe('SAME_PERSON')
    const cat = await server.invite(ann, 'Cat')
    const { act } = (await cat.api.get(`${path(id)}/approval`)).json
    expect(act).toMatchObject({
      act: 'service_account.approve',
      owner: ben.id,
      roles: ['viewer'],
      networks: [],
    })
    expect((await approve(id, cat)).json).toEqual({ acted_alone: false })
    expect(code(await approve(id, cat))).toBe('STATE_CONFLICT')
  })

  test.each([
    ['a role of people', { roles: ['owner'] }, 'REQUEST_INVALID'],
    ['no role', { roles: [] }, 'REQUEST_INVALID'],
    ['a role twice', { roles: ['viewer', 'viewer'] }, 'SERVICE_TERMS_INVALID'],
    ['an address for a network', { networks: ['10.0.0.1'] }, 'SERVICE_TERMS_INVALID'],
    ['more than a year', { days: 367 }, 'REQUEST_INVALID'],
    ['an owner who is nobody', { owner: 'per_none' }, 'UNKNOWN_PERSON'],
  ] as const)('is not proposed with %s', async (_, bent, expected) => {
    expect(code(await ann.api.post('/v1/service-accounts', { ...terms(['viewer']), ...bent }))).toBe(expected)
  })

  test('is not approved with the gesture over another', async () => {
    const [one, other] = [await propose(['viewer']), await propose(['viewer'])]
    const { challenge } = (await ben.api.get(`${path(one)}/approval`)).json
    const answer = await ben.api.post(`${path(other)}/approve`, ben.authenticator.assert(challenge))
    expect(code(answer)).toBe('GESTURE_INVALID')
  })

  test('gets its key by an invitation of its owner, once', async () => {
    const id = await propose(['viewer'])
    expect(code(await invite(id))).toBe('STATE_CONFLICT')
    await approve(id)
    expect(code(await invite(id, ben))).toBe('SERVICE_ACCOUNT_NOT_OWNED')
    const { secret: first } = (await invite(id)).json
    const { expires } = (await invite(id)).json
    expect(expires - Date.now()).toBeLessThanOrEqual(3_600_000)
    const key = server.caller()
    expect(code(await enroll(key, first))).toBe('SECRET_INVALID')
    const again = (await invite(id)).json.secret
    expect(code(await enroll(ann.api, again))).toBe('KEY_IN_USE')
    expect((await enroll(key, again)).status).toBe(200)
    expect(code(await enroll(server.caller(), again))).toBe('SECRET_INVALID')
    expect(code(await invite(id))).toBe('STATE_CONFLICT')
  })

  test('says of itself what it is, and the list when it asked', async () => {
    const { id, api } = await program(['viewer'])
    expect((await api.get('/v1/service-accounts/self')).json).toMatchObject({
      id,
      status: 'active',
      owner: ann.id,
    })
    const { accounts } = (await ann.api.get('/v1/service-accounts')).json
    const listed = accounts.find((one: { id: string }) => one.id === id)
    expect(listed).toMatchObject({ roles: ['viewer'], approver: ben.id, key: { jkt: api.jkt } })
    expect(Math.abs(listed.used - Date.now())).toBeLessThan(60_000)
  })
})

describe('a program', () => {
  const programs = new Map<ServiceRole, Caller>()
  let described: { method: string; path: string; operation: string; takes: boolean }[] = []

  beforeAll(async () => {
    for (const role of SERVICE_ROLE_NAMES) programs.set(role, (await program([role])).api)
    const { paths } = (await (await fetch(`${server.base()}/openapi.json`)).json()) as {
      paths: Record<string, Record<string, { requestBody?: unknown }>>
    }
    described = Object.entries(paths).flatMap(([target, methods]) =>
      Object.entries(methods).map(([method, { requestBody }]) => {
        const upper = method.toUpperCase()
        const operation = `${upper} ${target.replace('/log/{path}', '/log/*')}`
        const takes = JSON.stringify(requestBody ?? {}).includes('"client_data"')
        return { method: upper, path: target, operation, takes }
      }),
    )
  })

  /** What looks at no key of a caller, or at no key that is registered: to these a program is a stranger. */
  const KEYLESS =
    /^(?:GET|POST|PUT) (?:\/healthz|\/v1\/info|\/v1\/acks|\/v1\/session|\/v1\/recovery\/|\/v1\/subject\/|\/v1\/subject$|\/v1\/public\/|\/status\/|\/oauth\/|\/scim\/|\/auth\/|\/v1\/ceremonies\/(?:open|answer|decline)$|\/v1\/approvals\/(?:open|answer)$|\/v1\/preview\/(?:enrol(?:\/challenge)?$|challenge|sign-in|sign-out)|\/v1\/nodes\/|\/v1\/otlp|\/v1\/service-accounts\/self)/

  test.each(SERVICE_ROLE_NAMES)(
    'as %s is let through by the matrix alone, operation by operation',
    async (role) => {
      const api = programs.get(role)!
      const wrong: string[] = []
      let gestures = 0
      for (const { method, path: target, operation, takes } of described) {
        const permission = servicePermissionFor(operation)
        if (operation.endsWith('/stream')) continue
        const named = target.replaceAll(/\{\w+\}/g, 'none')
        const response = await api.fetch(method, named, method === 'GET' ? '' : '{"unfit":0}', {
          headers: {},
        })
        const text = await response.text()
        const found = /"code":"(\w+)"/.exec(text)?.[1]
        if (takes) gestures++
        if (response.status >= 500) wrong.push(`${operation}: ${response.status}`)
        else if (permission === null && KEYLESS.test(operation)) {
          if (takes && response.status < 400) wrong.push(`${operation}: ${response.status}`)
        } else {
          const expected =
            permission === null
              ? 'SERVICE_ACCOUNT_REFUSED'
              : serviceHolds(permission, [role])
                ? undefined
                : 'ROLE_MISSING'
          const isRefusal = ['SERVICE_ACCOUNT_REFUSED', 'ROLE_MISSING', 'FORBIDDEN'].includes(found ?? '')
          if (expected === undefined ? isRefusal : found !== expected)
            wrong.push(`${operation}: ${response.status} ${found}, expected ${expected}`)
        }
      }
      expect(wrong).toEqual([])
      expect(gestures).toBeGreaterThan(30)
    },
  )

  test('has no row that takes a gesture, or gives anybody a key, a link or an invitation', () => {
    const rows = SERVICE_PERMISSIONS.flatMap(({ operations }) => operations)
    expect(new Set(rows).size).toBe(rows.length)
    const known = new Map(described.map((one) => [one.operation, one]))
    expect(rows.filter((operation) => known.get(operation)?.takes !== false)).toEqual([])
    expect(rows.filter((operation) => permissionFor(operation) === null)).toEqual([])
    const changing = rows.filter((operation) => !operation.startsWith('GET '))
    expect(changing).toEqual([
      'POST /v1/systems',
      'POST /v1/tools',
      'POST /v1/agents',
      'POST /v1/agents/{id}/versions',
      'POST /v1/inventory',
      'POST /v1/revocations',
      'POST /v1/agents/{id}/suspend',
    ])
  })

  test('reads a stream as long as it stands', async () => {
    const { id, api } = await program(['viewer'])
    const refused = await programs.get('viewer')!.fetch('GET', '/v1/revocations/stream')
    expect(refused.status).toBe(403)
    const response = await api.fetch('GET', '/v1/entries/stream')
    expect(response.status).toBe(200)
    const reader = response.body!.getReader()
    await reader.read()
    await disable(id)
    await ann.api.post('/v1/systems', { name: 'after it was disabled' })
    let text = ''
    for (let next = await reader.read(); !next.done; next = await reader.read())
      text += new TextDecoder().decode(next.value)
    expect(text).not.toContain('after it was disabled')
  })

  test('proposes what its owner then owns, and its owner does not approve', async () => {
    const { id, api } = await program(['developer'])
    const proposal = {
      name: 'Bot',
      class: 'coding',
      purpose: 'tests',
      systems: [],
      manifest: { version: '1' },
    }
    const { agent } = (await api.post('/v1/agents', proposal)).json
    expect((await ann.api.get(`/v1/agents/${agent}`)).json).toMatchObject({ owner: ann.id, proposer: id })
    expect(code(await server.approve(ann, agent))).toBe('SAME_PERSON')
    expect((await server.approve(ben, agent)).status).toBe(200)
    const theirs = await server.agent(ben, ann)
    const { manifest } = (await api.post(`/v1/agents/${theirs.id}/versions`, { manifest: { version: '2' } }))
      .json
    const version = `/v1/agents/${theirs.id}/versions/${manifest}`
    const { challenge } = (await ann.api.get(`${version}/approval`)).json
    const own = await ann.api.post(`${version}/approve`, ann.authenticator.assert(challenge))
    expect(code(own)).toBe('SAME_PERSON')
    const entries = (await ann.api.get('/v1/entries/newest?type=agent.proposed')).json.entries
    expect(JSON.stringify(entries)).toContain(`{"id":"${id}","kind":"service"}`)
  })

  test('stops agents where it was given that, and no person', async () => {
    const api = programs.get('responder')!
    const bot = await server.agent(ann, ben)
    expect((await api.post(`/v1/agents/${bot.id}/suspend`, { reason: 'odd' })).status).toBe(200)
    expect((await api.post('/v1/revocations', { kind: 'agent', target: bot.id, reason: 'odd' })).status).toBe(
      200,
    )
    const person = await api.post('/v1/revocations', { kind: 'person', target: ben.id, reason: 'odd' })
    expect(code(person)).toBe('SERVICE_ACCOUNT_REFUSED')
    expect(
      code(
        await programs
          .get('developer')!
          .post('/v1/revocations', { kind: 'agent', target: bot.id, reason: 'odd' }),
      ),
    ).toBe('ROLE_MISSING')
  })

  test('is a stranger with a session of nobody, and with a proof of another key', async () => {
    const api = programs.get('viewer')!
    const other = server.caller()
    const foreign = other.proof('GET', '/v1/agents', '')
    expect(code(await api.get('/v1/agents', { proof: foreign }))).toBe('AUTH_KEY_UNKNOWN')
    const proof = api.proof('GET', '/v1/agents', '')
    expect((await api.get('/v1/agents', { proof })).status).toBe(200)
    expect(code(await api.get('/v1/agents', { proof }))).toBe('AUTH_REPLAYED')
  })

  test('is refused from a network that it is not for', async () => {
    const near = await program(['viewer'], { networks: ['127.0.0.0/8'] })
    expect((await near.api.get('/v1/agents')).status).toBe(200)
    const far = await program(['viewer'], { networks: ['203.0.113.0/24', '2001:db8::/32'] })
    expect(code(await far.api.get('/v1/agents'))).toBe('SERVICE_ACCOUNT_NETWORK')
    expect(code(await far.api.get('/v1/service-accounts/self'))).toBe('SERVICE_ACCOUNT_NETWORK')
  })

  test('is answered 600 times a minute', async () => {
    const { api } = await program(['viewer'])
    const codes = new Set<string | undefined>()
    for (let n = 0; n < 60; n++) {
      const answers = await Promise.all(
        Array.from({ length: 11 }, () => api.get('/v1/service-accounts/self')),
      )
      for (const answer of answers) codes.add(code(answer))
    }
    expect(codes).toEqual(new Set([undefined, 'TOO_MANY']))
    expect((await programs.get('viewer')!.get('/v1/agents')).status).toBe(200)
  })
})

describe('a rotation', () => {
  interface Bent {
    readonly account?: string
    readonly from?: string
    readonly to?: string
    readonly iat?: number
    readonly old?: Caller
    readonly fresh?: Caller
  }
  function rotate(
    { id, api }: { readonly id: string; readonly api: Caller },
    to: Caller,
    bent: Bent = {},
  ): Promise<Answer> {
    const over = { account: bent.account ?? id, from: bent.from ?? api.jkt, to: bent.to ?? to.jkt }
    const iat = bent.iat ?? Math.floor(Date.now() / 1000)
    const proof = ({ key }: Caller): string => signRotation(nodeCrypto.signer(key), over, iat)
    const body = { jwk: { ...to.jwk }, old: proof(bent.old ?? api), new: proof(bent.fresh ?? to) }
    return api.post('/v1/service-accounts/self/rotate', body)
  }

  test('takes a proof by each key; the one so far opens nothing from then on', async () => {
    const one = await program(['viewer'])
    const next = server.caller()
    expect((await rotate(one, next)).json).toEqual({ jkt: next.jkt })
    expect(code(await one.api.get('/v1/agents'))).toBe('AUTH_KEY_UNKNOWN')
    expect((await next.get('/v1/agents')).status).toBe(200)
    // A key that was somebody's is nobody's again.
    expect(code(await rotate({ id: one.id, api: next }, one.api))).toBe('KEY_IN_USE')
  })

  test.each<[string, (one: { id: string; api: Caller }, stranger: Caller) => Bent]>([
    ['by a stranger in place of the key so far', (_, old) => ({ old })],
    ['by the key so far in place of the new one', ({ api: fresh }) => ({ fresh })],
    ['over another account', () => ({ account: 'svc_other' })],
    ['from another key', (_, { jkt }) => ({ from: jkt })],
    ['to another key', (_, { jkt }) => ({ to: jkt })],
    ['of two minutes ago', () => ({ iat: Math.floor(Date.now() / 1000) - 120 })],
  ])('%s is refused', async (_, bend) => {
    const one = await program(['viewer'])
    expect(code(await rotate(one, server.caller(), bend(one, server.caller())))).toBe('ROTATION_INVALID')
    expect((await one.api.get('/v1/agents')).status).toBe(200)
  })

  test('to the key of a person is refused', async () => {
    const one = await program(['viewer'])
    expect(code(await rotate(one, ben.api))).toBe('KEY_IN_USE')
  })
})

describe('the end', () => {
  test('comes at once when somebody disables it, once and for ever', async () => {
    const { id, api } = await program(['viewer'])
    expect((await api.get('/v1/agents')).status).toBe(200)
    expect((await disable(id)).status).toBe(200)
    expect(code(await api.get('/v1/agents'))).toBe('SERVICE_ACCOUNT_DISABLED')
    expect(code(await api.get('/v1/service-accounts/self'))).toBe('SERVICE_ACCOUNT_DISABLED')
    expect(code(await disable(id))).toBe('STATE_CONFLICT')
    expect(code(await invite(id))).toBe('SERVICE_ACCOUNT_DISABLED')
  })

  test('has nothing of its program behind it in the log, whatever was under way', async () => {
    const { id, api } = await program(['developer'])
    const asked = Array.from({ length: 40 }, (_, i) => api.post('/v1/systems', { name: `Under way ${i}` }))
    await asked[0]
    expect((await disable(id)).status).toBe(200)
    const taken = (await Promise.all(asked)).filter(({ status }) => status === 200).length
    const { entries } = (await ann.api.get('/v1/entries/newest?limit=200')).json
    const of = (type: string): number[] =>
      entries.flatMap(
        ({ index, entry }: { index: number; entry: { type: string; actor: { id?: string } } }) =>
          entry.type === type && (type !== 'system.added' || entry.actor.id === id) ? [index] : [],
      )
    const [end = -1] = of('service_account.disabled')
    expect(of('system.added')).toHaveLength(taken)
    expect(Math.max(...of('system.added'))).toBeLessThan(end)
  })

  test('takes an invitation that is out back with it, and a proposal', async () => {
    const id = await propose(['viewer'])
    await approve(id)
    const { secret } = (await invite(id)).json
    await disable(id)
    expect(code(await enroll(server.caller(), secret))).toBe('SECRET_INVALID')
    const waiting = await propose(['viewer'])
    await disable(waiting)
    expect(code(await approve(waiting))).toBe('STATE_CONFLICT')
  })

  test('comes with its owner, also to what waits', async () => {
    const cat = await server.invite(ann, 'Cat')
    const id = await propose(['viewer'], { owner: cat.id })
    await approve(id)
    const api = server.caller()
    await enroll(api, (await invite(id, cat)).json.secret)
    const waiting = await propose(['viewer'], { owner: cat.id })
    expect((await api.get('/v1/agents')).status).toBe(200)
    await ann.api.post('/v1/revocations', { kind: 'person', target: cat.id, reason: 'left' })
    expect(code(await api.get('/v1/agents'))).toBe('SERVICE_ACCOUNT_RETIRED')
    expect(code(await approve(waiting))).toBe('STATE_CONFLICT')
  })

  test('comes by a review of access that says so', async () => {
    const { id, api } = await program(['viewer'])
    const { review } = (await ann.api.post('/v1/access-reviews', { period: '2026-Q4' })).json
    const { items } = (await ann.api.get(`/v1/access-reviews/${review}`)).json
    const item = items.find(({ target }: { target: string }) => target === id)
    expect(item).toMatchObject({ kind: 'service', owner: ann.id })
    expect(item.may).toContain('role: viewer')
    const decided = { item: item.n, decision: 'revoke' }
    expect(code(await ann.api.post(`/v1/access-reviews/${review}/decide`, decided))).toBe('SAME_PERSON')
    expect((await ben.api.post(`/v1/access-reviews/${review}/decide`, decided)).status).toBe(200)
    const done = await ben.api.post(`/v1/access-reviews/${review}/act`, { item: item.n, entries: [] })
    expect(done.json).toMatchObject({ frames: [] })
    expect(code(await api.get('/v1/agents'))).toBe('SERVICE_ACCOUNT_DISABLED')
  })
})

describe('where roles of people decide', () => {
  test.each(['owner', 'security', 'approver', 'developer', 'privacy', 'auditor', 'viewer'] as const)(
    'somebody who is %s may do with accounts what the matrix says',
    async (role) => {
      const own = new TestServer()
      try {
        await own.start()
        const first = await own.enrol(own.bootstrapSecret)
        const who = role === 'owner' ? first : await own.invite(first, role)
        const other = await own.invite(first, 'Other')
        for (const [person, name] of [
          [other, 'owner'],
          [who, role],
        ] as const) {
          const { role: id } = (
            await person.api.post('/v1/roles', { kind: 'role', person: person.id, role: name })
          ).json
          if (id === undefined) continue
          const { challenge } = (await first.api.get(`/v1/roles/${id}/approval`)).json
          await first.api.post(`/v1/roles/${id}/approve`, first.authenticator.assert(challenge))
        }
        const body = {
          name: 'ci',
          purpose: 'tests',
          owner: other.id,
          roles: ['viewer'],
          networks: [],
          days: 1,
        }
        const mayPropose = ['owner', 'developer'].includes(role)
        expect((await who.api.post('/v1/service-accounts', body)).status).toBe(mayPropose ? 200 : 403)
        const { account } = (await other.api.post('/v1/service-accounts', body)).json
        const mayApprove = ['owner', 'security'].includes(role)
        expect((await who.api.get(`${path(account)}/approval`)).status).toBe(mayApprove ? 200 : 403)
        const mayStop = !['auditor', 'viewer'].includes(role)
        const stopped = await who.api.post(`${path(account)}/disable`, { reason: 'no' })
        expect(stopped.status).toBe(mayStop ? 200 : 403)
        expect((await who.api.get('/v1/service-accounts')).status).toBe(200)
      } finally {
        await own.remove()
      }
    },
  )
})

describe('as time goes by', () => {
  let ahead_ms = 0
  const clock = { now: () => Date.now() + ahead_ms, monotonic: () => performance.now() + ahead_ms }
  const own = new TestServer({ clock })
  /** Signed as of the server's time. */
  const late = (): Bend => ({ claims: { iat: Math.floor(clock.now() / 1000) } })
  afterAll(() => own.remove())

  test('an invitation is good for an hour, and an account until it expires', async () => {
    await own.start()
    const owner = await own.enrol(own.bootstrapSecret)
    const other = await own.invite(owner, 'Other')
    const body = { ...terms(['viewer']), owner: owner.id, days: 1 }
    const { account } = (await owner.api.post('/v1/service-accounts', body)).json
    const unapproved = (await owner.api.post('/v1/service-accounts', body)).json.account
    const { challenge } = (await other.api.get(`${path(account)}/approval`)).json
    await other.api.post(`${path(account)}/approve`, other.authenticator.assert(challenge))
    const { secret } = (await owner.api.post(`${path(account)}/invite`, {})).json
    ahead_ms = 3_601_000
    const key = own.caller()
    const enrol = (of: string): Promise<Answer> =>
      key.post('/v1/service-accounts/enroll', { secret: of }, late())
    expect(code(await enrol(secret))).toBe('SECRET_INVALID')
    const again = (await owner.api.post(`${path(account)}/invite`, {}, late())).json.secret
    expect((await enrol(again)).status).toBe(200)
    expect((await key.get('/v1/agents', late())).status).toBe(200)
    ahead_ms = DAY_MS + 60_000
    expect(code(await key.get('/v1/agents', late()))).toBe('SERVICE_ACCOUNT_EXPIRED')
    expect(code(await key.get('/v1/service-accounts/self', late()))).toBe('SERVICE_ACCOUNT_EXPIRED')
    expect(code(await other.api.get(`${path(unapproved)}/approval`, late()))).toBe('STATE_CONFLICT')
    const { accounts } = (await owner.api.get('/v1/service-accounts', late())).json
    expect(accounts.map(({ status }: { status: string }) => status)).toEqual(['expired', 'expired'])
  })
})

// At the end: whoever fails to enrol in the minute after it is turned away.
describe('a program that guesses', () => {
  test('is told to wait after many secrets that are wrong, and comes in with a good one', async () => {
    const id = await propose(['viewer'])
    await approve(id)
    const { secret } = (await invite(id)).json
    const codes = new Set<string | undefined>()
    for (let n = 0; n < 31; n++) codes.add(code(await enroll(server.caller(), 'guessed')))
    expect([...codes].at(-1)).toBe('TOO_MANY')
    expect((await enroll(server.caller(), secret)).status).toBe(200)
  })
})
