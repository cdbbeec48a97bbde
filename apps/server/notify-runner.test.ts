import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { openSqliteStore } from '../../src/adapters/sqlite/sqlite-store.ts'
import { openSqliteVault } from '../../src/adapters/sqlite-vault/sqlite-vault.ts'
import type { Delivery } from '../../src/ports/signal.ts'
import { closeCanary, listAlerts, raise } from '../../src/registry/alerts.ts'
import { insertChannel, listChannels } from '../../src/registry/channels.ts'
import type { RegistryContext } from '../../src/registry/context.ts'
import { listNotices, redeliver, type NoticeRow } from '../../src/registry/notifications.ts'
import { sealFor } from '../../src/registry/personal.ts'
import { until } from '../../test/fixtures/processes.ts'
import { GIVE_UP_MS, NotifyRunner } from './notify-runner.ts'

const HOUR_MS = 3_600_000
let folder: string
let now: number
let registry: RegistryContext
let runner: NotifyRunner
/** What the receiver answers, and what it got. */
let answer: (body: string) => Delivery
let got: string[]
const faults: unknown[] = []

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-notices-'))
  now = 1_772_000_000_000
  got = []
  faults.length = 0
  answer = () => ({ kind: 'taken' })
  const clock = { now: () => now, monotonic: () => now }
  const store = openSqliteStore({ path: join(folder, 'state.db'), clock })
  const vault = openSqliteVault(join(folder, 'vault.db'))
  registry = {
    store,
    vault,
    crypto: nodeCrypto,
    iss: 'cs',
    publicUrl: () => 'https://cs.example',
  } as RegistryContext
  runner = newRunner()
  const channel = { kind: 'slack', url: 'https://hooks.example/x' }
  const config_box = await sealFor(registry, 'chn_a', 'channel/chn_a', { channel, secret: null })
  await store.write(async (tx) => {
    await insertChannel(tx.db, { id: 'chn_a', kind: 'slack', host: 'hooks.example', added: 0, config_box })
    const state = { attempts: 0, next_try: 0, failing_since: null, alerted: 0, claimed_until: 0 }
    await tx.db
      .insertInto('channel_states')
      .values({ channel: 'chn_a', ...state })
      .execute()
  })
})
afterEach(async () => {
  await runner.stop()
  await registry.store.close()
  await registry.vault.close()
  rmSync(folder, { recursive: true })
  if (faults.length > 0) throw new AggregateError(faults, 'the runner had unexpected faults')
})

function newRunner(): NotifyRunner {
  const send = (_: string, { body }: { readonly body: string }): Promise<Delivery> => {
    got.push((JSON.parse(body) as { text: string }).text)
    return Promise.resolve(answer(body))
  }
  const report = (fault: unknown) => faults.push(fault)
  return new NotifyRunner({ registry, crypto: nodeCrypto, sender: { send }, isAnywhere: () => false, report })
}

const gap = (subject: string) =>
  registry.store.write((tx) =>
    raise(tx, { rule: 'SEQUENCE_GAP', key: `gap/${subject}/${tx.now}`, subject, detail: {}, entries: [] }),
  )
const notices = (): Promise<NoticeRow[]> => registry.store.query((db) => listNotices(db, {}))
/** Ticks at the time that it is, until the receiver was asked so often. */
async function tried(n: number): Promise<void> {
  await runner.tick()
  await until(`${n} tries`, async () => {
    const rows = await registry.store.query((db) => db.selectFrom('channel_states').selectAll().execute())
    return got.length >= n && rows.every(({ claimed_until }) => claimed_until === 0)
  })
}

test('what fails is tried ever later, given up after three days with an alert, and told again when asked for', async () => {
  answer = () => ({ kind: 'failed', why: 'answered with status 500' })
  await gap('pnt_a')
  await tried(1)
  await runner.tick()
  expect(got).toHaveLength(1) // not before it is due
  now += 2_000
  await tried(2)
  expect(await notices()).toMatchObject([{ state: 'waiting', attempts: 2, why: 'answered with status 500' }])
  now += GIVE_UP_MS
  await tried(3)
  const dead = (await notices()).filter(({ state }) => state === 'dead')
  expect(dead).toMatchObject([{ alert: 'alt_0', event: 'raised', attempts: 3 }])
  const alerts = await registry.store.query((db) => listAlerts(db, {}))
  expect(alerts.find(({ rule }) => rule === 'CHANNEL_FAILING')).toMatchObject({
    subject: 'chn_a',
    detail: { given_up: 1 },
  })
  answer = () => ({ kind: 'taken' })
  expect(await registry.store.write((tx) => redeliver(tx, { channel: 'chn_a' }))).toBe(1)
  await runner.tick()
  await until('all taken', async () => (await notices()).every(({ state }) => state === 'taken'))
})

test('one notice that is never taken holds up those of its own alert alone', async () => {
  answer = (body) => (body.includes('pnt_bad') ? { kind: 'failed', why: 'no' } : { kind: 'taken' })
  const bad = await gap('pnt_bad')
  now += 1
  await gap('pnt_good')
  await registry.store.write((tx) =>
    tx.db.updateTable('alerts').set({ canary: 1 }).where('id', '=', bad!.alert).execute(),
  )
  now += 1
  await registry.store.write((tx) => closeCanary(tx, bad!.alert))
  for (let at = 0; at < 3; at++) {
    await tried(got.length + 1)
    now += HOUR_MS
  }
  const rows = await notices()
  expect(new Set(rows.filter(({ state }) => state === 'taken').map(({ alert }) => alert))).toEqual(
    new Set(['alt_1']),
  )
  expect(rows.filter(({ event }) => event === 'closed')).toMatchObject([{ state: 'waiting', attempts: 0 }])
})

test('a channel that is gone is removed, and hears of nothing more', async () => {
  answer = () => ({ kind: 'gone' })
  await gap('pnt_a')
  await runner.tick()
  await until('no channel', async () => (await registry.store.query(listChannels)).length === 0)
  expect(await notices()).toEqual([])
})

test('of two nodes one tells a channel, once', async () => {
  const other = newRunner()
  await gap('pnt_a')
  await Promise.all([runner.tick(), other.tick()])
  await until('taken', async () => (await notices()).every(({ state }) => state === 'taken'))
  expect(got).toHaveLength(1)
  await other.stop()
})
