/** What the permission matrix opens to whom. spec/roles.md (ROL-13), spec/service-accounts.md (SVC-9). @module */
import { operations } from './operations.ts'
import { PERMISSIONS, type Permission } from './permissions.ts'
import type { Role, ServiceRole } from './roles.ts'
import { SERVICE_PERMISSIONS, type ServicePermission } from './service-permissions.ts'

const BY_OPERATION = new Map(
  PERMISSIONS.flatMap((permission) => permission.operations.map((operation) => [operation, permission])),
)

/** @param operation `METHOD /path`. @returns null: nobody's */
export function permissionFor(operation: string): Permission | null {
  return BY_OPERATION.get(operation) ?? null
}

/**
 * What somebody asks for whose registration nobody endorsed yet, whether roles decide or not (PPL-18): to endorse
 * themselves where they may, their own passkeys and gestures, and to stop what is theirs.
 */
const NEWCOMER = new Set(
  operations(`
    GET people/{id}/endorsement ceremonies/{id} passkeys
    POST people/{id}/endorse ceremonies revocations
  `),
)

/** @param isOwn whether what the path names is who asks */
export function opensToNewcomer(operation: string, isOwn: boolean): boolean {
  return NEWCOMER.has(operation) && (isOwn || !endorses(operation))
}

const ENDORSING = new Set(
  operations(`
    GET people/{id}/endorsement
    POST people/{id}/endorse
  `),
)

/** Whether it is about the endorsement of the person whom the path names. */
export function endorses(operation: string): boolean {
  return ENDORSING.has(operation)
}

export function holds({ roles: needed }: Permission, roles: readonly Role[]): boolean {
  return needed === 'anybody' || roles.some((role) => needed.includes(role))
}

/** Names of what somebody with these roles may do. */
export function permissionsOf(roles: readonly Role[]): string[] {
  return PERMISSIONS.filter((permission) => holds(permission, roles)).map(({ name }) => name)
}

const SERVICE_BY_OPERATION = new Map(
  SERVICE_PERMISSIONS.flatMap((permission) =>
    permission.operations.map((operation) => [operation, permission] as const),
  ),
)

/** @param operation `METHOD /path`. @returns null: no program's */
export function servicePermissionFor(operation: string): ServicePermission | null {
  return SERVICE_BY_OPERATION.get(operation) ?? null
}

export function serviceHolds({ roles: needed }: ServicePermission, roles: readonly ServiceRole[]): boolean {
  return roles.some((role) => needed.includes(role))
}
