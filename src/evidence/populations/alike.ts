/**
 * Lines of rows that are the same but for a few members: what they share is written once. Invariant: the same characters
 * as a line made of each row by itself. @module
 */
import type { JsonObject } from '../../core/json.ts'
import type { AlikeRow, AlikeRows } from './definition.ts'

/** What JSON and CSV write as it is, and no spreadsheet takes for a formula. */
const PLAIN = /^[A-Za-z0-9_][A-Za-z0-9_:.-]*$/

/** Makes a line of a row by itself. It writes a plain text as it is, between what it puts around it. */
type LineOf = (row: JsonObject) => string

/** The line of each row. @param quote what stands around a text in such a line */
export function* linesAlike(
  rows: Iterable<AlikeRow>,
  own: AlikeRows['own'],
  lineOf: LineOf,
  quote: '"' | '',
): Generator<string> {
  const known: (Pieces | null)[] = []
  for (const row of rows) {
    let pieces = known[row.kind]
    if (pieces === undefined) {
      pieces = piecesOf(row, own, lineOf)
      known[row.kind] = pieces
    }
    yield (pieces === null ? null : joined(pieces, row.values, quote)) ?? lineOf(wholeOf(row, own))
  }
}

/** The row itself. */
export function wholeOf(row: AlikeRow, own: AlikeRows['own']): JsonObject {
  const { values } = row
  return { ...row.like(), ...Object.fromEntries(own.map((name, i) => [name, values[i] ?? null])) }
}

/** What stands before each own member, in the order of the line, and behind the last. */
interface Pieces {
  /** Which of them. */
  readonly places: readonly number[]
  readonly parts: readonly string[]
}

/**
 * Found by a line with a mark in the place of each own member. Null: what it shares says the same as a mark, so that the
 * places are not known.
 */
function piecesOf(row: AlikeRow, own: AlikeRows['own'], lineOf: LineOf): Pieces | null {
  const marks = Object.fromEntries(own.map((name, i) => [name, `xOWN${i}x`]))
  const found = lineOf({ ...row.like(), ...marks }).split(/xOWN(\d+)x/)
  const places = found.filter((_, i) => i % 2 === 1).map(Number)
  if (places.length !== own.length || new Set(places).size !== own.length) return null
  return { places, parts: found.filter((_, i) => i % 2 === 0) }
}

/** Null: an own member is not plain. */
function joined({ places, parts }: Pieces, values: AlikeRow['values'], quote: '"' | ''): string | null {
  let line = ''
  let skip = 0
  for (let i = 0; i < places.length; i++) {
    const value = values[places[i] ?? 0] ?? ''
    const part = parts[i] ?? ''
    if (typeof value === 'number') {
      // The mark was a text: a number stands without what is around one.
      line += part.slice(skip, part.length - quote.length) + String(value)
      skip = quote.length
    } else {
      if (!PLAIN.test(value)) return null
      line += part.slice(skip) + value
      skip = 0
    }
  }
  return line + (parts[places.length] ?? '').slice(skip)
}
