/**
 * The rows of passkeys and recoveries, as an act writes them and as the log gives them again. spec/people.md (PPL-8 to
 * PPL-13), spec/registers.md. Nothing is judged here.
 * @module
 */
import type { Kysely } from 'kysely'
import type { PublicJwk } from '../core/crypto.ts'
import { gestureSchema } from '../core/gesture.ts'
import { canonicalize, isJsonObject, parseJson } from '../core/json.ts'
import { publicJwk } from '../core/jwk.ts'
import type { Schema } from '../ports/schema.ts'

type Db = Kysely<Schema>
export type PasskeyRow = Schema['passkeys']

/** A passkey, as gestures name one. */
export interface Passkey {
  /** Index of the entry that registered it. */
  readonly registration: number
  readonly jwk: PublicJwk
  /** WebAuthn credential identifier, base64url. */
  readonly credential_id: string | null
  readonly amr: readonly string[]
}

export function passkeyOf(row: PasskeyRow): Passkey {
  const { registration, credential_json, credential_id, amr_json } = row
  const jwk = publicJwk(parseJson(credential_json))
  return { registration, jwk, credential_id, amr: JSON.parse(amr_json) as string[] }
}

interface NewPasskey {
  readonly person: string
  readonly registration: number
  readonly status: PasskeyRow['status']
  readonly adder: number | null
  readonly now_ms: number
  /** As the entry has it. */
  readonly credential: {
    readonly jwk: object
    readonly amr: readonly string[]
    readonly backed_up?: boolean
  }
  /** Null: it was added to one that counts. */
  readonly operator_jkt: string | null
  /** Null: the log does not have it. */
  readonly credential_id: string | null
}

export async function insertPasskey(db: Db, made: NewPasskey): Promise<void> {
  const { person, registration, status, adder, now_ms, credential, operator_jkt, credential_id } = made
  await db
    .insertInto('passkeys')
    .values({
      registration,
      person,
      credential_json: canonicalize({ ...credential.jwk }),
      credential_id,
      amr_json: canonicalize([...credential.amr]),
      operator_jkt,
      backed_up: credential.backed_up === true ? 1 : 0,
      status,
      adder,
      added: now_ms,
      name_box: null,
      signed_in: null,
    })
    .execute()
}

export async function setPasskey(
  db: Db,
  registration: number,
  status: Exclude<PasskeyRow['status'], 'ended'>,
): Promise<void> {
  await db.updateTable('passkeys').set({ status }).where('registration', '=', registration).execute()
}

/** What they signed, and what waits still, is to be signed again. */
export async function endPasskeys(db: Db, person: string, ended: readonly number[]): Promise<void> {
  if (ended.length === 0) return
  await db
    .updateTable('passkeys')
    .set({ status: 'ended' })
    .where('person', '=', person)
    .where('registration', 'in', ended)
    .execute()
  await forgetDrafted(db, person, ended)
  await forgetLifts(db, person, ended)
}

async function forgetDrafted(db: Db, person: string, ended: readonly number[]): Promise<void> {
  const rows = await db
    .selectFrom('draft_answers')
    .select(['jti', 'gesture_json'])
    .where('person', '=', person)
    .where('gesture_json', 'is not', null)
    .execute()
  for (const { jti, gesture_json } of rows) {
    const gesture = parseJson(gesture_json ?? 'null')
    if (!isJsonObject(gesture) || !ended.includes(Number(gesture.registration))) continue
    await db
      .updateTable('draft_answers')
      .set({ answer: 'open', gesture_json: null })
      .where('jti', '=', jti)
      .where('person', '=', person)
      .execute()
  }
}

async function forgetLifts(db: Db, person: string, ended: readonly number[]): Promise<void> {
  const rows = await db
    .selectFrom('lift_gestures')
    .select(['lift', 'gesture_json'])
    .where('person', '=', person)
    .execute()
  for (const { lift, gesture_json } of rows) {
    if (!ended.includes(gestureSchema.parse(parseJson(gesture_json)).registration)) continue
    await db.deleteFrom('lift_gestures').where('lift', '=', lift).where('person', '=', person).execute()
  }
}

/** Those with which the person may make gestures now, the oldest first. */
export async function passkeysOf(
  db: Db,
  person: string,
  ...status: readonly [PasskeyRow['status'], ...PasskeyRow['status'][]]
): Promise<PasskeyRow[]> {
  return db
    .selectFrom('passkeys')
    .selectAll()
    .where('person', '=', person)
    .where('status', 'in', [...status])
    .orderBy('registration')
    .execute()
}

/** For `allowCredentials`: of a person whose passkeys a browser may be asked for. */
export async function credentialIdsOf(db: Db, person: string): Promise<string[]> {
  const rows = await passkeysOf(db, person, 'waiting', 'counts')
  return rows.flatMap(({ credential_id }) => credential_id ?? [])
}

/** Whose passkey a browser answered with, while it counts or waits for the endorsement of an enrolment. */
export async function passkeyBehind(db: Db, credential_id: string): Promise<PasskeyRow | null> {
  const row = await db
    .selectFrom('passkeys')
    .innerJoin('people', 'people.id', 'passkeys.person')
    .selectAll('passkeys')
    .where('passkeys.credential_id', '=', credential_id)
    .where('passkeys.status', 'in', ['waiting', 'counts'])
    .where('people.status', '=', 'enrolled')
    .executeTakeFirst()
  return row ?? null
}

/** Whoever is invited anew: the recovery before, and what was registered with it, ends. */
export async function beginRecovery(
  db: Db,
  begun: { readonly person: string; readonly invitation: number; readonly inviter: string | null },
): Promise<void> {
  await dropRecovery(db, begun.person)
  await db
    .insertInto('recoveries')
    .values({ ...begun, registration: null, secret_hash: null })
    .execute()
}

/** What was registered with it never counted, so it signed nothing that anybody could find (PPL-16). */
export async function dropRecovery(db: Db, person: string): Promise<void> {
  const dropped = { status: 'dropped' } as const
  await db
    .updateTable('passkeys')
    .set(dropped)
    .where('person', '=', person)
    .where('status', '=', 'recovering')
    .execute()
  await db.deleteFrom('recoveries').where('person', '=', person).execute()
}

/** The registration that a recovery waits with is the person's from here on, and nothing from before is. */
export async function settleRecovery(db: Db, person: string, registration: number): Promise<void> {
  const before = await passkeysOf(db, person, 'waiting', 'counts')
  await endPasskeys(
    db,
    person,
    before.map(({ registration }) => registration),
  )
  await db.deleteFrom('recoveries').where('person', '=', person).execute()
  await setPasskey(db, registration, 'counts')
  const { operator_jkt } = await db
    .selectFrom('passkeys')
    .select('operator_jkt')
    .where('registration', '=', registration)
    .executeTakeFirstOrThrow()
  await db.updateTable('people').set({ registration, operator_jkt }).where('id', '=', person).execute()
}
