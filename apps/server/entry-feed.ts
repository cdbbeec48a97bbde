/**
 * The stream of log entries, for the live page and for tools. Pulled by the reader, so that a slow one holds
 * one page and not the log. Readers who are equally far share what is read, and hear of commits together: a thousand of
 * them cost the database what one does.
 * @module
 */
import { utf8 } from '../../src/core/encoding.ts'
import type { Store } from '../../src/ports/store.ts'
import { ApiError } from './errors.ts'
import { SSE_HEADERS } from './sse.ts'

export const READERS_MAX = 1_000
const PAGE = 100
/** Pages that are kept for readers who are equally far. */
const PAGES_MAX = 32
/** A comment this often, so that both ends notice a dead connection. */
const KEEPALIVE_MS = 10_000
/** Between two times that readers are woken, in milliseconds for each reader: entries that come faster go out together. */
const PAUSE_MS_EACH = 0.25

/** For so long it is not asked again who may read, unless something was committed. */
const ALLOWED_MS = 1_000

/** Who reads. */
export interface FeedReader {
  /** The same for readers who may read as long as each other: of one person, in one session. */
  readonly key: string
  /** Asked before each page: a reader may have left. */
  readonly mayRead: () => Promise<boolean>
}

interface Page {
  readonly count: number
  readonly bytes: Uint8Array
}

export class EntryFeed {
  readonly #store: Store
  readonly #readers = new Set<() => void>()
  readonly #leave: () => void
  /** Since the last commit that readers heard of: what is read from where, and who may. */
  readonly #pages = new Map<number, Promise<Page>>()
  readonly #allowed = new Map<string, Promise<boolean>>()
  #woken_ms = -Infinity
  #asked_ms = -Infinity
  #timer: NodeJS.Timeout | undefined
  #closed = false

  constructor(store: Store) {
    this.#store = store
    this.#leave = store.onCommit(() => this.#committed())
  }

  /** @param next index of the first entry wanted */
  stream(next: number, who: FeedReader): Response {
    if (this.#readers.size >= READERS_MAX) throw new ApiError('TOO_MANY', 'too many readers follow the log')
    let wake: () => void = () => undefined
    let news = false
    const reader = (): void => {
      news = true
      wake()
    }
    this.#readers.add(reader)
    const waitForNews = async (): Promise<boolean> => {
      if (news) return true
      const timer = setTimeout(() => wake(), KEEPALIVE_MS)
      await new Promise<void>((resolve) => {
        wake = resolve
      })
      clearTimeout(timer)
      return news
    }
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(utf8(': open\n\n')),
      pull: async (controller) => {
        for (;;) {
          news = false
          const page = this.#closed ? null : await this.#page(next, who)
          if (page === null) return this.#end(reader, controller)
          next += page.count
          if (page.bytes.length > 0) return controller.enqueue(page.bytes)
          if (page.count > 0) continue // all of them pruned
          if (!(await waitForNews())) return controller.enqueue(utf8(': still here\n\n'))
        }
      },
      cancel: () => {
        this.#readers.delete(reader)
        reader()
      },
    })
    return new Response(body, { headers: SSE_HEADERS })
  }

  close(): void {
    this.#closed = true
    this.#leave()
    this.#wake()
  }

  /** What ends without a commit, as a session that is signed out, ends a stream within a moment too. */
  #forgetWhoMay(): void {
    const now_ms = performance.now()
    if (now_ms - this.#asked_ms < ALLOWED_MS) return
    this.#asked_ms = now_ms
    this.#allowed.clear()
  }

  #committed(): void {
    this.#allowed.clear()
    if (this.#timer !== undefined) return
    const since_ms = performance.now() - this.#woken_ms
    const pause_ms = this.#readers.size * PAUSE_MS_EACH - since_ms
    if (pause_ms <= 0) this.#wake()
    else this.#timer = setTimeout(() => this.#wake(), pause_ms).unref()
  }

  #wake(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#woken_ms = performance.now()
    this.#pages.clear()
    this.#allowed.clear()
    for (const reader of this.#readers) reader()
  }

  #end(reader: () => void, controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.#readers.delete(reader)
    controller.close()
  }

  /** @returns null when the store can no longer be read, or not by this reader */
  async #page(next: number, { key, mayRead }: FeedReader): Promise<Page | null> {
    try {
      this.#forgetWhoMay()
      if (!(await shared(this.#allowed, key, mayRead))) return null
      // Those who read from the beginning are each somewhere else.
      if (this.#pages.size >= PAGES_MAX) this.#pages.clear()
      return await shared(this.#pages, next, () => this.#read(next))
    } catch {
      return null
    }
  }

  async #read(next: number): Promise<Page> {
    const size = await this.#store.entries.size()
    const entries = next < size ? await this.#store.entries.read(next, Math.min(next + PAGE, size)) : []
    const text = entries.map((bytes, i) => {
      if (bytes.length === 0) return '' // pruned
      const entry = Buffer.from(bytes).toString()
      return `event: entry\nid: ${next + i}\ndata: {"index":${next + i},"entry":${entry}}\n\n`
    })
    return { count: entries.length, bytes: utf8(text.join('')) }
  }
}

/** What is asked for under the same key until it is forgotten is asked once. */
function shared<K, V>(kept: Map<K, Promise<V>>, key: K, ask: () => Promise<V>): Promise<V> {
  const known = kept.get(key)
  if (known !== undefined) return known
  const asked = ask()
  kept.set(key, asked)
  // A fault is of this time alone.
  asked.catch(() => {
    if (kept.get(key) === asked) kept.delete(key)
  })
  return asked
}
