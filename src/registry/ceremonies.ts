/**
 * Ceremonies: questions to a person's browser, where the passkey is. spec/people.md (CER-1 to CER-6).
 * Invariants: a secret takes one answer, what came of it goes to the key that asked alone, and nothing is kept in the
 * clear that opens one. Ceremonies that have expired are removed when the next is made.
 * @module
 */
import type { Kysely } from 'kysely'
import type { PublicJwk } from '../core/crypto.ts'
import { isJsonObject } from '../core/json.ts'
import { thumbprint } from '../core/jwk.ts'
import type { Schema } from '../ports/schema.ts'
import { ACT_TAG, APPROVAL_TAG } from '../token/constants.ts'
import { challengeOf } from '../token/gesture.ts'
import { shownFault, type Shown } from '../token/shown.ts'
import {
  askedIn,
  findCeremony,
  insertCeremony,
  type Asked,
  type Made,
  type Outcome,
} from './ceremony-rows.ts'
import type { RegistryContext } from './context.ts'
import { enrolAct } from './enrolment.ts'
import { RegistryError } from './errors.ts'
import { assertInvitation, secretHash } from './invitations.ts'
import { credentialIdsOf, passkeysOf } from './passkey-rows.ts'
import { registrationOf } from './passkeys.ts'
import { findEnrolled, findRegistered, usesPasskey } from './people.ts'
import { namesOf } from './personal.ts'

/** @throws {RegistryError} `SECRET_INVALID`, `LIMIT_EXCEEDED` */
export function makeEnrolCeremony(
  ctx: RegistryContext,
  input: { readonly secret: string; readonly operator: PublicJwk; readonly name?: string },
): Promise<Made> {
  return ctx.store.write(async (tx) => {
    const hash = secretHash(ctx.crypto, input.secret)
    const { person } = await assertInvitation(tx.db, hash, tx.now)
    const value = enrolAct(ctx.crypto, input.operator, hash)
    const { operator, name } = input
    return insertCeremony(ctx, tx, {
      jkt: thumbprint(ctx.crypto, operator),
      person,
      challenge: challengeOf(ctx.crypto, ACT_TAG, value),
      shown: { tag: ACT_TAG, value },
      enrolment: { secret_hash: hash, operator, ...(name === undefined ? {} : { name }) },
    })
  })
}

/**
 * @param jkt of the operator key that asks
 * @throws {RegistryError} `GESTURE_INVALID`: the challenge is not a digest of what is shown. `STATE_CONFLICT`: the
 * person's authenticator is no passkey. `NOT_ENDORSED`, `LIMIT_EXCEEDED`
 */
export function makeGestureCeremony(
  ctx: RegistryContext,
  by: { readonly person: string; readonly jkt: string },
  asked: { readonly challenge: string; readonly shown: Shown },
): Promise<Made> {
  // Its page shows the arguments too, which a ceremony would not (APR-8).
  if (asked.shown.tag === APPROVAL_TAG)
    throw new RegistryError('GESTURE_INVALID', 'calls are decided on their own page: take a link to it')
  const fault = shownFault(ctx.crypto, asked.challenge, asked.shown)
  if (fault !== null) throw new RegistryError('GESTURE_INVALID', fault)
  return ctx.store.write(async (tx) => {
    // Nobody is asked for what would not count.
    const find = endorsesSelf(by.person, asked.shown) ? findRegistered : findEnrolled
    if (!usesPasskey(await find(tx.db, by.person))) {
      throw new RegistryError('STATE_CONFLICT', 'your authenticator is software: it signs where its key is')
    }
    return insertCeremony(ctx, tx, { ...by, ...asked })
  })
}

/** @throws {RegistryError} as {@link makeGestureCeremony}, `STATE_CONFLICT`: the person's authenticator is no passkey */
export function makePasskeyCeremony(
  ctx: RegistryContext,
  by: { readonly person: string; readonly jkt: string },
): Promise<Made> {
  return ctx.store.write(async (tx) => {
    if (!usesPasskey(await findEnrolled(tx.db, by.person)))
      throw new RegistryError('STATE_CONFLICT', 'your authenticator is software: it signs where its key is')
    const { act, challenge } = await registrationOf(ctx, tx.db, by.person)
    return insertCeremony(ctx, tx, { ...by, challenge, shown: { tag: ACT_TAG, value: act }, adds: true })
  })
}

function endorsesSelf(person: string, { value }: Shown): boolean {
  return (
    isJsonObject(value) &&
    value.act === 'person.endorse' &&
    value.person === person &&
    value.endorser === person
  )
}

/** What a browser that has the secret is asked. */
export interface Question {
  readonly kind: 'enrol' | 'gesture' | 'passkey'
  readonly state: 'open' | 'used' | 'expired'
  /** Milliseconds since 1970. */
  readonly expires: number
  readonly person: { readonly id: string; readonly name: string; readonly rev: string | null }
  /** Thumbprint of the key that asked. */
  readonly jkt: string
  readonly challenge: string
  readonly shown: Shown
  /** Of the passkeys that may answer a gesture, or that the person has already. */
  readonly credential_ids: readonly string[]
}

/** @param now milliseconds. @throws {RegistryError} `UNKNOWN_CEREMONY` */
export async function openCeremony(
  ctx: Pick<RegistryContext, 'crypto' | 'vault'>,
  db: Kysely<Schema>,
  secret: string,
  now: number,
): Promise<Question> {
  const row = await findCeremony(ctx, db, secret)
  const asked = await askedIn(ctx, row)
  const person = await db
    .selectFrom('people')
    .select(['id', 'name_commit', 'rev'])
    .where('id', '=', asked.person)
    .executeTakeFirstOrThrow()
  const names = await namesOf(ctx, db, [person.name_commit])
  const name = asked.enrolment?.name ?? names.get(person.name_commit ?? '') ?? person.id
  return {
    kind: row.kind,
    state: row.answer_json !== null ? 'used' : row.expires <= now ? 'expired' : 'open',
    expires: row.expires,
    person: { id: person.id, name, rev: person.rev },
    jkt: asked.jkt,
    challenge: asked.challenge,
    shown: asked.shown,
    credential_ids: await credentialIdsIn(db, asked),
  }
}

async function credentialIdsIn(db: Kysely<Schema>, { person, recovering }: Asked): Promise<string[]> {
  if (recovering === undefined) return credentialIdsOf(db, person)
  const rows = await passkeysOf(db, person, 'recovering')
  return rows.flatMap(({ registration, credential_id }) =>
    registration === recovering ? (credential_id ?? []) : [],
  )
}

export type CeremonyState = Omit<Outcome, 'state'> & {
  readonly state: 'open' | 'done' | 'declined' | 'expired'
}

/**
 * What came of it. @param jkt of the key that wants to know; @param now milliseconds
 * @throws {RegistryError} `UNKNOWN_CEREMONY`: also one that another key asked for
 */
export async function outcomeOf(
  db: Kysely<Schema>,
  id: string,
  jkt: string,
  now: number,
): Promise<CeremonyState> {
  const row = await db.selectFrom('ceremonies').selectAll().where('id', '=', id).executeTakeFirst()
  if (!row || row.jkt !== jkt) {
    throw new RegistryError('UNKNOWN_CEREMONY', 'no such ceremony of yours, or it has expired')
  }
  if (row.answer_json !== null) return JSON.parse(row.answer_json) as Outcome
  return { state: row.expires <= now ? 'expired' : 'open' }
}
