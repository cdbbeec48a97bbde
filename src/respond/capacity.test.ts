import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openSqliteStore } from '../adapters/sqlite/sqlite-store.ts'
import { decodeEntry } from '../log/entries.ts'
import type { Store } from '../ports/store.ts'
import { HOUR_MS, listSamples, spreadOf, takeSample, type Readings } from './capacity.ts'

const READINGS: Readings = {
  cpu_pct: 12.5,
  memory_bytes: 1,
  disk_free_bytes: 2,
  disk_total_bytes: 3,
  writes_waiting: 0,
  write_ms: null,
  revocation_ms: null,
}
let folder: string
let now: number
let store: Store

beforeEach(() => {
  now = Date.parse('2026-03-01T09:59:59.000Z')
  folder = mkdtempSync(join(tmpdir(), 'countersign-capacity-'))
  store = openSqliteStore({ path: join(folder, 'state.db'), clock: { now: () => now, monotonic: () => now } })
})
afterEach(async () => {
  await store.close()
  rmSync(folder, { recursive: true })
})

const bodies = async (type: string): Promise<unknown[]> => {
  const all = await store.entries.read(0, await store.entries.size())
  return all
    .map(decodeEntry)
    .filter((entry) => entry.type === type)
    .map(({ body }) => body)
}

describe('an hour', () => {
  test('is sampled once, whoever is first', async () => {
    expect(await Promise.all([takeSample(store, READINGS), takeSample(store, READINGS)])).toEqual([
      true,
      false,
    ])
    now += 1_000
    expect(await takeSample(store, READINGS)).toBe(true)
    expect(await bodies('capacity.sampled')).toMatchObject([
      { hour: '2026-03-01T09:00:00.000Z', entries: 0 },
      { hour: '2026-03-01T10:00:00.000Z', entries: 1 },
    ])
    expect(await store.query(listSamples)).toMatchObject([{ entry: 1 }, { entry: 0 }])
    expect(await bodies('alert.raised')).toEqual([])
  })

  test('without a sample is said by the next one, how many they were and which', async () => {
    await takeSample(store, READINGS)
    now += 3 * HOUR_MS
    await takeSample(store, READINGS)
    expect(await bodies('alert.raised')).toMatchObject([
      {
        rule: 'CAPACITY_MISSING',
        detail: { hours: 2, from: '2026-03-01T10:00:00.000Z', to: '2026-03-01T12:00:00.000Z' },
        entries: [1],
      },
    ])
  })
})

test('times are told by how many, the median, the ninety-ninth of a hundred, and the greatest', () => {
  expect(spreadOf([])).toBeNull()
  expect(spreadOf([3])).toEqual({ n: 1, p50: 3, p99: 3, max: 3 })
  expect(spreadOf(Array.from({ length: 100 }, (_, i) => 100 - i))).toEqual({
    n: 100,
    p50: 50,
    p99: 99,
    max: 100,
  })
})
