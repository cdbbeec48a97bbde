/** The tables of the observer: how far each fold has come, who runs them, and what they count. spec/telemetry.md. @module */

/** What is added up of calls (TEL-6). */
export interface CallCounts {
  allowed: number
  denied: number
  asked: number
  finished: number
  failed: number
  stopped: number
  unknown: number
  /** Sum and number of the latencies that are known, and how many of them are not above so much. */
  latency_ms: number
  latencies: number
  within_100ms: number
  within_1s: number
  within_10s: number
}

export interface ObserveTables {
  /** `next`: index of the first entry that the fold has not taken. */
  cursors: { fold: string; next: number }
  /** Of a tile of entries that was taken whole: which words may stand in it (TEL-19), a Bloom filter of words of a version. */
  tile_words: { tile: number; version: number; filter: Uint8Array }
  /** Who takes entries in for all nodes (TEL-2). `until`: milliseconds since 1970. */
  observers: { name: string; holder: string; until: number }
  /**
   * What calls are counted by, with what they came to since the first entry. `view`: which dimensions it has; the others
   * are empty. `seen`: time of the last entry, milliseconds.
   */
  places: {
    id: number
    view: number
    agent: string
    point: string
    server: string
    tool: string
    seen: number
    totals_json: string
  }
  /** Counts of one place in one minute, hour or day (`grain` 0 to 2), by its start in milliseconds. */
  counts: { view: number; grain: number; bucket: number; place: number } & CallCounts
  /** Of a reason (`kind` 0) or a measure of limits (1), by name: how often, and what it adds up to. */
  named_counts: {
    view: number
    kind: number
    grain: number
    bucket: number
    place: number
    name: string
    n: number
    total: number
  }
  /** Who hands in spans, or reads metrics, with a token (TEL-15). `added`, `removed`: indices of entries. */
  sources: {
    id: string
    kind: 'otlp' | 'metrics'
    agent: string | null
    added: number
    removed: number | null
    token_hash: string | null
  }
  /** Tool calls that telemetry tells of and that are not judged yet (TEL-17). Times in milliseconds. */
  spans: {
    trace: string
    span: string
    parent: string
    source: string
    agent: string
    server: string | null
    tool: string
    start: number
    end: number
    received: number
  }
  /** Decisions of the last day that a span may tell of. `taken`: one did. */
  span_calls: {
    point: string
    epoch: number
    seq: number
    agent: string
    server: string
    tool: string
    t: number
    taken: number
  }
  /** Of a day that is not over. */
  span_days: { day: string; matched: number; unmatched: number; unknown: number }
  /** Calls that were allowed and whose outcome is not logged yet. `t`: of the decision, by the point's clock. */
  open_calls: { action: string; point: string; agent: string; server: string; tool: string; t: number }
}
