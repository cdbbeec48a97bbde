/**
 * Rows of memory domains: what each entry does to them, once for who writes the entry and for the fold that reads it
 * (REG-2). spec/flow.md. Nothing is judged here.
 * @module
 */
import type { Kysely } from 'kysely'
import { canonicalize, parseJson } from '../core/json.ts'
import { BOTTOM, dataLabelSchema, type DataLabel } from '../core/label.ts'
import { parseRfc3339 } from '../core/time.ts'
import type { EntryBody } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'

type Db = Kysely<Schema>
export type DomainRow = Schema['domains']

/** How long a domain that a point asked for is kept for it, in milliseconds: longer than one question waits. */
const WANTED_MS = 5_000

const NOT_WANTED = { wanted_by: null, wanted_until: 0 }

export function taintOf({ taint_json }: Pick<DomainRow, 'taint_json'>): DataLabel {
  return dataLabelSchema.parse(parseJson(taint_json))
}

/** By agent. One that nobody ever asked for has no row. */
export async function domainsOf(db: Db, agents: readonly string[]): Promise<Map<string, DomainRow>> {
  const rows = await db.selectFrom('domains').selectAll().where('agent', 'in', agents).execute()
  return new Map(rows.map((row) => [row.agent, row]))
}

/** `domain.leased`. */
export async function recordLeased(
  db: Db,
  point: string,
  { epoch, run, leases }: EntryBody<'domain.leased'>,
): Promise<void> {
  for (const { agent, turn, begins, taint, expires } of leases) {
    const held = { point, epoch, run, turn, expires: parseRfc3339(expires), taint_json: canonicalize(taint) }
    await db
      .insertInto('domains')
      .values({ agent, ...held, ...NOT_WANTED })
      .onConflict((on) => on.column('agent').doUpdateSet(held))
      .execute()
    // Whoever asked has it now. Only one that goes on as it was may be wanted by another all the same.
    const asked = db.updateTable('domains').set(NOT_WANTED).where('agent', '=', agent)
    await (begins === 'renewed' ? asked.where('wanted_by', '=', point) : asked).execute()
  }
}

/** `domain.wanted`. */
export async function recordWanted(
  db: Db,
  point: string,
  time_ms: number,
  agents: readonly string[],
): Promise<void> {
  const wanted = { wanted_by: point, wanted_until: time_ms + WANTED_MS }
  const nobody = { point: null, epoch: 0, run: '', turn: 0, expires: 0, taint_json: canonicalize(BOTTOM) }
  for (const agent of agents)
    await db
      .insertInto('domains')
      .values({ agent, ...nobody, ...wanted })
      .onConflict((on) => on.column('agent').doUpdateSet(wanted))
      .execute()
}

/** `domain.handed_over`. */
export async function recordHandedOver(db: Db, { domains }: EntryBody<'domain.handed_over'>): Promise<void> {
  for (const { statement } of domains)
    await db
      .updateTable('domains')
      .set({ point: null, taint_json: canonicalize(statement.taint) })
      .where('agent', '=', statement.agent)
      .execute()
}

/** `domain.cleared`. A turn of its own, so that no point takes it for the one that it had. */
export async function recordCleared(
  db: Db,
  { act }: Pick<EntryBody<'domain.cleared'>, 'act'>,
): Promise<void> {
  await db
    .updateTable('domains')
    .set({ point: null, turn: act.turn + 1, taint_json: canonicalize(BOTTOM) })
    .where('agent', '=', act.agent)
    .execute()
}
