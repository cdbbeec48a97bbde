/**
 * Roles that groups of a company's directory stand for. spec/identity.md (IDN-23).
 * Invariant: a group gives nothing: it proposes, and another person approves. What it takes away is gone at once.
 * @module
 */
import type { Role } from '../core/roles.ts'
import type { Tx } from '../ports/store.ts'
import type { RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import { proposeRoleTx, removeRoleTx, standingRoles } from './roles.ts'
import { provisioner } from './scim-clients.ts'
import type { ScimUserRow } from './scim-rows.ts'

/** Roles by the name of a group. */
export type ScimRoles = ReadonlyMap<string, Role>

const NO_LONGER = 'provisioning'

/**
 * What a user's person is proposed for, and what they lose.
 * @throws {RegistryError} `LAST_OWNER`
 */
export async function settleRolesTx(
  ctx: RegistryContext,
  tx: Tx,
  { id, client, person }: Pick<ScimUserRow, 'id' | 'client' | 'person'>,
  roles: ScimRoles,
): Promise<void> {
  const wanted = await wantedRoles(tx, id, roles)
  const own = (await standingRoles(tx.db)).filter((row) => row.kind === 'role' && row.person === person)
  const actor = provisioner(client)
  for (const row of own)
    if (row.proposer === client && !wanted.has(row.name as Role))
      await removeRoleTx(tx, actor, row.id, NO_LONGER)
  if (!(await isEndorsed(tx, person))) return
  for (const role of wanted)
    if (!own.some(({ name }) => name === role))
      await proposeRoleTx(ctx, tx, actor, { kind: 'role', person, role })
}

async function wantedRoles(tx: Tx, user: string, roles: ScimRoles): Promise<Set<Role>> {
  const groups = await tx.db
    .selectFrom('scim_members')
    .innerJoin('scim_groups', 'scim_groups.id', 'scim_members.group')
    .select('scim_groups.name')
    .where('scim_members.user', '=', user)
    .orderBy('scim_groups.name')
    .execute()
  return new Set(groups.flatMap(({ name }) => roles.get(name) ?? []))
}

async function isEndorsed(tx: Tx, person: string): Promise<boolean> {
  const row = await tx.db
    .selectFrom('people')
    .select(['status', 'endorsed'])
    .where('id', '=', person)
    .executeTakeFirst()
  return row?.status === 'enrolled' && row.endorsed !== null
}

/** Who leaves loses what provisioning gave. The last owner keeps that one: a leaver is never kept by it (ROL-6). */
export async function dropRolesTx(tx: Tx, client: string, person: string): Promise<void> {
  const own = (await standingRoles(tx.db)).filter((row) => row.proposer === client && row.person === person)
  for (const { id } of own)
    try {
      await removeRoleTx(tx, provisioner(client), id, NO_LONGER)
    } catch (cause) {
      if (!(cause instanceof RegistryError) || cause.code !== 'LAST_OWNER') throw cause
    }
}

/** Somebody who was endorsed since they were put into groups. What cannot be now is tried the next time. */
export async function settleRolesOf(ctx: RegistryContext, person: string, roles: ScimRoles): Promise<void> {
  if (roles.size === 0) return
  try {
    await ctx.store.write(async (tx) => {
      const users = await tx.db
        .selectFrom('scim_users')
        .select(['id', 'client', 'person'])
        .where('person', '=', person)
        .where('active', '=', 1)
        .execute()
      for (const user of users) await settleRolesTx(ctx, tx, user, roles)
    })
  } catch (cause) {
    if (!(cause instanceof RegistryError)) throw cause
  }
}
