/**
 * Statements that an enforcement point takes from any path: kills, lifts, rosters, probes, new frame keys; and the
 * acknowledgement with which it answers. spec/kill.md (KIL-1 to KIL-9), spec/revocation.md (REV-13).
 * @module
 */
import { z } from 'zod'
import { gestureSchema } from '../core/gesture.ts'
import { jwkSchema } from '../core/jwk.ts'

export const KILL_TAG = 'countersign-kill-v1'
export const ROSTER_TAG = 'countersign-roster-v1'
export const PROBE_TAG = 'countersign-probe-v1'
export const FRAME_KEY_TAG = 'countersign-frame-key-v1'
export const ACK_TAG = 'countersign-ack-v1'

/** By which way a point got a probe (KIL-29). All but the last get past the control plane. */
export const PROBE_WAYS = ['push', 'file', 'relay', 'stream'] as const
export type ProbeWay = (typeof PROBE_WAYS)[number]

/** Kills that one lift may name. */
export const LIFTED_MAX = 64
/** People of a roster. */
export const ROSTER_MAX = 32

const id = z.string().min(1).max(64)
const iss = z.string().min(1).max(256)
const sig = z.string().max(128)
const digest = z.string().regex(/^[A-Za-z0-9_-]{43}$/)
const reason = z.string().max(64)
/** Milliseconds since 1970. */
const t = z.int().nonnegative()
const by = z.enum(['frame', 'break_glass'])

/** What a kill stops. `id` of a system: its ID, or the name of a server as grants have it (a name of up to 256). */
export const killScopeSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('global') }),
  z.strictObject({ kind: z.literal('system'), id: z.string().min(1).max(256) }),
  z.strictObject({ kind: z.literal('class'), id }),
  z.strictObject({ kind: z.literal('agent'), id }),
])

export const killSchema = z.strictObject({ v: z.literal(1), id, iss, scope: killScopeSchema, reason, t })
export const signedKillSchema = z.strictObject({ kill: killSchema, by, sig })

export const liftSchema = z.strictObject({
  v: z.literal(1),
  id,
  iss,
  kills: z.array(id).min(1).max(LIFTED_MAX),
  /** Number of the roster that it goes by. */
  roster: z.int().positive(),
  reason,
  t,
})
export const signedLiftSchema = z.strictObject({
  lift: liftSchema,
  gestures: z.array(gestureSchema).min(1).max(ROSTER_MAX),
})

export const rosterSchema = z.strictObject({
  v: z.literal(1),
  seq: z.int().positive(),
  iss,
  people: z
    .array(z.strictObject({ rev: id, jwk: jwkSchema }))
    .min(1)
    .max(ROSTER_MAX),
  m: z.int().min(1).max(ROSTER_MAX),
  t,
})
export const signedRosterSchema = z.strictObject({ roster: rosterSchema, sig })

export const probeSchema = z.strictObject({ v: z.literal(1), id, iss, t })
export const signedProbeSchema = z.strictObject({ probe: probeSchema, by, sig })

export const frameKeySchema = z.strictObject({
  v: z.literal(1),
  seq: z.int().positive(),
  iss,
  jwk: jwkSchema,
  epoch: z.int().positive(),
  t,
})
export const signedFrameKeySchema = z.strictObject({ frame_key: frameKeySchema, sig })

/** What comes in by a path that is not the stream: one of them, told apart by its first member. */
export const statementSchema = z.union([
  signedKillSchema,
  signedLiftSchema,
  signedRosterSchema,
  signedProbeSchema,
  signedFrameKeySchema,
])

/** Whether the break-glass key is what it holds by, if it holds. */
export function saysByBreakGlass(statement: Statement): boolean {
  if ('lift' in statement) return false
  return 'by' in statement ? statement.by === 'break_glass' : true
}

export const ackSchema = z.strictObject({
  v: z.literal(1),
  point: id,
  epoch: z.int().nonnegative(),
  head: z.int().nonnegative(),
  /** IDs of the kills in force there. */
  kills: z.array(id).max(1_000),
  t,
  /** Of an answer to a probe. */
  probe: id.exactOptional(),
  /** Thumbprint of the break-glass key that the point pinned. */
  break_glass: digest.exactOptional(),
  /** By which the probe came. */
  way: z.enum(PROBE_WAYS).exactOptional(),
})
export const signedAckSchema = z.strictObject({ ack: ackSchema, sig })

export type KillScope = z.infer<typeof killScopeSchema>
export type Kill = z.infer<typeof killSchema>
export type SignedKill = z.infer<typeof signedKillSchema>
export type Lift = z.infer<typeof liftSchema>
export type SignedLift = z.infer<typeof signedLiftSchema>
export type Roster = z.infer<typeof rosterSchema>
export type SignedRoster = z.infer<typeof signedRosterSchema>
export type SignedProbe = z.infer<typeof signedProbeSchema>
export type SignedFrameKey = z.infer<typeof signedFrameKeySchema>
export type Statement = z.infer<typeof statementSchema>
export type Ack = z.infer<typeof ackSchema>
export type SignedAck = z.infer<typeof signedAckSchema>
