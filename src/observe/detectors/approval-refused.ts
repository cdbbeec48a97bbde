/** A call that the person who was asked refused. spec/detectors.md (DET-17). @module */
import { canaryDecision, type DetectorKind } from './detector.ts'
import { denied } from './denials.ts'

const rule = 'APPROVAL_REFUSED'

export const approvalRefused: DetectorKind = {
  rule,
  make: () => ({
    take: ({ index, entry }, found) => {
      if (entry.type !== 'receipt' || entry.body.kind !== 'decision') return
      const { agent, action, server, tool, reasons } = entry.body
      if (agent === null || !reasons.includes('APPROVAL_REFUSED')) return
      found({
        rule,
        key: `refused/${action}`,
        subject: agent,
        detail: { action, server, tool },
        entries: [index],
      })
    },
    state: () => null,
  }),
  canary: (now_ms) => [canaryDecision(now_ms, denied(['APPROVAL_REFUSED']))],
}
