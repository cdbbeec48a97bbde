/**
 * Snapshots: all that is revoked at a head, as a signed header and a body of marks. spec/revocation.md (REV-11).
 * @module
 */
import { z } from 'zod'
import type { Crypto, PublicJwk, Signer } from '../core/crypto.ts'
import { base64url } from '../core/encoding.ts'
import { signTagged, verifyTagged } from '../core/sign.ts'
import { areInOrder, MARK_BYTES } from './marks.ts'
import { signedKillSchema, signedLiftSchema } from './statement.ts'

const SNAPSHOT_TAG = 'countersign-snapshot-v1'
/** 64 MiB of marks: a point keeps up to four times as much. */
export const SNAPSHOT_MARKS_MAX = 4 * 1024 * 1024
/** From here on whoever runs the control plane is told: past the limit there is no snapshot (REV-14). */
export const SNAPSHOT_MARKS_MANY = (SNAPSHOT_MARKS_MAX / 4) * 3
/** Statements of one header. */
export const KILLS_MAX = 1_000
export const LIFTS_MAX = 10_000
/** Bytes of a header as JSON, with as many statements as it may hold by far. */
export const HEADER_BYTES_MAX = 32 * 1024 * 1024

export const digestSchema = z.string().regex(/^[A-Za-z0-9_-]{43}$/)

const snapshotSchema = z.strictObject({
  v: z.literal(1),
  epoch: z.int().positive(),
  head: z.int().nonnegative(),
  head_hash: digestSchema.or(z.literal('')),
  /** Milliseconds since 1970: when it was made. Says nothing of freshness. */
  t: z.int().nonnegative(),
  count: z.int().nonnegative().max(SNAPSHOT_MARKS_MAX),
  digest: digestSchema,
  /** Those that no lift names. */
  kills: z.array(signedKillSchema).max(KILLS_MAX),
  /** All there were. */
  lifts: z.array(signedLiftSchema).max(LIFTS_MAX),
})
export const signedSnapshotSchema = z.strictObject({ snapshot: snapshotSchema, sig: z.string().max(128) })

/** REV-14: the header, and the path of the body. */
export const snapshotAnswerSchema = z.strictObject({
  snapshot: signedSnapshotSchema,
  body: z.string().max(128),
})

export type Snapshot = z.infer<typeof snapshotSchema>
export type SignedSnapshot = z.infer<typeof signedSnapshotSchema>

export function signSnapshot(signer: Signer, snapshot: Snapshot): SignedSnapshot {
  return { snapshot, sig: signTagged(signer, SNAPSHOT_TAG, snapshot) }
}

/** The header alone: see {@link isBodyOf}. */
export function verifySnapshot(crypto: Crypto, key: PublicJwk, { snapshot, sig }: SignedSnapshot): boolean {
  return verifyTagged(crypto, key, SNAPSHOT_TAG, snapshot, sig)
}

export function bodyDigest(crypto: Crypto, body: Uint8Array): string {
  return base64url(crypto.sha256(body))
}

/** Whether the body is that of the header: as many marks as it says, in order, each once. */
export function isBodyOf(crypto: Crypto, { count, digest }: Snapshot, body: Uint8Array): boolean {
  return body.length === count * MARK_BYTES && bodyDigest(crypto, body) === digest && areInOrder(body)
}
