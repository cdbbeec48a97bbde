/** What is known of receipts from those before says exactly what reading each strictly says. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fleetReceipts } from '../../test/fixtures/observed.ts'
import { base64url, fromUtf8, utf8 } from '../core/encoding.ts'
import { canonicalize, type JsonValue } from '../core/json.ts'
import { rfc3339 } from '../core/time.ts'
import { decodeEntry, encodeEntry, LogError, type AnyEntry, type Entry } from './entries.ts'
import { EntryReader, type ReadEntry } from './entry-reader.ts'
import type { DecisionReceipt, Receipt } from './receipt.ts'

// Most of what is read here is refused, by what is thrown and caught inside: where, nobody reads.
const { stackTraceLimit } = Error
beforeAll(() => void (Error.stackTraceLimit = 0))
afterAll(() => void (Error.stackTraceLimit = stackTraceLimit))

const HASH = 'q-4'.repeat(14) + 'A'
const TERMS = { agents: 5, points: 3, tools: 4, start_ms: Date.UTC(2026, 1, 27), apart_ms: 700, seed: 7 }

function entryOf(body: Receipt): Entry<'receipt'> {
  const { point: id, time } = body
  return { v: 1, type: 'receipt', time, actor: { kind: 'point', id }, body }
}

function fleet(n: number): Receipt[] {
  const all = fleetReceipts(TERMS)
  return Array.from({ length: n }, (_, i) => ({
    ...(all.next().value as Receipt),
    seq: i + 2,
    prev_hash: HASH,
  }))
}

const DECISION = fleet(20).find(
  (one): one is DecisionReceipt => one.kind === 'decision' && one.freshness !== null,
)
const OUTCOME = fleet(20).find(({ kind }) => kind === 'outcome')
if (DECISION === undefined || OUTCOME === undefined) throw new Error('a fleet decides and ends')

/** One of each kind that a reader may know. */
const KINDS: readonly Receipt[] = [
  DECISION,
  OUTCOME,
  { ...DECISION, freshness: null, args_commit: null },
  { ...DECISION, freshness: { epoch: 2, head: 0, t: 1_790_000_000_000, age_ms: 3.25 }, args_commit: HASH },
  { ...DECISION, server: '#3#', tool: 'größe', approval: 'apr_1' },
]

type Whole = { readonly entry: JsonValue; readonly body: string }

/** What was read, put together again. */
function wholeOf({ entry, own, body }: ReadEntry): Whole {
  const text = fromUtf8(body)
  if (own === null || entry.type !== 'receipt') return { entry: entry as unknown as JsonValue, body: text }
  const { action, seq } = own
  const its = entry.body
  const { epoch, head, t, age_ms } = own
  const decided =
    its.kind === 'outcome'
      ? {}
      : {
          args_commit: its.args_commit === null ? null : base64url(own.args_commit),
          freshness: its.freshness === null ? null : { epoch, head, t, age_ms },
        }
  const members = { action, seq, prev_hash: base64url(own.prev_hash), time: rfc3339(own.time_ms) }
  const whole = { ...entry, time: rfc3339(own.logged_ms), body: { ...its, ...members, ...decided } }
  return { entry: whole as unknown as JsonValue, body: text }
}

function strictly(bytes: Uint8Array): Whole | null {
  try {
    const entry = decodeEntry(bytes)
    return { entry: entry as unknown as JsonValue, body: canonicalize(entry.body) }
  } catch (error) {
    if (error instanceof LogError) return null
    throw error
  }
}

function known(reader: EntryReader, bytes: Uint8Array): Whole | null {
  try {
    return wholeOf(reader.read(bytes))
  } catch (error) {
    if (error instanceof LogError) return null
    throw error
  }
}

/** Whether the reader says of the bytes what is so. */
function isSame(reader: EntryReader, bytes: Uint8Array): boolean {
  // Members in order: those that were put together again are in another.
  return canonicalize(known(reader, bytes)) === canonicalize(strictly(bytes))
}

function readerOf(receipts: readonly Receipt[]): EntryReader {
  const reader = new EntryReader()
  for (const receipt of receipts) reader.read(encodeEntry(entryOf(receipt)))
  return reader
}

describe('an entry of a kind that was read before', () => {
  test('is read without its schema, and says the same', () => {
    const receipts = fleet(400)
    const reader = new EntryReader()
    let quick = 0
    for (const receipt of receipts) {
      const bytes = encodeEntry(entryOf(receipt))
      const read = reader.read(bytes)
      if (read.own !== null) quick++
      expect(wholeOf(read)).toEqual(strictly(bytes))
    }
    // Debits of another amount are of another kind.
    expect(quick).toBeGreaterThan(150)
  })

  test.each(KINDS.map((receipt, i) => [i, receipt] as const))(
    '%i: with any one byte another, too',
    (_, receipt) => {
      const bytes = encodeEntry(entryOf(receipt))
      const odd = [...mutants(bytes)].filter((mutant) => !isSame(readerOfKinds, mutant))
      expect(odd.map(fromUtf8)).toEqual([])
    },
  )

  test('of whatever own members', () => {
    const texts = fc.oneof(fc.string({ maxLength: 66 }), fc.string({ unit: 'grapheme', maxLength: 66 }))
    const numbers = fc.oneof(
      fc.integer({ min: -1 }),
      fc.maxSafeInteger(),
      fc.double(),
      fc.double({ min: 0, max: 1e6, noNaN: true }),
      fc.integer({ min: 0, max: 10_000_000 }).map((n) => n / 1000),
    )
    const times = fc.oneof(
      fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
      fc.constantFrom('2026-02-29T00:00:00.000Z', '2024-02-29T23:59:59.999Z', '2026-02-28T24:00:00.000Z'),
      fc.constantFrom('2026-02-28T12:00:00Z', '2026-02-28T12:00Z', '2026-02-28T12:60:00.000Z', ''),
    )
    const digests = fc.oneof(
      fc.uint8Array({ minLength: 32, maxLength: 32 }).map(base64url),
      fc.stringMatching(/^[A-Za-z0-9_-]{43}$/),
      fc.constantFrom('', HASH.slice(1)),
    )
    const own = fc.record({
      action: texts,
      prev_hash: digests,
      seq: numbers,
      time: times,
      logged: times,
      args_commit: digests,
      freshness: fc.record({ age_ms: numbers, epoch: numbers, head: numbers, t: numbers }),
    })
    fc.assert(
      fc.property(
        fc.constantFrom(...KINDS),
        own,
        ({ ...like }, { logged, args_commit, freshness, ...members }) => {
          const decided =
            like.kind === 'outcome'
              ? {}
              : {
                  args_commit: like.args_commit === null ? null : args_commit,
                  freshness: like.freshness === null ? null : freshness,
                }
          const body = { ...like, ...members, ...decided }
          const value = { ...entryOf(like), time: logged, body }
          // As JSON has it: what is not finite is null there.
          const bytes = utf8(canonicalize(JSON.parse(JSON.stringify(value)) as JsonValue))
          expect(isSame(readerOfKinds, bytes)).toBe(true)
        },
      ),
      { numRuns: 2000 },
    )
  })
})

test('another entry in between is read as it is', () => {
  const reader = readerOf(KINDS)
  const other: AnyEntry = {
    ...entryOf(DECISION),
    type: 'receipt.head',
    body: { head: { point: 'pnt_1', epoch: 1, seq: 1, hash: HASH, time: DECISION.time }, sig: '' },
  }
  expect(wholeOf(reader.read(encodeEntry(other))).entry).toEqual(other)
  expect(reader.read(encodeEntry(entryOf(DECISION))).own).not.toBeNull()
})

const readerOfKinds = readerOf(KINDS)

/** Every one that has one byte another, less or more. */
function* mutants(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at++) {
    for (const byte of utf8('"\\ ,:{}[]-+.0129TZaeA_\n\u007f')) yield withByte(bytes, at, byte)
    for (const byte of [0, 0xc3, 0xff]) yield withByte(bytes, at, byte)
    yield Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + 1)])
    for (const byte of utf8('0a"'))
      yield Uint8Array.from([...bytes.subarray(0, at), byte, ...bytes.subarray(at)])
  }
}

function withByte(bytes: Uint8Array, at: number, byte: number): Uint8Array {
  const out = bytes.slice()
  out[at] = byte
  return out
}
