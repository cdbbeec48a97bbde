/**
 * Other issuers that people here trust, and the signed list that says so to enforcement points.
 * spec/keys.md (KEY-6, KEY-9). Invariant: nobody is trusted without a gesture over exactly their record.
 * @module
 */
import type { Kysely } from 'kysely'
import { foreignIssuerSchema, type ForeignIssuer, type IssuerRecord } from '../core/issuer.ts'
import { canonicalize, parseJson } from '../core/json.ts'
import { publicJwk } from '../core/jwk.ts'
import type { Actor, EntryBody } from '../log/entries.ts'
import type { Schema } from '../ports/store.ts'
import { FOREIGN_ISSUERS_MAX, signTrustList, type SignedTrustList } from '../revoke/trust-list.ts'
import { ACT_TAG } from '../token/constants.ts'
import { challengeOf, gestureFault } from '../token/gesture.ts'
import { personActor, type GestureParts, type RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import { verifyingKeys } from './issuer-keys.ts'
import { findEnrolled, gestureOf } from './people.ts'
import { nextTrustSeq, trustSeq } from './trust-seq.ts'

type TrustAct = EntryBody<'issuer.trusted'>['act']

/**
 * What the person signs to trust an issuer as this record has it, in place of an earlier record of its name.
 * @throws {RegistryError} `STATE_CONFLICT`: it is this issuer itself; `LIMIT_EXCEEDED`; {CoreError} `KEY_INVALID`
 */
export async function trustActOf(
  ctx: RegistryContext,
  db: Kysely<Schema>,
  by: string,
  issuer: ForeignIssuer,
): Promise<{ act: TrustAct; challenge: string }> {
  if (issuer.iss === ctx.iss)
    throw new RegistryError('STATE_CONFLICT', 'this is the issuer itself: give the address of the other one')
  for (const jwk of [issuer.frame_key, ...issuer.keys.map((key) => key.jwk)]) publicJwk(jwk)
  const others = (await listIssuers(db)).filter(({ iss }) => iss !== issuer.iss)
  if (others.length >= FOREIGN_ISSUERS_MAX) {
    throw new RegistryError('LIMIT_EXCEEDED', `at most ${FOREIGN_ISSUERS_MAX} other issuers: drop one first`)
  }
  const act: TrustAct = { act: 'issuer.trust', by, issuer, seq: (await trustSeq(db)) + 1 }
  return { act, challenge: challengeOf(ctx.crypto, ACT_TAG, act) }
}

/**
 * The gesture is over the number of the list that this makes, so it is good once.
 * @throws {RegistryError} `GESTURE_INVALID` (also when the list has changed since it was shown), and as {@link trustActOf}
 */
export function trustIssuer(
  ctx: RegistryContext,
  by: string,
  issuer: ForeignIssuer,
  parts: GestureParts,
): Promise<{ seq: number }> {
  return ctx.store.write(async (tx) => {
    const { act, challenge } = await trustActOf(ctx, tx.db, by, issuer)
    const gesture = gestureOf(await findEnrolled(tx.db, by), 'approver', parts)
    const fault = gestureFault(ctx.crypto, ctx.rp, challenge, gesture)
    if (fault !== null) throw new RegistryError('GESTURE_INVALID', fault)
    const issuer_json = canonicalize(issuer)
    await tx.db
      .insertInto('trusted_issuers')
      .values({ iss: issuer.iss, issuer_json })
      .onConflict((on) => on.column('iss').doUpdateSet({ issuer_json }))
      .execute()
    await tx.append({ type: 'issuer.trusted', actor: personActor(by), body: { act, gesture } })
    return { seq: await nextTrustSeq(tx) }
  })
}

/** Points take no chain of it from their next list on. @throws {RegistryError} `UNKNOWN_ISSUER` */
export function dropIssuer(
  ctx: RegistryContext,
  actor: Actor,
  iss: string,
  reason: string,
): Promise<{ seq: number }> {
  return ctx.store.write(async (tx) => {
    const row = await tx.db
      .deleteFrom('trusted_issuers')
      .where('iss', '=', iss)
      .returning('iss')
      .executeTakeFirst()
    if (row === undefined) throw new RegistryError('UNKNOWN_ISSUER', 'no such issuer is trusted')
    await tx.append({ type: 'issuer.dropped', actor, body: { iss, reason } })
    return { seq: await nextTrustSeq(tx) }
  })
}

export async function listIssuers(db: Kysely<Schema>): Promise<ForeignIssuer[]> {
  const rows = await db.selectFrom('trusted_issuers').select('issuer_json').orderBy('iss').execute()
  return rows.map((row) => foreignIssuerSchema.parse(parseJson(row.issuer_json)))
}

/** This issuer, as its own points pin it. */
export async function ownRecord(
  ctx: RegistryContext,
  db: Kysely<Schema>,
  now_ms: number,
): Promise<IssuerRecord> {
  const keys = await verifyingKeys(db, now_ms)
  return {
    iss: ctx.iss,
    rp_id: ctx.rp.rp_id,
    origins: [...ctx.rp.origins],
    keys: keys.map(({ jwk, retired_at }) => ({ jwk, ...(retired_at === null ? {} : { retired_at }) })),
  }
}

/** KEY-6. @param t milliseconds since 1970 */
export function trustList(ctx: RegistryContext, t: number): Promise<SignedTrustList> {
  return ctx.store.query(async (db) => {
    // The number first: what changes in between comes again under the next.
    const seq = await trustSeq(db)
    const own = await ownRecord(ctx, db, t)
    return signTrustList(ctx.frame, {
      v: 1,
      iss: ctx.iss,
      seq,
      t,
      issuers: [own, ...(await listIssuers(db))],
    })
  })
}
