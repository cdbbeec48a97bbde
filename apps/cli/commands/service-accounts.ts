/** `countersign service-account …`: programs that ask the control plane, with keys of their own. spec/service-accounts.md. @module */
import { InvalidArgumentError, Option, type Command } from 'commander'
import { SERVICE_ROLES, type ServiceRole } from '../../../src/core/roles.ts'
import { rfc3339 } from '../../../src/core/time.ts'
import { SERVICE_DAYS_MAX } from '../../../src/log/service-bodies.ts'
import { listing, result, visible } from '../output.ts'
import { prepareProfile, profileFolder, saveProfile } from '../profile.ts'
import {
  approveService,
  disableService,
  enrolService,
  inviteService,
  listServices,
  proposeService,
  rotateService,
} from '../service-accounts.ts'
import { collect, globals, profileOf, reasonCode, wantsJson, whole } from './globals.ts'

const ID = 'svc_…'
const DAYS = 90

export function serviceAccountCommands(program: Command): void {
  const account = program
    .command('service-account')
    .description('programs that ask the control plane: CI, exporters, a portal of your own')
  listCommand(account)
  proposeCommand(account)
  approvalCommands(account)
  programCommands(account)
}

function listCommand(account: Command): void {
  account
    .command('list')
    .description('service accounts, each with its owner, roles and end')
    .option('--all', 'also what has ended')
    .action(async ({ all = false }: { all?: boolean }, command: Command) => {
      const every = await listServices(await profileOf(command))
      const over = ['expired', 'disabled', 'retired']
      const accounts = all ? every : every.filter(({ status }) => !over.includes(status))
      result(wantsJson(command), { accounts }, () =>
        listing(
          ['account', 'name', 'status', 'roles', 'owner', 'until', 'last use'],
          accounts.map(({ id, name, status, roles, owner, expires, used }) => [
            id,
            visible(name),
            status,
            roles.join(' '),
            owner,
            rfc3339(expires),
            used === null ? '-' : rfc3339(used),
          ]),
          'no program may ask; begin with "countersign service-account propose"',
        ),
      )
    })
}

interface ProposeOptions {
  readonly purpose: string
  readonly role: ServiceRole[]
  readonly owner?: string
  readonly network?: string[]
  readonly days: number
}

function proposeCommand(account: Command): void {
  const meanings = Object.entries(SERVICE_ROLES)
    .map(([name, what]) => `${name}: ${what}`)
    .join('; ')
  account
    .command('propose')
    .description('propose an account for a program; somebody else approves it')
    .argument('<name>', 'of the program, in the clear')
    .requiredOption('--purpose <text>', 'what it is for, in the clear')
    .addOption(
      new Option('--role <role>', `several times: ${meanings}`)
        .argParser((value: string, before: string[] | undefined) => collect(role(value), before))
        .makeOptionMandatory(),
    )
    .option('--owner <person>', 'who answers for it; you, unless you name somebody')
    .option('--network <cidr>', 'several times: it asks from there alone', collect)
    .option('--days <n>', `at most ${SERVICE_DAYS_MAX}`, whole, DAYS)
    .action(async (name: string, options: ProposeOptions, command: Command) => {
      const profile = await profileOf(command)
      const { purpose, role: roles, owner = profile.person, network: networks = [], days } = options
      const proposed = await proposeService(profile, { name, purpose, owner, roles, networks, days })
      const next = `next: countersign service-account approve ${proposed.account}, by somebody else than you and its owner`
      result(
        wantsJson(command),
        { ...proposed, status: 'waiting' },
        () => `${proposed.account} waits: ${visible(name)}, until ${proposed.expires}\n${next}`,
      )
    })
}

function role(value: string): string {
  if (value in SERVICE_ROLES) return value
  throw new InvalidArgumentError(`one of ${Object.keys(SERVICE_ROLES).join(', ')}`)
}

function approvalCommands(account: Command): void {
  account
    .command('approve')
    .description('approve it with your authenticator; not by who proposed or owns it')
    .argument('<account>', ID)
    .action(async (id: string, _: unknown, command: Command) => {
      await approveService(await profileOf(command), id)
      const next = `next: countersign service-account invite ${id}, by its owner`
      result(wantsJson(command), { account: id, status: 'approved' }, () => `${id} is approved\n${next}`)
    })
  account
    .command('invite')
    .description('a secret that enrols the key of the program once, within an hour; by its owner')
    .argument('<account>', ID)
    .action(async (id: string, _: unknown, command: Command) => {
      const profile = await profileOf(command)
      const invited = await inviteService(profile, id)
      result(wantsJson(command), { account: id, ...invited }, () =>
        [
          `Where the program runs, until ${rfc3339(invited.expires)}:`,
          `  countersign service-account enroll --url ${profile.url} --secret ${invited.secret} -o DIR`,
        ].join('\n'),
      )
    })
  account
    .command('disable')
    .description('stop it at once and for ever, or take a proposal back')
    .argument('<account>', ID)
    .requiredOption('--reason <code>', 'such as key-stolen', reasonCode)
    .action(async (id: string, { reason }: { reason: string }, command: Command) => {
      await disableService(await profileOf(command), id, reason)
      result(wantsJson(command), { account: id, status: 'disabled' }, () => `${id} is disabled`)
    })
}

interface EnrollOptions {
  readonly url: string
  readonly secret: string
  readonly out: string
}

/** What the program does itself. */
function programCommands(account: Command): void {
  account
    .command('enroll')
    .description('make the key of the program, enrol it, and write a profile')
    .requiredOption('--url <url>', 'the control plane')
    .requiredOption('--secret <secret>', 'the invitation')
    .requiredOption('-o, --out <dir>', 'folder of the profile, which holds the key')
    .action(async ({ url, secret, out }: EnrollOptions, command: Command) => {
      await prepareProfile(out)
      const file = await enrolService(url, secret)
      await saveProfile(out, file)
      const { service } = file
      result(
        wantsJson(command),
        { account: service, profile: out },
        () => `The program is ${service}. Profile in ${out}: countersign --profile ${out} fleet`,
      )
    })
  account
    .command('rotate')
    .description('another key for the program of this profile, by a proof with each of the two')
    .action(async (_: unknown, command: Command) => {
      const rotated = await rotateService(profileFolder(globals(command).profile))
      result(wantsJson(command), rotated, () => `${rotated.account} has the key ${rotated.jkt}`)
    })
}
