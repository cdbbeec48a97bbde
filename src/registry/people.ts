/**
 * People: invited, enrolled with an operator key and a credential, and gone again. spec/api.md (API-4).
 * Names stand in this table alone; the log has random identifiers.
 * @module
 */
import type { Kysely } from 'kysely'
import type { Crypto, PublicJwk } from '../core/crypto.ts'
import { base64url, utf8 } from '../core/encoding.ts'
import type { Gesture } from '../core/gesture.ts'
import { newId } from '../core/ids.ts'
import { canonicalize, parseJson, type JsonObject } from '../core/json.ts'
import { publicJwk, thumbprint } from '../core/jwk.ts'
import type { Actor } from '../log/entries.ts'
import type { Schema, Tx } from '../ports/store.ts'
import type { SignedFrame } from '../revoke/frame.ts'
import { ACT_TAG } from '../token/constants.ts'
import { challengeOf, gestureFault } from '../token/gesture.ts'
import { assertKeyUnused } from './callers.ts'
import { personActor, type GestureParts, type RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import { appendFrame } from './frames.ts'

/** An invitation is good for a day (API-4). */
export const INVITATION_TTL_MS = 24 * 3600 * 1000
const SECRET_BYTES = 32

export interface Person {
  readonly id: string
  readonly name: string
  readonly status: 'added' | 'enrolled' | 'left'
}

/** An enrolled person, as gestures and roots need one. */
export interface EnrolledPerson extends Person {
  readonly rev: string
  readonly credential: PublicJwk
  /** Index of the `person.enrolled` entry. */
  readonly registration: number
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
  ctx: Pick<RegistryContext, 'crypto'>,
  tx: Tx,
  actor: Actor,
  name: string,
): Promise<{ person: string; invitation: string }> {
  const person = newId(ctx.crypto, 'per', tx.now)
  await tx.db
    .insertInto('people')
    .values({
      id: person,
      name,
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
  await tx.append({ type: 'person.added', actor, subject: person, body: {} })
  return { person, invitation }
}

async function insertInvitation(crypto: Crypto, tx: Tx, person: string): Promise<string> {
  const invitation = base64url(crypto.randomBytes(SECRET_BYTES))
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

export function secretHash(crypto: Crypto, secret: string): string {
  return base64url(crypto.sha256(utf8(secret)))
}

/** What a person signs with the credential to enrol it together with the operator key. */
export function enrolAct(
  crypto: Crypto,
  operator: PublicJwk,
  credential: PublicJwk,
  secret: string,
): JsonObject {
  return {
    act: 'person.enroll',
    operator: thumbprint(crypto, operator),
    credential: thumbprint(crypto, credential),
    secret_sha256: secretHash(crypto, secret),
  }
}

export interface Enrolment {
  readonly secret: string
  readonly name?: string
  readonly operator: PublicJwk
  readonly credential: PublicJwk
  readonly gesture: GestureParts
}

/**
 * Turns an invitation into a person who can act. Only software authenticators (`amr: ["swk"]`) so far.
 * @throws {RegistryError} `SECRET_INVALID` (unknown, used or expired: not told apart), `GESTURE_INVALID`, `KEY_IN_USE`
 */
export async function enrolPerson(
  ctx: RegistryContext,
  input: Enrolment,
): Promise<{ person: string; rev: string; registration: number }> {
  const { operator, credential } = input
  const challenge = challengeOf(ctx.crypto, ACT_TAG, enrolAct(ctx.crypto, operator, credential, input.secret))
  const gesture: Gesture = {
    rev: '',
    role: 'principal',
    jwk: credential,
    registration: 0,
    ...input.gesture,
  }
  return ctx.store.write(async (tx) => {
    const invitation = await takeInvitation(ctx, tx, input.secret)
    const fault = gestureFault(ctx.crypto, ctx.rp, challenge, gesture)
    if (fault !== null) throw new RegistryError('GESTURE_INVALID', fault)
    const jkt = thumbprint(ctx.crypto, operator)
    if (jkt === thumbprint(ctx.crypto, credential)) {
      throw new RegistryError('KEY_IN_USE', 'the operator key and the credential must differ')
    }
    await assertKeyUnused(ctx.crypto, tx.db, operator)
    await assertKeyUnused(ctx.crypto, tx.db, credential)
    const rev = newId(ctx.crypto, 'rev', tx.now)
    const registration = await tx.append({
      type: 'person.enrolled',
      actor: personActor(invitation.person),
      subject: invitation.person,
      body: { rev, credential: { jwk: credential, amr: ['swk'] }, operator },
    })
    await tx.db
      .updateTable('people')
      .set({
        status: 'enrolled',
        rev,
        credential_json: canonicalize({ ...credential }),
        registration,
        operator_jkt: jkt,
        amr_json: canonicalize(['swk']),
        ...(input.name === undefined ? {} : { name: input.name }),
      })
      .where('id', '=', invitation.person)
      .execute()
    return { person: invitation.person, rev, registration }
  })
}

async function takeInvitation(ctx: RegistryContext, tx: Tx, secret: string): Promise<{ person: string }> {
  const invitation = await tx.db
    .updateTable('invitations')
    .set({ used: 1 })
    .where('secret_hash', '=', secretHash(ctx.crypto, secret))
    .where('used', '=', 0)
    .where('expires', '>', tx.now)
    .returning('person')
    .executeTakeFirst()
  if (!invitation) {
    throw new RegistryError('SECRET_INVALID', 'the invitation is unknown, used or expired: ask for a new one')
  }
  return invitation
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
      .where('id', '!=', person)
      .limit(1)
      .executeTakeFirst()
    if (!others && (await findPerson(tx.db, person)).status === 'enrolled') {
      throw new RegistryError('STATE_CONFLICT', 'the last enrolled person cannot leave: enrol another first')
    }
    return leaveTx(ctx, tx, actor, person, reason)
  })
}

/** As {@link leave}, for anyone: a revocation is never refused. Idempotent. */
export async function leaveTx(
  ctx: Pick<RegistryContext, 'crypto' | 'frame'>,
  tx: Tx,
  actor: Actor,
  person: string,
  reason: string,
): Promise<readonly SignedFrame[]> {
  const row = await tx.db.selectFrom('people').select('rev').where('id', '=', person).executeTakeFirst()
  if (!row) throw new RegistryError('UNKNOWN_PERSON', 'no such person')
  await tx.db.updateTable('people').set({ status: 'left' }).where('id', '=', person).execute()
  await tx.db.updateTable('invitations').set({ used: 1 }).where('person', '=', person).execute()
  if (row.rev === null) return []
  return [await appendFrame(ctx, tx, actor, { kind: 'person', handle: row.rev, reason, target: person })]
}

export async function listPeople(db: Kysely<Schema>): Promise<Person[]> {
  return db.selectFrom('people').select(['id', 'name', 'status']).orderBy('id').execute()
}

/** @throws {RegistryError} `UNKNOWN_PERSON` */
export async function findPerson(db: Kysely<Schema>, id: string): Promise<Person> {
  const row = await db
    .selectFrom('people')
    .select(['id', 'name', 'status'])
    .where('id', '=', id)
    .executeTakeFirst()
  if (!row) throw new RegistryError('UNKNOWN_PERSON', 'no such person')
  return row
}

/** @throws {RegistryError} `UNKNOWN_PERSON`; `STATE_CONFLICT`: not enrolled. */
export async function findEnrolled(db: Kysely<Schema>, id: string): Promise<EnrolledPerson> {
  const row = await db.selectFrom('people').selectAll().where('id', '=', id).executeTakeFirst()
  if (!row) throw new RegistryError('UNKNOWN_PERSON', 'no such person')
  const { rev, credential_json, registration } = row
  if (row.status !== 'enrolled' || rev === null || credential_json === null || registration === null) {
    throw new RegistryError('STATE_CONFLICT', 'this person is not enrolled')
  }
  return {
    id: row.id,
    name: row.name,
    status: row.status,
    rev,
    credential: publicJwk(parseJson(credential_json)),
    registration,
  }
}

/** The gesture of a person, complete: whose it is comes from the register, never from the request. */
export function gestureOf(person: EnrolledPerson, role: Gesture['role'], parts: GestureParts): Gesture {
  return { rev: person.rev, role, jwk: person.credential, registration: person.registration, ...parts }
}
