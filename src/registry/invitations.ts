/** Invitations: secrets that enrol one person once, kept as hashes. spec/api.md (API-4). @module */
import type { Kysely } from 'kysely'
import type { Crypto } from '../core/crypto.ts'
import { base64url, utf8 } from '../core/encoding.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import type { RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'

/** An invitation is good for a day (API-4). */
export const INVITATION_TTL_MS = 24 * 3600 * 1000
const SECRET_BYTES = 32

export function secretHash(crypto: Crypto, secret: string): string {
  return base64url(crypto.sha256(utf8(secret)))
}

export function newSecret(crypto: Crypto): string {
  return base64url(crypto.randomBytes(SECRET_BYTES))
}

/** @returns the secret, which cannot be shown again. */
export async function insertInvitation(crypto: Crypto, tx: Tx, person: string): Promise<string> {
  const invitation = newSecret(crypto)
  await tx.db
    .insertInto('invitations')
    .values({
      secret_hash: secretHash(crypto, invitation),
      person,
      expires: tx.now + INVITATION_TTL_MS,
      used: 0,
    })
    .execute()
  return invitation
}

/**
 * A new secret for the first person in place of an earlier start's: that may have ended before it showed it, or a day
 * ago. @returns null once anyone has enrolled
 */
export function renewFirstInvitation(ctx: Pick<RegistryContext, 'crypto' | 'store'>): Promise<string | null> {
  return ctx.store.write(async (tx) => {
    const people = await tx.db.selectFrom('people').select(['id', 'status']).limit(2).execute()
    const [first] = people
    if (first === undefined || people.length > 1 || first.status !== 'added') return null
    await tx.db.updateTable('invitations').set({ used: 1 }).where('person', '=', first.id).execute()
    return insertInvitation(ctx.crypto, tx, first.id)
  })
}

/** @param now milliseconds. @throws {RegistryError} `SECRET_INVALID`: unknown, used or expired, not told apart. */
export async function assertInvitation(
  db: Kysely<Schema>,
  hash: string,
  now: number,
): Promise<{ person: string }> {
  const invitation = await db
    .selectFrom('invitations')
    .select('person')
    .where('secret_hash', '=', hash)
    .where('used', '=', 0)
    .where('expires', '>', now)
    .executeTakeFirst()
  if (invitation) return invitation
  throw new RegistryError('SECRET_INVALID', 'the secret is wrong, used or expired: ask for a new one')
}

/** Uses it up. @throws {RegistryError} `SECRET_INVALID` */
export async function takeInvitation(tx: Tx, hash: string): Promise<{ person: string }> {
  const invitation = await assertInvitation(tx.db, hash, tx.now)
  await tx.db.updateTable('invitations').set({ used: 1 }).where('secret_hash', '=', hash).execute()
  return invitation
}
