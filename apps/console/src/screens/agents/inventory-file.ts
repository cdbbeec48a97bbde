/**
 * What an export of names says, as items of the inventory: read in this browser, secrets left out. The command line reads
 * exports of providers (apps/cli/discover); this takes a plain table. spec/inventory.md (INV-2, DSC-3).
 * @module
 */
import { readCsv } from '../../../../cli/discover/csv.ts'
import { canonicalize, toBase64url } from '../../../../server/pages/shown.js'
import type { paths } from '../../api/schema.d.ts'

export type Found =
  paths['/v1/inventory']['post']['requestBody']['content']['application/json']['found'][number]
type Item = Found['item']

/** Characters of a file. */
export const FILE_MAX = 4 * 1024 * 1024
const NAME_MAX = 256
/** Of a surrogate pair: no canonical JSON has one. */
const HALF = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g
const KINDS = ['agent', 'server', 'account', 'key', 'app', 'credential'] as const
const SECRETS = ['none', 'static', 'rotated', 'federated', 'unknown'] as const

export interface ReadFile {
  readonly found: readonly Found[]
  /** Rows without a name. */
  readonly skipped: number
}

/** @returns null: it is no list */
export async function readInventory(text: string): Promise<ReadFile | null> {
  const rows = text.length > FILE_MAX ? null : (jsonRows(text) ?? csvRows(text))
  if (rows === null || rows.length === 0) return null
  const items = await Promise.all(rows.map(itemOf))
  const byRef = new Map(items.flatMap((item) => (item === null ? [] : [[item.ref, { item }] as const])))
  return { found: [...byRef.values()], skipped: items.filter((item) => item === null).length }
}

type Row = Readonly<Record<string, unknown>>

function jsonRows(text: string): Row[] | null {
  try {
    const value: unknown = JSON.parse(text)
    if (!Array.isArray(value)) return null
    return value.map((one: unknown) =>
      typeof one === 'object' && one !== null ? (one as Row) : { name: one },
    )
  } catch {
    return null
  }
}

function csvRows(text: string): Row[] | null {
  const records = readCsv(text)
  return records === null ? null : records.map(({ cells }) => lowered(cells ?? {}))
}

/** Names of columns are written in all kinds of ways. */
function lowered(cells: Readonly<Record<string, string>>): Row {
  return Object.fromEntries(Object.entries(cells).map(([name, cell]) => [name.toLowerCase(), cell]))
}

async function itemOf(row: Row): Promise<Item | null> {
  const name = textOf(row['name'])
  if (name === undefined) return null
  const where = textOf(row['where'])
  const kind = KINDS.find((one) => one === row['kind']) ?? 'agent'
  const identity = { from: 'import', kind, name, where: textOf(row['id']) ?? where ?? '' }
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(canonicalize(identity)))
  return {
    ref: toBase64url(digest),
    kind,
    name,
    origin: 'import',
    secret: SECRETS.find((one) => one === row['secret']) ?? 'unknown',
    ...(where !== undefined && { where }),
  }
}

function textOf(value: unknown): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined
  return String(value).trim().slice(0, NAME_MAX).replaceAll(HALF, '') || undefined
}
