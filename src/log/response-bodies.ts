/**
 * Bodies of the entries about what is done when an agent misbehaves, about incidents, and about capacity. spec/entries.md,
 * spec/isolation.md, spec/incidents.md, spec/capacity.md.
 * @module
 */
import { z } from 'zod'
import { SEVERITIES } from '../core/alert.ts'
import { gestureSchema } from '../core/gesture.ts'
import { responsePolicySchema, ruleSchema } from '../core/response-policy.ts'

const id = z.string().max(64)
const count = z.int().nonnegative()
/** Of entries. */
const index = count
/** Entries that one names: who wants more looks at the timeline. */
export const NAMED_MAX = 64
const indices = z.array(index).max(NAMED_MAX)

export const INCIDENT_KINDS = ['isolation', 'alert', 'manual', 'tabletop'] as const
/** INC-2. */
export const CONTAINED_BY = ['isolated', 'suspended', 'revoked', 'killed', 'fixed', 'not_needed'] as const
export const NOTE_PHASES = ['note', 'cause', 'lessons'] as const

/** Milliseconds, of `n` of them. */
const spread = z.strictObject({
  n: z.int().positive(),
  p50: z.number().nonnegative(),
  p99: z.number().nonnegative(),
  max: z.number().nonnegative(),
})

function approvedBy<A extends z.ZodObject>(act: A) {
  return z.strictObject({ act, gesture: gestureSchema, acted_alone: z.boolean() })
}

export const responseBodies = {
  'response_policy.proposed': z.strictObject({ policy: responsePolicySchema }),
  'response_policy.approved': approvedBy(
    z.strictObject({
      act: z.literal('response_policy.approve'),
      policy: id,
      /** Index of the `response_policy.proposed` entry. */
      proposal: index,
      approver: id,
    }),
  ),
  'oversight.begun': z.strictObject({
    n: z.int().positive(),
    because: z.enum(['drift', 'unseen', 'person']),
    entries: indices,
  }),
  'oversight.ended': approvedBy(
    z.strictObject({
      act: z.literal('oversight.end'),
      agent: id,
      n: z.int().positive(),
      /** Index of the `oversight.begun` entry. */
      begun: index,
      approver: id,
    }),
  ),
  /** ISO-6. Without keys: a person did it. */
  'isolation.begun': z.strictObject({
    incident: id,
    keys: z
      .array(z.strictObject({ key: z.enum(['drift', 'sign']), rule: ruleSchema, entries: indices }))
      .max(2),
    /** Delegations that were alive, and how many there were. */
    delegations: z.array(id).max(NAMED_MAX),
    delegations_n: count,
  }),
  'isolation.lifted': approvedBy(
    z.strictObject({
      act: z.literal('isolation.lift'),
      agent: id,
      incident: id,
      /** Index of the `isolation.begun` entry. */
      begun: index,
      approver: id,
    }),
  ),
  'incident.opened': z.strictObject({
    kind: z.enum(INCIDENT_KINDS),
    severity: z.enum(SEVERITIES),
    agent: id.nullable(),
    alerts: z.array(id).max(NAMED_MAX),
    entries: indices,
    detected: z.iso.datetime(),
  }),
  'incident.contained': z.strictObject({ how: z.enum(CONTAINED_BY), entries: indices }),
  'incident.noted': z.strictObject({ phase: z.enum(NOTE_PHASES) }),
  'incident.assigned': z.strictObject({ owner: id }),
  'incident.closed': approvedBy(
    z.strictObject({
      act: z.literal('incident.close'),
      incident: id,
      /** Indices of the entries that opened and contained it, and of the last cause and lessons. */
      opened: index,
      contained: index,
      cause: index,
      lessons: index,
      approver: id,
    }),
  ),
  /** CAP-1. */
  'capacity.sampled': z.strictObject({
    hour: z.iso.datetime(),
    cpu_pct: z.number().min(0).max(100),
    memory_bytes: count,
    disk_free_bytes: count,
    disk_total_bytes: count,
    entries: count,
    writes_waiting: count,
    write_ms: spread.nullable(),
    receipts_behind: count,
    points: z.strictObject({ enrolled: count, silent: count }),
    revocation_ms: spread.nullable(),
    deliveries_waiting: count,
  }),
}
