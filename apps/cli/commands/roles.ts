/** `countersign role …`: who administers the installation, approved by somebody else, reviewed each quarter. spec/roles.md. @module */
import { Argument, Option, type Command } from 'commander'
import {
  CUSTODIES,
  holdingName,
  ROLES,
  type Custody,
  type Holding,
  type Role,
} from '../../../src/core/roles.ts'
import { rfc3339 } from '../../../src/core/time.ts'
import { openAccessReview } from '../access-reviews.ts'
import { listing, result, visible } from '../output.ts'
import { approveRole, listRoles, proposeRole, removeRole } from '../roles.ts'
import { profileOf, reasonCode, wantsJson } from './globals.ts'

const ID = 'rol_…'
const meanings = (of: Readonly<Record<string, string>>): string =>
  Object.entries(of)
    .map(([name, what]) => `${name}: ${what}`)
    .join('; ')

export function roleCommands(program: Command): void {
  const role = program
    .command('role')
    .description('who administers the installation: roles, and custody of database, hosts and keys')
  listCommand(role)
  grantCommands(role)
  changeCommands(role)
}

function listCommand(role: Command): void {
  role
    .command('list')
    .description('who holds what, and what waits for an approval')
    .option('--all', 'also what was removed')
    .action(async ({ all = false }: { all?: boolean }, command: Command) => {
      const every = await listRoles(await profileOf(command))
      const roles = all ? every : every.filter(({ removed }) => removed === null)
      result(wantsJson(command), { roles }, () =>
        listing(
          ['role', 'kind', 'holds', 'person', 'status', 'approved by', 'since'],
          roles.map(({ id, holding, status, approver, approved }) => [
            id,
            holding.kind,
            visible(holdingName(holding)),
            holding.person,
            status,
            approver ?? (approved === null ? '-' : 'the set-up'),
            approved === null ? '-' : rfc3339(approved),
          ]),
          'nobody holds a role; begin with "countersign role grant"',
        ),
      )
    })
}

function grantCommands(role: Command): void {
  role
    .command('grant')
    .description('propose that a person holds a role; it is in force once somebody else approves it')
    .argument('<person>', 'per_…')
    .addArgument(new Argument('<role>', meanings(ROLES)).choices(Object.keys(ROLES)))
    .action(async (person: string, name: Role, _: unknown, command: Command) =>
      propose(command, { kind: 'role', person, role: name }),
    )
  role
    .command('custody')
    .description('say who has custody of a database, a host or a key; somebody else approves it')
    .argument('<person>', 'per_…')
    .addArgument(new Argument('<kind>', meanings(CUSTODIES)).choices(Object.keys(CUSTODIES)))
    .addOption(new Option('--of <name>', 'of the database, host or key, in the clear').makeOptionMandatory())
    .action(async (person: string, custody: Custody, { of }: { of: string }, command: Command) =>
      propose(command, { kind: 'custody', person, custody, of }),
    )
}

async function propose(command: Command, holding: Holding): Promise<void> {
  const id = await proposeRole(await profileOf(command), holding)
  const next = `next: countersign role approve ${id}, by somebody else than you and who holds it`
  result(
    wantsJson(command),
    { role: id, status: 'waiting' },
    () => `${id} waits: ${visible(holdingName(holding))}\n${next}`,
  )
}

function changeCommands(role: Command): void {
  role
    .command('approve')
    .description('approve it with your authenticator; not by who proposed it or is to hold it')
    .argument('<role>', ID)
    .action(async (id: string, _: unknown, command: Command) => {
      await approveRole(await profileOf(command), id)
      result(wantsJson(command), { role: id, status: 'in_force' }, () => `${id} is in force`)
    })
  role
    .command('remove')
    .description('take a role or custody away, or a proposal back')
    .argument('<role>', ID)
    .requiredOption('--reason <code>', 'such as left-the-company', reasonCode)
    .action(async (id: string, { reason }: { reason: string }, command: Command) => {
      await removeRole(await profileOf(command), id, reason)
      result(wantsJson(command), { role: id, status: 'removed' }, () => `${id} is removed`)
    })
  role
    .command('review')
    .description('freeze the list of all roles and custody of a quarter, and begin a review of it')
    .argument('<quarter>', 'such as 2026-Q3')
    .action(async (period: string, _: unknown, command: Command) => {
      const opened = await openAccessReview(await profileOf(command), period, 'roles')
      const next = `next: countersign access-review show ${opened.review}, then decide, act and close as there`
      result(wantsJson(command), opened, () => `${opened.review} is open: ${opened.items_n} items\n${next}`)
    })
}
