/** Rows of vendors, as registers and folds write them. spec/vendors.md. @module */
import type { Kysely } from 'kysely'
import { parseRfc3339 } from '../core/time.ts'
import type { EntryBody } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'
import type { Stamped } from './deficiency-rows.ts'
import { RegistryError } from './errors.ts'

export type VendorRow = Schema['vendors']
export type AssessmentRow = Schema['assessments']
type Db = Kysely<Schema>

/** VND-4. */
export const ENDED: Partial<VendorRow> = { ended: 1, assessment: null }

export async function saveVendor(
  db: Db,
  id: string,
  recorded: number,
  vendor: EntryBody<'vendor.recorded'>,
): Promise<void> {
  const row = { recorded, vendor_json: JSON.stringify(vendor), ended: 0 as const }
  await db
    .insertInto('vendors')
    .values({ id, ...row, assessment: null })
    .onConflict((on) => on.column('id').doUpdateSet(row))
    .execute()
}

/** @throws {RegistryError} `UNKNOWN_VENDOR` */
export async function findVendor(db: Db, id: string): Promise<VendorRow> {
  const row = await db.selectFrom('vendors').selectAll().where('id', '=', id).executeTakeFirst()
  if (row === undefined)
    throw new RegistryError('UNKNOWN_VENDOR', 'no such vendor: see "countersign vendor list"')
  return row
}

export async function updateVendor(db: Db, id: string, change: Partial<VendorRow>): Promise<void> {
  await db.updateTable('vendors').set(change).where('id', '=', id).execute()
}

export async function insertAssessment(
  db: Db,
  vendor: string,
  { entry, time_ms: time, actor: assessor }: Stamped,
  { body, text_commit }: { readonly body: EntryBody<'vendor.assessed'>; readonly text_commit: string },
): Promise<void> {
  const { recorded, ...said } = body
  await db
    .insertInto('assessments')
    .values({
      entry,
      vendor,
      recorded,
      assessor,
      time,
      outcome: said.outcome,
      valid_until: parseRfc3339(said.valid_until),
      next_review: parseRfc3339(said.next_review),
      said_json: JSON.stringify(said),
      text_commit,
      approval: null,
      approver: null,
    })
    .execute()
}

export async function assessedAs(
  db: Db,
  vendor: string,
  {
    assessment,
    approval,
    approver,
  }: { readonly assessment: number; readonly approval: number; readonly approver: string },
): Promise<void> {
  await db.updateTable('assessments').set({ approval, approver }).where('entry', '=', assessment).execute()
  await updateVendor(db, vendor, { assessment })
}
