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
import { forgetBuckets, loadCounts, storeCounts } from './rows.ts'
import { Counters, SERIES_MAX, type Counter, type Labels } from './series.ts'
import { boundOf, HOUR_MS, kindOf, OTHER, viewOf, VIEWS, type Kind } from './terms.ts'

/** Servers, tools and points of one agent that are counted apart: names come from callers. */
const PLACES_MAX = 512
/** Buckets that are over and not saved: past it a save is asked for before it is due. */
const CLOSED_MAX = 50_000
/** Reasons, measures and the like of one place that are counted apart. */
const NAMES_MAX = 64

/** Where a call was made, and what is counted there. */
interface Place {
  readonly labels: Labels
  readonly counters: Readonly<Record<Kind, Map<string, Counter>>>
}

type Tree<T> = Map<string, T>

export class TelemetryFold implements Fold {
  readonly name = 'telemetry'
  #counters = new Counters()
  #open = new OpenCalls()
  /** By agent, point, server and tool: keys are texts that are there already. */
  #places: Tree<{ size: number; points: Tree<Tree<Tree<Place>>> }> = new Map()
  #forgotten_ms = 0

  async load(db: Kysely<Schema>): Promise<number> {
    this.#counters = new Counters()
    this.#open = new OpenCalls()
    this.#places = new Map()
    const { series, buckets } = await loadCounts(db)
    this.#counters.restore(series, buckets)
    // In the order in which they were made, so that there is room for the same ones again.
    for (const { scope, name, ...row } of series) {
      if (viewOf(scope) !== 'all') continue
      const { agent, point, server, tool } = row
      const place = this.#placeOf({ agent, point, server, tool })
      const kind = kindOf(scope)
      if (name !== OTHER) place.counters[kind].set(name, this.#counters.counter(kind, name, place.labels))
    }
    await this.#open.load(db)
    return loadCursor(db, this.name)
  }

  take({ time_ms, entry }: Logged): void {
    if (entry.type !== 'receipt') return
    this.#counters.moveTo(time_ms)
    if (entry.body.kind === 'decision') this.#decision(entry.body)
    else this.#outcome(entry.body)
  }

  look(): void {
    // Counts show by themselves.
  }

  isFull(): boolean {
    return this.#counters.closed > CLOSED_MAX
  }

  async save(tx: Tx, next: number): Promise<void> {
    const now_ms = this.#counters.time_ms
    await storeCounts(tx, this.#counters.drain())
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
    const place = this.#place(agent, point, server, tool)
    this.#count(place, 'decision', decision)
    for (const reason of receipt.reasons) this.#count(place, 'reason', reason)
    for (const { measure, unit, amount } of receipt.debits)
      this.#count(place, 'debit', `${measure} ${unit}`, amount)
    if (decision !== 'allow') return
    const t = Date.parse(receipt.time)
    this.#open.begin({ action: receipt.action, point, agent, server, tool, t })
  }

  #outcome(receipt: OutcomeReceipt): void {
    const call = this.#open.end(receipt.action, receipt.point)
    const { agent, server, tool } = call ?? { agent: '', server: OTHER, tool: OTHER }
    const place = this.#place(agent, receipt.point, server, tool)
    this.#count(place, 'outcome', receipt.outcome)
    if (call === null) return
    const latency_ms = Math.max(0, Date.parse(receipt.time) - call.t)
    this.#count(place, 'latency', boundOf(latency_ms), latency_ms)
  }

  #count(place: Place, kind: Kind, name: string, total = 0): void {
    const counters = place.counters[kind]
    let counter = counters.get(name)
    if (counter === undefined) {
      const isFew = counters.size < NAMES_MAX && this.#isRoom()
      counter = this.#counters.counter(kind, isFew ? name : OTHER, place.labels)
      if (isFew) counters.set(name, counter)
    }
    this.#counters.add(counter, 1, total)
  }

  #isRoom(): boolean {
    return this.#counters.size < SERIES_MAX - VIEWS.length
  }

  #place(agent: string, point: string, server: string, tool: string): Place {
    const known = this.#places.get(agent)?.points.get(point)?.get(server)?.get(tool)
    return known ?? this.#newPlace(agent, point, server, tool)
  }

  #newPlace(agent: string, point: string, server: string, tool: string): Place {
    const isRoom = this.#isRoom()
    const who = isRoom || this.#places.has(agent) ? agent : OTHER
    const own = this.#places.get(who)
    const isApart = isRoom && (own?.size ?? 0) < PLACES_MAX
    const where = isApart || own?.points.has(point) === true ? point : OTHER
    const what = isApart ? { server, tool } : { server: OTHER, tool: OTHER }
    return this.#placeOf({ agent: who, point: where, ...what })
  }

  #placeOf(labels: Labels): Place {
    const own = at(this.#places, labels.agent, () => ({
      size: 0,
      points: new Map<string, Tree<Tree<Place>>>(),
    }))
    const servers = at(own.points, labels.point, () => new Map<string, Tree<Place>>())
    const tools = at(servers, labels.server, () => new Map<string, Place>())
    return at(tools, labels.tool, () => {
      own.size++
      return { labels, counters: countersOf() }
    })
  }
}

function countersOf(): Record<Kind, Map<string, Counter>> {
  return { decision: new Map(), reason: new Map(), outcome: new Map(), latency: new Map(), debit: new Map() }
}

function at<T>(tree: Tree<T>, key: string, make: () => T): T {
  const known = tree.get(key)
  if (known !== undefined) return known
  const made = make()
  tree.set(key, made)
  return made
}
