/** Labels as the log and the tables have them: live and rebuilt alike. spec/labels.md (LBL-8), spec/registers.md. @module */
import type { Kysely } from 'kysely'
import { canonicalize, parseJson } from '../core/json.ts'
import type { ToolLabel } from '../core/label.ts'
import type { EntryBody } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'

/** What is proposed of one definition of one tool. */
export type Labelled = EntryBody<'label.proposed'>['labels'][number]

/** A proposal that waits. */
export async function insertProposal(
  db: Kysely<Schema>,
  {
    labels,
    ...row
  }: Pick<Schema['label_proposals'], 'id' | 'proposer' | 'proposal'> & { labels: Labelled[] },
): Promise<void> {
  await db
    .insertInto('label_proposals')
    .values({ ...row, status: 'waiting', labels_json: canonicalize(labels) })
    .execute()
}

/** Puts the labels of a proposal in force. Earlier proposals for any of the same definitions are out of date (LBL-8). */
export async function putInForce(db: Kysely<Schema>, id: string, approval: number): Promise<void> {
  const row = await db.selectFrom('label_proposals').selectAll().where('id', '=', id).executeTakeFirst()
  if (row === undefined) return
  const labels = labelledOf(row)
  for (const { tool, definition_hash, label } of labels) {
    const values = { label_json: canonicalize(label), approval }
    await db
      .insertInto('labels')
      .values({ tool, definition_hash, ...values })
      .onConflict((on) => on.columns(['tool', 'definition_hash']).doUpdateSet(values))
      .execute()
  }
  const named = new Set(labels.map(nameOf))
  const before = await db
    .selectFrom('label_proposals')
    .selectAll()
    .where('status', '=', 'waiting')
    .where('proposal', '<', row.proposal)
    .execute()
  const outdated = before.filter((each) => labelledOf(each).some((one) => named.has(nameOf(one))))
  if (outdated.length > 0)
    await db
      .updateTable('label_proposals')
      .set({ status: 'replaced' })
      .where(
        'id',
        'in',
        outdated.map((each) => each.id),
      )
      .execute()
  await db.updateTable('label_proposals').set({ status: 'approved' }).where('id', '=', id).execute()
}

export function labelledOf({ labels_json }: Pick<Schema['label_proposals'], 'labels_json'>): Labelled[] {
  return parseJson(labels_json) as unknown as Labelled[]
}

/** Of a tool and a definition: what a label is of. */
export function nameOf({ tool, definition_hash }: Pick<Labelled, 'tool' | 'definition_hash'>): string {
  return `${tool}\n${definition_hash}`
}

/** In force, of the definitions that the tools are pinned to, by the tool's identifier. @param servers only of those */
export async function labelsInForce(
  db: Kysely<Schema>,
  servers?: readonly string[],
): Promise<ReadonlyMap<string, { readonly label: ToolLabel; readonly approval: number }>> {
  let query = db
    .selectFrom('labels')
    .innerJoin('tools', (on) =>
      on.onRef('tools.id', '=', 'labels.tool').onRef('tools.definition_hash', '=', 'labels.definition_hash'),
    )
    .select(['labels.tool as tool', 'labels.label_json as label_json', 'labels.approval as approval'])
  if (servers !== undefined) query = query.where('tools.server', 'in', servers)
  const rows = await query.execute()
  return new Map(
    rows.map(({ tool, label_json, approval }) => [
      tool,
      { label: parseJson(label_json) as unknown as ToolLabel, approval },
    ]),
  )
}
