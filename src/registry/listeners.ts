/**
 * Listeners: software elsewhere that is told of revocations. spec/signals.md (SIG-1, SIG-6).
 * Invariant: who is told, and since which frame, is in the log; secrets are sealed or kept as hashes, and go with the
 * listener.
 * @module
 */
import type { Kysely } from 'kysely'
import { base64, base64url, fromBase64url } from '../core/encoding.ts'
import { newId } from '../core/ids.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import { SECRET_PREFIX } from '../core/standard-webhook.ts'
import { personActor, SYSTEM, type RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import { lastFrame } from './frames.ts'
import { newSecret, secretHash } from './invitations.ts'
import { findEnrolled } from './people.ts'
import { openFor, sealFor } from './personal.ts'

export const LISTENERS_MAX = 32
const SECRET_BYTES = 32

export type ListenerRow = Schema['listeners']
export type ListenerKind = ListenerRow['kind']

export interface ListenerInput {
  readonly kind: ListenerKind
  /** Null for a receiver that polls. */
  readonly url: string | null
  /** What a push is sent with, as its receiver gave it. */
  readonly authorization?: string
}

/** Shown once. */
export interface AddedListener {
  readonly listener: string
  /** Of a webhook: `whsec_…`. */
  readonly secret?: string
  /** Of an SSF receiver: its bearer token. */
  readonly token?: string
}

/**
 * @param isLocal whether this control plane serves a loopback address: it may then tell others there without TLS
 * @throws {RegistryError} `LISTENER_INVALID`, `LIMIT_EXCEEDED`, `NOT_ENDORSED`
 */
export function addListener(
  ctx: RegistryContext,
  person: string,
  input: ListenerInput,
  isLocal: boolean,
): Promise<AddedListener> {
  const url = input.url === null ? null : checkedUrl(input.url, isLocal)
  if ((url === null) !== (input.kind === 'ssf_poll')) {
    throw new RegistryError('LISTENER_INVALID', 'a webhook and a push have a URL, a poll has none')
  }
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, person)
    if ((await listListeners(tx.db)).length >= LISTENERS_MAX) {
      throw new RegistryError('LIMIT_EXCEEDED', `${LISTENERS_MAX} listeners are registered: remove one`)
    }
    const id = newId(ctx.crypto, 'lsn', tx.now)
    const secret = input.kind === 'webhook' ? ctx.crypto.randomBytes(SECRET_BYTES) : null
    const token = secret === null ? newSecret(ctx.crypto) : null
    const kept = { secret: secret && base64url(secret), authorization: input.authorization ?? null }
    const after = (await lastFrame(tx.db))?.frame.seq ?? 0
    const added = await tx.append({
      type: 'listener.added',
      actor: personActor(person),
      subject: id,
      body: { kind: input.kind, url, after },
    })
    await tx.db
      .insertInto('listeners')
      .values({
        id,
        kind: input.kind,
        url,
        added,
        after,
        removed: null,
        token_hash: token === null ? null : secretHash(ctx.crypto, token),
        secret_box: await sealFor(ctx, id, placeOf(id), kept),
      })
      .execute()
    await tx.db.insertInto('deliveries').values(freshDelivery(id, after)).execute()
    return {
      listener: id,
      ...(secret === null ? {} : { secret: SECRET_PREFIX + base64(secret) }),
      ...(token === null ? {} : { token }),
    }
  })
}

function placeOf(listener: string): string {
  return `listener/${listener}`
}

export function freshDelivery(listener: string, sent: number): Schema['deliveries'] {
  return {
    listener,
    sent,
    status: 'enabled',
    attempts: 0,
    next_try: 0,
    failing_since: null,
    alerted: 0,
    claimed_until: 0,
    acked_json: '[]',
    verify_json: null,
  }
}

function checkedUrl(text: string, isLocal: boolean): string {
  const url = URL.canParse(text) ? new URL(text) : null
  const isPlain =
    url !== null && url.username === '' && url.password === '' && url.search === '' && url.hash === ''
  const isSafe =
    url?.protocol === 'https:' || (isLocal && url?.protocol === 'http:' && isLoopback(url.hostname))
  if (url === null || !isPlain || !isSafe) {
    throw new RegistryError(
      'LISTENER_INVALID',
      'a listener has an https URL without user, query or fragment: it is logged, and secrets go into headers',
    )
  }
  return url.href
}

export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
}

/** @throws {RegistryError} `UNKNOWN_LISTENER`, `NOT_ENDORSED` */
export function removeListener(
  ctx: RegistryContext,
  by: { readonly person: string } | { readonly listener: true },
  id: string,
): Promise<void> {
  return ctx.store
    .write(async (tx) => {
      if ('person' in by) await findEnrolled(tx.db, by.person)
      await findListener(tx.db, id)
      const reason = 'person' in by ? 'removed' : 'gone'
      const removed = await tx.append({
        type: 'listener.removed',
        actor: 'person' in by ? personActor(by.person) : SYSTEM,
        subject: id,
        body: { reason },
      })
      await tx.db
        .updateTable('listeners')
        .set({ removed, secret_box: null, token_hash: null })
        .where('id', '=', id)
        .execute()
      await tx.db.deleteFrom('deliveries').where('listener', '=', id).execute()
    })
    .then(() => ctx.vault.destroy([id]))
    .then(() => undefined)
}

export function listListeners(db: Kysely<Schema>): Promise<ListenerRow[]> {
  return db.selectFrom('listeners').selectAll().where('removed', 'is', null).orderBy('id').execute()
}

/** @throws {RegistryError} `UNKNOWN_LISTENER`: or it was removed */
export async function findListener(db: Kysely<Schema>, id: string): Promise<ListenerRow> {
  const row = await db
    .selectFrom('listeners')
    .selectAll()
    .where('id', '=', id)
    .where('removed', 'is', null)
    .executeTakeFirst()
  if (!row) throw new RegistryError('UNKNOWN_LISTENER', 'no such listener')
  return row
}

/** The receiver that holds a bearer token. @returns null for nobody's */
export async function listenerOfToken(
  ctx: Pick<RegistryContext, 'crypto'>,
  db: Kysely<Schema>,
  token: string,
): Promise<ListenerRow | null> {
  const row = await db
    .selectFrom('listeners')
    .selectAll()
    .where('token_hash', '=', secretHash(ctx.crypto, token))
    .where('removed', 'is', null)
    .executeTakeFirst()
  return row ?? null
}

/** What a listener is told with. @returns null when it cannot be opened any more: add the listener again */
export async function secretsOf(
  ctx: Pick<RegistryContext, 'vault'>,
  { id, secret_box }: ListenerRow,
): Promise<{ readonly secret: Uint8Array | null; readonly authorization: string | null } | null> {
  if (secret_box === null) return null
  const kept = (await openFor(ctx, id, placeOf(id), secret_box)) as {
    secret: string | null
    authorization: string | null
  } | null
  if (kept === null) return null
  return {
    secret: kept.secret === null ? null : fromBase64url(kept.secret),
    authorization: kept.authorization,
  }
}

/** Changes how far a listener was told. */
export async function updateDelivery(
  tx: Pick<Tx, 'db'>,
  listener: string,
  change: Partial<Omit<Schema['deliveries'], 'listener'>>,
): Promise<void> {
  await tx.db.updateTable('deliveries').set(change).where('listener', '=', listener).execute()
}
