/** Vendors: each approval is over the last assessment of the record as it was, by who may. spec/vendors.md (VND-9). @module */
import type { History } from '../history.ts'
import { isOfVendors } from '../populations/vendors.ts'
import type { ApprovalJudge } from './approvals.ts'
import type { Findings } from './report.ts'

type Logged = Extract<History['governance'][number], { entry: { type: `vendor.${string}` } }>

interface Vendor {
  /** Index of its last record. */
  recorded: number
  assessment: Extract<Logged, { entry: { type: 'vendor.assessed' } }> | null
  isApproved: boolean
  isEnded: boolean
}

export function checkVendors(history: History, judge: ApprovalJudge, findings: Findings): void {
  const all = history.governance.filter((one): one is Logged => isOfVendors(one))
  if (all.length === 0) return
  findings.check('assessments of vendors were approved by somebody else', () => {
    const known = new Map<string, Vendor>()
    for (const each of all) {
      const fault = faultOf(judge, known, each)
      if (fault === null) continue
      const message = `vendor ${each.entry.subject ?? ''}: ${fault}`
      findings.add({ code: 'VENDOR_INVALID', message, index: each.index })
    }
    return all.length
  })
}

function faultOf(judge: ApprovalJudge, known: Map<string, Vendor>, { index, entry }: Logged): string | null {
  const id = entry.subject ?? ''
  const vendor = known.get(id)
  if (entry.type === 'vendor.recorded') {
    known.set(id, { recorded: index, assessment: null, isApproved: false, isEnded: false })
    return null
  }
  if (vendor === undefined) return 'nobody recorded it'
  if (vendor.isEnded) return 'it went on after it was ended'
  switch (entry.type) {
    case 'vendor.assessed':
      vendor.assessment = { index, entry }
      vendor.isApproved = false
      return entry.body.recorded === vendor.recorded ? null : 'its assessment is not of the last record'
    case 'vendor.ended':
      vendor.isEnded = true
      return null
    case 'vendor.approved': {
      const { act } = entry.body
      const { assessment, isApproved } = vendor
      if (act.vendor !== id || assessment === null || act.assessment !== assessment.index || isApproved)
        return 'its approval is not over the last assessment, or not the first'
      vendor.isApproved = true
      return (
        judge.gestureFault({ index, entry }) ??
        judge.separationFault(entry.body, assessment.entry.actor.id === act.approver)
      )
    }
  }
}
