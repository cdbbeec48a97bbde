/**
 * The log between what outsiders said of it: the population of test 27. A party outside says that the first entries
 * existed at a time, so every entry lies between two such words. spec/tests.md (TST-30), spec/witness.md.
 * @module
 */
import type { JsonObject } from '../../core/json.ts'
import { rfc3339 } from '../../core/time.ts'
import { ANCHOR_LIMITS } from '../../log/anchors.ts'
import type { History } from '../history.ts'
import type { Period, PopulationDefinition } from './definition.ts'

/** Entries that one row names; the number of them is exact. */
const LISTED_MAX = 100
/** A checkpoint that is anchored is of the hour before, so that what is behind it is hardly older. */
const CHECKPOINT_AGE_MS_MAX = 3_600_000

interface Edge {
  readonly size: number
  readonly at_ms: number
  /** Of the `log.anchored` entry; null: the beginning, or the end of what is known. */
  readonly index: number | null
}

export const spans: PopulationDefinition = {
  name: 'log_spans',
  types: [],
  definition:
    'The log, cut where somebody outside said that it existed, mails excepted: every span of it from one such anchor to the next that lies in the period or reaches into it, with the entries that are dated outside of their anchors. The first begins with the log; the last is open.',
  query:
    'type = log.anchored and not body.kind = mail, in the order of their times; entries from the size of one to that of the next',
  rows: (history, period) => {
    const edges = edgesOf(history, period)
    const since = new Since(history)
    const rows: JsonObject[] = []
    for (const [at, from] of edges.entries()) {
      const to = edges[at + 1]
      if (to === undefined || to.at_ms < period.from_ms || from.at_ms >= period.to_ms) continue
      const outside = outsideOf(history, since, from, to)
      rows.push({
        index: from.size,
        end: to.size,
        from: rfc3339(from.at_ms),
        to: rfc3339(to.at_ms),
        from_anchor: from.index,
        to_anchor: to.index,
        open: to.index === null,
        outside: outside.slice(0, LISTED_MAX),
        outside_n: outside.length,
      })
    }
    return rows
  },
}

/** In the order of time; one that says less than an earlier one tells nothing. */
function edgesOf(history: History, period: Period): Edge[] {
  const began_ms = Date.parse(history.created?.entry.time ?? '')
  const edges: Edge[] = [{ size: 0, at_ms: Number.isNaN(began_ms) ? 0 : began_ms, index: null }]
  const anchors = history.tested.outsideAnchors
    .map(({ index, entry: { body } }): Edge => ({ size: body.size, at_ms: body.at * 1000, index }))
    .toSorted((a, b) => a.at_ms - b.at_ms || a.size - b.size)
  for (const anchor of anchors) {
    const last = edges.at(-1)
    if (anchor.size >= (last?.size ?? 0) && anchor.at_ms > (last?.at_ms ?? 0)) edges.push(anchor)
  }
  const end_ms = Math.max(Math.min(period.to_ms, history.last_ms), edges.at(-1)?.at_ms ?? 0)
  edges.push({ size: history.size, at_ms: end_ms, index: null })
  return edges
}

/** Entries that are dated after the later one, or before an anchor that the log had named before them (ANC-5), or long before one that does not cover them. */
function outsideOf(history: History, since: Since, from: Edge, to: Edge): number[] {
  const { skew_ms, late_ms } = ANCHOR_LIMITS
  const outside: number[] = []
  const until_ms = to.index === null ? Infinity : to.at_ms + skew_ms
  for (let index = from.size; index < to.size; index++) {
    const place = history.tested.placeOf(index)
    if (place === undefined) continue
    const early_ms = skew_ms + (place.type === 'receipt' ? late_ms : 0)
    // What names an anchor may be appended much later; the anchor itself was taken when it was.
    const since_ms = Math.max(since.at(index), from.at_ms - CHECKPOINT_AGE_MS_MAX)
    if (place.time_ms < since_ms - early_ms || place.time_ms > until_ms) outside.push(index)
  }
  return outside
}

/** Since when an entry can have been appended: what names an anchor comes after it, and so does all behind that. */
class Since {
  readonly #named: readonly { readonly index: number; readonly at_ms: number }[]
  #next = 0
  #at_ms: number

  constructor({ created, tested }: History) {
    this.#at_ms = Date.parse(created?.entry.time ?? '')
    if (Number.isNaN(this.#at_ms)) this.#at_ms = 0
    this.#named = tested.outsideAnchors.map(({ index, entry }) => ({ index, at_ms: entry.body.at * 1000 }))
  }

  /** @param index in the order of the log */
  at(index: number): number {
    for (
      let one = this.#named[this.#next];
      one !== undefined && one.index < index;
      one = this.#named[this.#next]
    ) {
      this.#at_ms = Math.max(this.#at_ms, one.at_ms)
      this.#next++
    }
    return this.#at_ms
  }
}
