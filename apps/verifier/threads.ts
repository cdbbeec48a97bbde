/** Threads of Node that read bundles, for packs that are worth them. @module */
import { open } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { parentPort, Worker } from 'node:worker_threads'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { nodeZlib } from '../../src/adapters/node-zlib/node-zlib.ts'
import { BundleReader } from '../../src/evidence/bundles/reader.ts'
import {
  BundleThreads,
  servedBundles,
  type Thread,
  type ToThread,
} from '../../src/evidence/bundles/threads.ts'

/** Of a pack: below, starting threads costs more than they take over. */
const WORTH_BYTES_MIN = 64 * 1024 * 1024
/** Of a thread, in MiB: it holds a bundle at a time, and what it knows of receipts. */
const LIMITS = { maxYoungGenerationSizeMb: 16, maxOldGenerationSizeMb: 256 }
/** Read at once: no system reads more than 2 GiB. */
const PIECE_BYTES = 256 * 1024 * 1024
/** More wait for the one that puts together what they read. */
const THREADS_MAX = 4

/** The bytes of a file, in memory that threads share: none of them copies any. */
export async function readShared(path: string): Promise<Uint8Array> {
  const file = await open(path)
  try {
    const stat = await file.stat()
    if (!stat.isFile()) return await file.readFile()
    const { size } = stat
    const bytes = new Uint8Array(new SharedArrayBuffer(size))
    let at = 0
    for (;;) {
      const { bytesRead } = await file.read(bytes, at, Math.min(PIECE_BYTES, size - at), at)
      at += bytesRead
      if (bytesRead === 0) return bytes.subarray(0, at)
    }
  } finally {
    await file.close()
  }
}

/**
 * Does work with threads that read bundles, where the pack is worth them.
 * @param module what the threads run: it calls {@link serveBundles}
 * @param worth_bytes_min of the pack; for tests
 */
export async function withReaders<T>(
  module: URL,
  pack: Uint8Array,
  work: (options: { readonly readers?: BundleThreads }) => Promise<T>,
  worth_bytes_min: number = WORTH_BYTES_MIN,
): Promise<T> {
  if (pack.length < worth_bytes_min) return work({})
  const count = Math.min(THREADS_MAX, availableParallelism())
  const readers = new BundleThreads(Array.from({ length: count }, () => threadOf(module)))
  try {
    return await work({ readers })
  } finally {
    readers.stop()
  }
}

function threadOf(module: URL): Thread {
  const worker = new Worker(module, { resourceLimits: LIMITS })
  return {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    post: (asked, memory) => worker.postMessage(asked, memory),
    listen: (onSaid, onEnd) => {
      worker.on('message', onSaid).on('error', onEnd).on('exit', onEnd)
    },
  }
}

/** In a thread: until it is stopped. What unpacks beside this thread only wakes more of them. */
export function serveBundles(): void {
  const port = parentPort
  if (port === null) return
  const codec = {
    ...nodeZlib,
    inflate: (packed: Uint8Array, size: number) => Promise.resolve(nodeZlib.inflateSync(packed, size)),
  }
  const read = servedBundles(new BundleReader(nodeCrypto, codec), (said, memory) =>
    port.postMessage(said, memory),
  )
  port.on('message', (asked: ToThread) => {
    if (asked === 'stop') port.close()
    else void read(asked)
  })
}
