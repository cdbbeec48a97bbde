/** What consent costs: at a point that knows a million people, and when one of them withdraws. @module */
import { benchSubjects, type SubjectFigures } from './subjects.ts'
import { benchWithdraw, type WithdrawFigures } from './withdraw.ts'

export interface ConsentFigures {
  readonly subjects: SubjectFigures
  readonly withdraw: WithdrawFigures
}

export async function benchConsent(): Promise<ConsentFigures> {
  return { subjects: await benchSubjects(), withdraw: await benchWithdraw() }
}

export function consentTable({ subjects, withdraw }: ConsentFigures): string {
  return [
    `${subjects.subjects} data subjects at a point     ${subjects.bytes_each} bytes each, ${subjects.rows_per_s} read a second`,
    `found by an identifier            ${subjects.find_ns} ns; nobody found ${subjects.miss_ns} ns`,
    `a basis for a purpose             ${subjects.basis_ns} ns`,
    `a consent withdrawn               the last of ${withdraw.complete + withdraw.bare} denies after ${withdraw.last_p50_ms} ms, ${withdraw.last_max_ms} ms at most in ${withdraw.rounds} rounds (${withdraw.rounds_stale} stale)`,
    `  of ${withdraw.complete} complete points           the last denies a call after ${withdraw.complete_last_p50_ms} ms, ${withdraw.complete_last_max_ms} ms at most`,
    `  of ${withdraw.bare} bare subscribers       the last has parsed it after ${withdraw.bare_last_p50_ms} ms, ${withdraw.bare_last_max_ms} ms at most`,
    `its withdrawal acknowledged       ${withdraw.acknowledged_p50_ms} ms`,
    `${withdraw.derived} derived delegations      over at a point after ${withdraw.derived_ms} ms`,
    '',
  ].join('\n')
}
