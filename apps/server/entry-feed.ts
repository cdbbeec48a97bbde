/**
 * The stream of log entries, for the live page and for tools. Pulled by the reader, so that a slow one holds
 * one page and not the log.
 * @module
 */
import { utf8 } from '../../src/core/encoding.ts'
import type { Store } from '../../src/ports/store.ts'
import { ApiError } from './errors.ts'
import { SSE_HEADERS } from './sse.ts'

export const READERS_MAX = 1_000
const PAGE = 100
/** A comment this often, so that both ends notice a dead connection. */
const KEEPALIVE_MS = 10_000

export class EntryFeed {
  readonly #store: Store
  readonly #readers = new Set<() => void>()
  readonly #leave: () => void
  #closed = false

  constructor(store: Store) {
    this.#store = store
    this.#leave = store.onCommit(() => this.#wake())
  }

  /** @param next index of the first entry wanted; @param mayRead asked before each page: a reader may have left */
  stream(next: number, mayRead: () => Promise<boolean>): Response {
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
          const page = this.#closed ? null : await this.#page(next, mayRead)
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

  #wake(): void {
    for (const reader of this.#readers) reader()
  }

  #end(reader: () => void, controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.#readers.delete(reader)
    controller.close()
  }

  /** @returns null when the store can no longer be read, or not by this reader */
  async #page(
    next: number,
    mayRead: () => Promise<boolean>,
  ): Promise<{ count: number; bytes: Uint8Array } | null> {
    try {
      if (!(await mayRead())) return null
      const size = await this.#store.entries.size()
      const entries = next < size ? await this.#store.entries.read(next, Math.min(next + PAGE, size)) : []
      const text = entries.map((bytes, i) => {
        if (bytes.length === 0) return '' // pruned
        const entry = Buffer.from(bytes).toString()
        return `event: entry\nid: ${next + i}\ndata: {"index":${next + i},"entry":${entry}}\n\n`
      })
      return { count: entries.length, bytes: utf8(text.join('')) }
    } catch {
      return null
    }
  }
}
