/** A verdict with whom it is about, on its way to the receipt. @module */
import type { Verdict } from '../decide/decide.ts'
import type { Reason } from '../decide/reasons.ts'
import type { Debit } from '../log/receipt.ts'
import type { BasesRecord } from '../log/receipt-basis.ts'
import type { FlowRecord } from '../log/receipt-flow.ts'
import type { HeldCall } from './approvals.ts'
import type { OutputNeeded } from './attested.ts'
import type { Authenticated } from './authenticate.ts'
import type { BasisCall } from './basis/basis-call.ts'
import type { FlowCall } from './flow/flow-call.ts'
import type { StreamPlace } from './recorder.ts'
import type { CallOutcome } from './types.ts'

export interface Judged {
  readonly verdict: Verdict
  readonly authenticated: Authenticated
  /** Taken already (LIM-5). */
  readonly debits: readonly Debit[]
  /** Of a step_up: the call as it waits. `again`: it is one that has been recorded (APR-16). */
  readonly held?: HeldCall
  readonly again?: boolean
  /** Of a personal tool: what its receipt says, where bases are asked for, and what goes on with it (CNS-28). */
  readonly basis?: BasesRecord
  readonly bases?: BasisCall
  /** What the flow rules went by, where they are in force (RCP-11). */
  readonly flow?: FlowRecord
  /** Each thing that rules object to, by a name of its own. */
  readonly objections?: ReadonlySet<string>
  /** The same in sentences for people (FLW-12). */
  readonly why?: readonly string[]
  /** Where its result has to be noted or redacted: left once that is done, or the call is denied. */
  readonly call?: FlowCall
  /** Of a step_up: what a person attests when they let it go (OUT-3). */
  readonly output?: OutputNeeded
  /** Of its receipt, once that is durable. */
  readonly place?: StreamPlace
}

export function deniedTo(
  authenticated: Authenticated,
  grant: string | null,
  reasons: readonly Reason[],
): Judged {
  return { authenticated, verdict: { decision: 'deny', grant, reasons }, debits: [] }
}

/** What waits no more is no part of it. */
export function deniedAs({ authenticated, verdict }: Judged, reasons: readonly Reason[]): Judged {
  return deniedTo(authenticated, verdict.grant, reasons)
}

export type Allowed = Judged & { readonly verdict: Extract<Verdict, { decision: 'allow' }> }

/** What whoever asked is told. */
export function denialOf(
  action: string,
  { verdict, why = [] }: Judged,
): Extract<CallOutcome<never>, { decision: 'deny' }> {
  const reasons = verdict.decision === 'allow' ? [] : verdict.reasons
  return { decision: 'deny', action, reasons, ...(why.length === 0 ? {} : { why }) }
}
