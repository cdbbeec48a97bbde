/**
 * The rows of ceremonies: what is asked, sealed, and what came of it. spec/people.md (CER-1). Ceremonies that have expired
 * are removed when the next is made.
 * @module
 */
import type { Kysely } from 'kysely'
import type { PublicJwk } from '../core/crypto.ts'
import { newId } from '../core/ids.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import type { Shown } from '../token/shown.ts'
import type { GestureParts, RegistrationParts, RegistryContext } from './context.ts'
import type { Enrolled } from './enrolment.ts'
import { RegistryError } from './errors.ts'
import { newSecret, secretHash } from './invitations.ts'
import { openFor, sealFor } from './personal.ts'

/** As long as a draft waits for its gesture. */
export const CEREMONY_TTL_MS = 10 * 60 * 1000

/** Ceremonies at once: each holds at most a root's worth of text, so 64 MiB. */
export const CEREMONIES_MAX = 1_000

export interface Asked {
  /** Thumbprint of the key that asked. */
  readonly jkt: string
  readonly person: string
  readonly challenge: string
  readonly shown: Shown
  /** Of an enrolment. */
  readonly enrolment?: {
    readonly secret_hash: string
    readonly operator: PublicJwk
    readonly name?: string
  }
  /** Registers another passkey of an enrolled person (PPL-8). */
  readonly adds?: true
  /** The passkey that endorses itself, by the index of its registration (PPL-13). */
  readonly recovering?: number
}

export interface Outcome {
  readonly state: 'done' | 'declined'
  /** With the identifier of the ceremony that follows, when one does (CER-6). */
  readonly enrolled?: Enrolled & { readonly next?: string }
  readonly gesture?: GestureParts
  /** Another passkey, as the authenticator gave it, and the ceremony that asks for the gesture which adds it. */
  readonly registered?: { readonly credential: RegistrationParts; readonly next: string }
}

export interface Made {
  readonly ceremony: string
  /** For the link; kept as a hash only. */
  readonly secret: string
  /** Milliseconds since 1970. */
  readonly expires: number
}

function placeOf(ceremony: string): string {
  return `ceremony/${ceremony}`
}

export async function insertCeremony(ctx: RegistryContext, tx: Tx, asked: Asked): Promise<Made> {
  await tx.db.deleteFrom('ceremonies').where('expires', '<=', tx.now).execute()
  const { n } = await tx.db
    .selectFrom('ceremonies')
    .select((eb) => eb.fn.countAll<number | string>().as('n'))
    .executeTakeFirstOrThrow()
  if (Number(n) >= CEREMONIES_MAX) {
    throw new RegistryError('LIMIT_EXCEEDED', 'too many ceremonies are open: try again in ten minutes')
  }
  const secret = newSecret(ctx.crypto)
  const ceremony = newId(ctx.crypto, 'cer', tx.now)
  const expires = tx.now + CEREMONY_TTL_MS
  await tx.db
    .insertInto('ceremonies')
    .values({
      id: ceremony,
      secret_hash: secretHash(ctx.crypto, secret),
      kind: asked.adds === true ? 'passkey' : asked.enrolment === undefined ? 'gesture' : 'enrol',
      person: asked.person,
      jkt: asked.jkt,
      request_box: await sealFor(ctx, asked.person, placeOf(ceremony), asked),
      answer_json: null,
      expires,
    })
    .execute()
  return { ceremony, secret, expires }
}

export async function findCeremony(
  ctx: Pick<RegistryContext, 'crypto'>,
  db: Kysely<Schema>,
  secret: string,
): Promise<Schema['ceremonies']> {
  const row = await db
    .selectFrom('ceremonies')
    .selectAll()
    .where('secret_hash', '=', secretHash(ctx.crypto, secret))
    .executeTakeFirst()
  if (!row) throw new RegistryError('UNKNOWN_CEREMONY', 'no such ceremony, or it has expired')
  return row
}

export async function askedIn(
  ctx: Pick<RegistryContext, 'vault'>,
  row: Schema['ceremonies'],
): Promise<Asked> {
  const asked = (await openFor(ctx, row.person, placeOf(row.id), row.request_box)) as Asked | null
  if (asked === null) throw new RegistryError('UNKNOWN_CEREMONY', 'no such ceremony, or it has expired')
  return asked
}

/** The row of a ceremony that still takes an answer. */
export async function findOpen(
  ctx: RegistryContext,
  tx: Tx,
  secret: string,
  kind: Schema['ceremonies']['kind'],
): Promise<{ id: string; asked: Asked }> {
  const row = await findCeremony(ctx, tx.db, secret)
  if (row.answer_json !== null) throw new RegistryError('STATE_CONFLICT', 'this link has been used')
  if (row.expires <= tx.now) throw new RegistryError('STATE_CONFLICT', 'this link has expired')
  if (row.kind !== kind) throw new RegistryError('STATE_CONFLICT', 'this link asks for something else')
  return { id: row.id, asked: await askedIn(ctx, row) }
}

export async function answered(tx: Tx, id: string, outcome: Outcome): Promise<void> {
  const answer_json = JSON.stringify(outcome)
  await tx.db.updateTable('ceremonies').set({ answer_json }).where('id', '=', id).execute()
}
