/** Test 20: whoever makes models and tools was assessed before they were used. spec/vendors.md (VND-8). @module */
import {
  covers,
  usedIn,
  usesOf,
  vendorBook,
  vendorUses,
  type Used,
  type VendorBook,
} from '../populations/vendors.ts'
import type { DeviationCode } from './codes.ts'
import type { ControlTest, FoundDeviation } from './test.ts'

const WHAT = {
  VENDOR_EXPIRED: 'was used after the assessment of its vendor had expired',
  VENDOR_REFUSED: 'was used although the assessment of its vendor refuses it',
  VENDOR_UNASSESSED: 'was used while no assessment of its vendor was in force',
} as const satisfies Partial<Record<DeviationCode, string>>
type VendorCode = keyof typeof WHAT

export const assessedVendors: ControlTest = {
  number: 20,
  criteria: ['CC9.2'],
  title: 'Vendors of models and tools are assessed',
  attribute: 'an assessment that another approved was in force at each use, and does not refuse it',
  population: vendorUses,
  source: null,
  run: (ctx) => {
    const { history, period, findings } = ctx
    const invalid = new Set(findings.ofCode('VENDOR_INVALID').map(({ index }) => index))
    const book = vendorBook(history, (index) => !invalid.has(index))
    return {
      items: ctx.rows(vendorUses).length,
      deviations: usedIn(history, period).flatMap((used) => faultsOf(book, used)),
    }
  },
}

/** The first use of each kind. */
function faultsOf(book: VendorBook, used: Used): FoundDeviation[] {
  const found = new Map<VendorCode, FoundDeviation>()
  for (const { index, time_ms } of usesOf(used)) {
    const fault = faultAt(book, used, time_ms)
    if (fault === null || found.has(fault.code)) continue
    const entries = [index, ...fault.because]
    found.set(fault.code, {
      code: fault.code,
      message: `${used.what} ${used.name} ${WHAT[fault.code]}`,
      entries,
    })
  }
  return [...found.values()]
}

interface Fault {
  readonly code: VendorCode
  readonly because: readonly number[]
}

function faultAt({ standings, inForce }: VendorBook, used: Used, time_ms: number): Fault | null {
  const at = ({ from_ms, until_ms }: { from_ms: number; until_ms: number }): boolean =>
    from_ms <= time_ms && time_ms < until_ms
  if (standings.some((each) => each.record.kind === 'own' && at(each) && covers(each.record, used)))
    return null
  const last = inForce.findLast((each) => at(each) && covers(each.record, used))
  if (last === undefined) return { code: 'VENDOR_UNASSESSED', because: [] }
  const because = [last.approved.index]
  const { outcome, valid_until } = last.assessed.entry.body
  if (outcome === 'refused') return { code: 'VENDOR_REFUSED', because }
  return Date.parse(valid_until) <= time_ms ? { code: 'VENDOR_EXPIRED', because } : null
}
