/**
 * Who hands in telemetry or reads it with a bearer token, because exporters and scrapers cannot sign. spec/telemetry.md
 * (TEL-15). Invariant: a token is kept as a hash, shown once, and good for one thing.
 * @module
 */
import type { Kysely } from 'kysely'
import { newId } from '../core/ids.ts'
import type { Schema } from '../ports/schema.ts'
import { findAgent } from './agents.ts'
import { personActor, type RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import { newSecret, secretHash } from './invitations.ts'
import { findEnrolled } from './people.ts'

export const SOURCES_MAX = 1_000

export type Source = Schema['sources']

/** @throws {RegistryError} `NOT_ENDORSED`, `LIMIT_EXCEEDED`, `UNKNOWN_AGENT` */
export function addSource(
  ctx: RegistryContext,
  person: string,
  input: Pick<Source, 'kind' | 'agent'>,
): Promise<{ source: string; token: string }> {
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, person)
    if (input.agent !== null) await findAgent(tx.db, input.agent)
    if ((await listSources(tx.db)).length >= SOURCES_MAX)
      throw new RegistryError('LIMIT_EXCEEDED', `${SOURCES_MAX} sources are registered: remove one`)
    const id = newId(ctx.crypto, 'src', tx.now)
    const token = newSecret(ctx.crypto)
    const { kind, agent } = input
    const body = { kind, agent }
    const added = await tx.append({ type: 'source.added', actor: personActor(person), subject: id, body })
    const token_hash = secretHash(ctx.crypto, token)
    await tx.db
      .insertInto('sources')
      .values({ id, ...body, added, removed: null, token_hash })
      .execute()
    return { source: id, token }
  })
}

/** @throws {RegistryError} `NOT_ENDORSED`, `UNKNOWN_SOURCE` */
export function removeSource(ctx: RegistryContext, person: string, id: string): Promise<void> {
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, person)
    const known = (await listSources(tx.db)).some((source) => source.id === id)
    if (!known) throw new RegistryError('UNKNOWN_SOURCE', 'no such source: see "countersign source list"')
    const removed = await tx.append({
      type: 'source.removed',
      actor: personActor(person),
      subject: id,
      body: {},
    })
    await tx.db.updateTable('sources').set({ removed, token_hash: null }).where('id', '=', id).execute()
  })
}

export function listSources(db: Kysely<Schema>): Promise<Source[]> {
  return db.selectFrom('sources').selectAll().where('removed', 'is', null).orderBy('id').execute()
}

/** @returns null for a token of nobody, or of another kind */
export async function sourceOf(
  ctx: RegistryContext,
  kind: Source['kind'],
  token: string,
): Promise<Source | null> {
  const hash = secretHash(ctx.crypto, token)
  const found = await ctx.store.query((db) =>
    db.selectFrom('sources').selectAll().where('token_hash', '=', hash).executeTakeFirst(),
  )
  return found?.kind === kind ? found : null
}
