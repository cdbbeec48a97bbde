/**
 * What the command line shows: text with colour that respects NO_COLOR, or one JSON value with `--json`; errors with a
 * stable code that say what to do next. Results go to stdout, everything else to stderr.
 * @module
 */
import { styleText } from 'node:util'
import { CountersignError } from '../../src/core/errors.ts'

export const EXIT_FAILED = 1
export const EXIT_USAGE = 2

type Style = Parameters<typeof styleText>[0]

/** Colour only on a terminal, and never against NO_COLOR. */
export function paint(style: Style, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return styleText(style, text, { stream })
}

export function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

export function tell(text: string): void {
  process.stderr.write(`${text}\n`)
}

/** One result: JSON with `--json`, else text. */
export function result(json: boolean, value: unknown, text: () => string): void {
  say(json ? JSON.stringify(value) : text())
}

/** A line that is overwritten, on a terminal only. */
export function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[2K${text}`)
}

export function progressDone(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[2K')
}

/** Columns as wide as they need to be. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = []
  for (const row of rows)
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length)
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

export type CliErrorCode =
  | 'APPROVALS_MISSING'
  | 'ARGUMENT_INVALID'
  | 'BACKUP_INVALID'
  | 'BACKUP_KEYS_PLAIN'
  | 'CEREMONY_DECLINED'
  | 'CEREMONY_EXPIRED'
  | 'FILE_UNREADABLE'
  | 'FILE_UNWRITABLE'
  | 'GESTURE_MISMATCH'
  | 'ISSUER_UNCLEAR'
  | 'LOG_BEHIND'
  | 'NO_PROFILE'
  | 'NOT_CONFIRMED'
  | 'TOOL_SERVER_FAILED'

export class CliError extends CountersignError<CliErrorCode> {}

/** Prints a fault and sets the exit code. Our own faults keep their stack under COUNTERSIGN_DEBUG. */
export function fail(error: unknown, json: boolean): void {
  const code = error instanceof CountersignError ? codeOf(error) : 'INTERNAL'
  const message = error instanceof Error ? error.message : String(error)
  if (json) say(JSON.stringify({ ok: false, error: { code, message } }))
  else tell(`${paint('red', 'error', process.stderr)} ${code}: ${message}`)
  if (process.env.COUNTERSIGN_DEBUG !== undefined && error instanceof Error) tell(error.stack ?? '')
  process.exitCode = error instanceof CliError && error.code === 'ARGUMENT_INVALID' ? EXIT_USAGE : EXIT_FAILED
}

/** The control plane's own code says more than that it refused. */
function codeOf(error: CountersignError): string {
  return 'remote' in error && typeof error.remote === 'string' && error.remote !== ''
    ? error.remote
    : error.code
}
