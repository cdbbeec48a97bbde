/** The tables of alerts and of their policy. spec/alerts.md. @module */
import type { ChannelKind } from '../core/channel.ts'
import type { NoticeEvent } from './notifier.ts'
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
  /** Where people hear of alerts (ALR-12). Times of entries are their indices. */
  channels: {
    id: string
    kind: ChannelKind
    host: string
    added: number
    removed: number | null
    config_box: Uint8Array | null
  }
  /** Whether a channel is well, and which node tells it. Times in milliseconds. */
  channel_states: {
    channel: string
    attempts: number
    next_try: number
    failing_since: number | null
    alerted: number
    claimed_until: number
  }
  /** What a channel is to be told, or was. Times in milliseconds. */
  alert_notices: {
    id: string
    channel: string
    alert: string
    event: NoticeEvent
    time: number
    state: 'waiting' | 'taken' | 'dead'
    attempts: number
    /** Since when it has been tried: later than `time` once it was asked for again. */
    since: number
    changed: number
    why: string | null
  }
  /** Of each rule and day, whether its detector found its canary (DET-5). `day`: UTC, `2026-03-01`. */
  canaries: { rule: string; day: string; ok: number; entry: number }
  /** What detectors remember. */
  detector_states: { rule: string; state_json: string }
  alert_keys: { key: string; alert: string; time: number }
}
