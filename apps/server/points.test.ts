import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { base64url } from '../../src/core/encoding.ts'
import { canonicalBytes } from '../../src/core/json.ts'
import { signAck } from '../../src/revoke/ack.ts'
import { receiptHash, signHead, type Receipt, type SignedHead } from '../../src/log/receipt.ts'
import { segmentsOf } from '../../src/token/segment.ts'
import { TestServer, type Caller, type Operator } from './harness.ts'

const server = new TestServer({ separation: 'after' })
let ann: Operator
beforeAll(async () => {
  await server.start()
  ann = await server.enrol(server.bootstrapSecret)
})
afterAll(() => server.remove())

const code = (answer: { json: { error?: { code: string } } }) => answer.json.error?.code
const time = new Date().toISOString()

/** A point that keeps its own stream. */
class Spool {
  readonly id: string
  readonly api: Caller
  readonly receipts: Receipt[] = []
  epoch = 1

  constructor(point: { id: string; api: Caller }) {
    this.id = point.id
    this.api = point.api
  }

  add(count: number, action = 'act_1'): Receipt[] {
    return Array.from({ length: count }, () => {
      const last = this.receipts.at(-1)
      const receipt: Receipt = {
        v: 1,
        kind: 'outcome',
        point: this.id,
        epoch: this.epoch,
        seq: (last?.seq ?? 0) + 1,
        prev_hash: last ? receiptHash(nodeCrypto, last) : '',
        time,
        action,
        outcome: 'finished',
      }
      this.receipts.push(receipt)
      return receipt
    })
  }

  head(): SignedHead {
    const last = this.receipts.at(-1)
    const hash = last ? receiptHash(nodeCrypto, last) : ''
    const head = { point: this.id, epoch: this.epoch, seq: last?.seq ?? 0, hash, time }
    return signHead(nodeCrypto.signer(this.api.key), head)
  }

  ship(receipts: readonly Receipt[], more: object = {}) {
    const body = { receipts, head: this.head(), segments: [], openings: [], ...more }
    return this.api.post('/v1/points/self/receipts', body)
  }
}

async function spool(): Promise<Spool> {
  const point = await server.point(ann)
  await point.api.post('/v1/points/self/epochs', { reason: 'first' })
  return new Spool(point)
}

async function logged(type: string, subject?: string): Promise<{ body: Record<string, unknown> }[]> {
  const entries: { entry: { type: string; subject?: string; body: Record<string, unknown> } }[] = []
  for (;;) {
    const page: { size: number; entries: typeof entries } = (
      await ann.api.get(`/v1/entries?limit=1000&after=${entries.length - 1}`)
    ).json
    entries.push(...page.entries)
    if (entries.length >= page.size) break
  }
  return entries
    .map((one) => one.entry)
    .filter((one) => one.type === type && (!subject || one.subject === subject))
}

describe('receipts', () => {
  test('in order are logged with their head and acknowledged', async () => {
    const point = await spool()
    expect((await point.ship(point.add(3))).json).toMatchObject({ acknowledged: { epoch: 1, seq: 3 } })
    expect((await point.ship(point.add(2))).json).toMatchObject({ acknowledged: { epoch: 1, seq: 5 } })
    expect(await logged('receipt.head', point.id)).toHaveLength(2)
    const receipts = (await logged('receipt')).map((entry) => entry.body)
    expect(receipts.filter((body) => body.point === point.id)).toEqual(point.receipts)
  })

  test('that were sent before are acknowledged and not logged twice', async () => {
    const point = await spool()
    const batch = point.add(3)
    await point.ship(batch)
    const size = await ann.api.logSize()
    expect((await point.ship(batch)).json).toMatchObject({ acknowledged: { epoch: 1, seq: 3 } })
    expect((await point.ship([])).json).toMatchObject({ acknowledged: { epoch: 1, seq: 3 } })
    expect(await ann.api.loggedSince(size)).toEqual([])
    const [fourth] = point.add(1)
    const overlapping = [...batch.slice(1), fourth] as Receipt[]
    expect((await point.ship(overlapping)).json.acknowledged.seq).toBe(4)
    expect(await ann.api.loggedSince(size)).toEqual(['receipt', 'receipt.head'])
  })

  test('after a gap are kept and the gap is alerted; what was missing may still come', async () => {
    const point = await spool()
    const all = point.add(6)
    await point.ship(all.slice(0, 2))
    expect((await point.ship(all.slice(4))).json).toMatchObject({ acknowledged: { epoch: 1, seq: 6 } })
    expect(await logged('alert.raised', point.id)).toMatchObject([
      { body: { rule: 'SEQUENCE_GAP', detail: { epoch: 1, from: 3, to: 4 } } },
    ])
    expect((await point.ship(all.slice(2, 4))).json).toMatchObject({ acknowledged: { epoch: 1, seq: 6 } })
    const receipts = (await logged('receipt')).filter((entry) => entry.body.point === point.id)
    expect(receipts).toHaveLength(6)
  })

  test('of a point that was revoked are refused: its key is no longer anybody’s', async () => {
    const point = await spool()
    await point.ship(point.add(1))
    const revocation = { kind: 'point', target: point.id, reason: 'stolen' }
    expect((await ann.api.post('/v1/revocations', revocation)).status).toBe(200)
    expect(code(await point.ship(point.add(1)))).toBe('AUTH_KEY_UNKNOWN')
    expect(await logged('revocation')).toMatchObject([{ body: { target: point.id, frame: { kind: 'key' } } }])
  })

  test('that fork the stream are refused, and the alert stays, once', async () => {
    const point = await spool()
    await point.ship(point.add(3))
    const fork = new Spool(point)
    fork.add(2)
    const bent = fork.add(1, 'act_other')
    for (const _ of [1, 2]) {
      const answer = await fork.ship(bent)
      expect([answer.status, code(answer)]).toEqual([409, 'RECEIPT_FORK'])
    }
    const onward = fork.add(1)
    expect(code(await fork.ship(onward))).toBe('RECEIPT_FORK')
    expect(await logged('alert.raised', point.id)).toMatchObject([
      { body: { rule: 'SEQUENCE_FORK', detail: { epoch: 1, seq: 3 } } },
    ])
    const receipts = (await logged('receipt')).filter((entry) => entry.body.point === point.id)
    expect(receipts.map((entry) => entry.body)).toEqual(point.receipts)
  })

  test('of another epoch are refused, and a new epoch is alerted', async () => {
    const point = await spool()
    await point.ship(point.add(2))
    expect((await point.api.post('/v1/points/self/epochs', { reason: 'unreadable' })).json).toEqual({
      epoch: 2,
    })
    const answer = await point.ship(point.add(1))
    expect([answer.status, code(answer)]).toEqual([409, 'RECEIPT_EPOCH'])
    expect(await logged('alert.raised', point.id)).toMatchObject([{ body: { rule: 'EPOCH_REOPENED' } }])
  })

  test('under a head by another key, or one that does not cover them, are refused', async () => {
    const [point, other] = [await spool(), await spool()]
    const batch = point.add(2)
    const forged = signHead(nodeCrypto.signer(other.api.key), point.head().head)
    expect(code(await point.ship(batch, { head: forged }))).toBe('RECEIPT_INVALID')
    const short = new Spool(point)
    short.add(1)
    expect(code(await point.ship(batch, { head: short.head() }))).toBe('RECEIPT_INVALID')
    expect(code(await other.ship(batch))).toBe('RECEIPT_INVALID')
  })

  test('a thousand at once pass, and more do not', async () => {
    const point = await spool()
    expect((await point.ship(point.add(1000))).json.acknowledged.seq).toBe(1000)
    expect(code(await point.ship(point.add(1001)))).toBe('REQUEST_INVALID')
  })
})

describe('what comes with receipts', () => {
  test('a segment is logged once, and only under its own ID', async () => {
    const agent = await server.agent(ann, ann)
    const point = await spool()
    const { chain } = await server.delegate(ann, agent, point.id)
    const segments = segmentsOf(nodeCrypto, chain)
    await point.ship(point.add(1), { segments })
    await point.ship(point.add(1), { segments })
    expect(await logged('chain.segment', segments[0]?.id)).toHaveLength(1)
    const renamed = segments.map((one) => ({ ...one, id: 'A'.repeat(43) }))
    expect(code(await point.ship(point.add(1), { segments: renamed }))).toBe('SEGMENT_INVALID')
  })

  test('an opening must match its commitment and never reaches the log', async () => {
    const point = await spool()
    const salt = randomBytes(32)
    const args = { path: 'salaries.csv' }
    const args_commit = base64url(nodeCrypto.hmacSha256(salt, canonicalBytes(args)))
    const opening = { args_commit, action: 'act_1', salt: base64url(salt), args }
    expect((await point.ship(point.add(1), { openings: [opening] })).status).toBe(200)
    const wrong = { ...opening, args: { path: 'other' } }
    expect(code(await point.ship(point.add(1), { openings: [wrong] }))).toBe('OPENING_INVALID')
    expect(JSON.stringify((await ann.api.get('/v1/entries?limit=1000')).json)).not.toContain('salaries')
  })
})

describe('acknowledgements of revocations', () => {
  let t = Date.now()
  const signed = (point: { id: string; api: Caller }, edit: object = {}, key = point.api.key) =>
    signAck(nodeCrypto.signer(key), { v: 1, point: point.id, epoch: 1, head: 1, kills: [], t: t++, ...edit })
  const send = async (base: string, body: object) => {
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(`${base}/v1/acks`, { method: 'POST', headers, body: JSON.stringify(body) })
    return { status: answer.status, json: (await answer.json()) as never }
  }

  test('say which points have come how far, and a point whose key is revoked is none of them', async () => {
    const own = new TestServer({ separation: 'after' })
    await own.start()
    try {
      const bea = await own.enrol(own.bootstrapSecret)
      const [one, two, gone] = [
        await own.point(bea, 'a'),
        await own.point(bea, 'b'),
        await own.point(bea, 'c'),
      ]
      await bea.api.post('/v1/revocations', { kind: 'point', target: gone.id, reason: 'lost' })
      const at = async (seq: number) => (await bea.api.get(`/v1/revocations/${seq}/acks`)).json
      expect(await at(1)).toMatchObject({ of: 2, acknowledged: 0, missing: [{ head: null }, { head: null }] })
      const ack = (...of: Parameters<typeof signed>) => send(own.base(), signed(...of))
      expect(await ack(one)).toEqual({ status: 200, json: { spread_ms: 2 } })
      expect(await ack(two, { head: 0 })).toEqual({ status: 200, json: { spread_ms: 4 } })
      expect(await at(1)).toEqual({
        of: 2,
        acknowledged: 1,
        missing: [{ point: two.id, name: expect.any(String), head: 0 }],
        spread_ms: 4,
      })
      const late = signed(two, { head: 1 })
      await ack(two, { head: 5 })
      expect((await send(own.base(), late)).status).toBe(200) // overtaken on the way: it changes nothing
      expect(await at(5)).toMatchObject({ acknowledged: 1 })
      expect(await at(1)).toMatchObject({ of: 2, acknowledged: 2, missing: [] })
    } finally {
      await own.remove()
    }
  })

  test('outlive a restart once they were asked for, or half a second after they came', async () => {
    const own = new TestServer({ separation: 'after' })
    await own.start()
    try {
      const bea = await own.enrol(own.bootstrapSecret)
      const one = await own.point(bea, 'a')
      await send(own.base(), signed(one, { head: 3 }))
      await own.restart()
      expect((await bea.api.get('/v1/revocations/3/acks')).json).toMatchObject({ of: 1, acknowledged: 1 })
      const older = signed(one, { head: 1, t: Date.now() - 30_000 })
      await send(own.base(), older) // newer than what this process knows, older than what is stored
      expect((await bea.api.get('/v1/revocations/3/acks')).json).toMatchObject({ acknowledged: 1 })
    } finally {
      await own.remove()
    }
  })

  test('of nobody, in the name of another point, by another key or of another time are refused', async () => {
    const [one, two] = [await server.point(ann, 'a'), await server.point(ann, 'b')]
    const refused = async (...of: Parameters<typeof signed>) =>
      expect(code(await send(server.base(), signed(...of)))).toBe('ACK_INVALID')
    await refused(one, { point: two.id })
    await refused(one, { point: 'pnt_none' })
    await refused(one, {}, two.api.key)
    await refused(one, { t: Date.now() - 90_000 })
    await refused(one, { t: Date.now() + 90_000 })
  })
})
