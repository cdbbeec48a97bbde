/** Bodies of the entries about alerts, and about those elsewhere who are told of revocations. spec/entries.md, spec/signals.md. @module */
import { z } from 'zod'

export const alertBodies = {
  'listener.added': z.strictObject({
    kind: z.enum(['webhook', 'ssf_push', 'ssf_poll']),
    url: z.string().max(2048).nullable(),
    /** The last frame that was there before. */
    after: z.int().nonnegative(),
  }),
  'listener.removed': z.strictObject({ reason: z.enum(['removed', 'gone']) }),
  'alert.raised': z.strictObject({
    rule: z.enum([
      'ANCHOR_OVERDUE',
      'BYPASS_SUSPECTED',
      'BASELINE_PROPOSED',
      'DRIFT_ALARM',
      'DRIFT_WATCH',
      'DRILL_OVERDUE',
      'EPOCH_REOPENED',
      'FOLD_FAILED',
      'LATE_RECEIPT',
      'LIMIT_NEAR',
      'LISTENER_FAILING',
      'REQUEST_OVERDUE',
      'SEQUENCE_FORK',
      'SEQUENCE_GAP',
      'TASK_CLASS_UNSEEN',
      'TOOL_CHANGED',
      'WITNESS_CONFLICT',
    ]),
    detail: z.record(z.string().max(64), z.union([z.string().max(256), z.number()])),
  }),
}
