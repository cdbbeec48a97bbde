/**
 * What the log says, folded into what verification and populations need. Pure and streaming: entries go in one by
 * one, in order; nothing is judged here. spec/log.md.
 * @module
 */
import type { AnyEntry, Entry, EntryType } from '../log/entries.ts'
import type { DecisionReceipt, OutcomeReceipt, SignedHead } from '../log/receipt.ts'
import type { Frame } from '../revoke/frame.ts'

export interface Indexed<T> {
  readonly index: number
  readonly entry: T
}

/** A receipt of one stream, with the entry that holds it. */
export interface LoggedReceipt {
  readonly index: number
  /** Milliseconds: when it was appended. */
  readonly logged_ms: number
  readonly receipt: DecisionReceipt | OutcomeReceipt
}

export interface AgentRecord {
  readonly proposal: Indexed<Entry<'agent.proposed'>>
  approval: Indexed<Entry<'agent.approved'>> | null
  /** Status entries in order. */
  readonly changes: { readonly index: number; readonly time: string; readonly status: string }[]
}

export interface StreamRecord {
  readonly point: string
  readonly epoch: number
  readonly receipts: LoggedReceipt[]
  readonly heads: { readonly index: number; readonly signed: SignedHead }[]
}

type OfType<T extends EntryType> = Indexed<Entry<T>>

export class History {
  created: OfType<'log.created'> | null = null
  readonly keys: OfType<'key.created'>[] = []
  /** By revocation handle. */
  readonly people = new Map<string, OfType<'person.enrolled'>>()
  readonly agents = new Map<string, AgentRecord>()
  readonly points = new Map<string, OfType<'point.enrolled'>>()
  /** By jti. */
  readonly delegations = new Map<string, OfType<'delegation.issued'>>()
  readonly segments = new Map<string, OfType<'chain.segment'>>()
  readonly revocations: OfType<'revocation'>[] = []
  readonly alerts: OfType<'alert.raised'>[] = []
  /** By `point/epoch`. */
  readonly streams = new Map<string, StreamRecord>()
  /** Epochs that the log says were opened, by `point/epoch`. */
  readonly epochs = new Set<string>()
  size = 0

  add(index: number, entry: AnyEntry): void {
    this.size = index + 1
    switch (entry.type) {
      case 'log.created':
        this.created ??= { index, entry }
        return
      case 'key.created':
        this.keys.push({ index, entry })
        return
      case 'person.enrolled':
        this.people.set(entry.body.rev, { index, entry })
        return
      case 'point.enrolled':
        if (entry.subject !== undefined) this.points.set(entry.subject, { index, entry })
        return
      case 'point.epoch_opened':
        this.epochs.add(`${entry.subject}/${entry.body.epoch}`)
        return
      case 'delegation.issued':
        this.delegations.set(entry.body.jti, { index, entry })
        return
      case 'chain.segment':
        if (!this.segments.has(entry.body.id)) this.segments.set(entry.body.id, { index, entry })
        return
      case 'revocation':
        this.revocations.push({ index, entry })
        return
      case 'alert.raised':
        this.alerts.push({ index, entry })
        return
      case 'receipt':
        this.#stream(entry.body.point, entry.body.epoch).receipts.push({
          index,
          logged_ms: Date.parse(entry.time),
          receipt: entry.body,
        })
        return
      case 'receipt.head':
        this.#stream(entry.body.head.point, entry.body.head.epoch).heads.push({ index, signed: entry.body })
        return
      case 'agent.proposed':
      case 'agent.approved':
      case 'agent.activated':
      case 'agent.suspended':
      case 'agent.retired':
        this.#addAgent(index, entry)
        return
      case 'agent.key_added':
      case 'agent.statement_issued':
      case 'person.added':
      case 'system.added':
      case 'tool.registered':
    }
  }

  #addAgent(index: number, entry: AnyEntry): void {
    const id = entry.subject ?? ''
    if (entry.type === 'agent.proposed') {
      this.agents.set(id, { proposal: { index, entry }, approval: null, changes: [] })
    }
    const agent = this.agents.get(id)
    if (agent === undefined) return
    if (entry.type === 'agent.approved') agent.approval ??= { index, entry }
    agent.changes.push({ index, time: entry.time, status: entry.type.slice('agent.'.length) })
  }

  #stream(point: string, epoch: number): StreamRecord {
    const name = `${point}/${epoch}`
    const known = this.streams.get(name)
    if (known !== undefined) return known
    const stream: StreamRecord = { point, epoch, receipts: [], heads: [] }
    this.streams.set(name, stream)
    return stream
  }

  /** The frames in the order of the log. */
  get frames(): readonly { readonly index: number; readonly frame: Frame }[] {
    return this.revocations.map(({ index, entry }) => ({ index, frame: entry.body.frame }))
  }

  /** Every receipt, stream by stream. */
  *receipts(): Generator<LoggedReceipt> {
    for (const stream of this.streams.values()) yield* stream.receipts
  }

  /** Segment texts from the root to `id`, or null when one is not logged. */
  chain(id: string): readonly { readonly index: number; readonly segment: string }[] | null {
    const path: { index: number; segment: string }[] = []
    for (let at: string | null = id; at !== null;) {
      const found: OfType<'chain.segment'> | undefined = this.segments.get(at)
      if (found === undefined || path.length > 16) return null
      path.unshift({ index: found.index, segment: found.entry.body.segment })
      at = found.entry.body.parent
    }
    return path
  }
}
