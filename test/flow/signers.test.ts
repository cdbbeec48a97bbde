/**
 * Two integrators of one log at once: over a directory the second waits for its turn, over a bucket both sign side by side under load.
 * Threads and stores are those of `countersign start`. spec/log.md, LOG-20 and LOG-21.
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startPublisherThread, type PublisherThread } from '../../apps/server/publisher-thread.ts'
import { openLogPlace, placeOfLog, type LogPlace } from '../../apps/server/tiles.ts'
import { nodeCrypto as crypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { openSqliteStore } from '../../src/adapters/sqlite/sqlite-store.ts'
import { openCheckpoint, type Checkpoint } from '../../src/log/checkpoint.ts'
import { decodeEntry } from '../../src/log/entries.ts'
import { rootAt, verifyTree } from '../../src/log/reader.ts'
import { systemClock } from '../../src/ports/clock.ts'
import type { Store } from '../../src/ports/store.ts'
import { BUCKET, CREDENTIALS, REGION, startS3Server, type S3Server } from '../fixtures/s3-server.ts'

const ORIGIN = 'log.example/two'
const LOAD_MS = 3_000

let folder: string
let database: string
let store: Store
let s3: S3Server
const key = crypto.generateKey('Ed25519')
const signedNotes: Uint8Array[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-signers-'))
  database = join(folder, 'countersign.db')
  store = openSqliteStore({ path: database, clock: systemClock })
  s3 = await startS3Server()
})
afterAll(async () => {
  await s3.close()
  await store.close()
  await rm(folder, { recursive: true, force: true })
})

function integrator(place: LogPlace): Promise<PublisherThread> {
  const onPublished = async (note: Uint8Array): Promise<void> => void signedNotes.push(note)
  return startPublisherThread({ database, place, key, origin: ORIGIN, onPublished })
}

const append = (name: string): Promise<number> =>
  store.write((tx) =>
    tx.append({ type: 'system.added', actor: { kind: 'system', id: 'test' }, body: { name } }),
  )

/** The public tree verifies, has exactly what was acknowledged, and every checkpoint ever published is a prefix of it. */
async function expectWhole(place: LogPlace, vkey: string, acked: ReadonlyMap<number, string>): Promise<void> {
  const { tiles } = openLogPlace(place)
  const last = openCheckpoint(crypto, (await tiles.read('checkpoint'))!, vkey)
  const names = new Map<number, string>()
  const onEntry = (index: number, bytes: Uint8Array): void => {
    const entry = decodeEntry(bytes)
    if (entry.type === 'system.added') names.set(index, entry.body.name)
  }
  expect(await verifyTree(crypto, tiles, last, { onEntry })).toMatchObject({ ok: true })
  expect(names).toEqual(acked)
  const heads = new Map<number, Checkpoint>()
  for (const note of signedNotes) {
    const head = openCheckpoint(crypto, note, vkey)
    heads.set(head.size, head)
  }
  for (const { size, root } of heads.values())
    expect(await rootAt(crypto, tiles, size, last.size)).toEqual(root)
}

test('over a directory one signs, and a second is refused until the first has gone', async () => {
  const place = placeOfLog({ dataDir: folder })
  const [first, second] = [await integrator(place), await integrator(place)]
  await first.start()
  await expect(second.start()).rejects.toThrowWithCode('LOG_LOCKED')
  const acked = new Map([[await append('a'), 'a']])
  await first.publish()
  await first.stop()
  await second.start()
  acked.set(await append('b'), 'b')
  await second.publish()
  await second.stop()
  await expectWhole(place, second.vkey, acked)
})

test('over a bucket two sign side by side under load: nothing lost, each checkpoint grows into the next', async () => {
  signedNotes.length = 0
  const place = placeOfLog(
    { dataDir: folder, tilesUrl: `s3://${BUCKET}/log`, s3Endpoint: s3.endpoint },
    {
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    },
  )
  const before = await store.entries.size()
  const acked = new Map(
    (await store.entries.read(0, before)).map((bytes, index) => {
      const entry = decodeEntry(bytes)
      return [index, entry.type === 'system.added' ? entry.body.name : '']
    }),
  )
  const both = [await integrator(place), await integrator(place)]
  for (const one of both) await one.start()
  const published: number[] = []
  const until = performance.now() + LOAD_MS
  let count = 0
  const writer = async (): Promise<void> => {
    while (performance.now() < until) {
      const name = `n${count++}`
      acked.set(await append(name), name)
      published.push((await both[count % 2]!.publish()).size) // paced by what one of them made public
    }
  }
  const publish = async (one: PublisherThread): Promise<void> => {
    while (performance.now() < until) published.push((await one.publish()).size)
  }
  /** What anybody outside sees: it only grows. */
  const seen: number[] = []
  const watch = async (): Promise<void> => {
    const { tiles } = openLogPlace(place)
    while (performance.now() < until) {
      const note = await tiles.read('checkpoint')
      if (note !== null) seen.push(openCheckpoint(crypto, note, both[0]!.vkey).size)
    }
  }
  await Promise.all([...Array.from({ length: 8 }, writer), ...both.map(publish), watch()])
  for (const one of both) expect((await one.publish()).size).toBe(acked.size)
  for (const one of both) await one.stop()
  expect(new Set(published).size).toBeGreaterThan(5)
  expect(seen).toEqual(seen.toSorted((a, b) => a - b))
  expect(acked.size).toBe(before + count)
  const lost = s3.requests.filter(
    ({ key, headers }) => key.endsWith('last-checkpoint') && 'if-match' in headers,
  )
  expect(lost.length).toBeGreaterThan(5)
  await expectWhole(place, both[0]!.vkey, acked)
}, 60_000)
