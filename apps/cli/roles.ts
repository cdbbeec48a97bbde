/** Roles and custody, as operators see to them. One function an act, as in operator.ts. @module */
import { z } from 'zod'
import type { Holding } from '../../src/core/roles.ts'
import { holdingSchema } from '../../src/log/role-bodies.ts'
import { approveAt } from './operator.ts'
import type { Profile } from './profile.ts'

const view = z.object({
  id: z.string(),
  holding: holdingSchema,
  status: z.enum(['waiting', 'in_force', 'removed']),
  proposer: z.string().nullable(),
  approver: z.string().nullable(),
  approved: z.int().nullable(),
  removed: z.int().nullable(),
})
export type RoleView = z.infer<typeof view>

const PATH = '/v1/roles'
const pathOf = (id: string): string => `${PATH}/${encodeURIComponent(id)}`

export async function listRoles(profile: Profile): Promise<RoleView[]> {
  return z.object({ roles: z.array(view) }).parse(await profile.client.get(PATH)).roles
}

export async function proposeRole(profile: Profile, holding: Holding): Promise<string> {
  const answer = await profile.client.post(PATH, { ...holding })
  return z.object({ role: z.string() }).parse(answer).role
}

export async function approveRole(profile: Profile, role: string): Promise<void> {
  await approveAt(profile, pathOf(role), { act: 'role.approve', role })
}

export async function removeRole(profile: Profile, role: string, reason: string): Promise<void> {
  await profile.client.post(`${pathOf(role)}/remove`, { reason })
}
