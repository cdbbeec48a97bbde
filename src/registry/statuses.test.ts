import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { nodeCrypto } from '../adapters/node-crypto/node-crypto.ts'
import { openSqliteStore } from '../adapters/sqlite/sqlite-store.ts'
import { systemClock } from '../ports/clock.ts'
import type { Store } from '../ports/store.ts'
import { assignStatus, LIST_ENTRIES, LIST_GIVEN_MAX } from './statuses.ts'

let folder: string
let store: Store
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-statuses-'))
  store = openSqliteStore({ path: join(folder, 'state.db'), clock: systemClock })
})
afterEach(async () => {
  await store.close()
  rmSync(folder, { recursive: true })
})

const assign = (jti: string, crypto: Pick<typeof nodeCrypto, 'randomBytes'> = nodeCrypto) => {
  const ctx = { crypto: { ...nodeCrypto, ...crypto }, publicUrl: () => 'https://cp.example' }
  return store.write((tx) => assignStatus(ctx, tx, jti))
}

/** Random bytes that come in this order. */
const drawn = (...places: number[][]) => ({ randomBytes: () => Uint8Array.from(places.shift() ?? []) })

test('a place that is taken is not given again', async () => {
  const uri = 'https://cp.example/status/1'
  expect(await assign('dlg_a', drawn([1, 2, 3]))).toEqual({ idx: 0x010203, uri })
  // The top bits do not count: all but the last of these are the same place.
  const next = drawn([1, 2, 3], [0x81, 2, 3], [0x11, 2, 3], [1, 2, 4])
  expect(await assign('dlg_b', next)).toEqual({ idx: 0x010204, uri })
})

test('the first and the last place of a list can be drawn', async () => {
  expect((await assign('dlg_a', drawn([0, 0, 0]))).idx).toBe(0)
  expect((await assign('dlg_b', drawn([255, 255, 255]))).idx).toBe(LIST_ENTRIES - 1)
})

test('a delegation has one place', async () => {
  await assign('dlg_a')
  await expect(assign('dlg_a')).rejects.toThrow('UNIQUE')
})

test('a new list is begun when half of one is given', async () => {
  await store.write(async (tx) => {
    for (let from = 0; from < LIST_GIVEN_MAX - 1; from += 5000) {
      const rows = Array.from({ length: Math.min(5000, LIST_GIVEN_MAX - 1 - from) }, (_, i) => ({
        list: 1,
        idx: from + i,
        jti: `dlg_${from + i}`,
      }))
      await tx.db.insertInto('statuses').values(rows).execute()
    }
  })
  expect((await assign('dlg_last of the first')).uri).toBe('https://cp.example/status/1')
  expect((await assign('dlg_first of the second')).uri).toBe('https://cp.example/status/2')
})
