/** Reads an export, row by row; a bad row is named and passed over. spec/inventory.md (DSC-3, DSC-4). @module */
import { z } from 'zod'
import { globMatches } from '../../../src/token/glob.ts'
import type { Item } from '../../../src/log/inventory-bodies.ts'
import { CliError } from '../output.ts'
import { readCsv, ROWS_MAX } from './csv.ts'
import type { Discovered, Skipped } from './found.ts'
import { READERS, type Provider } from './providers.ts'

export const EXPORT_BYTES_MAX = 16 * 1024 * 1024

export const FORMATS = ['csv', 'json'] as const
export type Format = (typeof FORMATS)[number]

/** @throws {CliError} `IMPORT_INVALID`: it is no list at all, or has too many rows */
export function readExport(text: string, provider: Provider, format: Format): Discovered {
  const rows = format === 'csv' ? csvRows(text) : jsonRows(text)
  const byRef = new Map<string, Item>()
  const skipped: Skipped[] = []
  for (const { where, row, tooLong } of rows) {
    const items = row === null ? null : READERS[provider](row)
    if (items === null) skipped.push({ where, code: tooLong ? 'ROW_TOO_LONG' : 'ROW_INVALID' })
    for (const item of items ?? []) byRef.set(item.ref, item)
  }
  return { items: [...byRef.values()], skipped }
}

interface Row {
  readonly where: string
  readonly row: unknown
  readonly tooLong: boolean
}

function csvRows(text: string): Row[] {
  const records = readCsv(text)
  if (records === null)
    throw new CliError('IMPORT_INVALID', `the file has no header, or more than ${ROWS_MAX} rows`)
  return records.map(({ line, cells, tooLong }) => ({ where: `line ${line}`, row: cells, tooLong }))
}

/** Providers wrap their lists differently: `value` is Graph's, `installations` GitHub's. Pages that were put together are a list of lists. */
const listSchema = z.union([
  z.array(z.unknown()),
  z.object({ value: z.array(z.unknown()) }).transform(({ value }) => value),
  z.object({ installations: z.array(z.unknown()) }).transform(({ installations }) => installations),
])

function jsonRows(text: string): Row[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new CliError('IMPORT_INVALID', 'the file is not JSON: give --format csv for a table')
  }
  const list = listSchema.safeParse(value)
  const rows = list.success ? list.data.flatMap((each) => pageOf(each)) : []
  if (!list.success || rows.length > ROWS_MAX)
    throw new CliError('IMPORT_INVALID', `the file holds no list of rows, or more than ${ROWS_MAX}`)
  return rows.map((row, i) => ({ where: `item ${i + 1}`, row, tooLong: false }))
}

function pageOf(each: unknown): readonly unknown[] {
  const page = listSchema.safeParse(each)
  return page.success ? page.data : [each]
}

const ruleSchema = z.strictObject({
  match: z.string().min(1).max(256),
  system: z.string().max(64).exactOptional(),
  owner: z.string().max(64).exactOptional(),
})
export const mapSchema = z.strictObject({ rules: z.array(ruleSchema).max(1000) })
export type MapRules = z.infer<typeof mapSchema>

/** DSC-4. */
export function assignmentOf(item: Item, { rules }: MapRules): { system?: string; owner?: string } {
  const { match: _match, ...assignment } = rules.find(({ match }) => globMatches(match, item.name)) ?? {
    match: '',
  }
  return assignment
}
