/**
 * The fleet as it changes, for whoever watches: looked at once a second for all of them together, and only while somebody
 * does. spec/telemetry.md (TEL-12).
 * @module
 */
import type { RegistryContext } from '../../src/registry/context.ts'
import type { FeedReader } from './entry-feed.ts'
import { ApiError } from './errors.ts'
import { fleetOf, type Fleet } from './fleet-view.ts'
import { sseEvent, SseStream } from './sse.ts'

export const WATCHERS_MAX = 200
const LOOK_MS = 1_000
/** Of a larger fleet, those that need a look. */
const AGENTS_MAX = 200
/** A comment this often, so that both ends notice a dead connection. */
const KEEPALIVE_LOOKS = 10

interface Watcher {
  readonly stream: SseStream
  readonly reader: FeedReader
  /** False until it was told of the whole fleet. From then on it is told what changed between two looks. */
  isTold: boolean
}

export interface FleetFeedOptions {
  readonly registry: Pick<RegistryContext, 'store' | 'iss'>
  readonly report: (error: unknown) => void
}

export class FleetFeed {
  readonly #o: FleetFeedOptions
  readonly #watchers = new Set<Watcher>()
  /** What the last look saw, by kind and identifier. */
  #seen = new Map<string, string>()
  #timer: NodeJS.Timeout | undefined
  #isLooking = false
  #looks = 0

  constructor(options: FleetFeedOptions) {
    this.#o = options
  }

  stream(reader: FeedReader): Response {
    if (this.#watchers.size >= WATCHERS_MAX) throw new ApiError('TOO_MANY', 'too many watch the fleet')
    const stream = new SseStream(() => this.#leave(watcher))
    const watcher: Watcher = { stream, reader, isTold: false }
    this.#watchers.add(watcher)
    this.#timer ??= setInterval(() => void this.#look(), LOOK_MS)
    void this.#look()
    return stream.response
  }

  close(): void {
    for (const { stream } of this.#watchers) stream.close()
    clearInterval(this.#timer)
  }

  #leave(watcher: Watcher): void {
    this.#watchers.delete(watcher)
    if (this.#watchers.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return
    this.#isLooking = true
    try {
      const { store, iss } = this.#o.registry
      const now_ms = await store.now()
      const fleet = await store.query((db) => fleetOf(db, iss, now_ms, AGENTS_MAX))
      this.#looks++
      await this.#tell(fleet)
    } catch (cause) {
      if (this.#watchers.size > 0) this.#o.report(cause) // the next look tries again
    } finally {
      this.#isLooking = false
    }
  }

  /** What is said is written once, however many hear it. */
  async #tell(fleet: Fleet): Promise<void> {
    const news = this.#newsOf(fleet)
    const isQuiet = this.#looks % KEEPALIVE_LOOKS !== 0
    const changed = Buffer.concat(news.length === 0 && !isQuiet ? [Buffer.from(': still here\n\n')] : news)
    const whole = [...this.#watchers].some(({ isTold }) => !isTold)
      ? sseEvent('fleet', JSON.stringify(fleet))
      : null
    const allowed = new Map<string, Promise<boolean>>()
    for (const watcher of this.#watchers) {
      const { key, mayRead } = watcher.reader
      const may = allowed.get(key) ?? mayRead()
      allowed.set(key, may)
      // Whoever cannot be asked about is not kept, and nobody behind them misses the news.
      if (!(await may.catch(() => false))) watcher.stream.close()
      else if (watcher.isTold && changed.length > 0) watcher.stream.send(changed)
      else if (!watcher.isTold && whole !== null) {
        watcher.stream.send(whole)
        watcher.isTold = true
      }
    }
  }

  #newsOf({ agents, points, time, ...whole }: Fleet): Buffer[] {
    const seen = new Map<string, string>()
    const news: Buffer[] = []
    const look = (event: string, id: string, value: object): void => {
      const text = JSON.stringify(value)
      seen.set(`${event} ${id}`, text)
      if (this.#seen.get(`${event} ${id}`) !== text)
        news.push(Buffer.from(sseEvent(event, JSON.stringify({ time, ...value }))))
    }
    for (const agent of agents) look('agent', agent.id, agent)
    for (const point of points) look('point', point.id, point)
    look('fleet', '', whole)
    this.#seen = seen
    return news
  }
}
