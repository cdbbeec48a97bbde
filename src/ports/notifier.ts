/** Telling people of an alert. spec/alerts.md (ALR-12 to ALR-18). @module */
import type { AlertRule, Severity } from '../core/alert.ts'
import type { Delivery } from './signal.ts'

/** What happened to the alert; `test`: somebody tries the channel. */
export const NOTICE_EVENTS = ['raised', 'escalated', 'acknowledged', 'closed', 'test'] as const
export type NoticeEvent = (typeof NOTICE_EVENTS)[number]

/** What is told of an alert: codes, numbers and identifiers, nothing personal. */
export interface ToldAlert {
  /** `alt_…`; of a test, that of the test. */
  readonly id: string
  readonly rule: AlertRule
  readonly severity: Severity
  readonly subject: string | null
  readonly status: 'open' | 'acknowledged' | 'closed'
  readonly disposition: string | null
  readonly canary: boolean
  readonly count: number
  /** Milliseconds since 1970. */
  readonly first: number
  readonly last: number
  readonly triage_until: number
  readonly detail: Readonly<Record<string, string | number>>
  /** Indices of entries of the log. */
  readonly entries: readonly number[]
}

export interface Notice {
  /** The same at each try: who gets it twice can tell. */
  readonly id: string
  readonly event: NoticeEvent
  /** When it happened, milliseconds since 1970. */
  readonly time_ms: number
  /** Of this try. */
  readonly now_ms: number
  readonly alert: ToldAlert
  /** The control plane's name, and where people reach it. */
  readonly iss: string
  readonly url: string
}

export interface Notifier {
  /** One try. Never rejects. */
  notify(notice: Notice, signal: AbortSignal): Promise<Delivery>
}
