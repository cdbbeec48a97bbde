/** The rows of the inventory, as live writes and the fold of the log both write them. spec/inventory.md (INV-1, INV-2). @module */
import type { Kysely } from 'kysely'
import { canonicalize, parseJson } from '../core/json.ts'
import { parseRfc3339 } from '../core/time.ts'
import type { EntryBody } from '../log/entries.ts'
import type { Item } from '../log/inventory-bodies.ts'
import type { Schema } from '../ports/schema.ts'

export type ItemRow = Schema['inventory']
export type Assignment = EntryBody<'inventory.assigned'>

/** What of a row an entry `inventory.recorded` says. */
type Facts = Omit<ItemRow, 'id' | 'owner' | 'system' | 'agent' | 'status'>

export interface ItemDetail {
  readonly where?: string
  readonly names?: readonly string[]
  readonly scope?: readonly string[]
  readonly rotate_days?: number
}

export function factsOf(item: Item, point: string | null): Facts {
  const { ref, kind, name, origin, secret, created, rotated, used, ...detail } = item
  return {
    ref,
    kind,
    name,
    origin,
    point,
    secret,
    detail_json: canonicalize(detail),
    created: millis(created),
    rotated: millis(rotated),
    used: millis(used),
  }
}

function millis(time: string | undefined): number | null {
  return time === undefined ? null : parseRfc3339(time)
}

export function detailOf(row: Pick<ItemRow, 'detail_json'>): ItemDetail {
  return parseJson(row.detail_json) as ItemDetail
}

/** What is recorded again is there again. */
export async function putItem(
  db: Kysely<Schema>,
  id: string,
  item: Item,
  point: string | null,
): Promise<void> {
  const facts = factsOf(item, point)
  await db
    .insertInto('inventory')
    .values({ id, ...facts, owner: null, system: null, agent: null, status: 'present' })
    .onConflict((on) => on.column('id').doUpdateSet({ ...facts, status: 'present' }))
    .execute()
}

export async function assignRow(db: Kysely<Schema>, id: string, assignment: Assignment): Promise<void> {
  await db.updateTable('inventory').set(assignment).where('id', '=', id).execute()
}

export async function removeRow(db: Kysely<Schema>, id: string): Promise<void> {
  await db.updateTable('inventory').set({ status: 'removed' }).where('id', '=', id).execute()
}
