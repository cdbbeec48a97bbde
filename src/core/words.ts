/**
 * Counts and people in messages, as a person would say them.
 * @module
 */

/** `1 approval`, `2 approvals`. @param many when it is not `one` with an `s` */
export function counted(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`
}

interface Answer {
  readonly person: string
  readonly role: 'principal' | 'approver'
  readonly answer: 'open' | 'approved' | 'declined' | 'left'
}

/** Whose approvals a delegation waits for. @param m how many it needs besides its principal */
export function awaited({ m, answers }: { readonly m: number; readonly answers: readonly Answer[] }): string {
  const approvers = answers.filter(({ role }) => role === 'approver')
  const open = approvers.filter(({ answer }) => answer === 'open').map(({ person }) => person)
  const missing = m - approvers.filter(({ answer }) => answer === 'approved').length
  if (missing > open.length) return `${counted(missing, 'person', 'people')}, of whom too many said no`
  return missing === open.length ? open.join(' and ') : `${missing} of ${open.join(', ')}`
}
