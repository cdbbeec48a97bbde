/**
 * What receipts say was read, against what their points held. spec/flow.md (FLW-19). A receipt that says that whatever may
 * be was read claims nothing: it needs no hold.
 * @module
 */
import { covers, TOP, type DataLabel } from '../../core/label.ts'
import type { DecisionReceipt } from '../../log/receipt.ts'
import type { ProvenAllows } from './allows.ts'
import type { Hold, Holds } from './domains.ts'
import type { Findings } from './report.ts'

/** How far what a receipt says of its time may lie off, in milliseconds: of clocks, and of the way to the point. */
const OFF_MS = 2_000

/** @returns how many receipts */
export function checkDomainReceipts(allows: ProvenAllows, holds: Holds, findings: Findings): number {
  const bounds = new Map<Hold, { taint: DataLabel; readonly index: number }[]>()
  let count = 0
  for (const { index, receipt, chain } of allows.where((one) => one.receipt.flow !== undefined)) {
    const taint = receipt.flow?.taint
    if (taint === undefined) continue
    count++
    if (covers(taint, TOP)) continue
    for (const agent of new Set(chain.delegations.map((each) => each.agent.id))) {
      const its = holdsAt(holds.get(agent) ?? [], receipt, index)
      if (its.length === 0)
        findings.add({
          code: 'DOMAIN_TWICE',
          message: `a call was judged in the domain of ${agent}, which its point did not hold`,
          index,
        })
      else if (its.every(({ begins }) => !covers(taint, begins)))
        findings.add({
          code: 'TAINT_LOWERED',
          message: `a call was judged by less than the domain of ${agent} began with`,
          index,
        })
      const [only, ...others] = its
      if (only === undefined || others.length > 0) continue
      bounds.set(only, [...(bounds.get(only) ?? []), { taint, index }])
    }
  }
  for (const [{ said, point }, all] of bounds)
    for (const { taint, index } of all)
      if (said !== null && !covers(said.taint, taint))
        findings.add({
          code: 'TAINT_LOWERED',
          message: `${point} handed a domain over with less than it had judged this call by`,
          index,
        })
  return count
}

/** Those that it may have been decided in: leased before the receipt was logged, and not over when it was made. */
function holdsAt(all: readonly Hold[], receipt: DecisionReceipt, index: number): Hold[] {
  const [earliest, latest] = timesOf(receipt)
  const found: Hold[] = []
  for (let at = after(all, latest + OFF_MS) - 1; at >= 0; at--) {
    const hold = all[at]
    if (hold === undefined || (hold.said?.time_ms ?? hold.expires_ms) + OFF_MS < earliest) break
    const { point, epoch, from } = hold
    if (point === receipt.point && epoch === receipt.epoch && from.index < index) found.push(hold)
  }
  return found
}

/** By the point's clock, and by the state that it had. */
function timesOf({ time, freshness }: DecisionReceipt): readonly [number, number] {
  const own = Date.parse(time)
  const known = freshness === null ? own : freshness.t + freshness.age_ms
  return [Math.min(own, known), Math.max(own, known)]
}

/** Where the first begins that is later. */
function after(all: readonly Hold[], time_ms: number): number {
  let [low, high] = [0, all.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((all[middle]?.from.time_ms ?? Infinity) <= time_ms) low = middle + 1
    else high = middle
  }
  return low
}
