/**
 * What the command line shows: text with colour that respects NO_COLOR, or one JSON value with `--json`; errors with a
 * stable code that say what to do next. Results go to stdout, everything else to stderr.
 * @module
 */
import { styleText } from 'node:util'
import { CountersignError } from '../../src/core/errors.ts'
import { withNextStep } from './next-step.ts'

export const EXIT_FAILED = 1
export const EXIT_USAGE = 2

type Style = Parameters<typeof styleText>[0]

/** Colour only on a terminal, and never against NO_COLOR. */
export function paint(style: Style, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return styleText(style, text, { stream })
}

/** Line ends and the colours that {@link paint} is asked for. */
// oxlint-disable-next-line no-control-regex -- an escape is what it looks for
const OURS = /\n|\u001b\[(?:1|22|31|32|33|36|39)m/
/** Everything else that a terminal does not print: controls, and characters that reorder or hide what is around them. */
const UNPRINTED = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u
const UNPRINTED_OR_OURS = new RegExp(`${OURS.source}|${UNPRINTED.source}`, 'gu')

function spelled(char: string): string {
  return `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`
}

/** A value from elsewhere, on one line, with nothing in it that could pass for ours. */
export function visible(value: string): string {
  return value.replaceAll(new RegExp(UNPRINTED.source, 'gu'), spelled)
}

/** What somebody else wrote may stand anywhere in a text: it moves no cursor and conceals nothing. */
function forTerminal(text: string): string {
  return text.replaceAll(UNPRINTED_OR_OURS, (found) => (OURS.test(found) ? found : spelled(found)))
}

export function say(text: string): void {
  process.stdout.write(`${forTerminal(text)}\n`)
}

export function tell(text: string): void {
  process.stderr.write(`${forTerminal(text)}\n`)
}

/** As a shell says of what SIGPIPE ended. */
const EXIT_UNREAD = 141

/** Ends the process when nobody reads what it says any more, as `head` after its lines: never as if all went well. */
export function endWhenUnread(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit(EXIT_UNREAD)
  })
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

/** A list under the names of its columns. @param empty what an empty one says: that it is, and what adds to it */
export function listing(
  columns: readonly string[],
  rows: readonly (readonly string[])[],
  empty: string,
): string {
  return rows.length === 0 ? empty : table([columns.map((name) => name.toUpperCase()), ...rows])
}

/** Columns as wide as they need to be. */
export function table(cells: readonly (readonly string[])[]): string {
  const widths: number[] = []
  const rows = cells.map((row) => row.map(visible))
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
  | 'BACKUP_UNSIGNED'
  | 'CEREMONY_DECLINED'
  | 'CEREMONY_EXPIRED'
  | 'CONNECT_SETTINGS_INVALID'
  | 'FILE_UNREADABLE'
  | 'FILE_UNWRITABLE'
  | 'FLOW_POLICY_INVALID'
  | 'GESTURE_MISMATCH'
  | 'SERVICE_ACCOUNT_REFUSED'
  | 'GIT_FAILED'
  | 'HOOK_POLICY_INVALID'
  | 'IMPORT_INVALID'
  | 'ISSUER_UNCLEAR'
  | 'ISSUER_UNREACHABLE'
  | 'LABELS_INVALID'
  | 'BASIS_FILE_INVALID'
  | 'CONSENT_FILE_INVALID'
  | 'NOTICE_FILE_INVALID'
  | 'LOG_BEHIND'
  | 'NO_PROFILE'
  | 'NOT_CONFIRMED'
  | 'NOTHING_LEARNED'
  | 'OUTPUT_POLICY_INVALID'
  | 'PACK_NOT_WHOLE'
  | 'REGISTERS_DIFFER'
  | 'RESPONSE_POLICY_INVALID'
  | 'REQUEST_INVALID'
  | 'TABLETOP_INVALID'
  | 'TEMPLATE_INVALID'
  | 'TOOL_SERVER_FAILED'
  | 'TRACES_INVALID'
  | 'UNKNOWN_DELEGATION'
  | 'UNKNOWN_DRILL'
  | 'UNKNOWN_TOPUP'
  | 'VAULT_OLD'
  | 'VENDOR_ASSESSMENT_INVALID'

export class CliError extends CountersignError<CliErrorCode> {}

/** Prints a fault and sets the exit code. Our own faults keep their stack under COUNTERSIGN_DEBUG. */
export function fail(error: unknown, json: boolean): void {
  const code = error instanceof CountersignError ? codeOf(error) : 'INTERNAL'
  const what = error instanceof Error ? error.message : String(error)
  const message = error instanceof CliError ? what : withNextStep(code, what)
  if (json) say(JSON.stringify({ ok: false, error: { code, message } }))
  else tell(`${paint('red', 'error', process.stderr)} ${visible(code)}: ${visible(message)}`)
  if (process.env.COUNTERSIGN_DEBUG !== undefined && error instanceof Error) tell(error.stack ?? '')
  process.exitCode = error instanceof CliError && error.code === 'ARGUMENT_INVALID' ? EXIT_USAGE : EXIT_FAILED
}

/** The control plane's own code says more than that it refused. */
function codeOf(error: CountersignError): string {
  return 'remote' in error && typeof error.remote === 'string' && error.remote !== ''
    ? error.remote
    : error.code
}
