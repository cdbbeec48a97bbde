/**
 * Who may not go: the last person who can act, and the last owner. spec/roles.md (ROL-5, ROL-18).
 * Invariant: where roles decide somebody answers for the installation, whoever holds whose key or session.
 * @module
 */
import type { Kysely } from 'kysely'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import { rolesDecide } from './access.ts'
import { RegistryError } from './errors.ts'

type Db = Kysely<Schema>

/** Whoever would be left could act no more. */
export class LastPersonError extends RegistryError {}

/** @throws {LastPersonError} `STATE_CONFLICT`. {RegistryError} `UNKNOWN_PERSON` */
export async function assertNotLastTx(tx: Tx, person: string): Promise<void> {
  const others = await tx.db
    .selectFrom('people')
    .select('id')
    .where('status', '=', 'enrolled')
    // Who is not endorsed can neither act nor endorse: with nobody else the log could never be acted on again.
    .where('endorsed', 'is not', null)
    .where('id', '!=', person)
    .where((eb) =>
      eb.exists(
        eb
          .selectFrom('passkeys')
          .select('registration')
          .whereRef('passkeys.person', '=', 'people.id')
          .where('passkeys.status', '=', 'counts'),
      ),
    )
    .limit(1)
    .executeTakeFirst()
  if (!others && (await isEndorsed(tx.db, person))) {
    throw new LastPersonError(
      'STATE_CONFLICT',
      'the last person who is endorsed cannot leave: enrol and endorse another first',
    )
  }
}

async function isEndorsed(db: Db, person: string): Promise<boolean> {
  const row = await db
    .selectFrom('people')
    .select(['status', 'endorsed'])
    .where('id', '=', person)
    .executeTakeFirst()
  if (!row) throw new RegistryError('UNKNOWN_PERSON', 'no such person')
  return row.status === 'enrolled' && row.endorsed !== null
}

/** Owners who are enrolled, endorsed and have not left: by the role that makes them one. */
export async function ownersHere(db: Db): Promise<{ readonly role: string; readonly person: string }[]> {
  return db
    .selectFrom('roles')
    .innerJoin('people', 'people.id', 'roles.person')
    .select(['roles.id as role', 'roles.person'])
    .where('roles.kind', '=', 'role')
    .where('roles.name', '=', 'owner')
    .where('roles.approval', 'is not', null)
    .where('roles.removed', 'is', null)
    .where('people.status', '=', 'enrolled')
    .where('people.endorsed', 'is not', null)
    .execute()
}

/**
 * ROL-18: where roles decide, the last owner is let go by nobody, themselves included: what lets them go takes no gesture.
 * @throws {LastPersonError} `LAST_OWNER`
 */
export async function assertOwnerStays({ db }: Tx, person: string): Promise<void> {
  const owners = new Set((await ownersHere(db)).map((owner) => owner.person))
  if (!owners.has(person) || owners.size > 1 || !(await rolesDecide(db))) return
  throw new LastPersonError(
    'LAST_OWNER',
    'this is the last owner: have another owner approved first, or remove their passkeys as compromised, which ends what they sign and sealed, and recover them',
  )
}
