import { beforeEach, describe, expect, test } from 'vitest'
import { MemorySpool } from '../../test/fixtures/memory-spool.ts'
import { AUD, digestOf, SettableClock, World } from '../../test/fixtures/tokens.ts'
import { receiptHash, receiptSchema, type Receipt } from '../log/receipt.ts'
import { ChainRecord } from './chain-record.ts'
import { Recorder, type DecisionFields } from './recorder.ts'
import { readSpoolLine } from './spool-line.ts'

const w = new World()
const decision = (action: string, edit: Partial<DecisionFields> = {}): DecisionFields => ({
  action,
  chain: null,
  agent: null,
  grant: null,
  server: 'files',
  tool: 'read',
  definition_hash: null,
  args_commit: null,
  decision: 'allow',
  reasons: [],
  binding: 'none',
  placement: 'gateway',
  freshness: null,
  debits: [],
  ...edit,
})
const SEGMENT = { id: digestOf('segment'), parent: null, segment: 'x~' }
const chainOf = (segment: typeof SEGMENT): ChainRecord => new ChainRecord(() => [segment])

let spool: MemorySpool
let epochs: string[]
const control = {
  // oxlint-disable-next-line typescript/require-await -- the port is asynchronous
  openEpoch: async (reason: string) => epochs.push(reason),
}
const open = (): Promise<Recorder> =>
  Recorder.open({ crypto: w.crypto, clock: new SettableClock(), spool, point: AUD, control })
const receipts = (): Receipt[] => spool.records.map(({ text }) => readSpoolLine(text).receipt)
/** RCP-1, and that each is a receipt at all. */
function expectChained(epoch: number): void {
  let hash = ''
  for (const [i, receipt] of receipts().entries()) {
    expect(receiptSchema.parse(receipt)).toMatchObject({ epoch, seq: i + 1, prev_hash: hash })
    hash = receiptHash(w.crypto, receipt)
    expect(spool.records[i]).toMatchObject({ seq: i + 1, hash })
  }
}

beforeEach(() => {
  spool = new MemorySpool()
  epochs = []
})

describe('a stream', () => {
  test('starts in a new epoch when the spool is empty or damaged, and continues otherwise', async () => {
    const first = await open()
    expect(first.head).toEqual({ epoch: 1, seq: 0, hash: '' })
    await first.outcome({ action: 'act_1', outcome: 'finished' })
    const second = await open()
    expect(second.head).toEqual(first.head)
    await second.outcome({ action: 'act_2', outcome: 'finished' })
    expectChained(1)
    spool.position = 'damaged'
    expect((await open()).head).toEqual({ epoch: 2, seq: 0, hash: '' })
    expect(epochs).toEqual(['empty', 'unreadable'])
  })

  test('does not start when the control plane gives no epoch', async () => {
    const away = { openEpoch: () => Promise.reject(new Error('away')) }
    await expect(
      Recorder.open({ crypto: w.crypto, clock: new SettableClock(), spool, point: AUD, control: away }),
    ).rejects.toThrow('away')
  })

  test('takes no receipt that no log entry has room for, and goes on as if it had not been asked', async () => {
    const recorder = await open()
    const debit = { jti: 'dlg_1', grant: 'G'.repeat(43), measure: '\u{e4}'.repeat(64), unit: '1', amount: 1 }
    const debits = (iss: string) =>
      Array.from({ length: 126 }, () => ({ iss, ...debit, per: 'delegation' as const, period: 'all' }))
    const large = { ...decision('act_1'), debits: debits('i'.repeat(256)) }
    await expect(recorder.decision(large, null, null)).rejects.toThrowWithCode('SPOOL_UNAVAILABLE')
    await recorder.decision({ ...decision('act_2'), debits: debits('log.example') }, null, null)
    expect(receipts()).toHaveLength(1)
    expectChained(1)
  })

  test('is gapless and chained, also for records of one turn', async () => {
    const recorder = await open()
    await Promise.all(
      Array.from({ length: 50 }, (_, i) => recorder.decision(decision(`act_${i}`), null, null)),
    )
    await recorder.outcome({ action: 'act_0', outcome: 'failed' })
    expect(receipts()).toHaveLength(51)
    expectChained(1)
    expect(recorder.head).toEqual(spool.position)
  })

  test('carries each segment once in an epoch, and again when its record was not stored', async () => {
    const recorder = await open()
    spool.fault = 'lost'
    await expect(recorder.decision(decision('act_1'), chainOf(SEGMENT), null)).rejects.toThrowWithCode(
      'SPOOL_UNAVAILABLE',
    )
    spool.fault = null
    await recorder.decision(decision('act_2'), chainOf(SEGMENT), null)
    await recorder.decision(decision('act_3'), chainOf(SEGMENT), null)
    await recorder.startEpoch(control, 'refused')
    await recorder.decision(decision('act_4'), chainOf(SEGMENT), null)
    expect(spool.records.map(({ text }) => readSpoolLine(text).segments.length)).toEqual([1])
    expect(epochs).toEqual(['empty', 'refused'])
  })

  test('lets the text of segments go once they are durable, and never names what it has not carried', async () => {
    const recorder = await open()
    const chain = chainOf(SEGMENT)
    spool.fault = 'lost'
    await expect(recorder.decision(decision('act_1'), chain, null)).rejects.toThrowWithCode(
      'SPOOL_UNAVAILABLE',
    )
    spool.fault = null
    expect(chain.segmentsFor(1)).toEqual([SEGMENT])
    await recorder.decision(decision('act_2'), chain, null)
    expect(chain.segmentsFor(1)).toEqual([])
    expect(recorder.canName(chain)).toBe(true)
    await recorder.startEpoch(control, 'refused')
    expect(recorder.canName(chain)).toBe(false)
    await expect(recorder.decision(decision('act_3'), chain, null)).rejects.toThrowWithCode(
      'SPOOL_UNAVAILABLE',
    )
    await recorder.decision(decision('act_4'), chainOf(SEGMENT), null)
    expect(spool.records.map(({ text }) => readSpoolLine(text).segments)).toEqual([[SEGMENT]])
    expectChained(2)
  })

  test('denies a chain that was let go while an epoch began', async () => {
    const recorder = await open()
    const chain = chainOf(SEGMENT)
    await recorder.decision(decision('act_1'), chain, null)
    const gate = Promise.withResolvers<void>()
    spool.gate = gate.promise
    const beginning = recorder.startEpoch(control, 'refused')
    await Promise.resolve()
    const during = recorder.decision(decision('act_2'), chain, null)
    gate.resolve()
    await expect(during).rejects.toThrowWithCode('SPOOL_UNAVAILABLE')
    await beginning
    expect(spool.records).toEqual([])
  })

  test('carries a segment again rather than remember more of them than it may', async () => {
    const recorder = await open()
    const ids = Array.from({ length: 16_384 }, (_, i) => ({ ...SEGMENT, id: digestOf(String(i)) }))
    await recorder.decision(decision('act_1'), chainOf(SEGMENT), null)
    await recorder.decision(decision('act_2'), new ChainRecord(() => ids), null)
    await recorder.decision(decision('act_3'), chainOf(SEGMENT), null)
    await recorder.decision(decision('act_4'), chainOf(SEGMENT), null)
    const carried = spool.records.map(
      ({ text }) => (JSON.parse(text) as { segments: unknown[] }).segments.length,
    )
    expect(carried).toEqual([1, 16_384, 1, 0])
  })

  test('carries what a commitment opens to', async () => {
    const recorder = await open()
    const opening = {
      args_commit: digestOf('c'),
      action: 'act_1',
      salt: digestOf('s'),
      args: { a: [1, null, { b: 'x' }] },
    }
    await recorder.decision(decision('act_1'), null, opening)
    expect(readSpoolLine(spool.records[0]!.text).opening).toEqual(opening)
  })
})

describe('a spool that fails', () => {
  test('without storing leaves no gap: the stream goes on from the last durable record', async () => {
    const recorder = await open()
    await recorder.decision(decision('act_1'), null, null)
    const before = recorder.head
    spool.fault = 'lost'
    await expect(recorder.decision(decision('act_2'), null, null)).rejects.toThrowWithCode(
      'SPOOL_UNAVAILABLE',
    )
    expect(recorder.head).toEqual(before)
    spool.fault = null
    await recorder.decision(decision('act_3'), null, null)
    expectChained(1)
    expect(receipts().map(({ action }) => action)).toEqual(['act_1', 'act_3'])
  })

  test('after storing is answered as a failure, and the stream goes on behind what was stored', async () => {
    const recorder = await open()
    spool.fault = 'stored'
    await expect(recorder.decision(decision('act_1'), null, null)).rejects.toThrowWithCode(
      'SPOOL_UNAVAILABLE',
    )
    spool.fault = null
    await recorder.decision(decision('act_2'), null, null)
    expectChained(1)
    expect(receipts().map(({ action }) => action)).toEqual(['act_1', 'act_2'])
  })

  test('fails the records behind the one that failed, and takes none before they are settled', async () => {
    const recorder = await open()
    const gate = Promise.withResolvers<void>()
    spool.gate = gate.promise
    spool.fault = 'lost'
    const under_way = [1, 2, 3].map((n) => recorder.decision(decision(`act_${n}`), null, null))
    const settled = Promise.allSettled(under_way)
    gate.resolve()
    await expect(under_way[0]).rejects.toThrowWithCode('SPOOL_UNAVAILABLE')
    expect((await settled).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    spool.fault = null
    await recorder.decision(decision('act_4'), null, null)
    expectChained(1)
  })

  test('and is damaged takes nothing any more', async () => {
    const recorder = await open()
    spool.position = 'damaged'
    for (let i = 0; i < 3; i++) {
      await expect(recorder.decision(decision('act_1'), null, null)).rejects.toThrowWithCode(
        'SPOOL_UNAVAILABLE',
      )
    }
    spool.position = { epoch: 1, seq: 0, hash: '' }
    await expect(recorder.decision(decision('act_1'), null, null)).rejects.toThrowWithCode(
      'SPOOL_UNAVAILABLE',
    )
  })
})

describe('a new epoch', () => {
  test('never gets a record of the old one, whatever is recorded while it begins', async () => {
    const recorder = await open()
    await recorder.decision(decision('act_1'), null, null)
    const gate = Promise.withResolvers<void>()
    spool.gate = gate.promise
    const before = recorder.decision(decision('act_2'), null, null)
    const beginning = recorder.startEpoch(control, 'refused')
    await Promise.resolve()
    await Promise.resolve()
    const during = recorder.decision(decision('act_3'), chainOf(SEGMENT), null)
    gate.resolve()
    await before
    await beginning
    await during
    await recorder.decision(decision('act_4'), chainOf(SEGMENT), null)
    expect(receipts().map(({ action }) => action)).toEqual(['act_3', 'act_4'])
    expectChained(2)
    expect(spool.records.map(({ text }) => readSpoolLine(text).segments.length)).toEqual([1, 0])
  })

  test('that the spool cannot begin is refused, and nothing is recorded under another number', async () => {
    const recorder = await open()
    const failing = recorder.startEpoch(control, 'refused')
    spool.begin = () => Promise.reject(new Error('no space'))
    await expect(failing).rejects.toThrow('no space')
    await recorder.decision(decision('act_1'), null, null)
    expectChained(1)
  })
})

describe('after a crash', () => {
  test('each allowed action without an outcome gets the outcome unknown, and no other', async () => {
    const recorder = await open()
    await recorder.decision(decision('act_open'), null, null)
    await recorder.decision(decision('act_done'), null, null)
    await recorder.outcome({ action: 'act_done', outcome: 'finished' })
    await recorder.decision(decision('act_denied', { decision: 'deny', reasons: ['EXPIRED'] }), null, null)
    await recorder.decision(decision('act_late'), null, null)
    await recorder.decision(decision('act_late', { decision: 'deny', reasons: ['REVOKED'] }), null, null)
    await open()
    expect(receipts().slice(6)).toMatchObject([{ kind: 'outcome', action: 'act_open', outcome: 'unknown' }])
    await open()
    expect(receipts()).toHaveLength(7)
    expectChained(1)
  })
})
