import { beforeEach, describe, expect, test } from 'vitest'
import { SettableClock, World } from '../../test/fixtures/tokens.ts'
import { signFrame, signHeartbeat, signTime } from './frame.ts'
import { markOf, MarkTable } from './marks.ts'
import { bodyDigest, signSnapshot, type SignedSnapshot, type Snapshot } from './snapshot.ts'
import { RevocationState } from './state.ts'
import type { Statement } from './statement.ts'

const w = new World()
const signer = w.signer('frames')
const NONCE = 'A'.repeat(24)
const HASH = 'h'.repeat(43)

let clock: SettableClock
let state: RevocationState
let statements: Statement[]
beforeEach(() => {
  clock = new SettableClock()
  statements = []
  state = new RevocationState({
    crypto: w.crypto,
    frameKey: signer.publicJwk,
    clock,
    onStatement: (statement) => statements.push(statement),
  })
})

const handle = (n: number) => ({ kind: 'delegation', handle: `dlg_${n}` }) as const
function bodyOf(count: number): Uint8Array {
  const table = new MarkTable()
  for (let n = 0; n < count; n++) table.add(markOf(w.crypto, handle(n)))
  return table.sorted()
}
function headerOf(body: Uint8Array, changes: Partial<Snapshot> = {}, by = signer): SignedSnapshot {
  return signSnapshot(by, {
    v: 1,
    epoch: 1,
    head: 10,
    head_hash: HASH,
    t: clock.now(),
    count: body.length / 16,
    digest: bodyDigest(w.crypto, body),
    kills: [],
    lifts: [],
    ...changes,
  })
}
const beat = (head: number, head_hash = HASH) =>
  signHeartbeat(signer, { epoch: 1, head, head_hash, t: clock.now() })
const connect = (): void => {
  state.connecting(NONCE)
  state.applyTime(signTime(signer, NONCE, clock.now()))
}

describe('a snapshot', () => {
  test('revokes what it marks, and waits for a heartbeat of its head', () => {
    connect()
    state.applyHeartbeat(beat(0, ''))
    expect(state.freshness()).not.toBeNull()
    const body = bodyOf(100)
    expect(state.applySnapshot(headerOf(body), body)).toBe('applied')
    expect([0, 99, 100].map((n) => state.isRevoked(handle(n)))).toEqual([true, true, false])
    expect(state.freshness()).toBeNull()
    expect(state.resume).toEqual({ epoch: 1, after: 10 })
    expect(state.applyHeartbeat(beat(10))).toBe('applied')
    expect(state.freshness()).toMatchObject({ head: 10, age_ms: 0 })
  })

  test('is followed by the frame that names its last one', () => {
    connect()
    const body = bodyOf(1)
    state.applySnapshot(headerOf(body), body)
    const next = signFrame(signer, {
      epoch: 1,
      seq: 11,
      prev: HASH,
      kind: 'agent',
      handle: 'agt_1',
      reason: '',
      t: clock.now(),
    })
    expect(state.applyFrame(next)).toBe('applied')
    expect(state.isRevoked({ kind: 'agent', handle: 'agt_1' })).toBe(true)
  })

  test('adds to what is known and takes nothing away', () => {
    connect()
    const first = { epoch: 1, seq: 1, prev: '', reason: '', t: 0 } as const
    state.applyFrame(signFrame(signer, { ...first, kind: 'key', handle: 'before' }))
    const body = bodyOf(3)
    expect(state.applySnapshot(headerOf(body), body)).toBe('applied')
    expect(state.isRevoked({ kind: 'key', handle: 'before' })).toBe(true)
    expect(state.applySnapshot(headerOf(new Uint8Array(0), { head: 9 }), new Uint8Array(0))).toBe('ignored')
    expect(state.isRevoked(handle(1))).toBe(true)
    expect(state.resume.after).toBe(10)
  })

  test.each<[string, (body: Uint8Array) => [SignedSnapshot, Uint8Array]]>([
    ['that another key signed', (body) => [headerOf(body, {}, w.signer('thief')), body]],
    [
      'whose header was changed',
      (body) => [{ ...headerOf(body), sig: headerOf(body, { head: 9 }).sig }, body],
    ],
    [
      'whose body was changed',
      (body) => [headerOf(body), body.map((byte, i) => (i === 7 ? byte ^ 1 : byte))],
    ],
    ['whose body is short', (body) => [headerOf(body), body.subarray(16)]],
    ['whose count is not that of its body', (body) => [headerOf(body, { count: 2 }), body]],
    ['whose marks are out of order', (body) => [headerOf(body.toReversed()), body.toReversed()]],
    ['with a mark twice', () => [headerOf(new Uint8Array(32)), new Uint8Array(32)]],
  ])('%s changes nothing but freshness', (_, bend) => {
    connect()
    state.applyHeartbeat(beat(0, ''))
    expect(state.applySnapshot(...bend(bodyOf(3)))).toBe('rejected')
    expect(state.freshness()).toBeNull()
    expect([state.size.marks, state.resume.after]).toEqual([0, 0])
  })

  test('of another epoch, or of this head with another history, is refused', () => {
    connect()
    const body = bodyOf(3)
    state.applySnapshot(headerOf(body), body)
    expect(state.applySnapshot(headerOf(body, { epoch: 2, head: 11 }), body)).toBe('rejected')
    connect()
    expect(state.applySnapshot(headerOf(body, { head_hash: 'x'.repeat(43) }), body)).toBe('rejected')
    connect()
    expect(state.applySnapshot(headerOf(body), body)).toBe('ignored')
  })

  test('hands on its statements, also when it has no news', () => {
    const kill = { v: 1, id: 'kil_1', iss: 'us', scope: { kind: 'global' }, reason: 'test', t: 1 } as const
    const signed = { kill, by: 'frame', sig: 'x' } as const
    const body = bodyOf(1)
    connect()
    state.applySnapshot(headerOf(body, { kills: [signed] }), body)
    state.applySnapshot(headerOf(body, { kills: [signed] }), new Uint8Array(0))
    expect(statements).toEqual([signed, signed])
  })
})

test('a million revocations are loaded from a snapshot, at no more than 64 bytes each, and found', () => {
  const count = 1_000_000
  const known = 1_000
  const table = new MarkTable()
  for (let n = 0; n < known; n++) table.add(markOf(w.crypto, handle(n)))
  const random = w.crypto.randomBytes(16 * count) // as good as the marks of handles, and faster made
  for (let at = 0; table.size < count; at += 16) table.add(random, at)
  const body = table.sorted()
  const header = headerOf(body)
  connect()
  const start = performance.now()
  expect(state.applySnapshot(header, body)).toBe('applied')
  const took_ms = performance.now() - start
  const { marks, bytes } = state.size
  process.stdout.write(
    `snapshot of ${marks} marks: verified and loaded in ${Math.round(took_ms)} ms, ${(bytes / marks).toFixed(1)} bytes each\n`,
  )
  expect(marks).toBe(count)
  expect(bytes / marks).toBeLessThanOrEqual(64)
  for (let n = 0; n < 2 * known; n++) expect(state.isRevoked(handle(n))).toBe(n < known)
}, 60_000)
