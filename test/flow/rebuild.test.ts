/** The registers from the log: a real history, compared, changed behind its back, and rebuilt into a server. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { commitTo } from '../../src/log/commitment.ts'
import { approvalChallenge } from '../../src/token/approval.ts'
import {
  delegationOf,
  registersOf,
  TestServer,
  type Caller,
  type Operator,
} from '../../apps/server/harness.ts'
import { signRotation } from '../../src/core/service-rotation.ts'
import { createServer } from '../../apps/server/server.ts'
import { openCopy, tableNames } from '../../src/adapters/sqlite/offline.ts'
import { comparedTables } from '../../src/registry/rebuild/compare.ts'
import { TABLES } from '../../src/registry/rebuild/tables.ts'
import { lastDelegation } from '../../src/token/narrow.ts'
import { playConsents } from '../fixtures/consents.ts'
import { DomainAsker, READ as READ_DATA } from '../contract/domains.ts'
import { packOver } from '../fixtures/packs.ts'
import { debitOf, need, openingOf, Spool } from '../fixtures/spool.ts'
import { CLI } from './stage.ts'

const READ = { type: 'tool', server: 'files', actions: ['read'] }
/** What people said, and nowhere in a report or a rebuilt database. */
const PERSONAL = ['Zacharias', 'read the reports', 'salaries.txt']

const server = new TestServer()
let ann: Operator
let ben: Operator
let folder: string
let vkey: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-rebuild-'))
  await server.start()
  await playHistory()
  vkey = server.running.vkey
  await server.running.close()
})
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await server.remove()
})

async function playHistory(): Promise<void> {
  ann = await server.enrol(server.bootstrapSecret)
  ben = await server.invite(ann, 'Zacharias')
  const cat = await server.invite(ann, 'Cat')
  const gone = (await ann.api.post('/v1/people', { name: 'Never came' })).json.person
  await ann.api.post('/v1/revocations', { kind: 'person', target: gone, reason: 'typo' })
  await playTemplates()
  await playRoles(cat)
  await playServices(cat)
  const { invitation } = (await ann.api.post(`/v1/people/${ben.id}/recover`, {})).json
  await server.enrol(invitation) // never endorsed: nothing of it counts
  const { id: system } = (await ann.api.post('/v1/systems', { name: 'Files' })).json
  const tool = { system, server: 'files', tool: 'read', definition_hash: 'D'.repeat(43), measures: {} }
  await ann.api.post('/v1/tools', tool)
  const changed = { ...tool, definition_hash: 'E'.repeat(43), resources: ['/path'] }
  const { waiting } = (await ann.api.post('/v1/tools', changed)).json
  await ann.api.post('/v1/tools', { ...tool, definition_hash: 'F'.repeat(42) + 'A' })
  const { challenge } = (await ben.api.get(`/v1/tools/changes/${waiting}/approval`)).json
  await ben.api.post(`/v1/tools/changes/${waiting}/approve`, ben.authenticator.assert(challenge))
  await ann.api.post('/v1/tools', { ...tool, definition_hash: 'F'.repeat(42) + 'E' })
  await playLabels()
  for (let n = 0; n < 2; n++) {
    const { source } = (await ann.api.post('/v1/telemetry/sources', { kind: 'metrics', agent: null })).json
    if (n === 1) await ann.api.post(`/v1/telemetry/sources/${source}/remove`, {})
  }
  const point = await server.point(ann)
  const [bot, other, third] = [
    await server.agent(ann, ben),
    await server.agent(ann, ben),
    await server.agent(ben, ann),
  ]
  const first = await server.delegate(ann, bot, point.id)
  await ann.api.post('/v1/keys/issuer/rotate', {})
  await server.delegate(ann, other, point.id)
  await playQuorum(bot, point.id, cat)
  await ann.api.post('/v1/delegations/drafts', delegationOf(bot, point.id)) // never sealed: its place stays taken
  const spool = await playReceipts(point)
  await playLimits(spool, await limitedRoot(bot, point.id))
  await playDomains(spool)
  await playConsents(ann, ben, spool)
  await playApprovals(point, bot.id, first.jti)
  await ann.api.post('/v1/revocations', { kind: 'delegation', target: first.jti, reason: 'done' })
  await ann.api.post(`/v1/agents/${other.id}/suspend`, { reason: 'odd' })
  await ann.api.post('/v1/revocations', { kind: 'agent', target: third.id, reason: 'over' })
  await ann.api.post('/v1/revocations', { kind: 'person', target: cat.id, reason: 'left' })
  const keys = (await ann.api.get('/v1/keys')).json.issuer
  await ann.api.post(`/v1/keys/issuer/${keys[1].kid}/compromise`, { reason: 'leaked' })
  await playErasures(first.jti, gone, cat.id)
}

/** From the first one on roles decide: who goes on to act is an owner. */
async function playOwner(person: Operator): Promise<void> {
  const { role } = (await person.api.post('/v1/roles', { kind: 'role', person: person.id, role: 'owner' }))
    .json
  const { challenge } = (await ann.api.get(`/v1/roles/${role}/approval`)).json
  await ann.api.post(`/v1/roles/${role}/approve`, ann.authenticator.assert(challenge))
}

/** One that is in force, one that was removed, one that waits. */
async function playRoles(cat: Operator): Promise<void> {
  // From the first one on roles decide: who goes on to act is an owner.
  const { role: own } = (await cat.api.post('/v1/roles', { kind: 'role', person: cat.id, role: 'owner' }))
    .json
  const asked = (await ann.api.get(`/v1/roles/${own}/approval`)).json
  await ann.api.post(`/v1/roles/${own}/approve`, ann.authenticator.assert(asked.challenge))
  for (const role of ['owner', 'approver', 'viewer']) {
    const { role: id } = (await ann.api.post('/v1/roles', { kind: 'role', person: ben.id, role })).json
    if (role === 'viewer') return
    const { challenge } = (await cat.api.get(`/v1/roles/${id}/approval`)).json
    const approved = await cat.api.post(`/v1/roles/${id}/approve`, cat.authenticator.assert(challenge))
    expect(approved.status).toBe(200)
    if (role === 'approver') await ann.api.post(`/v1/roles/${id}/remove`, { reason: 'over' })
  }
}

/** One that rotated and acted, one that was disabled, one that waits, one whose owner leaves. */
async function playServices(cat: Operator): Promise<void> {
  const propose = async (name: string, owner: Operator): Promise<string> => {
    const asked = { name, purpose: 'tests', owner: owner.id, roles: ['developer'], networks: [], days: 30 }
    return (await ann.api.post('/v1/service-accounts', asked)).json.account
  }
  const path = (id: string): string => `/v1/service-accounts/${id}`
  const stands = async (id: string, owner: Operator, approver: Operator): Promise<Caller> => {
    const { challenge } = (await approver.api.get(`${path(id)}/approval`)).json
    await approver.api.post(`${path(id)}/approve`, approver.authenticator.assert(challenge))
    const { secret } = (await owner.api.post(`${path(id)}/invite`, {})).json
    const key = server.caller()
    expect((await key.post('/v1/service-accounts/enroll', { secret })).status).toBe(200)
    return key
  }
  const own = await propose('ci', ann)
  const key = await stands(own, ann, ben)
  expect((await key.post('/v1/systems', { name: 'of the program' })).status).toBe(200)
  const agent = { name: 'Built', class: 'coding', purpose: 'tests', systems: [], manifest: { version: '1' } }
  expect((await key.post('/v1/agents', agent)).status).toBe(200)
  const next = server.caller()
  const over = { account: own, from: key.jkt, to: next.jkt }
  const [old, fresh] = [key, next].map((by) =>
    signRotation(nodeCrypto.signer(by.key), over, Math.floor(Date.now() / 1000)),
  )
  const rotated = { jwk: { ...next.jwk }, old, new: fresh }
  expect((await key.post('/v1/service-accounts/self/rotate', rotated)).status).toBe(200)
  const stopped = await propose('stopped', ben)
  await stands(stopped, ben, cat)
  await ann.api.post(`${path(stopped)}/disable`, { reason: 'over' })
  await propose('waits', ben)
  const leaves = await propose('leaves', cat)
  await stands(leaves, cat, ben)
}

/** One that is decided, and one that waits. */
async function playApprovals(
  point: Awaited<ReturnType<TestServer['point']>>,
  agent: string,
  jti: string,
): Promise<void> {
  const iss: string = (await ann.api.get('/v1/info')).json.issuer
  for (const n of ['1', '2']) {
    const args = { path: '/data/a', n }
    const { commitment, opening } = commitTo(nodeCrypto, args)
    const call = {
      action: `act_${n}`,
      jti,
      grant: 'A'.repeat(43),
      server: 'files',
      tool: 'read',
      args_commit: commitment,
      expires: Date.now() + 600_000,
    }
    const salt = 'salt' in opening ? opening.salt : ''
    const request = { approval: `apr_${n}`, ...call, agent, iss, definition_hash: null, salt, args }
    expect((await point.api.post('/v1/approvals', request)).status).toBe(200)
    if (n === '2') return
    const act = { v: 1 as const, approval: 'apr_1', point: point.id, ...call, decision: 'approve' as const }
    const gesture = ben.authenticator.assert(approvalChallenge(nodeCrypto, act))
    const answer = await ben.api.post('/v1/approvals/apr_1/decide', { decision: 'approve', ...gesture })
    expect(answer.status).toBe(200)
  }
}

/** One at once, one that a hold deferred until it was lifted, and one that waits. */
async function playErasures(revoked: string, now: string, held: string): Promise<void> {
  await erase(now)
  const placed = []
  for (const target of [revoked, held])
    placed.push((await ann.api.post('/v1/holds', { target, reason: 'a court asks' })).json)
  expect([await erase(revoked), await erase(held)]).toEqual(['deferred', 'deferred'])
  const dan = await server.invite(ann, 'Dan')
  await playOwner(dan)
  const { json } = await dan.api.get(`/v1/holds/${placed[0].hold}/lifting`)
  const lifted = await dan.api.post(
    `/v1/holds/${placed[0].hold}/lift`,
    dan.authenticator.assert(json.challenge),
  )
  expect(lifted.json.erased).toEqual([revoked])
  await ann.api.post('/v1/notes', { entry: placed[1].entry, text: 'read the reports of the court' })
  const period = { from: '2026-01-01T00:00:00.000Z', to: '2026-02-01T00:00:00.000Z' }
  const { size } = (await ann.api.get('/v1/entries?limit=1')).json
  expect((await ann.api.post('/v1/packs', packOver(server, size, period))).status).toBeLessThan(300)
}

async function erase(subject: string): Promise<string> {
  const { json } = await ben.api.get(`/v1/subjects/${subject}/erasure?basis=request`)
  const gesture = ben.authenticator.assert(json.challenge)
  const answer = await ben.api.post(`/v1/subjects/${subject}/erase`, { ...gesture, basis: 'request' })
  expect(answer.status).toBe(200)
  return answer.json.state
}

async function playTemplates(): Promise<void> {
  for (const ttl_s_max of [7200, 3600]) {
    const template = { class: 'coding', ttl_s_max, depth_max: 2, grants: [READ], approvals: null }
    const id = (await ann.api.post('/v1/templates', template)).json.template
    const { json } = await ben.api.get(`/v1/templates/${id}/approval`)
    await ben.api.post(`/v1/templates/${id}/approve`, ben.authenticator.assert(json.challenge))
  }
}

/** A proposal that waits, one that is out of date, one in force, and a policy of each kind. */
async function playLabels(): Promise<void> {
  const [tool] = (await ann.api.get('/v1/tools')).json.tools
  const result = { level: 'internal', integrity: 'trusted', categories: [] }
  const label = { v: 1, result, effect: 'none', accepts: 'public', destination: [] }
  const propose = async (effect: string): Promise<string> => {
    const labels = [{ tool: tool.id, definition_hash: tool.definition_hash, label: { ...label, effect } }]
    return (await ann.api.post('/v1/labels/proposals', { labels })).json.labels
  }
  const offer = async (mode: string): Promise<string> =>
    (await ann.api.post('/v1/flow-policies', { v: 1, mode })).json.policy
  const approve = async (path: string): Promise<void> => {
    const { json } = await ben.api.get(`${path}/approval`)
    const answer = await ben.api.post(`${path}/approve`, ben.authenticator.assert(json.challenge))
    expect(answer.status).toBe(200)
  }
  for (const effect of ['destructive', 'internal', 'none']) {
    const [, id] = [await propose('external'), await propose(effect)]
    await approve(`/v1/labels/proposals/${id}`)
  }
  await propose('external')
  await offer('deny')
  for (const mode of ['observe', 'ask']) await approve(`/v1/flow-policies/${await offer(mode)}`)
  await offer('deny')
}

async function playQuorum(
  bot: Awaited<ReturnType<TestServer['agent']>>,
  point: string,
  cat: Operator,
): Promise<void> {
  const input = { ...delegationOf(bot, point), approvers: { m: 1, of: [ben.id, cat.id] } }
  const { jti } = (await ann.api.post('/v1/delegations/drafts', input)).json
  for (const [who, what] of [
    [ben, 'approve'],
    [ann, 'seal'],
  ] as const) {
    const { json } = await who.api.get(`/v1/delegations/drafts/${jti}`)
    const answer = await who.api.post(
      `/v1/delegations/drafts/${jti}/${what}`,
      who.authenticator.assert(json.challenge),
    )
    expect(answer.status).toBe(200)
  }
}

/** A delegation with the limits that {@link need} names. */
async function limitedRoot(
  bot: Awaited<ReturnType<TestServer['agent']>>,
  point: string,
): Promise<{ iss: string; jti: string; grant: string }> {
  const limits = ['calls', 'size'].map((measure) => ({ measure, unit: '1', max: 10, per: 'delegation' }))
  const input = { ...delegationOf(bot, point), grants: [{ ...READ, limits }] }
  const { jti, challenge } = (await ann.api.post('/v1/delegations/drafts', input)).json
  const seal = ann.authenticator.assert(challenge)
  const { chain } = (await ann.api.post(`/v1/delegations/drafts/${jti}/seal`, seal)).json
  const [grant = ''] = lastDelegation(nodeCrypto, chain).grants.keys()
  return { iss: (await ann.api.get('/v1/info')).json.issuer, jti, grant }
}

/** Leases that are debited, recalled, settled and lost; an answer to who needs more. */
async function playLimits(spool: Spool, root: { iss: string; jti: string; grant: string }): Promise<void> {
  const sliding = { per: 'PT1H', measure: 'size' }
  const [life, hour] = (await spool.lease(need(3), need(5, sliding)))!
  await spool.ship([spool.allow([debitOf(life!, 2), debitOf(hour!, 4)])])
  expect(await spool.lease(need(8))).toBeUndefined() // leased: recalled
  expect(await spool.lease(need(9, root))).toHaveLength(1)
  expect(await spool.lease(need(9, root))).toBeUndefined() // leased: recalled
  await spool.ship([], [], { returns: [life!.id, hour!.id] })
  expect(await spool.lease(need(8))).toHaveLength(1)
  expect(await spool.lease(need(3, { ...root, measure: 'size' }))).toHaveLength(1)
  expect(await spool.lease(need(11, { ...root, measure: 'size' }))).toBeUndefined() // used up: asked for more
  const { topups } = (await ann.api.get('/v1/topups')).json
  expect(topups).toMatchObject([{ status: 'open', asked: 11, limit: { measure: 'size', per: 'delegation' } }])
  expect((await ann.api.post(`/v1/topups/${topups[0].id}/decline`, { reason: 'enough' })).status).toBe(200)
}

/** Domains that are held, renewed, asked for, handed over and lost. */
async function playDomains(spool: Spool): Promise<void> {
  const one = new DomainAsker(spool)
  const two = await DomainAsker.open(server, ann)
  await one.lease('agt_a', 'agt_b')
  await one.renew({ agent: 'agt_a', turn: 1 })
  const asked = two.lease('agt_a', 'agt_c')
  expect(await one.wanted()).toEqual(['agt_a'])
  await one.handOver(one.signed('agt_a', 1, READ_DATA))
  expect(await asked).toHaveLength(2)
  one.run = 'run-2'
  expect(await one.lease('agt_b')).toMatchObject([{ begins: 'lapsed' }])
  expect(await one.lease('agt_c', 'agt_d')).toBeNull()
  await two.handOver(two.signed('agt_a', 2, READ_DATA))
  const { challenge } = (await ann.api.get('/v1/domains/agt_a/clearing')).json
  const gesture = ann.authenticator.assert(challenge)
  expect((await ann.api.post('/v1/domains/agt_a/clear', { ...gesture })).status).toBe(200)
}

async function playReceipts(point: Awaited<ReturnType<TestServer['point']>>): Promise<Spool> {
  const spool = new Spool(point)
  await spool.open()
  const [one, two, three] = spool.add(3)
  await spool.ship([one!, three!])
  await spool.ship([two!])
  const opening = openingOf({ path: 'salaries.txt' })
  await spool.ship([spool.deny(opening.args_commit)], [opening, openingOf({ path: 'nobody asked' })])
  const fork = { ...two!, action: 'act_2' }
  expect((await spool.ship([fork])).json.error.code).toBe('RECEIPT_FORK')
  await spool.lease(need(1, { measure: 'lost' }), need(1, { measure: 'lost', per: 'P1D' }))
  await spool.open('empty')
  await spool.ship(spool.add(2))
  return spool
}

const database = (): string => join(server.dataDir, 'countersign.db')

async function cli(...args: string[]): Promise<{ code: number; out: string }> {
  const run = promisify(execFile)(process.execPath, [CLI, ...args])
  return run.then(
    ({ stdout }) => ({ code: 0, out: stdout }),
    (cause: { code: number; stdout: string; stderr: string }) => ({
      code: cause.code,
      out: cause.stdout + cause.stderr,
    }),
  )
}

test('every table of the schema says where its rows come from', () => {
  expect(tableNames().sort()).toEqual(Object.keys(TABLES).sort())
  for (const rule of Object.values(TABLES)) expect(rule.why === '').toBe(rule.from === 'log')
})

test('a history of everything gives the registers that it left', async () => {
  const check = await registersOf(database())
  expect(check).toMatchObject({ ok: true, differences: [], backwards: [], vkey })
  expect(check.checkpoints).toBeGreaterThan(1)
  expect(check.sealed).toBeGreaterThan(8)
  const live = openCopy(database())
  // Those have tests of their own, each with the registers at its end: apps/server.
  const elsewhere = [
    'exchanges',
    'hosting_keys',
    'inventory',
    'issuers',
    'prunings',
    'listeners',
    'taken',
    'statements',
    'lifted',
    'drills',
    'response_policies',
    'oversight',
    'incidents',
    'incident_alerts',
    'incident_notes',
    'access_reviews',
    'access_review_items',
    'evaluations',
    'narratives',
    'deficiencies',
    'deficiency_notes',
    'breaches',
    'breach_notices',
    'emergencies',
    'lone_acts',
    'vendors',
    'assessments',
    'previews',
    'preview_comments',
    'evidence_requests',
    'alert_policies',
    'channels',
    'canaries',
    'drift_policies',
    'drift_levels',
    'baselines',
    'output_policies',
    'outputs',
    'attestations',
    'reviews',
    'coverage',
    'seeds',
    // Of provisioning: apps/server/scim and apps/server/identity compare theirs when they end.
    'identities',
    'scim_clients',
    'scim_users',
    'scim_groups',
    'scim_members',
  ]
  for (const table of comparedTables().filter((name) => !elsewhere.includes(name))) {
    const rows = await live.db
      .selectFrom(table as 'meta')
      .selectAll()
      .execute()
    expect([table, rows.length > 0]).toEqual([table, true])
  }
  live.close()
})

test('log rebuild --check says so, with exit code 0', async () => {
  const { code, out } = await cli('--json', 'log', 'rebuild', '--check', '--data', server.dataDir)
  expect([code, JSON.parse(out).ok]).toEqual([0, true])
})

describe('a register that was changed behind the log', () => {
  let path: string
  beforeEach(() => {
    path = join(folder, 'changed.db')
    rmSync(path, { force: true })
    cpSync(database(), path)
  })

  async function after(statement: string): Promise<object[]> {
    const raw = new DatabaseSync(path)
    raw.exec(`PRAGMA foreign_keys = OFF; ${statement}`)
    raw.close()
    const { differences } = await registersOf(path)
    for (const text of PERSONAL) expect(JSON.stringify(differences)).not.toContain(text)
    return [...differences]
  }

  test.each([
    ["UPDATE agents SET status = 'active'", 'agents', 'status'],
    ['UPDATE people SET endorsed = 1 WHERE endorsed IS NOT NULL', 'people', 'endorsed'],
    [
      "UPDATE people SET operator_jkt = 'x' WHERE id = (SELECT max(id) FROM people WHERE operator_jkt IS NOT NULL)",
      'people',
      'operator_jkt',
    ],
    ['UPDATE agent_keys SET revoked = 0', 'agent_keys', 'revoked'],
    ['UPDATE delegations SET revoked = 1 - revoked', 'delegations', 'revoked'],
    ["UPDATE delegations SET chain = replace(chain, '.', '.A')", 'delegations', 'chain'],
    ['UPDATE budgets SET spent = 0', 'budgets', 'spent'],
    ['UPDATE leases SET debited = 9', 'leases', 'debited'],
    ["UPDATE domains SET taint_json = '{}'", 'domains', 'taint_json'],
    ['UPDATE usages SET amount = 0', 'usages', 'amount'],
    ["UPDATE topups SET status = 'open'", 'topups', 'status'],
    [
      "UPDATE templates SET template_json = replace(template_json, '3600', '9999')",
      'templates',
      'template_json',
    ],
    ["UPDATE issuer_keys SET status = 'verifying' WHERE status = 'compromised'", 'issuer_keys', 'status'],
    ['UPDATE points SET seq = 99', 'points', 'seq'],
    ["UPDATE labels SET label_json = replace(label_json, 'public', 'restricted')", 'labels', 'label_json'],
    ["UPDATE label_proposals SET status = 'waiting'", 'label_proposals', 'status'],
    ["UPDATE flow_policies SET status = 'replaced'", 'flow_policies', 'status'],
    ['UPDATE subjects SET erased = NULL', 'subjects', 'erased'],
    ["UPDATE erasures SET state = 'erased'", 'erasures', 'state'],
    ["UPDATE people SET name_commit = 'x'", 'people', 'name_commit'],
    ['UPDATE segments SET subject = id', 'segments', 'subject'],
    ["UPDATE meta SET value = '99' WHERE name = 'trust_seq'", 'meta', 'value'],
  ])('is named by table, key and column: %s', async (statement, table, column) => {
    expect(await after(statement)).toContainEqual(
      expect.objectContaining({ table, column, kind: 'changed', key: expect.any(String) }),
    )
  })

  test.each([
    ['DELETE FROM frames WHERE seq = 1', 'frames', 'missing'],
    ['DELETE FROM receipts WHERE seq = 1', 'receipts', 'missing'],
    ["DELETE FROM people WHERE status = 'enrolled'", 'people', 'missing'],
    ["INSERT INTO segments VALUES ('made up', 'made up', NULL, NULL, 9)", 'segments', 'extra'],
    ["INSERT INTO handles VALUES ('dlg_x', 'key', 'made up')", 'handles', 'extra'],
    ["INSERT INTO meta VALUES ('made up', '1')", 'meta', 'extra'],
    ["UPDATE sealed SET commitment = 'made up' WHERE field = 'args'", 'sealed', 'unproved'],
    ["UPDATE sealed SET field = 'sub' WHERE field = 'name'", 'sealed', 'unproved'],
    ["INSERT INTO packs VALUES (9, 'per_x', 0, 1, 1, 'made up')", 'packs', 'extra'],
    ['DELETE FROM holds WHERE lifted IS NULL', 'holds', 'missing'],
    ['DELETE FROM labels', 'labels', 'missing'],
    ["DELETE FROM subjects WHERE id LIKE 'pnt_%'", 'subjects', 'missing'],
    ["UPDATE checkpoints SET note = CAST('forged' AS BLOB) WHERE size > 5", 'checkpoints', 'unproved'],
  ])('is named by table and key: %s', async (statement, table, kind) => {
    expect(await after(statement)).toContainEqual(expect.objectContaining({ table, kind }))
  })

  test('makes log rebuild --check end with exit code 1', async () => {
    await after("UPDATE agents SET status = 'active'")
    const data = join(folder, 'data')
    cpSync(path, join(data, 'countersign.db'))
    const { code, out } = await cli('log', 'rebuild', '--check', '--data', data)
    expect([code, out]).toEqual([1, expect.stringContaining('DIFFERENT')])
  })

  test('is not told from a log that cannot be folded: the entry is named', async () => {
    await expect(after("UPDATE entries SET bytes = CAST('{}' AS BLOB) WHERE idx = 7")).rejects.toMatchObject({
      code: 'ENTRY_INVALID',
      message: expect.stringContaining('entry 7 '),
    })
  })
})

describe('a database rebuilt from the published log alone', () => {
  test('holds nothing personal, and a server goes on from it', async () => {
    const data = join(folder, 'rebuilt')
    for (const part of ['keys', 'lock', 'log'])
      cpSync(join(server.dataDir, part), join(data, part), { recursive: true })
    const from = join(data, 'log')
    const to = join(data, 'countersign.db')
    const { code, out } = await cli('--json', 'log', 'rebuild', '--to', to, '--from', from, '--key', vkey)
    expect(code).toBe(0)
    expect(JSON.parse(out).missing.map(({ table }: { table: string }) => table)).toContain('sealed')
    const rebuilt = openCopy(to)
    const everything = await Promise.all(
      comparedTables().map((name) =>
        rebuilt.db
          .selectFrom(name as 'meta')
          .selectAll()
          .execute(),
      ),
    )
    rebuilt.close()
    for (const text of PERSONAL) expect(JSON.stringify(everything)).not.toContain(text)

    const again = await createServer({ dataDir: data, port: Number(new URL(server.base()).port) })
    const { status, json } = await ann.api.get('/v1/people')
    expect([status, json.people.length]).toEqual([200, 5])
    expect((await ann.api.post('/v1/systems', { name: 'After' })).status).toBe(200)
    await again.close()
    expect(await registersOf(to)).toMatchObject({ ok: true })
  })

  test('is not written when the log does not verify', async () => {
    const to = join(folder, 'none.db')
    const other = vkey.replace(/\+[^+]*\+/, '+00000000+')
    const from = join(server.dataDir, 'log')
    expect((await cli('log', 'rebuild', '--to', to, '--from', from, '--key', other)).code).toBe(1)
    expect((await cli('log', 'rebuild', '--to', to, '--from', from)).code).toBe(2)
  })
})
