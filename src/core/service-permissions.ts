/**
 * The permission matrix of programs, beside that of people (permissions.ts). spec/service-accounts.md (SVC-9 to SVC-11).
 * @module
 */
import { operations } from './operations.ts'
import { PERMISSIONS } from './permissions.ts'
import type { ServiceRole } from './roles.ts'

export interface ServicePermission {
  readonly name: string
  /** What it lets a program do, after "may". */
  readonly what: string
  readonly roles: readonly ServiceRole[]
  readonly operations: readonly string[]
}

const READING = ['viewer', 'auditor', 'developer', 'responder'] as const

/** Of what people may read. Left out: what is of the person who asks, such as packs that they have built. */
function readsOf(...names: readonly string[]): string[] {
  return PERMISSIONS.filter(({ name }) => names.includes(name))
    .flatMap((permission) => permission.operations)
    .filter((operation) => operation.startsWith('GET ') && operation !== 'GET /v1/evidence/packs')
}

/**
 * What programs may do: each operation stands here, or is refused to all of them (SVC-10). No row has one that takes a
 * gesture, begins a session, or gives anybody a key, a link or an invitation.
 */
export const SERVICE_PERMISSIONS: readonly ServicePermission[] = [
  {
    name: 'read',
    what: 'look at registers, who holds which role, and the log',
    roles: READING,
    operations: [...readsOf('registers.read', 'log.read'), 'GET /v1/roles'],
  },
  {
    name: 'evidence.read',
    what: 'look at what packs would say, and at the registers behind them',
    roles: ['auditor'],
    operations: readsOf('evidence.read'),
  },
  {
    name: 'propose',
    what: 'register systems and tools, propose agents and versions, record inventory',
    roles: ['developer'],
    operations: operations(`POST systems tools agents agents/{id}/versions inventory`),
  },
  {
    // SVC-11: by itself, because a stolen key that has it can stop everything.
    name: 'stop',
    what: 'revoke delegations, agents, keys and points, and suspend agents',
    roles: ['responder'],
    operations: operations(`POST revocations agents/{id}/suspend`),
  },
]
