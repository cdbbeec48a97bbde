/**
 * Counts what the fleet does: decisions, reasons, outcomes, latencies and debits of receipts, in minutes, hours and days.
 * spec/telemetry.md (TEL-6 to TEL-9). Invariant: whoever folds the same entries counts the same.
 * @module
 */
import type { Kysely } from 'kysely'
import type { DecisionReceipt, OutcomeReceipt } from '../../log/receipt.ts'
import type { Schema } from '../../ports/schema.ts'
import type { Tx } from '../../ports/store.ts'
import { loadCursor, saveCursor } from '../cursors.ts'
import type { Fold, Logged } from '../fold.ts'
import { OpenCalls } from './open-calls.ts'
import type { Labels } from './labels.ts'
import { Places } from './places.ts'
import type { Tally } from './tally.ts'
import { forgetBuckets, loadCounts, storeCounts } from './rows.ts'
import { AT, boundOf, HOUR_MS, OTHER, VIEWS } from './terms.ts'

/** Places at most, about 2 KiB each: what is new beyond is counted with `*` for its names. */
export const PLACES_MAX = 100_000
/** Servers, tools and points of one agent that are counted apart: names come from callers. */
const OF_AGENT_MAX = 512
/** Buckets that are over and not saved: past it a save is asked for before it is due. */
const CLOSED_MAX = 20_000

const DECISIONS = { allow: AT.allowed, deny: AT.denied, step_up: AT.asked } as const
const OUTCOMES = {
  finished: AT.finished,
  failed: AT.failed,
  stopped: AT.stopped,
  unknown: AT.unknown,
} as const

type Tree<T> = Map<string, T>
/** By point, server and tool. */
interface OfAgent {
  size: number
  readonly points: Tree<Tree<Tree<Tally>>>
}

export class TelemetryFold implements Fold {
  readonly name = 'telemetry'
  #places = new Places()
  #open = new OpenCalls()
  /** Keys are texts that are there already. */
  #byAgent: Tree<OfAgent> = new Map()
  #forgotten_ms = 0

  async load(db: Kysely<Schema>): Promise<number> {
    this.#places = new Places()
    this.#open = new OpenCalls()
    this.#byAgent = new Map()
    const { places, counts, named } = await loadCounts(db)
    this.#places.restore(places, counts, named)
    const all = VIEWS.indexOf('all')
    // In the order in which they were made, so that there is room for the same ones again.
    for (const { view, agent, point, server, tool } of places)
      if (view === all) this.#viewsOf({ agent, point, server, tool })
    await this.#open.load(db)
    return loadCursor(db, this.name)
  }

  take({ time_ms, entry }: Logged): void {
    if (entry.type !== 'receipt') return
    this.#places.moveTo(time_ms)
    // What a point tries itself is nobody's doing (ENF-9).
    if (entry.body.kind === 'decision' && entry.body.canary !== undefined) return
    if (entry.body.kind === 'decision') this.#decision(entry.body)
    else this.#outcome(entry.body)
  }

  look(): void {
    // Counts show by themselves.
  }

  isFull(): boolean {
    return this.#places.closed > CLOSED_MAX
  }

  async save(tx: Tx, next: number): Promise<void> {
    const now_ms = this.#places.time_ms
    await storeCounts(tx, this.#places.drain())
    await this.#open.save(tx, now_ms)
    if (now_ms - this.#forgotten_ms >= HOUR_MS) {
      await forgetBuckets(tx, now_ms)
      this.#forgotten_ms = now_ms
    }
    await saveCursor(tx, this.name, next)
  }

  #decision(receipt: DecisionReceipt): void {
    const { point, server, tool, decision } = receipt
    const agent = receipt.agent ?? ''
    const tally = this.#tallyAt(agent, point, server, tool)
    this.#places.add(tally, DECISIONS[decision])
    for (const reason of receipt.reasons) this.#places.addNamed(tally, 'reason', reason, 0)
    for (const { measure, unit, amount } of receipt.debits)
      this.#places.addNamed(tally, 'debit', `${measure} ${unit}`, amount)
    if (decision !== 'allow') return
    const t = Date.parse(receipt.time)
    this.#open.begin({ action: receipt.action, point, agent, server, tool, t })
  }

  #outcome(receipt: OutcomeReceipt): void {
    const call = this.#open.end(receipt.action, receipt.point)
    const { agent, server, tool } = call ?? { agent: '', server: OTHER, tool: OTHER }
    const tally = this.#tallyAt(agent, receipt.point, server, tool)
    this.#places.add(tally, OUTCOMES[receipt.outcome])
    if (call === null) return
    const latency_ms = Math.max(0, Date.parse(receipt.time) - call.t)
    this.#places.addLatency(tally, latency_ms, boundOf(latency_ms))
  }

  #tallyAt(agent: string, point: string, server: string, tool: string): Tally {
    const known = this.#byAgent.get(agent)?.points.get(point)?.get(server)?.get(tool)
    return known ?? this.#newTally(agent, point, server, tool)
  }

  #newTally(agent: string, point: string, server: string, tool: string): Tally {
    const isRoom = this.#places.size < PLACES_MAX
    const who = isRoom || this.#byAgent.has(agent) ? agent : OTHER
    const own = this.#byAgent.get(who)
    const isApart = isRoom && (own?.size ?? 0) < OF_AGENT_MAX
    const where = isApart || own?.points.has(point) === true ? point : OTHER
    const what = isApart ? { server, tool } : { server: OTHER, tool: OTHER }
    return this.#viewsOf({ agent: who, point: where, ...what })
  }

  #viewsOf(labels: Labels): Tally {
    const own = at(this.#byAgent, labels.agent, () => ({
      size: 0,
      points: new Map<string, Tree<Tree<Tally>>>(),
    }))
    const servers = at(own.points, labels.point, () => new Map<string, Tree<Tally>>())
    const tools = at(servers, labels.server, () => new Map<string, Tally>())
    return at(tools, labels.tool, () => {
      own.size++
      return this.#places.tallyOf(labels)
    })
  }
}

function at<T>(tree: Tree<T>, key: string, make: () => T): T {
  const known = tree.get(key)
  if (known !== undefined) return known
  const made = make()
  tree.set(key, made)
  return made
}
