/**
 * How far each enforcement point has followed the revocations. spec/revocation.md (REV-13). Operational: the log holds
 * nothing of it, and nothing is decided by it.
 * @module
 */
import type { Kysely } from 'kysely'
import { canonicalize, parseJson } from '../core/json.ts'
import { publicJwk } from '../core/jwk.ts'
import type { Schema } from '../ports/schema.ts'
import { verifyAck } from '../revoke/ack.ts'
import type { SignedAck } from '../revoke/statement.ts'
import type { RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import { findPoint } from './points.ts'

/** Points that are named as missing; the number of them is exact. */
export const MISSING_MAX = 100

export interface Acknowledged {
  /** Enrolled points whose key is not revoked. */
  readonly of: number
  readonly acknowledged: number
  readonly missing: readonly { readonly point: string; readonly name: string; readonly head: number | null }[]
}

/** @throws {RegistryError} `ACK_INVALID`: of another point, or not signed by its key */
export async function takeAck(ctx: RegistryContext, point: string, signed: SignedAck): Promise<void> {
  const { ack } = signed
  const { jwk_json } = await ctx.store.query((db) => findPoint(db, point))
  if (ack.point !== point || !verifyAck(ctx.crypto, publicJwk(parseJson(jwk_json)), signed)) {
    throw new RegistryError('ACK_INVALID', 'the acknowledgement is not of this point')
  }
  const { epoch, head, t } = ack
  const row = { epoch, head, t, kills_json: canonicalize([...ack.kills]) }
  await ctx.store.write((tx) =>
    tx.db
      .insertInto('acks')
      .values({ point, ...row })
      .onConflict((on) => on.column('point').doUpdateSet(row))
      .execute()
      .then(() => undefined),
  )
}

/** @param seq the frame that is asked about */
export async function acknowledgedBy(db: Kysely<Schema>, seq: number): Promise<Acknowledged> {
  const enrolled = db
    .selectFrom('points')
    .leftJoin('acks', 'acks.point', 'points.id')
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('frames')
            .select('seq')
            .where('kind', '=', 'key')
            .whereRef('handle', '=', 'points.jkt')
            .where('seq', '<=', seq),
        ),
      ),
    )
  const { n } = await enrolled
    .select((eb) => eb.fn.countAll<number | string>().as('n'))
    .executeTakeFirstOrThrow()
  const late = enrolled.where((eb) => eb.or([eb('acks.head', 'is', null), eb('acks.head', '<', seq)]))
  const { m } = await late.select((eb) => eb.fn.countAll<number | string>().as('m')).executeTakeFirstOrThrow()
  const missing = await late
    .select(['points.id as point', 'points.name', 'acks.head'])
    .orderBy('points.id')
    .limit(MISSING_MAX)
    .execute()
  return { of: Number(n), acknowledged: Number(n) - Number(m), missing }
}
