/**
 * Emergency access: one person delegates alone what takes approvers, for hours, and another looks at it afterwards.
 * spec/emergency.md (EMA-1 to EMA-3). Invariants: it is told in the transaction that grants it; it widens no grant.
 * @module
 */
import type { Kysely } from 'kysely'
import { newId } from '../core/ids.ts'
import { parseRfc3339, rfc3339 } from '../core/time.ts'
import { commitTo } from '../log/commitment.ts'
import { EMERGENCY_MS_MAX } from '../log/emergency-bodies.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import { assertStatus, findAgent } from './agents.ts'
import { raise } from './alerts.ts'
import { personActor, type RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import type { ApprovalTerms } from './gestures.ts'
import { findEnrolled } from './people.ts'
import { fileUnder, keep, namesOf } from './personal.ts'
import type { TemplateInForce } from './templates.ts'

export type EmergencyRow = Schema['emergencies']
type Db = Kysely<Schema>

/** Of those that a list shows. */
const LISTED_MAX = 1_000

export interface EmergencyInput {
  readonly agent: string
  /** RFC 3339 UTC. */
  readonly until: string
  readonly reason: string
}

/** @throws {RegistryError} `NOT_ENDORSED`, `UNKNOWN_AGENT`, `STATE_CONFLICT` */
export function grantEmergency(
  ctx: RegistryContext,
  person: string,
  { agent, until, reason }: EmergencyInput,
): Promise<{ access: string; entry: number; until: string }> {
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, person)
    assertStatus(await findAgent(tx.db, agent), ['active'])
    const until_ms = parseRfc3339(until)
    if (until_ms <= tx.now || until_ms > tx.now + EMERGENCY_MS_MAX)
      throw new RegistryError('STATE_CONFLICT', 'emergency access lasts four hours at most, from now')
    const other = tx.db
      .selectFrom('emergencies')
      .select('id')
      .where('taker', '=', person)
      .where('agent', '=', agent)
      .where('until', '>', tx.now)
    const known = await other.executeTakeFirst()
    if (known !== undefined)
      throw new RegistryError('STATE_CONFLICT', `${known.id} still lasts: use that one`)
    const id = newId(ctx.crypto, 'ema', tx.now)
    const words = commitTo(ctx.crypto, reason)
    const body = { agent, until: rfc3339(until_ms) }
    const entry = await tx.append({
      type: 'emergency_access.granted',
      actor: personActor(person),
      subject: id,
      body,
      commitments: { reason: words.commitment },
    })
    await insertEmergency(tx.db, {
      id,
      entry,
      taker: person,
      agent,
      granted: tx.now,
      until: until_ms,
      reason_commit: words.commitment,
    })
    await fileUnder(tx, { id, owner: null, first: entry })
    await keep(ctx, tx, id, 'reason', words)
    const about = { rule: 'EMERGENCY_ACCESS', subject: id, key: `emergency/${id}`, entries: [entry] } as const
    await raise(tx, { ...about, detail: { agent, until: body.until }, isEveryLogged: true })
    return { access: id, entry, until: body.until }
  })
}

export async function insertEmergency(
  db: Db,
  row: Omit<EmergencyRow, 'delegations_n' | 'reviewer' | 'review'>,
): Promise<void> {
  const fresh = { delegations_n: 0, reviewer: null, review: null }
  await db
    .insertInto('emergencies')
    .values({ ...row, ...fresh })
    .execute()
}

/** @throws {RegistryError} `UNKNOWN_EMERGENCY` */
async function findEmergency(db: Db, id: string): Promise<EmergencyRow> {
  const row = await db.selectFrom('emergencies').selectAll().where('id', '=', id).executeTakeFirst()
  if (row === undefined)
    throw new RegistryError('UNKNOWN_EMERGENCY', 'no such access: see "countersign emergency list"')
  return row
}

/**
 * The template as it holds for what is delegated under an access (EMA-2).
 * @param exp seconds
 * @throws {RegistryError} `UNKNOWN_EMERGENCY`; `OUTSIDE_TEMPLATE`: it is of others, is over, or ends before the delegation
 */
export async function withoutApprovers(
  tx: Pick<Tx, 'db' | 'now'>,
  inForce: TemplateInForce,
  id: string,
  of: { readonly principal: string; readonly agent: string; readonly exp: number },
): Promise<TemplateInForce> {
  const { taker, agent, until } = await findEmergency(tx.db, id)
  if (taker !== of.principal || agent !== of.agent)
    throw new RegistryError(
      'OUTSIDE_TEMPLATE',
      'that emergency access is of somebody else, or to another agent',
    )
  if (until <= tx.now || of.exp * 1000 > until)
    throw new RegistryError('OUTSIDE_TEMPLATE', `what is delegated under it ends by ${rfc3339(until)}`)
  return { ...inForce, template: { ...inForce.template, approvals: null } }
}

export async function countDelegation(db: Db, id: string): Promise<void> {
  await db
    .updateTable('emergencies')
    .set((eb) => ({ delegations_n: eb('delegations_n', '+', 1) }))
    .where('id', '=', id)
    .execute()
}

/** EMA-3. */
export const emergencyReview: ApprovalTerms<'emergency_access.reviewed'> = {
  type: 'emergency_access.reviewed',
  notOwn: 'who took emergency access does not review it: ask another person',
  async find({ db, now }, { id }, approver) {
    const { entry: granted, taker, until, delegations_n, review } = await findEmergency(db, id)
    if (review !== null) throw new RegistryError('STATE_CONFLICT', 'it is reviewed already')
    if (until > now)
      throw new RegistryError('STATE_CONFLICT', `it lasts until ${rfc3339(until)}: review it then`)
    const over = { access: id, granted, delegations_n }
    return { act: { act: 'emergency_access.review', ...over, approver }, askedBy: [taker] }
  },
  async settle(tx, { key: { id }, act, approval }) {
    await markReviewed(tx.db, id, act.approver, approval)
  },
}

export async function markReviewed(db: Db, id: string, reviewer: string, review: number): Promise<void> {
  await db.updateTable('emergencies').set({ reviewer, review }).where('id', '=', id).execute()
}

export interface EmergencyView extends Omit<EmergencyRow, 'reason_commit'> {
  /** Null: erased. */
  readonly reason: string | null
}

/** The latest first. */
export async function listEmergencies(ctx: Pick<RegistryContext, 'vault'>, db: Db): Promise<EmergencyView[]> {
  const all = db.selectFrom('emergencies').selectAll().orderBy('entry', 'desc').limit(LISTED_MAX)
  const rows = await all.execute()
  const reasons = await namesOf(
    ctx,
    db,
    rows.map(({ reason_commit }) => reason_commit),
  )
  return rows.map(({ reason_commit, ...row }) => ({ ...row, reason: reasons.get(reason_commit) ?? null }))
}
