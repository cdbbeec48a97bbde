/** `countersign doctor`: what stands in the way of a control plane, and what to do about it. spec/backup.md (DOC-1). @module */
import { join } from 'node:path'
import type { Command } from 'commander'
import { nodeCrypto } from '../../../src/adapters/node-crypto/node-crypto.ts'
import { readAnchorSettings, type AnchorSettings } from '../../server/anchor-settings.ts'
import type { Check } from '../doctor/check.ts'
import { logChecks, readNotes } from '../doctor/log.ts'
import {
  backupCheck,
  breakGlassCheck,
  diskCheck,
  folderCheck,
  keysCheck,
  nodeCheck,
} from '../doctor/machine.ts'
import { outsideChecks } from '../doctor/outside.ts'
import { clockCheck, epochsCheck, openDatabase, revocationsCheck, vkeyOf } from '../doctor/registers.ts'
import { serverChecks } from '../doctor/server.ts'
import { vaultCheck } from '../doctor/vault.ts'
import { EXIT_FAILED, paint, progress, progressDone, result } from '../output.ts'
import { wantsJson } from './globals.ts'
import { givenVault, vaultOption } from './vault.ts'

export interface DoctorOptions {
  readonly data: string
  readonly url?: string
  /** Of `start --anchors`. */
  readonly anchors?: AnchorSettings
  /** The folder of the key files; `keys` in the data folder unless told otherwise. */
  readonly keys?: string
  /** A file or `postgres://…`; `vault.db` in the data folder unless told otherwise. */
  readonly vault?: string
  readonly now: () => number
  readonly onProgress?: (done: number, size: number) => void
}

interface GivenOptions {
  readonly data: string
  readonly url?: string
  readonly keys?: string
  readonly vault?: string
  readonly anchors?: string
}

export function doctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('look at a data folder and its control plane; exit code 1 when a check fails')
    .option('--data <dir>', 'where the control plane keeps its data', '.countersign')
    .option('--url <url>', 'the control plane that serves it')
    .option('--keys <dir>', 'the folder of the key files; keys in --data unless given')
    .addOption(vaultOption('vault.db in --data unless given'))
    .option('--anchors <file>', 'that of start --anchors: asks its witnesses, and looks at what it anchors')
    .action(async (options: GivenOptions, command: Command) => {
      const { anchors: file, ...rest } = options
      const checks = await examine({
        ...rest,
        ...givenVault(options),
        ...(file === undefined ? {} : { anchors: readAnchorSettings(nodeCrypto, file) }),
        now: () => Date.now(),
        onProgress: (done, size) => progress(`${done} of ${size} entries`),
      })
      progressDone()
      const isWell = checks.every(({ state }) => state !== 'fail')
      result(wantsJson(command), { ok: isWell, checks }, () => describe(checks))
      if (!isWell) process.exitCode = EXIT_FAILED
    })
}

/** Every check that can be made: one that fails does not keep the others from being made. */
export async function examine(options: DoctorOptions): Promise<Check[]> {
  const { data, url, anchors, now, onProgress = () => undefined } = options
  const folder = await folderCheck(data)
  const checks = [nodeCheck(), folder]
  let vkey: string | null = null
  if (folder.code !== 'DATA_MISSING') {
    const keys = options.keys ?? join(data, 'keys')
    checks.push(await diskCheck(data), await keysCheck(keys), await backupCheck(data, now()))
    const breakGlass = await breakGlassCheck(keys)
    if (breakGlass !== null) checks.push(breakGlass)
    const notes = await readNotes(data)
    const { check, snapshot } = openDatabase(data)
    checks.push(check)
    if (snapshot !== null) {
      try {
        vkey = await vkeyOf(snapshot)
        checks.push(await vaultCheck(data, options.vault, snapshot))
        checks.push(await clockCheck(snapshot, now()), await epochsCheck(snapshot))
        checks.push(await revocationsCheck(snapshot))
        if (vkey !== null) checks.push(...(await logChecks({ data, notes, snapshot, vkey, onProgress })))
        const outside = { data, note: notes.published, settings: anchors ?? null, now_ms: now() }
        checks.push(...(await outsideChecks(outside)))
      } finally {
        snapshot.close()
      }
    }
  }
  const isElsewhere = checks.every(({ name }) => name !== 'vault')
  if (options.vault !== undefined && isElsewhere) checks.push(await vaultCheck(data, options.vault, null))
  if (url !== undefined) checks.push(...(await serverChecks(url, vkey)))
  return checks
}

const MARKS = { ok: paint('green', 'ok  '), warn: paint('yellow', 'warn'), fail: paint('red', 'FAIL') }

function describe(checks: readonly Check[]): string {
  const width = Math.max(...checks.map(({ name }) => name.length))
  return checks
    .flatMap(({ name, state, code, found, next }) => [
      `${MARKS[state]}  ${name.padEnd(width)}  ${code === 'OK' ? '' : `${code}: `}${found}`,
      ...(next === undefined ? [] : [`${' '.repeat(width + 8)}${next}`]),
    ])
    .join('\n')
}
