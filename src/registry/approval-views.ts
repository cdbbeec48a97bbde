/** Calls that wait, or waited, for a person, as people are shown them. spec/approvals.md (APR-6, APR-7). @module */
import type { Kysely } from 'kysely'
import type { ApprovalAct } from '../core/approval.ts'
import { parseJson, type JsonValue } from '../core/json.ts'
import type { EntryBody } from '../log/entries.ts'
import { flowRecordSchema } from '../log/receipt-flow.ts'
import type { Schema } from '../ports/schema.ts'
import type { RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import { secretHash } from './invitations.ts'
import { openingOf } from './personal.ts'

/** Requests of a listing, newest first. */
/** Of one page. */
export const LISTED_MAX = 200

export type Requested = EntryBody<'approval.requested'>

export function bodyOf(row: Schema['approvals']): Requested {
  const { action, agent, iss, jti, grant_digest, server, tool, definition_hash, args_commit, expires } = row
  const flow = row.flow_json === null ? {} : { flow: flowRecordSchema.parse(parseJson(row.flow_json)) }
  const call = { server, tool, definition_hash, args_commit, expires, ...flow }
  return { action, agent, iss, jti, grant: grant_digest, ...call }
}

export interface ApprovalView extends Requested {
  readonly id: string
  readonly point: string
  /** Milliseconds. */
  readonly requested: number
  readonly status: 'open' | 'approved' | 'refused' | 'timed_out'
  readonly decided: number | null
  readonly approver: string | null
  /** The output that it releases, which people attest in place of approving (OUT-4). */
  readonly output: string | null
  /** Handles of those whose gestures stand in the root, where it is one of ours (APR-9). */
  readonly behind: readonly string[]
}

export interface ShownApproval extends ApprovalView {
  /** Null: erased. */
  readonly opening: { readonly salt: string; readonly args: JsonValue } | null
}

export async function viewOf(
  db: Kysely<Schema>,
  own: string,
  row: Schema['approvals'],
  now: number,
): Promise<ApprovalView> {
  const { id, point, requested, decided, approver } = row
  const status = row.status === 'open' && row.expires <= now ? 'timed_out' : row.status
  const behind = row.iss === own ? await behindOf(db, row.jti) : []
  const output = await outputOf(db, row)
  return { id, point, requested, status, decided, approver, output, behind, ...bodyOf(row) }
}

async function outputOf(
  db: Kysely<Schema>,
  { action, point }: Pick<Schema['approvals'], 'action' | 'point'>,
): Promise<string | null> {
  const row = await db
    .selectFrom('outputs')
    .select('id')
    .where('action', '=', action)
    .where('registrar', '=', point)
    .executeTakeFirst()
  return row?.id ?? null
}

async function behindOf(db: Kysely<Schema>, jti: string): Promise<string[]> {
  const rows = await db
    .selectFrom('handles')
    .select('handle')
    .where('owner', '=', jti)
    .where('kind', '=', 'person')
    .orderBy('handle')
    .execute()
  return rows.map(({ handle }) => handle)
}

/** Those alone that can be decided, those first whose time is over first. @param now milliseconds */
export async function waitingApprovals(
  ctx: Pick<RegistryContext, 'iss'>,
  db: Kysely<Schema>,
  now: number,
): Promise<ApprovalView[]> {
  const rows = await db
    .selectFrom('approvals')
    .selectAll()
    .where('status', '=', 'open')
    .where('expires', '>', now)
    .orderBy('expires')
    .orderBy('id')
    .limit(LISTED_MAX)
    .execute()
  return Promise.all(rows.map((row) => viewOf(db, ctx.iss, row, now)))
}

export interface ApprovalFilter {
  readonly status?: ApprovalView['status']
  readonly agent?: string
  /** Those asked for before it: the page behind. */
  readonly before?: string
}

/** All of them, newest first. @param now milliseconds */
export async function listApprovals(
  ctx: Pick<RegistryContext, 'iss'>,
  db: Kysely<Schema>,
  { status, agent, before }: ApprovalFilter,
  now: number,
): Promise<ApprovalView[]> {
  let query = db.selectFrom('approvals').selectAll().orderBy('id', 'desc').limit(LISTED_MAX)
  if (before !== undefined) query = query.where('id', '<', before)
  if (agent !== undefined) query = query.where('agent', '=', agent)
  // Nothing is written when its time is over.
  if (status === 'timed_out') query = query.where('status', '=', 'open').where('expires', '<=', now)
  else if (status === 'open') query = query.where('status', '=', 'open').where('expires', '>', now)
  else if (status !== undefined) query = query.where('status', '=', status)
  return Promise.all((await query.execute()).map((row) => viewOf(db, ctx.iss, row, now)))
}

/** @param now milliseconds. @throws {RegistryError} `UNKNOWN_APPROVAL` */
export async function showApproval(
  ctx: Pick<RegistryContext, 'iss' | 'vault'>,
  db: Kysely<Schema>,
  id: string,
  now: number,
): Promise<ShownApproval> {
  const row = await findApproval(db, id)
  const opened = (await openingOf(ctx, db, row.args_commit))?.opening
  const opening =
    opened === undefined || 'disclosure' in opened ? null : { salt: opened.salt, args: opened.value }
  return { ...(await viewOf(db, ctx.iss, row, now)), opening }
}

/** @throws {RegistryError} `UNKNOWN_APPROVAL` */
export async function findApproval(db: Kysely<Schema>, id: string): Promise<Schema['approvals']> {
  const row = await db.selectFrom('approvals').selectAll().where('id', '=', id).executeTakeFirst()
  if (row === undefined) throw new RegistryError('UNKNOWN_APPROVAL', 'no such approval')
  return row
}

/** @throws {RegistryError} `UNKNOWN_APPROVAL`: also of a link that is over */
export async function approvalOfLink(
  ctx: Pick<RegistryContext, 'crypto'>,
  db: Kysely<Schema>,
  secret: string,
  now: number,
): Promise<string> {
  const row = await db
    .selectFrom('approval_links')
    .select('approval')
    .where('secret_hash', '=', secretHash(ctx.crypto, secret))
    .where('expires', '>', now)
    .executeTakeFirst()
  if (row === undefined) throw new RegistryError('UNKNOWN_APPROVAL', 'no such link, or it is over')
  return row.approval
}

/** What a person signs. */
export function actOf(view: ApprovalView, decision: ApprovalAct['decision']): ApprovalAct {
  const { id, point, action, jti, grant, server, tool, args_commit, expires } = view
  return { v: 1, approval: id, point, action, jti, grant, server, tool, args_commit, decision, expires }
}
