/**
 * Links by which a data subject's browser comes in, each good once. spec/consent.md (CNS-11, CNS-29).
 * Invariant: a secret is kept as a hash and used up by the first that shows it.
 * @module
 */
import type { Schema } from '../ports/schema.ts'
import type { RegistryContext } from './context.ts'
import { findSubject } from './data-subjects.ts'
import { RegistryError } from './errors.ts'
import { newSecret, secretHash } from './invitations.ts'

export const LINK_TTL_MS = 15 * 60_000
/** Open ones of one subject. */
const LINKS_MAX = 8

/** @param by who makes it: a person, or a manager. @throws {RegistryError} `UNKNOWN_DATA_SUBJECT`, `LIMIT_EXCEEDED` */
export function makeLink(
  ctx: RegistryContext,
  subject: string,
  by: string,
): Promise<{ secret: string; expires: number }> {
  return ctx.store.write(async (tx) => {
    await findSubject(tx.db, subject)
    await tx.db.deleteFrom('subject_links').where('expires', '<=', tx.now).execute()
    const open = await tx.db.selectFrom('subject_links').select('by').where('subject', '=', subject).execute()
    if (open.length >= LINKS_MAX)
      throw new RegistryError(
        'LIMIT_EXCEEDED',
        `${LINKS_MAX} links of this subject are open: wait 15 minutes`,
      )
    const secret = newSecret(ctx.crypto)
    const expires = tx.now + LINK_TTL_MS
    const row = { secret_hash: secretHash(ctx.crypto, secret), subject, by, expires }
    await tx.db.insertInto('subject_links').values(row).execute()
    return { secret, expires }
  })
}

/** Uses it up. @throws {RegistryError} `SECRET_INVALID`: unknown, used or expired */
export function takeLink(
  ctx: RegistryContext,
  secret: string,
): Promise<Pick<Schema['subject_links'], 'subject' | 'by'>> {
  return ctx.store.write(async (tx) => {
    const row = await tx.db
      .deleteFrom('subject_links')
      .where('secret_hash', '=', secretHash(ctx.crypto, secret))
      .returningAll()
      .executeTakeFirst()
    if (!row || row.expires <= tx.now)
      throw new RegistryError('SECRET_INVALID', 'the link is unknown, used or expired: ask for another')
    return { subject: row.subject, by: row.by }
  })
}
