/**
 * What the log says, folded into what verification and populations need. Pure and streaming: entries go in one by
 * one, in order; nothing is judged here. spec/log.md.
 * @module
 */
import type { Gesture } from '../core/gesture.ts'
import type { AnyEntry, Entry, EntryType } from '../log/entries.ts'
import { isLone } from '../log/alone.ts'
import { EntryReader } from '../log/entry-reader.ts'
import type { OwnMembers, ReceiptKind } from '../log/receipt-texts.ts'
import { TILE_WIDTH } from '../log/tiles.ts'
import type { Frame } from '../revoke/frame.ts'
import { beginsSubject, groupOf, isGrouped } from './grouped.ts'
import type { AlertType, AttestedType, BaselineType, PolicyType, ResponseType } from './grouped.ts'
import type { GovernanceType, Group, Grouped, PreviewType } from './grouped.ts'
import { isConsentEntry, type ConsentEntry, type LoggedConsent } from './consent-entries.ts'
import type { Crypto } from '../core/crypto.ts'
import { isOfPasskeys, PasskeyBook } from './passkeys.ts'
import type { Like } from './receipts/stream.ts'
import { ReceiptTable } from './receipts/table.ts'
import type { LoggedReceipt, LoggedRow } from './receipts/row.ts'
import type { Shape } from './receipts/shapes.ts'
import { likeOf, pathOf, recordAgent, recordedOf, streamOf, type ChainPart } from './records.ts'
import type { AgentRecord, Indexed, StreamRecord } from './records.ts'
import { TestedEntries } from './tested.ts'
import { isListed, listOf } from './listed.ts'
import { isUnread } from './unread.ts'

export type { LoggedReceipt } from './receipts/row.ts'
export type { ServiceAct } from './tested.ts'
export type { Indexed, StreamRecord } from './records.ts'

type OfType<T extends EntryType> = Indexed<Entry<T>>
type Any<T extends EntryType> = T extends EntryType ? OfType<T> : never

/** Of an identifier the first entry counts: one that comes again is kept in {@link History.repeated}. */
export class History {
  created: OfType<'log.created'> | null = null
  readonly keys: OfType<'key.created'>[] = []
  /** By revocation handle. */
  readonly people = new Map<string, OfType<'person.enrolled'>>()
  readonly passkeys = new PasskeyBook()
  /** Who invited whom, by the identifier of the one invited. */
  readonly inviters = new Map<string, string>()
  /** Index of the entry with which a data subject of this log begins: a person, a point, a delegation, a root of another issuer. */
  readonly filed = new Map<string, number>()
  readonly agents = new Map<string, AgentRecord>()
  readonly approvals: OfType<'agent.approved'>[] = []
  /** In the order of the log. */
  readonly versions: Any<'version.proposed' | 'version.approved'>[] = []
  /** In the order of the log. */
  readonly inventory: Any<'inventory.recorded' | 'inventory.assigned' | 'inventory.removed'>[] = []
  /** In the order of the log. */
  readonly baselines: Any<BaselineType>[] = []
  /** Calls that waited for a person, by the identifier of the approval. */
  readonly asked = new Map<string, OfType<'approval.requested'>>()
  /** In the order of the log. */
  readonly decidedCalls: OfType<'approval.decided'>[] = []
  readonly points = new Map<string, OfType<'point.enrolled'>>()
  /** By jti. */
  readonly delegations = new Map<string, OfType<'delegation.issued'>>()
  readonly segments = new Map<string, OfType<'chain.segment'>>()
  readonly revocations: OfType<'revocation'>[] = []
  /** The kill switch, in the order of the log. */
  readonly kills: Any<
    'break_glass.created' | 'roster.set' | 'kill.pulled' | 'kill.lifted' | 'frame_key.replaced'
  >[] = []
  /** Of the kill channel, in the order of the log. */
  readonly probes: Any<'kill.probed' | 'kill.probe_answered'>[] = []
  /** In the order of the log. */
  readonly drills: Any<'drill.planned' | 'drill.started' | 'drill.closed'>[] = []
  readonly tools: OfType<'tool.registered'>[] = []
  /** In the order of the log. */
  readonly toolChanges: Any<'tool.changed' | 'tool.approved'>[] = []
  /** What flows are judged by, in the order of the log. */
  readonly labels: Any<PolicyType>[] = []
  /** Outputs, reviews and attestations, in the order of the log. */
  readonly attested: Any<AttestedType>[] = []
  /** Oversight, isolations, incidents and capacity, in the order of the log. */
  readonly responses: Any<ResponseType>[] = []
  /** Reviews of access, in the order of the log. */
  readonly governance: Any<GovernanceType>[] = []
  /** What says that one person made it alone, by index (ALO-1). */
  readonly lone = new Map<number, AnyEntry>()
  /** Auditors' previews, in the order of the log. */
  readonly previews: Any<PreviewType>[] = []
  /** Of data subjects, in the order of the log. */
  readonly consents: LoggedConsent[] = []
  /** In the order of the log. */
  readonly alerts: Any<AlertType>[] = []
  readonly endorsements: OfType<'person.endorsed'>[] = []
  /** Of every entry that has one, whatever it is about, in the order of the log. */
  readonly gestures: { readonly index: number; readonly type: EntryType; readonly gesture: Gesture }[] = []
  readonly keyEvents: Any<'key.retired' | 'key.compromised'>[] = []
  readonly issuers: Any<'issuer.proposed' | 'issuer.trusted' | 'issuer.dropped'>[] = []
  readonly templates: Any<'template.preset' | 'template.proposed' | 'template.approved'>[] = []
  readonly exchanges: OfType<'token.exchanged'>[] = []
  /** In the order of the log: holds are in the way of erasures. */
  readonly erasures: Any<'subject.erased' | 'erasure.deferred' | 'hold.placed' | 'hold.lifted'>[] = []
  readonly prunings: OfType<'log.pruned'>[] = []
  /** Entries below may be gone: the end of the last bundle that was pruned (RET-8). */
  prunedEnd = 0
  /** In the order of the log: what is given back may be leased again. */
  readonly limits: Any<'budget.reserved' | 'lease.granted' | 'lease.settled'>[] = []
  /** In the order of the log. */
  readonly domains: Any<'domain.leased' | 'domain.handed_over' | 'domain.cleared'>[] = []
  /** By `point/epoch`. */
  readonly streams = new Map<string, StreamRecord>()
  readonly table: ReceiptTable
  /** Index of the entry that opened an epoch, by `point/epoch`. */
  readonly epochs = new Map<string, number>()
  /** Entries that give an identifier a second time. */
  readonly repeated: { readonly index: number; readonly what: string }[] = []
  /** Entries whose time lies before that of the entry in front of them. */
  readonly backwards: number[] = []
  readonly tested = new TestedEntries()
  size = 0
  /** Milliseconds: the time of the last entry. */
  last_ms = 0
  /** Index of the entry that revoked a person's handle, by handle. */
  readonly #left = new Map<string, number>()
  readonly #reader = new EntryReader()
  readonly #likes = new Map<ReceiptKind, Like>()
  readonly #crypto: Crypto

  constructor(crypto: Crypto) {
    this.#crypto = crypto
    this.table = new ReceiptTable(crypto)
  }

  /**
   * Reads the entry that comes next.
   * @returns null: a receipt like one before, which says nothing that is not in {@link table}
   * @throws {LogError} `ENTRY_INVALID`: nothing was added
   */
  addBytes(index: number, bytes: Uint8Array): AnyEntry | null {
    const { entry, own, body } = this.#reader.read(bytes)
    if (own === null || own.kind === null) {
      this.add(index, entry, body)
      return entry
    }
    this.addLike(index, own.kind, own, this.#crypto.sha256(body))
    return null
  }

  /** As {@link addBytes}, of a receipt like one before. @param hash of the receipt in canonical form */
  addLike(index: number, kind: ReceiptKind, own: OwnMembers, hash: Uint8Array): void {
    this.#next(index, own.logged_ms)
    this.tested.addAt(index, 'receipt', own.time_ms)
    const like = this.#likes.get(kind) ?? likeOf(this, kind.entry.body)
    this.#likes.set(kind, like)
    this.table.addLike(like, { index, logged_ms: own.logged_ms }, own, hash)
  }

  #next(index: number, time_ms: number): void {
    this.size = index + 1
    if (time_ms < this.last_ms) this.backwards.push(index)
    this.last_ms = time_ms
  }

  /** @param body the body of the entry in canonical form, where the caller has it: of a receipt it is hashed */
  add(index: number, entry: AnyEntry, body?: Uint8Array): void {
    const time_ms = Date.parse(entry.time)
    this.#next(index, time_ms)
    this.tested.add(index, entry)
    if (entry.type === 'receipt') {
      this.table.add(streamOf(this, entry.body).receipts, { index, logged_ms: time_ms }, entry.body, body)
      return
    }
    if ('gesture' in entry.body && entry.body.gesture !== undefined)
      this.gestures.push({ index, type: entry.type, gesture: entry.body.gesture })
    if (isLone(entry)) this.lone.set(index, entry)
    this.passkeys.add(index, entry)
    if (isListed(entry)) return this.#list(listOf(entry), index, entry)
    if (isGrouped(entry)) return this.#addGrouped(index, entry)
    if (isUnread(entry) || isOfPasskeys(entry)) return
    if (isConsentEntry(entry)) return this.#addConsent(index, entry)
    switch (entry.type) {
      case 'log.created':
        if (this.created === null) this.created = { index, entry }
        else this.repeated.push({ index, what: 'the log' })
        return
      case 'approval.requested':
        this.#once(this.asked, entry.subject ?? '', { index, entry })
        return
      case 'person.enrolled':
        this.#once(this.people, entry.body.rev, { index, entry })
        return
      case 'point.enrolled':
        this.#file(entry.subject, index)
        this.#once(this.points, entry.subject ?? '', { index, entry })
        return
      case 'point.epoch_opened':
        if (this.epochs.has(`${entry.subject}/${entry.body.epoch}`))
          this.repeated.push({ index, what: 'an epoch' })
        else this.epochs.set(`${entry.subject}/${entry.body.epoch}`, index)
        return
      case 'delegation.issued':
        this.#file(entry.body.jti, index)
        this.#once(this.delegations, entry.body.jti, { index, entry })
        return
      case 'chain.segment':
        if (entry.body.parent === null) this.#file(entry.body.id, index)
        this.#once(this.segments, entry.body.id, { index, entry })
        return
      case 'revocation':
        this.revocations.push({ index, entry })
        if (entry.body.frame.kind === 'person' && !this.#left.has(entry.body.frame.handle))
          this.#left.set(entry.body.frame.handle, index)
        return
      case 'receipt.head':
        streamOf(this, entry.body.head).heads.push({ index, signed: entry.body })
        return
      case 'log.anchored':
      case 'agent.proposed':
      case 'agent.approved':
      case 'agent.activated':
      case 'agent.suspended':
      case 'agent.retired':
      case 'agent.key_added':
        this.#addAgent(index, entry)
        return
      case 'person.added':
        this.#file(entry.subject, index)
        if (!this.inviters.has(entry.subject ?? '')) this.inviters.set(entry.subject ?? '', entry.actor.id)
        return
    }
  }

  /** A bundle of which something was pruned, before its entries. */
  pruned(first: number): void {
    this.prunedEnd = first + TILE_WIDTH
  }

  /** Milliseconds: of what is older entries may be gone. */
  prunedBefore(): number {
    const begun = this.prunings.filter(({ entry }) => entry.body.act.from < this.prunedEnd)
    return Math.max(Number.NEGATIVE_INFINITY, ...begun.map(({ entry }) => Date.parse(entry.body.act.before)))
  }

  #once<T extends Indexed<AnyEntry>>(register: Map<string, T>, id: string, found: T): void {
    if (register.has(id)) this.repeated.push({ index: found.index, what: `${found.entry.type} of ${id}` })
    else register.set(id, found)
  }

  #file(subject: string | undefined, index: number): void {
    if (subject !== undefined && !this.filed.has(subject)) this.filed.set(subject, index)
  }

  #addGrouped(index: number, entry: Grouped): void {
    if (beginsSubject(entry)) this.#file(entry.subject, index)
    this.#list(groupOf(entry), index, entry)
  }

  #list(name: ReturnType<typeof listOf> | Group, index: number, entry: AnyEntry): void {
    const list: Indexed<AnyEntry>[] = this[name]
    list.push({ index, entry })
  }

  #addConsent(index: number, entry: ConsentEntry): void {
    if (entry.type === 'data_subject.added') this.#file(entry.subject, index)
    this.consents.push({ index, entry } as LoggedConsent)
  }

  #addAgent(index: number, entry: AnyEntry): void {
    if (entry.type === 'agent.approved') this.approvals.push({ index, entry })
    if (!recordAgent(this.agents, index, entry))
      this.repeated.push({ index, what: `agent.proposed of ${entry.subject}` })
  }

  /** Whether the handle of a person was revoked in an entry before this index. */
  hadLeft(rev: string, index: number): boolean {
    return (this.#left.get(rev) ?? index) < index
  }

  /** The frames in the order of the log. */
  get frames(): readonly { readonly index: number; readonly frame: Frame }[] {
    return this.revocations.map(({ index, entry }) => ({ index, frame: entry.body.frame }))
  }

  /** Every receipt, in the order of the log. */
  receipts(): Generator<LoggedReceipt> {
    return this.table.all()
  }

  /** Those of such a shape, in the order of the log: where there is no such shape, none is looked at. */
  receiptsWhere(isOne: (shape: Shape) => boolean): Generator<LoggedReceipt> {
    return this.table.where(isOne)
  }

  /** Every receipt, point by point, in the order in which it was recorded: by epoch, then by sequence number. */
  recorded(): Generator<Iterable<LoggedRow>> {
    return recordedOf(this.table, this.streams.values())
  }

  /** Segment texts from the root to `id`, or null when one is not logged. */
  chain(id: string): readonly ChainPart[] | null {
    return pathOf(this.segments, id)
  }
}
