/**
 * Server-sent events of one MCP session: numbered, kept for a while, and sent again to a client that comes back with
 * `Last-Event-ID`. spec/gateway.md (GWH-7).
 * @module
 */

/** Events that a session keeps. */
const EVENTS_MAX = 512
/** Bytes (UTF-16 units) of them. */
const KEPT_LENGTH_MAX = 8 * 1024 * 1024

/** Where a stream goes: an HTTP response. */
export interface EventSink {
  /** Must not throw. */
  write(text: string): void
  end(): void
}

interface Kept {
  readonly stream: EventStream
  readonly n: number
  readonly text: string
}

/** All streams of a session share one bounded memory. */
export class EventMemory {
  #streams_n = 0
  readonly #kept: Kept[] = []
  #kept_length = 0
  /** Those that have something kept or a sink. */
  readonly #streams = new Map<string, EventStream>()

  stream(): EventStream {
    const stream = new EventStream(String(++this.#streams_n), this)
    this.#streams.set(stream.id, stream)
    return stream
  }

  /** @returns the stream of that event and what came after it, or null when that is no longer known */
  after(eventId: string): { stream: EventStream; missed: string[] } | null {
    const found = /^(\d{1,15})-(\d{1,15})$/.exec(eventId)
    const stream = this.#streams.get(found?.[1] ?? '')
    const n = Number(found?.[2])
    if (stream === undefined || n > stream.sent_n || n < stream.dropped_n) return null
    const missed = this.#kept.filter((each) => each.stream === stream && each.n > n)
    return { stream, missed: missed.map(({ text }) => text) }
  }

  keep(kept: Kept): void {
    this.#kept.push(kept)
    this.#kept_length += kept.text.length
    while (this.#kept.length > EVENTS_MAX || this.#kept_length > KEPT_LENGTH_MAX) {
      const dropped = this.#kept.shift()
      if (dropped === undefined) return
      this.#kept_length -= dropped.text.length
      dropped.stream.dropped_n = dropped.n
      if (dropped.stream.isOver && dropped.n === dropped.stream.sent_n)
        this.#streams.delete(dropped.stream.id)
    }
  }
}

export class EventStream {
  readonly id: string
  readonly #memory: EventMemory
  #sink: EventSink | null = null
  /** The number of the last event. */
  sent_n = 0
  /** The number of the last event that is no longer kept. */
  dropped_n = 0
  #isOver = false

  constructor(id: string, memory: EventMemory) {
    this.id = id
    this.#memory = memory
  }

  /** Nothing more will come. */
  get isOver(): boolean {
    return this.#isOver
  }

  get isOpen(): boolean {
    return this.#sink !== null
  }

  /** From now on events go there, and what it missed first. Whoever had them before is let go. */
  attach(sink: EventSink, missed: readonly string[] = []): void {
    const before = this.#sink
    this.#sink = sink
    before?.end()
    for (const text of missed) sink.write(text)
    if (this.#isOver) this.detach(sink, true)
  }

  /** @param ends whether it is still there to be ended */
  detach(sink: EventSink | null = this.#sink, ends = false): void {
    if (sink === null || this.#sink !== sink) return
    this.#sink = null
    if (ends) sink.end()
  }

  /** @param data one line; empty to give the client an identifier to come back with */
  send(data: string, retry_ms?: number): void {
    const n = ++this.sent_n
    const retry = retry_ms === undefined ? '' : `retry: ${retry_ms}\n`
    const text = `${retry}id: ${this.id}-${n}\ndata: ${data}\n\n`
    this.#memory.keep({ stream: this, n, text })
    this.#sink?.write(text)
  }

  /** Says that there is nothing to say yet, to whoever reads it now. */
  wait(): void {
    this.#sink?.write(': waiting\n\n')
  }

  end(): void {
    this.#isOver = true
    this.detach(this.#sink, true)
  }
}
