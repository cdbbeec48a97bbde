import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AGENT_ID, DriftWorld, ODD, usual } from '../../../test/fixtures/drift-world.ts'
import { nodeCrypto } from '../../adapters/node-crypto/node-crypto.ts'
import { DRIFT_POLICY, type DriftPolicy } from '../../core/drift-policy.ts'
import { driftStanding } from '../../registry/drift-levels.ts'
import { DriftReplay } from './replay.ts'

const POLICY: DriftPolicy = { ...DRIFT_POLICY, train_sessions: 20, calibrate_sessions: 60, hold_sessions: 2 }

describe('an agent that is observed', () => {
  const world = new DriftWorld()
  let n = 0
  const work = async (sessions: number): Promise<void> => {
    for (let i = 0; i < sessions; i++) await world.session(usual(n++))
  }
  beforeAll(async () => {
    await world.setPolicy(POLICY)
    await world.delegate()
    await work(POLICY.train_sessions)
    await world.settle()
  })
  afterAll(() => world.remove())

  test('begins an epoch, and has a baseline proposed once it was seen in enough sessions', async () => {
    expect(await world.of('drift.epoch_started')).toMatchObject([
      { subject: AGENT_ID, body: { unseen: false, level: 'none', train_sessions: 20 } },
    ])
    expect(await world.of('baseline.proposed')).toEqual([])
    await work(1)
    await world.settle()
    const [proposed] = await world.of('baseline.proposed')
    expect(proposed?.body).toMatchObject({ agent: AGENT_ID, sessions: 20 })
    expect(await world.of('alert.raised')).toMatchObject([{ body: { rule: 'BASELINE_PROPOSED' } }])
  })

  test('is scored and not counted while nobody has approved the baseline', async () => {
    await work(70)
    await world.settle()
    const scored = await world.of('drift.scored')
    expect(scored).toHaveLength(70)
    expect(scored.every(({ body }) => !body.counted && body.level === 'none' && body.parts === null)).toBe(
      true,
    )
  })

  test('comes to the same after a crash', async () => {
    await world.approveBaseline()
    await work(5)
    await world.settle()
    world.restart()
    await work(5)
    await world.settle()
    const scored = await world.of('drift.scored')
    expect(scored.map(({ body }) => body.n)).toEqual([...scored.keys()])
    expect(scored.at(-1)?.body).toMatchObject({ counted: true, level: 'none' })
  })

  test('alarms when it does what it never did, and says what drove it', async () => {
    for (let i = 0; i < 4; i++) await world.session(ODD)
    await work(1)
    await world.settle()
    const alarm = (await world.of('drift.scored')).findLast(({ body }) => body.alarms.length > 0)
    expect(alarm?.body.level).toBe('isolate')
    expect(alarm?.body.because.at(-1)?.what).toMatch(/mail\/send .*prose destination objects|step_up/)
    const raised = (await world.of('alert.raised')).map(({ body }) => body.rule)
    expect(raised).toContain('DRIFT_ALARM')
    const standing = await world.store.query((db) => driftStanding(db, AGENT_ID))
    expect(standing).toMatchObject({ level: 'isolate', epochs: [{ warm: 1 }] })
    const entries = await world.entries()
    expect(entries[standing.alarm?.entry ?? -1]).toEqual(alarm)
  })

  test('is at step_up, and not scored, where it is in a task class that it was never seen in', async () => {
    await world.delegate([{ type: 'tool', server: 'bank', actions: ['pay'] }])
    await world.session([{ tool: 'read', decision: 'allow' }])
    await world.settle()
    expect((await world.of('drift.epoch_started')).at(-1)?.body).toMatchObject({
      unseen: true,
      level: 'step_up',
    })
    expect((await world.of('alert.raised')).at(-1)?.body.rule).toBe('TASK_CLASS_UNSEEN')
  })

  test('is learned anew with another version', async () => {
    const before = (await world.of('drift.epoch_started')).length
    await world.delegate()
    await world.session(usual(1), { manifest: 'B'.repeat(42) + 'A' })
    await world.settle()
    const started = await world.of('drift.epoch_started')
    expect(started).toHaveLength(before + 1)
    expect(started.at(-1)?.body).toMatchObject({
      unseen: false,
      level: 'none',
      manifest: 'B'.repeat(42) + 'A',
    })
  })

  test('takes at most 64 KiB, the document and what detectors count', async () => {
    const rows = await world.store.query((db) => db.selectFrom('drift_state').selectAll().execute())
    const documents = await world.store.query((db) => db.selectFrom('baselines').select('document').execute())
    const epochs = rows
      .filter(({ name }) => name.startsWith('epoch '))
      .map(({ value_json }) => value_json.length)
    expect(
      Math.max(...epochs) + Math.max(...documents.map(({ document }) => document?.length ?? 0)),
    ).toBeLessThan(64 * 1024)
  })

  test('comes out the same bit by bit for who has the log', async () => {
    const replay = new DriftReplay(nodeCrypto)
    const entries = await world.entries()
    const faults = entries.map((entry, i) => replay.take(i, Date.parse(entry.time), entry))
    expect(faults.filter((fault) => fault !== null)).toEqual([])
    const scores = entries.filter(({ type }) => type === 'drift.scored').length
    expect(replay.report()).toMatchObject({ epochs: 3, baselines: 1, scores })
  })

  test('comes out other for who has another log', async () => {
    const replay = new DriftReplay(nodeCrypto)
    const entries = (await world.entries()).filter(
      ({ type, body }) => type !== 'receipt' || !('seq' in body) || body.seq !== 30,
    )
    const faults = entries.map((entry, i) => replay.take(i, Date.parse(entry.time), entry))
    expect(faults.find((fault) => fault !== null)?.code).toBeDefined()
  })
})

test('a driver whose name is too long is cut where a character ends', async () => {
  const world = new DriftWorld()
  await world.setPolicy({ ...POLICY, train_sessions: 10 })
  await world.delegate()
  for (let i = 0; i < 10; i++) await world.session(usual(i))
  for (const odd of ['', 'x']) {
    const tool = odd + '\u{1F600}'.repeat(127)
    await world.session([
      { tool, decision: 'allow' },
      { tool: `${tool}y`, decision: 'deny' },
    ])
  }
  await world.session(usual(0))
  await world.settle()
  expect(world.faults).toEqual([])
  const whats = (await world.of('drift.scored')).flatMap(({ body }) => body.drivers.map(({ what }) => what))
  expect(whats.some((what) => what.length === 200)).toBe(true)
  expect(whats.every((what) => what.isWellFormed())).toBe(true)
  await world.remove()
})

test('an observer that begins again writes nothing twice', async () => {
  const world = new DriftWorld()
  await world.setPolicy({ ...POLICY, train_sessions: 10 })
  await world.delegate()
  for (let i = 0; i < 16; i++) await world.session(usual(i))
  await world.settle()
  const before = await world.entries()
  await world.store.write(async ({ db }) => {
    await db.deleteFrom('drift_state').execute()
    await db.deleteFrom('cursors').execute()
    await db.updateTable('baselines').set({ document: null }).execute()
  })
  world.restart()
  await world.settle()
  expect(await world.entries()).toEqual(before)
  const [baseline] = await world.store.query((db) => db.selectFrom('baselines').selectAll().execute())
  expect(baseline?.document).not.toBeNull()
  expect(world.faults).toEqual([])
  await world.remove()
})
