/** Bundles that other threads read: whatever a pack holds, what is found is what one thread finds alone. @module */
import { describe, expect, test } from 'vitest'
import { LogBuilder } from '../../../test/fixtures/history.ts'
import { changedPack, flip, type Edit, type Files } from '../../../test/fixtures/tampered.ts'
import { nodeCrypto } from '../../adapters/node-crypto/node-crypto.ts'
import { nodeZlib } from '../../adapters/node-zlib/node-zlib.ts'
import { utf8 } from '../../core/encoding.ts'
import { leafHash } from '../../log/merkle.ts'
import { decodeBundle, encodeBundle, encodeHashes, TILE_WIDTH } from '../../log/tiles.ts'
import { verifyPack, type VerifyOptions } from '../verify/verify.ts'
import { BundleReader } from './reader.ts'
import { BundleThreads, servedBundles, type FromThread, type Thread, type ToThread } from './threads.ts'

/** Within the second of three full tiles. */
const START = 300
const BUNDLE = 'tile/entries/001'
const HASHES = 'tile/0/001'

const log = new LogBuilder().company()
const chains = [log.root('bot'), log.root('other')]
for (let i = 0; log.entries.length < 3 * TILE_WIDTH + 20; i++) {
  const { action } = log.decide(chains[i % 2]!)
  log.outcome(action)
  if (i % 100 === 0) log.head()
}
log.head()
const honest = await log.pack(0)
const started = await log.pack(START)
const changed = (edit: Edit): Uint8Array => changedPack(log, honest, edit)

/** In this thread, with everything handed over as a thread hands it over. */
class NearThread implements Thread {
  answered = 0
  #say: (said: FromThread) => void = () => undefined
  #end: () => void = () => undefined
  readonly #read: ReturnType<typeof servedBundles>
  /** Answers after which it is gone. */
  readonly #ends_at: number

  constructor(reader: BundleReader, ends_at = Infinity) {
    this.#ends_at = ends_at
    this.#read = servedBundles(reader, (said, memory) => {
      const heard = structuredClone(said, { transfer: memory })
      queueMicrotask(() => this.#hear(heard))
    })
  }

  #hear(said: FromThread): void {
    if (said !== 'ready' && this.answered >= this.#ends_at) return this.#end()
    if (said !== 'ready' && said.read !== null) this.answered++
    this.#say(said)
  }

  post(asked: ToThread, memory: ArrayBuffer[]): void {
    const heard = structuredClone(asked, { transfer: memory })
    if (heard !== 'stop') void this.#read(heard)
  }

  listen(onSaid: (said: FromThread) => void, onEnd: () => void): void {
    this.#say = onSaid
    this.#end = onEnd
  }
}

const newReader = (): BundleReader => new BundleReader(nodeCrypto, nodeZlib)

/** What a verifier says, and what it knows of receipts. */
async function found(pack: Uint8Array, options: VerifyOptions = {}) {
  const { report, history } = await verifyPack(nodeCrypto, pack, log.vkey, { codec: nodeZlib, ...options })
  const receipts = [...history.table.all()].map((row) => ({ index: row.index, receipt: row.receipt }))
  return { report, receipts, streams: [...history.streams.keys()], size: history.size }
}

async function expectSame(pack: Uint8Array, threads: readonly NearThread[]): Promise<void> {
  const readers = new BundleThreads(threads)
  await Promise.resolve()
  expect(await found(pack, { readers })).toEqual(await found(pack))
}

describe('an honest pack', () => {
  test.each([1, 2, 3])('says the same, read by %d threads', async (count) => {
    const threads = Array.from({ length: count }, () => new NearThread(newReader()))
    await expectSame(honest, threads)
    expect(threads.reduce((sum, { answered }) => sum + answered, 0)).toBe(3)
  })

  test('from memory that is shared', async () => {
    const shared = new Uint8Array(new SharedArrayBuffer(honest.length))
    shared.set(honest)
    const thread = new NearThread(newReader())
    await expectSame(shared, [thread])
    expect(thread.answered).toBe(3)
  })

  test('is read here where a root is wanted within a tile', async () => {
    const thread = new NearThread(newReader())
    await expectSame(started, [thread])
    expect(thread.answered).toBe(2)
  })

  test('is read here once a thread is gone, or where it never came', async () => {
    await expectSame(honest, [new NearThread(newReader(), 1)])
    await expectSame(honest, [new NearThread(newReader()), new NearThread(newReader(), 0)])
    const absent = { post: () => undefined, listen: () => undefined }
    expect(await found(honest, { readers: new BundleThreads([absent]) })).toEqual(await found(honest))
  })

  test('is read here once a thread cannot go on: nothing more is believed of it', async () => {
    const reader = newReader()
    let count = 0
    const failing = {
      read: (job: Parameters<BundleReader['read']>[0]) =>
        count++ === 1 ? Promise.reject(new Error('out of memory')) : reader.read(job),
    }
    const thread = new NearThread(failing as BundleReader)
    await expectSame(honest, [thread])
    expect(thread.answered).toBe(1)
  })
})

/** Each leaves the whole tree as it is but for one tile, which then hashes as it says. */
function replace(files: Files, at: number, entry: Uint8Array): void {
  const entries = decodeBundle(files.get(BUNDLE)!, TILE_WIDTH)
  entries[at] = entry
  files.set(BUNDLE, encodeBundle(entries))
  files.set(HASHES, encodeHashes(entries.map((each) => leafHash(nodeCrypto, each))))
}

const edits: Readonly<Record<string, Edit>> = {
  'an entry that was changed': (files) => flip(files, BUNDLE, 5000),
  'an entry that was deleted': (files) => {
    const entries = decodeBundle(files.get(BUNDLE)!, TILE_WIDTH)
    files.set(BUNDLE, encodeBundle(entries.toSpliced(7, 1)))
  },
  'bytes behind the entries': (files) =>
    void files.set(BUNDLE, new Uint8Array([...files.get(BUNDLE)!, 0, 1, 65])),
  'a hash that was changed': (files) => flip(files, HASHES, 40),
  'a hash tile that is cut short': (files) => void files.set(HASHES, files.get(HASHES)!.subarray(0, 100)),
  'a bundle that is missing': (files) => void files.delete(BUNDLE),
  'a hash tile that is missing': (files) => void files.delete(HASHES),
  'an entry that is none, with its hash': (files) => replace(files, 9, utf8('{"no":"entry"}')),
  'an entry of no bytes, with its hash': (files) => replace(files, 9, new Uint8Array(0)),
  'an entry that is no text, with its hash': (files) => replace(files, 9, Uint8Array.of(0xc3, 0x28)),
  'an entry with more than ASCII, with its hash': (files) => replace(files, 9, utf8('{"é":1}')),
  'a tile of other entries': (files) => {
    files.set(BUNDLE, files.get('tile/entries/000')!)
    files.set(HASHES, files.get('tile/0/000')!)
  },
}

test.each(Object.entries(edits))('%s is named as one thread names it', async (_, edit) => {
  const pack = changed(edit)
  const { report } = await found(pack)
  expect(report.ok).toBe(false)
  for (const count of [1, 2])
    await expectSame(
      pack,
      Array.from({ length: count }, () => new NearThread(newReader())),
    )
})
