/**
 * Hands spans and metrics to an OpenTelemetry collector over OTLP/HTTP, as JSON. spec/telemetry.md (TEL-14). Only the node
 * that observes does. Invariants: a span leaves the queue when it was taken, or refused for good; nothing waits for it.
 * @module
 */
import { metricsJson, tracesJson, type Json } from '../../src/observe/otlp/json.ts'
import { LATENCY_BOUNDS_S } from '../../src/observe/telemetry/terms.ts'
import {
  METRICS,
  NAMES,
  SCHEMA_URL,
  SCOPE,
  TOOLS_CALL,
  type Attributes,
} from '../../src/observe/otlp/mapping.ts'
import { totalsOf, type PlaceTotals } from '../../src/observe/otlp/metrics.ts'
import type { SpanFold } from '../../src/observe/otlp/spans.ts'
import type { Store } from '../../src/ports/store.ts'

const EVERY_MS = 2_000
const METRICS_EVERY_MS = 60_000
/** Spans of one request: what exporters send by default. */
const BATCH = 512
const ANSWER_MS_MAX = 10_000
const RETRY_MIN_MS = 1_000
const RETRY_MAX_MS = 60_000
/** OTLP/HTTP: the same request may be taken later. Any other failure is for good. */
const LATER = new Set([408, 429, 502, 503, 504])

export interface OtlpTarget {
  /** Without `/v1/traces` and `/v1/metrics`. */
  readonly url: string
  /** What its owner wants to see, such as an authorization. */
  readonly headers: Readonly<Record<string, string>>
}

export interface OtlpExporterOptions {
  readonly target: OtlpTarget
  readonly store: Store
  readonly spans: SpanFold
  /** Names this log: `service.namespace`. */
  readonly origin: string
  /** Whether this node observes. */
  readonly isObserver: () => Promise<boolean>
  readonly report: (error: unknown) => void
}

export class OtlpExporter {
  readonly #o: OtlpExporterOptions
  readonly #ended = new AbortController()
  readonly #resource: Attributes
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> = Promise.resolve()
  #isRunning = false
  #attempts = 0
  #next_ms = 0
  #metrics_ms = 0
  #refused = 0

  constructor(options: OtlpExporterOptions) {
    this.#o = options
    this.#resource = { 'service.name': 'countersign', 'service.namespace': options.origin }
  }

  /** Spans that the target would not have, for good. */
  get refused(): number {
    return this.#refused
  }

  start(): void {
    this.#timer = setInterval(() => void this.tick(performance.now()), EVERY_MS)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    this.#ended.abort()
    await this.#running
  }

  /** Never rejects. @param now_ms of a clock that never goes back */
  tick(now_ms: number): Promise<void> {
    if (this.#isRunning || now_ms < this.#next_ms || this.#ended.signal.aborted) return this.#running
    this.#isRunning = true
    this.#running = this.#run(now_ms)
      .catch((cause: unknown) => {
        if (!this.#ended.signal.aborted) this.#o.report(cause)
      })
      .finally(() => {
        this.#isRunning = false
      })
    return this.#running
  }

  async #run(now_ms: number): Promise<void> {
    if (!(await this.#o.isObserver())) return
    for (let some = this.#o.spans.some(BATCH); some.length > 0; some = this.#o.spans.some(BATCH)) {
      const answer = await this.#post('/v1/traces', tracesJson(this.#resource, SCOPE, SCHEMA_URL, some))
      if (answer === 'later') return this.#later(now_ms)
      if (answer === 'refused') this.#refused += some.length
      this.#o.spans.taken(some)
    }
    if (now_ms - this.#metrics_ms >= METRICS_EVERY_MS || this.#metrics_ms === 0) {
      if ((await this.#post('/v1/metrics', await this.#metrics())) === 'later') return this.#later(now_ms)
      this.#metrics_ms = now_ms
    }
    this.#attempts = 0
    return undefined
  }

  #later(now_ms: number): void {
    const wait_ms = Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** Math.min(this.#attempts, 10))
    this.#attempts++
    this.#next_ms = now_ms + wait_ms
  }

  async #post(path: string, body: Json): Promise<'taken' | 'refused' | 'later'> {
    const { url, headers } = this.#o.target
    try {
      const response = await fetch(url.replace(/\/$/, '') + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
        redirect: 'error',
        signal: AbortSignal.any([this.#ended.signal, AbortSignal.timeout(ANSWER_MS_MAX)]),
      })
      await response.body?.cancel()
      if (response.ok) return 'taken'
      return LATER.has(response.status) ? 'later' : 'refused'
    } catch {
      return 'later' // not reached, or no answer in time
    }
  }

  async #metrics(): Promise<Json> {
    const { store } = this.#o
    const [agents, tools] = await store.query(async (db) => [
      await totalsOf(db, 'agent'),
      await totalsOf(db, 'tool'),
    ])
    const row = await store.query((db) =>
      db.selectFrom('checkpoints').select('time').orderBy('size').executeTakeFirst(),
    )
    const now_ms = await store.now()
    const times = { start_ms: row?.time ?? now_ms, now_ms }
    const sums = (
      of: (agent: PlaceTotals) => readonly (readonly [name: string, n: number])[],
      name: string,
    ) =>
      agents.flatMap((agent) =>
        of(agent).map(([key, value]) => ({ attributes: { [NAMES.agent]: agent.agent, [name]: key }, value })),
      )
    return metricsJson(this.#resource, SCOPE, SCHEMA_URL, times, [
      { ...METRICS.decisions, sums: sums(({ decisions }) => Object.entries(decisions), NAMES.decision) },
      { ...METRICS.outcomes, sums: sums(({ outcomes }) => Object.entries(outcomes), NAMES.outcome) },
      { ...METRICS.reasons, sums: sums(({ reasons }) => reasons, NAMES.reason) },
      {
        ...METRICS.duration,
        bounds: LATENCY_BOUNDS_S,
        histograms: tools.map(({ server, tool, latency: { sum_s, bins } }) => ({
          attributes: { [NAMES.method]: TOOLS_CALL, [NAMES.server]: server, [NAMES.tool]: tool },
          count: bins.reduce((all, n) => all + n, 0),
          sum: sum_s,
          bucketCounts: bins,
        })),
      },
    ])
  }
}
