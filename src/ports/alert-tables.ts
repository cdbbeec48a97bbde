/** The tables of alerts and of their policy. spec/alerts.md. @module */
import type { AlertRule, Disposition, Severity, Triage } from '../core/alert.ts'

export interface AlertTables {
  alert_policies: {
    id: string
    /** At most one is active. */
    status: 'waiting' | 'active' | 'replaced'
    policy_json: string
    proposer: string
    /** Index of the `alert_policy.proposed` entry. */
    proposal: number
    /** Index of the `alert_policy.approved` entry. */
    approval: number | null
  }
  alerts: {
    /** `alt_` and {@link entry}. */
    id: string
    /** Index of the first `alert.raised` entry. */
    entry: number
    rule: AlertRule
    severity: Severity
    /** What it is about; empty for the whole installation. */
    subject: string
    status: 'open' | 'acknowledged' | 'closed'
    /** 1: a test of its detector. */
    canary: number
    /** Of all that was raised, also what is no entry (ALR-6). Times in milliseconds. */
    first: number
    last: number
    count: number
    /** Index of the policy's approval; null: the packaged one. */
    policy: number | null
    triage_min: number
    /** Of the newest entry. */
    detail_json: string
    entries_json: string
    acknowledged: number | null
    /** The person who took it. */
    taker: string | null
    triage: Triage | null
    closed: number | null
    disposition: Disposition | null
    /** Steps of the policy's escalation that were taken. */
    escalated: number
  }
  /** Findings that were raised lately: one that comes again is none (ALR-4). */
  alert_keys: { key: string; alert: string; time: number }
}
