/** `countersign backup`, `backup test` and `restore`. spec/backup.md. @module */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import { z } from 'zod'
import { ApiError } from '../../../src/adapters/http/client.ts'
import { CountersignError } from '../../../src/core/errors.ts'
import { readManifest, type BackupManifest } from '../backup/manifest.ts'
import { restoreBackup } from '../backup/restore.ts'
import { takeBackup } from '../backup/take.ts'
import { CliError, EXIT_FAILED, paint, result, tell } from '../output.ts'
import { profileOf, wantsJson } from './globals.ts'

export function backupCommands(program: Command): void {
  const backup = program
    .command('backup')
    .description('copy database and published log of a control plane, running or not, and verify the copy')
    .argument('<folder>', 'where the backup goes: a folder that does not exist, or is empty')
    .option('--data <dir>', 'where the control plane keeps its data', '.countersign')
    .option('--keys', 'the key files too: only those that are encrypted')
    .option('--vault', 'the keys of what is sealed too: keep such a backup for at most 30 days')
    .action(
      async (to: string, options: { data: string; keys?: boolean; vault?: boolean }, command: Command) => {
        const manifest = await takeBackup({
          data: options.data,
          to,
          keys: options.keys === true,
          vault: options.vault === true,
          now: () => Date.now(),
        })
        const { taken_at, log, entries } = manifest
        const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0)
        result(wantsJson(command), { folder: to, taken_at, ...log, entries, bytes }, () =>
          [
            `${paint('green', 'backed up')} ${to}: ${entries} entries, ${log.size} of them signed, ${bytes} bytes, verified`,
            'Keep lock/last-checkpoint apart from it: it says how far the log had been signed.',
            ...(options.keys === true
              ? []
              : ['Private keys are not in it: back up keys/ with care, apart from it.']),
            options.vault === true
              ? 'The vault is in it: delete this backup within 30 days, or what is erased stays in it.'
              : 'The vault is not in it, and without vault.db nobody opens names, instructions and arguments: copy it apart with --vault, and keep no copy for more than 30 days.',
          ].join('\n'),
        )
      },
    )
  testCommand(backup)
  restoreCommand(program)
}

function testCommand(backup: Command): void {
  backup
    .command('test')
    .description('restore a backup into a temporary folder, verify it, and have the log record that')
    .argument('<backup>', 'folder that "countersign backup" wrote')
    .action(async (folder: string, _: object, command: Command) => {
      const manifest = await readManifest(folder)
      const fault = await faultOf(folder)
      const { log, taken_at } = manifest
      const test = { size: log.size, root: log.root, taken_at, ok: fault === null }
      const index = await record(command, test)
      const said = { ...test, entry: index, ...(fault === null ? {} : { fault }) }
      result(wantsJson(command), said, () =>
        [
          test.ok
            ? `${paint('green', 'restores')}: ${log.size} entries as signed, taken ${taken_at}`
            : `${paint('red', 'DOES NOT RESTORE')} (${fault?.code}): ${fault?.message}`,
          index === null ? 'Not recorded: no control plane of yours took it.' : `Recorded as entry ${index}.`,
        ].join('\n'),
      )
      if (!test.ok) process.exitCode = EXIT_FAILED
    })
}

/** Why a backup does not restore, or its registers are not those of its log; null when all holds. */
async function faultOf(backup: string): Promise<{ code: string; message: string } | null> {
  const data = await mkdtemp(join(tmpdir(), 'countersign-restore-'))
  try {
    const { backwards } = await restoreBackup({ backup, data, now: () => Date.now() })
    if (backwards.length === 0) return null
    const message = `entry ${backwards[0]} has an earlier time than the one before`
    return { code: 'REGISTERS_DIFFER', message }
  } catch (cause) {
    if (cause instanceof CountersignError) return { code: cause.code, message: cause.message }
    throw cause
  } finally {
    await rm(data, { recursive: true, force: true })
  }
}

type RestoreTest = BackupManifest['log'] & { readonly taken_at: string; readonly ok: boolean }

/** @returns the index of the entry; null without a profile, or when its control plane does not take it */
async function record(command: Command, test: RestoreTest): Promise<number | null> {
  try {
    const { client } = await profileOf(command)
    return z.object({ index: z.int() }).parse(await client.post('/v1/backups/tests', { ...test })).index
  } catch (cause) {
    const isExpected = cause instanceof ApiError || (cause instanceof CliError && cause.code === 'NO_PROFILE')
    if (!isExpected) throw cause
    tell(`not recorded: ${cause.message}`)
    return null
  }
}

function restoreCommand(program: Command): void {
  program
    .command('restore')
    .description('restore a backup into a data folder that holds at most keys/, lock/ and vault.db')
    .argument('<backup>', 'folder that "countersign backup" wrote')
    .requiredOption('--data <dir>', 'where the control plane will keep its data')
    .option('--checkpoint <file>', 'a checkpoint that was kept elsewhere: an older backup is refused')
    .option('--key <vkey>', "the log's verifier key, from another source than the backup")
    .option('--old-vault', 'take a copy of the vault that is older than 30 days')
    .option('--unsigned-tail', 'take entries at the end that no checkpoint covers')
    .action(
      async (
        backup: string,
        options: {
          data: string
          checkpoint?: string
          key?: string
          oldVault?: boolean
          unsignedTail?: boolean
        },
        command: Command,
      ) => {
        const restored = await restoreBackup({ backup, ...options, now: () => Date.now() })
        const { manifest, anchored, keys, vault, erased } = restored
        const { taken_at, log, entries } = manifest
        result(
          wantsJson(command),
          { data: options.data, taken_at, ...log, entries, anchored, keys, vault, erased },
          () =>
            [
              `${paint('green', 'restored')} ${options.data}: ${entries} entries, taken ${taken_at}`,
              ...(anchored
                ? []
                : [
                    paint(
                      'yellow',
                      'Nothing outside the backup says how far the log had been signed: compare with a checkpoint of a witness or an auditor before you start.',
                    ),
                  ]),
              ...(keys ? [] : ['Put the key files back into keys/ before you start.']),
              ...(vault
                ? []
                : [
                    'Put vault.db back before you start; if it is lost, start with --new-vault: names, instructions and arguments are then lost too.',
                  ]),
              ...(erased.length === 0
                ? []
                : [`Erased again, because the vault was older than their erasure: ${erased.join(', ')}`]),
            ].join('\n'),
        )
      },
    )
}
