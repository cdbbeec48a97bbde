/** Provisioning as Okta and Entra ID document it, and as nobody should send it. spec/identity.md (IDN-14 to IDN-23). */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fsTileStore } from '../../../src/adapters/fs/tile-store.ts'
import { nodeCrypto } from '../../../src/adapters/node-crypto/node-crypto.ts'
import { thumbprint } from '../../../src/core/jwk.ts'
import { buildPack } from '../../../src/evidence/pack/build.ts'
import type { PackReport } from '../../../src/evidence/verify/report.ts'
import { verifyPack } from '../../../src/evidence/verify/verify.ts'
import { openCheckpoint } from '../../../src/log/checkpoint.ts'
import { packSigner } from '../../../test/fixtures/packs.ts'
import { filesWith } from '../../../test/fixtures/personal.ts'
import { until } from '../../../test/fixtures/processes.ts'
import { LyingProvider } from '../../../test/fixtures/lying-provider.ts'
import { Browser } from '../../../test/fixtures/browser.ts'
import { TestServer, type Answer, type Operator } from '../harness.ts'

interface Scimmed extends Answer {
  readonly headers: Headers
}

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User'
const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group'
const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'

class Client {
  readonly #base: () => string
  readonly token: string

  constructor(base: () => string, token: string) {
    this.#base = base
    this.token = token
  }

  async ask(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Scimmed> {
    const response = await fetch(`${this.#base()}/scim/v2${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/scim+json; charset=utf-8' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, json: text === '' ? null : JSON.parse(text), headers: response.headers }
  }

  find(resource: 'Users' | 'Groups', filter: string, more = ''): Promise<Scimmed> {
    return this.ask('GET', `/${resource}?filter=${encodeURIComponent(filter)}${more}`)
  }

  patch(path: string, ...Operations: readonly object[]): Promise<Scimmed> {
    return this.ask('PATCH', path, { schemas: [PATCH], Operations })
  }
}

const liar = new LyingProvider()
const proof = { kind: 'secret', secret: 's'.repeat(32) } as const
const settings = { issuer: '', clientId: 'countersign', proof }
const server = new TestServer({ oidc: settings, scimRoles: new Map([['CS Auditors', 'auditor']]) })
let ann: Operator

beforeAll(async () => {
  await liar.start()
  settings.issuer = liar.issuer
  await server.start()
  ann = await server.enrol(server.bootstrapSecret)
  await server.invite(ann, 'Ben')
})
afterAll(async () => {
  await liar.stop()
  await server.remove()
})

async function newClient(name: string): Promise<Client> {
  const { json } = await ann.api.post('/v1/scim/clients', { name, days: 365 })
  return new Client(server.base, json.token)
}

async function statusOf(person: string): Promise<string> {
  const { json } = await ann.api.get('/v1/people')
  return json.people.find((each: { id: string }) => each.id === person)?.status
}

async function named(name: string): Promise<{ id: string; status: string; endorsed: boolean }[]> {
  const { json } = await ann.api.get('/v1/people')
  return json.people.filter((each: { name: string | null }) => each.name === name)
}

/** Comes by the provider, registers a passkey in the ceremony that they are led to, and is endorsed. */
async function enrolled(sub: string): Promise<Operator> {
  liar.sub = sub
  const browser = new Browser()
  const { at } = await browser.follow(
    `${server.base()}/auth/oidc/start`,
    ({ pathname }) => pathname === '/auth/oidc/callback',
  )
  const answer = await browser.ask(at.href)
  const location = answer.headers.get('location') ?? ''
  expect([answer.status, new URL(location).pathname]).toEqual([303, '/ceremony'])
  const secret = new URL(location).hash.slice(1)
  const asked = await (await browser.post(`${server.base()}/v1/ceremonies/open`, { secret })).json()
  const { challenge, person } = asked as { challenge: string; person: { id: string } }
  const { authenticator } = server.enrolment(server.caller(), secret)
  const credential = authenticator.register(challenge)
  const done = await browser.post(`${server.base()}/v1/ceremonies/answer`, { secret, credential })
  expect([done.status, await done.text()]).toEqual([200, expect.any(String)])
  expect((await server.endorse(ann, person.id)).status).toBe(200)
  return { id: person.id, rev: '', api: ann.api, authenticator }
}

describe('a client that provisions', () => {
  test('is made by a person, has a token that is shown once, and does nothing else with it', async () => {
    const { json } = await ann.api.post('/v1/scim/clients', { name: 'Okta', days: 30 })
    expect(json).toMatchObject({
      client: json.client.startsWith('scm_') ? json.client : '',
      token: expect.any(String),
    })
    const { json: listed } = await ann.api.get('/v1/scim/clients')
    expect(JSON.stringify(listed)).not.toContain(json.token)
    const other = await fetch(`${server.base()}/v1/people`, {
      headers: { authorization: `Bearer ${json.token}` },
    })
    expect(other.status).toBe(401)
    const client = new Client(server.base, json.token)
    expect((await client.ask('GET', '/Users')).status).toBe(200)
    const { json: renewed } = await ann.api.post(`/v1/scim/clients/${json.client}/renew`, { days: 10 })
    expect((await client.ask('GET', '/Users')).status).toBe(401)
    const next = new Client(server.base, renewed.token)
    expect((await next.ask('GET', '/Users')).status).toBe(200)
    await ann.api.post(`/v1/scim/clients/${json.client}/remove`, {})
    const refused = await next.ask('GET', '/Users')
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="scim"'])
    expect(refused.json).toMatchObject({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
      status: '401',
    })
    expect((await ann.api.post('/v1/scim/clients', { name: 'x', days: 366 })).status).toBe(400)
  })

  test('says what it can do', async () => {
    const client = await newClient('Discovery')
    const { json, headers } = await client.ask('GET', '/ServiceProviderConfig')
    expect(json).toMatchObject({
      patch: { supported: true },
      filter: { supported: true },
      bulk: { supported: false },
    })
    expect(headers.get('content-type')).toBe('application/scim+json')
    const { json: types } = await client.ask('GET', '/ResourceTypes')
    expect(types.Resources.map((each: { id: string }) => each.id)).toEqual(['User', 'Group'])
    expect((await client.ask('GET', `/Schemas/${USER}`)).json).toMatchObject({ id: USER, name: 'User' })
    expect((await client.ask('GET', '/Schemas/urn:none')).status).toBe(404)
  })

  test('sees and changes nothing of another client', async () => {
    const [one, two] = [await newClient('One'), await newClient('Two')]
    const { json: user } = await one.ask('POST', '/Users', { schemas: [USER], userName: 'only@one.example' })
    const { json: group } = await one.ask('POST', '/Groups', { schemas: [GROUP], displayName: 'Of one' })
    for (const path of [`/Users/${user.id}`, `/Groups/${group.id}`]) {
      expect((await two.ask('GET', path)).status).toBe(404)
      expect((await two.ask('DELETE', path)).status).toBe(404)
      expect((await two.patch(path, { op: 'replace', path: 'displayName', value: 'x' })).status).toBe(404)
    }
    expect((await two.find('Users', 'userName eq "only@one.example"')).json.totalResults).toBe(0)
    const again = await two.ask('POST', '/Users', { schemas: [USER], userName: 'ONLY@one.example' })
    expect([again.status, again.json.scimType]).toEqual([409, 'uniqueness'])
    const member = { displayName: 'Theirs', members: [{ value: user.id }] }
    expect((await two.ask('POST', '/Groups', member)).json).toMatchObject({
      status: '400',
      scimType: 'invalidValue',
    })
  })
})

describe('as Okta documents it', () => {
  let okta: Client
  beforeAll(async () => void (okta = await newClient('Okta')))
  const said = {
    schemas: [USER],
    userName: 'isaac@acme.example',
    name: { givenName: 'Isaac', familyName: 'Brock' },
    emails: [{ primary: true, value: 'isaac@acme.example', type: 'work' }],
    displayName: 'Isaac Brock',
    locale: 'en-US',
    externalId: '00ujl29u0le5T6Aj10h7',
    groups: [],
    password: '1mz050nq',
    active: true,
  }

  test('tests its token, looks for the user, makes them, reads them, replaces them, deactivates and reactivates them', async () => {
    expect((await okta.ask('GET', '/Users?startIndex=1&count=2')).json).toMatchObject({
      totalResults: 0,
      Resources: [],
    })
    expect(
      (await okta.find('Users', 'userName eq "isaac@acme.example"', '&startIndex=1&count=100')).json
        .totalResults,
    ).toBe(0)
    const made = await okta.ask('POST', '/Users', said)
    expect(made.status).toBe(201)
    expect(made.json).toMatchObject({
      userName: said.userName,
      externalId: said.externalId,
      active: true,
      locale: 'en-US',
    })
    expect(JSON.stringify(made.json)).not.toContain('1mz050nq')
    const { id } = made.json
    expect(made.headers.get('location')).toBe(`${server.base()}/scim/v2/Users/${id}`)
    expect((await okta.ask('POST', '/Users', said)).json).toMatchObject({
      status: '409',
      scimType: 'uniqueness',
    })
    const found = await okta.find('Users', 'userName eq "Isaac@Acme.example"')
    expect(found.json).toMatchObject({ totalResults: 1, startIndex: 1, Resources: [{ id }] })
    const [isaac] = await named('Isaac Brock')
    expect(isaac).toMatchObject({ status: 'added', endorsed: false })
    const replaced = await okta.ask('PUT', `/Users/${id}`, {
      ...said,
      id,
      name: { givenName: 'Isaac', familyName: 'Brook' },
    })
    expect(replaced.json).toMatchObject({ id, name: { familyName: 'Brook' }, active: true })
    const off = await okta.patch(`/Users/${id}`, { op: 'replace', value: { active: false } })
    expect([off.status, off.json.active]).toEqual([200, false])
    expect(await statusOf(isaac?.id ?? '')).toBe('left')
    expect((await okta.ask('GET', `/Users/${id}`)).json.active).toBe(false)
    const on = await okta.patch(`/Users/${id}`, { op: 'replace', value: { active: true } })
    expect(on.json).toMatchObject({ id, active: true })
    // Who left stays gone: it is another person behind the same user.
    const both = await named('Isaac Brock')
    expect(both.map((each) => each.status).toSorted()).toEqual(['added', 'left'])
  })

  test('pushes a group, renames it without a path, fills and empties it', async () => {
    const { json: user } = await okta.ask('POST', '/Users', {
      ...said,
      userName: 'g@acme.example',
      externalId: 'g1',
    })
    const { json: group } = await okta.ask('POST', '/Groups', {
      schemas: [GROUP],
      displayName: 'Everyone',
      members: [],
    })
    const { id } = group
    const renamed = await okta.patch(`/Groups/${id}`, { op: 'replace', value: { id, displayName: 'All' } })
    expect(renamed.json.displayName).toBe('All')
    const member = { value: user.id, display: 'g@acme.example' }
    const filled = await okta.patch(`/Groups/${id}`, { op: 'add', path: 'members', value: [member] })
    expect(filled.json.members).toMatchObject([{ value: user.id }])
    expect((await okta.ask('GET', `/Users/${user.id}`)).json.groups).toMatchObject([
      { value: id, display: 'All' },
    ])
    const emptied = await okta.patch(`/Groups/${id}`, {
      op: 'remove',
      path: `members[value eq "${user.id}"]`,
    })
    expect(emptied.json.members).toEqual([])
    expect((await okta.find('Groups', 'displayName eq "All"')).json.totalResults).toBe(1)
    expect((await okta.ask('DELETE', `/Groups/${id}`)).status).toBe(204)
    expect((await okta.ask('GET', `/Groups/${id}`)).status).toBe(404)
  })
})

describe('as Entra ID documents it', () => {
  let entra: Client
  beforeAll(async () => void (entra = await newClient('Entra')))
  const said = {
    schemas: [USER, ENTERPRISE],
    externalId: '0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef',
    userName: 'Test_User_ab6490ee@testuser.example',
    active: true,
    emails: [{ primary: true, type: 'work', value: 'Test_User_fd0ea19b@testuser.example' }],
    meta: { resourceType: 'User' },
    name: { formatted: 'givenName familyName', familyName: 'familyName', givenName: 'givenName' },
    roles: [],
    [ENTERPRISE]: { department: 'bob' },
  }

  test('asks for somebody who cannot be, makes a user, changes them in its own ways, and lets them go', async () => {
    const probe = await entra.find('Users', 'userName eq "non-existent user"')
    expect([probe.status, probe.json.totalResults]).toEqual([200, 0])
    expect((await entra.find('Users', `externalId eq "${said.externalId}"`)).json.totalResults).toBe(0)
    const { json: made, status } = await entra.ask('POST', '/Users', said)
    expect([status, made[ENTERPRISE]]).toEqual([201, { department: 'bob' }])
    const path = `/Users/${made.id}`
    expect(
      (await entra.find('Users', `externalId eq "${said.externalId}" and active eq true`)).json.totalResults,
    ).toBe(1)
    expect((await entra.find('Users', `id eq "${made.id}" and active eq false`)).json.totalResults).toBe(0)
    const changed = await entra.patch(
      path,
      { op: 'Replace', path: 'emails[type eq "work"].value', value: 'updatedEmail@testuser.example' },
      { op: 'Replace', path: 'name.familyName', value: 'updatedFamilyName' },
      { op: 'Add', path: `${ENTERPRISE}:department`, value: 'Hiring' },
      { op: 'Add', path: 'phoneNumbers[type eq "mobile"].value', value: '555' },
      {
        op: 'Add',
        value: { 'name.givenName': 'Ada', displayName: 'Ada U', [`${ENTERPRISE}:employeeNumber`]: '7' },
      },
    )
    expect(changed.status).toBe(200)
    expect(changed.json).toMatchObject({
      emails: [{ type: 'work', value: 'updatedEmail@testuser.example', primary: true }],
      name: { familyName: 'updatedFamilyName', givenName: 'Ada' },
      phoneNumbers: [{ type: 'mobile', value: '555' }],
      displayName: 'Ada U',
      [ENTERPRISE]: { department: 'Hiring', employeeNumber: '7' },
    })
    const removed = await entra.patch(path, { op: 'Remove', path: 'displayName' })
    expect(removed.json.displayName).toBeUndefined()
    const renamed = await entra.patch(path, {
      op: 'Replace',
      path: 'userName',
      value: '5b50642d@testuser.example',
    })
    expect(renamed.json.userName).toBe('5b50642d@testuser.example')
    expect((await entra.find('Users', 'userName eq "5b50642d@testuser.example"')).json.totalResults).toBe(1)
    const off = await entra.patch(path, { op: 'Replace', path: 'active', value: 'False' })
    expect(off.json.active).toBe(false)
    const listed = await entra.find('Users', 'userName eq "5b50642d@testuser.example"')
    expect(listed.json.Resources[0].active).toBe(false)
    expect((await entra.ask('DELETE', path)).status).toBe(204)
    expect((await entra.ask('GET', path)).status).toBe(404)
    expect((await entra.ask('DELETE', path)).status).toBe(404)
  })

  test('reads groups without their members, and takes members out by a list', async () => {
    const { json: user } = await entra.ask('POST', '/Users', {
      ...said,
      userName: 'm@t.example',
      externalId: 'm',
    })
    const { json: made } = await entra.ask('POST', '/Groups', {
      schemas: [GROUP, 'http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group'],
      externalId: '8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159',
      displayName: 'displayName',
      meta: { resourceType: 'Group' },
    })
    const path = `/Groups/${made.id}`
    await entra.patch(path, { op: 'Add', path: 'members', value: [{ $ref: null, value: user.id }] })
    expect((await entra.ask('GET', `${path}?excludedAttributes=members`)).json.members).toBeUndefined()
    const listed = await entra.find('Groups', 'displayName eq "displayName"', '&excludedAttributes=members')
    expect(listed.json.Resources).toMatchObject([
      { id: made.id, externalId: '8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159' },
    ])
    expect((await entra.ask('GET', path)).json.members).toMatchObject([{ value: user.id }])
    await entra.patch(path, { op: 'Replace', path: 'displayName', value: '1879db59' })
    await entra.patch(path, { op: 'Remove', path: 'members', value: [{ $ref: null, value: user.id }] })
    expect((await entra.ask('GET', path)).json).toMatchObject({ displayName: '1879db59', members: [] })
  })
})

describe('who is provisioned', () => {
  test('comes by the provider, registers a passkey, is endorsed, and is proposed for the role of their group', async () => {
    const client = await newClient('Roles')
    const { json: user } = await client.ask('POST', '/Users', {
      userName: 'dora@x.example',
      externalId: 'dora',
      displayName: 'Dora',
    })
    const { json: group } = await client.ask('POST', '/Groups', {
      displayName: 'CS Auditors',
      members: [{ value: user.id }],
    })
    const rolesOf = async (person: string): Promise<{ id: string; status: string; proposer: string }[]> =>
      (await ann.api.get('/v1/roles')).json.roles.filter(
        (each: { holding: { person: string } }) => each.holding.person === person,
      )
    const dora = await enrolled('dora')
    const [role] = await rolesOf(dora.id)
    expect(role).toMatchObject({ holding: { kind: 'role', role: 'auditor' }, status: 'waiting' })
    expect(role?.proposer).toMatch(/^scm_/)
    const { json: asked } = await ann.api.get(`/v1/roles/${role?.id}/approval`)
    const approved = await ann.api.post(
      `/v1/roles/${role?.id}/approve`,
      ann.authenticator.assert(asked.challenge),
    )
    expect(approved.status).toBe(200)
    // The next time the account opens a session: it is linked now, whatever the claim says.
    const browser = new Browser()
    const { at } = await browser.follow(
      `${server.base()}/auth/oidc/start`,
      ({ pathname }) => pathname === '/auth/oidc/callback',
    )
    expect((await browser.ask(at.href)).headers.get('location')).toBe('/console/')
    await client.patch(`/Groups/${group.id}`, { op: 'remove', path: `members[value eq "${user.id}"]` })
    expect((await rolesOf(dora.id)).map(({ status }) => status)).toEqual(['removed'])
    await client.patch(`/Users/${user.id}`, { op: 'replace', value: { active: false } })
    expect(await statusOf(dora.id)).toBe('left')
    expect((await browser.ask(`${server.base()}/v1/session`)).status).toBe(401)
  })

  test('nobody else takes their place by a name that was theirs', async () => {
    const client = await newClient('Names')
    await client.ask('POST', '/Users', { userName: 'eva@x.example', externalId: 'eva', displayName: 'Eva' })
    await enrolled('eva')
    const { json } = await client.find('Users', 'externalId eq "eva"')
    // The directory gives the identifier to another user: their account is another.
    await client.patch(`/Users/${json.Resources[0].id}`, {
      op: 'replace',
      path: 'externalId',
      value: 'eva-2',
    })
    liar.sub = 'eva-2'
    const browser = new Browser()
    const { at } = await browser.follow(
      `${server.base()}/auth/oidc/start`,
      ({ pathname }) => pathname === '/auth/oidc/callback',
    )
    const answer = await browser.ask(at.href)
    expect(await answer.text()).toContain('data-code="STATE_CONFLICT"')
  })

  test('nobody comes in as somebody who has a passkey here, whom the directory calls as them', async () => {
    const client = await newClient('Second')
    const { json: user } = await client.ask('POST', '/Users', {
      userName: 'gil@x.example',
      externalId: 'gil',
      displayName: 'Gil',
    })
    const gil = await enrolled('gil')
    const { identities } = (await ann.api.get('/v1/identities')).json
    const { id } = identities.find(({ person }: { person: string }) => person === gil.id)
    await ann.api.post(`/v1/identities/${id}/unlink`, {})
    // Another user of the provider, whom the directory calls what it called Gil; and Gil, who connects it with a passkey.
    for (const sub of ['gil-2', 'gil']) {
      await client.patch(`/Users/${user.id}`, { op: 'replace', path: 'externalId', value: sub })
      liar.sub = sub
      const browser = new Browser()
      const isThere = ({ pathname }: URL): boolean => pathname === '/auth/oidc/callback'
      const { at } = await browser.follow(`${server.base()}/auth/oidc/start`, isThere)
      expect(await (await browser.ask(at.href)).text()).toContain('data-code="IDENTITY_UNKNOWN"')
    }
    await connected(server, gil)
    const { json } = await ann.api.get('/v1/identities')
    expect(json.identities).toContainEqual(expect.objectContaining({ person: gil.id, by: 'connect' }))
  })

  test('a name is one however it is written, and none that looks like another', async () => {
    const client = await newClient('Written')
    const add = async (userName: string): Promise<[number, string | undefined]> => {
      const { status, json } = await client.ask('POST', '/Users', { userName })
      return [status, json.scimType]
    }
    expect((await add('pace@x.example'))[0]).toBe(201)
    for (const same of ['PACE@X.EXAMPLE', 'ｐａｃｅ@x.example', 'pa\u200bce@x.example', 'расе@x.example'])
      expect(await add(same)).toEqual([409, 'uniqueness'])
    expect(await add('pасe@x.example')).toEqual([400, 'invalidValue'])
    expect((await add('иван@x.example'))[0]).toBe(201)
    // Whichever of the two came first.
    expect((await add('сора@x.example'))[0]).toBe(201)
    for (const like of ['copa@x.example', 'сοра@x.example'])
      expect((await add(like))[1]).toBe(like === 'copa@x.example' ? 'uniqueness' : 'invalidValue')
  })

  test('a name keeps nobody in who is to leave, and is judged when they come back', async () => {
    const client = await newClient('Kept')
    const add = async (userName: string): Promise<string> =>
      (await client.ask('POST', '/Users', { userName, externalId: userName })).json.id
    await add('axe@x.example')
    const ids = [await add('kim@x.example'), await add('lee@x.example'), await add('mia@x.example')]
    const bad = ['axe@x.example', 'ахе@x.example', 'aхe@x.example']
    for (const [n, userName] of bad.entries()) {
      const path = `/Users/${ids[n]}`
      const said = { userName, externalId: 'axe@x.example' }
      expect((await client.ask('PUT', path, { ...said, active: true })).status).not.toBe(200)
      const gone = await client.ask('PUT', path, { ...said, active: false })
      expect([gone.status, gone.json.active]).toEqual([200, false])
      expect((await client.patch(path, { op: 'replace', value: { active: true } })).status).not.toBe(200)
    }
    expect((await client.find('Users', 'userName eq "axe@x.example"')).json.totalResults).toBe(1)
    const own = await add('noa@x.example')
    for (const active of [false, true]) {
      const answer = await client.patch(`/Users/${own}`, { op: 'replace', value: { active } })
      expect([answer.status, answer.json.active]).toEqual([200, active])
    }
  })

  test('an address names somebody where it was said so, and the provider verified it', async () => {
    const match = { claim: 'email', attribute: 'userName' } as const
    const other = await new TestServer({ oidc: { ...settings, match } }).start()
    const owner = await other.enrol(other.bootstrapSecret)
    const { json } = await owner.api.post('/v1/scim/clients', { name: 'c', days: 1 })
    const client = new Client(other.base, json.token)
    const { json: user } = await client.ask('POST', '/Users', {
      userName: 'Fay@x.example',
      externalId: 'fay-id',
    })
    const comes = async (claims: Record<string, unknown>): Promise<[number, string]> => {
      liar.bends = { claims }
      const browser = new Browser()
      const isThere = ({ pathname }: URL): boolean => pathname === '/auth/oidc/callback'
      const { at } = await browser.follow(`${other.base()}/auth/oidc/start`, isThere)
      const answer = await browser.ask(at.href)
      return [answer.status, answer.headers.get('location')?.split('#')[0] ?? (await answer.text())]
    }
    const email = 'fay@x.example'
    for (const claims of [
      { email },
      { email, email_verified: false },
      { email, email_verified: 'true' },
      { sub: 'fay-id' },
    ])
      expect(await comes({ sub: 'fay', ...claims })).toEqual([
        403,
        expect.stringContaining('IDENTITY_UNKNOWN'),
      ])
    const [status, location] = await comes({ sub: 'fay', email, email_verified: true })
    expect([status, new URL(location).pathname]).toEqual([303, '/ceremony'])
    // From then on it is the account that counts: the address may be anybody's.
    expect((await comes({ sub: 'fay', email: 'other@x.example' }))[0]).toBe(303)
    expect(await comes({ sub: 'mallory', email, email_verified: true })).toEqual([
      409,
      expect.stringContaining('STATE_CONFLICT'),
    ])
    await client.patch(`/Users/${user.id}`, { op: 'replace', value: { active: false } })
    expect(await comes({ sub: 'fay', email, email_verified: true })).toEqual([
      403,
      expect.stringContaining('IDENTITY_UNKNOWN'),
    ])
    liar.bends = {}
    await other.remove()
  })

  test('who was erased is no user any more, and the log gives the same registers', async () => {
    const other = await new TestServer().start()
    const owner = await other.enrol(other.bootstrapSecret)
    const { json } = await owner.api.post('/v1/scim/clients', { name: 'c', days: 1 })
    const client = new Client(other.base, json.token)
    const { json: user } = await client.ask('POST', '/Users', {
      userName: 'gone@x.example',
      displayName: 'Gone',
    })
    await client.ask('POST', '/Groups', { displayName: 'G', members: [{ value: user.id }] })
    await client.patch(`/Users/${user.id}`, { op: 'replace', value: { active: false } })
    const { json: people } = await owner.api.get('/v1/people')
    const { id } = people.people.find((each: { name: string }) => each.name === 'Gone')
    const { json: asked } = await owner.api.get(`/v1/subjects/${id}/erasure?basis=request`)
    const gesture = owner.authenticator.assert(asked.challenge)
    expect((await owner.api.post(`/v1/subjects/${id}/erase`, { ...gesture, basis: 'request' })).status).toBe(
      200,
    )
    expect((await client.ask('GET', `/Users/${user.id}`)).status).toBe(404)
    expect((await client.find('Users', 'userName eq "gone@x.example"')).json.totalResults).toBe(0)
    expect((await client.find('Groups', 'displayName eq "G"')).json.Resources[0].members).toEqual([])
    await other.remove()
  })

  test('the last person who is endorsed cannot be taken away, and what they sealed is', async () => {
    const alone = new TestServer({ oidc: settings })
    await alone.start()
    const only = await alone.enrol(alone.bootstrapSecret)
    const ben = await alone.invite(only, 'Ben')
    const agent = await alone.agent(only, ben)
    const point = (await alone.point(only)).id
    const delegated = async (): Promise<string> => (await alone.delegate(only, agent, point)).jti
    const isRevoked = async (jti: string): Promise<unknown> =>
      (await only.api.get(`/v1/delegations/${jti}`)).json.revoked
    const alertsOf = async (subject: string): Promise<unknown> =>
      (await only.api.get('/v1/alerts')).json.alerts.filter(
        (alert: { subject: string }) => alert.subject === subject,
      )
    expect((await only.api.post(`/v1/people/${ben.id}/leave`, { reason: 'left' })).status).toBe(200)
    const { json } = await only.api.post('/v1/scim/clients', { name: 'c', days: 1 })
    const client = new Client(alone.base, json.token)
    liar.sub = 'only'
    // They connected their account before they were provisioned: the user is them.
    await connected(alone, only)
    const said = { userName: 'only@x.example', externalId: 'only' }

    const first = await delegated()
    expect((await client.ask('POST', '/Users', { ...said, active: false })).status).toBe(409)
    expect(await isRevoked(first)).toBe(true)
    expect(await alertsOf(only.id)).toMatchObject([
      { rule: 'LAST_PERSON_DEPROVISIONED', detail: { revoked: 1 } },
    ])

    const { json: user } = await client.ask('POST', '/Users', said)
    const second = await delegated()
    const off = await client.patch(`/Users/${user.id}`, { op: 'replace', path: 'active', value: false })
    expect(off.status).toBe(409)
    expect(off.json.detail).toContain('enrol and endorse another first')
    expect(await isRevoked(second)).toBe(true)

    // A chain that cannot be read keeps nothing in force, and each stop of the day is said.
    const [third, fourth] = [await delegated(), await delegated()]
    const db = new DatabaseSync(join(alone.dataDir, 'countersign.db'))
    const setChain = db.prepare('UPDATE delegations SET chain = ? WHERE jti = ?')
    const { chain } = db.prepare('SELECT chain FROM delegations WHERE jti = ?').get(third) ?? {}
    setChain.run('', third)
    expect((await client.ask('DELETE', `/Users/${user.id}`)).status).toBe(409)
    setChain.run(chain ?? null, third)
    db.close()
    expect([await isRevoked(third), await isRevoked(fourth)]).toEqual([true, true])
    expect(await alertsOf(user.id)).toMatchObject([{ count: 2, detail: { revoked: 2 } }])
    expect((await client.ask('DELETE', `/Users/${user.id}`)).status).toBe(409)
    expect(await alertsOf(user.id)).toMatchObject([{ count: 3 }])
    expect((await client.ask('DELETE', `/Users/${user.id}`)).status).toBe(409)
    expect(await alertsOf(user.id)).toMatchObject([{ count: 3 }])
    expect((await client.ask('GET', `/Users/${user.id}`)).json.active).toBe(true)
    expect(await verifiedPack(alone, only)).toMatchObject({ integrity: true, faults: [] })
    await alone.remove()
  })
})

test('a pack over all of it verifies, and the log holds no name of anybody', async () => {
  expect(await verifiedPack(server, ann)).toMatchObject({ integrity: true, faults: [] })
  for (const personal of ['isaac@acme.example', 'Isaac Brock', '00ujl29u0le5T6Aj10h7', 'dora@x.example'])
    expect(filesWith(server.dataDir, personal)).toEqual([])
})

/** Over the last day, built and verified. */
async function verifiedPack(at: TestServer, by: Operator): Promise<PackReport> {
  const { size } = (await by.api.get('/v1/entries?limit=1')).json
  const checkpoint = await until('a checkpoint', () => {
    const note = readFileSync(join(at.dataDir, 'log', 'checkpoint'))
    return openCheckpoint(nodeCrypto, note, at.running.vkey).size >= size ? note : null
  })
  const source = {
    tiles: fsTileStore(join(at.dataDir, 'log')),
    vkey: at.running.vkey,
    checkpoint,
    start: null,
    sign: packSigner(by.api),
    openSource: () => Promise.resolve(null),
  }
  const now = Math.floor(Date.now() / 1000) * 1000
  const { bytes } = await buildPack(nodeCrypto, source, { from_ms: now - 86_400_000, to_ms: now })
  return (await verifyPack(nodeCrypto, bytes, at.running.vkey)).report
}

/** A person connects the account of `liar.sub` in a session by passkey. */
async function connected(at: TestServer, person: Operator): Promise<void> {
  const browser = new Browser()
  const { challenge } = (await (await browser.post(`${at.base()}/v1/session/challenge`, {})).json()) as {
    challenge: string
  }
  const credential_id = thumbprint(nodeCrypto, person.authenticator.jwk)
  const gesture = person.authenticator.assert(challenge)
  await browser.post(`${at.base()}/v1/session/passkey`, { challenge, credential_id, gesture })
  const { url } = (await (await browser.post(`${at.base()}/v1/session/connect`, {})).json()) as {
    url: string
  }
  const { at: callback } = await browser.follow(url, ({ pathname }) => pathname === '/auth/oidc/callback')
  expect((await browser.ask(callback.href)).status).toBe(303)
}

describe('what nobody should send', () => {
  let client: Client
  let id: string
  beforeAll(async () => {
    client = await newClient('Fuzz')
    id = (await client.ask('POST', '/Users', { userName: 'f@x.example', displayName: 'F' })).json.id
  })

  test.each([
    'userName eq',
    'userName',
    'userName eq "x" or userName eq "y"',
    'userName eq "x" and',
    'userName co "x"',
    'not (userName eq "x")',
    'password eq "x"',
    'name_key eq "x"',
    "userName eq 'x' OR 1=1 --",
    'userName eq "x" and userName eq "y"',
    'active eq "perhaps"',
    'userName eq true',
    '"x" eq userName',
    'userName eq "\\x"',
    'userName eq "\u0000',
    `userName eq "${'x'.repeat(2_000)}"`,
    '('.repeat(500),
  ])('a filter that is none (%#)', async (filter) => {
    const answer = await client.find('Users', filter)
    expect([answer.status, answer.json.scimType]).toEqual([400, 'invalidFilter'])
  })

  test.each([`x" or "1"="1`, `%`, `*`, `f@x.example' --`, '\\', '"'])(
    'a value is a value: %s',
    async (value) => {
      const answer = await client.find('Users', `userName eq ${JSON.stringify(value)}`)
      expect([answer.status, answer.json.totalResults]).toEqual([200, 0])
    },
  )

  test.each([
    ['POST', '/Users', ''],
    ['POST', '/Users', '{'],
    ['POST', '/Users', '[]'],
    ['POST', '/Users', 'null'],
    ['POST', '/Users', '{"userName":1}'],
    ['POST', '/Users', '{"userName":""}'],
    ['POST', '/Users', '{"userName":"a","userName":"b"}'],
    ['POST', '/Users', '{"userName":"a","active":"perhaps"}'],
    ['POST', '/Users', '{"userName":"a","__proto__":{"x":1}}'],
    ['POST', '/Users', '{"userName":"a","externalId":{}}'],
    ['POST', '/Users', `{"userName":"a","x":"${'y'.repeat(20_000)}"}`],
    ['POST', '/Users', `{"userName":"a","x":${'['.repeat(60)}${']'.repeat(60)}}`],
    ['POST', '/Users', '{"userName":"\\ud800"}'],
    ['POST', '/Groups', '{"displayName":[]}'],
    ['POST', '/Groups', '{"displayName":"g","members":[{"value":7}]}'],
    ['POST', '/Groups', '{"displayName":"g","members":"nobody"}'],
    ['PATCH', '/Users/ID', '{}'],
    ['PATCH', '/Users/ID', '{"Operations":{}}'],
    ['PATCH', '/Users/ID', '{"Operations":[null]}'],
    ['PATCH', '/Users/ID', '{"Operations":[{"op":"move","path":"a"}]}'],
    ['PATCH', '/Users/ID', '{"Operations":[{"op":"remove"}]}'],
    ['PATCH', '/Users/ID', '{"Operations":[{"op":"add","value":"x"}]}'],
    ['PATCH', '/Users/ID', '{"Operations":[{"op":"add","path":"__proto__.x","value":"x"}]}'],
    ['PATCH', '/Users/ID', '{"Operations":[{"op":"add","path":"a[b eq \\"","value":"x"}]}'],
    [
      'PATCH',
      '/Users/ID',
      '{"Operations":[{"op":"add","path":"emails[type gt \\"a\\"].value","value":"x"}]}',
    ],
    ['PATCH', '/Users/ID', '{"Operations":[{"op":"remove","path":"userName"}]}'],
    ['PATCH', '/Users/ID', '{"Operations":[{"op":"replace","path":"userName","value":{"a":1}}]}'],
    ['PATCH', '/Users/ID', '{"Operations":[{"op":"replace","path":"active","value":[]}]}'],
    ['PUT', '/Users/ID', '{}'],
  ])('a malformed %s of %s is refused and changes nothing (%#)', async (method, path, body) => {
    const before = (await client.ask('GET', '/Users')).json
    const answer = await client.ask(method, path.replace('ID', id), body)
    expect(answer.status).toBe(400)
    expect(answer.json).toMatchObject({
      status: '400',
      scimType: expect.any(String),
      detail: expect.any(String),
    })
    expect((await client.ask('GET', '/Users')).json).toEqual(before)
  })

  test('is told what is too much, of another type, or nowhere', async () => {
    expect((await client.ask('POST', '/Users', `{"x":"${'y'.repeat(300_000)}"}`)).status).toBe(413)
    expect(
      (await client.ask('POST', '/Users', '{"userName":"t"}', { 'content-type': 'text/plain' })).status,
    ).toBe(400)
    expect((await client.ask('GET', '/Nothing')).json).toMatchObject({ status: '404' })
    expect((await client.ask('GET', '/Users?startIndex=x')).status).toBe(400)
    expect((await client.ask('GET', '/Users?startIndex=-5&count=-1')).json).toMatchObject({
      startIndex: 1,
      Resources: [],
    })
    expect((await client.ask('GET', '/Users?count=100000')).status).toBe(200)
  })

  test('a patch that says the same again is no entry', async () => {
    const change = { op: 'replace', path: 'displayName', value: 'F' }
    await client.patch(`/Users/${id}`, change)
    const { json: before } = await client.ask('GET', `/Users/${id}`)
    await client.patch(`/Users/${id}`, change)
    expect((await client.ask('GET', `/Users/${id}`)).json.meta).toEqual(before.meta)
  })

  test('a client that asks too fast waits', async () => {
    const fast = await newClient('Fast')
    const answers = await Promise.all(Array.from({ length: 620 }, () => fast.ask('GET', '/Users?count=0')))
    const last = answers.find(({ status }) => status === 429)
    expect(last?.headers.get('retry-after')).toBe('30')
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(600)
    expect((await ann.api.get('/v1/people')).status).toBe(200)
  })
})
