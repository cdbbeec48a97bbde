/** Rows of breaches of personal data, as registers and folds write them. spec/breaches.md. @module */
import type { Kysely } from 'kysely'
import { parseRfc3339 } from '../core/time.ts'
import type { EntryBody } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'
import type { Stamped } from './deficiency-rows.ts'
import { RegistryError } from './errors.ts'

export type BreachRow = Schema['breaches']
type Db = Kysely<Schema>

export async function insertBreach(
  db: Db,
  id: string,
  { entry, time_ms: recorded, actor: recorder }: Stamped,
  { body, text_commit }: { readonly body: EntryBody<'breach.recorded'>; readonly text_commit: string },
): Promise<void> {
  const { aware, incident, jurisdictions, categories, subjects_n, risk } = body
  await db
    .insertInto('breaches')
    .values({
      id,
      entry,
      recorder,
      recorded,
      aware: parseRfc3339(aware),
      incident,
      jurisdictions_json: JSON.stringify(jurisdictions),
      categories_json: JSON.stringify(categories),
      subjects_n,
      risk,
      text_commit,
      closed: null,
      closing: null,
    })
    .execute()
}

/** @throws {RegistryError} `UNKNOWN_BREACH` */
export async function findBreach(db: Db, id: string): Promise<BreachRow> {
  const row = await db.selectFrom('breaches').selectAll().where('id', '=', id).executeTakeFirst()
  if (row === undefined)
    throw new RegistryError('UNKNOWN_BREACH', 'no such breach: see "countersign breach list"')
  return row
}

export async function updateBreach(db: Db, id: string, change: Partial<BreachRow>): Promise<void> {
  await db.updateTable('breaches').set(change).where('id', '=', id).execute()
}

export async function insertBreachNotice(
  db: Db,
  breach: string,
  { entry, actor: author }: Pick<Stamped, 'entry' | 'actor'>,
  { body, text_commit }: { readonly body: EntryBody<'breach.notified'>; readonly text_commit: string },
): Promise<void> {
  const { to, jurisdiction, at } = body
  await db
    .insertInto('breach_notices')
    .values({ entry, breach, told: to, jurisdiction, at: parseRfc3339(at), author, text_commit })
    .execute()
}
