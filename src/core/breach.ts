/** Who is told of a breach of personal data, and by when. spec/breaches.md (BRC-3). Pure. Not legal advice. @module */
import { reaches } from './jurisdiction.ts'

export const BREACH_RISKS = ['unlikely', 'likely', 'high'] as const
export type BreachRisk = (typeof BREACH_RISKS)[number]
export const NOTIFIED = ['authority', 'subjects'] as const
export type Notified = (typeof NOTIFIED)[number]

const HOUR_MS = 3_600_000
const AUTHORITY_MS = 72 * HOUR_MS
const SUBJECTS_MS = 30 * 24 * HOUR_MS

export interface DueNotice {
  readonly to: Notified
  readonly jurisdiction: string
  /** Milliseconds since 1970: in time until then. */
  readonly due_ms: number
}

/** When a notice would be due if it is: null where nobody is told. */
export function noticeLimit(to: Notified, jurisdiction: string, aware_ms: number): number | null {
  if (to === 'subjects') return aware_ms + SUBJECTS_MS
  const tells = ['EU', 'GB', 'IN'].some((outer) => reaches(outer, jurisdiction))
  return tells ? aware_ms + AUTHORITY_MS : null
}

/** @param risk in force at the limit */
export function isWanted(to: Notified, jurisdiction: string, risk: BreachRisk): boolean {
  if (reaches('IN', jurisdiction)) return true
  if (to === 'subjects') return reaches('US-CA', jurisdiction) || risk === 'high'
  return risk !== 'unlikely'
}

/** @param riskAt the risk that was in force at a time */
export function dueNotices(
  aware_ms: number,
  jurisdictions: readonly string[],
  riskAt: (time_ms: number) => BreachRisk,
): DueNotice[] {
  return jurisdictions.flatMap((jurisdiction) =>
    NOTIFIED.flatMap((to) => {
      const due_ms = noticeLimit(to, jurisdiction, aware_ms)
      return due_ms !== null && isWanted(to, jurisdiction, riskAt(due_ms))
        ? [{ to, jurisdiction, due_ms }]
        : []
    }),
  )
}
