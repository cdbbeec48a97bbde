import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openPostgresStore } from '../../src/adapters/postgres/postgres-store.ts'
import { decodeEntry } from '../../src/log/entries.ts'
import type { NewEntry, Store } from '../../src/ports/store.ts'
import { Postgres } from '../fixtures/postgres.ts'
import { until } from '../fixtures/processes.ts'
import { storeContract } from './store.ts'

let postgres: Postgres
beforeAll(async () => {
  postgres = await Postgres.start()
})
afterAll(() => postgres.remove())

storeContract('postgres', async () => {
  const url = await postgres.database()
  return {
    open: (_clock, waiting_max) =>
      openPostgresStore(waiting_max === undefined ? { url } : { url, waiting_max }),
    remove: async () => undefined,
  }
})

const named = (name: string): NewEntry => ({
  type: 'system.added',
  actor: { kind: 'system', id: 'test' },
  body: { name },
})

async function sql(url: string, text: string): Promise<pg.QueryResult<Record<string, unknown>>> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    return await client.query<Record<string, unknown>>(text)
  } finally {
    await client.end()
  }
}

async function names(store: Store): Promise<string[]> {
  const entries = await store.entries.read(0, await store.entries.size())
  return entries.map((bytes) => {
    const entry = decodeEntry(bytes)
    return entry.type === 'system.added' ? entry.body.name : entry.type
  })
}

describe('two nodes on one PostgreSQL database', () => {
  let url: string
  let a: Store
  let b: Store
  beforeEach(async () => {
    url = await postgres.database()
    ;[a, b] = await Promise.all([openPostgresStore({ url }), openPostgresStore({ url })])
  })
  afterEach(() => Promise.all([a.close(), b.close()]))

  test('append at once, without a gap and nothing twice, and each sees what the other did before', async () => {
    const add = (store: Store, name: string): Promise<{ index: number; before: number }> =>
      store.write(async (tx) => {
        const rows = await tx.db.selectFrom('systems').select('id').execute()
        await tx.db.insertInto('systems').values({ id: name, name }).execute()
        return { index: await tx.append(named(name)), before: rows.length }
      })
    const works = Array.from({ length: 200 }, (_, i) => add(i % 2 === 0 ? a : b, `s${i}`))
    const results = await Promise.all(works)
    expect(results.map(({ index }) => index).toSorted((x, y) => x - y)).toEqual([...results.keys()])
    for (const { index, before } of results) expect(before).toBe(index)
    const logged = await names(a)
    results.forEach(({ index }, i) => expect(logged[index]).toBe(`s${i}`))
    expect(await names(b)).toEqual(logged)
  })

  test('listeners hear the commits of the other', async () => {
    const heard: number[] = []
    b.onCommit((size) => heard.push(size))
    await a.write((tx) => tx.append(named('a')))
    await until('the first commit', () => heard.includes(1))
    await b.write((tx) => tx.append(named('b')))
    await a.write((tx) => tx.append(named('c')))
    await until('the third commit', () => heard.includes(3))
    expect(heard).toEqual([1, 2, 3])
  })

  test('a name is used once on both', async () => {
    const submit = (store: Store): Promise<number> =>
      store.write((tx) => tx.append(named('a')), { once: 'order' })
    expect(await Promise.all([submit(a), submit(b), submit(a)])).toEqual([0, 0, 0])
    expect(await a.entries.size()).toBe(1)
  })

  test('time never goes backwards, and what is under way on one is not before the horizon of the other', async () => {
    const begun = Promise.withResolvers<number>()
    const go = Promise.withResolvers<void>()
    const work = a.write(async (tx) => {
      begun.resolve(tx.now)
      await go.promise
      return tx.append(named('a'))
    })
    const now = await begun.promise
    let told: number | null = null
    const horizon = b.horizon().then((time) => (told = time))
    await b.now() // one round trip: time enough for an answer that waits for nobody
    expect(told).toBeNull()
    go.resolve()
    await work
    expect(await horizon).toBeGreaterThanOrEqual(now)
    await sql(url, 'UPDATE sequencer SET time = time + 3600000') // as if the clock had been set back an hour
    expect(await b.horizon()).toBeLessThan(now + 3_500_000) // freshness goes by the clock itself
    expect(await a.write(async (tx) => tx.now)).toBeGreaterThan(now + 3_500_000)
  })

  test('a work whose transaction was ended by the server is not acknowledged, and the next one works', async () => {
    const lost = a.write(async (tx) => {
      await tx.append(named('lost'))
      const me = await tx.db
        .selectNoFrom((eb) => eb.fn<number>('pg_backend_pid').as('pid'))
        .executeTakeFirst()
      await sql(url, `SELECT pg_terminate_backend(${me?.pid ?? 0})`)
      await tx.db.selectFrom('systems').selectAll().execute()
    })
    await expect(lost).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    expect(await b.write((tx) => tx.append(named('b')))).toBe(0)
    expect(await a.write((tx) => tx.append(named('a')))).toBe(1)
    expect(await names(a)).toEqual(['b', 'a'])
  })

  test('the place of the signer that one takes again, and leaves once, is free for the other', async () => {
    const [one, other] = [a, b].map(({ nodes }) => {
      if (nodes === null) throw new Error('a store for one node')
      return nodes
    })
    const first = await one?.takePlace()
    expect([await first?.confirm(), await other?.takePlace()]).toEqual([true, null])
    // As if leaving had failed, and been forgotten.
    const second = await until('the place again', () => one?.takePlace() ?? null)
    expect([first?.isHeld(), await first?.confirm()]).toEqual([false, false])
    expect([second.isHeld(), await second.confirm()]).toEqual([true, true])
    await second.leave()
    expect([second.isHeld(), await second.confirm()]).toEqual([false, false])
    const taken = await until('the place at the other', () => other?.takePlace() ?? null)
    expect(await taken.confirm()).toBe(true)
  })

  test('a listener whose connection was lost hears what was committed meanwhile', async () => {
    const heard: number[] = []
    b.onCommit((size) => heard.push(size))
    await sql(
      url,
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'countersign listener'",
    )
    await a.write((tx) => tx.append(named('a')))
    await until('the size after the loss', () => heard.at(-1) === 1)
    expect(heard).toEqual([1])
  })

  test('a database that has lost what it acknowledged takes nothing more from who knows', async () => {
    await a.write((tx) => tx.append(named('a')))
    await sql(url, 'DELETE FROM entries; UPDATE sequencer SET next = 0')
    await expect(a.write((tx) => tx.append(named('b')))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    expect(await a.entries.size()).toBe(0)
  })

  test('a work that swallows a fault of the database is undone whole', async () => {
    const failing = a.write(async (tx) => {
      await tx.db.insertInto('systems').values({ id: 'x', name: 'x' }).execute()
      await tx.db
        .insertInto('systems')
        .values({ id: 'x', name: 'y' })
        .execute()
        .catch(() => undefined)
    })
    await expect(failing).rejects.toThrow('aborted')
    expect(await a.query((db) => db.selectFrom('systems').selectAll().execute())).toEqual([])
  })
})

describe('a PostgreSQL database', () => {
  const open = async (url: string): Promise<void> => (await openPostgresStore({ url })).close()

  test('of another program is left alone', async () => {
    const url = await postgres.database()
    await sql(url, 'CREATE TABLE theirs (id INTEGER)')
    await expect(open(url)).rejects.toMatchObject({ code: 'STORE_NOT_OURS' })
  })

  test('of a newer version is left alone', async () => {
    const url = await postgres.database()
    await open(url)
    await sql(url, 'UPDATE countersign SET version = 99')
    await expect(open(url)).rejects.toMatchObject({ code: 'STORE_VERSION' })
  })

  test('that cannot be reached says so, without its password', async () => {
    const fault = await open('postgres://somebody:hunter2@127.0.0.1:1/none').catch((cause: unknown) => cause)
    expect(fault).toMatchObject({ code: 'STORE_UNAVAILABLE' })
    expect(String(fault)).not.toContain('hunter2')
  })

  test('whose default is to acknowledge what is not durable is made to wait, for our sessions', async () => {
    const url = await postgres.database()
    await sql(url, `ALTER DATABASE ${new URL(url).pathname.slice(1)} SET synchronous_commit = off`)
    const store = await openPostgresStore({ url })
    const setting = await store.write((tx) =>
      tx.db
        .selectNoFrom((eb) => eb.fn<string>('current_setting', [eb.val('synchronous_commit')]).as('it'))
        .executeTakeFirst(),
    )
    expect(setting).toEqual({ it: 'on' })
    await store.close()
  })

  test('cannot be written by what only reads', async () => {
    const store = await openPostgresStore({ url: await postgres.database() })
    await expect(
      store.query((db) => db.insertInto('meta').values({ name: 'a', value: 'b' }).execute()),
    ).rejects.toThrow('read-only')
    await store.close()
  })
})
