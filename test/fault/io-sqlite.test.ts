/**
 * A fault at every statement that the SQLite store sends while it writes: failed and not done, failed but done (a commit whose
 * answer is lost). A caller that heard of a fault was promised nothing; whoever heard of none finds its entry, once.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { DatabaseSync, StatementSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { openSqliteStore } from '../../src/adapters/sqlite/sqlite-store.ts'
import { decodeEntry } from '../../src/log/entries.ts'
import { systemClock } from '../../src/ports/clock.ts'
import type { Store } from '../../src/ports/store.ts'
import { memoryCheckpointLock } from '../contract/checkpoint-lock.ts'
import { memoryTileStore } from '../contract/tile-store.ts'
import { Faults, forEachCall, WHENS } from '../fixtures/faults.ts'
import { LogWorld } from '../fixtures/log-world.ts'

let folder: string
let stories = 0
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-io-'))
})
afterEach(() => vi.restoreAllMocks())
afterAll(() => rm(folder, { recursive: true, force: true }))

/** The driver's own calls, of every connection: what is under them is SQLite as it is. */
function failDriver(faults: Faults): void {
  const exec = original(DatabaseSync.prototype, 'exec')
  vi.spyOn(DatabaseSync.prototype, 'exec').mockImplementation(function (this: DatabaseSync, sql) {
    return faults.aroundSync(sql, () => exec.call(this, sql) as undefined)
  })
  for (const name of ['run', 'get', 'all'] as const) {
    const call = original(StatementSync.prototype, name)
    vi.spyOn(StatementSync.prototype, name as 'run').mockImplementation(function (
      this: StatementSync,
      ...values: unknown[]
    ) {
      const act = (): ReturnType<StatementSync['run']> =>
        call.apply(this, values) as ReturnType<StatementSync['run']>
      return faults.aroundSync(`${name} ${this.sourceSQL.split(' ')[0]}`, act)
    })
  }
}

function original(prototype: object, name: string): (this: unknown, ...args: unknown[]) => unknown {
  return Reflect.get(prototype, name) as (...args: unknown[]) => unknown
}

const write = (store: Store, name: string, touchesTable: boolean): Promise<number> =>
  store.write(async (tx) => {
    if (touchesTable) await tx.db.insertInto('systems').values({ id: name, name }).execute()
    return tx.append({ type: 'system.added', actor: { kind: 'system', id: 'test' }, body: { name } })
  })

async function story(faults: Faults): Promise<Faults> {
  const path = join(folder, `${stories++}.db`)
  const place = { tiles: memoryTileStore(), lock: memoryCheckpointLock({ holder: null, stored: null }) }
  const world = new LogWorld()
  let store = openSqliteStore({ path, clock: systemClock })
  failDriver(faults)
  const log = world.publisher(place, {
    size: () => store.entries.size(),
    read: (start, end) => store.entries.read(start, end),
    hashes: (index) => store.entries.hashes(index),
  })
  const acked = new Map<number, string>()
  const refused: string[] = []
  const publish = (): Promise<unknown> => log.publish().catch(() => undefined)
  await log.start()
  for (const group of [1, 3, 2]) {
    await Promise.all(
      Array.from({ length: group }, async (_, i) => {
        const name = `${group}.${i}`
        await write(store, name, i % 2 === 1).then(
          (index) => acked.set(index, name),
          () => refused.push(name),
        )
      }),
    )
    await publish()
  }
  faults.heal()
  await log.publish()
  await store.close()
  store = openSqliteStore({ path, clock: systemClock })
  acked.set(await write(store, 'after', true), 'after')
  await log.publish()
  const entries = await store.entries.read(0, await store.entries.size())
  const names = entries.map((bytes) => {
    const entry = decodeEntry(bytes)
    return entry.type === 'system.added' ? entry.body.name : ''
  })
  expect([...acked].filter(([index, name]) => names[index] !== name)).toEqual([])
  expect(new Set(names).size).toBe(names.length)
  expect(acked.size + refused.length).toBe(7)
  // State and log together: a row for exactly those entries whose works wrote one.
  const rows = await store.query((db) => db.selectFrom('systems').select('name').execute())
  const withRow = names.filter((name) => name === 'after' || name.endsWith('.1'))
  expect(rows.map(({ name }) => name).toSorted()).toEqual(withRow.toSorted())
  await world.assertKept(place, entries)
  await log.stop()
  await store.close()
  vi.restoreAllMocks()
  return faults
}

const words = { before: 'failed and not done', after: 'failed but done' }

describe('every statement of the SQLite store', () => {
  test.each(WHENS.map((when) => ({ when, what: words[when] })))(
    '$what',
    async ({ when }) => {
      const injected = await forEachCall((k) => story(new Faults(k, when)))
      expect(injected.length).toBeGreaterThan(20)
      for (const sql of ['BEGIN IMMEDIATE', 'COMMIT']) expect(injected).toContain(sql)
      expect(injected.some((name) => name.startsWith('run INSERT') || name.startsWith('all INSERT'))).toBe(
        true,
      )
    },
    60_000,
  )
})
