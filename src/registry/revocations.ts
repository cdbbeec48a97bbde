/**
 * Revocations: one request, one or more frames in one transaction. spec/revocation.md (REV-1 to REV-3, REV-9).
 * Invariant: never refused because of a state, and idempotent. Something unknown is an error, so that a mistyped
 * target cannot look like a stop.
 * @module
 */
import type { Actor } from '../log/entries.ts'
import type { Tx } from '../ports/store.ts'
import type { SignedFrame } from '../revoke/frame.ts'
import { retireTx } from './agents.ts'
import type { RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import { appendFrame } from './frames.ts'
import { findEnrolled, leaveTx } from './people.ts'
import { findPoint } from './points.ts'

export type RevocableKind = 'delegation' | 'agent' | 'key' | 'person' | 'point'

export interface RevocationRequest {
  readonly kind: RevocableKind
  /** `dlg_`, `agt_`, `per_` or `pnt_` identifier, or the thumbprint of an agent's key. */
  readonly target: string
  readonly reason: string
}

/**
 * An agent that is revoked is retired; a person who is revoked has left; a point's key is nobody's any more.
 * @returns the frames, new or earlier; acknowledged once this resolves.
 * @throws {RegistryError} `UNKNOWN_DELEGATION`, `UNKNOWN_AGENT`, `UNKNOWN_KEY`, `UNKNOWN_PERSON`, `UNKNOWN_POINT`
 */
export function revoke(
  ctx: RegistryContext,
  actor: Actor,
  request: RevocationRequest,
): Promise<readonly SignedFrame[]> {
  return ctx.store.write((tx) => revokeTx(ctx, tx, actor, request))
}

/**
 * REV-19: whose registration nobody endorsed revokes themselves, and delegations that are theirs. They are a name that
 * somebody typed, and a stop of everything is worth as much to an attacker as a start.
 * A program revokes what its role lets it, and no person (SVC-11).
 * @throws {RegistryError} `NOT_ENDORSED`, `SERVICE_ACCOUNT_REFUSED`
 */
export async function assertMayRevoke(
  ctx: Pick<RegistryContext, 'store'>,
  { kind: by, id: person }: Actor,
  { kind, target }: RevocationRequest,
): Promise<void> {
  if (by === 'service') {
    if (kind !== 'person') return
    throw new RegistryError('SERVICE_ACCOUNT_REFUSED', 'a program lets nobody go: that takes a person')
  }
  if (kind === 'person' && target === person) return
  await ctx.store.query(async (db) => {
    const own = db.selectFrom('delegations').select('jti').where('jti', '=', target)
    const isOwn =
      kind === 'delegation' && (await own.where('principal', '=', person).executeTakeFirst()) !== undefined
    if (!isOwn) await findEnrolled(db, person)
  })
}

/** As {@link revoke}, for who has a transaction. */
export function revokeTx(
  ctx: RegistryContext,
  tx: Tx,
  actor: Actor,
  { kind, target, reason }: RevocationRequest,
): Promise<readonly SignedFrame[]> {
  switch (kind) {
    case 'delegation':
      return revokeDelegation(ctx, tx, actor, target, reason)
    case 'key':
      return revokeKey(ctx, tx, actor, target, reason)
    case 'point':
      return revokePoint(ctx, tx, actor, target, reason)
    case 'agent':
      return retireTx(ctx, tx, actor, target, reason)
    case 'person':
      return leaveTx(ctx, tx, actor, target, reason)
  }
}

async function revokeDelegation(
  ctx: RegistryContext,
  tx: Tx,
  actor: Actor,
  jti: string,
  reason: string,
): Promise<readonly SignedFrame[]> {
  const row = await tx.db
    .updateTable('delegations')
    .set({ revoked: 1 })
    .where('jti', '=', jti)
    .returning('jti')
    .executeTakeFirst()
  if (!row) throw new RegistryError('UNKNOWN_DELEGATION', 'no such delegation')
  return [await appendFrame(ctx, tx, actor, { kind: 'delegation', handle: jti, reason, target: jti })]
}

async function revokeKey(
  ctx: RegistryContext,
  tx: Tx,
  actor: Actor,
  jkt: string,
  reason: string,
): Promise<readonly SignedFrame[]> {
  const row = await tx.db
    .updateTable('agent_keys')
    .set({ revoked: 1 })
    .where('jkt', '=', jkt)
    .returning('jkt')
    .executeTakeFirst()
  if (!row) throw new RegistryError('UNKNOWN_KEY', 'no agent has such a key')
  return [await appendFrame(ctx, tx, actor, { kind: 'key', handle: jkt, reason, target: jkt })]
}

/** `findCaller` knows no key that a frame names, so a stolen enrolment file is worth nothing from here on. */
async function revokePoint(
  ctx: RegistryContext,
  tx: Tx,
  actor: Actor,
  point: string,
  reason: string,
): Promise<readonly SignedFrame[]> {
  const { jkt } = await findPoint(tx.db, point)
  return [await appendFrame(ctx, tx, actor, { kind: 'key', handle: jkt, reason, target: point })]
}
