/**
 * Whose account at an identity provider is whose. spec/identity.md (IDN-8 to IDN-11).
 * Invariants: an account is one person's, a person has one of a provider, and who left has none.
 * @module
 */
import type { Kysely } from 'kysely'
import { newId } from '../core/ids.ts'
import { commitTo } from '../log/commitment.ts'
import type { Actor } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import { personActor, type RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import { soughtKey, soughtKeyTx } from './identity-index.ts'
import { insertIdentity, unlinkAllTx, unlinkTx, type IdentityRow } from './identity-rows.ts'
import { findEnrolled } from './people.ts'
import { keep, wordsOf } from './personal.ts'

type Db = Kysely<Schema>

/** An account as the provider names it (OpenID Connect Core, section 2). */
export interface Account {
  readonly iss: string
  readonly sub: string
}

/** @returns null: nobody's. Not looked at: whether the person is enrolled. */
export async function personOfAccount(
  ctx: Pick<RegistryContext, 'vault' | 'crypto'>,
  db: Db,
  { iss, sub }: Account,
): Promise<string | null> {
  const key = await soughtKey(ctx, db, ['sub', iss, sub])
  if (key === null) return null
  const row = await db.selectFrom('identities').select('person').where('key', '=', key).executeTakeFirst()
  return row?.person ?? null
}

/** Whether the person has an account at the provider `iss`. */
export async function isConnected(db: Db, person: string, iss: string): Promise<boolean> {
  const query = db.selectFrom('identities').select('id').where('person', '=', person).where('iss', '=', iss)
  return (await query.executeTakeFirst()) !== undefined
}

/** @throws {RegistryError} `IDENTITY_IN_USE`: another's; `STATE_CONFLICT`: the person has another account there. Idempotent. */
export async function linkTx(
  ctx: RegistryContext,
  tx: Tx,
  actor: Actor,
  { iss, sub, person, by }: Account & Pick<IdentityRow, 'person' | 'by'>,
): Promise<void> {
  const key = await soughtKeyTx(ctx, tx, ['sub', iss, sub])
  const known = await tx.db
    .selectFrom('identities')
    .select('person')
    .where('key', '=', key)
    .executeTakeFirst()
  if (known?.person === person) return
  if (known) throw new RegistryError('IDENTITY_IN_USE', 'this account is linked to another person')
  const own = await tx.db
    .selectFrom('identities')
    .select('id')
    .where('person', '=', person)
    .where('iss', '=', iss)
    .executeTakeFirst()
  if (own)
    throw new RegistryError('STATE_CONFLICT', `${own.id} links another account there: unlink that one first`)
  const identity = newId(ctx.crypto, 'idn', tx.now)
  const value = commitTo(ctx.crypto, sub)
  const sub_commit = value.commitment
  const body = { identity, iss, by }
  const commitments = { sub: sub_commit }
  const entry = await tx.append({ type: 'identity.linked', actor, subject: person, body, commitments })
  await keep(ctx, tx, person, 'sub', value)
  await insertIdentity(tx.db, { id: identity, person, iss, by, sub_commit, entry, key })
}

/** A person connects an account of theirs (IDN-9). @throws {RegistryError} as {@link linkTx}; `UNKNOWN_PERSON` */
export function connectAccount(ctx: RegistryContext, person: string, account: Account): Promise<void> {
  return ctx.store.write((tx) => linkTx(ctx, tx, personActor(person), { ...account, person, by: 'connect' }))
}

/** Every account of theirs, by themselves (IDN-11). */
export function disconnect(ctx: RegistryContext, person: string): Promise<void> {
  return ctx.store.write((tx) => unlinkAllTx(tx, personActor(person), person))
}

/**
 * IDN-11.
 * @returns whose it was
 * @throws {RegistryError} `UNKNOWN_IDENTITY`, `NOT_ENDORSED`
 */
export function unlink(ctx: RegistryContext, person: string, id: string): Promise<string> {
  return ctx.store.write(async (tx) => {
    const row = await tx.db.selectFrom('identities').selectAll().where('id', '=', id).executeTakeFirst()
    if (!row) throw new RegistryError('UNKNOWN_IDENTITY', 'no such link to an account')
    await findEnrolled(tx.db, person)
    await unlinkTx(tx, personActor(person), row)
    return row.person
  })
}

export interface IdentityView extends Pick<IdentityRow, 'id' | 'person' | 'iss' | 'by' | 'entry'> {
  /** Null: erased. */
  readonly sub: string | null
}

export async function listIdentities(ctx: Pick<RegistryContext, 'vault'>, db: Db): Promise<IdentityView[]> {
  const rows = await db.selectFrom('identities').selectAll().orderBy('id').execute()
  return Promise.all(
    rows.map(async ({ id, person, iss, by, entry, sub_commit }) => ({
      id,
      person,
      iss,
      by,
      entry,
      sub: await wordsOf(ctx, db, sub_commit),
    })),
  )
}
