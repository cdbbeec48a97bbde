import { describe, expect, test } from 'vitest'
import { nodeCrypto as crypto } from '../adapters/node-crypto/node-crypto.ts'
import { taggedBytes } from '../core/sign.ts'
import { areInOrder, MARK_BYTES, markOf, MarkTable, toolVersion } from './marks.ts'

const mark = (n: number): Uint8Array => markOf(crypto, { kind: 'delegation', handle: `dlg_${n}` })

/** Marks that begin alike, so that they crowd around one slot. */
function crowded(first: number, n: number): Uint8Array {
  const bytes = new Uint8Array(MARK_BYTES).fill(n)
  bytes.fill(first, 0, 4)
  return bytes
}

function bytewise(marks: readonly Uint8Array[]): Buffer {
  const sorted = marks.map((each) => Buffer.from(each)).sort((a, b) => Buffer.compare(a, b))
  return Buffer.concat(sorted)
}

test('a mark is the first half of a tagged digest of kind and handle', () => {
  const whole = crypto.sha256(Buffer.from('countersign-handle-v1\0["agent","agt_1"]'))
  expect(markOf(crypto, { kind: 'agent', handle: 'agt_1' })).toEqual(whole.subarray(0, 16))
  for (const handle of ['"\\\u0000\u001f\u2028', '\u00e4\u{1f600}', 'a b/c']) {
    const canonical = crypto.sha256(taggedBytes('countersign-handle-v1', ['key', handle]))
    expect(markOf(crypto, { kind: 'key', handle })).toEqual(canonical.subarray(0, 16))
  }
  expect(markOf(crypto, { kind: 'key', handle: 'agt_1' })).not.toEqual(whole.subarray(0, 16))
})

test('a tool version is named by server, tool and definition together', () => {
  const versions = [
    ['files', 'read', 'a'],
    ['files', 'read', 'b'],
    ['files', 'write', 'a'],
    ['mail', 'read', 'a'],
  ].map(([server, tool, hash]) => toolVersion(crypto, server!, tool!, hash!))
  expect(new Set(versions).size).toBe(4)
})

describe('the table', () => {
  test('has what was added, each once, through every growth', () => {
    const table = new MarkTable()
    for (let n = 0; n < 5_000; n++) expect(table.add(mark(n))).toBe(true)
    for (let n = 0; n < 5_000; n++) expect(table.add(mark(n))).toBe(false)
    expect(table.size).toBe(5_000)
    for (let n = 0; n < 10_000; n++) expect(table.has(mark(n))).toBe(n < 5_000)
  })

  test('takes at most 64 bytes an entry, at every size from a few hundred on', () => {
    const table = new MarkTable()
    let most = 0
    for (let n = 0; n < 20_000; n++) {
      table.add(mark(n))
      if (n > 100) most = Math.max(most, table.bytes / table.size)
    }
    expect(most).toBeLessThanOrEqual(64)
  })

  test('tells apart marks that crowd around one slot, also at the end, where they go on at the beginning', () => {
    for (const first of [0, 0x7f, 0xff]) {
      const table = new MarkTable()
      for (let n = 1; n < 100; n++) table.add(crowded(first, n))
      expect(table.size).toBe(99)
      for (let n = 1; n < 200; n++) expect(table.has(crowded(first, n))).toBe(n < 100)
    }
  })

  test('gives its marks in the order of their bytes', () => {
    const marks = Array.from({ length: 3_000 }, (_, n) => mark(n))
    for (let n = 1; n < 60; n++) marks.push(crowded(0xff, n), crowded(0, n), crowded(0x80, n))
    const table = new MarkTable()
    for (const each of marks) table.add(each)
    const body = table.sorted()
    expect(Buffer.from(body)).toEqual(bytewise(marks))
    expect(areInOrder(body)).toBe(true)
  })

  test('has room for what was reserved without growing, and may be read out when it is empty', () => {
    const table = new MarkTable()
    expect(table.sorted()).toHaveLength(0)
    table.reserve(1_000)
    const { bytes } = table
    for (let n = 0; n < 1_000; n++) table.add(mark(n))
    expect(table.bytes).toBe(bytes)
  })
})

test('a body is in order when each mark comes after the one before it', () => {
  const [a, b] = [crowded(1, 1), crowded(1, 2)]
  expect(areInOrder(new Uint8Array(0))).toBe(true)
  expect(areInOrder(Buffer.concat([a, b]))).toBe(true)
  expect(areInOrder(Buffer.concat([b, a]))).toBe(false)
  expect(areInOrder(Buffer.concat([a, a]))).toBe(false)
})
