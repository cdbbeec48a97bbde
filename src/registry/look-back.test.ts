/** That a request looks at so many entries and no more, whatever it looks for. */
import { expect, test } from 'vitest'
import { utf8 } from '../core/encoding.ts'
import type { EntrySource } from '../ports/entry-source.ts'
import { lookBack, LOOKED_AT_MAX } from './look-back.ts'

/** Entries whose type is their index; those of `pruned` are empty. */
function source(size: number, pruned: (index: number) => boolean = () => false): EntrySource {
  return {
    size: async () => size,
    read: async (start, end) =>
      Array.from({ length: Math.max(0, end - start) }, (_, i) =>
        pruned(start + i) ? new Uint8Array(0) : utf8(JSON.stringify({ type: String(start + i) })),
      ),
    hashes: async () => null,
  }
}
const indexOf = (index: number): number => index

test('finds the newest first, and says where to go on', async () => {
  const log = source(10)
  expect(await lookBack(log, { limit: 3 }, indexOf)).toEqual({ found: [9, 8, 7], next: 7, size: 10 })
  expect(await lookBack(log, { limit: 3, before: 3 }, indexOf)).toEqual({
    found: [2, 1, 0],
    next: null,
    size: 10,
  })
  expect(await lookBack(source(0), { limit: 3 }, indexOf)).toEqual({ found: [], next: null, size: 0 })
})

test('looks at no more entries than it may, and goes on below them', async () => {
  const log = source(2 * LOOKED_AT_MAX + 1)
  const isFirst = (index: number): number | null => (index === 0 ? 0 : null)
  const first = await lookBack(log, { limit: 1 }, isFirst)
  expect(first).toMatchObject({ found: [], next: LOOKED_AT_MAX + 1 })
  const second = await lookBack(log, { limit: 1, before: LOOKED_AT_MAX + 1 }, isFirst)
  expect(second).toMatchObject({ found: [], next: 1 })
  expect(await lookBack(log, { limit: 1, before: 1 }, isFirst)).toMatchObject({ found: [0], next: null })
})

test('passes over what was pruned', async () => {
  const log = source(10, (index) => index % 2 === 0)
  expect(await lookBack(log, { limit: 10 }, indexOf)).toMatchObject({ found: [9, 7, 5, 3, 1], next: null })
})

test('an index beyond the log is its end', async () => {
  expect(await lookBack(source(4), { limit: 1, before: 99 }, indexOf)).toMatchObject({ found: [3] })
})
