/**
 * What data subjects ask for, each with its day. spec/consent.md (CNS-30).
 *
 *   open --extend once--> open --close--> closed
 *
 * Invariants: a request is due when the table of its jurisdiction says; what is late is said out loud, once.
 * @module
 */
import type { Kysely } from 'kysely'
import { dueAt, extendedDueAt, type RequestKind } from '../core/jurisdiction.ts'
import { newId } from '../core/ids.ts'
import { rfc3339 } from '../core/time.ts'
import { commitTo } from '../log/commitment.ts'
import type { Actor, EntryBody } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'
import { raise } from './alerts.ts'
import { type RegistryContext } from './context.ts'
import { findSubject } from './data-subjects.ts'
import { RegistryError } from './errors.ts'
import { objectTx } from './objections.ts'
import { keep, wordsOf } from './personal.ts'

type Row = Schema['subject_requests']
export type RequestOutcome = EntryBody<'subject_request.closed'>['outcome']
/** Open ones of one subject: more is a flood, not a right. */
const OPEN_MAX = 32

/** @throws {RegistryError} `UNKNOWN_DATA_SUBJECT`; `LIMIT_EXCEEDED`: too many are open */
export function openRequest(
  ctx: RegistryContext,
  actor: Actor,
  asked: { readonly subject: string; readonly kind: RequestKind; readonly text: string },
): Promise<{ request: string; due: string }> {
  const { subject, kind } = asked
  return ctx.store.write(async (tx) => {
    const { jurisdiction } = await findSubject(tx.db, subject)
    const open = await tx.db
      .selectFrom('subject_requests')
      .select('id')
      .where('subject', '=', subject)
      .where('status', '=', 'open')
      .execute()
    if (open.length >= OPEN_MAX) throw new RegistryError('LIMIT_EXCEEDED', `${OPEN_MAX} requests are open`)
    const id = newId(ctx.crypto, 'srq', tx.now)
    const due_ms = dueAt(kind, jurisdiction, tx.now)
    const text = commitTo(ctx.crypto, asked.text)
    const body = { request: id, kind, jurisdiction, due: rfc3339(due_ms) }
    const commitments = { text: text.commitment }
    await tx.append({ type: 'subject_request.opened', actor, subject, body, commitments })
    await keep(ctx, tx, subject, 'text', text)
    await insertRequest(
      tx.db,
      { id, subject, kind, jurisdiction, opened: tx.now, due: due_ms },
      text.commitment,
    )
    // An objection takes effect when it is made, whatever is answered later.
    if (kind === 'object')
      await objectTx(ctx, tx, actor, { subject, right: rightUnder(jurisdiction), purposes: null })
    return { request: id, due: rfc3339(due_ms) }
  })
}

function rightUnder(jurisdiction: string): EntryBody<'objection.made'>['right'] {
  if (jurisdiction === 'IN') return 'dpdpa_7_a'
  if (jurisdiction.startsWith('US')) return 'ccpa_opt_out'
  return dueAt('access', jurisdiction, 0) === dueAt('access', 'EU', 0) ? 'gdpr_21' : 'other'
}

export async function insertRequest(
  db: Kysely<Schema>,
  row: Pick<Row, 'id' | 'subject' | 'kind' | 'jurisdiction' | 'opened' | 'due'>,
  text_commit: string | null,
): Promise<void> {
  const fresh = { status: 'open' as const, extended: 0, outcome: null, answer_commit: null, alerted: 0 }
  await db
    .insertInto('subject_requests')
    .values({ ...row, ...fresh, text_commit })
    .execute()
}

/** @throws {RegistryError} `UNKNOWN_REQUEST`; `STATE_CONFLICT`: closed, late, extended already, or not extended there */
export function extendRequest(
  ctx: RegistryContext,
  actor: Actor,
  id: string,
  reason: string,
): Promise<{ due: string }> {
  return ctx.store.write(async (tx) => {
    const row = await findOpen(tx.db, id)
    const due_ms = extendedDueAt(row.kind as RequestKind, row.jurisdiction, row.opened)
    if (due_ms === null || row.extended === 1 || row.due < tx.now)
      throw new RegistryError('STATE_CONFLICT', 'this request is late, or is not extended (again) there')
    const due = rfc3339(due_ms)
    const body = { request: id, due, reason }
    await tx.append({ type: 'subject_request.extended', actor, subject: row.subject, body })
    await markExtended(tx.db, id, due_ms)
    return { due }
  })
}

export async function markExtended(db: Kysely<Schema>, id: string, due: number): Promise<void> {
  await db
    .updateTable('subject_requests')
    .set({ due, extended: 1, alerted: 0 })
    .where('id', '=', id)
    .execute()
}

/**
 * @throws {RegistryError} `UNKNOWN_REQUEST`; `STATE_CONFLICT`: closed, or an erasure that is said to be fulfilled and
 * was not carried out
 */
export function closeRequest(
  ctx: RegistryContext,
  actor: Actor,
  id: string,
  { outcome, answer }: { readonly outcome: RequestOutcome; readonly answer: string },
): Promise<void> {
  return ctx.store.write(async (tx) => {
    const { kind, subject } = await findOpen(tx.db, id)
    const { erased } = await tx.db
      .selectFrom('subjects')
      .select('erased')
      .where('id', '=', subject)
      .executeTakeFirstOrThrow()
    if (kind === 'erase' && outcome === 'fulfilled' && erased === null)
      throw new RegistryError('STATE_CONFLICT', 'erase the subject first: "countersign erase SUBJECT"')
    const words = commitTo(ctx.crypto, answer)
    const commitments = { answer: words.commitment }
    const body = { request: id, outcome }
    await tx.append({ type: 'subject_request.closed', actor, subject, body, commitments })
    if (erased === null) await keep(ctx, tx, subject, 'answer', words)
    await markClosed(tx.db, id, outcome, words.commitment)
  })
}

export async function markClosed(
  db: Kysely<Schema>,
  id: string,
  outcome: string,
  answer_commit: string | null,
): Promise<void> {
  await db
    .updateTable('subject_requests')
    .set({ status: 'closed', outcome, answer_commit })
    .where('id', '=', id)
    .execute()
}

async function findOpen(db: Kysely<Schema>, id: string): Promise<Row> {
  const row = await db.selectFrom('subject_requests').selectAll().where('id', '=', id).executeTakeFirst()
  if (!row) throw new RegistryError('UNKNOWN_REQUEST', 'no such request')
  if (row.status !== 'open') throw new RegistryError('STATE_CONFLICT', 'this request is closed')
  return row
}

export interface RequestView {
  readonly id: string
  readonly subject: string
  readonly kind: string
  readonly jurisdiction: string
  readonly status: 'open' | 'closed'
  readonly opened: string
  readonly due: string
  readonly late: boolean
  readonly outcome: string | null
  /** Null: erased. */
  readonly text: string | null
  readonly answer: string | null
}

/** What is due first comes first. @param subject null: of everybody */
export async function listRequests(
  ctx: Pick<RegistryContext, 'vault'>,
  db: Kysely<Schema>,
  { subject, now_ms }: { readonly subject: string | null; readonly now_ms: number },
): Promise<RequestView[]> {
  let query = db.selectFrom('subject_requests').selectAll().orderBy('status', 'desc').orderBy('due')
  if (subject !== null) query = query.where('subject', '=', subject)
  return Promise.all(
    (await query.limit(LISTED_MAX).execute()).map(async (row) => ({
      id: row.id,
      subject: row.subject,
      kind: row.kind,
      jurisdiction: row.jurisdiction,
      status: row.status,
      opened: rfc3339(row.opened),
      due: rfc3339(row.due),
      late: row.status === 'open' && row.due < now_ms,
      outcome: row.outcome,
      text: await wordsOf(ctx, db, row.text_commit),
      answer: await wordsOf(ctx, db, row.answer_commit),
    })),
  )
}

const LISTED_MAX = 1_000

/** Says which are late, once each. @returns how many */
export function raiseOverdue(ctx: Pick<RegistryContext, 'store'>): Promise<number> {
  return ctx.store.write(async (tx) => {
    const late = await tx.db
      .selectFrom('subject_requests')
      .select(['id', 'subject', 'kind', 'due'])
      .where('status', '=', 'open')
      .where('alerted', '=', 0)
      .where('due', '<', tx.now)
      .execute()
    for (const { id, subject, kind, due } of late) {
      const detail = { request: id, kind, due }
      const about = { rule: 'REQUEST_OVERDUE', subject, detail, entries: [] } as const
      await raise(tx, { ...about, key: `request/${id}`, isEveryLogged: true })
      await markAlerted(tx.db, id)
    }
    return late.length
  })
}

export async function markAlerted(db: Kysely<Schema>, id: string): Promise<void> {
  await db.updateTable('subject_requests').set({ alerted: 1 }).where('id', '=', id).execute()
}
