/**
 * The examples of draft-ietf-oauth-status-list, from `../shared/data/status-list` beside the checkout when they are
 * there. The files hold the encoded lists; what they encode is said in the draft's text and repeated here.
 * @module
 */
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import {
  decodeList,
  encodeList,
  packStatuses,
  statusAt,
  type StatusBits,
} from '../../src/token/status-list.ts'

const ENTRIES = 2 ** 20

const FOLDER = resolve(import.meta.dirname, '../../../shared/data/status-list')
const present = existsSync(FOLDER)
const why = present ? '' : ' (skipped: ../shared/data/status-list is not on this machine)'

/** Lines are folded in the files. */
function load(file: string): { text: string; bits: StatusBits; lst: string } {
  const text = readFileSync(resolve(FOLDER, file), 'utf8')
  const { bits, lst } = JSON.parse(text.slice(text.indexOf('{')).replace(/\n\s*/g, '')) as {
    bits: StatusBits
    lst: string
  }
  return { text, bits, lst }
}

function statusesOf(bits: StatusBits, list: Uint8Array): [number, number][] {
  const found: [number, number][] = []
  for (let idx = 0; idx < (list.length * 8) / bits; idx++) {
    const status = statusAt(bits, list, idx)
    if (status !== 0) found.push([idx, status])
  }
  return found
}

test.skipIf(!present).each([
  ['status_list_encoding_json.md', [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1]],
  ['status_list_encoding2_json.md', [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3]],
])(`%s decodes to its bytes and statuses${why}`, (file, statuses) => {
  const { text, bits, lst } = load(file)
  const bytes = /byte_array = \[(.*?)\]/.exec(text)?.[1]?.split(', ').map(Number)
  const list = decodeList(lst)
  expect([...list]).toEqual(bytes)
  expect(statuses.map((_, idx) => statusAt(bits, list, idx))).toEqual(statuses)
  const packed = packStatuses(
    bits,
    statuses.length,
    statuses.map((status, idx) => [idx, status] as const),
  )
  expect(packed).toEqual(list)
  expect(decodeList(encodeList(packed))).toEqual(list)
})

const ONE_BIT = [0, 1993, 25460, 159495, 495669, 554353, 645645, 723232, 854545, 934534, 1000345]
const TWO_BITS = [1, 2, 1, 3, 1, 1, 2, 1, 1, 2, 3]
const FOUR_BITS: [number, number][] = [
  [0, 1],
  [1993, 2],
  [35460, 3],
  [459495, 4],
  [595669, 5],
  [754353, 6],
  [845645, 7],
  [923232, 8],
  [924445, 9],
  [934534, 10],
  [1004534, 11],
  [1000345, 12],
  [1030203, 13],
  [1030204, 14],
  [1030205, 15],
]

test.skipIf(!present).each<[string, [number, number][]]>([
  ['status_list_encoding1_long_json.md', ONE_BIT.map((idx) => [idx, 1])],
  ['status_list_encoding2_long_json.md', ONE_BIT.map((idx, i) => [idx, TWO_BITS[i]!])],
  ['status_list_encoding4_json.md', FOUR_BITS],
])(`%s decodes to the statuses of the draft, and ours packs to the same${why}`, (file, statuses) => {
  const { bits, lst } = load(file)
  const list = decodeList(lst)
  expect(list).toHaveLength((ENTRIES * bits) / 8)
  expect(statusesOf(bits, list)).toEqual(statuses.toSorted(([a], [b]) => a - b))
  const packed = packStatuses(bits, ENTRIES, statuses)
  expect(Buffer.from(packed).equals(list)).toBe(true)
  expect(Buffer.from(decodeList(encodeList(packed))).equals(list)).toBe(true)
})

test.skipIf(!present)(`status_list_encoding8_json.md holds every status once${why}`, () => {
  const { bits, lst } = load('status_list_encoding8_json.md')
  const list = decodeList(lst)
  expect([bits, list.length]).toEqual([8, ENTRIES])
  const statuses = statusesOf(bits, list)
  expect(statuses.map(([, status]) => status).sort((a, b) => a - b)).toEqual(
    Array.from({ length: 255 }, (_, i) => i + 1),
  )
  const some = [233478, 52451, 576778, 196493, 339, 749, 19535, 152133].map((idx) =>
    statusAt(bits, list, idx),
  )
  expect(some).toEqual([0, 1, 2, 11, 0, 0, 255, 254])
  expect(Buffer.from(decodeList(encodeList(packStatuses(8, ENTRIES, statuses)))).equals(list)).toBe(true)
})
