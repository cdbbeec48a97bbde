import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { memoryCheckpointLock, type MemoryLockState } from '../../test/contract/checkpoint-lock.ts'
import { memoryTileStore, type MemoryTileStore } from '../../test/contract/tile-store.ts'
import { nodeCrypto as crypto } from '../adapters/node-crypto/node-crypto.ts'
import { utf8 } from '../core/encoding.ts'
import type { CheckpointLock, PublicTiles } from '../ports/tile-store.ts'
import { openCheckpoint, signCheckpoint } from './checkpoint.ts'
import { LogError } from './entries.ts'
import { emptyRoot, leafHash, rootOf } from './merkle.ts'
import { LogPublisher, type LogPublisherOptions } from './publisher.ts'
import { verifyTree } from './reader.ts'
import { decodeBundle, encodeBundle } from './tiles.ts'

const ORIGIN = 'log.example/test'
const signer = crypto.signer(crypto.generateKey('Ed25519'))
const NOW = 1_750_000_000_000

/** What outlives a crash of the control plane. */
interface World {
  entries: Uint8Array[]
  tiles: MemoryTileStore
  lock: MemoryLockState
  history: { note: Uint8Array; size: number; time_ms: number }[]
}

let world: World
beforeEach(() => {
  world = { entries: [], tiles: memoryTileStore(), lock: { holder: null, stored: null }, history: [] }
})

function commit(count: number): void {
  for (let i = 0; i < count; i++) world.entries.push(utf8(`entry ${world.entries.length}`))
}

function publisher(changes: Partial<LogPublisherOptions> = {}): LogPublisher {
  return new LogPublisher({
    crypto,
    source: {
      size: async () => world.entries.length,
      read: async (start, end) => world.entries.slice(start, end),
      hashes: async () => null,
    },
    tiles: world.tiles,
    lock: memoryCheckpointLock(world.lock),
    signer,
    origin: ORIGIN,
    clock: { now: () => NOW, monotonic: () => 0 },
    onPublished: (note, size, time_ms) => void world.history.push({ note, size, time_ms }),
    ...changes,
  })
}

async function started(changes: Partial<LogPublisherOptions> = {}): Promise<LogPublisher> {
  const log = publisher(changes)
  await log.start()
  return log
}

/** The process dies: nothing is released in order, but its place is free. */
function crash(): void {
  world.lock.holder = null
}

/** The public tree verifies and holds exactly what was committed. */
async function expectPublic(): Promise<void> {
  const note = world.tiles.files.get('checkpoint')!
  expect(note).toEqual(world.lock.stored)
  const checkpoint = openCheckpoint(crypto, note, publisher().vkey)
  expect(checkpoint.size).toBe(world.entries.length)
  const seen: Uint8Array[] = []
  const onEntry = (_: number, bytes: Uint8Array): void => void seen.push(bytes)
  expect(await verifyTree(crypto, world.tiles, checkpoint, { onEntry })).toMatchObject({ ok: true })
  expect(seen).toEqual(world.entries)
}

/** Stores that fail on the paths named, before or after they took effect. */
function failing(match: (path: string) => boolean, when: 'before' | 'after'): PublicTiles {
  const fault = (path: string): void => {
    if (match(path)) throw new Error('disk full')
  }
  return {
    read: (path) => world.tiles.read(path),
    write: async (path, bytes) => {
      if (when === 'after' || !match(path)) await world.tiles.write(path, bytes)
      fault(path)
    },
    writeIf: async (path, bytes, mayReplace) => {
      if (when === 'before') fault(path)
      const done = await world.tiles.writeIf(path, bytes, mayReplace)
      fault(path)
      return done
    },
    remove: (path) => world.tiles.remove(path),
  }
}

describe('publishing', () => {
  test('an empty log signs the root of nothing', async () => {
    const { size, root, note } = await (await started()).publish()
    expect([size, root]).toEqual([0, emptyRoot(crypto)])
    expect(openCheckpoint(crypto, note, publisher().vkey)).toMatchObject({ origin: ORIGIN, size: 0 })
    await expectPublic()
  })

  test('any growth, across restarts, gives the tree of the entries', async () => {
    const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 600 }), fc.boolean()), {
      minLength: 1,
      maxLength: 6,
    })
    await fc.assert(
      fc.asyncProperty(steps, async (steps) => {
        world = { entries: [], tiles: memoryTileStore(), lock: { holder: null, stored: null }, history: [] }
        let log = await started()
        for (const [count, restart] of steps) {
          commit(count)
          const { root } = await log.publish()
          expect(root).toEqual(
            rootOf(
              crypto,
              world.entries.map((entry) => leafHash(crypto, entry)),
            ),
          )
          await expectPublic()
          if (restart) {
            await log.stop()
            log = await started()
          }
        }
      }),
      { numRuns: 20 },
    )
  })

  test('nothing new is not signed again, nor after a restart', async () => {
    commit(3)
    const log = await started()
    const first = await log.publish()
    expect(await log.publish()).toBe(first)
    await log.stop()
    const again = await started()
    expect((await again.publish()).note).toEqual(first.note)
    expect(world.history.map(({ size, time_ms }) => [size, time_ms])).toEqual([
      [3, NOW],
      [3, NOW],
    ])
  })

  test('concurrent calls share a run that covers what each had committed', async () => {
    const log = await started()
    commit(1)
    const first = log.publish()
    await Promise.resolve() // the first run has begun
    commit(1)
    const rest = [log.publish(), log.publish()]
    const sizes = (await Promise.all([first, ...rest])).map(({ size }) => size)
    expect(sizes.slice(1)).toEqual([2, 2])
    expect(rest[0]).toBe(rest[1])
    expect(world.history.length).toBeLessThanOrEqual(2)
    await expectPublic()
  })

  test('needs a start, and none after the stop', async () => {
    const log = publisher()
    await expect(log.publish()).rejects.toThrowWithCode('LOG_LOCKED')
    await log.stop()
    await log.start()
    await log.publish()
    await log.stop()
    await expect(log.publish()).rejects.toThrowWithCode('LOG_LOCKED')
    expect(world.lock.holder).toBeNull()
  })

  test('a second publisher is refused while the first runs', async () => {
    await started()
    await expect(publisher().start()).rejects.toThrowWithCode('LOG_LOCKED')
  })

  test('a key that is not Ed25519, or an origin that names no key, is refused', () => {
    const es256 = crypto.signer(crypto.generateKey('ES256'))
    expect(() => publisher({ signer: es256 })).toThrowWithCode('VKEY_INVALID')
    expect(() => publisher({ origin: 'two words' })).toThrowWithCode('VKEY_INVALID')
  })

  test('a checkpoint whose history could not be kept is published again', async () => {
    let fails = true
    const onPublished = async (): Promise<void> => {
      if (fails) throw new Error('history')
    }
    const log = await started({ onPublished })
    commit(1)
    await expect(log.publish()).rejects.toThrow('history')
    fails = false
    expect((await log.publish()).size).toBe(1)
  })
})

describe('a crash', () => {
  type Case = [when: 'before' | 'after', what: string, match: (path: string) => boolean]
  const cases = (['before', 'after'] as const).flatMap((when): Case[] => [
    [when, 'a bundle', (path) => path.startsWith('tile/entries/')],
    [when, 'a tile', (path) => path.startsWith('tile/0/')],
    [when, 'an upper tile', (path) => path.startsWith('tile/1/')],
  ])

  test.each(cases)('%s writing %s signs nothing, and the next start repairs it', async (when, _, match) => {
    commit(300)
    await (await started()).publish()
    crash()
    const signed = world.lock.stored
    commit(300)
    const log = await started({ tiles: failing(match, when) })
    await expect(log.publish()).rejects.toThrowWithCode('LOG_UNAVAILABLE')
    expect(world.lock.stored).toBe(signed)
    commit(5)
    crash()
    await (await started()).publish()
    await expectPublic()
  })

  test('a store’s own error keeps its code', async () => {
    const tiles = { ...world.tiles, write: () => Promise.reject(new LogError('TILE_INVALID', 'path')) }
    commit(20)
    await expect((await started({ tiles })).publish()).rejects.toThrowWithCode('TILE_INVALID')
  })

  test('after the tiles and before the signature leaves files that nobody refers to', async () => {
    commit(10)
    await (await started()).publish()
    crash()
    commit(10)
    const dying = { ...signer, sign: () => { throw new Error('power cut') } } // prettier-ignore
    await expect((await started({ signer: dying })).publish()).rejects.toThrow('power cut')
    expect(world.tiles.files.has('tile/0/000.p/20')).toBe(true)
    crash()
    commit(1)
    await (await started()).publish()
    await expectPublic()
  })

  test('after the swap and before the checkpoint file: the next start publishes the same note', async () => {
    commit(10)
    const log = await started({ tiles: failing((path) => path === 'checkpoint', 'before') })
    await expect(log.publish()).rejects.toThrow('disk full')
    const signed = world.lock.stored
    expect(world.tiles.files.has('checkpoint')).toBe(false)
    crash()
    const { note } = await (await started()).publish()
    expect(note).toEqual(signed)
    await expectPublic()
    expect(world.history.map(({ size }) => size)).toEqual([10])
  })

  test.each(['before', 'after'] as const)(
    'of the lock store %s it stored: the same publisher recovers',
    async (when) => {
      let fails = true
      const inner = memoryCheckpointLock(world.lock)
      const lock: CheckpointLock = {
        ...inner,
        acquire: async () => void (world.lock.holder = lock),
        compareAndSwap: async (previous, next) => {
          if (when === 'before' && fails) throw new Error('lost')
          world.lock.stored = next
          if (fails) throw new Error(`answer lost after ${previous === null}`)
          return true
        },
      }
      const log = await started({ lock })
      commit(7)
      await expect(log.publish()).rejects.toThrow('lost')
      fails = false
      commit(1)
      await log.publish()
      await expectPublic()
    },
  )
})

test('public files that were lost are written again at the next start, from the database', async () => {
  commit(600)
  const log = await started()
  await log.publish()
  await log.stop()
  world.tiles.files.clear()
  const again = await started()
  expect(await again.publish()).toMatchObject({ size: 600 })
  await expectPublic()
})

describe('another signer, where the lock store lets several swap', () => {
  /** A second one with the same key, over a lock that has a place for everyone. */
  async function other(changes: Partial<LogPublisherOptions> = {}): Promise<LogPublisher> {
    return started({ lock: sharedLock(), ...changes })
  }

  /** As conditional writes are: no place to take, only the comparison. */
  function sharedLock(beforeSwap: () => Promise<void> = async () => {}): CheckpointLock {
    const inner = memoryCheckpointLock({ holder: null, stored: null })
    return {
      ...inner,
      acquire: async () => {},
      load: async () => world.lock.stored,
      compareAndSwap: async (previous, next) => {
        await beforeSwap()
        const { stored } = world.lock
        const same = stored && previous ? Buffer.compare(stored, previous) === 0 : stored === previous
        if (same) world.lock.stored = next
        return same
      },
    }
  }

  test('that stored a checkpoint in between is adopted, and the log goes on from it', async () => {
    const [a, b] = [await other(), await other()]
    commit(5)
    await a.publish()
    commit(300)
    await b.publish()
    commit(1)
    expect((await a.publish()).size).toBe(306)
    await expectPublic()
    expect((await b.publish()).size).toBe(306)
  })

  test('that wins the swap itself is adopted, and what was signed here is thrown away', async () => {
    const a = await other()
    let isFirst = true
    const b = await other({
      lock: sharedLock(async () => {
        if (!isFirst) return
        isFirst = false
        commit(2)
        await a.publish()
      }),
    })
    commit(5)
    expect((await b.publish()).size).toBe(7)
    await expectPublic()
    expect(world.history.map(({ size }) => size)).toEqual([7, 7])
  })

  test('that is slow does not put an older checkpoint over a newer one', async () => {
    const a = await other()
    const late: (() => Promise<void>)[] = []
    const tiles: PublicTiles = {
      ...world.tiles,
      writeIf: async (path, bytes, mayReplace) => {
        for (const first of late.splice(0)) await first()
        return world.tiles.writeIf(path, bytes, mayReplace)
      },
    }
    const b = await other({ tiles })
    commit(5)
    late.push(async () => {
      commit(4)
      await a.publish()
    })
    expect((await b.publish()).size).toBe(5) // its own was stored and is good: it is only not the last
    await expectPublic()
  })

  test.each([
    ['of another tree', () => rootOf(crypto, []), 6],
    ['of more entries than the database has', () => rootOf(crypto, []), 9],
    ['of fewer entries than we signed', () => rootOf(crypto, []), 3],
  ])('that stored a checkpoint %s: refused, and nothing is signed', async (_, root, size) => {
    commit(5)
    const log = await started()
    await log.publish()
    const foreign = signCheckpoint(crypto, signer, { origin: ORIGIN, size, root: root() })
    world.lock.stored = foreign
    commit(1)
    await expect(log.publish()).rejects.toThrowWithCode('LOG_DIVERGED')
    expect(world.lock.stored).toBe(foreign)
    expect(openCheckpoint(crypto, world.tiles.files.get('checkpoint')!, log.vkey).size).toBe(5)
  })

  test('with another key is refused', async () => {
    commit(5)
    const log = await started()
    const thief = crypto.signer(crypto.generateKey('Ed25519'))
    world.lock.stored = signCheckpoint(crypto, thief, { origin: ORIGIN, size: 5, root: rootOf(crypto, []) })
    await expect(log.publish()).rejects.toThrowWithCode('NOTE_INVALID')
  })

  test('that always wins makes a run give up, and say so', async () => {
    const a = await other()
    const always = sharedLock(async () => {
      await a.publish()
      commit(1)
    })
    commit(1)
    const b = await other({ lock: always })
    await expect(b.publish()).rejects.toThrowWithCode('LOG_UNAVAILABLE')
    await a.publish()
    await expectPublic()
  })
})

describe('a source that does not extend the last checkpoint', () => {
  beforeEach(async () => {
    commit(300)
    const log = await started()
    await log.publish()
    await log.stop()
  })

  /** The code that a start is refused with; nothing is stored, and another start is possible after a repair. */
  async function refusal(): Promise<unknown> {
    const signed = world.lock.stored
    const cause: unknown = await publisher()
      .start()
      .catch((error: unknown) => error)
    expect(world.lock).toEqual({ stored: signed, holder: null })
    return cause instanceof LogError ? cause.code : cause
  }

  test('because it was rolled back is refused, and the refusal says what to do', async () => {
    world.entries.pop()
    expect(await refusal()).toBe('LOG_DIVERGED')
    await expect(publisher().start()).rejects.toThrow(/database has 299 entries, 300 are signed.*Restore/)
  })

  test('because it was rolled back and grew again is refused', async () => {
    world.entries.length = 200
    for (let i = 0; i < 150; i++) world.entries.push(utf8(`other ${i}`))
    expect(await refusal()).toBe('LOG_DIVERGED')
  })

  test('because an old entry was edited is refused', async () => {
    world.entries[7] = utf8('edited')
    expect(await refusal()).toBe('LOG_DIVERGED')
  })

  test('because of a gap is refused', async () => {
    const source = { size: async () => 300, read: async () => [utf8('one')], hashes: async () => null }
    await expect(publisher({ source }).start()).rejects.toThrowWithCode('LOG_DIVERGED')
  })

  test('though the lock store was lost or rolled back with it is refused: the public checkpoint shows it', async () => {
    const kept = world.lock.stored
    world.lock.stored = null
    expect(await refusal()).toBe('LOG_DIVERGED')
    world.lock.stored = signCheckpoint(crypto, signer, { origin: ORIGIN, size: 0, root: emptyRoot(crypto) })
    expect(await refusal()).toBe('LOG_DIVERGED')
    const fork = rootOf(crypto, [leafHash(crypto, utf8('fork'))])
    world.lock.stored = signCheckpoint(crypto, signer, { origin: ORIGIN, size: 300, root: fork })
    expect(await refusal()).toBe('LOG_DIVERGED')
    world.lock.stored = kept
    await (await started()).publish()
  })

  test('while running is refused: shorter, or changed at the edge', async () => {
    const log = await started()
    const [edge] = world.entries.splice(299, 1)
    await expect(log.publish()).rejects.toThrowWithCode('LOG_DIVERGED')
    world.entries.push(utf8('edited'))
    commit(1)
    await expect(log.publish()).rejects.toThrowWithCode('LOG_DIVERGED')
    world.entries[299] = edge!
    await log.publish()
    await expectPublic()
  })

  test('is not judged by a public checkpoint that is not ours', async () => {
    const note = world.tiles.files.get('checkpoint')!
    world.tiles.files.set('checkpoint', utf8('damaged'))
    await (await started()).publish()
    expect(world.tiles.files.get('checkpoint')).toEqual(note)
  })

  test('a last checkpoint that our key did not sign is refused', async () => {
    const other = crypto.signer(crypto.generateKey('Ed25519'))
    const root = emptyRoot(crypto)
    world.lock.stored = signCheckpoint(crypto, other, { origin: ORIGIN, size: 0, root })
    await expect(publisher().start()).rejects.toThrowWithCode('NOTE_INVALID')
    world.lock.stored = utf8('garbage')
    await expect(publisher().start()).rejects.toThrowWithCode('NOTE_INVALID')
    expect(world.lock.holder).toBeNull()
  })
})

test('of 70,000 published entries a reader names the one that was changed and the one that was deleted', async () => {
  commit(69_500)
  const log = await started()
  await log.publish()
  commit(500)
  const { note } = await log.publish()
  const checkpoint = openCheckpoint(crypto, note, log.vkey)
  expect(await verifyTree(crypto, world.tiles, checkpoint)).toMatchObject({ ok: true, size: 70_000 })
  const path = 'tile/entries/200'
  const whole = world.tiles.files.get(path)!
  const entries = decodeBundle(whole, 256)
  const changed = Uint8Array.from(entries[34]!)
  changed[0]! ^= 1
  world.tiles.files.set(path, encodeBundle(entries.with(34, changed)))
  const index = 200 * 256 + 34
  expect(await verifyTree(crypto, world.tiles, checkpoint)).toEqual({
    ok: false,
    code: 'ENTRY_CHANGED',
    index,
    path,
  })
  world.tiles.files.set(path, encodeBundle(entries.toSpliced(34, 1)))
  expect(await verifyTree(crypto, world.tiles, checkpoint)).toEqual({
    ok: false,
    code: 'ENTRY_MISSING',
    index,
    path,
  })
})
