/**
 * Revocation frames: numbered, chained and signed in the transaction that commits them. spec/revocation.md (REV-1).
 * Invariant: a handle has at most one frame, and numbers have no gaps.
 * @module
 */
import type { Kysely } from 'kysely'
import { canonicalize, parseJson } from '../core/json.ts'
import type { Actor } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import {
  frameHash,
  frameSchema,
  signFrame,
  type Frame,
  type RevocationKind,
  type SignedFrame,
} from '../revoke/frame.ts'
import type { SignedKill, SignedLift } from '../revoke/statement.ts'
import type { RegistryContext } from './context.ts'
import { CURRENT, neverBegun } from './frame-ring.ts'

export interface FrameRequest {
  readonly kind: RevocationKind
  readonly handle: string
  readonly reason: string
  /** What the operator named. */
  readonly target: string
  /** Of a kill or a lift (REV-2). */
  readonly statement?: SignedKill | SignedLift
}

/** Revokes one handle. Idempotent: a handle that is revoked already keeps its frame. @throws {RegistryError} `FRAME_KEY_MISSING` */
export async function appendFrame(
  ctx: Pick<RegistryContext, 'crypto' | 'frame'>,
  tx: Tx,
  actor: Actor,
  request: FrameRequest,
): Promise<SignedFrame> {
  const earlier = await tx.db
    .selectFrom('frames')
    .select(['frame_json', 'sig'])
    .where('kind', '=', request.kind)
    .where('handle', '=', request.handle)
    .executeTakeFirst()
  if (earlier) return readFrame(earlier)
  const { signer, epoch } = await ctx.frame.current(tx.db)
  const signed = signFrame(signer, await nextFrame(ctx, tx, epoch, request))
  const { frame, sig } = signed
  await tx.db
    .insertInto('frames')
    .values({ seq: frame.seq, kind: frame.kind, handle: frame.handle, frame_json: canonicalize(frame), sig })
    .execute()
  await tx.append({
    type: 'revocation',
    actor,
    subject: request.target,
    body: { frame, sig, target: request.target },
  })
  return signed
}

async function nextFrame(
  ctx: Pick<RegistryContext, 'crypto'>,
  tx: Tx,
  epoch: number,
  request: FrameRequest,
): Promise<Frame> {
  const last = await lastFrame(tx.db)
  return {
    epoch,
    seq: (last?.frame.seq ?? 0) + 1,
    prev: last ? frameHash(ctx.crypto, last.frame) : '',
    kind: request.kind,
    handle: request.handle,
    reason: request.reason,
    t: tx.now,
    ...(request.statement === undefined ? {} : { statement: request.statement }),
  }
}

/** The last committed frame, or null. */
export async function lastFrame(db: Kysely<Schema>): Promise<SignedFrame | null> {
  const row = await db
    .selectFrom('frames')
    .select(['frame_json', 'sig'])
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row ? readFrame(row) : null
}

/** Frames with a number above `after`, in order, at most `limit`. */
export async function framesAfter(db: Kysely<Schema>, after: number, limit: number): Promise<SignedFrame[]> {
  const rows = await db
    .selectFrom('frames')
    .select(['frame_json', 'sig'])
    .where('seq', '>', after)
    .orderBy('seq')
    .limit(limit)
    .execute()
  return rows.map(readFrame)
}

/**
 * Frames with a number above `after`, in order, at most `limit`, and the frame key as of the same read: what a stream is
 * served from. The same text is the same key (`FrameRing.named`).
 * @throws {RegistryError} `SETUP_MISMATCH`: the database was never begun
 */
export async function keyAndFrames(
  db: Kysely<Schema>,
  after: number,
  limit: number,
): Promise<{ readonly key: string; readonly frames: SignedFrame[] }> {
  const rows = await db
    .selectFrom('meta')
    .leftJoin('frames', (join) => join.on('frames.seq', '>', after))
    .select(['meta.value', 'frames.frame_json', 'frames.sig'])
    .where('meta.name', '=', CURRENT)
    .orderBy('frames.seq')
    .limit(limit)
    .execute()
  const [first] = rows
  if (first === undefined) throw neverBegun()
  const frames: SignedFrame[] = []
  for (const { frame_json, sig } of rows)
    if (frame_json !== null && sig !== null) frames.push(readFrame({ frame_json, sig }))
  return { key: first.value, frames }
}

function readFrame(row: { readonly frame_json: string; readonly sig: string }): SignedFrame {
  return { frame: frameSchema.parse(parseJson(row.frame_json)), sig: row.sig }
}
