/**
 * A fault at every call by which the log's adapters reach the disk, one at a time, both failed and not stored and failed but
 * stored. After each, by trying again and by a restart: nothing lost, nothing twice, no gap, and every checkpoint ever signed
 * is consistent with the last.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fsCheckpointLock } from '../../src/adapters/fs/checkpoint-lock.ts'
import type { FileSystem } from '../../src/adapters/fs/files.ts'
import { fsTileStore } from '../../src/adapters/fs/tile-store.ts'
import { Faults, faultyFs, forEachCall } from '../fixtures/faults.ts'
import { STORIES, story } from '../fixtures/io-story.ts'
import type { Place } from '../fixtures/log-world.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-io-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

function fsPlace(name: string, faults: Faults | null, which: 'tiles' | 'lock'): Place {
  const fs: FileSystem | undefined = faults === null ? undefined : faultyFs(faults)
  return {
    tiles: fsTileStore(join(folder, name, 'log'), which === 'tiles' ? fs : undefined),
    lock: fsCheckpointLock(join(folder, name, 'lock'), which === 'lock' ? fs : undefined),
  }
}

describe.each(['tiles', 'lock'] as const)('every call of the file system for the %s', (which) => {
  test.each(STORIES)(
    '$what, then $recovery',
    async ({ when, recovery }) => {
      const open = (name: string, faults: Faults | null): Place => fsPlace(name, faults, which)
      const injected = await forEachCall((k) => story(open, new Faults(k, when), recovery))
      const kinds = new Set(injected)
      expect(injected.length).toBeGreaterThan(which === 'tiles' ? 50 : 20)
      for (const kind of ['open r', 'open wx', 'writeFile', 'sync', 'close', 'rename', 'mkdir'])
        expect(kinds).toContain(kind)
    },
    60_000,
  )
})
