/** What discovery and imports hand on: items as the inventory takes them. spec/inventory.md (INV-2, DSC-1). @module */
import { nodeCrypto } from '../../../src/adapters/node-crypto/node-crypto.ts'
import { sha256Text } from '../../../src/core/digest.ts'
import { canonicalize, type JsonObject } from '../../../src/core/json.ts'
import type { Item } from '../../../src/log/inventory-bodies.ts'

const NAME_MAX = 256
const NAMES_MAX = 64
const VARIABLE_MAX = 128

/** A file, or a row of one, that could not be read. */
export interface Skipped {
  readonly where: string
  readonly code: SkipCode
}
export type SkipCode =
  | 'CONFIG_INVALID'
  | 'FILE_TOO_LARGE'
  | 'FILE_UNREADABLE'
  | 'KIND_UNKNOWN'
  | 'ROW_INVALID'
  | 'ROW_TOO_LONG'
  | 'URL_REFUSED'

export interface Discovered {
  readonly items: readonly Item[]
  readonly skipped: readonly Skipped[]
}

export interface ItemParts extends Omit<Item, 'ref' | 'names' | 'scope'> {
  readonly names?: readonly string[]
  readonly scope?: readonly string[]
}

/** @param identity what it is known again by where it was found: identifiers, never a secret */
export function itemOf(identity: JsonObject, { names = [], scope = [], ...parts }: ItemParts): Item {
  const ref = refOf(identity)
  return {
    ...parts,
    ref,
    name: clip(parts.name, NAME_MAX) || ref.slice(0, 8),
    ...(parts.where === undefined ? {} : { where: clip(parts.where, NAME_MAX) }),
    ...(names.length === 0 ? {} : { names: some(names, VARIABLE_MAX) }),
    ...(scope.length === 0 ? {} : { scope: some(scope, NAME_MAX) }),
  }
}

export function refOf(identity: JsonObject): string {
  return sha256Text(nodeCrypto, canonicalize(identity))
}

function some(texts: readonly string[], chars_max: number): string[] {
  return [...new Set(texts)]
    .sort()
    .slice(0, NAMES_MAX)
    .map((text) => clip(text, chars_max))
}

/** Never a half of a surrogate pair, which no canonical JSON has. */
export function clip(text: string, chars_max: number): string {
  return text
    .toWellFormed()
    .slice(0, chars_max)
    .replace(/[\uD800-\uDBFF]$/, '')
}

/** A time of an export as entries have it, or undefined for what is none. */
export function timeOf(value: unknown): string | undefined {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\d/.test(value)) return undefined
  const ms = Date.parse(value)
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString()
}

/** Only the members that are known. */
export function known<T extends object>(parts: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(parts).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> }
}
