/**
 * Several threads that read bundles, as one. A thread that is not there yet, or no more, reads nothing: whoever asks
 * does it. @module
 */
import type { ReceiptKind } from '../../log/receipt-texts.ts'
import type { BundleJob, BundleOf, BundleReaders, ReadBundle } from './job.ts'
import type { PackedFile } from '../pack/unzip.ts'
import type { BundleReader } from './reader.ts'

export type ToThread = { readonly id: number; readonly job: BundleJob } | 'stop'
export type FromThread = 'ready' | { readonly id: number; readonly read: ReadBundle | null }

/** A thread, as a platform has it. */
export interface Thread {
  /** @param memory goes with what is asked */
  post(asked: ToThread, memory: ArrayBuffer[]): void
  /** @param onEnd it failed or is gone */
  listen(onSaid: (said: FromThread) => void, onEnd: () => void): void
}

export class BundleThreads implements BundleReaders {
  readonly #threads: readonly BundleThread[]

  constructor(threads: readonly Thread[]) {
    this.#threads = threads.map((thread) => new BundleThread(thread))
  }

  /** Resolves once each is there or has failed. */
  async ready(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.settled))
  }

  /** By the index, in turns: each thread has its bundles in the order of the log. */
  async read(index: number, job: BundleJob): Promise<BundleOf | null> {
    return (await this.#threads[index % this.#threads.length]?.read(job)) ?? null
  }

  stop(): void {
    for (const thread of this.#threads) thread.stop()
  }
}

class BundleThread {
  readonly #thread: Thread
  readonly #kinds = new Map<number, ReceiptKind>()
  readonly #waiting = new Map<number, (read: ReadBundle | null) => void>()
  /** There, or not to come. */
  readonly settled: Promise<void>
  readonly #settle: () => void
  #isReady = false
  #isStopped = false
  #count = 0

  constructor(thread: Thread) {
    this.#thread = thread
    const { promise, resolve } = Promise.withResolvers<void>()
    this.settled = promise
    this.#settle = resolve
    thread.listen(
      (said) => this.#hear(said),
      () => this.#end(),
    )
  }

  async read(job: BundleJob): Promise<BundleOf | null> {
    if (!this.#isReady) return null
    const id = this.#count++
    const { promise, resolve } = Promise.withResolvers<ReadBundle | null>()
    this.#waiting.set(id, resolve)
    const memory: ArrayBuffer[] = []
    const { bundle, hashes } = job
    this.#thread.post({ id, job: { bundle: handed(bundle, memory), hashes: handed(hashes, memory) } }, memory)
    const read = await promise
    return read === null ? null : { read, kinds: this.#kinds }
  }

  stop(): void {
    if (this.#isStopped) return
    this.#isStopped = true
    this.#thread.post('stop', [])
    this.#end()
  }

  #hear(said: FromThread): void {
    if (said === 'ready') {
      this.#isReady = !this.#isStopped
      this.#settle()
      return
    }
    for (const kind of said.read?.learned ?? []) this.#kinds.set(kind.number, kind)
    this.#waiting.get(said.id)?.(said.read)
    this.#waiting.delete(said.id)
  }

  #end(): void {
    this.#isStopped = true
    this.#isReady = false
    this.#settle()
    for (const resolve of this.#waiting.values()) resolve(null)
    this.#waiting.clear()
  }
}

/** A page that is not isolated has no such memory. */
function isShared(memory: ArrayBufferLike): boolean {
  return 'SharedArrayBuffer' in globalThis && memory instanceof SharedArrayBuffer
}

/** A copy, which goes with what is asked: a view would take the whole archive along. What is shared stays where it is. */
function handed(file: PackedFile, memory: ArrayBuffer[]): PackedFile {
  const { packed } = file
  if (isShared(packed.buffer)) return file
  const copy = packed.slice()
  memory.push(copy.buffer)
  return { ...file, packed: copy }
}

/** The other end: reads what it is asked for, one after the other. @returns takes what is asked */
export function servedBundles(
  reader: BundleReader,
  say: (said: FromThread, memory: ArrayBuffer[]) => void,
): (asked: { readonly id: number; readonly job: BundleJob }) => Promise<void> {
  let last: Promise<void> = Promise.resolve()
  let hasFailed = false
  const read = async (job: BundleJob): Promise<ReadBundle | null> => {
    if (hasFailed) return null
    try {
      return await reader.read(job)
    } catch {
      // What its numbers stand for may not have been said. Whoever asks meets the same fault, where it is heard.
      hasFailed = true
      return null
    }
  }
  say('ready', [])
  return ({ id, job }) => {
    last = last.then(async () => {
      const its = await read(job)
      say({ id, read: its }, its === null ? [] : [its.kinds.buffer, its.numbers.buffer, its.digests.buffer])
    })
    return last
  }
}
