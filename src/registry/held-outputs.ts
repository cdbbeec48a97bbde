/**
 * Outputs that leave by a call which a point holds: one gesture attests them and lets the call go. spec/outputs.md (OUT-4
 * to OUT-6). Invariant: while such a call waits, it is approved by an attestation alone.
 * @module
 */
import type { Kysely } from 'kysely'
import type { ApprovalAct } from '../core/approval.ts'
import { fromBase64 } from '../core/encoding.ts'
import type { Gesture } from '../core/gesture.ts'
import type { JsonObject } from '../core/json.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import type { Envelope } from '../provenance/dsse.ts'
import { readStatement, statementDigest, type Statement } from '../provenance/statement.ts'
import { approvalChallenge, approvalGestureFault } from '../token/approval.ts'
import { actOf, findApproval, viewOf, type ApprovalView } from './approval-views.ts'
import { recordDecided } from './approval-rows.ts'
import { personActor, type GestureParts, type RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import type { OutputRow } from './output-rows.ts'
import { gestureBy, type EnrolledPerson } from './people.ts'
import { openingOf } from './personal.ts'

type Db = Kysely<Schema>

/** The held call by which an output would leave, while it waits; null: none waits. */
export async function heldCallOf(
  ctx: Pick<RegistryContext, 'iss'>,
  db: Db,
  { action, registrar }: Pick<OutputRow, 'action' | 'registrar'>,
  now: number,
): Promise<ApprovalView | null> {
  if (action === null) return null
  const row = await db
    .selectFrom('approvals')
    .selectAll()
    .where('action', '=', action)
    .where('point', '=', registrar)
    .where('status', '=', 'open')
    .where('expires', '>', now)
    .executeTakeFirst()
  return row === undefined ? null : viewOf(db, ctx.iss, row, now)
}

function heldActOf(view: ApprovalView, statement: string): ApprovalAct {
  return { ...actOf(view, 'approve'), statement }
}

/** What a person signs in place of the act of an attestation, and its challenge. */
export function askedOfHeld(
  ctx: Pick<RegistryContext, 'crypto'>,
  view: ApprovalView,
  statement: Statement,
): { readonly act: ApprovalAct; readonly challenge: string } {
  const act = heldActOf(view, statementDigest(ctx.crypto, statement))
  return { act, challenge: approvalChallenge(ctx.crypto, act) }
}

/**
 * The gesture over it. @throws {RegistryError} `STATE_CONFLICT`: the call waits no more; `SAME_PERSON`: who stands behind
 * the delegation does not approve; `GESTURE_INVALID`
 */
export async function heldGesture(
  ctx: RegistryContext,
  tx: Tx,
  approval: string,
  { statement, who, parts }: { statement: Statement; who: EnrolledPerson; parts: GestureParts },
): Promise<{ act: ApprovalAct; gesture: Gesture; acted_alone: boolean }> {
  const view = await viewOf(tx.db, ctx.iss, await findApproval(tx.db, approval), tx.now)
  if (view.status !== 'open')
    throw new RegistryError('STATE_CONFLICT', 'the call by which it would leave waits no more')
  const acted_alone = view.behind.includes(who.rev)
  if (acted_alone && ctx.separation === 'independent')
    throw new RegistryError('SAME_PERSON', 'who stands behind the delegation does not attest it: ask another')
  const { act } = askedOfHeld(ctx, view, statement)
  const gesture = gestureBy(who, 'approver', parts, (made) =>
    approvalGestureFault(ctx.crypto, ctx.rp, act, made),
  )
  return { act, gesture, acted_alone }
}

/** The call goes out, as far as people are concerned (APR-10). */
export async function letGo(
  tx: Tx,
  person: string,
  body: { readonly act: ApprovalAct; readonly gesture: Gesture; readonly acted_alone: boolean },
): Promise<void> {
  const { approval } = body.act
  await tx.append({ type: 'approval.decided', actor: personActor(person), subject: approval, body })
  await recordDecided(tx.db, { person, now_ms: tx.now }, body)
  await tx.db.deleteFrom('approval_links').where('approval', '=', approval).execute()
}

/** What the point is given beside the act, to see for itself; null: erased. */
export async function signedStatement(
  ctx: RegistryContext,
  db: Db,
  { action, statement }: ApprovalAct,
): Promise<JsonObject | null> {
  const rows = await db
    .selectFrom('attestations')
    .innerJoin('outputs', 'outputs.id', 'attestations.output')
    .select('envelope_commit')
    .where('outputs.action', '=', action)
    .execute()
  for (const { envelope_commit } of rows) {
    const found = await openingOf(ctx, db, envelope_commit)
    if (found === null || !('value' in found.opening)) continue
    const envelope = found.opening.value as unknown as Envelope
    const read = readStatement(fromBase64(envelope.payload))
    if (statementDigest(ctx.crypto, read) !== statement) continue
    const { act: _, gesture: __, ...predicate } = read.predicate
    return { ...read, predicate }
  }
  return null
}
