import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openSqliteStore } from '../../src/adapters/sqlite/sqlite-store.ts'
import { decodeEntry } from '../../src/log/entries.ts'
import { systemClock } from '../../src/ports/clock.ts'
import type { NewEntry, Store } from '../../src/ports/store.ts'
import { storeContract } from './store.ts'

const NAMED: NewEntry = {
  type: 'system.added',
  actor: { kind: 'system', id: 'test' },
  body: { name: 'a' },
}

function temporary(): string {
  return mkdtempSync(join(tmpdir(), 'countersign-sqlite-'))
}

storeContract('sqlite', async () => {
  const folder = temporary()
  const path = join(folder, 'state.db')
  return {
    open: async (clock, waiting_max) =>
      openSqliteStore(waiting_max === undefined ? { path, clock } : { path, clock, waiting_max }),
    remove: async () => rmSync(folder, { recursive: true }),
  }
})

describe('a SQLite file', () => {
  let folder: string
  let path: string
  beforeEach(() => {
    folder = temporary()
    path = join(folder, 'state.db')
  })
  afterEach(() => rmSync(folder, { recursive: true }))
  const open = () => openSqliteStore({ path, clock: systemClock })

  test('is readable by its owner alone', async () => {
    const store = open()
    await store.write(async (tx) => {
      await tx.db.insertInto('meta').values({ name: 'a', value: 'b' }).execute()
    })
    for (const suffix of ['', '-wal']) expect(statSync(path + suffix).mode & 0o777).toBe(0o600)
    await store.close()
  })

  test('never lets time go backwards, whatever the clock does', async () => {
    const clock = { time: 5_000 }
    const store = openSqliteStore({ path, clock: { now: () => clock.time, monotonic: () => 0 } })
    const times = [await store.horizon()]
    for (const time of [4_000, 6_000, 5_999]) {
      clock.time = time
      times.push(await store.write(async (tx) => tx.now))
    }
    expect(times).toEqual([5_000, 5_000, 6_000, 6_000])
    await store.close()
  })

  test('keeps to that after a restart, while freshness goes by the clock itself', async () => {
    let now = 1_772_000_000_000
    const opened = () => openSqliteStore({ path, clock: { now: () => now, monotonic: () => 0 } })
    const grow = (store: Store) => store.write((tx) => tx.append(NAMED))
    let store = opened()
    await grow(store)
    now -= 3_600_000
    await grow(store)
    expect(await store.horizon()).toBe(now)
    await store.close()
    store = opened()
    await grow(store)
    now += 7_200_000
    await grow(store)
    const times = (await store.entries.read(0, 4)).map((bytes) => Date.parse(decodeEntry(bytes).time))
    expect(times.map((time) => time - 1_772_000_000_000)).toEqual([0, 0, 0, 3_600_000])
    await store.close()
  })

  test('that is not a database is left alone', () => {
    writeFileSync(path, 'a letter to somebody, long enough to look like a header')
    expect(open).toThrow(expect.objectContaining({ code: 'STORE_NOT_OURS' }))
  })

  test('of another program is left alone', () => {
    const other = new DatabaseSync(path)
    other.exec('CREATE TABLE theirs (id INTEGER)')
    other.close()
    expect(open).toThrow(expect.objectContaining({ code: 'STORE_NOT_OURS' }))
  })

  test('of a newer version is left alone', async () => {
    await open().close()
    const newer = new DatabaseSync(path)
    newer.exec('PRAGMA user_version = 99')
    newer.close()
    expect(open).toThrow(expect.objectContaining({ code: 'STORE_VERSION' }))
  })

  test('left empty by a crash during creation is taken for a new one', async () => {
    const empty = new DatabaseSync(path)
    empty.exec('PRAGMA journal_mode = WAL')
    empty.close()
    const store = open()
    expect(await store.entries.size()).toBe(0)
    await store.close()
  })
})
