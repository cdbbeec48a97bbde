/**
 * Revocation frames, heartbeats and time answers: signed statements of the frame key. spec/revocation.md.
 * @module
 */
import { z } from 'zod'
import type { Crypto, PublicJwk, Signer } from '../core/crypto.ts'
import { taggedDigest } from '../core/digest.ts'
import { signTagged, verifyTagged } from '../core/sign.ts'
import { signedKillSchema, signedLiftSchema } from './statement.ts'

export const FRAME_TAG = 'countersign-frame-v1'
export const HEARTBEAT_TAG = 'countersign-heartbeat-v1'
export const TIME_TAG = 'countersign-time-v1'

const hash = z.string().regex(/^[A-Za-z0-9_-]{43}$/)
const sig = z.string().max(128)

export const revocationKindSchema = z.enum([
  'delegation',
  'person',
  'consent',
  'subject',
  'agent',
  'key',
  'issuer',
  'tool',
  'step_up',
  'step_down',
  'kill',
  'lift',
])

export const frameSchema = z.strictObject({
  epoch: z.int().positive(),
  seq: z.int().positive(),
  /** Hash of the previous frame, empty for the first. */
  prev: hash.or(z.literal('')),
  kind: revocationKindSchema,
  handle: z.string().min(1).max(64),
  reason: z.string().max(64),
  /** Milliseconds since 1970 on the control plane's clock. */
  t: z.int().nonnegative(),
  /** Of a kill or a lift, and of no other kind (REV-2). */
  statement: z.union([signedKillSchema, signedLiftSchema]).exactOptional(),
})
export const signedFrameSchema = z.strictObject({ frame: frameSchema, sig })

export const heartbeatSchema = z.strictObject({
  epoch: z.int().positive(),
  head: z.int().nonnegative(),
  head_hash: hash.or(z.literal('')),
  t: z.int().nonnegative(),
})
export const signedHeartbeatSchema = z.strictObject({ heartbeat: heartbeatSchema, sig })

export const timeSchema = z.strictObject({ nonce: z.string().min(22).max(64), t0: z.int().nonnegative() })
export const signedTimeSchema = z.strictObject({ time: timeSchema, sig })

export type RevocationKind = z.infer<typeof revocationKindSchema>
export type Frame = z.infer<typeof frameSchema>
export type SignedFrame = z.infer<typeof signedFrameSchema>
export type Heartbeat = z.infer<typeof heartbeatSchema>
export type SignedHeartbeat = z.infer<typeof signedHeartbeatSchema>
export type SignedTime = z.infer<typeof signedTimeSchema>

/** What the next frame's `prev` and a heartbeat's `head_hash` carry. */
export function frameHash(crypto: Crypto, frame: Frame): string {
  return taggedDigest(crypto, FRAME_TAG, frame)
}

export function signFrame(signer: Signer, frame: Frame): SignedFrame {
  return { frame, sig: signTagged(signer, FRAME_TAG, frame) }
}

export function verifyFrame(crypto: Crypto, key: PublicJwk, signed: SignedFrame): boolean {
  return verifyTagged(crypto, key, FRAME_TAG, signed.frame, signed.sig)
}

export function signHeartbeat(signer: Signer, heartbeat: Heartbeat): SignedHeartbeat {
  return { heartbeat, sig: signTagged(signer, HEARTBEAT_TAG, heartbeat) }
}

export function verifyHeartbeat(crypto: Crypto, key: PublicJwk, signed: SignedHeartbeat): boolean {
  return verifyTagged(crypto, key, HEARTBEAT_TAG, signed.heartbeat, signed.sig)
}

export function signTime(signer: Signer, nonce: string, t0: number): SignedTime {
  const time = { nonce, t0 }
  return { time, sig: signTagged(signer, TIME_TAG, time) }
}

export function verifyTime(crypto: Crypto, key: PublicJwk, signed: SignedTime): boolean {
  return verifyTagged(crypto, key, TIME_TAG, signed.time, signed.sig)
}
