/** `countersign notice …`, `countersign basis …`: what people are told, and grounds that are no consent. spec/consent.md. @module */
import type { Command } from 'commander'
import { termName } from '../../../src/core/dpv.ts'
import { rfc3339 } from '../../../src/core/time.ts'
import {
  approveBasis,
  approveNotice,
  endBasis,
  listBases,
  listNotices,
  proposeBasis,
  proposeNotice,
  readBasis,
  readNotice,
} from '../consent/acts.ts'
import { listing, result } from '../output.ts'
import { approveCommand } from './approve.ts'
import { profileOf, reasonCode, wantsJson } from './globals.ts'

export function noticeCommands(program: Command): void {
  const notice = program.command('notice').description('what data subjects are told before they consent')
  notice
    .command('propose')
    .description('propose a notice, which someone else approves')
    .argument(
      '<file>',
      'JSON with name, version, language, jurisdiction, controller, contact, purposes, categories',
    )
    .argument('<text>', 'the text itself, as people read it')
    .action(async (file: string, text: string, _: unknown, command: Command) => {
      const said = await readNotice(file, text)
      const id = await proposeNotice(await profileOf(command), said)
      result(
        wantsJson(command),
        { notice: id },
        () => `${id} is proposed; someone else approves it: countersign notice approve ${id}`,
      )
    })
  notice
    .command('list')
    .description('notices, the newest first')
    .action(async (_: unknown, command: Command) => {
      const notices = await listNotices(await profileOf(command))
      result(wantsJson(command), notices, () =>
        listing(
          ['notice', 'status', 'name', 'version', 'language', 'for', 'purposes'],
          notices.map(({ id, status, notice: { name, version, language, jurisdiction, purposes } }) => [
            id,
            status,
            name,
            version,
            language,
            jurisdiction,
            purposes.map(termName).join(', '),
          ]),
          'no notice yet: countersign notice propose FILE TEXT',
        ),
      )
    })
  approveCommand(notice, {
    does: 'approve a notice with your authenticator: consents may name it from then on',
    noun: 'notice',
    id: 'ntc_…',
    status: 'approved',
    approve: approveNotice,
  })
  basisCommands(program)
}

function basisCommands(program: Command): void {
  const basis = program.command('basis').description('grounds for using personal data that are no consent')
  basis
    .command('propose')
    .description('propose a basis, which someone else approves')
    .argument('<file>', 'JSON with kind, purpose, categories, jurisdiction, expires (spec/consent.md, CNS-6)')
    .action(async (file: string, _: unknown, command: Command) => {
      const id = await proposeBasis(await profileOf(command), await readBasis(file))
      result(
        wantsJson(command),
        { basis: id },
        () => `${id} is proposed; someone else approves it: countersign basis approve ${id}`,
      )
    })
  basis
    .command('list')
    .description('bases, the newest first')
    .action(async (_: unknown, command: Command) => {
      const bases = await listBases(await profileOf(command))
      result(wantsJson(command), bases, () =>
        listing(
          ['basis', 'status', 'kind', 'purpose', 'for', 'expires'],
          bases.map(({ id, status, basis: { kind, purpose, jurisdiction, expires } }) => [
            id,
            status,
            kind,
            termName(purpose),
            jurisdiction,
            rfc3339(expires * 1000).slice(0, 10),
          ]),
          'no basis yet: countersign basis propose FILE',
        ),
      )
    })
  approveCommand(basis, {
    does: 'put a basis in force with your authenticator, until it expires',
    noun: 'basis',
    id: 'bas_…',
    status: 'approved',
    is: 'in force',
    approve: approveBasis,
  })
  basis
    .command('end')
    .description('end a basis before its time: points deny within the bound')
    .argument('<basis>', 'bas_…')
    .requiredOption('--reason <code>', 'why, as a code', reasonCode)
    .action(async (id: string, { reason }: { reason: string }, command: Command) => {
      const ended = await endBasis(await profileOf(command), id, reason)
      result(wantsJson(command), { basis: id, ...ended }, () => `${id} is no ground any more`)
    })
}
