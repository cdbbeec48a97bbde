/**
 * The fleet as it changes, for whoever watches: looked at once a second for all of them together, and only while somebody
 * does. spec/telemetry.md (TEL-12).
 * @module
 */
import type { RegistryContext } from '../../src/registry/context.ts'
import { ApiError } from './errors.ts'
import { fleetOf, type Fleet } from './fleet-view.ts'
import { sseEvent, SseStream } from './sse.ts'

export const WATCHERS_MAX = 200
const LOOK_MS = 1_000
/** A comment this often, so that both ends notice a dead connection. */
const KEEPALIVE_LOOKS = 10

interface Watcher {
  readonly stream: SseStream
  readonly mayRead: () => Promise<boolean>
  /** What it was told last, by kind and identifier. */
  readonly told: Map<string, string>
}

export interface FleetFeedOptions {
  readonly registry: Pick<RegistryContext, 'store' | 'iss'>
  readonly report: (error: unknown) => void
}

export class FleetFeed {
  readonly #o: FleetFeedOptions
  readonly #watchers = new Set<Watcher>()
  #timer: NodeJS.Timeout | undefined
  #isLooking = false
  #looks = 0

  constructor(options: FleetFeedOptions) {
    this.#o = options
  }

  stream(mayRead: () => Promise<boolean>): Response {
    if (this.#watchers.size >= WATCHERS_MAX) throw new ApiError('TOO_MANY', 'too many watch the fleet')
    const stream = new SseStream(() => this.#leave(watcher))
    const watcher: Watcher = { stream, mayRead, told: new Map() }
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
      const fleet = await store.query((db) => fleetOf(db, iss, now_ms))
      this.#looks++
      for (const watcher of this.#watchers) await this.#tell(watcher, fleet)
    } catch (cause) {
      if (this.#watchers.size > 0) this.#o.report(cause) // the next look tries again
    } finally {
      this.#isLooking = false
    }
  }

  async #tell({ stream, mayRead, told }: Watcher, fleet: Fleet): Promise<void> {
    if (!(await mayRead())) return stream.close()
    const isFirst = told.size === 0
    const { agents, points, last_hour, time } = fleet
    const news = [
      ...agents.map((agent) => ['agent', agent.id, agent] as const),
      ...points.map((point) => ['point', point.id, point] as const),
      ['fleet', '', { last_hour }] as const,
    ].filter(([event, id, value]) => {
      const text = JSON.stringify(value)
      const isNew = told.get(`${event} ${id}`) !== text
      told.set(`${event} ${id}`, text)
      return isNew
    })
    if (isFirst) stream.send(sseEvent('fleet', JSON.stringify(fleet)))
    else for (const [event, , value] of news) stream.send(sseEvent(event, JSON.stringify({ time, ...value })))
    if (news.length === 0 && this.#looks % KEEPALIVE_LOOKS === 0) stream.send(Buffer.from(': still here\n\n'))
  }
}
