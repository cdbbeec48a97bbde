/**
 * Enrolment: an invitation becomes a person with an operator key and a registered credential. spec/people.md (PPL-1 to
 * PPL-4, PPL-11). Not checked here: the registration itself (apps/server/registration.ts reads it).
 * @module
 */
import type { Kysely } from 'kysely'
import type { Crypto, PublicJwk } from '../core/crypto.ts'
import { newId } from '../core/ids.ts'
import type { JsonObject } from '../core/json.ts'
import { thumbprint } from '../core/jwk.ts'
import { commitTo } from '../log/commitment.ts'
import type { EntryBody } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import { assertKeyUnused } from './callers.ts'
import { personActor, type RegistryContext } from './context.ts'
import { recoversAlone } from './endorsements.ts'
import { RegistryError } from './errors.ts'
import { takeInvitation } from './invitations.ts'
import { insertPasskey } from './passkey-rows.ts'
import { keep } from './personal.ts'

/** What the registration's challenge is a digest of. @param hash of the invitation's secret */
export function enrolAct(crypto: Crypto, operator: PublicJwk, hash: string): JsonObject {
  return { act: 'person.enroll', operator: thumbprint(crypto, operator), secret_sha256: hash }
}

/** A registered credential, as its authenticator describes it. */
export interface Credential {
  /** base64url */
  readonly id: string
  readonly jwk: PublicJwk
  readonly amr: readonly string[]
  readonly aaguid: string
  readonly backed_up: boolean
}

export interface Enrolment {
  /** Hash of the invitation's secret. */
  readonly secret_hash: string
  readonly name?: string
  readonly operator: PublicJwk
  readonly credential: Credential
}

export interface Enrolled {
  readonly person: string
  readonly rev: string
  readonly registration: number
  /** Thumbprint of the passkey: with `registration` what an endorser signs (PPL-5), to be compared with. */
  readonly credential: string
  /** Nobody enrolled before: this person endorses themselves (PPL-6). */
  readonly first: boolean
  /** Of a recovery: whether the person endorses themselves (PPL-13), or waits for somebody else. */
  readonly recovers?: 'alone' | 'by_another'
}

/** @throws {RegistryError} `SECRET_INVALID` (unknown, used or expired: not told apart), `KEY_IN_USE` */
export function enrolPerson(ctx: RegistryContext, input: Enrolment): Promise<Enrolled> {
  return ctx.store.write((tx) => enrolPersonTx(ctx, tx, input))
}

export async function enrolPersonTx(ctx: RegistryContext, tx: Tx, input: Enrolment): Promise<Enrolled> {
  const { operator, credential } = input
  const { person } = await takeInvitation(tx, input.secret_hash)
  const jkt = thumbprint(ctx.crypto, operator)
  const credentialJkt = thumbprint(ctx.crypto, credential.jwk)
  if (jkt === credentialJkt) {
    throw new RegistryError('KEY_IN_USE', 'the operator key and the credential must differ')
  }
  await assertKeyUnused(ctx.crypto, tx.db, operator)
  await assertKeyUnused(ctx.crypto, tx.db, credential.jwk)
  await assertIdUnused(tx.db, credential.id)
  const { jwk, aaguid, backed_up } = credential
  const logged = { jwk, amr: [...credential.amr], aaguid, backed_up }
  const again = await tx.db
    .selectFrom('recoveries')
    .selectAll()
    .where('person', '=', person)
    .executeTakeFirst()
  if (again !== undefined) return registerAnew(tx, input, { recovery: again, jkt, credentialJkt, logged })
  const first = !(await anyoneRegistered(tx.db))
  const rev = newId(ctx.crypto, 'rev', tx.now)
  const named = input.name === undefined ? null : commitTo(ctx.crypto, input.name)
  const registration = await tx.append({
    type: 'person.enrolled',
    actor: personActor(person),
    subject: person,
    body: { rev, credential: logged, operator },
    ...(named === null ? {} : { commitments: { name: named.commitment } }),
  })
  if (named !== null) await keep(ctx, tx, person, 'name', named)
  await tx.db
    .updateTable('people')
    .set({
      status: 'enrolled',
      rev,
      registration,
      operator_jkt: jkt,
      ...(named === null ? {} : { name_commit: named.commitment }),
    })
    .where('id', '=', person)
    .execute()
  const of = {
    person,
    registration,
    credential: logged,
    credential_id: credential.id,
    adder: null,
    operator_jkt: jkt,
  }
  await insertPasskey(tx.db, { ...of, status: 'waiting', now_ms: tx.now })
  return { person, rev, registration, credential: credentialJkt, first }
}

/** Of no effect until it is endorsed (PPL-11). */
async function registerAnew(
  tx: Tx,
  { secret_hash, operator, credential: { id } }: Enrolment,
  known: {
    readonly recovery: Schema['recoveries']
    readonly jkt: string
    readonly credentialJkt: string
    readonly logged: EntryBody<'person.reregistered'>['credential']
  },
): Promise<Enrolled> {
  const { recovery, jkt, credentialJkt, logged } = known
  const { person, invitation } = recovery
  const { rev } = await tx.db
    .selectFrom('people')
    .select('rev')
    .where('id', '=', person)
    .executeTakeFirstOrThrow()
  const registration = await tx.append({
    type: 'person.reregistered',
    actor: personActor(person),
    subject: person,
    body: { credential: logged, operator, invitation },
  })
  await tx.db
    .updateTable('recoveries')
    .set({ registration, secret_hash })
    .where('person', '=', person)
    .execute()
  const of = { person, registration, credential: logged, credential_id: id, adder: null, operator_jkt: jkt }
  await insertPasskey(tx.db, { ...of, status: 'recovering', now_ms: tx.now })
  const recovers = (await recoversAlone(tx.db, recovery)) ? 'alone' : 'by_another'
  return { person, rev: rev ?? '', registration, credential: credentialJkt, first: false, recovers }
}

/** @throws {RegistryError} `KEY_IN_USE` */
export async function assertIdUnused(db: Kysely<Schema>, id: string): Promise<void> {
  const owner = await db
    .selectFrom('passkeys')
    .select('person')
    .where('credential_id', '=', id)
    .executeTakeFirst()
  if (owner) throw new RegistryError('KEY_IN_USE', 'this credential is registered already: make a new one')
}

async function anyoneRegistered(db: Kysely<Schema>): Promise<boolean> {
  const one = await db
    .selectFrom('people')
    .select('id')
    .where('registration', 'is not', null)
    .limit(1)
    .executeTakeFirst()
  return one !== undefined
}
