/** Rows of deficiencies and of evaluations, as registers and folds write them. spec/deviations.md. @module */
import type { Kysely } from 'kysely'
import { parseRfc3339 } from '../core/time.ts'
import type { EntryBody } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'
import { RegistryError } from './errors.ts'

export type DeficiencyRow = Schema['deficiencies']
export type EvaluationRow = Schema['evaluations']
type Db = Kysely<Schema>

/** What an entry says of itself. */
export interface Stamped {
  readonly entry: number
  readonly time_ms: number
  readonly actor: string
}

export async function insertDeficiency(
  db: Db,
  { entry, time_ms, actor }: Stamped,
  { id, title_commit }: { readonly id: string; readonly title_commit: string | null },
  { criteria, deviation, owner, due }: EntryBody<'deficiency.opened'>,
): Promise<void> {
  const nothing = { closed: null, remediation: null, repairer: null, retest: null, closing: null }
  await db
    .insertInto('deficiencies')
    .values({
      ...nothing,
      id,
      entry,
      criteria_json: JSON.stringify(criteria),
      deviation,
      opener: actor,
      owner,
      title_commit,
      opened: time_ms,
      due: parseRfc3339(due),
    })
    .execute()
}

/** @throws {RegistryError} `UNKNOWN_DEFICIENCY` */
export async function findDeficiency(db: Db, id: string): Promise<DeficiencyRow> {
  const row = await db.selectFrom('deficiencies').selectAll().where('id', '=', id).executeTakeFirst()
  if (row === undefined)
    throw new RegistryError('UNKNOWN_DEFICIENCY', 'no such deficiency: see "countersign deficiency list"')
  return row
}

export async function updateDeficiency(db: Db, id: string, change: Partial<DeficiencyRow>): Promise<void> {
  await db.updateTable('deficiencies').set(change).where('id', '=', id).execute()
}

/** What was repaired anew waits for a retest anew. */
export function repairedBy({ entry, actor }: Stamped): Partial<DeficiencyRow> {
  return { remediation: entry, repairer: actor, retest: null }
}

export function retestedAs(
  { entry }: Pick<Stamped, 'entry'>,
  { result }: Pick<EntryBody<'deficiency.retested'>, 'result'>,
): Partial<DeficiencyRow> {
  return { retest: result === 'passed' ? entry : null }
}

export async function insertDeficiencyNote(
  db: Db,
  deficiency: string,
  { entry, time_ms: time, actor: author }: Stamped,
  phase: string,
  text_commit: string,
): Promise<void> {
  await db
    .insertInto('deficiency_notes')
    .values({ entry, deficiency, phase, author, time, text_commit })
    .execute()
}

export async function insertEvaluation(
  db: Db,
  id: string,
  { entry, actor }: Stamped,
  said: EntryBody<'evaluation.proposed'>,
): Promise<void> {
  const waiting = { signer: null, signature: null, signed: null }
  await db
    .insertInto('evaluations')
    .values({
      id,
      deviation: said.deviation,
      said_json: JSON.stringify(said),
      proposer: actor,
      proposal: entry,
      ...waiting,
    })
    .execute()
}

export async function settleEvaluation(
  db: Db,
  id: string,
  { entry, time_ms, actor }: Stamped,
): Promise<void> {
  await db
    .updateTable('evaluations')
    .set({ signer: actor, signature: entry, signed: time_ms })
    .where('id', '=', id)
    .execute()
}
