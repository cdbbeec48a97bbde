/**
 * The issuer's keys: made, rotated, retired, compromised. spec/keys.md (KEY-1 to KEY-4).
 * Invariant: exactly one key is current, its file is durable before its entry commits, and each change is one
 * transaction with its entries and a new number of the trust list.
 * @module
 */
import type { Kysely } from 'kysely'
import type { PublicJwk, Signer } from '../core/crypto.ts'
import { ISSUER_KEYS_MAX } from '../core/issuer.ts'
import { canonicalize, parseJson } from '../core/json.ts'
import { publicJwk, thumbprint } from '../core/jwk.ts'
import { seconds } from '../core/time.ts'
import type { Actor } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import type { SignedFrame } from '../revoke/frame.ts'
import { LIFE_MAX_S } from '../token/constants.ts'
import type { RootDraft } from '../token/issue.ts'
import type { RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import { appendFrame } from './frames.ts'
import { nextTrustSeq } from './trust-seq.ts'

export interface IssuerKeyRecord {
  readonly kid: string
  readonly jwk: PublicJwk
  readonly status: Schema['issuer_keys']['status']
  /** Seconds. */
  readonly retired_at: number | null
}

/** Milliseconds: when the last rotation was. */
export const ROTATED = 'issuer_rotated'

/** The row of a key that its entry has just made current. */
export async function insertCurrentKey(tx: Tx, kid: string, jwk: PublicJwk): Promise<void> {
  const jwk_json = canonicalize({ ...jwk })
  await tx.db
    .insertInto('issuer_keys')
    .values({ kid, jwk_json, status: 'current', retired_at: null })
    .execute()
  await tx.db
    .insertInto('meta')
    .values({ name: ROTATED, value: String(tx.now) })
    .onConflict((on) => on.column('name').doUpdateSet({ value: String(tx.now) }))
    .execute()
  await nextTrustSeq(tx)
}

/**
 * A new key signs from here on; the old one verifies on (KEY-2).
 * @throws {RegistryError} `LIMIT_EXCEEDED`; {KeyStoreError} `KEY_UNAVAILABLE`
 */
export async function rotateIssuerKey(ctx: RegistryContext, actor: Actor): Promise<{ kid: string }> {
  const now = await ctx.store.horizon()
  await ctx.store.query((db) => assertRoom(db, now))
  const made = await ctx.issuer.make()
  return ctx.store.write(async (tx) => {
    await assertRoom(tx.db, tx.now)
    return { kid: await replaceCurrent(ctx, tx, actor, made) }
  })
}

async function replaceCurrent(ctx: RegistryContext, tx: Tx, actor: Actor, made: Signer): Promise<string> {
  const jwk = made.publicJwk
  const kid = thumbprint(ctx.crypto, jwk)
  await tx.db
    .updateTable('issuer_keys')
    .set({ status: 'verifying' })
    .where('status', '=', 'current')
    .execute()
  await tx.append({ type: 'key.created', actor, subject: kid, body: { use: 'issuer', kid, jwk } })
  await insertCurrentKey(tx, kid, jwk)
  return kid
}

/** A trust list holds so many keys (KEY-6). */
async function assertRoom(db: Kysely<Schema>, now_ms: number): Promise<void> {
  if ((await verifyingKeys(db, now_ms)).length >= ISSUER_KEYS_MAX) {
    throw new RegistryError(
      'LIMIT_EXCEEDED',
      `at most ${ISSUER_KEYS_MAX} keys verify at once: a retired one does for 90 days`,
    )
  }
}

/**
 * Retires a key that signs no more, and destroys its private half (KEY-3).
 * @returns `destroyed` false: the file could not be destroyed; the next start tries again
 * @throws {RegistryError} `UNKNOWN_KEY`, `KEY_CURRENT`; `STATE_CONFLICT`: ended already, or it signed this very second
 */
export async function retireIssuerKey(
  ctx: RegistryContext,
  actor: Actor,
  kid: string,
): Promise<{ kid: string; retired_at: number; destroyed: boolean }> {
  const retired_at = await ctx.store.write(async (tx) => {
    const { status } = await findKey(tx.db, kid)
    if (status === 'current') {
      throw new RegistryError('KEY_CURRENT', 'the current key cannot be retired: rotate first')
    }
    if (status !== 'verifying')
      throw new RegistryError('STATE_CONFLICT', `the key is ${status} already: nothing is left to do`)
    const now = seconds(tx.now)
    // Times in tokens are whole seconds: what it signed in this one would be refused as signed after.
    if (now <= seconds(await lastRotation(tx.db))) {
      throw new RegistryError('STATE_CONFLICT', 'the keys were rotated this very second: try again')
    }
    await tx.db
      .updateTable('issuer_keys')
      .set({ status: 'retired', retired_at: now })
      .where('kid', '=', kid)
      .execute()
    const body = { use: 'issuer' as const, kid, retired_at: now }
    await tx.append({ type: 'key.retired', actor, subject: kid, body })
    await nextTrustSeq(tx)
    return now
  })
  return { kid, retired_at, destroyed: await ctx.issuer.destroy(kid) }
}

async function lastRotation(db: Kysely<Schema>): Promise<number> {
  const row = await db.selectFrom('meta').select('value').where('name', '=', ROTATED).executeTakeFirst()
  return Number(row?.value ?? 0)
}

export interface Compromise {
  readonly frames: readonly SignedFrame[]
  /** The key that signs now. */
  readonly current: string
  readonly destroyed: boolean
}

/**
 * Revokes a key for ever, retired ones too, and destroys its private half; the current one is replaced first (KEY-4).
 * Idempotent. @throws {RegistryError} `UNKNOWN_KEY`; {KeyStoreError} `KEY_UNAVAILABLE`
 */
export async function compromiseIssuerKey(
  ctx: RegistryContext,
  actor: Actor,
  kid: string,
  reason: string,
): Promise<Compromise> {
  const before = await ctx.store.query((db) => findKey(db, kid))
  // A key never becomes current again, so it is in the transaction what it is here, or already replaced.
  const made = before.status === 'current' ? await ctx.issuer.make() : null
  const done = await ctx.store.write(async (tx) => {
    const { status } = await findKey(tx.db, kid)
    if (status === 'current' && made !== null) await replaceCurrent(ctx, tx, actor, made)
    if (status !== 'compromised') await endCompromised(tx, actor, kid, reason)
    const frame = await appendFrame(ctx, tx, actor, { kind: 'issuer', handle: kid, reason, target: kid })
    const current = await ctx.issuer.current(tx.db)
    return { frames: [frame], current: thumbprint(ctx.crypto, current.publicJwk) }
  })
  return { ...done, destroyed: await ctx.issuer.destroy(kid) }
}

async function endCompromised(tx: Tx, actor: Actor, kid: string, reason: string): Promise<void> {
  await tx.db.updateTable('issuer_keys').set({ status: 'compromised' }).where('kid', '=', kid).execute()
  const body = { use: 'issuer' as const, kid, reason }
  await tx.append({ type: 'key.compromised', actor, subject: kid, body })
  await nextTrustSeq(tx)
}

/**
 * The signer that a draft was shown with. A rotation in between means that another would sign.
 * @throws {RegistryError} `STATE_CONFLICT`
 */
export async function signerOfDraft(ctx: RegistryContext, tx: Tx, draft: RootDraft): Promise<Signer> {
  const signer = await ctx.issuer.current(tx.db)
  if (draft.header.kid !== thumbprint(ctx.crypto, signer.publicJwk)) {
    throw new RegistryError('STATE_CONFLICT', 'the issuer key was rotated since: draft the delegation again')
  }
  return signer
}

/** Every key that ever was, the current one first. */
export async function listIssuerKeys(db: Kysely<Schema>): Promise<IssuerKeyRecord[]> {
  const rows = await db.selectFrom('issuer_keys').selectAll().orderBy('kid').execute()
  const keys = rows.map((row) => ({
    kid: row.kid,
    jwk: publicJwk(parseJson(row.jwk_json)),
    status: row.status,
    retired_at: row.retired_at,
  }))
  return keys.sort((a, b) => Number(b.status === 'current') - Number(a.status === 'current'))
}

/** Keys by which something may still verify: not compromised, nor retired for longer than a delegation lives. */
export async function verifyingKeys(db: Kysely<Schema>, now_ms: number): Promise<IssuerKeyRecord[]> {
  const over = seconds(now_ms) - LIFE_MAX_S
  const keys = await listIssuerKeys(db)
  return keys.filter(({ status, retired_at }) => status !== 'compromised' && (retired_at ?? over + 1) > over)
}

async function findKey(db: Kysely<Schema>, kid: string): Promise<Schema['issuer_keys']> {
  const row = await db.selectFrom('issuer_keys').selectAll().where('kid', '=', kid).executeTakeFirst()
  if (row === undefined) throw new RegistryError('UNKNOWN_KEY', 'the issuer has no such key')
  return row
}
