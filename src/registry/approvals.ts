/**
 * Calls that wait for a person: taken from points, shown to people, decided by a gesture over the very call.
 * spec/approvals.md (APR-5 to APR-11). Invariants: arguments are kept under their commitment and nowhere in the clear;
 * one decision of an approval counts, and it is of a person who may make it.
 * @module
 */
import type { Kysely } from 'kysely'
import { approvalActSchema, type Approval, type ApprovalAct } from '../core/approval.ts'
import { gestureSchema } from '../core/gesture.ts'
import { canonicalize, parseJson } from '../core/json.ts'
import { publicJwk } from '../core/jwk.ts'
import { commitmentOf } from '../log/commitment.ts'
import type { ApprovalRequest } from '../ports/control-plane.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import { approvalGestureFault, signApprover } from '../token/approval.ts'
import { personActor, type GestureParts, type RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import { newSecret, secretHash } from './invitations.ts'
import { recordDecided, recordRequested } from './approval-rows.ts'
import { actOf, bodyOf, findApproval, viewOf, type Requested } from './approval-views.ts'
import { signedStatement } from './held-outputs.ts'
import { passkeyBehind } from './passkey-rows.ts'
import { findEnrolled, gestureBy } from './people.ts'
import { isOpen, keep } from './personal.ts'

/** Open requests of one point: as many as a point holds, and as many again that it has given up. */
const OPEN_PER_POINT_MAX = 128
/** How far ahead a request may expire, in milliseconds (APR-5), and how far clocks may differ. */
const EXPIRES_MAX_MS = 3600 * 1000 + 60_000

/** What arguments are filed under: the delegation, when it is one of ours, else the point. */
export async function subjectOf(
  db: Kysely<Schema>,
  own: string,
  point: string,
  { iss, jti }: Pick<Requested, 'iss' | 'jti'>,
): Promise<string> {
  if (iss !== own) return point
  const filed = await db.selectFrom('subjects').select('id').where('id', '=', jti).executeTakeFirst()
  return filed?.id ?? point
}

/**
 * Idempotent. @returns the secret of the link to its page
 * @throws {RegistryError} `OPENING_INVALID`; `STATE_CONFLICT`: expired, too far ahead, or another of this identifier;
 * `LIMIT_EXCEEDED`
 */
export function requestApproval(
  ctx: RegistryContext,
  point: string,
  { approval, salt, args, ...body }: ApprovalRequest,
): Promise<{ secret: string }> {
  if (commitmentOf(ctx.crypto, { salt, value: args }) !== body.args_commit)
    throw new RegistryError('OPENING_INVALID', 'the arguments do not match their commitment')
  return ctx.store.write(async (tx) => {
    const known = await tx.db
      .selectFrom('approvals')
      .selectAll()
      .where('id', '=', approval)
      .executeTakeFirst()
    if (known === undefined) await insert(ctx, tx, { point, approval, salt, args }, body)
    else if (known.point !== point || canonicalize(bodyOf(known)) !== canonicalize(body))
      throw new RegistryError('STATE_CONFLICT', 'another call has this identifier')
    return { secret: await newLink(ctx, tx, approval, body.expires) }
  })
}

async function insert(
  ctx: RegistryContext,
  tx: Tx,
  {
    point,
    approval,
    salt,
    args,
  }: Pick<ApprovalRequest, 'approval' | 'salt' | 'args'> & { readonly point: string },
  body: Requested,
): Promise<void> {
  if (body.expires <= tx.now || body.expires > tx.now + EXPIRES_MAX_MS)
    throw new RegistryError('STATE_CONFLICT', 'the request has expired, or expires too late')
  const { n } = await tx.db
    .selectFrom('approvals')
    .select((eb) => eb.fn.countAll<number | string>().as('n'))
    .where('point', '=', point)
    .where('status', '=', 'open')
    .where('expires', '>', tx.now)
    .executeTakeFirstOrThrow()
  if (Number(n) >= OPEN_PER_POINT_MAX)
    throw new RegistryError('LIMIT_EXCEEDED', 'too many calls of this point wait for people')
  await tx.append({
    type: 'approval.requested',
    actor: { kind: 'point', id: point },
    subject: approval,
    body,
  })
  await recordRequested(tx.db, { id: approval, point, now_ms: tx.now }, body)
  const subject = await subjectOf(tx.db, ctx.iss, point, body)
  const committed = { commitment: body.args_commit, opening: { salt, value: args } }
  if (await isOpen(tx, subject)) await keep(ctx, tx, subject, 'args', committed)
}

async function newLink(ctx: RegistryContext, tx: Tx, approval: string, expires: number): Promise<string> {
  const secret = newSecret(ctx.crypto)
  await tx.db.deleteFrom('approval_links').where('expires', '<=', tx.now).execute()
  await tx.db.deleteFrom('approval_links').where('approval', '=', approval).execute()
  await tx.db
    .insertInto('approval_links')
    .values({ secret_hash: secretHash(ctx.crypto, secret), approval, expires })
    .execute()
  return secret
}

/** @throws {RegistryError} `GESTURE_INVALID`: nobody's passkey */
export async function personOfCredential(db: Kysely<Schema>, credential_id: string): Promise<string> {
  const row = await passkeyBehind(db, credential_id)
  if (row === null) throw new RegistryError('GESTURE_INVALID', 'this passkey is nobody’s here')
  return row.person
}

/**
 * @throws {RegistryError} `UNKNOWN_APPROVAL`, `NOT_ENDORSED`, `GESTURE_INVALID`; `STATE_CONFLICT`: decided, or over;
 * `SAME_PERSON`: who stands behind the delegation does not approve;
 * `RELEASE_HELD`: it releases an output that has to be attested (OUT-4)
 */
export function decideApproval(
  ctx: RegistryContext,
  person: string,
  id: string,
  decision: ApprovalAct['decision'],
  parts: GestureParts,
): Promise<{ acted_alone: boolean }> {
  return ctx.store.write(async (tx) => {
    const view = await viewOf(tx.db, ctx.iss, await findApproval(tx.db, id), tx.now)
    if (view.status !== 'open')
      throw new RegistryError('STATE_CONFLICT', `this call waits no more: ${view.status.replace('_', ' ')}`)
    if (view.output !== null && decision === 'approve')
      throw new RegistryError(
        'RELEASE_HELD',
        'it releases an output that has to be attested: review the output instead',
      )
    const who = await findEnrolled(tx.db, person)
    const acted_alone = view.behind.includes(who.rev)
    if (acted_alone && ctx.separation === 'independent')
      throw new RegistryError(
        'SAME_PERSON',
        'who stands behind the delegation does not approve: ask another person',
      )
    const act = actOf(view, decision)
    const gesture = gestureBy(who, 'approver', parts, (made) =>
      approvalGestureFault(ctx.crypto, ctx.rp, act, made),
    )
    const body = { act, gesture, acted_alone }
    await tx.append({ type: 'approval.decided', actor: personActor(person), subject: id, body })
    await recordDecided(tx.db, { person, now_ms: tx.now }, body)
    await tx.db.deleteFrom('approval_links').where('approval', '=', id).execute()
    return { acted_alone }
  })
}

/** What the point is given (APR-11); null: nobody has decided. @throws {RegistryError} `UNKNOWN_APPROVAL`: also of another point */
export async function decisionFor(
  ctx: RegistryContext,
  db: Kysely<Schema>,
  point: string,
  id: string,
  now: number,
): Promise<Approval | null> {
  const row = await findApproval(db, id)
  if (row.point !== point) throw new RegistryError('UNKNOWN_APPROVAL', 'no such approval')
  if (row.act_json === null || row.gesture_json === null) return null
  const gesture = gestureSchema.parse(parseJson(row.gesture_json))
  const { rev, registration, jwk } = gesture
  const { signer } = await ctx.frame.current(db)
  const approver = { v: 1 as const, iss: ctx.iss, rev, jwk: publicJwk({ ...jwk }), registration, t: now }
  const act = approvalActSchema.parse(parseJson(row.act_json))
  const statement = act.statement === undefined ? null : await signedStatement(ctx, db, act)
  const decided = { act, gesture, approver: signApprover(signer, approver) }
  return statement === null ? decided : { ...decided, statement }
}
