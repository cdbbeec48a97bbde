/**
 * What is counted of an installation to say how ready it is. spec/readiness.md (RDY-2). Registers count it, the plan
 * judges it. Times are milliseconds since 1970.
 * @module
 */

/** Milliseconds, of `n` acknowledgements. */
export interface RevocationSpread {
  readonly n: number
  /** The median of the hours' medians, each hour counting as often as it has measures: about right, not exact. */
  readonly p50: number
  /** The highest of the hours' 99th percentiles: that of all of them is no higher. */
  readonly p99: number
  readonly max: number
}

export interface ClosedDrill {
  readonly id: string
  readonly closed: number
  readonly points_n: number
  readonly answered_n: number
  /** From the kill to the denial of the last point. */
  readonly last_ms: number | null
}

export interface ReadinessFacts {
  readonly now: number
  /** When the log began. */
  readonly started: number
  readonly simulated: boolean
  readonly people: { readonly enrolled: number; readonly endorsed: number; readonly isAlone: boolean }
  /** Agents that are not retired; `mapped`: with an owner who has not left, a purpose and a system. */
  readonly agents: {
    readonly registered: number
    readonly owned: number
    readonly purposed: number
    readonly placed: number
    readonly mapped: number
    /** Found to act (`agent`, `account`, `app`), and no registered agent. */
    readonly unregistered: number
  }
  /** Of points whose key is not revoked. `recording`: with receipts; `silent`: not heard of for over a minute. */
  readonly points: { readonly enrolled: number; readonly recording: number; readonly silent: number }
  /** Active agents, and those of them with a delegation that is neither over nor revoked. */
  readonly delegated: { readonly active: number; readonly delegated: number }
  readonly revocation: {
    /** Number of the last frame; 0: nothing was ever revoked. */
    readonly head: number
    /** Points that acknowledged it, of those that are enrolled. */
    readonly acknowledged: number
    readonly of: number
    /** In the last 30 days. */
    readonly spread_ms: RevocationSpread | null
    readonly bound_ms: number
  }
  /** In the last 7 days, or since the log began. `gap`: the longest time without one. */
  readonly anchors: { readonly n: number; readonly last: number | null; readonly gap: number }
  readonly channels: number
  /** Rules whose detector was tried on the last day that was tried, and those that did not find their canary. */
  readonly detectors: { readonly day: string | null; readonly tried: number; readonly silent: number }
  /** Names of policies that are in force. */
  readonly policies: readonly string[]
  readonly restore: { readonly time: number; readonly ok: boolean } | null
  readonly drills: {
    /** The last that was closed in each mode. */
    readonly production: ClosedDrill | null
    readonly tabletop: { readonly id: string; readonly closed: number } | null
    readonly open: number
  }
  /** Released in the last 30 days. */
  readonly outputs: { readonly released: number; readonly attested: number }
  /** Raised in the last 30 days, canaries apart. `late`: not taken within its limit. */
  readonly alerts: { readonly raised: number; readonly late: number }
  readonly accessReview: { readonly closed: number | null; readonly open: number }
  readonly narratives: { readonly approved: number; readonly last: number | null }
  readonly previews: { readonly given: number; readonly last: number | null }
  readonly packs: { readonly built: number; readonly last: number | null }
}
