/**
 * What an auditor does in a preview, and what the company answers. spec/preview.md (PRV-7, PRV-11 to PRV-14).
 * Invariants: an act of an auditor is in the log only while the preview is in force; words are filed under the preview.
 * @module
 */
import type { Kysely } from 'kysely'
import { newId } from '../core/ids.ts'
import { parseJson } from '../core/json.ts'
import { rfc3339 } from '../core/time.ts'
import { commitTo, type Committed } from '../log/commitment.ts'
import type { Actor, EntryBody } from '../log/entries.ts'
import { aboutSchema, commentedSchema, type About, type Commented } from '../log/preview-bodies.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import { personActor, type RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import { findEnrolled } from './people.ts'
import { isOpen, keep, namesOf } from './personal.ts'
import {
  auditorActor,
  countLook,
  findPreview,
  insertComment,
  insertEvidenceRequest,
  markAnswered,
} from './preview-rows.ts'
import { findInForce } from './previews.ts'

/** Of one preview: more is a flood. */
const OPEN_REQUESTS_MAX = 64
const COMMENTS_MAX = 2_000
/** PRV-13, in characters. */
export const WORDS_MAX = 4_000

/** PRV-7: before the answer. @returns the index of the entry. @throws {RegistryError} as `findInForce` */
export function recordLook(
  ctx: RegistryContext,
  preview: string,
  look: EntryBody<'preview.looked'>,
): Promise<number> {
  return record(ctx, preview, (tx) =>
    tx.append({ type: 'preview.looked', actor: auditorActor(preview), subject: preview, body: look }),
  )
}

/** PRV-14: before the file is given. @throws {RegistryError} as `findInForce` */
export function recordExport(
  ctx: RegistryContext,
  preview: string,
  file: EntryBody<'preview.exported'>,
): Promise<number> {
  return record(ctx, preview, (tx) =>
    tx.append({ type: 'preview.exported', actor: auditorActor(preview), subject: preview, body: file }),
  )
}

function record(ctx: RegistryContext, preview: string, append: (tx: Tx) => Promise<number>): Promise<number> {
  return ctx.store.write(async (tx) => {
    await findInForce(tx, preview)
    const entry = await append(tx)
    await countLook(tx.db, preview, tx.now)
    return entry
  })
}

/** @throws {RegistryError} as `findInForce`, `LIMIT_EXCEEDED` */
export function askForEvidence(
  ctx: RegistryContext,
  preview: string,
  { about, text }: { readonly about: About | null; readonly text: string },
): Promise<{ request: string; entry: number }> {
  return ctx.store.write(async (tx) => {
    await findInForce(tx, preview)
    const open = await tx.db
      .selectFrom('evidence_requests')
      .select('id')
      .where('preview', '=', preview)
      .where('outcome', 'is', null)
      .execute()
    if (open.length >= OPEN_REQUESTS_MAX)
      throw new RegistryError('LIMIT_EXCEEDED', `${OPEN_REQUESTS_MAX} requests wait for an answer`)
    const id = newId(ctx.crypto, 'erq', tx.now)
    const words = commitTo(ctx.crypto, text)
    const entry = await tx.append({
      type: 'evidence_request.opened',
      actor: auditorActor(preview),
      subject: preview,
      body: { request: id, about },
      commitments: { text: words.commitment },
    })
    await keepWords(ctx, tx, preview, 'text', words)
    const row = { id, preview, entry, text_commit: words.commitment, opened: tx.now }
    await insertEvidenceRequest(tx.db, row, about)
    return { request: id, entry }
  })
}

async function keepWords(
  ctx: RegistryContext,
  tx: Tx,
  preview: string,
  field: string,
  words: Committed,
): Promise<void> {
  if (await isOpen(tx, preview)) await keep(ctx, tx, preview, field, words)
}

export interface EvidenceAnswer {
  readonly outcome: EntryBody<'evidence_request.answered'>['outcome']
  readonly answer: string
}

/** @throws {RegistryError} `NOT_ENDORSED`, `UNKNOWN_EVIDENCE_REQUEST`; `STATE_CONFLICT`: it was answered */
export function answerRequest(
  ctx: RegistryContext,
  person: string,
  request: string,
  { outcome, answer }: EvidenceAnswer,
): Promise<number> {
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, person)
    const row = await tx.db
      .selectFrom('evidence_requests')
      .select(['preview', 'outcome'])
      .where('id', '=', request)
      .executeTakeFirst()
    if (row === undefined) throw unknownRequest()
    if (row.outcome !== null) throw new RegistryError('STATE_CONFLICT', 'this request was answered')
    const words = commitTo(ctx.crypto, answer)
    const entry = await tx.append({
      type: 'evidence_request.answered',
      actor: personActor(person),
      subject: row.preview,
      body: { request, outcome },
      commitments: { answer: words.commitment },
    })
    await keepWords(ctx, tx, row.preview, 'answer', words)
    const answered = { outcome, answer_commit: words.commitment, person, answered: tx.now }
    await markAnswered(tx.db, request, answered)
    return entry
  })
}

function unknownRequest(): RegistryError {
  return new RegistryError('UNKNOWN_EVIDENCE_REQUEST', 'no such request: see "countersign preview requests"')
}

/** @param by null: the auditor. @throws {RegistryError} as `findInForce` (of a person only `UNKNOWN_PREVIEW`), `NOT_ENDORSED`, `LIMIT_EXCEEDED`, `UNKNOWN_EVIDENCE_REQUEST` */
export function commentOn(
  ctx: RegistryContext,
  preview: string,
  by: string | null,
  { about, text }: { readonly about: Commented; readonly text: string },
): Promise<number> {
  return ctx.store.write(async (tx) => {
    if (by === null) await findInForce(tx, preview)
    else {
      await findEnrolled(tx.db, by)
      await findPreview(tx.db, preview)
    }
    if (about.kind === 'request') await assertOwnRequest(tx.db, preview, about.id)
    const made = await tx.db
      .selectFrom('preview_comments')
      .select((eb) => eb.fn.countAll<number | string>().as('n'))
      .where('preview', '=', preview)
      .executeTakeFirstOrThrow()
    if (Number(made.n) >= COMMENTS_MAX)
      throw new RegistryError('LIMIT_EXCEEDED', `a preview has at most ${COMMENTS_MAX} comments`)
    const actor: Actor = by === null ? auditorActor(preview) : personActor(by)
    const words = commitTo(ctx.crypto, text)
    const commitments = { text: words.commitment }
    const entry = await tx.append({
      type: 'preview.commented',
      actor,
      subject: preview,
      body: { about },
      commitments,
    })
    await keepWords(ctx, tx, preview, 'text', words)
    const row = { entry, preview, text_commit: words.commitment, time: tx.now }
    await insertComment(tx.db, row, { actor, about })
    return entry
  })
}

/** Of another preview's nothing is told, nor that it is there. */
async function assertOwnRequest(db: Kysely<Schema>, preview: string, id: string): Promise<void> {
  const row = await db
    .selectFrom('evidence_requests')
    .select('id')
    .where('id', '=', id)
    .where('preview', '=', preview)
    .executeTakeFirst()
  if (row === undefined) throw unknownRequest()
}

export interface EvidenceRequestView {
  readonly request: string
  readonly preview: string
  readonly about: About | null
  readonly opened: string
  /** Null: erased. */
  readonly text: string | null
  readonly outcome: EvidenceAnswer['outcome'] | null
  readonly answer: string | null
  readonly person: string | null
  readonly answered: string | null
}

/** What waits first, then in the order of asking. @param preview null: of all */
export async function listEvidenceRequests(
  ctx: Pick<RegistryContext, 'vault'>,
  db: Kysely<Schema>,
  preview: string | null,
): Promise<EvidenceRequestView[]> {
  const query = db.selectFrom('evidence_requests').selectAll().orderBy('entry').limit(LISTED_MAX)
  const rows = await (preview === null ? query : query.where('preview', '=', preview)).execute()
  const words = await namesOf(
    ctx,
    db,
    rows.flatMap(({ text_commit, answer_commit }) => [text_commit, answer_commit]),
  )
  const views = rows.map((row) => ({
    request: row.id,
    preview: row.preview,
    about: row.about_json === null ? null : aboutSchema.parse(parseJson(row.about_json)),
    opened: rfc3339(row.opened),
    text: words.get(row.text_commit) ?? null,
    outcome: row.outcome,
    answer: row.answer_commit === null ? null : (words.get(row.answer_commit) ?? null),
    person: row.person,
    answered: row.answered === null ? null : rfc3339(row.answered),
  }))
  return [
    ...views.filter(({ outcome }) => outcome === null),
    ...views.filter(({ outcome }) => outcome !== null),
  ]
}

const LISTED_MAX = 2_000

export interface CommentView {
  readonly entry: number
  readonly about: Commented
  /** Null: the auditor. */
  readonly person: string | null
  readonly time: string
  /** Null: erased. */
  readonly text: string | null
}

export async function listComments(
  ctx: Pick<RegistryContext, 'vault'>,
  db: Kysely<Schema>,
  preview: string,
): Promise<CommentView[]> {
  const rows = await db
    .selectFrom('preview_comments')
    .selectAll()
    .where('preview', '=', preview)
    .orderBy('entry')
    .limit(LISTED_MAX)
    .execute()
  const words = await namesOf(
    ctx,
    db,
    rows.map(({ text_commit }) => text_commit),
  )
  return rows.map(({ entry, about_json, person, time, text_commit }) => ({
    entry,
    about: commentedSchema.parse(parseJson(about_json)),
    person,
    time: rfc3339(time),
    text: words.get(text_commit) ?? null,
  }))
}
