/**
 * What an organisation wants of drift: when a session is over, how long an epoch warms up, how often a false alarm may come.
 * spec/drift.md (DRF-27).
 * @module
 */
import { z } from 'zod'

/** A session that nobody closes is nobody's task any more. */
const IDLE_S_MAX = 24 * 3600
/** Decisions of one session: what is kept of it until it is scored. */
export const ACTIONS_MAX = 256
const TRAIN_SESSIONS_MAX = 10_000
const CALIBRATE_SESSIONS_MAX = 10_000
/** A watch that comes more often than every tenth session is no news; more than a million sessions nobody has. */
const THRESHOLD_MIN = 10
const THRESHOLD_MAX = 1_000_000

const threshold = z.int().min(THRESHOLD_MIN).max(THRESHOLD_MAX)

export const driftPolicySchema = z
  .strictObject({
    v: z.literal(1),
    /** Seconds without a decision after which a session is over. */
    idle_s: z.int().min(1).max(IDLE_S_MAX),
    /** Decisions with which a session is over. */
    actions_max: z.int().min(1).max(ACTIONS_MAX),
    /** Sessions that a baseline is learned from. */
    train_sessions: z.int().min(10).max(TRAIN_SESSIONS_MAX),
    /** Sessions that are scored before any counts. */
    calibrate_sessions: z.int().min(20).max(CALIBRATE_SESSIONS_MAX),
    /** Sessions to a false alarm at each level, at least. */
    thresholds: z
      .strictObject({ watch: threshold, step_up: threshold, isolate: threshold })
      .refine(
        ({ watch, step_up, isolate }) => watch <= step_up && step_up <= isolate,
        'levels are not in order',
      ),
    /** Sessions for which an alarm at `isolate` stands. */
    hold_sessions: z.int().min(0).max(1000),
    /** Which agents are at `step_up` while an epoch is not warm: those that are elsewhere, in a class that they never had; or all. */
    unwarmed: z.enum(['none', 'unseen', 'all']),
  })
  .readonly()

export type DriftPolicy = z.infer<typeof driftPolicySchema>

/** In force until another was approved. */
export const DRIFT_POLICY: DriftPolicy = {
  v: 1,
  idle_s: 900,
  actions_max: 64,
  train_sessions: 40,
  calibrate_sessions: 100,
  thresholds: { watch: 100, step_up: 300, isolate: 1000 },
  hold_sessions: 10,
  unwarmed: 'unseen',
}
