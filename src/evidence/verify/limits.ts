/** Cumulative limits, summed over every allow of the log for every ancestor. spec/delegation.md, NRW-4. @module */
import { canonicalize } from '../../core/json.ts'
import type { Debit } from '../../log/receipt.ts'
import { periodOf } from '../../decide/measure.ts'
import { lineageOf, type ProvenAllow } from './chains.ts'
import type { Findings } from './report.ts'

/** Periods are the enforcement point's at decision time; a receipt a moment later may fall into the next. */
const PERIOD_SLACK_MS = 60_000

export function checkLimits(allows: readonly ProvenAllow[], findings: Findings): number {
  const spent = new Map<string, number>()
  let checked = 0
  for (const { index, receipt, chain } of allows) {
    for (const { jti, digest, grant } of lineageOf(chain, receipt.grant) ?? []) {
      for (const limit of grant.limits ?? []) {
        if (limit.per === 'call') continue
        checked++
        const debit = receipt.debits.find(
          (each) =>
            each.jti === jti &&
            each.grant === digest &&
            each.measure === limit.measure &&
            each.unit === limit.unit &&
            each.per === limit.per,
        )
        if (debit === undefined || !inItsPeriod(debit, Date.parse(receipt.time))) {
          findings.add({ code: 'LIMIT_OVERSPENT', message: `a debit of ${limit.measure} is missing`, index })
          continue
        }
        const { amount, ...key } = debit
        const name = canonicalize(key)
        const sum = (spent.get(name) ?? 0) + amount
        spent.set(name, sum)
        if (sum > limit.max) {
          findings.add({
            code: 'LIMIT_OVERSPENT',
            message: `${limit.measure} per ${limit.per} adds up to ${sum} of ${limit.max}`,
            index,
          })
        }
      }
    }
  }
  return checked
}

function inItsPeriod(debit: Debit, time_ms: number): boolean {
  return (
    debit.period === periodOf(debit.per, time_ms) ||
    debit.period === periodOf(debit.per, time_ms - PERIOD_SLACK_MS)
  )
}
