/** `countersign vendor …`: who makes models and tools, and whether somebody looked. spec/vendors.md. @module */
import { Option, type Command } from 'commander'
import { rfc3339 } from '../../../src/core/time.ts'
import { SUBSERVICE_METHODS, VENDOR_KINDS, type Vendor } from '../../../src/log/vendor-bodies.ts'
import { listing, paint, result, table, visible } from '../output.ts'
import {
  approveVendor,
  assessVendor,
  endVendor,
  listVendors,
  readAssessment,
  recordVendor,
  showVendor,
  type VendorDetail,
} from '../vendors.ts'
import { collect, profileOf, reasonCode, wantsJson } from './globals.ts'

const ID = 'vnd_…'

export function vendorCommands(program: Command): void {
  const vendor = program
    .command('vendor')
    .description('vendors of models and tools: on record, assessed, approved by somebody else')
  readCommands(vendor)
  recordCommand(vendor)
  assessCommands(vendor)
}

function readCommands(vendor: Command): void {
  vendor
    .command('list')
    .description('vendors, and whether an assessment of each is in force')
    .action(async (_: unknown, command: Command) => {
      const vendors = await listVendors(await profileOf(command))
      result(wantsJson(command), { vendors }, () =>
        listing(
          ['vendor', 'name', 'kind', 'status', 'valid until', 'servers and models'],
          vendors.map(({ id, name, kind, status, valid_until, servers, models }) => [
            id,
            visible(name),
            kind,
            status,
            valid_until ?? '-',
            [...servers, ...models].map(visible).join(', ') || '-',
          ]),
          'no vendor is on record; begin with "countersign vendor record"',
        ),
      )
    })
  vendor
    .command('show')
    .description('a vendor with its assessments')
    .argument('<vendor>', ID)
    .action(async (id: string, _: unknown, command: Command) => {
      const found = await showVendor(await profileOf(command), id)
      result(wantsJson(command), found, () => detailText(found))
    })
}

function detailText({ id, name, assessments, ...found }: VendorDetail): string {
  const rows = [
    ['kind', found.kind],
    ['status', found.status],
    ['servers', found.servers.map(visible).join(', ') || '-'],
    ['models', found.models.map(visible).join(', ') || '-'],
    ['owner', found.owner],
    ['subservice organization', found.subservice ?? '-'],
  ]
  const said = assessments.map(
    ({ time, assessor, outcome, valid_until, approver, text }) =>
      `${rfc3339(time)} ${assessor}: ${outcome} until ${valid_until}, ${approver === null ? 'waits' : `approved by ${approver}`}: ${visible(text ?? '(erased)')}`,
  )
  return [paint('bold', `${id}: ${visible(name)}`), table(rows), ...said].join('\n')
}

interface RecordOptions {
  readonly vendor?: string
  readonly kind: Vendor['kind']
  readonly server?: string[]
  readonly model?: string[]
  readonly owner?: string
  readonly subservice?: Exclude<Vendor['subservice'], null>
}

function recordCommand(vendor: Command): void {
  vendor
    .command('record')
    .description('put a vendor on record, or record it anew; what is new in it is not assessed yet')
    .argument('<name>', 'in the clear')
    .addOption(
      new Option('--kind <kind>', 'own: what the company runs itself, and needs no assessment')
        .choices([...VENDOR_KINDS])
        .makeOptionMandatory(),
    )
    .option('--server <name>', 'of a tool server that is theirs, as chains name it (repeat)', collect)
    .option(
      '--model <name>',
      'as manifests of versions name it; * at its end for all that begin so (repeat)',
      collect,
    )
    .option('--owner <person>', 'per_…, who answers for it; you if not given')
    .addOption(
      new Option('--subservice <method>', 'it is a subservice organization of the system').choices([
        ...SUBSERVICE_METHODS,
      ]),
    )
    .option('--vendor <id>', 'of one that is on record, or was')
    .action(async (name: string, options: RecordOptions, command: Command) => {
      const profile = await profileOf(command)
      const { kind, server = [], model = [], owner = profile.person, subservice = null } = options
      const said: Vendor = { name, kind, servers: server, models: model, owner, subservice }
      const id = await recordVendor(profile, said, options.vendor ?? null)
      const next = kind === 'own' ? '' : `\nnext: countersign vendor assess ${id} FILE`
      result(wantsJson(command), { vendor: id }, () => `${id} is on record${next}`)
    })
}

function assessCommands(vendor: Command): void {
  vendor
    .command('assess')
    .description('say what you found out about a vendor, and until when that is good')
    .argument('<vendor>', ID)
    .argument('<file>', 'JSON: outcome, valid_until, next_review, report, complementary, text (VND-2)')
    .action(async (id: string, file: string, _: unknown, command: Command) => {
      await assessVendor(await profileOf(command), id, await readAssessment(file))
      const next = `next: countersign vendor approve ${id}, by somebody else`
      result(wantsJson(command), { vendor: id, status: 'waiting' }, () => `${id} is assessed\n${next}`)
    })
  vendor
    .command('approve')
    .description('approve the last assessment with your authenticator; not by who made it')
    .argument('<vendor>', ID)
    .action(async (id: string, _: unknown, command: Command) => {
      await approveVendor(await profileOf(command), id)
      result(
        wantsJson(command),
        { vendor: id, status: 'in_force' },
        () => `the assessment of ${id} is in force`,
      )
    })
  vendor
    .command('end')
    .description('say that nothing of it is in use any more')
    .argument('<vendor>', ID)
    .requiredOption('--reason <code>', 'such as contract-ended', reasonCode)
    .action(async (id: string, { reason }: { reason: string }, command: Command) => {
      await endVendor(await profileOf(command), id, reason)
      result(wantsJson(command), { vendor: id, status: 'ended' }, () => `${id} is ended`)
    })
}
