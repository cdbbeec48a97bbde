/** Cumulative limits, summed over every allow of the log for every ancestor. spec/delegation.md, NRW-4. @module */
import { canonicalize } from '../../core/json.ts'
import type { Debit } from '../../log/receipt.ts'
import { periodOf, slidingMs } from '../../core/period.ts'
import { limitName, type Limit } from '../../token/grant.ts'
import type { AllowKind, ProvenAllow, ProvenAllows } from './allows.ts'
import type { LeaseBook } from './leases.ts'
import type { Findings } from './report.ts'
import { lineageIn } from './lineages.ts'

/** Periods are the enforcement point's at decision time; a receipt a moment later may fall into the next. */
const PERIOD_SLACK_MS = 60_000

export function checkLimits(allows: ProvenAllows, leases: LeaseBook, findings: Findings): number {
  const spent = new Map<string, number>()
  let checked = 0
  const isLimited = ({ chain, receipt }: AllowKind): boolean =>
    (lineageIn(chain, receipt.grant) ?? []).some(({ grant }) => (grant.limits ?? []).length > 0)
  for (const allow of allows.where(isLimited)) {
    const { index, receipt } = allow
    const over = (message: string): void => findings.add({ code: 'LIMIT_OVERSPENT', message, index })
    const amounts = new Map<string, number>()
    for (const { limit, debit } of cumulative(allow)) {
      checked++
      if (debit === undefined || !inItsPeriod(debit, Date.parse(receipt.time))) {
        over(`a debit of ${limit.measure} is missing`)
        continue
      }
      const { amount, lease, ...key } = debit
      const max = lease === undefined ? limit.max : (leases.get(lease)?.lease.max ?? limit.max)
      if (max > limit.max) over(`${limit.measure} was leased up to ${max} of ${limit.max}`)
      const weight = weightOf(limit, amounts, amount)
      if (weight !== amount) over(`${limit.measure} was debited as ${amount} and is ${weight}`)
      // What a window holds shows in its leases: receipts have the times of many clocks (LIM-13).
      if (slidingMs(limit.per) !== null) continue
      const name = canonicalize(key)
      const sum = (spent.get(name) ?? 0) + amount
      spent.set(name, sum)
      if (sum > limit.max) over(`${limit.measure} per ${limit.per} adds up to ${sum} of ${limit.max}`)
    }
    for (const limit of perCall(allow)) {
      checked++
      const amount = weightOf(limit, amounts, 0)
      if (amount > limit.max) over(`${limit.measure} of one call is ${amount} of ${limit.max}`)
    }
  }
  return checked
}

/** A call weighs the same wherever it is debited, and 1 in calls (GRT-4). @returns what it weighs, `amount` at first */
function weightOf(limit: Limit, amounts: Map<string, number>, amount: number): number {
  if (limit.measure === 'calls' && limit.unit === '1') return 1
  const name = canonicalize([limit.measure, limit.unit])
  const known = amounts.get(name)
  if (known === undefined && limit.per !== 'call') amounts.set(name, amount)
  return known ?? amount
}

function cumulative({ receipt, chain }: ProvenAllow): { limit: Limit; debit: Debit | undefined }[] {
  return (lineageIn(chain, receipt.grant) ?? []).flatMap(({ delegation: { jti }, digest, grant }) =>
    (grant.limits ?? [])
      .filter((limit) => limit.per !== 'call')
      .map((limit) => {
        const own = receipt.debits.filter(
          (each) =>
            each.iss === chain.iss &&
            each.jti === jti &&
            each.grant === digest &&
            limitName(each) === limitName(limit),
        )
        return { limit, debit: own.length === 1 ? own[0] : undefined }
      }),
  )
}

function perCall({ receipt, chain }: ProvenAllow): Limit[] {
  const limits = (lineageIn(chain, receipt.grant) ?? []).flatMap(({ grant }) => grant.limits ?? [])
  return limits.filter((limit) => limit.per === 'call')
}

function inItsPeriod(debit: Debit, time_ms: number): boolean {
  return (
    debit.period === periodOf(debit.per, time_ms) ||
    debit.period === periodOf(debit.per, time_ms - PERIOD_SLACK_MS)
  )
}
