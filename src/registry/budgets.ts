/**
 * Cumulative limits: all debits of a call are reserved, or none. spec/delegation.md (GRT-4, NRW-4).
 * Invariant: what was spent under a key never exceeds the maximum first seen for it.
 * @module
 */
import { canonicalize } from '../core/json.ts'
import type { Debit, Reservation } from '../log/receipt.ts'
import type { Tx } from '../ports/store.ts'
import type { Actor } from '../log/entries.ts'
import type { RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'

/** The ledger key (NRW-4). Issuers are namespaces: what one signs spends nothing of another's. */
export function budgetKey(debit: Omit<Debit, 'amount'>): string {
  const { iss, jti, grant, measure, unit, per, period } = debit
  return canonicalize([iss, jti, grant, measure, unit, per, period])
}

/**
 * Logged whole, because a reservation stays spent when its receipt never arrives.
 * @returns whether everything was reserved; if not, nothing was.
 * @throws {RegistryError} `BUDGET_MISMATCH`: a maximum above the one first seen, so one of the two is not the grant's.
 */
export function reserve(
  ctx: RegistryContext,
  point: string,
  debits: readonly Reservation[],
): Promise<boolean> {
  const actor: Actor = { kind: 'point', id: point }
  return ctx.store.write(async (tx) => {
    const after = new Map<string, { max: number; spent: number }>()
    for (const debit of debits) {
      const key = budgetKey(debit)
      const budget = after.get(key) ?? (await readBudget(tx, key)) ?? { max: debit.max, spent: 0 }
      if (debit.max > budget.max) {
        throw new RegistryError('BUDGET_MISMATCH', 'the maximum is above the one first seen for this limit')
      }
      const spent = budget.spent + debit.amount
      if (spent > debit.max) return false
      after.set(key, { max: budget.max, spent })
    }
    for (const [key, budget] of after) {
      await tx.db
        .insertInto('budgets')
        .values({ key, ...budget })
        .onConflict((on) => on.column('key').doUpdateSet({ spent: budget.spent }))
        .execute()
    }
    await tx.append({ type: 'budget.reserved', actor, body: { debits: [...debits] } })
    return true
  })
}

async function readBudget(tx: Tx, key: string): Promise<{ max: number; spent: number } | undefined> {
  return tx.db.selectFrom('budgets').select(['max', 'spent']).where('key', '=', key).executeTakeFirst()
}
