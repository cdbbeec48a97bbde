/** A verdict with whom it is about, on its way to the receipt. @module */
import type { Verdict } from '../decide/decide.ts'
import type { Reason } from '../decide/reasons.ts'
import type { Debit } from '../log/receipt.ts'
import type { Authenticated } from './authenticate.ts'
import type { StreamPlace } from './recorder.ts'

export interface Judged {
  readonly verdict: Verdict
  readonly authenticated: Authenticated
  /** Taken already (LIM-5). */
  readonly debits: readonly Debit[]
  /** Of its receipt, once that is durable. */
  readonly place?: StreamPlace
}

export function killed(authenticated: Authenticated): Judged {
  return { authenticated, verdict: { decision: 'deny', grant: null, reasons: ['KILLED'] }, debits: [] }
}

export function deniedAs(judged: Judged, reasons: readonly Reason[]): Judged {
  return { ...judged, debits: [], verdict: { decision: 'deny', grant: judged.verdict.grant, reasons } }
}
