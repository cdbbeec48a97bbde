/**
 * A strict reader of CSV: RFC 4180 with a header, every record of as many cells, within limits. Line ends are CRLF or
 * LF; a byte order mark at the beginning is passed over. Nothing is trimmed, guessed or repaired.
 * @module
 */
import { CoreError } from './errors.ts'

export interface CsvLimits {
  readonly rows_max: number
  readonly columns_max: number
  readonly cell_chars_max: number
}

export interface CsvTable {
  /** Each once. */
  readonly columns: readonly string[]
  /** Records behind the header, each with a cell for every column. */
  readonly rows: readonly (readonly string[])[]
}

/** @throws {CoreError} `CSV_INVALID`, with the line: from 1, the header being the first */
export function parseCsv(text: string, limits: CsvLimits): CsvTable {
  const [header, ...rows] = recordsOf(text.startsWith('\uFEFF') ? text.slice(1) : text, limits)
  if (header === undefined) throw fault(1, 'there is no header')
  const columns = header.cells
  const empty = columns.findIndex((name) => name.trim() === '')
  if (empty >= 0) throw fault(1, `column ${empty + 1} has no name`)
  const twice = columns.find((name, i) => columns.indexOf(name) < i)
  if (twice !== undefined) throw fault(1, 'two columns have the same name')
  for (const { line, cells } of rows)
    if (cells.length !== columns.length)
      throw fault(line, `${cells.length} cells, and the header has ${columns.length}`)
  return { columns, rows: rows.map(({ cells }) => cells) }
}

interface Record {
  /** On which it begins. */
  readonly line: number
  readonly cells: readonly string[]
}

function recordsOf(text: string, limits: CsvLimits): Record[] {
  const records: Record[] = []
  let at = 0
  let line = 1
  while (at < text.length) {
    const cells: string[] = []
    const began = line
    for (let isLast = false; !isLast;) {
      const cell = text[at] === '"' ? quotedAt(text, at, line) : plainAt(text, at, line)
      if (cell.value.length > limits.cell_chars_max) throw fault(began, 'a cell is too long')
      cells.push(cell.value)
      if (cells.length > limits.columns_max) throw fault(began, `over ${limits.columns_max} columns`)
      line += cell.lines
      at = cell.end
      isLast = text[at] !== ','
      if (!isLast) at++
    }
    if (text.startsWith('\r\n', at)) at += 2
    else if (text[at] === '\n') at++
    line++
    records.push({ line: began, cells })
    if (records.length > limits.rows_max + 1) throw fault(began, `over ${limits.rows_max} rows`)
  }
  return records
}

interface Cell {
  readonly value: string
  /** Behind it. */
  readonly end: number
  /** Line ends within it. */
  readonly lines: number
}

const PLAIN = /[^",\r\n]*/y

function plainAt(text: string, at: number, line: number): Cell {
  PLAIN.lastIndex = at
  const value = PLAIN.exec(text)?.[0] ?? ''
  const end = at + value.length
  const next = text[end]
  if (next === '"') throw fault(line, 'a quotation mark in a cell that is not quoted')
  if (next === '\r' && text[end + 1] !== '\n') throw fault(line, 'a carriage return without a line feed')
  return { value, end, lines: 0 }
}

function quotedAt(text: string, at: number, line: number): Cell {
  let value = ''
  for (let from = at + 1; ;) {
    const quote = text.indexOf('"', from)
    if (quote < 0) throw fault(line, 'a quoted cell does not end')
    value += text.slice(from, quote)
    if (text[quote + 1] !== '"') {
      const next = text[quote + 1]
      const isEnd = next === undefined || next === ',' || next === '\n' || text.startsWith('\r\n', quote + 1)
      if (!isEnd) throw fault(line, 'something stands behind a quoted cell')
      return { value, end: quote + 1, lines: value.split('\n').length - 1 }
    }
    value += '"'
    from = quote + 2
  }
}

function fault(line: number, why: string): CoreError {
  return new CoreError('CSV_INVALID', `line ${line} of the CSV: ${why}`)
}
