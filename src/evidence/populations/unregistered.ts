/** The population of calls of agents that nobody registered: test 10. spec/tests.md, spec/enforcement.md (ENF-9). @module */
import type { JsonObject } from '../../core/json.ts'
import { isUnregistered } from '../../log/unregistered.ts'
import type { History } from '../history.ts'
import { isIn, type PopulationDefinition } from './definition.ts'

/** From when the control plane had the receipt until it told people. */
export const ALERTED_WITHIN_MS = 3_600_000
const MINUTE_MS = 60_000
const RULE = 'AGENT_UNREGISTERED'

interface Raised {
  readonly index: number
  readonly from_ms: number
  /** The end of the window in which it was found: it speaks for all of it, also when it was closed within it. */
  readonly window_ms: number
  /** Until when what happens is told with it. */
  until_ms: number
}

/** What was told of such calls: of trials by the entry that it names, of others by point. */
class Told {
  readonly #tried = new Map<number, Pick<Raised, 'index' | 'from_ms'>>()
  readonly #byPoint = new Map<string, Raised[]>()

  constructor({ alerts }: History) {
    const open = new Map<number, Raised>()
    for (const { index, entry } of alerts) {
      const time_ms = Date.parse(entry.time)
      if (entry.type === 'alert.closed') {
        const closed = open.get(entry.body.of)
        if (closed !== undefined) closed.until_ms = Math.max(time_ms, closed.window_ms)
      }
      if (entry.type !== 'alert.raised' || entry.body.rule !== RULE) continue
      const { of, canary, entries, detail } = entry.body
      if (canary === true) {
        for (const about of entries) this.#tried.set(about, { index, from_ms: time_ms })
        continue
      }
      const minutes = typeof detail.window_min === 'number' ? detail.window_min : 0
      const raised = { index, from_ms: time_ms, until_ms: Infinity, window_ms: time_ms + minutes * MINUTE_MS }
      if (of === null) open.set(index, raised)
      const its = this.#byPoint.get(entry.subject ?? '') ?? []
      its.push(of === null ? raised : { ...raised, until_ms: raised.window_ms })
      this.#byPoint.set(entry.subject ?? '', its)
    }
  }

  /** @param at_ms when the control plane had it @returns index of the entry that tells of it */
  of(index: number, isTried: boolean, point: string, at_ms: number): number | null {
    const tried = this.#tried.get(index)
    if (isTried) return tried !== undefined && tried.from_ms <= at_ms + ALERTED_WITHIN_MS ? tried.index : null
    const its = this.#byPoint.get(point) ?? []
    return (
      its.findLast(({ from_ms, until_ms }) => from_ms <= at_ms + ALERTED_WITHIN_MS && at_ms <= until_ms)
        ?.index ?? null
    )
  }
}

export const unregistered: PopulationDefinition = {
  name: 'unregistered',
  types: ['receipt'],
  definition:
    'Every call in the period of somebody whom nobody registered: without a delegation, or with one that no trusted issuer signed; and every attempt that a point made itself with keys that nobody registered (canary), whatever came of it. With the alert that tells of it.',
  query:
    'type = receipt and body.kind = decision and from <= body.time < to, and body.canary is there or body.reasons has NO_CHAIN, ISSUER_UNKNOWN, SIGNATURE_INVALID, STATEMENT_INVALID or TOKEN_MALFORMED; alert.raised of AGENT_UNREGISTERED',
  *rows(history, period): Generator<JsonObject> {
    const told = new Told(history)
    for (const { index, time_ms, logged_ms, receipt } of history.receipts()) {
      if (receipt.kind !== 'decision' || !isIn(time_ms, period) || !isUnregistered(receipt)) continue
      const { time, point, server, tool, decision, reasons, canary = null } = receipt
      yield {
        alert: told.of(index, canary !== null, point, logged_ms),
        canary,
        decision,
        index,
        logged: new Date(logged_ms).toISOString(),
        point,
        reasons,
        server,
        time,
        tool,
      }
    }
  },
}
