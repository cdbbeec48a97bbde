/** Server-sent events with a bounded buffer: whoever reads too slowly is dropped and resumes. @module */
import { utf8 } from '../../src/core/encoding.ts'

/** Bytes that may wait for one reader: some 3,000 frames, or minutes of heartbeats. */
export const SSE_WAITING_BYTES_MAX = 1024 * 1024

export const SSE_HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store',
  'x-accel-buffering': 'no',
} as const

export function sseEvent(event: string, data: string, id?: number): Uint8Array {
  return utf8(`event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${data}\n\n`)
}

export class SseStream {
  readonly response: Response
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null
  #pulled: (() => void)[] = []
  readonly #onClose: () => void

  constructor(onClose: () => void) {
    this.#onClose = onClose
    const body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller
        },
        pull: () => this.#wake(),
        cancel: () => this.#ended(),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: SSE_WAITING_BYTES_MAX }),
    )
    this.response = new Response(body, { headers: SSE_HEADERS })
  }

  get open(): boolean {
    return this.#controller !== null
  }

  /** Drops the reader when its buffer is full. One event alone may be larger than that: the header of a snapshot. */
  send(bytes: Uint8Array): void {
    if (!this.#controller) return
    if ((this.#controller.desiredSize ?? 0) <= 0) this.close()
    else this.#controller.enqueue(bytes)
  }

  /** Resolves once half of the buffer is free, or the stream is closed: how a long backlog is paced. */
  async room(): Promise<void> {
    while (this.#controller && (this.#controller.desiredSize ?? 0) < SSE_WAITING_BYTES_MAX / 2) {
      await new Promise<void>((resolve) => {
        this.#pulled.push(resolve)
      })
    }
  }

  close(): void {
    const controller = this.#controller
    if (!controller) return
    this.#ended()
    controller.close()
  }

  #ended(): void {
    this.#controller = null
    this.#wake()
    this.#onClose()
  }

  #wake(): void {
    const waiting = this.#pulled
    this.#pulled = []
    for (const resolve of waiting) resolve()
  }
}
