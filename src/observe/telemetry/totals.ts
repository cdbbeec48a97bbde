/** What a place came to since the first entry, as its row holds it. spec/telemetry.md (TEL-6). @module */

export interface Totals {
  /** In the order of `COLUMNS`. */
  readonly sums: readonly number[]
  /** Latencies by the least of `LATENCY_BOUNDS_S` that they do not exceed, and those that exceed all. */
  readonly bins: readonly number[]
  /** Kind, name, how often, and what it adds up to. */
  readonly named: readonly (readonly [kind: number, name: string, n: number, total: number])[]
}
