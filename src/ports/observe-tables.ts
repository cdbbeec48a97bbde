/** The tables of the observer: how far each fold has come, who runs them, and what they count. spec/telemetry.md. @module */

export interface ObserveTables {
  /** `next`: index of the first entry that the fold has not taken. */
  cursors: { fold: string; next: number }
  /** Who takes entries in for all nodes (TEL-2). `until`: milliseconds since 1970. */
  observers: { name: string; holder: string; until: number }
  /** Findings that were raised, by key. */
  alert_keys: { key: string; entry: number }
}
