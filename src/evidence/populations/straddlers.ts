/**
 * What began before an edge of the period and ended after it, or has not ended. spec/populations.md (POP-7). Each belongs
 * to the period in which it began: who cuts periods apart sees here what lies over the cut.
 * @module
 */
import type { JsonObject } from '../../core/json.ts'
import { rfc3339 } from '../../core/time.ts'
import type { History } from '../history.ts'
import type { PopulationDefinition } from './definition.ts'

type Kind =
  | 'access_review'
  | 'action'
  | 'alert'
  | 'approval'
  | 'delegation'
  | 'drill'
  | 'erasure'
  | 'incident'
  | 'receipt'

interface Span {
  readonly kind: Kind
  readonly item: string
  /** Of the entry with which it began. */
  readonly index: number
  readonly began_ms: number
  /** Null: not by the end of the log. */
  readonly ended_ms: number | null
  /** Of the entry with which it ended; null: none, or it ended by itself. */
  readonly ended_index: number | null
}

export const straddlers: PopulationDefinition = {
  name: 'straddlers',
  types: [],
  definition:
    'What began before the start or the end of the period and ended after it, or has not ended by the end of the log: actions, calls that waited for a person, delegations, alerts, incidents, drills, reviews of access, deferred erasures; and receipts that were recorded before and logged after. Each is an item of the period in which it began.',
  query:
    'began < edge <= ended, for edge in (from, to) that the log reaches; began and ended by the receipt for actions, by the entry for all else; a delegation ends when it expires or is revoked',
  rows: (history, { from_ms, to_ms }) => {
    const edges = [
      ['from', from_ms],
      ['to', to_ms],
    ] as const
    const reached = edges.filter(([, edge_ms]) => history.last_ms >= edge_ms)
    const spans = [...longSpans(history), ...reached.flatMap(([, edge_ms]) => callSpans(history, edge_ms))]
    const rows = new Map<string, JsonObject & { readonly index: number; readonly kind: Kind }>()
    for (const { kind, item, index, began_ms, ended_ms, ended_index } of spans) {
      const over = reached.filter(([, edge_ms]) => began_ms < edge_ms && (ended_ms ?? Infinity) >= edge_ms)
      if (over.length === 0) continue
      rows.set(`${kind} ${index}`, {
        index,
        kind,
        item,
        began: rfc3339(began_ms),
        ended: ended_ms === null ? null : rfc3339(ended_ms),
        ended_index,
        edges: over.map(([name]) => name),
      })
    }
    return [...rows.values()].sort((a, b) => a.index - b.index || (a.kind < b.kind ? -1 : 1))
  },
}

/** Actions that were under way at the edge, and receipts that were on their way to the log. */
function callSpans(history: History, edge_ms: number): Span[] {
  /** By the number of the action. */
  const open = new Map<number, Span>()
  const late: Span[] = []
  for (const rows of history.recorded())
    for (const row of rows) {
      const { index, time_ms: at_ms, logged_ms, actionId: id } = row
      const isOver = at_ms >= edge_ms
      if (isOver && !open.has(id)) continue
      const decision = history.table.decision(row.row)
      const isEnd = decision === null || decision === 'deny'
      const begun = open.get(id)
      if (isOver && begun !== undefined) {
        if (isEnd) open.set(id, { ...begun, ended_ms: at_ms, ended_index: index })
        continue
      }
      if (isEnd) open.delete(id)
      else if (begun === undefined)
        open.set(id, {
          kind: 'action',
          item: history.table.action(row.row),
          index,
          began_ms: at_ms,
          ...NOT_ENDED,
        })
      if (logged_ms < edge_ms) continue
      const { receipt } = row
      const item = `${receipt.point}/${receipt.epoch}/${receipt.seq}`
      late.push({ kind: 'receipt', item, index, began_ms: at_ms, ended_ms: logged_ms, ended_index: index })
    }
  return [...late, ...open.values()]
}

const NOT_ENDED = { ended_ms: null, ended_index: null }

function longSpans(history: History): Span[] {
  const { alerts, responses, drills, governance, erasures } = history
  return [
    ...pairs('alert', alerts, 'alert.raised', 'alert.closed', alertOf),
    ...pairs('incident', responses, 'incident.opened', 'incident.closed'),
    ...pairs('drill', drills, 'drill.started', 'drill.closed'),
    ...pairs('access_review', governance, 'access_review.opened', 'access_review.closed'),
    ...pairs('erasure', erasures, 'erasure.deferred', 'subject.erased'),
    ...approvalSpans(history),
    ...delegationSpans(history),
  ]
}

interface Logged {
  readonly index: number
  readonly entry: { readonly type: string; readonly time: string; readonly subject?: string }
}

/** From the entry of one type to the first of another that names the same. @param nameOf null: no item */
function pairs<T extends Logged>(
  kind: Kind,
  logged: readonly T[],
  first: T['entry']['type'],
  last: T['entry']['type'],
  nameOf: (one: T) => string | null = ({ entry }) => entry.subject ?? '',
): Span[] {
  const ends = new Map<string, T>()
  for (const one of logged) {
    const name = one.entry.type === last ? nameOf(one) : null
    if (name !== null && !ends.has(name)) ends.set(name, one)
  }
  return logged.flatMap((one): Span[] => {
    const item = one.entry.type === first ? nameOf(one) : null
    if (item === null) return []
    const end = ends.get(item)
    const ended_ms = end === undefined ? null : Date.parse(end.entry.time)
    const began_ms = Date.parse(one.entry.time)
    return [{ kind, item, index: one.index, began_ms, ended_ms, ended_index: end?.index ?? null }]
  })
}

function alertOf({ index, entry }: History['alerts'][number]): string | null {
  if (entry.type === 'detector.canary') return null
  if (entry.type === 'alert.raised' && (entry.body.of !== null || entry.body.canary === true)) return null
  return String(entry.body.of ?? index)
}

/** One that nobody decided on ends when it expires. */
function approvalSpans(history: History): Span[] {
  const decided = new Map(history.decidedCalls.map((one) => [one.entry.body.act.approval, one]))
  return [...history.asked].map(([item, { index, entry }]): Span => {
    const end = decided.get(item)
    const ended_ms = end === undefined ? entry.body.expires : Date.parse(end.entry.time)
    const began_ms = Date.parse(entry.time)
    return { kind: 'approval', item, index, began_ms, ended_ms, ended_index: end?.index ?? null }
  })
}

function delegationSpans(history: History): Span[] {
  const ends = new Map<string, History['revocations'][number]>()
  for (const one of history.revocations) {
    const { kind, handle } = one.entry.body.frame
    const name = `${kind}:${handle}`
    if (!ends.has(name)) ends.set(name, one)
  }
  return [...history.delegations].map(([item, { index, entry }]): Span => {
    const { agent, rev, exp } = entry.body
    const handles = [`delegation:${item}`, `agent:${agent}`, ...rev.map((handle) => `person:${handle}`)]
    const expired = { index: null, ended_ms: exp * 1000 }
    const ended = handles
      .flatMap((handle) => ends.get(handle) ?? [])
      // A person may have left before: what was issued afterwards did not end by that.
      .filter((one) => one.index > index)
      .map((one) => ({ index: one.index, ended_ms: Date.parse(one.entry.time) }))
      .reduce<{ index: number | null; ended_ms: number }>(
        (first, one) => (one.ended_ms < first.ended_ms ? one : first),
        expired,
      )
    const began_ms = Date.parse(entry.time)
    return { kind: 'delegation', item, index, began_ms, ended_ms: ended.ended_ms, ended_index: ended.index }
  })
}
