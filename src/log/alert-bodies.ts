/**
 * Bodies of the entries about alerts, and about those elsewhere who are told of revocations. spec/entries.md,
 * spec/alerts.md, spec/signals.md.
 * @module
 */
import { z } from 'zod'
import {
  alertPolicySchema,
  CHANNELS_MAX,
  DISPOSITIONS,
  RULE_NAMES,
  SEVERITIES,
  TRIAGES,
} from '../core/alert.ts'
import { CHANNEL_KINDS } from '../core/channel.ts'
import { gestureSchema } from '../core/gesture.ts'

/** Entries that one alert names: who wants more reads around them. */
export const ALERT_ENTRIES_MAX = 16
export const ALERT_KEY_CHARS_MAX = 256

const index = z.int().nonnegative()

export const alertPolicyBodies = {
  'alert_policy.proposed': z.strictObject({ policy: alertPolicySchema }),
  'alert_policy.approved': z.strictObject({
    act: z.strictObject({
      act: z.literal('alert_policy.approve'),
      policy: z.string().max(64),
      /** Index of the `alert_policy.proposed` entry. */
      proposal: index,
      approver: z.string().max(64),
    }),
    gesture: gestureSchema,
    acted_alone: z.boolean(),
  }),
}

export const alertBodies = {
  'listener.added': z.strictObject({
    kind: z.enum(['webhook', 'ssf_push', 'ssf_poll']),
    url: z.string().max(2048).nullable(),
    /** The last frame that was there before. */
    after: index,
  }),
  'listener.removed': z.strictObject({ reason: z.enum(['removed', 'gone']) }),
  'alert.raised': z.strictObject({
    rule: z.enum(RULE_NAMES),
    severity: z.enum(SEVERITIES),
    /** Minutes within which somebody has to take it. */
    triage_min: z.int().positive(),
    /** Index of the `alert_policy.approved` entry that said so; null: the packaged policy. */
    policy: index.nullable(),
    /** Index of the first entry of the same alert; null: this is it. */
    of: index.nullable(),
    /** How often it was raised so far. */
    n: z.int().positive(),
    /** Names this one finding (ALR-4). */
    key: z.string().min(1).max(ALERT_KEY_CHARS_MAX),
    detail: z.record(z.string().max(64), z.union([z.string().max(256), z.number()])),
    /** Indices of the entries that say so. */
    entries: z.array(index).max(ALERT_ENTRIES_MAX),
    /** It is a test of its detector (DET-5). */
    canary: z.literal(true).exactOptional(),
  }),
  'alert.acknowledged': z.strictObject({ of: index, triage: z.enum(TRIAGES) }),
  /** `step`: how many steps of the escalation were taken. */
  'alert.escalated': z.strictObject({
    of: index,
    step: z.int().positive(),
    channels: z.array(z.string().max(64)).max(CHANNELS_MAX),
  }),
  /** `alert`: index of the first entry of the alert that the canary raised. */
  'detector.canary': z.strictObject({
    rule: z.enum(RULE_NAMES),
    /** UTC. */
    day: z.iso.date(),
    ok: z.boolean(),
    alert: index.nullable(),
  }),
  'channel.added': z.strictObject({ kind: z.enum(CHANNEL_KINDS), host: z.string().max(253) }),
  'channel.removed': z.strictObject({ reason: z.enum(['removed', 'gone']) }),
  'alert.closed': z.strictObject({ of: index, disposition: z.enum(DISPOSITIONS) }),
}
