/** The tables of the observer: how far each fold has come, who runs them, and what they count. spec/telemetry.md. @module */

export interface ObserveTables {
  /** `next`: index of the first entry that the fold has not taken. */
  cursors: { fold: string; next: number }
  /** Who takes entries in for all nodes (TEL-2). `until`: milliseconds since 1970. */
  observers: { name: string; holder: string; until: number }
  /**
   * What is counted (TEL-6), with what it came to since the first entry. `scope`: which dimensions it has and of what it
   * is; those that it has not are empty. `seen`: time of the last entry, milliseconds.
   */
  series: {
    id: number
    scope: number
    agent: string
    point: string
    server: string
    tool: string
    name: string
    n: number
    total: number
    seen: number
  }
  /** Counts of one series in one minute, hour or day (`grain` 0 to 2), by its start in milliseconds. */
  buckets: { scope: number; grain: number; bucket: number; series: number; n: number; total: number }
  /** Calls that were allowed and whose outcome is not logged yet. `t`: of the decision, by the point's clock. */
  open_calls: { action: string; point: string; agent: string; server: string; tool: string; t: number }
}
