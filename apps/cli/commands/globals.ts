/** Options that every command knows. @module */
import { InvalidArgumentError, type Command } from 'commander'
import { parseRfc3339 } from '../../../src/core/time.ts'
import { REASON_CODE } from '../../../src/log/erasure-bodies.ts'
import { CliError } from '../output.ts'
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

/** Base64url of 32 bytes: a thumbprint, a hash. */
export const DIGEST = /^[A-Za-z0-9_-]{43}$/

/** @param from the command that prints such a value. @throws {CliError} `REQUEST_INVALID` */
export function assertDigest(value: string, what: string, from: string): void {
  if (!DIGEST.test(value))
    throw new CliError('REQUEST_INVALID', `${what} is 43 characters of base64url: see "${from}"`)
}

/** For options that may be given several times. */
export function collect(value: string, previous: readonly string[] = []): string[] {
  return [...previous, value]
}

/** Why something was done, as entries have it (ERA-12). */
export function reasonCode(text: string): string {
  if (REASON_CODE.test(text)) return text
  throw new InvalidArgumentError(
    'A reason is a code such as task-done: small letters, digits, - and _. "countersign note" takes words.',
  )
}

export function whole(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError('not a whole number')
  return value
}

/** For options that may be given several times. */
export function wholes(text: string, previous: readonly number[] = []): number[] {
  return [...previous, whole(text)]
}

/** Milliseconds since 1970. */
export function time(text: string): number {
  try {
    return parseRfc3339(text)
  } catch {
    throw new InvalidArgumentError('not an RFC 3339 UTC time such as 2026-01-01T00:00:00Z')
  }
}

export function port(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 0 || value > 65_535) throw new InvalidArgumentError('not a port')
  return value
}
