import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { MemorySpool } from '../../test/fixtures/memory-spool.ts'
import { AUD, SettableClock, World } from '../../test/fixtures/tokens.ts'
import { verifyHead } from '../log/receipt.ts'
import { StreamRefused, type Shipment, type Shipped } from '../ports/control-plane.ts'
import { ChainRecord } from './chain-record.ts'
import { Recorder } from './recorder.ts'
import { Shipper } from './shipper.ts'

const w = new World()
const signer = w.signer('point')

/** Takes receipts as the control plane does: in order, once, and says up to where. */
class Plane {
  epoch = 0
  readonly shipped: Shipment[] = []
  readonly taken: number[] = []
  /** What a control plane would refuse for good. */
  readonly wrong: string[] = []
  attempts = 0
  answer: 'ok' | 'away' | 'refused' | 'lost answer' = 'ok'
  hold: Promise<void> = Promise.resolve()

  openEpoch(): Promise<number> {
    if (this.answer === 'away') return Promise.reject(new Error('away'))
    if (this.answer === 'refused') this.answer = 'ok'
    this.taken.length = 0
    return Promise.resolve(++this.epoch)
  }

  async ship(shipment: Shipment): Promise<Shipped> {
    this.attempts++
    await this.hold
    if (this.answer === 'away') throw new Error('away')
    if (this.answer === 'refused') throw new StreamRefused('STREAM_REFUSED', 'another history')
    if (!verifyHead(w.crypto, signer.publicJwk, shipment.head)) this.wrong.push('a head that is not signed')
    this.shipped.push(shipment)
    for (const { seq } of shipment.receipts) {
      if (seq <= this.taken.length) continue // a duplicate
      if (seq !== this.taken.length + 1) this.wrong.push(`receipt ${seq} out of order`)
      this.taken.push(seq)
    }
    if (this.answer === 'lost answer') {
      this.answer = 'ok'
      throw new Error('the connection broke')
    }
    return { seq: this.taken.length, recalled: [], now_ms: 0 }
  }
}

let plane: Plane
let spool: MemorySpool
let recorder: Recorder
let shipper: Shipper
const options = () => ({ crypto: w.crypto, clock: new SettableClock(), spool, point: AUD, control: plane })
const record = async (count = 1): Promise<void> => {
  for (let i = 0; i < count; i++) {
    await recorder.outcome({ action: `act_${i}`, outcome: 'finished' })
    shipper.poke()
  }
}

beforeEach(async () => {
  vi.useFakeTimers()
  plane = new Plane()
  spool = new MemorySpool()
  recorder = await Recorder.open(options())
  shipper = new Shipper({ ...options(), recorder, signer })
})
afterEach(async () => {
  const stopped = shipper.stop(0)
  await vi.advanceTimersByTimeAsync(10_000)
  await stopped
  vi.useRealTimers()
  if (plane.wrong.length > 0) throw new Error(plane.wrong.join('; '))
})

describe('shipping', () => {
  test('brings receipts in order, gathered for a moment, with a signed head, and lets the spool free them', async () => {
    await vi.advanceTimersByTimeAsync(0)
    const before = plane.shipped.length
    await record(3)
    await vi.advanceTimersByTimeAsync(50)
    expect(plane.shipped.length - before).toBe(1)
    expect(plane.taken).toEqual([1, 2, 3])
    expect(plane.shipped.at(-1)?.head.head).toMatchObject({ point: AUD, ...recorder.head })
    expect(spool.acknowledged).toBe(3)
  })

  test('reports the head every ten seconds, also when nothing happens', async () => {
    await vi.advanceTimersByTimeAsync(0)
    const before = plane.shipped.length
    await vi.advanceTimersByTimeAsync(30_000)
    expect(plane.shipped.length - before).toBe(3)
    expect(plane.shipped.at(-1)?.receipts).toEqual([])
  })

  test('sends at most 500 receipts at once, and at most about 2 MiB', async () => {
    plane.answer = 'away'
    await record(1100)
    plane.answer = 'ok'
    await vi.advanceTimersByTimeAsync(2000)
    expect(plane.taken).toHaveLength(1100)
    expect(Math.max(...plane.shipped.map(({ receipts }) => receipts.length))).toBe(500)
    plane.answer = 'away'
    for (let i = 0; i < 3; i++) {
      await recorder.decision(
        {
          action: 'act_big',
          chain: null,
          agent: null,
          grant: null,
          server: 's',
          tool: 't',
          definition_hash: null,
          args_commit: null,
          decision: 'deny',
          reasons: [],
          binding: 'none',
          placement: 'gateway',
          freshness: null,
          debits: [],
        },
        new ChainRecord(() => [{ id: `seg_${i}`, parent: null, segment: 'x'.repeat(900_000) }]),
        { args_commit: '', action: 'act_big', salt: '', args: null },
      )
      shipper.poke()
    }
    plane.answer = 'ok'
    await vi.advanceTimersByTimeAsync(12_000)
    const big = plane.shipped.filter(({ segments }) => segments.length > 0)
    expect(big.map(({ segments, openings }) => [segments.length, openings.length])).toEqual([
      [2, 2],
      [1, 1],
    ])
  })

  test('does not lose a record that comes while an empty report is under way', async () => {
    await vi.advanceTimersByTimeAsync(0)
    const gate = Promise.withResolvers<void>()
    plane.hold = gate.promise
    await vi.advanceTimersByTimeAsync(10_000) // the empty report hangs
    await record()
    plane.hold = Promise.resolve()
    gate.resolve()
    await vi.advanceTimersByTimeAsync(50)
    expect(plane.taken).toEqual([1])
  })
})

describe('a control plane that is away', () => {
  test('gets everything when it is back', async () => {
    await vi.advanceTimersByTimeAsync(0)
    plane.answer = 'away'
    await record(5)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(plane.taken).toEqual([])
    plane.answer = 'ok'
    await vi.advanceTimersByTimeAsync(2000)
    expect(plane.taken).toEqual([1, 2, 3, 4, 5])
  })

  test('is not asked once a record, but with a pause that grows', async () => {
    await vi.advanceTimersByTimeAsync(0)
    plane.answer = 'away'
    const before = plane.attempts
    for (let i = 0; i < 200; i++) {
      await record()
      await vi.advanceTimersByTimeAsync(10)
    }
    expect(plane.attempts - before).toBeLessThan(12)
  })

  test('is sent again what it may not have got: duplicates do no harm', async () => {
    await vi.advanceTimersByTimeAsync(0)
    plane.answer = 'lost answer'
    await record(2)
    await vi.advanceTimersByTimeAsync(1000)
    expect(plane.taken).toEqual([1, 2])
    expect(spool.acknowledged).toBe(2)
  })

  test('that refuses the stream gets a new epoch, and the records of it', async () => {
    await record(2)
    await vi.advanceTimersByTimeAsync(0)
    plane.answer = 'refused'
    await record()
    await vi.advanceTimersByTimeAsync(1000)
    expect(recorder.head).toMatchObject({ epoch: 2, seq: 0 })
    await record(2)
    await vi.advanceTimersByTimeAsync(1000)
    expect(plane.taken).toEqual([1, 2])
    expect(plane.shipped.findLast(({ receipts }) => receipts.length > 0)?.receipts[0]?.epoch).toBe(2)
  })
})

describe('a call that waits for the log', () => {
  const place = () => recorder.begun ?? { epoch: 0, seq: 0 }

  test('is told at once, without gathering, and at once again for what the log has', async () => {
    await vi.advanceTimersByTimeAsync(0)
    await recorder.outcome({ action: 'act_1', outcome: 'finished' })
    const logged = shipper.logged(place(), 2000)
    await vi.advanceTimersByTimeAsync(1)
    expect(await logged).toBe(true)
    expect(await shipper.logged(place(), 2000)).toBe(true)
  })

  test('is told no when the control plane stays away, and hurries nobody', async () => {
    await vi.advanceTimersByTimeAsync(0)
    plane.answer = 'away'
    await record()
    await vi.advanceTimersByTimeAsync(5000)
    const before = plane.attempts
    const logged = Array.from({ length: 50 }, () => shipper.logged(place(), 500))
    await vi.advanceTimersByTimeAsync(500)
    expect(new Set(await Promise.all(logged))).toEqual(new Set([false]))
    expect(plane.attempts - before).toBeLessThan(3)
  })

  test('is told no when its stream is refused: the next one is another', async () => {
    await vi.advanceTimersByTimeAsync(0)
    plane.answer = 'refused'
    await recorder.outcome({ action: 'act_1', outcome: 'finished' })
    const logged = shipper.logged(place(), 2000)
    await vi.advanceTimersByTimeAsync(1000)
    await record()
    await vi.advanceTimersByTimeAsync(1000)
    expect(await logged).toBe(false)
    expect(recorder.head).toMatchObject({ epoch: 2, seq: 1 })
  })

  test('is told no when the point stops', async () => {
    await vi.advanceTimersByTimeAsync(0)
    plane.answer = 'away'
    await record()
    const logged = shipper.logged(place(), 60_000)
    const stopped = shipper.stop(0)
    await vi.advanceTimersByTimeAsync(3000)
    await stopped
    expect(await logged).toBe(false)
  })
})

describe('stopping', () => {
  test('ships what there is first', async () => {
    await vi.advanceTimersByTimeAsync(0)
    await recorder.outcome({ action: 'act_1', outcome: 'finished' }) // nobody pokes
    await shipper.stop(1000)
    expect(plane.taken).toEqual([1])
  })

  test('gives up at the deadline when the control plane is away', async () => {
    plane.answer = 'away'
    await record()
    const stopped = shipper.stop(5000)
    await vi.advanceTimersByTimeAsync(8000)
    await stopped
    expect(spool.records).toHaveLength(1)
  })
})
