/**
 * Enrolment: an invitation becomes a person with an operator key and a registered credential. spec/people.md (PPL-1 to
 * PPL-4). Not checked here: the registration itself (apps/server/registration.ts reads it).
 * @module
 */
import type { Kysely } from 'kysely'
import type { Crypto, PublicJwk } from '../core/crypto.ts'
import { newId } from '../core/ids.ts'
import { canonicalize, type JsonObject } from '../core/json.ts'
import { thumbprint } from '../core/jwk.ts'
import { commitTo } from '../log/commitment.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import { assertKeyUnused } from './callers.ts'
import { personActor, type RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import { takeInvitation } from './invitations.ts'
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
  /** Nobody enrolled before: this person endorses themselves (PPL-6). */
  readonly first: boolean
}

/** @throws {RegistryError} `SECRET_INVALID` (unknown, used or expired: not told apart), `KEY_IN_USE` */
export function enrolPerson(ctx: RegistryContext, input: Enrolment): Promise<Enrolled> {
  return ctx.store.write((tx) => enrolPersonTx(ctx, tx, input))
}

export async function enrolPersonTx(ctx: RegistryContext, tx: Tx, input: Enrolment): Promise<Enrolled> {
  const { operator, credential } = input
  const { person } = await takeInvitation(tx, input.secret_hash)
  const jkt = thumbprint(ctx.crypto, operator)
  if (jkt === thumbprint(ctx.crypto, credential.jwk)) {
    throw new RegistryError('KEY_IN_USE', 'the operator key and the credential must differ')
  }
  await assertKeyUnused(ctx.crypto, tx.db, operator)
  await assertKeyUnused(ctx.crypto, tx.db, credential.jwk)
  await assertIdUnused(tx.db, credential.id)
  const first = !(await anyoneRegistered(tx.db))
  const rev = newId(ctx.crypto, 'rev', tx.now)
  const { jwk, aaguid, backed_up } = credential
  const amr = [...credential.amr]
  const named = input.name === undefined ? null : commitTo(ctx.crypto, input.name)
  const registration = await tx.append({
    type: 'person.enrolled',
    actor: personActor(person),
    subject: person,
    body: { rev, credential: { jwk, amr, aaguid, backed_up }, operator },
    ...(named === null ? {} : { commitments: { name: named.commitment } }),
  })
  if (named !== null) await keep(ctx, tx, person, 'name', named)
  await tx.db
    .updateTable('people')
    .set({
      status: 'enrolled',
      rev,
      credential_json: canonicalize({ ...jwk }),
      credential_id: credential.id,
      registration,
      operator_jkt: jkt,
      amr_json: canonicalize(amr),
      ...(named === null ? {} : { name_commit: named.commitment }),
    })
    .where('id', '=', person)
    .execute()
  return { person, rev, registration, first }
}

async function assertIdUnused(db: Kysely<Schema>, id: string): Promise<void> {
  const owner = await db.selectFrom('people').select('id').where('credential_id', '=', id).executeTakeFirst()
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
