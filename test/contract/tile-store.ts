/**
 * What every {@link PublicTiles} keeps, and the one in memory that tests of the log use. spec/log.md, Files.
 * @module
 */
import { describe, expect, test } from 'vitest'
import { utf8 } from '../../src/core/encoding.ts'
import type { PublicTiles } from '../../src/ports/tile-store.ts'

/** A tile store whose files can be looked at and damaged. */
export interface MemoryTileStore extends PublicTiles {
  readonly files: Map<string, Uint8Array>
}

export function memoryTileStore(): MemoryTileStore {
  const files = new Map<string, Uint8Array>()
  return {
    files,
    read: async (path) => {
      const bytes = files.get(path)
      return bytes ? Uint8Array.from(bytes) : null
    },
    write: async (path, bytes) => void files.set(path, Uint8Array.from(bytes)),
    remove: async (path) => {
      for (const name of files.keys()) if (name === path || name.startsWith(`${path}.p/`)) files.delete(name)
    },
    writeIf: async (path, bytes, mayReplace) => {
      const may = mayReplace(files.get(path) ?? null)
      if (may) files.set(path, Uint8Array.from(bytes))
      return may
    },
  }
}

/** @param create an empty store */
export function tileStoreContract(name: string, create: () => Promise<PublicTiles>): void {
  describe(`tile store: ${name}`, () => {
    test('a file that was never written is null', async () => {
      const store = await create()
      expect(await store.read('checkpoint')).toBeNull()
      expect(await store.read('tile/0/x001/234')).toBeNull()
    })

    test('gives back the bytes that were written', async () => {
      const store = await create()
      const bytes = Uint8Array.from({ length: 8192 }, (_, i) => i & 0xff)
      await store.write('tile/0/x001/x234/067', bytes)
      expect(await store.read('tile/0/x001/x234/067')).toEqual(bytes)
    })

    test('keeps an empty file apart from none', async () => {
      const store = await create()
      await store.write('tile/entries/000', new Uint8Array(0))
      expect(await store.read('tile/entries/000')).toEqual(new Uint8Array(0))
    })

    test('a full tile, its partial tiles and their directory do not get in each other’s way', async () => {
      const store = await create()
      const paths = ['tile/0/000.p/5', 'tile/0/000', 'tile/0/000.p/6', 'tile/0/x001/000', 'tile/0/001']
      for (const path of paths) await store.write(path, utf8(path))
      for (const path of paths) expect(await store.read(path)).toEqual(utf8(path))
      expect(await store.read('tile/0')).toBeNull()
      expect(await store.read('tile/0/000/001')).toBeNull()
    })

    test('a reader sees the old bytes or the new ones', async () => {
      const store = await create()
      const versions = [1, 2].map((fill) => new Uint8Array(100_000).fill(fill))
      await store.write('checkpoint', versions[0]!)
      const writes = (async () => {
        for (let i = 0; i < 20; i++) await store.write('checkpoint', versions[i % 2]!)
      })()
      for (let i = 0; i < 20; i++) {
        const seen = await store.read('checkpoint')
        expect(versions.some((version) => Buffer.compare(version, seen!) === 0)).toBe(true)
      }
      await writes
    })

    test('concurrent writes of one path leave one of them whole', async () => {
      const store = await create()
      await Promise.all(
        [1, 2, 3, 4].map((fill) => store.write('tile/1/000', new Uint8Array(50_000).fill(fill))),
      )
      const bytes = (await store.read('tile/1/000'))!
      expect(bytes).toEqual(new Uint8Array(50_000).fill(bytes[0]!))
    })

    test('writes on a condition see what is there, and leave it when told to', async () => {
      const store = await create()
      const seen: (Uint8Array | null)[] = []
      const write = (text: string, may: boolean): Promise<boolean> =>
        store.writeIf('checkpoint', utf8(text), (stored) => {
          seen.push(stored)
          return may
        })
      expect(await write('a', false)).toBe(false)
      expect(await store.read('checkpoint')).toBeNull()
      expect(await write('b', true)).toBe(true)
      expect(await write('c', false)).toBe(false)
      expect(await store.read('checkpoint')).toEqual(utf8('b'))
      expect(seen).toEqual([null, null, utf8('b')])
      const refuse = (): boolean => {
        throw new Error('no')
      }
      await expect(store.writeIf('checkpoint', utf8('d'), refuse)).rejects.toThrow('no')
      expect(await write('e', true)).toBe(true)
    })

    test('of concurrent writes on the condition that they are larger the largest stays', async () => {
      const store = await create()
      const sizes = [3, 1, 4, 1, 5, 9, 2, 6]
      const isLarger =
        (size: number) =>
        (stored: Uint8Array | null): boolean =>
          stored === null || (stored[0] ?? 0) < size
      await Promise.all(sizes.map((size) => store.writeIf('checkpoint', Uint8Array.of(size), isLarger(size))))
      expect(await store.read('checkpoint')).toEqual(Uint8Array.of(9))
    })

    test('removes a bundle with its partial ones and nothing else, and again', async () => {
      const store = await create()
      const gone = ['tile/entries/000', 'tile/entries/000.p/5', 'tile/entries/000.p/255']
      const stay = ['tile/0/000', 'tile/0/000.p/5', 'tile/entries/001', 'tile/entries/001.p/5']
      for (const path of [...gone, ...stay]) await store.write(path, utf8(path))
      await store.remove('tile/entries/000')
      await store.remove('tile/entries/000')
      await store.remove('tile/entries/x001/000')
      for (const path of gone) expect(await store.read(path)).toBeNull()
      for (const path of stay) expect(await store.read(path)).toEqual(utf8(path))
      await store.write('tile/entries/000', utf8('again'))
      expect(await store.read('tile/entries/000')).toEqual(utf8('again'))
    })

    test('what is handed over is copied', async () => {
      const store = await create()
      const bytes = Buffer.of(1, 2, 3)
      await store.write('checkpoint', bytes)
      bytes[0] = 9
      expect(await store.read('checkpoint')).toEqual(Uint8Array.of(1, 2, 3))
    })
  })
}
