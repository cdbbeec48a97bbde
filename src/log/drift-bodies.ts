/** Bodies of the entries about baselines and drift. spec/entries.md, spec/drift.md. @module */
import { z } from 'zod'
import { driftPolicySchema } from '../core/drift-policy.ts'
import { gestureSchema } from '../core/gesture.ts'

const id = z.string().max(64)
const digest = z.string().regex(/^[A-Za-z0-9_-]{43}$/)
const index = z.int().nonnegative()

/** A channel's score: DRF-11. */
const score = z.int().min(0).max(1023)
const percent = z.int().min(0).max(100)
const channel = z.enum(['joint', 'transition_max', 'transition_mean', 'magnitude', 'rate', 'novelty'])
const level = z.enum(['none', 'watch', 'step_up', 'isolate'])

function ofChannels<T extends z.ZodType>(of: T) {
  return z.strictObject({
    joint: of,
    transition_max: of,
    transition_mean: of,
    magnitude: of,
    rate: of,
    novelty: of,
  })
}

/** Characters of what people read about a driver: names of two tools, cut. */
export const DRIVER_CHARS_MAX = 200

const session = z.strictObject({
  iss: z.string().min(1).max(256),
  jti: id,
  /** Indices of its first and last receipt. */
  first: index,
  last: index,
  actions: z.int().positive(),
})

const driver = {
  channel: z.enum(['transition_max', 'magnitude', 'rate', 'novelty']),
  /** Of the receipt. */
  entry: index,
  what: z.string().max(DRIVER_CHARS_MAX),
  /** Sixteenths of bits. */
  score: index,
}

export const driftBodies = {
  'drift_policy.proposed': z.strictObject({ policy: driftPolicySchema }),
  'drift_policy.approved': z.strictObject({
    act: z.strictObject({
      act: z.literal('drift_policy.approve'),
      policy: id,
      /** Index of the `drift_policy.proposed` entry. */
      proposal: index,
      approver: id,
    }),
    gesture: gestureSchema,
    acted_alone: z.boolean(),
  }),
  /** DRF-7. The subject of this and of what follows is the agent. */
  'drift.epoch_started': z.strictObject({
    epoch: digest,
    /** Empty where none is known. */
    manifest: digest.or(z.literal('')),
    tools: digest,
    task_class: digest,
    /** The agent has an approved baseline, and none of this class. */
    unseen: z.boolean(),
    /** Index of the receipt that began it. */
    receipt: index,
    /** Of DRF-20. */
    seed: digest,
    train_sessions: z.int().positive(),
    level,
  }),
  'baseline.proposed': z.strictObject({
    agent: id,
    epoch: digest,
    /** SHA-256 of its JCS. */
    document: digest,
    bytes: z.int().positive(),
    sessions: z.int().positive(),
    /** Indices of the first and the last receipt that it was learned from. */
    first: index,
    last: index,
  }),
  'baseline.approved': z.strictObject({
    act: z.strictObject({
      act: z.literal('baseline.approve'),
      baseline: id,
      document: digest,
      /** Index of the `baseline.proposed` entry. */
      proposal: index,
      approver: id,
    }),
    gesture: gestureSchema,
    acted_alone: z.boolean(),
  }),
  /** DRF-22: what a session came to. */
  'drift.scored': z.strictObject({
    epoch: digest,
    n: index,
    session,
    scores: ofChannels(score),
    counted: z.boolean(),
    /** The largest weighed sum, rounded down. */
    reach: index,
    level,
    alarms: z.array(channel).max(6),
    parts: ofChannels(percent).nullable(),
    drivers: z.array(z.strictObject(driver)).max(4),
    /** What drove the sessions that bets were won with since the last alarm, where it is counted and above `none`. */
    because: z.array(z.strictObject({ n: index, ...driver })).max(8),
  }),
}
