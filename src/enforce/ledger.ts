/** Cumulative limits: what must be reserved before a call is allowed (GRT-4, NRW-4). @module */
import type { Reason } from '../decide/reasons.ts'
import type { Reservation } from '../log/receipt.ts'
import type { ControlPlane } from '../ports/control-plane.ts'

export interface Ledger {
  /** All or nothing, for every ancestor. @returns null when reserved, else why not. Never rejects. */
  reserve(reservations: readonly Reservation[]): Promise<Reason | null>
}

/** Reserves exactly what a call needs at the control plane: a cap is never passed, at one round trip a limited call. */
export function centralLedger(control: Pick<ControlPlane, 'reserve'>): Ledger {
  return {
    reserve: async (reservations) => {
      try {
        return (await control.reserve(reservations)) ? null : 'LIMIT_EXCEEDED'
      } catch {
        return 'LEDGER_UNAVAILABLE'
      }
    },
  }
}
