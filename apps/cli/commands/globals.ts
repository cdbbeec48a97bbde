/** Options that every command knows. @module */
import type { Command } from 'commander'
import { loadProfile, type Profile } from '../profile.ts'

export interface Globals {
  readonly profile?: string
  readonly json?: boolean
}

/** Global options win over nothing: they may stand before or after the command's name. */
export function globals(command: Command): Globals {
  return command.optsWithGlobals<Globals>()
}

export function profileOf(command: Command): Promise<Profile> {
  return loadProfile(globals(command).profile)
}

export function wantsJson(command: Command): boolean {
  return globals(command).json === true
}

/** For options that may be given several times. */
export function collect(value: string, previous: readonly string[] = []): string[] {
  return [...previous, value]
}
