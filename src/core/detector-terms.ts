/** When the detectors speak. spec/detectors.md (DET-3). Part of the alert policy. @module */
import { z } from 'zod'

const many = z.int().min(1).max(1_000_000)
const share = z.number().min(0.01).max(1)

export const detectorTermsSchema = z.strictObject({
  /** How long denials are counted together, in minutes. */
  window_min: z
    .int()
    .min(1)
    .max(24 * 60),
  /** Of one agent in a window: denials of what it was not granted; their share, once it made so many calls; tools. */
  scope_denials: many,
  scope_share: share,
  scope_calls_min: many,
  scope_tools: many,
  /** So many denials of one agent within so many minutes are a burst. */
  burst_denials: many,
  burst_min: z
    .int()
    .min(1)
    .max(24 * 60),
  /** Calls of nobody who is registered, at one point in a window. */
  unregistered_calls: many,
  /** Calls of one agent past a limit in a window. */
  limit_denials: many,
  /** Calls of one agent in a window that would have sent data where its label forbids. */
  label_denials: many,
  /** Calls of one agent in a window after its delegation was revoked. */
  revoked_calls: many,
  /** Calls at one point in a window that it denied because it heard of no revocations. */
  stale_denials: many,
  /** Hours after which a delegation that was never used is said to be. */
  unused_h: z.int().min(1).max(10_000),
  /** An agent's hours are unusual once it was seen on so many days and made so many calls. */
  hours_days_min: z.int().min(1).max(1_000),
  hours_calls_min: many,
})
export type DetectorTerms = z.infer<typeof detectorTermsSchema>

export const PACKAGED_DETECTOR_TERMS: DetectorTerms = {
  window_min: 60,
  scope_denials: 10,
  scope_share: 0.5,
  scope_calls_min: 20,
  scope_tools: 5,
  burst_denials: 5,
  burst_min: 5,
  unregistered_calls: 1,
  limit_denials: 5,
  label_denials: 1,
  revoked_calls: 3,
  stale_denials: 10,
  unused_h: 24,
  hours_days_min: 14,
  hours_calls_min: 200,
}
