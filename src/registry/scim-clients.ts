/**
 * Who provisions people and groups, with a bearer token, because it can send nothing else. spec/identity.md (IDN-14).
 * Invariant: a token is kept as a hash, shown once, good for a while and for provisioning alone.
 * @module
 */
import type { Kysely } from 'kysely'
import { newId } from '../core/ids.ts'
import type { Actor } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import { personActor, type RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import { newSecret, secretHash } from './invitations.ts'
import { findEnrolled } from './people.ts'
import { insertClient, markClientRemoved, renewClient, type ScimClientRow } from './scim-rows.ts'

export const SCIM_CLIENTS_MAX = 50
export const SCIM_DAYS_MAX = 365
const DAY_MS = 24 * 3600 * 1000

export function provisioner(client: string): Actor {
  return { kind: 'provisioner', id: client }
}

/** @returns the token, which cannot be shown again. @throws {RegistryError} `NOT_ENDORSED`, `LIMIT_EXCEEDED` */
export function addScimClient(
  ctx: RegistryContext,
  person: string,
  { name, days }: { readonly name: string; readonly days: number },
): Promise<{ client: string; token: string; expires: number }> {
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, person)
    if ((await listScimClients(tx.db)).length >= SCIM_CLIENTS_MAX)
      throw new RegistryError('LIMIT_EXCEEDED', `${SCIM_CLIENTS_MAX} clients provision: remove one`)
    const client = newId(ctx.crypto, 'scm', tx.now)
    const token = newSecret(ctx.crypto)
    const body = { name, expires: tx.now + days * DAY_MS }
    const added = await tx.append({
      type: 'scim.client_added',
      actor: personActor(person),
      subject: client,
      body,
    })
    const token_hash = secretHash(ctx.crypto, token)
    await insertClient(tx.db, { id: client, ...body, person, added, removed: null, token_hash })
    return { client, token, expires: body.expires }
  })
}

/** Another token in place of the one that it has, for the same users. @throws {RegistryError} as {@link removeScimClient} */
export function renewScimClient(
  ctx: RegistryContext,
  person: string,
  id: string,
  days: number,
): Promise<{ client: string; token: string; expires: number }> {
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, person)
    await findStandingTx(tx, id)
    const token = newSecret(ctx.crypto)
    const expires = tx.now + days * DAY_MS
    const actor = personActor(person)
    await tx.append({ type: 'scim.client_renewed', actor, subject: id, body: { expires } })
    await renewClient(tx.db, id, { expires, token_hash: secretHash(ctx.crypto, token) })
    return { client: id, token, expires }
  })
}

async function findStandingTx(tx: Tx, id: string): Promise<void> {
  const known = (await listScimClients(tx.db)).some((client) => client.id === id)
  if (!known) throw new RegistryError('UNKNOWN_SCIM_CLIENT', 'no such client provisions')
}

/** @throws {RegistryError} `NOT_ENDORSED`, `UNKNOWN_SCIM_CLIENT` */
export function removeScimClient(ctx: RegistryContext, person: string, id: string): Promise<void> {
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, person)
    await findStandingTx(tx, id)
    const actor = personActor(person)
    const removed = await tx.append({ type: 'scim.client_removed', actor, subject: id, body: {} })
    await markClientRemoved(tx.db, id, removed)
  })
}

/** Those that were not removed, also those whose token is over. */
export function listScimClients(db: Kysely<Schema>): Promise<ScimClientRow[]> {
  return db.selectFrom('scim_clients').selectAll().where('removed', 'is', null).orderBy('id').execute()
}

/** @param now milliseconds. @returns null: nobody's token, or one that is over */
export async function scimClientOf(ctx: RegistryContext, token: string, now: number): Promise<string | null> {
  const found = await ctx.store.query((db) =>
    db
      .selectFrom('scim_clients')
      .select('id')
      .where('token_hash', '=', secretHash(ctx.crypto, token))
      .where('removed', 'is', null)
      .where('expires', '>', now)
      .executeTakeFirst(),
  )
  return found?.id ?? null
}
