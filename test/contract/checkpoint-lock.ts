/**
 * What every {@link CheckpointLock} keeps, and the one in memory that tests of the log use. spec/log.md, LOG-5.
 * @module
 */
import { describe, expect, test } from 'vitest'
import { equalBytes, utf8 } from '../../src/core/encoding.ts'
import { LogError } from '../../src/log/entries.ts'
import type { CheckpointLock } from '../../src/ports/tile-store.ts'

/** What outlives a process: the place of the signer and the last checkpoint. */
export interface MemoryLockState {
  holder: CheckpointLock | null
  stored: Uint8Array | null
}

export function memoryCheckpointLock(state: MemoryLockState): CheckpointLock {
  const lock: CheckpointLock = {
    acquire: async () => {
      if (state.holder) throw new LogError('LOG_LOCKED', 'held')
      state.holder = lock
    },
    load: async () => state.stored,
    compareAndSwap: async (previous, next) => {
      if (state.holder !== lock) throw new LogError('LOG_LOCKED', 'not held')
      const { stored } = state
      const same = stored && previous ? equalBytes(stored, previous) : stored === previous
      if (same) state.stored = Uint8Array.from(next)
      return same
    },
    release: async () => {
      if (state.holder === lock) state.holder = null
    },
  }
  return lock
}

/**
 * @param create gives, for each test, a way to open the same empty lock any number of times
 * @param signers how many may hold it at a time
 */
export function checkpointLockContract(
  name: string,
  create: () => Promise<() => CheckpointLock>,
  signers: 'one' | 'several' = 'one',
): void {
  if (signers === 'one') onePlaceContract(name, create)
  else severalPlacesContract(name, create)
  describe(`checkpoint lock: ${name}`, () => {
    test('holds nothing at first', async () => {
      const open = await create()
      const lock = open()
      await lock.acquire()
      expect(await lock.load()).toBeNull()
    })

    test('swaps only what it was told is there', async () => {
      const open = await create()
      const lock = open()
      await lock.acquire()
      expect(await lock.compareAndSwap(utf8('a'), utf8('b'))).toBe(false)
      expect(await lock.load()).toBeNull()
      expect(await lock.compareAndSwap(null, utf8('a'))).toBe(true)
      expect(await lock.compareAndSwap(null, utf8('b'))).toBe(false)
      expect(await lock.compareAndSwap(utf8('b'), utf8('c'))).toBe(false)
      expect(await lock.load()).toEqual(utf8('a'))
      expect(await lock.compareAndSwap(utf8('a'), utf8('b'))).toBe(true)
      expect(await lock.load()).toEqual(utf8('b'))
    })

    test('of concurrent swaps from the same bytes one wins', async () => {
      const open = await create()
      const lock = open()
      await lock.acquire()
      const won = await Promise.all(['a', 'b', 'c'].map((note) => lock.compareAndSwap(null, utf8(note))))
      expect(won.filter(Boolean)).toHaveLength(1)
    })

    test('what was stored outlives the holder', async () => {
      const open = await create()
      const first = open()
      await first.acquire()
      await first.compareAndSwap(null, utf8('kept'))
      await first.release()
      const second = open()
      await second.acquire()
      expect(await second.load()).toEqual(utf8('kept'))
    })

    test('does not swap for one who does not hold it', async () => {
      const open = await create()
      const lock = open()
      await expect(lock.compareAndSwap(null, utf8('a'))).rejects.toThrowWithCode('LOG_LOCKED')
      await lock.acquire()
      await lock.release()
      await lock.release()
      await expect(lock.compareAndSwap(null, utf8('a'))).rejects.toThrowWithCode('LOG_LOCKED')
      expect(await lock.load()).toBeNull()
    })
  })
}

function onePlaceContract(name: string, create: () => Promise<() => CheckpointLock>): void {
  describe(`checkpoint lock for one signer: ${name}`, () => {
    test('a second holder is refused until the first releases', async () => {
      const open = await create()
      const [first, second] = [open(), open()]
      await first.acquire()
      await expect(second.acquire()).rejects.toThrowWithCode('LOG_LOCKED')
      await expect(first.acquire()).rejects.toThrowWithCode('LOG_LOCKED')
      await first.release()
      await second.acquire()
      await expect(first.acquire()).rejects.toThrowWithCode('LOG_LOCKED')
    })

    test('of many that start at once at most one holds it', async () => {
      const open = await create()
      const locks = Array.from({ length: 8 }, open)
      const results = await Promise.allSettled(locks.map((lock) => lock.acquire()))
      expect(results.filter(({ status }) => status === 'fulfilled').length).toBeLessThanOrEqual(1)
      await Promise.all(locks.map((lock) => lock.release()))
      await open().acquire()
    })
  })
}

function severalPlacesContract(name: string, create: () => Promise<() => CheckpointLock>): void {
  describe(`checkpoint lock for several signers: ${name}`, () => {
    test('has a place for each, and none twice', async () => {
      const open = await create()
      const [first, second] = [open(), open()]
      await first.acquire()
      await second.acquire()
      await expect(first.acquire()).rejects.toThrowWithCode('LOG_LOCKED')
    })

    test('of swaps from the same bytes by several one wins, and the others can go on from it', async () => {
      const open = await create()
      const locks = Array.from({ length: 4 }, open)
      await Promise.all(locks.map((lock) => lock.acquire()))
      for (const previous of [null, 'won 0', 'won 1'] as const) {
        const round = previous === null ? 0 : Number(previous.slice(4)) + 1
        const from = previous === null ? null : utf8(previous)
        const won = await Promise.all(
          locks.map((lock, i) => lock.compareAndSwap(from, utf8(`${round} by ${i}`))),
        )
        expect(won.filter(Boolean)).toHaveLength(1)
        const stored = await locks[0]!.load()
        for (const lock of locks) expect(await lock.load()).toEqual(stored)
        expect(stored).toEqual(utf8(`${round} by ${won.indexOf(true)}`))
        expect(await locks[3]!.compareAndSwap(stored, utf8(`won ${round}`))).toBe(true)
      }
    })
  })
}
