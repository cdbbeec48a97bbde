/**
 * What every `Store` must do. Call {@link storeContract} with a way to open one backend.
 * @module
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { decodeEntry } from '../../src/log/entries.ts'
import { PrunedMap } from '../../src/log/kept.ts'
import { verifyLog } from '../../src/log/verify.ts'
import type { Clock } from '../../src/ports/clock.ts'
import { ONCE_MS, type NewEntry, type Store, type Tx } from '../../src/ports/store.ts'
import { carryOutPrunings } from '../../src/registry/pruning-run.ts'
import { announce, publisherOver } from '../fixtures/announced.ts'
import { memoryCheckpointLock } from './checkpoint-lock.ts'
import { memoryTileStore } from './tile-store.ts'

export interface StoreFixture {
  /** Opens the same database each time it is called. A database with a clock of its own uses that one. */
  open(clock: Clock, waiting_max?: number): Promise<Store>
  remove(): Promise<void>
}

const system = (name: string): NewEntry => ({
  type: 'system.added',
  actor: { kind: 'system', id: 'test' },
  body: { name },
})

async function addSystem(tx: Tx, name: string): Promise<number> {
  await tx.db.insertInto('systems').values({ id: name, name }).execute()
  return tx.append(system(name))
}

async function names(store: Store): Promise<string[]> {
  const entries = await store.entries.read(0, await store.entries.size())
  return entries.map((bytes) => {
    const entry = decodeEntry(bytes)
    return entry.type === 'system.added' ? entry.body.name : entry.type
  })
}

export function storeContract(title: string, create: () => Promise<StoreFixture>): void {
  describe(`Store: ${title}`, () => {
    let fixture: StoreFixture
    let store: Store
    const clock: Clock = { now: () => 1_772_000_000_000, monotonic: () => 0 }

    beforeEach(async () => {
      fixture = await create()
      store = await fixture.open(clock)
    })
    afterEach(async () => {
      await store.close()
      await fixture.remove()
    })

    test('gives an entry its index and the time of its transaction', async () => {
      const times: number[] = []
      for (const name of ['a', 'b']) {
        const index = await store.write((tx) => {
          times.push(tx.now)
          return addSystem(tx, name)
        })
        expect(index).toBe(times.length - 1)
      }
      const entries = await store.entries.read(0, 2)
      expect(entries.map((bytes) => Date.parse(decodeEntry(bytes).time))).toEqual(times)
      expect(await store.now()).toBeGreaterThanOrEqual(times[1] ?? Number.NaN)
    })

    test('gives bytes back as bytes', async () => {
      const box = Uint8Array.from([0, 255, 92, 39, 128])
      await store.write(async ({ db }) => {
        await db.insertInto('subjects').values({ id: 'per_a', owner: null, first: 0, erased: null }).execute()
        const row = { commitment: 'C', subject: 'per_a', field: 'name', box }
        await db.insertInto('sealed').values(row).execute()
      })
      const kept = await store.query((db) => db.selectFrom('sealed').select('box').executeTakeFirstOrThrow())
      expect(kept.box).toBeInstanceOf(Uint8Array)
      expect([...kept.box]).toEqual([...box])
    })

    test('gives an entry as it stands, whatever it was changed to', async () => {
      await store.write((tx) => addSystem(tx, 'Äpfel \u{1f34e}'))
      const [before] = await store.entries.read(0, 1)
      expect(JSON.parse(Buffer.from(before ?? []).toString())).toMatchObject({
        body: { name: 'Äpfel \u{1f34e}' },
      })
      for (const changed of [Uint8Array.from([0x22, 0xff, 0xc0, 0x22]), Uint8Array.from([0])]) {
        await store.write(({ db }) => db.updateTable('entries').set({ bytes: changed }).execute())
        const [found] = await store.entries.read(0, 1)
        expect([...(found ?? [])]).toEqual([...changed])
      }
    })

    test('keeps neither the state nor the entry of a work that throws', async () => {
      const failing = store.write(async (tx) => {
        await addSystem(tx, 'lost')
        throw new Error('no')
      })
      await expect(failing).rejects.toThrow('no')
      expect(await store.entries.size()).toBe(0)
      expect(await store.query((db) => db.selectFrom('systems').selectAll().execute())).toEqual([])
    })

    test('refuses an entry that does not fit and keeps nothing of its work', async () => {
      const failing = store.write(async (tx) => {
        await addSystem(tx, 'lost')
        await tx.append(system('x'.repeat(600)))
      })
      await expect(failing).rejects.toMatchObject({ code: 'ENTRY_INVALID' })
      expect(await store.entries.size()).toBe(0)
    })

    test('a work that fails in the middle of a group takes no index and touches no other', async () => {
      const works = Array.from({ length: 300 }, (_, i) =>
        store.write(async (tx) => {
          const index = await addSystem(tx, `s${i}`)
          if (i % 3 === 1) throw new Error('no')
          return index
        }),
      )
      const settled = await Promise.allSettled(works)
      const indices = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
      expect(indices).toEqual(Array.from({ length: 200 }, (_, i) => i))
      expect(await names(store)).toEqual(
        Array.from({ length: 300 }, (_, i) => `s${i}`).filter((_, i) => i % 3 !== 1),
      )
      const rows = await store.query((db) => db.selectFrom('systems').selectAll().execute())
      expect(rows).toHaveLength(200)
    })

    test('gives a pruned entry as empty with the hashes of its bundle, and the tree that was signed', async () => {
      await Promise.all(
        Array.from({ length: 600 }, (_, i) => store.write((tx) => tx.append(system(`s${i}`)))),
      )
      const lock = { holder: null, stored: null }
      const place = { tiles: memoryTileStore(), lock: memoryCheckpointLock(lock) }
      const log = publisherOver(store, place.tiles, place.lock)
      await log.start()
      const { note } = await log.publish()
      const map = PrunedMap.over(0, 512)
      for (let index = 5; index < 512; index += 2) map.set(index, true)
      const entry = await announce(store, map, note, log.vkey)
      const ctx = { store, crypto: nodeCrypto, vkey: log.vkey }
      expect(await carryOutPrunings({ ...ctx, tiles: place.tiles })).toEqual([]) // nobody could know of it
      await log.publish()
      expect(await store.entries.hashes(0)).toBeNull()
      // Two nodes with folders of their own.
      const other = memoryTileStore()
      for (const [path, bytes] of place.tiles.files) other.files.set(path, bytes)
      const runs = [place.tiles, other].map((tiles) => carryOutPrunings({ ...ctx, tiles }))
      expect(await Promise.all(runs)).toEqual([[entry], [entry]])
      expect(await carryOutPrunings({ ...ctx, tiles: other })).toEqual([])

      const read = await store.entries.read(0, 601)
      expect(read).toHaveLength(601)
      expect(read.flatMap((bytes, i) => (bytes.length === 0 ? [i] : []))).toHaveLength(map.count())
      expect((await store.entries.read(4, 8)).map(({ length }) => length > 0)).toEqual([
        true,
        false,
        true,
        false,
      ])
      expect(await store.entries.read(7, 8)).toEqual([new Uint8Array(0)])
      expect((await store.entries.hashes(1))?.length).toBe(256 * 32)
      expect(await store.entries.hashes(2)).toBeNull()
      for (const tiles of [place.tiles, other])
        expect(await verifyLog(nodeCrypto, tiles, { vkey: log.vkey })).toMatchObject({
          ok: true,
          size: 601,
          entries_checked: 601 - map.count(),
          entries_pruned: map.count(),
        })
      expect([...other.files.keys()].filter((path) => path.startsWith('tile/entries/00'))).toEqual(
        expect.not.arrayContaining([expect.stringMatching(/entries\/00[01]/)]),
      )
      // The database alone gives the tree and its files again, and the signer goes on.
      await log.stop()
      const anew = publisherOver(store, memoryTileStore(), memoryCheckpointLock(lock))
      await anew.start()
      await store.write((tx) => tx.append(system('next')))
      expect((await anew.publish()).size).toBe(602)
      await anew.stop()
    }, 60_000)

    test('an entry that was removed without a pruning is a gap', async () => {
      for (const name of ['a', 'b', 'c']) await store.write((tx) => tx.append(system(name)))
      await store.write((tx) => tx.db.deleteFrom('entries').where('idx', '=', 1).execute())
      expect(await store.entries.read(0, 3)).toHaveLength(2)
    })

    test('a large group goes to the database in parts, and is whole and in order, whatever of it fails', async () => {
      const fails = (i: number): boolean => i % 5 === 2
      const works = Array.from({ length: 1000 }, (_, i) =>
        store.write(async (tx) => {
          const index = i % 50 === 0 ? await addSystem(tx, `s${i}`) : await tx.append(system(`s${i}`))
          if (fails(i)) throw new Error('no')
          return index
        }),
      )
      const settled = await Promise.allSettled(works)
      const indices = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
      expect(indices).toEqual(Array.from({ length: 800 }, (_, i) => i))
      expect(await names(store)).toEqual(
        Array.from({ length: 1000 }, (_, i) => i)
          .filter((i) => !fails(i))
          .map((i) => `s${i}`),
      )
    })

    test('runs works in the order they were asked for, and later writes see earlier ones', async () => {
      const seen = await Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          store.write(async (tx) => {
            const rows = await tx.db.selectFrom('systems').select('id').execute()
            await addSystem(tx, `s${i}`)
            return rows.length
          }),
        ),
      )
      expect(seen).toEqual(Array.from({ length: 20 }, (_, i) => i))
    })

    test('shows readers nothing before the commit', async () => {
      let during = -1
      await store.write(async (tx) => {
        await addSystem(tx, 'a')
        during = await store.entries.size()
      })
      expect(during).toBe(0)
      expect(await store.entries.size()).toBe(1)
    })

    test('is durable: what was written is there after reopening, and indices go on', async () => {
      await store.write((tx) => addSystem(tx, 'a'))
      await store.close()
      store = await fixture.open(clock)
      expect(await names(store)).toEqual(['a'])
      expect(await store.write((tx) => addSystem(tx, 'b'))).toBe(1)
    })

    test('turns writers away when too many wait', async () => {
      await store.close()
      store = await fixture.open(clock, 2)
      const works = ['a', 'b', 'c'].map((name) => store.write((tx) => addSystem(tx, name)))
      const settled = await Promise.allSettled(works)
      expect(settled.map((one) => one.status)).toEqual(['fulfilled', 'fulfilled', 'rejected'])
      await expect(works[2]).rejects.toMatchObject({ code: 'STORE_BUSY' })
      expect(await store.write((tx) => addSystem(tx, 'd'))).toBe(2)
    })

    test('does not begin a work whose deadline passed while it waited, and finishes one that has begun', async () => {
      const hurry = new AbortController()
      let ran = false
      const first = store.write(
        async (tx) => {
          hurry.abort()
          return addSystem(tx, 'a')
        },
        { deadline: hurry.signal },
      )
      const second = store.write(
        async () => {
          ran = true
        },
        { deadline: hurry.signal },
      )
      await expect(second).rejects.toMatchObject({ code: 'STORE_TIMEOUT' })
      expect(await first).toBe(0)
      const third = store.write((tx) => addSystem(tx, 'b'), { deadline: hurry.signal })
      await expect(third).rejects.toMatchObject({ code: 'STORE_TIMEOUT' })
      expect(ran).toBe(false)
      expect(await names(store)).toEqual(['a'])
    })

    test('runs a write with a name once, also at the same time and after reopening', async () => {
      const submit = (name: string): Promise<{ index: number }> =>
        store.write(async (tx) => ({ index: await addSystem(tx, name) }), { once: `order ${name}` })
      const both = await Promise.all([submit('a'), submit('a'), submit('b')])
      expect(both).toEqual([{ index: 0 }, { index: 0 }, { index: 1 }])
      await store.close()
      store = await fixture.open(clock)
      expect(await submit('a')).toEqual({ index: 0 })
      expect(await names(store)).toEqual(['a', 'b'])
    })

    test('a write that threw has not used its name', async () => {
      const once = { once: 'order' }
      const failing = store.write(async (tx) => {
        await addSystem(tx, 'lost')
        throw new Error('no')
      }, once)
      await expect(failing).rejects.toThrow('no')
      expect(await store.write((tx) => addSystem(tx, 'a'), once)).toBe(0)
      expect(await store.write(async () => 7, once)).toBe(0)
    })

    test('forgets names that are a day old', async () => {
      await store.write((tx) => addSystem(tx, 'a'), { once: 'order' })
      await store.write((tx) =>
        tx.db
          .updateTable('submissions')
          .set({ time: tx.now - ONCE_MS })
          .execute(),
      )
      expect(await store.write((tx) => addSystem(tx, 'b'), { once: 'order' })).toBe(1)
    })

    test('keeps no entry of a work that appended alone and then threw', async () => {
      const works = ['a', 'no', 'b'].map((name) =>
        store.write(async (tx) => {
          const index = await tx.append(system(name))
          if (name === 'no') throw new Error('no')
          return index
        }),
      )
      const settled = await Promise.allSettled(works)
      expect(settled.map((one) => (one.status === 'fulfilled' ? one.value : null))).toEqual([0, null, 1])
      expect(await names(store)).toEqual(['a', 'b'])
    })

    test('what is not durable yet carries the time of the horizon or a later one', async () => {
      let during = Number.NaN
      let now = Number.NaN
      const horizon = await store.horizon()
      await store
        .write(async (tx) => {
          now = tx.now
          const asked = store.horizon().then((time) => {
            during = time
          })
          await addSystem(tx, 'a')
          return { asked }
        })
        .then(({ asked }) => asked)
      expect(now).toBeGreaterThanOrEqual(horizon)
      expect(await store.horizon()).toBeGreaterThanOrEqual(now)
      expect(during).toBeGreaterThanOrEqual(now)
    })

    test('tells listeners the size after commits that appended, until they leave', async () => {
      const sizes: number[] = []
      const leave = store.onCommit((size) => sizes.push(size))
      await store.write((tx) => addSystem(tx, 'a'))
      await store.write(async (tx) => {
        await tx.db.insertInto('meta').values({ name: 'x', value: 'y' }).execute()
      })
      await store.write((tx) => addSystem(tx, 'b'))
      leave()
      await store.write((tx) => addSystem(tx, 'c'))
      expect(sizes).toEqual([1, 2])
    })

    test('accepts no append after its transaction has ended', async () => {
      let late: Tx | undefined
      await store.write(async (tx) => {
        late = tx
      })
      await expect(late?.append(system('late'))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
      expect(() => late?.db).toThrow(expect.objectContaining({ code: 'STORE_UNAVAILABLE' }))
      expect(await store.entries.size()).toBe(0)
    })

    test('finishes what was asked for before it closes, and refuses what comes after', async () => {
      const last = store.write((tx) => addSystem(tx, 'a'))
      await store.close()
      expect(await last).toBe(0)
      await expect(store.write((tx) => addSystem(tx, 'b'))).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
      })
    })
  })
}
