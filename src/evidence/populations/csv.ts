/**
 * A population as CSV, for who opens it in a spreadsheet: RFC 4180, with what a spreadsheet would take for a formula
 * quoted as text. spec/report.md (RPT-12). The JSON Lines are the population; this is a copy to read.
 * @module
 */
import { canonicalize, type JsonObject, type JsonValue } from '../../core/json.ts'
import { linesAlike } from './alike.ts'
import type { AlikeRow, AlikeRows } from './definition.ts'

/** OWASP's list: a cell that begins so may be run by a spreadsheet. */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/u
/**
 * Where a cell begins for a spreadsheet that separates by semicolons or tabs, as in much of Europe: it splits there also
 * within quotation marks, because those do not begin its cell.
 */
const FORMULA_WITHIN = /([;\t\r\n])(?=[=+\-@＝＋－＠])/gu
const QUOTED = /["\r\n,]/
/** A plain number is no formula, whatever its sign. */
const NUMBER = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/

/** Where a pack holds it. */
export function csvFile(name: string): string {
  return `populations/${name}.csv`
}

/** Line by line. Columns are all members that a row has, `index` first. No rows: no columns, an empty file. */
export function* csvOf(rows: Iterable<JsonObject>, names: Iterable<string>): Generator<string> {
  const columns = columnsOf(names)
  if (columns.length === 0) return
  yield headOf(columns)
  for (const row of rows) yield lineOf(row, columns)
}

/** The same of rows that are the same but for few members. */
export function* csvAlike(
  rows: Iterable<AlikeRow>,
  own: AlikeRows['own'],
  names: Iterable<string>,
): Generator<string> {
  const columns = columnsOf(names)
  if (columns.length === 0) return
  yield headOf(columns)
  yield* linesAlike(rows, own, (row) => lineOf(row, columns), '')
}

function columnsOf(names: Iterable<string>): string[] {
  return [...names].sort((a, b) => Number(b === 'index') - Number(a === 'index') || (a < b ? -1 : 1))
}

function headOf(columns: readonly string[]): string {
  return `${columns.map(quoted).join(',')}\r\n`
}

function lineOf(row: JsonObject, columns: readonly string[]): string {
  return `${columns.map((column) => cellOf(row[column])).join(',')}\r\n`
}

function cellOf(value: JsonValue | undefined): string {
  if (value === undefined || value === null) return ''
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  const text = typeof value === 'string' ? value : canonicalize(value)
  // A leading apostrophe: spreadsheets show what follows it as text.
  const within = text.replaceAll(FORMULA_WITHIN, "$1'")
  return quoted(FORMULA.test(text) && !NUMBER.test(text) ? `'${within}` : within)
}

function quoted(text: string): string {
  return QUOTED.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
