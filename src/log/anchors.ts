/**
 * Entries against the anchors around them: what is dated outside, and where there was none. spec/witness.md, ANC-5 and
 * ANC-6.
 * Invariant: pure, in one pass over the entries in order, with memory for the anchors and the first findings only.
 * @module
 */
import type { IndexLine } from './anchored.ts'

/** A statement from outside whose token has verified: a tree of `size` with `root` existed at `at_ms`. */
export interface TrustedAnchor {
  readonly kind: IndexLine['kind']
  readonly by: string
  readonly size: number
  /** 32 bytes. That it is the root of the tree at hand, `strangeAnchors` of anchor-files.ts tells. */
  readonly root: Uint8Array
  readonly at_ms: number
  /** base64url, as `log.anchored` names the token; null for a cosignature that was not logged. */
  readonly sha256: string | null
}

export interface AnchorLimits {
  /** How far the log's clock may be from that of an anchor. */
  readonly skew_ms: number
  /** How much earlier than its entry's bracket a receipt may say it was made. */
  readonly late_ms: number
  readonly gap_ms: number
}

export const ANCHOR_LIMITS: AnchorLimits = { skew_ms: 300_000, late_ms: 86_400_000, gap_ms: 86_400_000 }

/** An entry's dates: `time` of it and, for a receipt, when the receipt says it was made. */
export interface DatedEntry {
  readonly index: number
  readonly time_ms: number
  readonly made_ms?: number
  /** Of a `log.anchored` entry: its `sha256`. */
  readonly anchored?: string
}

/**
 * `LATER`: the entry existed at the anchor and gives a later time. `EARLIER`: it was appended after the anchor and gives
 * an earlier one.
 */
export interface OutsideAnchor {
  readonly code: 'EARLIER' | 'LATER'
  readonly index: number
  readonly what: 'made' | 'time'
  readonly time_ms: number
  readonly anchor: TrustedAnchor
}

export interface AnchorGap {
  readonly from_ms: number
  readonly to_ms: number
}

export interface AnchorReport {
  /** Of `outside`, how many there were in all. */
  readonly outside_count: number
  /** The first of them. */
  readonly outside: readonly OutsideAnchor[]
  readonly gaps: readonly AnchorGap[]
  /** Indices of `log.anchored` entries whose token is not among the trusted anchors. */
  readonly unknown: readonly number[]
}

/** Findings that are named; the others are counted. */
const NAMED_MAX = 100

export class AnchorCheck {
  readonly #limits: AnchorLimits
  readonly #times: readonly number[]
  readonly #bySha: ReadonlyMap<string, TrustedAnchor>
  /** By ascending size, each with the earliest time of itself and all larger ones. */
  readonly #upper: readonly TrustedAnchor[]
  #at = 0
  #lower: TrustedAnchor | null = null
  #first_ms: number | null = null
  #last_ms = 0
  #count = 0
  readonly #outside: OutsideAnchor[] = []
  readonly #unknown: number[] = []

  constructor(anchors: readonly TrustedAnchor[], limits: AnchorLimits = ANCHOR_LIMITS) {
    this.#limits = limits
    this.#times = anchors.map(({ at_ms }) => at_ms).sort((a, b) => a - b)
    const latestLast = [...anchors].sort((a, b) => a.at_ms - b.at_ms) // one token may have several cosignatures
    this.#bySha = new Map(
      latestLast.flatMap((each) => (each.sha256 === null ? [] : [[each.sha256, each] as const])),
    )
    this.#upper = tightest(anchors)
  }

  /** In order of the index, each once. */
  entry({ index, time_ms, made_ms, anchored }: DatedEntry): void {
    this.#first_ms ??= time_ms
    this.#last_ms = time_ms
    while ((this.#upper[this.#at]?.size ?? Infinity) <= index) this.#at++
    if (anchored !== undefined) this.#logged(index, anchored)
    this.#compare(index, 'time', time_ms, 0)
    if (made_ms !== undefined) this.#compare(index, 'made', made_ms, this.#limits.late_ms)
  }

  /** From here on every entry was appended after the token existed. */
  #logged(index: number, sha256: string): void {
    const known = this.#bySha.get(sha256)
    if (!known) this.#unknown.push(index)
    else if (known.at_ms > (this.#lower?.at_ms ?? -Infinity)) this.#lower = known
  }

  /** @param end_ms up to when anchors are wanted: the end of the period, or now; the last entry's time unless given */
  end(end_ms: number = this.#last_ms): AnchorReport {
    return {
      outside_count: this.#count,
      outside: this.#outside,
      gaps: this.#first_ms === null ? [] : this.#gaps(this.#first_ms, end_ms),
      unknown: this.#unknown,
    }
  }

  #compare(index: number, what: OutsideAnchor['what'], time_ms: number, late_ms: number): void {
    const { skew_ms } = this.#limits
    const upper = this.#upper[this.#at]
    if (upper && time_ms > upper.at_ms + skew_ms)
      this.#found({ code: 'LATER', index, what, time_ms, anchor: upper })
    const lower = this.#lower
    if (lower && time_ms < lower.at_ms - skew_ms - late_ms)
      this.#found({ code: 'EARLIER', index, what, time_ms, anchor: lower })
  }

  #found(finding: OutsideAnchor): void {
    this.#count++
    if (this.#outside.length < NAMED_MAX) this.#outside.push(finding)
  }

  #gaps(start_ms: number, end_ms: number): AnchorGap[] {
    const inside = this.#times.filter((at_ms) => at_ms > start_ms && at_ms < end_ms)
    const points = [start_ms, ...inside, end_ms]
    return points.flatMap((to_ms, i) => {
      const from_ms = points[i - 1] ?? to_ms
      return to_ms - from_ms > this.#limits.gap_ms ? [{ from_ms, to_ms }] : []
    })
  }
}

/** The anchors that bind: one that covers more at the same time or earlier takes the place of one that covers less. */
function tightest(anchors: readonly TrustedAnchor[]): TrustedAnchor[] {
  const result: TrustedAnchor[] = []
  for (const anchor of [...anchors].sort((a, b) => b.size - a.size || a.at_ms - b.at_ms)) {
    const tightestSoFar = result.at(-1)
    if (!tightestSoFar || anchor.at_ms < tightestSoFar.at_ms) result.push(anchor)
  }
  return result.reverse()
}
