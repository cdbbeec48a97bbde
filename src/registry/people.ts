/**
 * People: invited, enrolled, endorsed, and gone again. spec/people.md.
 * Names are sealed and erasable (spec/erasure.md); the log has random identifiers and commitments.
 * @module
 */
import type { Kysely } from 'kysely'
import type { PublicJwk } from '../core/crypto.ts'
import type { Gesture } from '../core/gesture.ts'
import { newId } from '../core/ids.ts'
import { parseJson } from '../core/json.ts'
import { publicJwk } from '../core/jwk.ts'
import { commitTo } from '../log/commitment.ts'
import type { Actor } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import type { SignedFrame } from '../revoke/frame.ts'
import type { GestureParts, RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import { appendFrame } from './frames.ts'
import { insertInvitation } from './invitations.ts'
import { fileUnder, keep, namesOf } from './personal.ts'

export interface Person {
  readonly id: string
  /** Null: erased. */
  readonly name: string | null
  readonly status: 'added' | 'enrolled' | 'left'
  /** Whether gestures of this person count (PPL-5). */
  readonly endorsed: boolean
}

/** An enrolled person, as gestures and roots need one. */
export interface EnrolledPerson extends Omit<Person, 'name'> {
  readonly rev: string
  readonly credential: PublicJwk
  /** Index of the `person.enrolled` entry. */
  readonly registration: number
  /** WebAuthn credential identifier, base64url. */
  readonly credential_id: string | null
  /** How this person is authenticated: `["swk"]`, or `["pop", "user"]` for a passkey (PPL-3). */
  readonly amr: readonly string[]
}

/** @returns the invitation's secret, which is kept as a hash only and cannot be shown again. */
export function addPerson(
  ctx: RegistryContext,
  actor: Actor,
  name: string,
): Promise<{ person: string; invitation: string }> {
  return ctx.store.write((tx) => addPersonTx(ctx, tx, actor, name))
}

export async function addPersonTx(
  ctx: Pick<RegistryContext, 'crypto' | 'vault'>,
  tx: Tx,
  actor: Actor,
  name: string,
): Promise<{ person: string; invitation: string }> {
  const person = newId(ctx.crypto, 'per', tx.now)
  const named = commitTo(ctx.crypto, name)
  await tx.db
    .insertInto('people')
    .values({
      id: person,
      name_commit: named.commitment,
      status: 'added',
      rev: null,
      credential_json: null,
      registration: null,
      operator_jkt: null,
      credential_id: null,
      amr_json: null,
      endorsed: null,
    })
    .execute()
  const invitation = await insertInvitation(ctx.crypto, tx, person)
  const commitments = { name: named.commitment }
  const first = await tx.append({ type: 'person.added', actor, subject: person, body: {}, commitments })
  await fileUnder(tx, { id: person, owner: null, first })
  await keep(ctx, tx, person, 'name', named)
  return { person, invitation }
}

/**
 * A person leaves: their handle is revoked, which reaches every delegation behind which they stand.
 * Somebody who never enrolled has no handle; only their invitation ends.
 * @throws {RegistryError} `UNKNOWN_PERSON`; `STATE_CONFLICT`: the last one enrolled, after whom nobody could act.
 */
export function leave(
  ctx: RegistryContext,
  actor: Actor,
  person: string,
  reason: string,
): Promise<readonly SignedFrame[]> {
  return ctx.store.write(async (tx) => {
    const others = await tx.db
      .selectFrom('people')
      .select('id')
      .where('status', '=', 'enrolled')
      // Who is not endorsed can neither act nor endorse: with nobody else the log could never be acted on again.
      .where('endorsed', 'is not', null)
      .where('id', '!=', person)
      .limit(1)
      .executeTakeFirst()
    if (!others && (await isEndorsed(tx.db, person))) {
      throw new RegistryError(
        'STATE_CONFLICT',
        'the last person who is endorsed cannot leave: enrol and endorse another first',
      )
    }
    return leaveTx(ctx, tx, actor, person, reason)
  })
}

async function isEndorsed(db: Kysely<Schema>, person: string): Promise<boolean> {
  const row = await db
    .selectFrom('people')
    .select(['status', 'endorsed'])
    .where('id', '=', person)
    .executeTakeFirst()
  if (!row) throw new RegistryError('UNKNOWN_PERSON', 'no such person')
  return row.status === 'enrolled' && row.endorsed !== null
}

/** As {@link leave}, for anyone: a revocation is never refused. Idempotent. */
export async function leaveTx(
  ctx: Pick<RegistryContext, 'crypto' | 'frame'>,
  tx: Tx,
  actor: Actor,
  person: string,
  reason: string,
): Promise<readonly SignedFrame[]> {
  const row = await tx.db
    .selectFrom('people')
    .select(['rev', 'status'])
    .where('id', '=', person)
    .executeTakeFirst()
  if (!row) throw new RegistryError('UNKNOWN_PERSON', 'no such person')
  await tx.db.updateTable('people').set({ status: 'left' }).where('id', '=', person).execute()
  await tx.db.updateTable('invitations').set({ used: 1 }).where('person', '=', person).execute()
  if (row.rev === null) {
    if (row.status !== 'left')
      await tx.append({ type: 'person.left', actor, subject: person, body: { reason } })
    return []
  }
  return [await appendFrame(ctx, tx, actor, { kind: 'person', handle: row.rev, reason, target: person })]
}

const LISTED = ['id', 'name_commit', 'status', 'endorsed'] as const

export async function listPeople(ctx: Pick<RegistryContext, 'vault'>, db: Kysely<Schema>): Promise<Person[]> {
  const rows = await db.selectFrom('people').select(LISTED).orderBy('id').execute()
  const names = await namesOf(
    ctx,
    db,
    rows.map((row) => row.name_commit),
  )
  return rows.map(({ id, name_commit, status, endorsed }) => ({
    id,
    name: names.get(name_commit ?? '') ?? null,
    status,
    endorsed: endorsed !== null,
  }))
}

/**
 * Who may make a gesture: a person with an endorsed registration.
 * @throws {RegistryError} `UNKNOWN_PERSON`; `STATE_CONFLICT`: not enrolled. `NOT_ENDORSED` (PPL-5).
 */
export async function findEnrolled(db: Kysely<Schema>, id: string): Promise<EnrolledPerson> {
  const person = await findRegistered(db, id)
  if (!person.endorsed) {
    throw new RegistryError(
      'NOT_ENDORSED',
      'this registration does not count yet: ask somebody to run "countersign person endorse"',
    )
  }
  return person
}

/** As {@link findEnrolled}, endorsed or not. @throws {RegistryError} `UNKNOWN_PERSON`, `STATE_CONFLICT` */
export async function findRegistered(db: Kysely<Schema>, id: string): Promise<EnrolledPerson> {
  const row = await db.selectFrom('people').selectAll().where('id', '=', id).executeTakeFirst()
  if (!row) throw new RegistryError('UNKNOWN_PERSON', 'no such person')
  const { rev, credential_json, registration, amr_json } = row
  const isWhole = rev !== null && credential_json !== null && registration !== null && amr_json !== null
  if (row.status !== 'enrolled' || !isWhole) {
    throw new RegistryError(
      'STATE_CONFLICT',
      'this person has left or did not enrol yet: invite them, or wait until they enrol',
    )
  }
  return {
    id: row.id,
    status: row.status,
    endorsed: row.endorsed !== null,
    rev,
    credential: publicJwk(parseJson(credential_json)),
    credential_id: row.credential_id,
    registration,
    amr: JSON.parse(amr_json) as string[],
  }
}

/** A passkey, and not a software authenticator (PPL-3). */
export function usesPasskey(person: EnrolledPerson): boolean {
  return !person.amr.includes('swk')
}

/** The gesture of a person, complete: whose it is comes from the register, never from the request. */
export function gestureOf(person: EnrolledPerson, role: Gesture['role'], parts: GestureParts): Gesture {
  return { rev: person.rev, role, jwk: person.credential, registration: person.registration, ...parts }
}
