/** The population of uses of personal data: what auditors take samples of, or the whole. spec/pack.md, spec/consent.md (CNS-39). @module */
import type { JsonObject } from '../../core/json.ts'
import type { History } from '../history.ts'
import { inPeriod, type Period, type PopulationDefinition } from './population.ts'

export const uses: PopulationDefinition = {
  name: 'uses',
  definition:
    'Every use of personal data that a receipt of the period names, and every call or record that was denied or withheld for want of a basis.',
  query:
    'type = receipt and body.basis is there and from <= body.time < to; one row for each of used and missing',
  rows: (history: History, period: Period) => {
    const rows: (JsonObject & { index: number })[] = []
    for (const { index, receipt } of history.receipts()) {
      const { basis, time, action, point } = receipt
      if (basis === undefined || !inPeriod(time, period)) continue
      const { mode } = basis
      const of = receipt.kind === 'decision' ? 'call' : 'result'
      const said = { index, time, action, point, of, mode }
      for (const { subject, purpose, basis: used, n } of basis.used)
        rows.push({ ...said, subject, purpose, basis: used, reason: null, n })
      for (const { subject, purpose, reason, n } of basis.missing)
        rows.push({ ...said, subject, purpose, basis: null, reason, n })
    }
    return rows.sort((a, b) => a.index - b.index)
  },
}
