/** A log as `countersign start` composes it, over one store, in a folder that goes away. @module */
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LogRunner, type Publisher } from '../../apps/server/log-runner.ts'
import { publisherOf } from '../../apps/server/publisher.ts'
import { placeOfLog } from '../../apps/server/tiles.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { openPostgresStore } from '../../src/adapters/postgres/postgres-store.ts'
import { openSqliteStore } from '../../src/adapters/sqlite/sqlite-store.ts'
import { systemClock } from '../../src/ports/clock.ts'
import type { Store } from '../../src/ports/store.ts'
import { recordCheckpoint } from '../../src/registry/checkpoints.ts'

const ORIGIN = 'bench.example/log'

function onFatal(error: Error): void {
  throw error
}

export interface Plant {
  readonly store: Store
  readonly publisher: Pick<Publisher, 'publish'>
  /** Bytes of the database and of the public files. */
  bytes(): Promise<{ readonly database: number; readonly tiles: number }>
  /** Ends the publisher and takes its place again. @returns how long the second took, in milliseconds */
  restart(): Promise<number>
  remove(): Promise<void>
}

/** @param thread whether it publishes from a thread of its own (docs/adr/0023) */
export async function embeddedPlant(thread = false): Promise<Plant> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-bench-'))
  const database = join(folder, 'countersign.db')
  const store = openSqliteStore({ path: database, clock: systemClock })
  const key = nodeCrypto.generateKey('Ed25519')
  const begin = async (): Promise<{ publisher: Publisher; runner: LogRunner }> => {
    const publisher = await publisherOf({
      store,
      database,
      thread,
      clock: systemClock,
      place: placeOfLog({ dataDir: folder }),
      key,
      origin: ORIGIN,
      onPublished: (note, size) => recordCheckpoint(store, { size, time: systemClock.now(), note }),
    })
    const runner = new LogRunner({ publisher, store, onFatal })
    await runner.start()
    return { publisher, runner }
  }
  let running = await begin()
  return {
    store,
    publisher: { publish: () => running.publisher.publish() },
    bytes: async () => ({
      database: await filesStarting(folder, 'countersign.db'),
      tiles: await folderBytes(join(folder, 'log')),
    }),
    restart: async () => {
      await running.runner.stop()
      const start = systemClock.monotonic()
      running = await begin()
      return Math.round(systemClock.monotonic() - start)
    },
    remove: async () => {
      await running.runner.stop()
      await store.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** One node: the publisher is in the thread that appends, because it waits for the network. */
export async function postgresPlant(url: string): Promise<Omit<Plant, 'bytes' | 'restart'>> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-bench-'))
  const store = await openPostgresStore({ url })
  const publisher = await publisherOf({
    store,
    database: '',
    thread: false,
    clock: systemClock,
    place: placeOfLog({ dataDir: folder }),
    key: nodeCrypto.generateKey('Ed25519'),
    origin: ORIGIN,
    onPublished: (note, size) => recordCheckpoint(store, { size, time: systemClock.now(), note }),
  })
  const runner = new LogRunner({ publisher, store, onFatal })
  await runner.start()
  return {
    store,
    publisher,
    remove: async () => {
      await runner.stop()
      await store.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function filesStarting(folder: string, name: string): Promise<number> {
  const files = (await readdir(folder)).filter((file) => file.startsWith(name))
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(folder, file))).size))
  return sizes.reduce((sum, size) => sum + size, 0)
}

async function folderBytes(folder: string): Promise<number> {
  let bytes = 0
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size
  }
  return bytes
}
