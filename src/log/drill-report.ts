/**
 * The report of a drill, from what points recorded. spec/kill.md (KIL-19). Pure: the control plane computes it at the
 * close, and whoever has the log computes the same.
 * Invariant: nothing but entries goes in; times are those that points and control plane wrote, each by its own clock.
 * @module
 */
import { z } from 'zod'
import { parseRfc3339 } from '../core/time.ts'
import { killScopeSchema, type KillScope } from '../revoke/statement.ts'
import type { DecisionReceipt, OutcomeReceipt, Receipt } from './receipt.ts'

/** The call that a point denies when a kill comes into force there (KIL-18). */
export const KILL_CALL = 'countersign/kill'

/** Points that a report has rows for, the silent and the slow first, so that an entry has room for it. All are counted. */
export const DRILL_ROWS_MAX = 128

/** Entries before and after its start that a drill is looked for in, so that a report has an end on a log of any size. */
const BEFORE = 100_000
const AFTER = 2_000_000

/** Which receipts a report is of, by the indices of their entries: from `from`, below `to`. */
export function drillWindow(drill: { readonly planned: number; readonly started: number }, size: number) {
  return { from: Math.max(drill.planned, drill.started - BEFORE), to: Math.min(size, drill.started + AFTER) }
}

export const drillModeSchema = z.enum(['production', 'tabletop'])
const id = z.string().max(64)

const rowSchema = z.strictObject({
  point: id,
  /** From the kill to the point's denial, in milliseconds; null: it did not answer. */
  denied_ms: z.int().nullable(),
  /** From the kill to the last allow of a call under the scope before that denial: below zero when it lay before. */
  last_allow_ms: z.int().nullable(),
  /** From the kill to the first such allow after the denial. */
  next_allow_ms: z.int().nullable(),
})

export const drillReportSchema = z.strictObject({
  mode: drillModeSchema,
  scope: killScopeSchema,
  /** Null: a tabletop, which pulls nothing. */
  kill: z.strictObject({ id, at: z.iso.datetime() }).nullable(),
  /** Points within the scope when it was pulled, and how many of them denied. */
  points_n: z.int().nonnegative(),
  answered_n: z.int().nonnegative(),
  /** From the kill to the first and the last point's denial. */
  first_ms: z.int().nullable(),
  last_ms: z.int().nullable(),
  points: z.array(rowSchema).max(DRILL_ROWS_MAX),
  /** Calls under the scope that were at their tool when the point denied, by what became of them; `open`: no word yet. */
  in_flight: z.strictObject({
    finished: z.int().nonnegative(),
    failed: z.int().nonnegative(),
    stopped: z.int().nonnegative(),
    unknown: z.int().nonnegative(),
    open: z.int().nonnegative(),
  }),
  lift: z
    .strictObject({
      id,
      at: z.iso.datetime(),
      /** From the kill. */
      after_ms: z.int(),
      /** Gestures in it. */
      people_n: z.int().nonnegative(),
      /** From the lift to the first allow under the scope after the point's denial. Below zero: under the kill. */
      first_allow_ms: z.int().nullable(),
    })
    .nullable(),
})

export type DrillMode = z.infer<typeof drillModeSchema>
export type DrillRow = z.infer<typeof rowSchema>
export type DrillReport = z.infer<typeof drillReportSchema>

/** What the log says of a drill. */
export interface DrillEvidence {
  readonly mode: DrillMode
  readonly scope: KillScope
  /** `at`: the time of the entry `kill.pulled`. */
  readonly kill: { readonly id: string; readonly at: string } | null
  readonly lift: { readonly id: string; readonly at: string; readonly people_n: number } | null
  /** Those that were enrolled when it was pulled, and whose calls may fall under it. */
  readonly points: readonly string[]
  /** Those of {@link drillWindow}, through a {@link DrillSieve}. */
  readonly receipts: Iterable<Receipt>
  readonly isUnder: (receipt: DecisionReceipt) => boolean
}

/** What is known of one point. */
class PointTrace {
  denied_ms: number | null = null
  /** Allows that were not taken back (RCP-6), by action. */
  readonly #allows = new Map<string, Allow>()

  decided(receipt: DecisionReceipt, isUnder: boolean, kill: string): void {
    const at_ms = parseRfc3339(receipt.time)
    if (receipt.decision === 'allow') {
      if (!isUnder) return
      const isAfter = this.denied_ms !== null
      this.#allows.set(receipt.action, { at_ms, isAfter, outcome: null, wasOpen: false })
      return
    }
    if (receipt.decision === 'step_up') return
    const known = this.#allows.get(receipt.action)
    if (known?.outcome === null) this.#allows.delete(receipt.action)
    if (receipt.tool !== KILL_CALL || receipt.kill !== kill || this.denied_ms !== null) return
    this.denied_ms = at_ms
    for (const allow of this.#allows.values()) allow.wasOpen = allow.outcome === null
  }

  ended({ action, outcome }: OutcomeReceipt): void {
    const known = this.#allows.get(action)
    if (known !== undefined) known.outcome = outcome
  }

  get inFlight(): readonly Allow[] {
    return [...this.#allows.values()].filter(({ wasOpen }) => wasOpen)
  }

  get lastAllow_ms(): number | null {
    const before = [...this.#allows.values()].filter(({ isAfter }) => !isAfter)
    return before.reduce<number | null>((last, { at_ms }) => Math.max(last ?? at_ms, at_ms), null)
  }

  get nextAllow_ms(): number | null {
    const after = [...this.#allows.values()].filter(({ isAfter }) => isAfter)
    return after.reduce<number | null>((first, { at_ms }) => Math.min(first ?? at_ms, at_ms), null)
  }
}

interface Allow {
  readonly at_ms: number
  /** After the point's denial. */
  readonly isAfter: boolean
  outcome: OutcomeReceipt['outcome'] | null
  wasOpen: boolean
}

export function drillReport(evidence: DrillEvidence): DrillReport {
  const { mode, scope, kill } = evidence
  if (kill === null) return { ...NOTHING, mode, scope }
  const traces = new Map(evidence.points.map((point) => [point, new PointTrace()]))
  for (const receipt of evidence.receipts) {
    const trace = traces.get(receipt.point)
    if (receipt.kind === 'outcome') trace?.ended(receipt)
    else trace?.decided(receipt, evidence.isUnder(receipt), kill.id)
  }
  const killed_ms = parseRfc3339(kill.at)
  const since = (at_ms: number | null): number | null => (at_ms === null ? null : at_ms - killed_ms)
  const rows = [...traces].map(([point, trace]): DrillRow => ({
    point,
    denied_ms: since(trace.denied_ms),
    last_allow_ms: since(trace.lastAllow_ms),
    next_allow_ms: since(trace.nextAllow_ms),
  }))
  rows.sort(bySlowest)
  const answered = rows.flatMap(({ denied_ms }) => (denied_ms === null ? [] : [denied_ms]))
  return {
    mode,
    scope,
    kill: { id: kill.id, at: kill.at },
    points_n: rows.length,
    answered_n: answered.length,
    first_ms: answered.at(-1) ?? null,
    last_ms: answered[0] ?? null,
    points: rows.slice(0, DRILL_ROWS_MAX),
    in_flight: inFlight([...traces.values()]),
    lift: liftOf(evidence.lift, killed_ms, rows),
  }
}

const NO_CALLS = { finished: 0, failed: 0, stopped: 0, unknown: 0, open: 0 }
const NOTHING = {
  kill: null,
  points_n: 0,
  answered_n: 0,
  first_ms: null,
  last_ms: null,
  points: [],
  in_flight: NO_CALLS,
  lift: null,
}

/** Those that did not answer first, then the slowest. */
function bySlowest(a: DrillRow, b: DrillRow): number {
  const [x, y] = [a.denied_ms ?? Infinity, b.denied_ms ?? Infinity]
  if (x !== y) return x > y ? -1 : 1
  return a.point < b.point ? -1 : 1
}

function inFlight(traces: readonly PointTrace[]): DrillReport['in_flight'] {
  const counts = { ...NO_CALLS }
  for (const trace of traces) for (const { outcome } of trace.inFlight) counts[outcome ?? 'open']++
  return counts
}

function liftOf(
  lift: DrillEvidence['lift'],
  killed_ms: number,
  rows: readonly DrillRow[],
): DrillReport['lift'] {
  if (lift === null) return null
  const after_ms = parseRfc3339(lift.at) - killed_ms
  const first = rows.reduce((least, { next_allow_ms }) => Math.min(least, next_allow_ms ?? least), Infinity)
  return { ...lift, after_ms, first_allow_ms: first === Infinity ? null : first - after_ms }
}

/** Which calls, and which points, a drill is about. */
export interface DrillInventory {
  /** Of an agent; undefined for one that the log does not know. */
  readonly classOf: (agent: string) => string | undefined
  /** Of a tool as it is registered; undefined when it is not. */
  readonly systemOf: (server: string, tool: string) => string | undefined
}

/** By who called, and at which tool. A call of a sub-agent of another kind is denied too (KIL-2), and not counted here. */
export function isUnderScope(scope: KillScope, inventory: DrillInventory, receipt: DecisionReceipt): boolean {
  const { agent, server, tool } = receipt
  switch (scope.kind) {
    case 'global':
      return agent !== null
    case 'system':
      return scope.id === server || inventory.systemOf(server, tool) === scope.id
    case 'class':
      return agent !== null && inventory.classOf(agent) === scope.id
    case 'agent':
      return agent === scope.id
  }
}

/** Keeps what a report looks at, so that the calls of all others take no memory. Told of receipts in the order of the log. */
export class DrillSieve {
  readonly #kept: Receipt[] = []
  readonly #kill: string
  readonly #isUnder: (receipt: DecisionReceipt) => boolean
  readonly #actions = new Set<string>()

  constructor(kill: string, isUnder: (receipt: DecisionReceipt) => boolean) {
    this.#kill = kill
    this.#isUnder = isUnder
  }

  add(receipt: Receipt): void {
    const isAllow = receipt.kind === 'decision' && receipt.decision === 'allow' && this.#isUnder(receipt)
    if (isAllow) this.#actions.add(receipt.action)
    const isKill = receipt.kind === 'decision' && receipt.kill === this.#kill
    if (isAllow || isKill || this.#actions.has(receipt.action)) this.#kept.push(receipt)
  }

  /** Of each point in the order in which it recorded them. */
  get recorded(): readonly Receipt[] {
    return this.#kept.toSorted((a, b) => a.epoch - b.epoch || a.seq - b.seq)
  }
}
