import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { nodeCrypto } from '../adapters/node-crypto/node-crypto.ts'
import { openScratch } from '../adapters/sqlite/offline.ts'
import { openSqliteStore } from '../adapters/sqlite/sqlite-store.ts'
import { PACKAGED_ALERT_POLICY, type AlertPolicy } from '../core/alert.ts'
import { decodeEntry, encodeEntry, type AnyEntry } from '../log/entries.ts'
import type { Store } from '../ports/store.ts'
import { alertPolicies } from './alert-policies.ts'
import {
  acknowledge,
  closeAlert,
  closeCanary,
  forgetKeys,
  listAlerts,
  raise,
  type Raisable,
} from './alerts.ts'
import { insertChannel } from './channels.ts'
import type { RegistryContext } from './context.ts'
import { escalate, listNotices, mayEscalate } from './notifications.ts'
import { insertPasskey } from './passkey-rows.ts'
import { RegisterFold } from './rebuild/fold.ts'

const MINUTE_MS = 60_000
let folder: string
let now = 1_772_000_000_000
let store: Store

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-alerts-'))
  store = openSqliteStore({ path: join(folder, 'state.db'), clock: { now: () => now, monotonic: () => now } })
})
afterEach(async () => {
  await store.close()
  rmSync(folder, { recursive: true })
})

const gap = (n: number, over: Partial<Raisable> = {}): Raisable => ({
  rule: 'SEQUENCE_GAP',
  key: `gap/${n}`,
  subject: 'pnt_a',
  detail: { from: n },
  entries: [n],
  ...over,
})
const raiseOne = (finding: Raisable) => store.write((tx) => raise(tx, finding))
const logged = async (): Promise<AnyEntry[]> => {
  const rows = await store.query((db) => db.selectFrom('entries').select('bytes').orderBy('idx').execute())
  return rows.map(({ bytes }) => decodeEntry(bytes))
}
const bodies = async () =>
  (await logged()).filter(({ type }) => type === 'alert.raised').map(({ body }) => body)

describe('an alert', () => {
  test('is one for a rule and a subject while it is open: repetitions count, and powers of ten are logged', async () => {
    for (let n = 1; n <= 101; n++) await raiseOne(gap(n))
    await raiseOne(gap(1, { key: 'gap/other', subject: 'pnt_b' }))
    expect(await bodies()).toMatchObject([
      { n: 1, of: null, entries: [1], severity: 'high', triage_min: 240, policy: null },
      { n: 10, of: 0, detail: { from: 10 } },
      { n: 100, of: 0 },
      { n: 1, of: null },
    ])
    expect(await store.query((db) => listAlerts(db, {}))).toMatchObject([
      { id: 'alt_3', subject: 'pnt_b', count: 1 },
      { id: 'alt_0', subject: 'pnt_a', count: 101, detail: { from: 100 }, status: 'open' },
    ])
  })

  test('tells nothing that a terminal or a collector would take for a command', async () => {
    await raiseOne(gap(1, { detail: { tool: 'a\u001b[2J\n<165>1 b\u2028c\u202ed', from: 1 } }))
    expect(await bodies()).toMatchObject([
      { detail: { tool: 'a\uFFFD[2J\uFFFD<165>1 b\uFFFDc\uFFFDd', from: 1 } },
    ])
  })

  test('is not kept quiet by a key that another rule or subject used before', async () => {
    await raiseOne(gap(1, { subject: 'pnt_b' }))
    await raiseOne(gap(1, { rule: 'SEQUENCE_FORK' }))
    expect(await raiseOne(gap(1))).toMatchObject({ alert: 'alt_2', isNew: true })
    expect(await raiseOne(gap(1))).toBeNull()
  })

  test('counts the same finding once', async () => {
    expect(await raiseOne(gap(1))).toEqual({ alert: 'alt_0', entry: 0, isNew: true })
    expect(await raiseOne(gap(1))).toBeNull()
    expect(await raiseOne(gap(2))).toEqual({ alert: 'alt_0', entry: null, isNew: false })
    expect(await raiseOne(gap(2))).toBeNull()
    now += 8 * 24 * 60 * MINUTE_MS
    await store.write(forgetKeys)
    expect(await raiseOne(gap(2))).toMatchObject({ alert: 'alt_0', entry: 1 })
  })

  test('that was silent is logged again when it repeats, and each where a register rests on it', async () => {
    await raiseOne(gap(1))
    now += PACKAGED_ALERT_POLICY.quiet_min * MINUTE_MS
    await raiseOne(gap(2))
    await raiseOne(gap(3))
    await raiseOne(gap(4, { isEveryLogged: true }))
    expect(await bodies()).toMatchObject([{ n: 1 }, { n: 2 }, { n: 4 }])
  })

  test('keeps the terms that it began with when another policy comes into force', async () => {
    await raiseOne(gap(1))
    await store.write(async (tx) => {
      const policy = {
        ...PACKAGED_ALERT_POLICY,
        rules: { SEQUENCE_GAP: { severity: 'low' as const, triage_min: 5 } },
      }
      await alertPolicies.insert(tx.db, { id: 'alp_a', proposer: 'per_a', proposal: 7, policy })
      await alertPolicies.settle(tx.db, 'alp_a', 8)
    })
    await raiseOne(gap(2, { isEveryLogged: true }))
    await raiseOne(gap(3, { subject: 'pnt_b' }))
    expect(await bodies()).toMatchObject([
      { severity: 'high', policy: null },
      { severity: 'high', policy: null, n: 2 },
      { severity: 'low', triage_min: 5, policy: 8 },
    ])
  })

  test('of a canary stands apart from the real one, and is closed without a person', async () => {
    await raiseOne(gap(1))
    const canary = await raiseOne(gap(2, { canary: true }))
    expect(canary).toMatchObject({ isNew: true })
    expect(await store.query((db) => listAlerts(db, {}))).toHaveLength(1)
    await store.write((tx) => closeCanary(tx, canary!.alert))
    await expect(store.write((tx) => closeCanary(tx, 'alt_0'))).rejects.toThrowWithCode('STATE_CONFLICT')
    const all = await store.query((db) => listAlerts(db, { withCanaries: true }))
    expect(all).toMatchObject([
      { canary: true, status: 'closed', disposition: 'canary' },
      { canary: false, status: 'open' },
    ])
  })

  test('is taken and closed by people, once each; what comes after is another', async () => {
    const credential = nodeCrypto.signer(nodeCrypto.generateKey('ES256')).publicJwk
    await store.write((tx) =>
      tx.db
        .insertInto('people')
        .values({
          id: 'per_a',
          name_commit: null,
          status: 'enrolled',
          rev: 'rev_a',
          registration: 1,
          operator_jkt: 'jkt',
          endorsed: 1,
        })
        .execute(),
    )
    await store.write(({ db }) =>
      insertPasskey(db, {
        person: 'per_a',
        registration: 1,
        status: 'counts',
        adder: null,
        operator_jkt: null,
        now_ms: 0,
        credential: { jwk: credential, amr: ['hwk'] },
        credential_id: null,
      }),
    )
    const ctx = { store, crypto: nodeCrypto } as RegistryContext
    await raiseOne(gap(1))
    await acknowledge(ctx, 'per_a', 'alt_0', 'real')
    await expect(acknowledge(ctx, 'per_a', 'alt_0', 'real')).rejects.toThrowWithCode('STATE_CONFLICT')
    await expect(acknowledge(ctx, 'per_a', 'alt_9', 'real')).rejects.toThrowWithCode('UNKNOWN_ALERT')
    await expect(acknowledge(ctx, 'per_b', 'alt_0', 'real')).rejects.toThrowWithCode('UNKNOWN_PERSON')
    await raiseOne(gap(2))
    await closeAlert(ctx, 'per_a', 'alt_0', 'resolved')
    await expect(closeAlert(ctx, 'per_a', 'alt_0', 'resolved')).rejects.toThrowWithCode('STATE_CONFLICT')
    await raiseOne(gap(3))
    expect((await logged()).map(({ type }) => type)).toEqual([
      'alert.raised',
      'alert.acknowledged',
      'alert.closed',
      'alert.raised',
    ])
    expect(await store.query((db) => listAlerts(db, { status: 'closed' }))).toMatchObject([
      { count: 2, taker: 'per_a', triage: 'real', disposition: 'resolved' },
    ])
    await holdsAgainstLog()
  })
})

describe('channels', () => {
  const channel = (id: string) =>
    store.write((tx) => insertChannel(tx.db, { id, kind: 'slack', host: 'x', added: 0, config_box: null }))
  const told = async () => {
    const rows = await store.query((db) => listNotices(db, {}))
    return rows.map(({ channel: to, event }) => `${event} ${to}`).toSorted()
  }
  const put = (over: Partial<AlertPolicy>) =>
    store.write(async (tx) => {
      const policy = { ...PACKAGED_ALERT_POLICY, ...over }
      await alertPolicies.insert(tx.db, { id: 'alp_a', proposer: 'per_a', proposal: 7, policy })
      await alertPolicies.settle(tx.db, 'alp_a', 8)
    })
  beforeEach(async () => {
    await channel('chn_a')
    await channel('chn_b')
  })

  test('are told at once by severity, and further ones step by step of what nobody took', async () => {
    const { routes } = PACKAGED_ALERT_POLICY
    const step = { severities: ['high' as const], channels: ['chn_b'] }
    const escalation = [
      { ...step, after_min: 5 },
      { ...step, after_min: 10, channels: ['*'] },
    ]
    await put({ routes: { ...routes, high: ['chn_a'] }, escalation })
    await raiseOne(gap(1))
    await raiseOne({ ...gap(2), rule: 'LIMIT_NEAR' })
    expect(await told()).toEqual(['raised chn_a'])
    now += 5 * MINUTE_MS - 1
    expect(await store.query((db) => mayEscalate(db, now))).toBe(false)
    now += 1
    expect(await store.query((db) => mayEscalate(db, now))).toBe(true)
    expect([await store.write(escalate), await store.write(escalate)]).toEqual([1, 0])
    expect(await told()).toEqual(['escalated chn_b', 'raised chn_a'])
    now += 5 * MINUTE_MS
    expect(await store.write(escalate)).toBe(1)
    expect(await told()).toEqual(['escalated chn_a', 'escalated chn_b', 'escalated chn_b', 'raised chn_a'])
    now += 60 * MINUTE_MS
    expect(await store.write(escalate)).toBe(0)
    expect((await logged()).filter(({ type }) => type === 'alert.escalated')).toMatchObject([
      { subject: 'pnt_a', body: { of: 0, step: 1, channels: ['chn_b'] } },
      { body: { of: 0, step: 2, channels: ['chn_a', 'chn_b'] } },
    ])
  })

  test('hear of canaries only where the policy says so', async () => {
    await raiseOne(gap(1, { canary: true }))
    expect(await told()).toEqual([])
    await put({ canary_channel: 'chn_b' })
    const raised = await raiseOne(gap(2, { canary: true, subject: 'pnt_b' }))
    await store.write((tx) => closeCanary(tx, raised!.alert))
    expect(await told()).toEqual(['closed chn_b', 'raised chn_b'])
  })
})

/** The table is what the entries make of it. */
async function holdsAgainstLog(): Promise<void> {
  const scratch = openScratch()
  const fold = new RegisterFold({
    crypto: nodeCrypto,
    db: scratch.db,
    keepEntries: false,
    withCommitments: false,
  })
  for (const entry of await logged()) await fold.add(encodeEntry(entry))
  const rows = await listAlerts(scratch.db, {})
  const live = await store.query((db) => listAlerts(db, {}))
  const partly = { count: 0, last: 0 }
  expect(rows.map((row) => ({ ...row, ...partly }))).toEqual(live.map((row) => ({ ...row, ...partly })))
  scratch.close()
}
