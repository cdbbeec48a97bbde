/**
 * Who administers an installation: roles of people in Countersign, and custody of what lies under it. spec/roles.md. What
 * a role may do is not said here: this is the list that a register, its evidence and a matrix of permissions rest on.
 * @module
 */

/** What each is for. */
export const ROLES = {
  owner: 'answers for the installation, and grants and removes roles',
  security: 'watches, revokes, kills, and sees alerts and incidents through',
  approver: 'approves what others ask for: agents, templates, policies, calls',
  developer: 'proposes agents and their versions, registers tools, enrols enforcement points',
  privacy: 'keeps notices and consents, and answers data subjects',
  auditor: 'reads evidence, and changes nothing',
  viewer: 'sees the registers, and changes nothing',
} as const
export type Role = keyof typeof ROLES
export const ROLE_NAMES = Object.keys(ROLES) as [Role, ...Role[]]

/** What a program may be. spec/service-accounts.md (SVC-9); which operations each opens, service-permissions.ts says. */
export const SERVICE_ROLES = {
  viewer: 'reads the registers and the log',
  auditor: 'reads evidence besides',
  developer: 'registers systems and tools, proposes agents and versions, records inventory',
  responder: 'revokes delegations, agents, keys and points, and suspends agents',
} as const
export type ServiceRole = keyof typeof SERVICE_ROLES
export const SERVICE_ROLE_NAMES = Object.keys(SERVICE_ROLES) as [ServiceRole, ...ServiceRole[]]

/** What somebody has in hand who could go around Countersign, or end it. */
export const CUSTODIES = {
  database: 'the database that log and registers stand in',
  host: 'a machine that the control plane runs on',
  issuer_key: 'the key that delegations are issued with',
  log_key: 'the key that checkpoints are signed with',
  break_glass_key: 'the key that stops everything from outside',
  witness_key: 'the key of a witness that cosigns the log',
} as const
export type Custody = keyof typeof CUSTODIES
export const CUSTODY_NAMES = Object.keys(CUSTODIES) as [Custody, ...Custody[]]

/** Of those who change something. */
const READING: ReadonlySet<Role> = new Set<Role>(['auditor', 'viewer'])

/** Whether somebody in the role does more than read. */
export function administers(role: Role): boolean {
  return !READING.has(role)
}

/** What a person holds. */
export type Holding =
  | { readonly kind: 'role'; readonly person: string; readonly role: Role }
  /** @property of a name of the thing, in the clear */
  | { readonly kind: 'custody'; readonly person: string; readonly custody: Custody; readonly of: string }

/** As lists and gestures say it: `owner`, `database ledger-1`. */
export function holdingName(holding: Holding): string {
  return holding.kind === 'role' ? holding.role : `${holding.custody} ${holding.of}`
}
