/** Real threads that read bundles: of the command line, and of `verify.mjs`, which is one file. @module */
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { LogBuilder } from '../../test/fixtures/history.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { nodeZlib } from '../../src/adapters/node-zlib/node-zlib.ts'
import { jobOf } from '../../src/evidence/bundles/job.ts'
import type { FromThread } from '../../src/evidence/bundles/threads.ts'
import { openPack } from '../../src/evidence/pack/archive.ts'
import { ReadFiles } from '../../src/evidence/pack/files.ts'
import { verifyPack } from '../../src/evidence/verify/verify.ts'
import { leafHash, rootOf } from '../../src/log/merkle.ts'
import { TILE_WIDTH } from '../../src/log/tiles.ts'
import { verifierFiles } from './build.ts'
import { readShared, withReaders } from './threads.ts'

const log = new LogBuilder().company()
const chain = log.root('bot')
while (log.entries.length < 2 * TILE_WIDTH) log.outcome(log.decide(chain).action)
log.head()
let folder: string
let path: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'threads-'))
  path = join(folder, 'pack.zip')
  await writeFile(path, await log.pack(0))
  await writeFile(join(folder, 'verify.mjs'), (await verifierFiles()).get('verify.mjs') ?? '')
}, 60_000)
afterAll(() => rm(folder, { recursive: true }))

const modules: Readonly<Record<string, () => URL>> = {
  'the command line': () => new URL('bundle-worker.ts', import.meta.url),
  'verify.mjs': () => pathToFileURL(join(folder, 'verify.mjs')),
}

test.each(Object.entries(modules))('a thread of %s reads a bundle, and ends', async (_, module) => {
  const files = new ReadFiles(nodeCrypto, openPack(await readShared(path), nodeZlib))
  const job = jobOf(files, 0)
  const worker = new Worker(module())
  expect(await once(worker, 'message')).toEqual(['ready'])
  const answer = once(worker, 'message')
  worker.postMessage({ id: 7, job }, [])
  const [said] = (await answer) as [Exclude<FromThread, 'ready'>]
  expect(said.id).toBe(7)
  const leaves = log.entries.slice(0, TILE_WIDTH).map((entry) => leafHash(nodeCrypto, entry))
  expect(said.read?.root).toEqual(rootOf(nodeCrypto, leaves))
  const ended = once(worker, 'exit')
  worker.postMessage('stop', [])
  expect(await ended).toEqual([0])
})

test.each(Object.entries(modules))('a pack verifies beside threads of %s as without', async (_, module) => {
  const pack = await readShared(path)
  const alone = await verifyPack(nodeCrypto, pack, log.vkey, { codec: nodeZlib })
  const beside = await withReaders(
    module(),
    pack,
    async (readers) => {
      expect(readers.readers).toBeDefined()
      return verifyPack(nodeCrypto, pack, log.vkey, { codec: nodeZlib, ...readers })
    },
    0,
  )
  expect(beside.report).toEqual(alone.report)
})

test('a small pack is not worth a thread', async () => {
  await withReaders(new URL('file:///none'), await readShared(path), async (readers) => {
    expect(readers).toEqual({})
  })
})
