/** What an enforcement point needs of the control plane. `src/adapters/http` implements it over HTTP. @module */
import type { Approval } from '../core/approval.ts'
import { CountersignError } from '../core/errors.ts'
import type { FlowPolicy } from '../core/flow-policy.ts'
import type { JsonObject } from '../core/json.ts'
import type { ToolLabel } from '../core/label.ts'
import type { Lease, Receipt, SignedHead } from '../log/receipt.ts'
import type { FlowRecord } from '../log/receipt-flow.ts'
import type { SignedFrame, SignedHeartbeat, SignedTime } from '../revoke/frame.ts'
import type { PollAnswer } from '../revoke/poll.ts'
import type { SignedSnapshot } from '../revoke/snapshot.ts'
import type { SignedAck, SignedProbe, Statement } from '../revoke/statement.ts'
import type { SignedTrustList } from '../revoke/trust-list.ts'
import type { DomainExchange } from './domains.ts'
import type { OutputExchange } from './outputs.ts'
import type { SubjectPage } from './subjects.ts'

/** How a tool's call is measured. spec/log.md, `tool.registered`. */
/** A definition that a server lists for a tool that is pinned to another. spec/mcp.md (MCP-13). */
export interface ToolChange {
  readonly server: string
  readonly tool: string
  readonly definition_hash: string
  /** The entry of `tools/list`. */
  readonly definition: JsonObject
}

export interface ToolRegistration {
  readonly server: string
  readonly tool: string
  /** The system that it is of: a kill may name it (KIL-2). */
  readonly system?: string
  readonly definition_hash: string
  readonly measures: Readonly<
    Record<
      string,
      { readonly path: string; readonly of: 'number' | 'bytes' | 'items'; readonly unit: string }
    >
  >
  readonly resources?: readonly string[]
  /** Of this very definition (LBL-3). Absent or null: nobody labelled it (LBL-5). */
  readonly label?: ToolLabel | null
}

/** What a point asks of one limit: `need` at once (0: ahead of time), `want` as much as it recently used. */
export interface LeaseNeed {
  readonly iss: string
  readonly jti: string
  readonly grant: string
  readonly measure: string
  readonly unit: string
  readonly per: string
  readonly max: number
  readonly need: number
  readonly want: number
}

/** A lease as the log has it, and how long it lasts from when it was granted. */
export type GrantedLease = Lease & { readonly ttl_ms: number }

/** Leases for every need, or why there is none for any. */
export type LeaseAnswer =
  { readonly leases: readonly GrantedLease[] } | { readonly denied: 'LIMIT_EXCEEDED' | 'LIMIT_LEASED' }

/** What the control plane says to a shipment. */
export interface Shipped {
  /** The last sequence number of the epoch that is durable in the log. */
  readonly seq: number
  /** Leases that it would like back (LIM-10). */
  readonly recalled: readonly string[]
  /** Its clock when it took the shipment, milliseconds since 1970. */
  readonly now_ms: number
}

/** What a commitment opens to; kept outside the log, erasable. */
export interface Opening {
  readonly args_commit: string
  readonly action: string
  readonly salt: string
  /** Null when the arguments were too large to keep. */
  readonly args: JsonObject | null
}

export interface ShippedSegment {
  readonly id: string
  readonly parent: string | null
  readonly segment: string
}

export interface Shipment {
  readonly receipts: readonly Receipt[]
  readonly head: SignedHead
  readonly segments: readonly ShippedSegment[]
  readonly openings: readonly Opening[]
}

export type EpochReason = 'first' | 'empty' | 'unreadable' | 'refused'

export type StreamEvent =
  | { readonly type: 'time'; readonly data: SignedTime }
  | { readonly type: 'frame'; readonly data: SignedFrame }
  | { readonly type: 'heartbeat'; readonly data: SignedHeartbeat }
  /** Its body is fetched by its digest. */
  | { readonly type: 'snapshot'; readonly data: SignedSnapshot }
  /** Given to a relay while the control plane was away (KIL-10). */
  | { readonly type: 'statement'; readonly data: Statement }

/** After which frame revocations are asked for: epoch 0 when none is known. */
export interface ResumeAt {
  readonly epoch: number
  readonly after: number
}

/** Where revocations come from. Nothing that it yields has been verified. */
export interface RevocationSource {
  /** Yields events until the connection or `signal` ends it. */
  stream(from: ResumeAt & { readonly nonce: string }, signal: AbortSignal): AsyncIterable<StreamEvent>
  /** The same without a stream. @param from with a nonce when the time is wanted too */
  poll(from: ResumeAt & { readonly nonce?: string }, signal: AbortSignal): Promise<PollAnswer>
  /** The body of a snapshot. Rejects when it is longer than `bytes_max`. */
  snapshot(digest: string, bytes_max: number, signal: AbortSignal): Promise<Uint8Array>
  time(nonce: string, signal: AbortSignal): Promise<SignedTime>
}

/** The control plane holds another history of this stream: the spool was restored or copied (RCP-2). */
export class StreamRefused extends CountersignError<'STREAM_REFUSED'> {}

/** What a control plane has of statements, and takes (KIL-13). Every method rejects when it cannot be reached or refuses. */
export interface StatementExchange {
  /** In the order of its log, from entry `after` on. Nothing of it has been verified. `next`: where to go on. */
  statements(after: number): Promise<{ readonly statements: readonly Statement[]; readonly next: number }>
  /** Idempotent. @returns false when it is refused: to hand it in again would change nothing */
  handIn(statement: Statement): Promise<boolean>
  /** What the point answered to a probe (KIL-29). @returns false when it is refused */
  answerProbe(answered: { readonly statement: SignedProbe; readonly answer: SignedAck }): Promise<boolean>
}

/** A call that waits for a person. spec/approvals.md (APR-5). */
export interface ApprovalRequest {
  readonly approval: string
  readonly action: string
  readonly agent: string
  /** Issuer and identifier of the chain's root. */
  readonly iss: string
  readonly jti: string
  /** Digest. */
  readonly grant: string
  readonly server: string
  readonly tool: string
  readonly definition_hash: string | null
  readonly args_commit: string
  readonly salt: string
  readonly args: JsonObject
  /** Milliseconds since 1970. */
  readonly expires: number
  /** What rules on flow object to (FLW-12). */
  readonly flow?: FlowRecord
}

/** Where people are asked. Every method rejects when it cannot be reached or refuses. */
export interface ApprovalExchange {
  /** Idempotent. @returns where people decide */
  requestApproval(request: ApprovalRequest): Promise<{ readonly url: string }>
  /** Waits for a while. Nothing of the answer has been verified; null: nobody has decided yet. */
  awaitApproval(approval: string, signal: AbortSignal): Promise<{ readonly approval: Approval | null }>
}

/** Every method rejects when the control plane cannot be reached or refuses. */
export interface ControlPlane
  extends RevocationSource, StatementExchange, ApprovalExchange, DomainExchange, OutputExchange {
  openEpoch(reason: EpochReason): Promise<number>
  /** @throws {StreamRefused} */
  ship(shipment: Shipment): Promise<Shipped>
  /** All or nothing. @param epoch the open one of the point's receipts */
  lease(epoch: number, needs: readonly LeaseNeed[]): Promise<LeaseAnswer>
  /**
   * How far the point has followed the revocations (REV-13). It may be lost all the same: the next says all there is.
   * @returns over how many milliseconds the points are to spread theirs (REV-18)
   */
  acknowledge(ack: SignedAck): Promise<{ readonly spread_ms: number }>
  tools(): Promise<readonly ToolRegistration[]>
  /** The one in force (FLW-10). */
  flowPolicy(): Promise<FlowPolicy>
  /** Data subjects that changed after an entry, and bases if one did (CNS-19). @param after -1: from the beginning */
  subjects(after: number): Promise<SubjectPage>
  /** Proposes a definition that a server lists for a pinned tool (MCP-13). Idempotent. */
  toolChanged(change: ToolChange): Promise<void>
  /** Whom the point trusts (KEY-6). Not verified. */
  trust(): Promise<SignedTrustList>
}
