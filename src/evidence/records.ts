/** Of what a history is made: entries with their places, receipts by stream. spec/log.md. @module */
import type { AnyEntry, Entry } from '../log/entries.ts'
import type { Receipt, SignedHead } from '../log/receipt.ts'
import type { LoggedRow } from './receipts/row.ts'
import type { Like, StreamRows } from './receipts/stream.ts'
import type { ReceiptTable } from './receipts/table.ts'

export interface Indexed<T> {
  readonly index: number
  readonly entry: T
}

export interface AgentRecord {
  readonly proposal: Indexed<Entry<'agent.proposed'>>
  /** The first; others are in {@link History.approvals}. */
  approval: Indexed<Entry<'agent.approved'>> | null
  /** Holder keys. */
  readonly keys: Indexed<Entry<'agent.key_added'>>[]
  /** Status entries in order. */
  readonly changes: { readonly index: number; readonly time: string; readonly status: string }[]
}

/** Into the record of its agent. @returns false: another agent was proposed under this identifier before */
export function recordAgent(agents: Map<string, AgentRecord>, index: number, entry: AnyEntry): boolean {
  const id = entry.subject ?? ''
  const known = agents.has(id)
  if (entry.type === 'agent.proposed' && !known)
    agents.set(id, { proposal: { index, entry }, approval: null, keys: [], changes: [] })
  const agent = agents.get(id)
  if (entry.type === 'agent.key_added') agent?.keys.push({ index, entry })
  else agent?.changes.push({ index, time: entry.time, status: entry.type.slice('agent.'.length) })
  if (entry.type === 'agent.approved' && agent !== undefined) agent.approval ??= { index, entry }
  return entry.type !== 'agent.proposed' || !known
}

export interface StreamRecord {
  readonly point: string
  readonly epoch: number
  readonly receipts: StreamRows
  readonly heads: { readonly index: number; readonly signed: SignedHead }[]
}

/** The text of one segment, with the entry that holds it. */
export interface ChainPart {
  readonly index: number
  readonly segment: string
}

/** From the root to `id`, or null when one is not logged. */
export function pathOf(
  segments: ReadonlyMap<string, Indexed<Entry<'chain.segment'>>>,
  id: string,
): readonly ChainPart[] | null {
  const path: ChainPart[] = []
  for (let at: string | null = id; at !== null;) {
    const found = segments.get(at)
    if (found === undefined || path.length > 16) return null
    path.unshift({ index: found.index, segment: found.entry.body.segment })
    at = found.entry.body.parent
  }
  return path
}

interface Streams {
  readonly table: ReceiptTable
  /** By `point/epoch`. */
  readonly streams: Map<string, StreamRecord>
}

/** The stream of an epoch, which begins with the first that is heard of it. */
export function streamOf(
  { table, streams }: Streams,
  { point, epoch }: { readonly point: string; readonly epoch: number },
): StreamRecord {
  const name = `${point}/${epoch}`
  const known = streams.get(name)
  if (known !== undefined) return known
  const stream = { point, epoch, receipts: table.stream(point, epoch), heads: [] }
  streams.set(name, stream)
  return stream
}

/** What receipts that say the same as this one have in common. */
export function likeOf(history: Streams, receipt: Receipt): Like {
  return { stream: streamOf(history, receipt).receipts, shape: history.table.shapeOf(receipt) }
}

/** Every receipt, point by point, in the order in which it was recorded: by epoch, then by sequence number. */
export function* recordedOf(
  table: ReceiptTable,
  streams: Iterable<StreamRecord>,
): Generator<Iterable<LoggedRow>> {
  for (const its of Map.groupBy(streams, ({ point }) => point).values())
    yield inOrder(
      table,
      its.toSorted((a, b) => a.epoch - b.epoch),
    )
}

function* inOrder(table: ReceiptTable, streams: readonly StreamRecord[]): Generator<LoggedRow> {
  for (const { receipts } of streams) yield* table.bySeq(receipts)
}
