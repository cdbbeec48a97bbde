/**
 * Server-sent events to many readers: an event is encoded once, and each reader costs one write to its socket and nothing
 * in between. Whoever reads too slowly is dropped and resumes.
 * @module
 */
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** Bytes that may wait for one reader: some 3,000 frames, or minutes of heartbeats. */
export const SSE_WAITING_BYTES_MAX = 1024 * 1024

export const SSE_HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store',
  'x-accel-buffering': 'no',
} as const

/** What the HTTP adapter takes as: somebody else answers on this connection. */
const ANSWERED_ELSEWHERE = { 'x-hono-already-sent': 'true' }
/** The adapter puts a class of its own in the place of this one when it starts, which does not know that header. */
const PlainResponse = Response

/** @returns a Buffer, because a socket makes one of whatever else it is given */
export function sseEvent(event: string, data: string, id?: number): Uint8Array {
  return Buffer.from(`event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${data}\n\n`)
}

/** Streams by the answer that stands for them, until they have their connection. */
const answered = new WeakMap<Response, SseStream>()

/** Gives a stream the connection that it is asked for on. Any other answer is left as it is. */
export function connectSse(response: Response, outgoing: ServerResponse): Response {
  answered.get(response)?.connect(outgoing)
  return response
}

export class SseStream {
  readonly response: Response
  #socket: Socket | null = null
  /** What was sent before there was a connection. */
  #early: Uint8Array[] = []
  #early_bytes = 0
  #isOpen = true
  #waiting: (() => void)[] = []
  readonly #onClose: () => void

  constructor(onClose: () => void) {
    this.#onClose = onClose
    this.response = new PlainResponse(null, { headers: ANSWERED_ELSEWHERE })
    answered.set(this.response, this)
  }

  get open(): boolean {
    return this.#isOpen
  }

  /** The answer has no length and ends with its connection (RFC 9112, 6.3), so that events go out as they are. */
  connect(outgoing: ServerResponse): void {
    const { socket } = outgoing
    if (!this.#isOpen || socket === null || socket.destroyed) {
      this.#ended()
      outgoing.destroy()
      return
    }
    outgoing.removeHeader('transfer-encoding')
    outgoing.writeHead(200, { ...SSE_HEADERS, connection: 'close' }).flushHeaders()
    this.#socket = socket
    socket.on('drain', () => this.#wake()).on('close', () => this.#ended())
    for (const bytes of this.#early.splice(0)) socket.write(bytes)
    this.#wake()
  }

  /** Drops the reader when its buffer is full. One event alone may be larger than that. */
  send(bytes: Uint8Array): void {
    if (!this.#isOpen) return
    if (this.#waitingBytes() >= SSE_WAITING_BYTES_MAX) this.#drop()
    else if (this.#socket !== null) this.#socket.write(bytes)
    else {
      this.#early.push(bytes)
      this.#early_bytes += bytes.length
    }
  }

  #waitingBytes(): number {
    return this.#socket === null ? this.#early_bytes : this.#socket.writableLength
  }

  /** Resolves once half of the buffer is free, or the stream is closed: how a long backlog is paced. */
  async room(): Promise<void> {
    while (this.#isOpen && this.#waitingBytes() > SSE_WAITING_BYTES_MAX / 2) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve)
      })
    }
  }

  /** What was sent is still delivered. */
  close(): void {
    const socket = this.#socket
    this.#ended()
    socket?.end()
  }

  #drop(): void {
    const socket = this.#socket
    this.#ended()
    socket?.destroy()
  }

  #ended(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#early = []
    this.#wake()
    this.#onClose()
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}
