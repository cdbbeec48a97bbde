/**
 * Top-ups: an agent has used a limit up and a person is asked for more. spec/limits.md (LIM-12).
 * Invariant: nothing raises the cap of a delegation that exists: the answer is another one.
 * @module
 */
import type { Kysely } from 'kysely'
import { newId } from '../core/ids.ts'
import { parseJson } from '../core/json.ts'
import type { EntryBody } from '../log/entries.ts'
import type { LeaseNeed } from '../ports/control-plane.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import { personActor, type RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import { recordAnswer, recordTopUp } from './ledgers.ts'
import { findEnrolled } from './people.ts'

type TopUpLimit = EntryBody<'topup.requested'>['limit']

/**
 * Opens one, once for each ledger key. For roots that were issued here: what a hop may still do is its parent's holder's
 * to say, and what another control plane issued is its people's.
 */
export async function requestTopUp(
  ctx: RegistryContext,
  tx: Tx,
  point: string,
  { need, key, period }: { need: LeaseNeed; key: string; period: string },
): Promise<void> {
  if (need.iss !== ctx.iss) return
  const root = await tx.db
    .selectFrom('delegations')
    .select(['agent', 'revoked'])
    .where('jti', '=', need.jti)
    .executeTakeFirst()
  if (!root || root.revoked !== 0) return
  const known = await tx.db.selectFrom('topups').select('id').where('key', '=', key).executeTakeFirst()
  if (known) return
  const id = newId(ctx.crypto, 'tup', tx.now)
  const { measure, unit, per, max, grant, jti } = need
  const body = {
    agent: root.agent,
    delegation: jti,
    grant,
    limit: { measure, unit, per, period, max },
    asked: need.need,
  }
  await tx.append({ type: 'topup.requested', actor: { kind: 'point', id: point }, subject: id, body })
  await recordTopUp(tx.db, id, tx.now, ctx.iss, body)
}

export interface TopUp {
  readonly id: string
  readonly agent: string
  readonly delegation: string
  /** Digest. */
  readonly grant: string
  readonly limit: TopUpLimit
  readonly asked: number
  readonly status: 'open' | 'granted' | 'declined'
  /** Milliseconds. */
  readonly requested: number
  /** The new delegation, or the reason. */
  readonly answer: string | null
}

/** Answers of a listing, newest first. */
const LISTED_MAX = 200

export async function listTopUps(db: Kysely<Schema>): Promise<TopUp[]> {
  const rows = await db.selectFrom('topups').selectAll().orderBy('id', 'desc').limit(LISTED_MAX).execute()
  return rows.map(topUpOf)
}

function topUpOf({ key: _key, grant_digest, limit_json, ...row }: Schema['topups']): TopUp {
  return { ...row, grant: grant_digest, limit: parseJson(limit_json) as TopUpLimit }
}

/** @throws {RegistryError} `UNKNOWN_TOPUP` */
export async function findTopUp(db: Kysely<Schema>, id: string): Promise<TopUp> {
  const row = await db.selectFrom('topups').selectAll().where('id', '=', id).executeTakeFirst()
  if (!row) throw new RegistryError('UNKNOWN_TOPUP', 'there is no such top-up')
  return topUpOf(row)
}

async function findOpen(tx: Tx, id: string): Promise<TopUp> {
  const topUp = await findTopUp(tx.db, id)
  if (topUp.status !== 'open') throw new RegistryError('STATE_CONFLICT', `this top-up was ${topUp.status}`)
  return topUp
}

/**
 * Answers with a delegation that the person has given the agent since.
 * @throws {RegistryError} `UNKNOWN_TOPUP`, `STATE_CONFLICT`, `NOT_ENDORSED`; `UNKNOWN_DELEGATION`: none of theirs for
 * this agent, or from before it was asked for
 */
export function grantTopUp(
  ctx: RegistryContext,
  person: string,
  id: string,
  delegation: string,
): Promise<void> {
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, person)
    const topUp = await findOpen(tx, id)
    const issued = await tx.db
      .selectFrom('delegations')
      .select(['agent', 'principal', 'issued'])
      .where('jti', '=', delegation)
      .executeTakeFirst()
    const isTheirs = issued?.agent === topUp.agent && issued.principal === person
    if (!isTheirs || issued.issued < topUp.requested)
      throw new RegistryError(
        'UNKNOWN_DELEGATION',
        'that is no delegation of yours for this agent since it asked',
      )
    await tx.append({ type: 'topup.granted', actor: personActor(person), subject: id, body: { delegation } })
    await recordAnswer(tx.db, id, 'granted', delegation)
  })
}

/** @throws {RegistryError} `UNKNOWN_TOPUP`, `STATE_CONFLICT`, `NOT_ENDORSED` */
export function declineTopUp(
  ctx: RegistryContext,
  person: string,
  id: string,
  reason: string,
): Promise<void> {
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, person)
    await findOpen(tx, id)
    await tx.append({ type: 'topup.declined', actor: personActor(person), subject: id, body: { reason } })
    await recordAnswer(tx.db, id, 'declined', reason)
  })
}
