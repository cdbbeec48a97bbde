/**
 * Whose law: codes of jurisdictions, which reaches which, and by when a data subject's request is due there.
 * spec/consent.md (CNS-4, CNS-30). Pure. Not legal advice: the table says what is counted.
 * @module
 */

/** Members of the European Union, and the other states of the European Economic Area. */
const EEA = new Set(
  'AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK'.split(' '),
)

/** CNS-4. `*` reaches everything. */
export function reaches(outer: string, inner: string): boolean {
  if (outer === '*' || outer === inner) return true
  const country = inner.slice(0, 2)
  return outer === 'EU' ? EEA.has(country) : outer.length === 2 && outer === country
}

export const REQUEST_KINDS = [
  'access',
  'export',
  'correct',
  'erase',
  'restrict',
  'object',
  'complain',
] as const
export type RequestKind = (typeof REQUEST_KINDS)[number]

type Term = { readonly months: number } | { readonly days: number } | { readonly workingDays: number }

const DAY_MS = 86_400_000

interface Terms {
  readonly due: Term
  /** Once, from when the first would be over. */
  readonly more: Term | null
}

/** CNS-30. */
function termsOf(kind: RequestKind, jurisdiction: string): Terms {
  if (reaches('EU', jurisdiction) || reaches('GB', jurisdiction))
    return { due: { months: 1 }, more: { months: 2 } }
  if (reaches('IN', jurisdiction)) return { due: { days: 90 }, more: null }
  if (reaches('US-CA', jurisdiction))
    return kind === 'object'
      ? { due: { workingDays: 15 }, more: null }
      : { due: { days: 45 }, more: { days: 45 } }
  return { due: { days: 30 }, more: null }
}

/** @returns milliseconds since 1970: the request is in time until then */
export function dueAt(kind: RequestKind, jurisdiction: string, opened_ms: number): number {
  return after(opened_ms, termsOf(kind, jurisdiction).due)
}

/** @returns null: it is not extended there */
export function extendedDueAt(kind: RequestKind, jurisdiction: string, opened_ms: number): number | null {
  const { due, more } = termsOf(kind, jurisdiction)
  if (more === null) return null
  // Months add up before the day is looked for: one from 31 January and two more end on 30 April.
  return 'months' in due && 'months' in more
    ? after(opened_ms, { months: due.months + more.months })
    : after(after(opened_ms, due), more)
}

function after(time_ms: number, term: Term): number {
  if ('days' in term) return time_ms + term.days * DAY_MS
  if ('months' in term) return monthsAfter(time_ms, term.months)
  let at = time_ms
  for (let left = term.workingDays; left > 0;) {
    at += DAY_MS
    const day = new Date(at).getUTCDay()
    if (day !== 0 && day !== 6) left--
  }
  return at
}

/** On the day of the same number, or on the last of its month. */
function monthsAfter(time_ms: number, months: number): number {
  const from = new Date(time_ms)
  const [year, month] = [from.getUTCFullYear(), from.getUTCMonth() + months]
  const last = new Date(Date.UTC(year, month + 1, 0)).getUTCDate()
  const day = Math.min(from.getUTCDate(), last)
  return Date.UTC(year, month, day) + (time_ms % DAY_MS)
}
