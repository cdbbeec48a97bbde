import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { nodeCrypto } from '../adapters/node-crypto/node-crypto.ts'
import { openSqliteStore } from '../adapters/sqlite/sqlite-store.ts'
import { PRESET_RESPONSE, type ResponsePolicy } from '../core/response-policy.ts'
import { rfc3339 } from '../core/time.ts'
import { decodeEntry, type AnyEntry } from '../log/entries.ts'
import type { DecisionReceipt } from '../log/receipt.ts'
import { canaryDecision } from '../observe/detectors/detector.ts'
import type { Store } from '../ports/store.ts'
import { activateAgent, suspendAgent } from '../registry/agents.ts'
import type { RegistryContext } from '../registry/context.ts'
import { responsePolicies } from '../registry/response-policies.ts'
import { listStandings, respondTo, standingOf, type Found } from './respond.ts'

const AGENT = 'agt_1'
const signer = nodeCrypto.signer(nodeCrypto.generateKey('Ed25519'))
let folder: string
let now = 1_772_000_000_000
let store: Store
let ctx: RegistryContext

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-respond-'))
  store = openSqliteStore({ path: join(folder, 'state.db'), clock: { now: () => now, monotonic: () => now } })
  const frame = { current: () => Promise.resolve({ signer, epoch: 1 }) }
  ctx = { store, crypto: nodeCrypto, frame } as unknown as RegistryContext
  await store.write(async (tx) => {
    const { db } = tx
    // Something for findings to rest on.
    for (let i = 0; i < 8; i++)
      await tx.append({
        type: 'system.added',
        actor: { kind: 'person', id: 'per_a' },
        subject: `sys_${i}`,
        body: { name: 'x' },
      })
    const person = {
      name_commit: null,
      rev: null,
      registration: null,
      operator_jkt: null,
    }
    await db
      .insertInto('people')
      .values({
        id: 'per_a',
        status: 'added',
        ...person,
        endorsed: null,
      })
      .execute()
    await db
      .insertInto('agents')
      .values({
        id: AGENT,
        name: 'a',
        owner: 'per_a',
        class: 'c',
        purpose: 'p',
        systems_json: '[]',
        manifest: 'm'.repeat(43),
        proposal: 0,
        proposer: 'per_a',
        status: 'active',
      })
      .execute()
    for (const jkt of ['k1', 'k2'])
      await db.insertInto('agent_keys').values({ jkt, agent: AGENT, jwk_json: '{}', revoked: 0 }).execute()
  })
})
afterEach(async () => {
  await store.close()
  rmSync(folder, { recursive: true })
})

const find = (rule: string, entries: number[], subject: string | null = AGENT): Promise<object> => {
  const found: Found = { rule, subject, entries, alert: 'alt_1' }
  return store.write((tx) => respondTo(ctx, tx, found))
}
/** Entries of now, for findings to rest on. @returns their indices */
async function append(...more: Partial<DecisionReceipt>[]): Promise<number[]> {
  const { entry } = canaryDecision(now, {})
  return store.write(async (tx) => {
    const at: number[] = []
    for (const fields of more) {
      const body = { ...(entry.body as DecisionReceipt), agent: AGENT, ...fields }
      at.push(await tx.append({ type: 'receipt', actor: entry.actor, body }))
    }
    return at
  })
}
const chainOf = (subject: string, agent: string | null) =>
  store.write(async ({ db }) => {
    const id = `${subject}/${agent}`.padEnd(43, 'c').replaceAll(/[^A-Za-z0-9]/g, '_')
    await db.insertInto('segments').values({ id, subject, agent, parent: null, entry: 0 }).execute()
    return id
  })
const logged = async (): Promise<AnyEntry[]> => {
  const rows = await store.query((db) =>
    db.selectFrom('entries').select('bytes').where('idx', '>=', 8).orderBy('idx').execute(),
  )
  return rows.map(({ bytes }) => decodeEntry(bytes))
}
const types = async () => (await logged()).map(({ type }) => type)
const standing = () => store.query((db) => standingOf(db, AGENT, now))
async function inForce(policy: Partial<ResponsePolicy>): Promise<void> {
  await store.write(async ({ db }) => {
    const row = { id: 'rsp_a', proposer: 'per_a', proposal: 1, policy: { ...PRESET_RESPONSE, ...policy } }
    await responsePolicies.insert(db, row)
    await responsePolicies.settle(db, 'rsp_a', 2)
  })
}

describe('two keys', () => {
  test('isolate in one transaction: the incident, the suspension, a frame for each key', async () => {
    await find('APPROVAL_REFUSED', [2])
    expect(await standing()).toMatchObject({
      level: 'watch',
      signs: [{ rule: 'APPROVAL_REFUSED', entries: [2] }],
    })
    const done = await find('DRIFT_ALARM', [5])
    const all = await logged()
    expect(all.map(({ type }) => type)).toEqual([
      'incident.opened',
      'isolation.begun',
      'agent.suspended',
      'revocation',
      'revocation',
      'incident.contained',
    ])
    const [opened, begun, suspended] = all
    expect(done).toEqual({ incident: opened?.subject })
    expect(opened?.body).toMatchObject({
      kind: 'isolation',
      agent: AGENT,
      entries: [2, 5],
      alerts: ['alt_1'],
    })
    expect(begun?.body).toMatchObject({
      keys: [
        { key: 'drift', entries: [5] },
        { key: 'sign', entries: [2] },
      ],
    })
    expect(suspended?.body).toEqual({ reason: 'isolated' })
    expect(new Set(all.map(({ time }) => time)).size).toBe(1)
    expect(await standing()).toMatchObject({ level: 'isolated', isolated: 9 })
  })

  test('isolate who was suspended meanwhile, so that its owner does not let it go alone', async () => {
    const owner = { kind: 'person', id: 'per_a' } as const
    await find('APPROVAL_REFUSED', [2])
    await suspendAgent(ctx, owner, AGENT, 'a_look')
    expect(await find('DRIFT_ALARM', [5])).toEqual({ incident: expect.any(String) })
    expect((await types()).slice(-3)).toEqual(['incident.opened', 'isolation.begun', 'incident.contained'])
    await expect(activateAgent(ctx, owner, AGENT, 'fine')).rejects.toMatchObject({
      code: 'STATE_CONFLICT',
    })
  })

  test('do nothing more to who is isolated already', async () => {
    await find('APPROVAL_REFUSED', [2])
    await find('DRIFT_ALARM', [5])
    expect(await find('DRIFT_ALARM', [6])).toEqual({})
    expect(await types()).toHaveLength(6)
  })

  test('do not turn together when a window lies between them', async () => {
    await find('APPROVAL_REFUSED', [2])
    now += PRESET_RESPONSE.window_s * 1000 + 1
    const alarm = await append({})
    expect(await find('DRIFT_ALARM', alarm)).toEqual({ step_up: 1 })
    expect(await types()).toEqual(['receipt', 'oversight.begun', 'revocation'])
  })

  test('count from their entries, however late these are looked at', async () => {
    now += PRESET_RESPONSE.window_s * 1000 + 1
    expect(await find('DRIFT_ALARM', [5])).toEqual({})
    expect(await find('APPROVAL_REFUSED', await append({ chain: await ours() }))).toEqual({})
    expect(await standing()).toMatchObject({ level: 'watch' })
  })

  test('are no receipts that come with no chain of ours that ends at the agent', async () => {
    const [mine, foreign, other] = [
      await ours(),
      await chainOf('seg_x', AGENT),
      await chainOf('dlg_1', 'agt_2'),
    ]
    await inForce({ isolate: 'either' })
    for (const chain of [null, foreign, other, 'd'.repeat(43)])
      expect(await find('SCOPE_BURST', await append({ chain }))).toEqual({})
    expect(await find('SCOPE_BURST', await append({ chain: mine, agent: 'agt_2' }))).toEqual({})
    expect(await standing()).toMatchObject({ level: 'none', signs: [] })
    expect(await find('SCOPE_BURST', await append({ chain: mine }))).toEqual({ incident: expect.any(String) })
  })
})

/** A root of ours. */
async function ours(): Promise<string> {
  const row = { jti: 'dlg_1', agent: AGENT, principal: 'per_a', exp: 0, chain: '', issued: now, revoked: 0 }
  await store.write(({ db }) => db.insertInto('delegations').values(row).execute())
  return chainOf('dlg_1', AGENT)
}

test('an agent is isolated although what a key rests on was pruned since', async () => {
  await store.write(({ db }) =>
    db
      .updateTable('entries')
      .set({ bytes: new Uint8Array(0) })
      .where('idx', '=', 2)
      .execute()
      .then(() => undefined),
  )
  const appended = rfc3339(now)
  await find('DRIFT_ALARM', [2, 5])
  now += 1000
  expect(await find('APPROVAL_REFUSED', [6])).toEqual({ incident: expect.any(String) })
  const opened = (await logged()).find(({ type }) => type === 'incident.opened')
  expect(opened?.body).toMatchObject({ entries: [2, 5, 6], detected: appended })
})

test('drift alone has a person asked, once, and tells points by a frame', async () => {
  expect(await find('DRIFT_ALARM', [5])).toEqual({ step_up: 1 })
  expect(await find('DRIFT_ALARM', [6])).toEqual({})
  const [begun, frame] = await logged()
  expect(begun?.body).toEqual({ n: 1, because: 'drift', entries: [5] })
  expect(frame?.body).toMatchObject({ frame: { kind: 'step_up', handle: 'agt_1/1' } })
  expect(await standing()).toMatchObject({ level: 'step_up', because: 'drift' })
})

test('a policy may let one key suffice, or none', async () => {
  await inForce({ isolate: 'never' })
  await find('APPROVAL_REFUSED', [2])
  expect(await find('DRIFT_ALARM', [5])).toEqual({ step_up: 1 })
  await inForceAgain({ isolate: 'either' })
  expect(await find('APPROVAL_REFUSED', [6])).toMatchObject({ incident: expect.any(String) })
})

async function inForceAgain(policy: Partial<ResponsePolicy>): Promise<void> {
  await store.write(({ db }) =>
    db
      .deleteFrom('response_policies')
      .execute()
      .then(() => undefined),
  )
  await inForce(policy)
}

test('nothing is done about what is no key, no agent, or about a retired one', async () => {
  expect(await find('LIMIT_NEAR', [2])).toEqual({})
  expect(await find('DRIFT_ALARM', [2], 'pnt_1')).toEqual({})
  expect(await find('DRIFT_ALARM', [2], null)).toEqual({})
  await store.write(({ db }) =>
    db
      .updateTable('agents')
      .set({ status: 'retired' })
      .execute()
      .then(() => undefined),
  )
  expect(await find('DRIFT_ALARM', [2])).toEqual({})
  expect(await types()).toEqual([])
  expect(await store.query((db) => listStandings(db, now))).toEqual([])
})
