/**
 * The log's publisher in a thread of its own, so that hashing and writing tiles take nothing from the thread that answers
 * requests and appends. docs/adr/0023.
 * Invariant: `publish` resolves after the history was told of the checkpoint, as `LogPublisher` has it.
 * @module
 */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { PrivateJwk } from '../../src/core/crypto.ts'
import { LogError } from '../../src/log/entries.ts'
import type { PublishedCheckpoint } from '../../src/log/publisher.ts'
import type { Publisher } from './log-runner.ts'
import type { LogPlace } from './tiles.ts'

/** What the thread is started with. It holds the key in memory, as the thread that starts it does. */
export interface ThreadData {
  /** The SQLite file, which exists. */
  readonly database: string
  readonly place: LogPlace
  readonly key: PrivateJwk
  readonly origin: string
}

export type ToThread =
  { readonly id: number; readonly call: 'start' | 'publish' | 'stop' } | { readonly kept: Fault | null }

export type FromThread =
  | { readonly vkey: string }
  | { readonly id: number; readonly done: PublishedCheckpoint | null }
  | { readonly id: number; readonly failed: Fault }
  | { readonly published: { readonly note: Uint8Array; readonly size: number } }

/** An error as it crosses threads. */
export interface Fault {
  /** Of a {@link LogError}; null for any other error. */
  readonly code: LogError['code'] | null
  readonly message: string
}

export interface PublisherThreadOptions extends ThreadData {
  readonly onPublished: (note: Uint8Array, size: number) => Promise<void>
}

/** @throws {LogError} what the constructor of `LogPublisher` throws */
export async function startPublisherThread(options: PublisherThreadOptions): Promise<PublisherThread> {
  const { onPublished, ...data } = options
  const name = `./publisher-worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`
  const worker = new Worker(new URL(name, import.meta.url), { workerData: data satisfies ThreadData })
  const thread = new PublisherThread(worker, onPublished)
  await thread.ready
  return thread
}

interface Waiting {
  resolve(done: PublishedCheckpoint | null): void
  reject(cause: Error): void
}

export class PublisherThread implements Publisher {
  /** Resolves once the thread has composed its parts. */
  readonly ready: Promise<void>
  #vkey = ''
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  #calls = 0
  #ended: Error | null = null
  #queued: Promise<PublishedCheckpoint> | null = null
  #last: Promise<unknown> = Promise.resolve()

  constructor(worker: Worker, onPublished: PublisherThreadOptions['onPublished']) {
    this.#worker = worker
    const ready = Promise.withResolvers<void>()
    this.ready = ready.promise
    const end = (cause: Error): void => {
      this.#ended ??= cause
      ready.reject(cause)
      for (const waiting of this.#waiting.values()) waiting.reject(cause)
      this.#waiting.clear()
    }
    worker.on('error', end)
    worker.on('exit', () => end(new LogError('LOG_LOCKED', 'the thread that publishes the log has ended')))
    worker.on('message', (message: FromThread) => {
      if ('vkey' in message) {
        this.#vkey = message.vkey
        worker.unref()
        ready.resolve()
      } else if ('published' in message) void this.#keep(message.published, onPublished)
      else this.#settle(message)
    })
  }

  get vkey(): string {
    return this.#vkey
  }

  /** After a refusal it may be asked again, or must be stopped. */
  async start(): Promise<void> {
    await this.#call('start')
  }

  /** A call joins the one that waits, not the one under way: its entries were committed before that began. */
  publish(): Promise<PublishedCheckpoint> {
    this.#queued ??= this.#enqueue()
    return this.#queued
  }

  async stop(): Promise<void> {
    if (this.#ended !== null) return
    await this.#last
    const exited = once(this.#worker, 'exit')
    await this.#call('stop')
    this.#worker.ref()
    await exited
  }

  #enqueue(): Promise<PublishedCheckpoint> {
    const run = this.#last.then(async () => {
      this.#queued = null
      const done = await this.#call('publish')
      if (done === null) throw new LogError('LOG_UNAVAILABLE', 'the publishing thread gave no checkpoint')
      return done
    })
    this.#last = run.catch(() => {}) // its callers hear of the fault
    return run
  }

  #call(call: 'start' | 'publish' | 'stop'): Promise<PublishedCheckpoint | null> {
    if (this.#ended !== null) return Promise.reject(this.#ended)
    const id = this.#calls++
    this.#worker.ref() // a process may end while the thread is idle, not before it has answered
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#tell({ id, call })
    })
  }

  #tell(message: ToThread): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    this.#worker.postMessage(message)
  }

  async #keep(
    { note, size }: { readonly note: Uint8Array; readonly size: number },
    onPublished: PublisherThreadOptions['onPublished'],
  ): Promise<void> {
    const kept = await onPublished(note, size).then(() => null, faultOf)
    this.#tell({ kept })
  }

  #settle(answer: Exclude<FromThread, { vkey: string } | { published: unknown }>): void {
    const waiting = this.#waiting.get(answer.id)
    this.#waiting.delete(answer.id)
    if (this.#waiting.size === 0) this.#worker.unref()
    if ('done' in answer) waiting?.resolve(answer.done)
    else waiting?.reject(errorOf(answer.failed))
  }
}

export function faultOf(cause: unknown): Fault {
  if (cause instanceof LogError) return { code: cause.code, message: cause.message }
  return { code: null, message: cause instanceof Error ? cause.message : 'unknown fault' }
}

export function errorOf({ code, message }: Fault): Error {
  return code === null ? new Error(message) : new LogError(code, message)
}
