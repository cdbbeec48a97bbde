/**
 * Vendors of models and tools: on record, assessed by one person, approved by another, until a date.
 * spec/vendors.md (VND-1 to VND-4).
 *
 *   recorded --assess--> waiting --approve--> in force --until valid_until, or the next one-->
 *
 * Invariant: an assessment is about the record that it names; what is recorded later is not assessed by it.
 * @module
 */
import type { Kysely } from 'kysely'
import { newId } from '../core/ids.ts'
import { parseJson } from '../core/json.ts'
import { parseRfc3339, rfc3339 } from '../core/time.ts'
import { overlap } from '../core/vendor-names.ts'
import { commitTo } from '../log/commitment.ts'
import type { EntryBody } from '../log/entries.ts'
import type { Assessment, Vendor } from '../log/vendor-bodies.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import { personActor, type RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import type { ApprovalTerms } from './gestures.ts'
import { findEnrolled } from './people.ts'
import { fileUnder, keep, wordsOf } from './personal.ts'
import {
  assessedAs,
  ENDED,
  findVendor,
  insertAssessment,
  saveVendor,
  updateVendor,
  type AssessmentRow,
  type VendorRow,
} from './vendor-rows.ts'

/** Vendors on record. */
const VENDORS_MAX = 1_000
/** Assessments of one of them. */
const ASSESSMENTS_MAX = 200
const YEAR_MS = 366 * 24 * 3600 * 1000
const VALID_MS_MAX = 2 * YEAR_MS

/** @param vendor of a vendor that is on record, or was. @throws {RegistryError} `NOT_ENDORSED`, `UNKNOWN_PERSON`, `UNKNOWN_VENDOR`, `STATE_CONFLICT`, `LIMIT_EXCEEDED` */
export function recordVendor(
  ctx: RegistryContext,
  person: string,
  body: Vendor,
  vendor?: string,
): Promise<{ vendor: string; entry: number }> {
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, person)
    await findEnrolled(tx.db, body.owner)
    if (vendor !== undefined) await findVendor(tx.db, vendor)
    const id = vendor ?? newId(ctx.crypto, 'vnd', tx.now)
    await assertApart(tx, id, body)
    const entry = await tx.append({
      type: 'vendor.recorded',
      actor: personActor(person),
      subject: id,
      body,
    })
    await saveVendor(tx.db, id, entry, body)
    await fileUnder(tx, { id, owner: null, first: entry })
    return { vendor: id, entry }
  })
}

async function assertApart(tx: Tx, id: string, { servers, models }: Vendor): Promise<void> {
  const others = await tx.db.selectFrom('vendors').selectAll().where('ended', '=', 0).execute()
  if (others.length >= VENDORS_MAX && !others.some((each) => each.id === id))
    throw new RegistryError('LIMIT_EXCEEDED', `${VENDORS_MAX} vendors are on record`)
  for (const other of others) {
    if (other.id === id) continue
    const their = vendorOf(other)
    const server = servers.find((each) => their.servers.includes(each))
    const model = models.find((each) => their.models.some((one) => overlap(one, each)))
    const both = server ?? model
    if (both !== undefined)
      throw new RegistryError('STATE_CONFLICT', `${other.id} stands for ${both} already: change that first`)
  }
}

function vendorOf({ vendor_json }: Pick<VendorRow, 'vendor_json'>): Vendor {
  return parseJson(vendor_json) as Vendor
}

async function findOnRecord(db: Kysely<Schema>, id: string): Promise<VendorRow> {
  const row = await findVendor(db, id)
  if (row.ended === 1) throw new RegistryError('STATE_CONFLICT', 'the vendor was ended: record it again')
  return row
}

/** @throws {RegistryError} `UNKNOWN_VENDOR`, `NOT_ENDORSED`, `STATE_CONFLICT`, `LIMIT_EXCEEDED` */
export function assessVendor(
  ctx: RegistryContext,
  person: string,
  id: string,
  { text, ...said }: Assessment & { readonly text: string },
): Promise<{ entry: number }> {
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, person)
    const { recorded } = await findOnRecord(tx.db, id)
    const until_ms = parseRfc3339(said.valid_until)
    if (until_ms <= tx.now || until_ms > tx.now + VALID_MS_MAX)
      throw new RegistryError('STATE_CONFLICT', 'an assessment is valid for a time ahead, two years at most')
    const known = tx.db.selectFrom('assessments').select('entry').where('vendor', '=', id)
    if ((await known.execute()).length >= ASSESSMENTS_MAX)
      throw new RegistryError('LIMIT_EXCEEDED', `a vendor has at most ${ASSESSMENTS_MAX} assessments`)
    const words = commitTo(ctx.crypto, text)
    const body = { ...said, recorded }
    const entry = await tx.append({
      type: 'vendor.assessed',
      actor: personActor(person),
      subject: id,
      body,
      commitments: { text: words.commitment },
    })
    const of = { entry, time_ms: tx.now, actor: person }
    await insertAssessment(tx.db, id, of, { body, text_commit: words.commitment })
    await keep(ctx, tx, id, 'text', words)
    return { entry }
  })
}

/** VND-3. */
export const vendorApproval: ApprovalTerms<'vendor.approved'> = {
  type: 'vendor.approved',
  notOwn: 'who assessed a vendor does not approve that: ask another person',
  async find({ db, now }, { id }, approver) {
    const { recorded } = await findOnRecord(db, id)
    const last = await lastAssessment(db, id)
    if (last === undefined || last.approval !== null || last.recorded !== recorded)
      throw new RegistryError(
        'STATE_CONFLICT',
        'no assessment of the record as it is now waits: assess it first',
      )
    if (last.valid_until <= now)
      throw new RegistryError('STATE_CONFLICT', 'the assessment has expired: assess it again')
    const act = { act: 'vendor.approve', vendor: id, assessment: last.entry, approver } as const
    return { act, askedBy: [last.assessor] }
  },
  async settle(tx, { key: { id }, act, approval }) {
    await assessedAs(tx.db, id, { assessment: act.assessment, approval, approver: act.approver })
  },
}

function lastAssessment(db: Kysely<Schema>, vendor: string): Promise<AssessmentRow | undefined> {
  return db
    .selectFrom('assessments')
    .selectAll()
    .where('vendor', '=', vendor)
    .orderBy('entry', 'desc')
    .limit(1)
    .executeTakeFirst()
}

/** @throws {RegistryError} `UNKNOWN_VENDOR`, `NOT_ENDORSED`, `STATE_CONFLICT` */
export function endVendor(
  ctx: RegistryContext,
  person: string,
  id: string,
  body: EntryBody<'vendor.ended'>,
): Promise<{ entry: number }> {
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, person)
    await findOnRecord(tx.db, id)
    const entry = await tx.append({ type: 'vendor.ended', actor: personActor(person), subject: id, body })
    await updateVendor(tx.db, id, ENDED)
    return { entry }
  })
}

export interface VendorView extends Vendor {
  readonly id: string
  readonly recorded: number
  /** Whether its assessment is in force now. */
  readonly status: 'own' | 'unassessed' | 'waiting' | 'in_force' | 'refused' | 'expired' | 'ended'
  readonly valid_until: string | null
}

function viewOf(row: VendorRow, assessments: readonly AssessmentRow[], now_ms: number): VendorView {
  const inForce = assessments.find(({ entry }) => entry === row.assessment)
  const waits = assessments.some(({ entry }) => entry > (row.assessment ?? -1))
  const statusOf = (): VendorView['status'] => {
    const vendor = vendorOf(row)
    if (row.ended === 1) return 'ended'
    if (vendor.kind === 'own') return 'own'
    if (inForce === undefined || inForce.recorded !== row.recorded) return waits ? 'waiting' : 'unassessed'
    if (inForce.outcome === 'refused') return 'refused'
    return inForce.valid_until <= now_ms ? 'expired' : 'in_force'
  }
  const valid_until = inForce === undefined ? null : rfc3339(inForce.valid_until)
  return { id: row.id, recorded: row.recorded, ...vendorOf(row), status: statusOf(), valid_until }
}

export async function listVendors(db: Kysely<Schema>, now_ms: number): Promise<VendorView[]> {
  const rows = await db.selectFrom('vendors').selectAll().orderBy('id').execute()
  const all = await db.selectFrom('assessments').selectAll().orderBy('entry').execute()
  const by = Map.groupBy(all, ({ vendor }) => vendor)
  return rows.map((row) => viewOf(row, by.get(row.id) ?? [], now_ms))
}

export interface AssessmentView extends Assessment {
  readonly entry: number
  readonly assessor: string
  readonly time: number
  readonly approval: number | null
  readonly approver: string | null
  /** Null: erased. */
  readonly text: string | null
}

/** @throws {RegistryError} `UNKNOWN_VENDOR` */
export async function showVendor(
  ctx: Pick<RegistryContext, 'vault'>,
  db: Kysely<Schema>,
  { id, now_ms }: { readonly id: string; readonly now_ms: number },
): Promise<VendorView & { readonly assessments: readonly AssessmentView[] }> {
  const row = await findVendor(db, id)
  const all = db.selectFrom('assessments').selectAll().where('vendor', '=', id).orderBy('entry')
  const found = await all.execute()
  const assessments = await Promise.all(
    found.map(async ({ entry, assessor, time, approval, approver, said_json, text_commit }) => ({
      entry,
      assessor,
      time,
      approval,
      approver,
      ...(parseJson(said_json) as Assessment),
      text: await wordsOf(ctx, db, text_commit),
    })),
  )
  return { ...viewOf(row, found, now_ms), assessments }
}
