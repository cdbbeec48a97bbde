/**
 * `countersign vault backup` and `vault restore`: the keys of what is sealed, apart from everything else. spec/backup.md
 * (BAK-9).
 * @module
 */
import { Option, type Command } from 'commander'
import { rfc3339 } from '../../../src/core/time.ts'
import { isPostgres, vaultPlace } from '../../server/vault.ts'
import { copyVault, restoreVault } from '../backup/vault.ts'
import { CliError, paint, result } from '../output.ts'
import { wantsJson } from './globals.ts'

/** @param more where it is unless somebody says */
export function vaultOption(more: string): Option {
  return new Option(
    '--vault <place>',
    `the keys of what is sealed: a file, or postgres://… of a database of its own, ${more}. ` +
      'A password goes into the variable COUNTERSIGN_VAULT, not into an argument',
  )
}

/** Neither the argument nor the variable is ever printed: it may hold a password. */
export function givenVault({ vault }: { readonly vault?: string }): { vault?: string } {
  const { COUNTERSIGN_VAULT: variable } = process.env
  delete process.env.COUNTERSIGN_VAULT
  const given = vault ?? (variable === '' ? undefined : variable)
  if (given === undefined) return {}
  if (!isPostgres(given) && /^[a-z0-9+]+:\/\//i.test(given))
    throw new CliError(
      'ARGUMENT_INVALID',
      'the vault is neither a file nor a postgres://user@host/database URL',
    )
  return { vault: given }
}

interface Places {
  readonly data: string
  readonly vault?: string
}

function placeOf(options: Places) {
  return vaultPlace({ dataDir: options.data, ...givenVault(options) })
}

export function vaultCommands(program: Command): void {
  const vault = program
    .command('vault')
    .description('the keys of what is sealed, which have backups of their own')
  vault
    .command('backup')
    .description(
      'copy the vault, in use or not, into a file: keep it for at most 30 days, apart from the log',
    )
    .argument('<file>', 'where the copy goes: a file that does not exist')
    .option('--data <dir>', 'where the control plane keeps its data', '.countersign')
    .addOption(vaultOption('vault.db in --data unless given'))
    .action(async (file: string, options: Places, command: Command) => {
      const copied = await copyVault({ from: placeOf(options), to: file, now: () => Date.now() })
      result(wantsJson(command), { file, ...copied }, () =>
        [
          `${paint('green', 'copied')} ${file}: ${copied.subjects} subjects, their keys ${copied.encrypted ? 'encrypted: it opens with the same passphrase' : 'NOT encrypted'}`,
          'Delete it within 30 days, or what is erased stays in it.',
        ].join('\n'),
      )
    })
  vault
    .command('restore')
    .description(
      'put a copy of a vault into an empty place; the next start destroys again what was erased since',
    )
    .argument(
      '<file>',
      'what "countersign vault backup" wrote, or a vault.db: a vault moves in this way, too',
    )
    .option('--data <dir>', 'where the control plane keeps its data', '.countersign')
    .addOption(vaultOption('vault.db in --data unless given'))
    .option('--old-vault', 'take a copy that is older than 30 days')
    .action(async (file: string, options: Places & { oldVault?: boolean }, command: Command) => {
      const to = placeOf(options)
      const old = options.oldVault === true
      const { copied, ...restored } = await restoreVault({ from: file, to, old, now: () => Date.now() })
      const at = copied === null ? null : rfc3339(copied)
      result(wantsJson(command), { ...restored, copied_at: at }, () =>
        [
          `${paint('green', 'restored')} ${restored.subjects} subjects${at === null ? '' : `, copied ${at}`}`,
          'Start the control plane with this --vault: before it serves it destroys again what the log says is erased.',
        ].join('\n'),
      )
    })
}
