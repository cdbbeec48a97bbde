/**
 * Users as a provisioning client has them, and the people behind them. spec/identity.md (IDN-17 to IDN-20).
 * Invariants: whoever is not active any more has left, with everything behind which they stand, in the same transaction;
 * who cannot leave loses what they sealed; a client reaches its own users alone.
 * @module
 */
import type { Kysely } from 'kysely'
import { newId } from '../core/ids.ts'
import { canonicalize, type JsonObject } from '../core/json.ts'
import { rfc3339 } from '../core/time.ts'
import { commitTo } from '../log/commitment.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import { raise } from './alerts.ts'
import type { RegistryContext } from './context.ts'
import { personOfAccount } from './identities.ts'
import { assertNotLastTx, assertOwnerStays, LastPersonError } from './last-person.ts'
import { addUninvitedTx, leaveTx } from './people.ts'
import { keep } from './personal.ts'
import { revokeTx } from './revocations.ts'
import { provisioner } from './scim-clients.ts'
import { keysTx, leaversKeysTx } from './scim-keys.ts'
import { dropRolesTx, settleRolesTx, type ScimRoles } from './scim-roles.ts'
import { dropUser, insertUser, updateUser, type ScimUserRow } from './scim-rows.ts'
import { findUserRow, isActive, saidOf } from './scim-user-views.ts'
import { sealedBy } from './sealed-with.ts'

type Db = Kysely<Schema>

/** What a client says of somebody. `said`: every attribute that is kept, with those two. */
export interface UserSaid {
  readonly userName: string
  readonly externalId: string | null
  readonly active: boolean
  /** For the list of people. */
  readonly name: string
  readonly said: JsonObject
}

/** What holds for every act of a client. */
export interface Provisioning {
  readonly client: string
  readonly roles: ScimRoles
  /** The issuer whose accounts `externalId` may name (IDN-18); null: none. */
  readonly iss: string | null
}

export interface Changed {
  readonly id: string
  /** Whose sessions end: they have left. */
  readonly left: string | null
}

const REASON = 'deprovisioned'

/** @throws {ScimError} `uniqueness`, `invalidValue`; {RegistryError} as {@link removeUser}, of who is not active */
export function addUser(ctx: RegistryContext, by: Provisioning, user: UserSaid): Promise<Changed> {
  const known = async ({ db }: Tx): Promise<Asked | null> => {
    const person = await knownPerson(ctx, db, by, user)
    return person === null ? null : { subject: person, person }
  }
  return orStop(ctx, by, known, () => addOrLeave(ctx, by, user))
}

function addOrLeave(ctx: RegistryContext, by: Provisioning, user: UserSaid): Promise<Changed> {
  return ctx.store.write(async (tx) => {
    const { client } = by
    const keys = await keysTx(ctx, tx, client, user, null)
    const person = (await knownPerson(ctx, tx.db, by, user)) ?? (await newPerson(ctx, tx, client, user))
    const id = newId(ctx.crypto, 'scu', tx.now)
    const value = commitTo(ctx.crypto, user.said)
    const added = await tx.append({
      type: 'scim.user_added',
      actor: provisioner(client),
      subject: id,
      body: { client, person },
      commitments: { user: value.commitment },
    })
    await keep(ctx, tx, person, 'user', value)
    const row = {
      id,
      client,
      person,
      active: 1,
      user_commit: value.commitment,
      added,
      created: tx.now,
      changed: added,
      modified: tx.now,
      ...keys,
    }
    await insertUser(tx.db, row)
    return { id, left: user.active ? null : await deactivateTx(ctx, tx, by, row, user.said) }
  })
}

function newPerson(ctx: RegistryContext, tx: Tx, client: string, { name }: UserSaid): Promise<string> {
  return addUninvitedTx(ctx, tx, provisioner(client), name)
}

/** IDN-18: somebody who connected that account before they were provisioned. */
async function knownPerson(
  ctx: RegistryContext,
  db: Db,
  { iss }: Provisioning,
  { externalId }: UserSaid,
): Promise<string | null> {
  if (iss === null || externalId === null) return null
  const person = await personOfAccount(ctx, db, { iss, sub: externalId })
  if (person === null) return null
  const taken = await db
    .selectFrom('scim_users')
    .innerJoin('scim_clients', 'scim_clients.id', 'scim_users.client')
    .select('scim_users.id')
    .where('scim_users.person', '=', person)
    .where('scim_clients.removed', 'is', null)
    .executeTakeFirst()
  return taken === undefined ? person : null
}

/** Who was to go, and as what an alert names them. */
interface Asked {
  readonly subject: string
  readonly person: string
}

/**
 * The last person stays (IDN-19), so that somebody can act; what they sealed does not: that they are to go is said by whoever
 * knows who works here. Nothing else of what was asked is written.
 */
async function orStop(
  ctx: RegistryContext,
  by: Provisioning,
  whoOf: (tx: Tx) => Promise<Asked | null>,
  act: () => Promise<Changed>,
): Promise<Changed> {
  try {
    return await act()
  } catch (cause) {
    if (cause instanceof LastPersonError)
      await ctx.store.write(async (tx) => {
        const asked = await whoOf(tx)
        if (asked !== null) await stopTx(ctx, tx, by.client, asked)
      })
    throw cause
  }
}

async function stopTx(
  ctx: RegistryContext,
  tx: Tx,
  client: string,
  { subject, person }: Asked,
): Promise<void> {
  const sealed = await sealedBy(tx, person)
  for (const target of sealed)
    await revokeTx(ctx, tx, provisioner(client), { kind: 'delegation', target, reason: REASON })
  const day = rfc3339(tx.now).slice(0, 10)
  await raise(tx, {
    rule: 'LAST_PERSON_DEPROVISIONED',
    subject,
    entries: [],
    // Said each time that it stopped something, and else once a day: a directory asks again and again.
    key: `deprovisioned/${subject}/${sealed[0] ?? day}`,
    detail: { client, revoked: sealed.length },
    ...(sealed.length === 0 ? {} : { isEveryLogged: true as const }),
  })
}

const userOf =
  (client: string, id: string) =>
  async ({ db }: Tx): Promise<Asked> => ({ subject: id, person: (await findUserRow(db, client, id)).person })

/** Everything that a client says of a user, in place of what it said. @throws {ScimError} `unknown`, `uniqueness`, `invalidValue`; {RegistryError} `STATE_CONFLICT` */
export function changeUser(
  ctx: RegistryContext,
  by: Provisioning,
  id: string,
  user: UserSaid,
): Promise<Changed> {
  return orStop(ctx, by, userOf(by.client, id), () => changeOrLeave(ctx, by, id, user))
}

function changeOrLeave(ctx: RegistryContext, by: Provisioning, id: string, user: UserSaid): Promise<Changed> {
  return ctx.store.write(async (tx) => {
    const row = await findUserRow(tx.db, by.client, id)
    const isHere = await isActive(tx.db, row)
    const before = await saidOf(ctx, tx.db, row)
    const leaves = row.active === 1 && !user.active
    const keys = await (leaves ? leaversKeysTx : keysTx)(ctx, tx, by.client, user, row)
    await updateUser(tx.db, id, keys)
    if (isHere && !user.active) return { id, left: await deactivateTx(ctx, tx, by, row, user.said) }
    const isSame =
      before !== null && canonicalize(before) === canonicalize(user.said) && isHere === user.active
    if (isSame) return { id, left: null }
    // Who left stays gone: it is another person who comes (IDN-20).
    const person = user.active && !isHere ? await newPerson(ctx, tx, by.client, user) : row.person
    await writeTx(ctx, tx, { ...row, person }, { said: user.said, active: user.active })
    if (user.active) await settleRolesTx(ctx, tx, { ...row, person }, by.roles)
    return { id, left: null }
  })
}

/** @returns who left */
async function deactivateTx(
  ctx: RegistryContext,
  tx: Tx,
  { client }: Provisioning,
  row: ScimUserRow,
  said: JsonObject,
): Promise<string> {
  await assertNotLastTx(tx, row.person)
  await assertOwnerStays(tx, row.person)
  await dropRolesTx(tx, client, row.person)
  await leaveTx(ctx, tx, provisioner(client), row.person, REASON)
  await writeTx(ctx, tx, row, { said, active: false })
  return row.person
}

async function writeTx(
  ctx: RegistryContext,
  tx: Tx,
  { id, client, person, user_commit }: ScimUserRow,
  { said, active }: { readonly said: JsonObject; readonly active: boolean },
): Promise<void> {
  const value = commitTo(ctx.crypto, said)
  const changed = await tx.append({
    type: 'scim.user_changed',
    actor: provisioner(client),
    subject: id,
    body: { person, active },
    commitments: { user: value.commitment },
  })
  await tx.db.deleteFrom('sealed').where('commitment', '=', user_commit).execute()
  await keep(ctx, tx, person, 'user', value)
  const times = { changed, modified: tx.now }
  await updateUser(tx.db, id, { person, active: active ? 1 : 0, user_commit: value.commitment, ...times })
}

/** @throws {ScimError} `unknown`; {RegistryError} `STATE_CONFLICT`: the last person who is endorsed, `LAST_OWNER` */
export function removeUser(ctx: RegistryContext, by: Provisioning, id: string): Promise<Changed> {
  return orStop(ctx, by, userOf(by.client, id), () => dropOrLeave(ctx, by, id))
}

function dropOrLeave(ctx: RegistryContext, by: Provisioning, id: string): Promise<Changed> {
  return ctx.store.write(async (tx) => {
    const row = await findUserRow(tx.db, by.client, id)
    const isHere = await isActive(tx.db, row)
    if (isHere) {
      await assertNotLastTx(tx, row.person)
      await assertOwnerStays(tx, row.person)
      await dropRolesTx(tx, by.client, row.person)
      await leaveTx(ctx, tx, provisioner(by.client), row.person, REASON)
    }
    await tx.append({ type: 'scim.user_removed', actor: provisioner(by.client), subject: id, body: {} })
    await dropUser(tx.db, id)
    return { id, left: isHere ? row.person : null }
  })
}
