/**
 * Who it is that an identity provider speaks of. spec/identity.md (IDN-4, IDN-6, IDN-10).
 * Invariant: a link says it and nothing else; a claim makes a link once, for a user whom a client of ours provisioned and who has no
 * passkey here yet.
 * @module
 */
import type { Kysely } from 'kysely'
import { foldIdentifier } from '../core/consent.ts'
import type { Schema } from '../ports/schema.ts'
import { makeEnrolCeremony } from './ceremonies.ts'
import type { Made } from './ceremony-rows.ts'
import { SYSTEM, type RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import { isConnected, linkTx, personOfAccount, type Account } from './identities.ts'
import { soughtKey } from './identity-index.ts'
import { insertInvitation } from './invitations.ts'

type Db = Kysely<Schema>

/** What the provider says of them besides, and which attribute of a provisioned user that is (IDN-10). */
export interface Matched {
  readonly attribute: 'externalId' | 'userName'
  readonly value: string
}

export interface Found {
  readonly person: string
  /** False: they registered no passkey yet (IDN-6). */
  readonly enrolled: boolean
}

/** @throws {RegistryError} `IDENTITY_UNKNOWN`; `STATE_CONFLICT`: who it would be has another account there */
export async function whoSignsIn(
  ctx: RegistryContext,
  account: Account,
  matched: Matched | null,
): Promise<Found> {
  const known = await ctx.store.query((db) => personOfAccount(ctx, db, account))
  const person = known ?? (await linkProvisioned(ctx, account, matched))
  const row = await ctx.store.query((db) =>
    db.selectFrom('people').select('status').where('id', '=', person).executeTakeFirst(),
  )
  if (row === undefined || row.status === 'left') throw unknown()
  return { person, enrolled: row.status === 'enrolled' }
}

function linkProvisioned(ctx: RegistryContext, account: Account, matched: Matched | null): Promise<string> {
  if (matched === null) throw unknown()
  return ctx.store.write(async (tx) => {
    const found = await provisionedPerson(ctx, tx.db, matched)
    if (found === null) throw unknown()
    const { person, status } = found
    // Who has a passkey here connects the account in a session of it (IDN-9); one that they have there is in the way.
    if (status === 'enrolled' && !(await isConnected(tx.db, person, account.iss))) throw unknown()
    await linkTx(ctx, tx, SYSTEM, { ...account, person, by: 'provisioned' })
    return person
  })
}

/** Of one user that is active. @returns null: of none, or of several clients' */
async function provisionedPerson(
  ctx: RegistryContext,
  db: Db,
  { attribute, value }: Matched,
): Promise<Candidate | null> {
  const users = attribute === 'userName' ? await byName(ctx, db, value) : await byExternal(ctx, db, value)
  const [user, ...more] = users.filter(({ active, status }) => active === 1 && status !== 'left')
  return user === undefined || more.length > 0 ? null : user
}

type Candidate = Pick<Schema['scim_users'], 'person' | 'active'> & Pick<Schema['people'], 'status'>

async function byName(ctx: RegistryContext, db: Db, value: string): Promise<Candidate[]> {
  const folded = foldIdentifier(value)
  const key = folded === null ? null : await soughtKey(ctx, db, ['user_name', folded])
  return key === null ? [] : candidates(db).where('name_key', '=', key).execute()
}

async function byExternal(ctx: RegistryContext, db: Db, value: string): Promise<Candidate[]> {
  const clients = await db.selectFrom('scim_clients').select('id').where('removed', 'is', null).execute()
  const keys = await Promise.all(clients.map(({ id }) => soughtKey(ctx, db, ['external', id, value])))
  const known = keys.filter((key) => key !== null)
  return known.length === 0 ? [] : candidates(db).where('external_key', 'in', known).execute()
}

function candidates(db: Db) {
  return db
    .selectFrom('scim_users')
    .innerJoin('people', 'people.id', 'scim_users.person')
    .select(['scim_users.person', 'scim_users.active', 'people.status'])
}

function unknown(): RegistryError {
  return new RegistryError(
    'IDENTITY_UNKNOWN',
    'this account is nobody’s here: connect it in a session that your passkey opened, or ask whoever provisions people',
  )
}

/** A ceremony in which they register a passkey, with an operator key that is nobody's afterwards (IDN-6). */
export async function registerPasskey(ctx: RegistryContext, person: string): Promise<Made> {
  const secret = await ctx.store.write(async (tx) => {
    await tx.db.updateTable('invitations').set({ used: 1 }).where('person', '=', person).execute()
    return insertInvitation(ctx.crypto, tx, person)
  })
  const operator = ctx.crypto.signer(ctx.crypto.generateKey('Ed25519')).publicJwk
  return makeEnrolCeremony(ctx, { secret, operator })
}
