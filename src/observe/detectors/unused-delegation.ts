/** Authority that somebody signed for and nobody uses. spec/detectors.md (DET-8). @module */
import type { JsonValue } from '../../core/json.ts'
import type { Logged } from '../fold.ts'
import { CANARY, type DetectorKind, type Found } from './detector.ts'

const rule = 'DELEGATION_UNUSED'
const HOUR_MS = 3_600_000
/** Delegations that are waited for: of more, the oldest is let go. */
const WAITING_MAX = 10_000
/** Segments of hops that lead to them. */
const SEGMENTS_MAX = 50_000

interface Waiting {
  readonly segment: string
  readonly agent: string
  readonly issued_ms: number
  readonly exp_ms: number
  readonly index: number
}

export const unusedDelegation: DetectorKind = {
  rule,
  make: (terms, state) => {
    const memory = new Memory(state)
    return {
      take: ({ index, time_ms, entry }) => {
        if (entry.type === 'delegation.issued') {
          const { jti, segment, agent, exp } = entry.body
          memory.begin(jti, { segment, agent, issued_ms: time_ms, exp_ms: exp * 1000, index })
        } else if (entry.type === 'chain.segment' && entry.body.parent !== null) {
          memory.hop(entry.body.id, entry.body.parent)
        } else if (entry.type === 'receipt' && entry.body.kind === 'decision' && entry.body.chain !== null) {
          memory.used(entry.body.chain)
        } else if (entry.type === 'revocation') memory.end(entry.body.frame.handle)
      },
      look: (now_ms, found) => memory.look(now_ms, terms().unused_h * HOUR_MS, found),
      state: () => memory.state(),
    }
  },
  canary: (now_ms, { unused_h }) => [issued(now_ms - (unused_h + 1) * HOUR_MS, now_ms + HOUR_MS), now_ms],
}

/** In the order in which they were issued, so that a look stops at the first that is young. */
class Memory {
  readonly #waiting: Map<string, Waiting>
  /** The delegation that a segment belongs to. */
  readonly #of: Map<string, string>

  constructor(state: JsonValue) {
    const { waiting, of } = (state ?? { waiting: [], of: [] }) as unknown as {
      waiting: [string, Waiting][]
      of: [string, string][]
    }
    this.#waiting = new Map(waiting)
    this.#of = new Map(of)
  }

  begin(jti: string, waiting: Waiting): void {
    this.#waiting.set(jti, waiting)
    this.#of.set(waiting.segment, jti)
    const oldest = this.#waiting.keys().next()
    if (this.#waiting.size > WAITING_MAX && oldest.done !== true) this.end(oldest.value)
  }

  hop(id: string, parent: string): void {
    const jti = this.#of.get(parent)
    if (jti === undefined || !this.#waiting.has(jti)) return
    this.#of.set(id, jti)
    const oldest = this.#of.keys().next()
    if (this.#of.size > SEGMENTS_MAX && oldest.done !== true) this.#of.delete(oldest.value)
  }

  used(segment: string): void {
    const jti = this.#of.get(segment)
    if (jti === undefined) return
    this.#of.delete(segment)
    this.end(jti)
  }

  end(jti: string): void {
    const known = this.#waiting.get(jti)
    if (known === undefined) return
    this.#waiting.delete(jti)
    this.#of.delete(known.segment)
  }

  look(now_ms: number, unused_ms: number, found: Found): void {
    for (const [jti, { agent, issued_ms, exp_ms, index }] of this.#waiting) {
      const isOver = now_ms >= exp_ms
      if (!isOver && now_ms - issued_ms < unused_ms) continue
      this.end(jti)
      // One that was over sooner was meant to be short.
      if (isOver && exp_ms - issued_ms < unused_ms) continue
      const detail = { agent, hours: Math.floor((now_ms - issued_ms) / HOUR_MS) }
      found({ rule, key: `${rule}/${jti}`, subject: jti, detail, entries: [index] })
    }
  }

  state(): JsonValue {
    return { waiting: [...this.#waiting], of: [...this.#of] } as unknown as JsonValue
  }
}

function issued(time_ms: number, exp_ms: number): Logged {
  const body = { jti: CANARY, agent: CANARY, rev: [CANARY], exp: Math.floor(exp_ms / 1000) }
  const actor = { kind: 'person' as const, id: CANARY }
  const time = new Date(time_ms).toISOString()
  const more = { segment: 'c'.repeat(43), template: 0 }
  return {
    index: 0,
    time_ms,
    entry: { v: 1, type: 'delegation.issued', time, actor, body: { ...body, ...more } },
  }
}
