/** The name of a deviation, and what management says of it. spec/deviations.md (DEV-1, DEV-4). Pure. @module */
import type { History } from '../history.ts'
import type { Findings } from '../verify/report.ts'
import type { DeviationEvaluation } from './result.ts'
import type { FoundDeviation } from './test.ts'

/** Characters of what a deviation without entries is about. */
const ABOUT_MAX = 160

export function deviationId(
  test: number,
  { code, message, entries }: Pick<FoundDeviation, 'code' | 'message' | 'entries'>,
): string {
  const [first] = entries
  const about = first ?? message.replaceAll(/[^A-Za-z0-9.:]+/g, '-').slice(0, ABOUT_MAX)
  return `${test}/${code}/${about}`
}

/** By identifier of the deviation, the last one that was signed and holds. */
export type Evaluations = ReadonlyMap<string, DeviationEvaluation>

/** What was signed by now, of every period. */
export function evaluationsOf(history: History, findings: Findings): Evaluations {
  const invalid = new Set(findings.ofCode('EVALUATION_INVALID').map(({ index }) => index))
  const drafts = new Map<number, Omit<DeviationEvaluation, 'entry' | 'signed' | 'signer' | 'acted_alone'>>()
  const last = new Map<string, DeviationEvaluation>()
  for (const { index, entry } of history.governance) {
    if (entry.type === 'evaluation.proposed') {
      const { cause, extent, compensating, effect, remediation } = entry.body
      drafts.set(index, { cause, extent, compensating, effect, remediation })
    }
    if (entry.type !== 'evaluation.signed' || invalid.has(index)) continue
    const { act, acted_alone } = entry.body
    const said = drafts.get(act.proposal)
    if (said !== undefined)
      last.set(act.deviation, {
        entry: index,
        signed: entry.time,
        signer: act.approver,
        acted_alone,
        ...said,
      })
  }
  return last
}
