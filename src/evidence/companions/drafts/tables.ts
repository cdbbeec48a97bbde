/** Tables of drafts: the first rows of a population, with their entries. spec/drafts.md (DFT-1). @module */
import type { JsonObject } from '../../../core/json.ts'
import type { Citations } from '../../report/citations.ts'
import { text, type Block, type Spans } from '../../report/document.ts'
import { countOf, eachRow, said, type ReportInput } from '../../report/input.ts'
import { populationLink } from './draft.ts'

/** Rows of a table; all of them are in the population. */
const ROWS_MAX = 200

export function tableOf(
  input: ReportInput,
  cite: Citations,
  population: string,
  members: readonly string[],
): Block[] {
  const rows: Spans[][] = []
  for (const row of eachRow(input, population)) {
    if (rows.length >= ROWS_MAX) break
    rows.push([...members.map((member): Spans => [textOf(row, member)]), entryOf(row, cite)])
  }
  const n = countOf(input, population)
  const caption = `${n} of population ${population}`
  const blocks = bounded(
    rows,
    { caption, columns: [...members, 'entry'], none: 'It did not occur: no row in the population.' },
    n,
  )
  return [...blocks, text('All: ', populationLink(population), '.')]
}

function textOf(row: JsonObject, member: string): string {
  return said(row[member]) || 'none'
}

function entryOf({ index }: JsonObject, cite: Citations): Spans {
  return typeof index === 'number' ? [cite.entry(index)] : ['none']
}

interface Words {
  readonly caption: string
  readonly columns: readonly string[]
  readonly none: string
}

export function bounded(
  rows: readonly Spans[][],
  { caption, columns, none }: Words,
  n = rows.length,
): Block[] {
  if (rows.length === 0) return [text(none)]
  const shown = rows.slice(0, ROWS_MAX)
  return [
    { kind: 'table', caption, columns, rows: shown },
    ...(n > shown.length ? [text(`${n - shown.length} more are not listed here.`)] : []),
  ]
}
