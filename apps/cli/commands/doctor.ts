/** `countersign doctor`: what stands in the way of a control plane, and what to do about it. spec/backup.md (DOC-1). @module */
import type { Command } from 'commander'
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
import { clockCheck, epochsCheck, openDatabase, vkeyOf } from '../doctor/registers.ts'
import { serverChecks } from '../doctor/server.ts'
import { vaultCheck } from '../doctor/vault.ts'
import { EXIT_FAILED, paint, progress, progressDone, result } from '../output.ts'
import { wantsJson } from './globals.ts'

export interface DoctorOptions {
  readonly data: string
  readonly url?: string
  readonly now: () => number
  readonly onProgress?: (done: number, size: number) => void
}

export function doctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('look at a data folder and its control plane; exit code 1 when a check fails')
    .option('--data <dir>', 'where the control plane keeps its data', '.countersign')
    .option('--url <url>', 'the control plane that serves it')
    .action(async (options: { data: string; url?: string }, command: Command) => {
      const onProgress = (done: number, size: number): void => progress(`${done} of ${size} entries`)
      const checks = await examine({ ...options, now: () => Date.now(), onProgress })
      progressDone()
      const isWell = checks.every(({ state }) => state !== 'fail')
      result(wantsJson(command), { ok: isWell, checks }, () => describe(checks))
      if (!isWell) process.exitCode = EXIT_FAILED
    })
}

/** Every check that can be made: one that fails does not keep the others from being made. */
export async function examine(options: DoctorOptions): Promise<Check[]> {
  const { data, url, now, onProgress = () => undefined } = options
  const folder = await folderCheck(data)
  const checks = [nodeCheck(), folder]
  let vkey: string | null = null
  if (folder.code !== 'DATA_MISSING') {
    checks.push(await diskCheck(data), await keysCheck(data), await backupCheck(data, now()))
    const breakGlass = await breakGlassCheck(data)
    if (breakGlass !== null) checks.push(breakGlass)
    const notes = await readNotes(data)
    const { check, snapshot } = openDatabase(data)
    checks.push(check)
    if (snapshot !== null) {
      try {
        vkey = await vkeyOf(snapshot)
        checks.push(await vaultCheck(data, snapshot))
        checks.push(await clockCheck(snapshot, now()), await epochsCheck(snapshot))
        if (vkey !== null) checks.push(...(await logChecks({ data, notes, snapshot, vkey, onProgress })))
      } finally {
        snapshot.close()
      }
    }
  }
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
