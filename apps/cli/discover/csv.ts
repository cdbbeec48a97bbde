/** CSV (RFC 4180) of an export, each record with its line, so that a bad one can be named. spec/inventory.md (DSC-3). @module */

export const ROWS_MAX = 50_000
/** Columns of one record, and characters of one. */
const CELLS_MAX = 256
const RECORD_CHARS_MAX = 64 * 1024

export interface CsvRecord {
  /** From 1; the header is line 1. */
  readonly line: number
  /** By column; null for a record that is too long or has not as many cells as there are columns. */
  readonly cells: Readonly<Record<string, string>> | null
  readonly tooLong: boolean
}

/** @returns null when there is no header, or more than {@link ROWS_MAX} records */
export function readCsv(text: string): CsvRecord[] | null {
  const [header, ...rows] = recordsOf(text)
  if (header === undefined || rows.length > ROWS_MAX || header.cells.length > CELLS_MAX) return null
  const columns = header.cells.map((name) => name.trim())
  return rows.map(({ line, cells, chars }) => {
    const tooLong = chars > RECORD_CHARS_MAX || cells.length > CELLS_MAX
    const fits = !tooLong && cells.length === columns.length
    const named = fits ? Object.fromEntries(columns.map((name, i) => [name, cells[i] ?? ''])) : null
    return { line, cells: named, tooLong }
  })
}

interface Raw {
  line: number
  cells: string[]
  chars: number
}

/** Empty lines are none. */
function recordsOf(text: string): Raw[] {
  const records: Raw[] = []
  let record: Raw = { line: 1, cells: [], chars: 0 }
  let cell = ''
  let quoted = false
  let line = 1
  const endCell = (): void => {
    record.cells.push(cell)
    cell = ''
  }
  const endRecord = (): void => {
    endCell()
    if (record.cells.length > 1 || record.cells[0] !== '') records.push(record)
    record = { line, cells: [], chars: 0 }
  }
  for (let i = 0; i < text.length && records.length <= ROWS_MAX + 1; i++) {
    const char = text.charAt(i)
    record.chars++
    if (char === '\n') line++
    if (quoted) {
      if (char !== '"') cell += char
      else if (text.charAt(i + 1) === '"') {
        cell += '"'
        i++
      } else quoted = false
    } else if (char === '"' && cell === '') quoted = true
    else if (char === ',') endCell()
    else if (char === '\n') endRecord()
    else if (char !== '\r') cell += char
  }
  if (cell !== '' || record.cells.length > 0) endRecord()
  return records
}
