/**
 * Packs for auditors' previews and for the console, built and read in a thread of their own: making one takes seconds of
 * a processor, which those who revoke and record are not to wait for. spec/preview.md (PRV-8).
 * Invariant: one answer is of one tree, and says of which.
 * @module
 */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { openCheckpoint } from '../../src/log/checkpoint.ts'
import { parseRfc3339 } from '../../src/core/time.ts'
import { CHECKPOINT_PATH } from '../../src/log/tiles.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { TileStore } from '../../src/ports/tile-store.ts'
import type { SourceOpener } from '../../src/evidence/pack/sources.ts'
import type { Granted } from '../../src/evidence/preview/scope.ts'
import { checkpointAt } from '../../src/registry/checkpoints.ts'
import type { RegistryContext } from '../../src/registry/context.ts'
import { uploadedContent } from '../../src/registry/reconciliations.ts'
import { ApiError } from './errors.ts'
import type { LogPlace } from './tiles.ts'

/** PRV-8: how old a pack may be, in milliseconds, when the log has grown. */
const BOOK_AGE_MS = 60_000
/** After so long without a question the thread ends, and its memory with it. */
const IDLE_MS = 10 * 60_000
/** Periods of which the tree is remembered: those of all previews in force. */
const PERIODS_MAX = 64
/** Questions that wait for the thread. */
const WAITING_MAX = 64

export interface BookSource {
  /** Names the pack: the same for the same period and tree. */
  readonly key: string
  readonly period: { readonly from: string; readonly to: string }
  readonly checkpoint: Uint8Array
  readonly start: Uint8Array | null
  readonly size: number
}

/** What is asked of a pack; `null` answers that it is not in scope. */
export type BookQuestion = { readonly criteria: Granted } & (
  | { readonly what: 'overview' }
  | { readonly what: 'test'; readonly number: number; readonly from: number }
  | { readonly what: 'rows'; readonly name: string; readonly from: number }
  | { readonly what: 'file'; readonly name: string; readonly format: 'csv' | 'jsonl' }
  | { readonly what: 'action'; readonly action: string }
  | { readonly what: 'entry'; readonly index: number }
  | { readonly what: 'has'; readonly about: { readonly kind: string; readonly id: string } }
  | { readonly what: 'extract'; readonly criteria: readonly string[]; readonly preview: string }
)

export interface BookThreadData {
  readonly place: LogPlace
  readonly vkey: string
  /** A company's own control files, or none. */
  readonly controls: string | null
}

export type ToBookThread =
  | { readonly id: number; readonly source: BookSource; readonly question: BookQuestion }
  | { readonly opened: number; readonly content: Awaited<ReturnType<SourceOpener>> }
  | { readonly opened: number; readonly refused: string }

export type FromBookThread =
  /** What the entry commits to is wanted, for a comparison. */
  | { readonly open: number; readonly entry: number }
  | { readonly id: number; readonly tree: unknown; readonly answer: unknown }
  /** `said`: what a pack cannot be built over, in words for the auditor; null: a fault of ours. */
  | { readonly id: number; readonly said: string | null; readonly message: string }

export interface BookAnswer {
  readonly tree: unknown
  readonly answer: unknown
}

interface Waiting {
  resolve(answer: BookAnswer): void
  reject(cause: Error): void
}

interface Kept {
  readonly source: BookSource
  /** Of the monotonic clock. */
  readonly made_ms: number
}

export interface PreviewBooksOptions extends BookThreadData {
  readonly registry: Pick<RegistryContext, 'store' | 'crypto' | 'vault'>
  readonly tiles: Pick<TileStore, 'read'>
  readonly clock: Clock
}

export class PreviewBooks {
  readonly #o: PreviewBooksOptions
  readonly #kept = new Map<string, Kept>()
  readonly #waiting = new Map<number, Waiting>()
  #worker: Worker | null = null
  #asked = 0
  #idle: NodeJS.Timeout | undefined

  constructor(options: PreviewBooksOptions) {
    this.#o = options
  }

  /**
   * The pack that looks at this period are answered from now.
   * @param age_ms how old one may be that is good enough; less than a minute is a minute (PRV-8)
   * @throws {ApiError} `PREVIEW_UNAVAILABLE`
   */
  async of(period: BookSource['period'], age_ms = BOOK_AGE_MS): Promise<BookSource> {
    const kept = this.#freshOf(period, age_ms)
    if (kept !== null) return kept
    const name = nameOf(period)
    const now_ms = this.#o.clock.monotonic()
    const source = await this.#newest(name, period)
    if (this.#kept.size >= PERIODS_MAX) this.#kept.clear()
    this.#kept.set(name, { source, made_ms: now_ms })
    return source
  }

  /** Whether an answer for this period takes no new pack. */
  isKept(period: BookSource['period'], age_ms = BOOK_AGE_MS): boolean {
    return this.#freshOf(period, age_ms) !== null
  }

  #freshOf(period: BookSource['period'], age_ms: number): BookSource | null {
    const kept = this.#kept.get(nameOf(period))
    if (kept === undefined) return null
    return this.#o.clock.monotonic() - kept.made_ms < Math.max(age_ms, BOOK_AGE_MS) ? kept.source : null
  }

  async #newest(name: string, period: BookSource['period']): Promise<BookSource> {
    const { tiles, registry, vkey } = this.#o
    const checkpoint = await tiles.read(CHECKPOINT_PATH)
    if (checkpoint === null) throw unavailable('the log has published nothing yet')
    const { size } = openCheckpoint(registry.crypto, checkpoint, vkey)
    const from_ms = parseRfc3339(period.from)
    const start = await registry.store.query((db) => checkpointAt(db, from_ms))
    return { key: `${name}@${size}`, period, checkpoint, start: start?.note ?? null, size }
  }

  /** @throws {ApiError} `PREVIEW_UNAVAILABLE`, `TOO_MANY` */
  ask(source: BookSource, question: BookQuestion): Promise<BookAnswer> {
    if (this.#waiting.size >= WAITING_MAX)
      throw new ApiError('TOO_MANY', 'too many look at once: try again in a minute')
    const worker = (this.#worker ??= this.#begin())
    clearTimeout(this.#idle)
    const id = this.#asked++
    const message: ToBookThread = { id, source, question }
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      worker.ref()
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
      worker.postMessage(message)
    })
  }

  async stop(): Promise<void> {
    clearTimeout(this.#idle)
    const worker = this.#worker
    this.#worker = null
    await worker?.terminate()
  }

  #begin(): Worker {
    const { place, vkey, controls } = this.#o
    const name = `./preview-worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`
    const workerData: BookThreadData = { place, vkey, controls }
    const worker = new Worker(new URL(name, import.meta.url), { workerData })
    const ended = (cause: Error): void => {
      if (this.#worker === worker) this.#worker = null
      for (const waiting of this.#waiting.values()) waiting.reject(cause)
      this.#waiting.clear()
    }
    worker.on('error', ended)
    void once(worker, 'exit').then(
      () => ended(unavailable('what was asked for could not be made: ask again')),
      () => undefined, // said by `error` already
    )
    worker.on('message', (message: FromBookThread) => {
      if ('open' in message) void this.#open(worker, message)
      else this.#settle(worker, message)
    })
    return worker
  }

  /** RCN-4: compared with, and shown to nobody. */
  async #open(
    worker: Worker,
    { open: opened, entry }: Extract<FromBookThread, { open: number }>,
  ): Promise<void> {
    const said = await uploadedContent(this.#o.registry, entry).then(
      (content): ToBookThread => ({ opened, content }),
      (error: unknown): ToBookThread => ({
        opened,
        refused: error instanceof Error ? error.message : 'unknown fault',
      }),
    )
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    worker.postMessage(said)
  }

  #settle(worker: Worker, message: Exclude<FromBookThread, { open: number }>): void {
    const waiting = this.#waiting.get(message.id)
    this.#waiting.delete(message.id)
    if (this.#waiting.size === 0) {
      worker.unref()
      this.#idle = setTimeout(() => void this.stop(), IDLE_MS).unref()
    }
    if ('answer' in message) waiting?.resolve(message)
    else waiting?.reject(message.said === null ? new Error(message.message) : unavailable(message.said))
  }
}

function nameOf({ from, to }: BookSource['period']): string {
  return `${from}/${to}`
}

function unavailable(why: string): ApiError {
  return new ApiError('PREVIEW_UNAVAILABLE', why)
}
