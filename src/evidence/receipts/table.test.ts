/** A table gives back the receipts that it was given, in whatever order the log had them. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { nodeCrypto } from '../../adapters/node-crypto/node-crypto.ts'
import { receiptHash, type Receipt } from '../../log/receipt.ts'
import { entryOf, fleetReceipts } from '../../../test/fixtures/observed.ts'
import { encodeEntry } from '../../log/entries.ts'
import { History } from '../history.ts'
import type { StreamRows } from './stream.ts'
import { ReceiptTable } from './table.ts'

const TERMS = { agents: 5, points: 3, tools: 4, start_ms: Date.UTC(2026, 2, 1), apart_ms: 700, seed: 3 }

function some(n: number): Receipt[] {
  const all = fleetReceipts(TERMS)
  return Array.from({ length: n }, () => all.next().value as Receipt)
}

function tableOf(receipts: readonly Receipt[]): { table: ReceiptTable; streams: Map<string, StreamRows> } {
  const table = new ReceiptTable(nodeCrypto)
  const streams = new Map<string, StreamRows>()
  for (const [at, receipt] of receipts.entries()) {
    const stream = streams.get(receipt.point) ?? table.stream(receipt.point, receipt.epoch)
    streams.set(receipt.point, stream)
    table.add(stream, { index: 2 * at + 1, logged_ms: at }, receipt)
  }
  return { table, streams }
}

const shuffled = fc
  .integer({ min: 1, max: 60 })
  .chain((n) => fc.shuffledSubarray(some(n), { minLength: 1, maxLength: n }))

test('every member of every receipt is as it was, and no other', () => {
  fc.assert(
    fc.property(shuffled, (receipts) => {
      const rows = [...tableOf(receipts).table.all()]
      expect(rows.map(({ index }) => index)).toEqual(receipts.map((_, at) => 2 * at + 1))
      for (const [at, { receipt, time_ms }] of rows.entries()) {
        const given = receipts[at] as Receipt
        const names = Object.keys(given) as (keyof Receipt)[]
        expect(Object.fromEntries(names.map((name) => [name, receipt[name]]))).toEqual(given)
        for (const name of ['kill', 'manifest', 'approval', 'flow', 'basis'])
          expect(name in receipt).toBe(name in given)
        expect(time_ms).toBe(Date.parse(given.time))
      }
    }),
    { numRuns: 50 },
  )
})

test('those of a stream come by sequence number, and each hash is found', () => {
  fc.assert(
    fc.property(shuffled, (receipts) => {
      const { table, streams } = tableOf(receipts)
      for (const [point, stream] of streams) {
        const its = receipts.filter((receipt) => receipt.point === point).toSorted((a, b) => a.seq - b.seq)
        expect([...table.bySeq(stream)].map(({ receipt }) => receipt.seq)).toEqual(its.map(({ seq }) => seq))
        for (const receipt of its)
          expect(table.hashAt(stream, receipt.seq)).toBe(receiptHash(nodeCrypto, receipt))
        expect(table.hashAt(stream, 1_000_000)).toBeNull()
      }
    }),
    { numRuns: 50 },
  )
})

test('what holds the receipt of an entry is found by its index', () => {
  const receipts = some(40)
  const { table } = tableOf(receipts)
  for (const [at, { action }] of receipts.entries()) expect(table.receiptAt(2 * at + 1)?.action).toBe(action)
  expect([table.receiptAt(0), table.receiptAt(2), table.receiptAt(1000)]).toEqual([null, null, null])
})

test('a link to the receipt before holds, and no other', () => {
  const [first, second, third] = some(200).filter(({ point }) => point === some(1)[0]?.point) as [
    Receipt,
    Receipt,
    Receipt,
  ]
  const linked = { ...second, prev_hash: receiptHash(nodeCrypto, first) }
  const { table } = tableOf([first, linked, { ...third, prev_hash: 'x'.repeat(43) }])
  expect([table.isLinked(0, null), table.isLinked(1, 0), table.isLinked(2, 1)]).toEqual([true, true, false])
})

test('read one by one from their bytes they are the same as read strictly', () => {
  const [read, added] = [new History(nodeCrypto), new History(nodeCrypto)]
  const hashes = new Map<string, string>()
  for (const [at, receipt] of some(300).entries()) {
    // Every fifth does not name the hash of the one before it.
    const prev_hash = at % 5 === 4 ? receipt.prev_hash : (hashes.get(receipt.point) ?? '')
    const linked = { ...receipt, prev_hash }
    hashes.set(receipt.point, receiptHash(nodeCrypto, linked))
    const entry = entryOf(linked, Date.parse(receipt.time) + 5)
    read.addBytes(at, encodeEntry(entry))
    added.add(at, entry)
  }
  const rowsOf = ({ table }: History): unknown[] =>
    [...table.all()].map((one) => {
      const { row, index, logged_ms, time_ms, actionId } = one
      const receipt = {
        ...one.receipt,
        action: table.action(row),
        time: table.time(row),
        seq: table.seq(row),
      }
      const own = [table.args_commit(row), table.freshness(row), table.prev_hash(row), table.hash(row)]
      return { index, logged_ms, time_ms, actionId, receipt, own, linked: table.isLinked(row, null) }
    })
  expect(rowsOf(read)).toEqual(rowsOf(added))
  for (const index of [0, 7, 299]) expect(read.tested.placeOf(index)).toEqual(added.tested.placeOf(index))
  expect([read.size, read.last_ms, read.streams.size]).toEqual([
    added.size,
    added.last_ms,
    added.streams.size,
  ])
})
