/** A call that was allowed although a kill was in force past the bound. spec/detectors.md (DET-18). @module */
import type { JsonValue } from '../../core/json.ts'
import { isUnderScope } from '../../log/drill-report.ts'
import type { DecisionReceipt } from '../../log/receipt.ts'
import type { Logged } from '../fold.ts'
import { CANARY, canaryDecision, type DetectorKind, type Found } from './detector.ts'

const rule = 'KILL_DISOBEYED'
/** Clocks of points may be as far ahead (spec/delegation.md). */
const SKEW_MS = 60_000
const BOUND_MS_DEFAULT = 60_000
/** Kills at once: more are no kill switch. */
const KILLS_MAX = 256

type Scope = Parameters<typeof isUnderScope>[0]

interface Kill {
  readonly scope: Scope
  readonly at_ms: number
  readonly index: number
}

interface State {
  readonly bound_ms: number
  readonly kills: [string, Kill][]
  readonly classes: [string, string][]
  readonly systems: [string, string][]
}

export const killDisobeyed: DetectorKind = {
  rule,
  make: (_, state) => {
    const memory = new Memory(state as unknown as State | null)
    return {
      take: (one, found) => memory.take(one, found),
      state: () => memory.state() as unknown as JsonValue,
    }
  },
  canary: (now_ms) => [pulled(now_ms - 24 * SKEW_MS), canaryDecision(now_ms, { decision: 'allow' })],
}

class Memory {
  #bound_ms: number
  readonly #kills: Map<string, Kill>
  readonly #classes: Map<string, string>
  readonly #systems: Map<string, string>
  readonly #inventory = {
    classOf: (agent: string) => this.#classes.get(agent),
    systemOf: (server: string, tool: string) => this.#systems.get(`${server}/${tool}`),
  }

  constructor(state: State | null) {
    this.#bound_ms = state?.bound_ms ?? BOUND_MS_DEFAULT
    this.#kills = new Map(state?.kills)
    this.#classes = new Map(state?.classes)
    this.#systems = new Map(state?.systems)
  }

  take({ index, time_ms, entry }: Logged, found: Found): void {
    if (entry.type === 'receipt') {
      const isAllow = entry.body.kind === 'decision' && entry.body.decision === 'allow'
      if (isAllow && this.#kills.size > 0) this.#allowed(index, entry.body, found)
    } else if (entry.type === 'log.created') this.#bound_ms = entry.body.bound_ms
    else if (entry.type === 'agent.proposed') this.#classes.set(entry.subject ?? '', entry.body.class)
    else if (entry.type === 'tool.registered') {
      const { server, tool, system } = entry.body
      this.#systems.set(`${server}/${tool}`, system)
    } else if (entry.type === 'kill.pulled') {
      const { id, scope } = entry.body.statement.kill
      if (this.#kills.size < KILLS_MAX) this.#kills.set(id, { scope, at_ms: time_ms, index })
    } else if (entry.type === 'kill.lifted')
      for (const id of entry.body.statement.lift.kills) this.#kills.delete(id)
  }

  #allowed(index: number, receipt: DecisionReceipt, found: Found): void {
    const { agent, point, server, tool, time } = receipt
    const allowed_ms = Date.parse(time)
    for (const [id, kill] of this.#kills) {
      if (allowed_ms <= kill.at_ms + this.#bound_ms + SKEW_MS) continue
      if (!isUnderScope(kill.scope, this.#inventory, receipt)) continue
      const detail = { kill: id, agent: agent ?? '', server, tool }
      const entries = [kill.index, index]
      found({ rule, key: `${rule}/${id}/${index}`, subject: point, detail, entries })
    }
  }

  state(): State {
    const [kills, classes, systems] = [[...this.#kills], [...this.#classes], [...this.#systems]]
    return { bound_ms: this.#bound_ms, kills, classes, systems }
  }
}

function pulled(time_ms: number): Logged {
  const kill = {
    v: 1 as const,
    id: CANARY,
    iss: CANARY,
    scope: { kind: 'global' as const },
    reason: CANARY,
    t: time_ms,
  }
  const statement = { kill, by: 'break_glass' as const, sig: '' }
  const actor = { kind: 'system' as const, id: CANARY }
  const time = new Date(time_ms).toISOString()
  return { index: 0, time_ms, entry: { v: 1, type: 'kill.pulled', time, actor, body: { statement } } }
}
