/**
 * The review desk: opened, looked at, refused or signed. spec/attestation.md (ATT-21 to ATT-26).
 * Invariants: time in view is counted here, between signs of life of the page; what is measured of a reviewer is in no
 * entry and ends after 90 days.
 * @module
 */
import type { Kysely } from 'kysely'
import { newId } from '../core/ids.ts'
import { VIEW_MS_PER_1000, type OutputKind, type OutputPolicy } from '../core/output.ts'
import { rfc3339 } from '../core/time.ts'
import type { Schema } from '../ports/schema.ts'
import type { Review } from '../provenance/statement.ts'
import { differenceOf, type Piece } from '../provenance/text-difference.ts'
import { personActor, type RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import { kindInForce } from './output-policies.ts'
import { findOutput, insertReview, settleReview, type OutputRow } from './output-rows.ts'
import { bodyOf, contentOf, isContent, receiptAt, subjectsOf } from './outputs.ts'
import { findEnrolled, type EnrolledPerson } from './people.ts'
import { rootFacts } from './root-facts.ts'
import { revealIfSeed } from './seed-rows.ts'

/** The longest that one sign of life counts for, in milliseconds: a page that fell silent is not looked at. */
export const VIEW_GAP_MAX_MS = 5_000
/** ATT-25. */
export const MEASURES_DAYS = 90
export const MEASURES_MS = MEASURES_DAYS * 24 * 3600 * 1000

type Db = Kysely<Schema>

/** @throws {RegistryError} `UNKNOWN_REVIEW`: also of another person */
async function findReview(db: Db, id: string, person: string): Promise<Schema['reviews']> {
  const row = await db
    .selectFrom('reviews')
    .selectAll()
    .where('id', '=', id)
    .where('person', '=', person)
    .executeTakeFirst()
  if (row === undefined) throw new RegistryError('UNKNOWN_REVIEW', 'no such review of yours')
  return row
}

/**
 * ATT-21, ATT-22. @param principal handle of who set the task, or null
 * @throws {RegistryError} `NOT_ELIGIBLE`: not authorized, or the training is over; `SAME_PERSON`
 */
export function assertEligible(
  { separation }: OutputPolicy,
  { reviewers }: OutputKind,
  person: EnrolledPerson,
  principal: string | null,
  now: number,
): void {
  const listed = reviewers.find((one) => one.person === person.id)
  if (listed === undefined)
    throw new RegistryError('NOT_ELIGIBLE', 'the policy does not let you review this kind: ask its reviewers')
  if (Date.parse(listed.trained_until) <= now)
    throw new RegistryError('NOT_ELIGIBLE', 'your training for this kind is over: have the policy renewed')
  if (separation === 'independent' && person.rev === principal)
    throw new RegistryError('SAME_PERSON', 'who set the task does not review what came of it: ask another')
}

/** @throws {RegistryError} `AUTHORITY_ENDED`: the person left; and as `findEnrolled` */
export async function findReviewer(db: Db, person: string): Promise<EnrolledPerson> {
  const row = await db.selectFrom('people').select('status').where('id', '=', person).executeTakeFirst()
  if (row?.status === 'left') throw new RegistryError('AUTHORITY_ENDED', 'this person has left')
  return findEnrolled(db, person)
}

/**
 * @throws {RegistryError} `UNKNOWN_OUTPUT`, `NOT_ELIGIBLE`, `SAME_PERSON`; `OUTPUT_INVALID`: there is no content to look
 * at, or it is not what the digests are of; `STATE_CONFLICT`: this person reviewed it before
 */
export function openReview(
  ctx: RegistryContext,
  person: string,
  output: string,
): Promise<{ review: string }> {
  return ctx.store.write(async (tx) => {
    const row = await findOutput(tx.db, output)
    const { policy, kind } = await kindInForce(tx.db, row.kind)
    const { jti } = bodyOf(row)
    const facts = jti === null ? null : await rootFacts(ctx, tx.db, jti, kind)
    assertEligible(policy, kind, await findReviewer(tx.db, person), facts?.principal ?? null, tx.now)
    const content = await contentOf(ctx, tx.db, row)
    if (content === null)
      throw new RegistryError('OUTPUT_INVALID', 'its content is not kept: nobody can review it')
    if (!isContent(ctx.crypto, content, await subjectsOf(ctx, tx.db, row)))
      throw new RegistryError(
        'OUTPUT_INVALID',
        'its content is not what its digests are of: register it again',
      )
    const known = await tx.db
      .selectFrom('reviews')
      .selectAll()
      .where('output', '=', output)
      .where('person', '=', person)
      .executeTakeFirst()
    if (known?.decided === null) return { review: known.id }
    if (known !== undefined)
      throw new RegistryError(
        'STATE_CONFLICT',
        'you reviewed it before: the second review is by another person',
      )
    const review = newId(ctx.crypto, 'rvw', tx.now)
    await tx.append({ type: 'review.opened', actor: personActor(person), subject: review, body: { output } })
    await insertReview(tx.db, { id: review, output, person, opened: tx.now })
    await tx.db.deleteFrom('review_measures').where('expires', '<=', tx.now).execute()
    await tx.db
      .insertInto('review_measures')
      .values({
        review,
        person,
        opened: tx.now,
        in_view: 0,
        seen: tx.now,
        length: content.length,
        outcome: 'open',
        expires: tx.now + MEASURES_MS,
      })
      .execute()
    return { review }
  })
}

/** A sign of life of the page (ATT-22): what passed since the last one counts, up to 5 s. */
export function seeReview(ctx: RegistryContext, person: string, id: string): Promise<{ in_view_ms: number }> {
  return ctx.store.write(async (tx) => {
    const row = await findReview(tx.db, id, person)
    if (row.decided !== null) throw new RegistryError('STATE_CONFLICT', 'this review is over')
    const { in_view, seen } = await measuresOf(tx.db, id)
    const counted = in_view + Math.min(tx.now - seen, VIEW_GAP_MAX_MS)
    await tx.db
      .updateTable('review_measures')
      .set({ in_view: counted, seen: tx.now })
      .where('review', '=', id)
      .execute()
    return { in_view_ms: counted }
  })
}

async function measuresOf(db: Db, review: string): Promise<Schema['review_measures']> {
  const row = await db
    .selectFrom('review_measures')
    .selectAll()
    .where('review', '=', review)
    .executeTakeFirst()
  if (row === undefined) throw new RegistryError('STATE_CONFLICT', 'this review is too old: open the next')
  return row
}

/** The open review of a person, as a statement has it, decided now (ATT-11). Null: there is none. */
export async function reviewNow(
  ctx: RegistryContext,
  db: Db,
  output: OutputRow,
  person: EnrolledPerson,
  kind: OutputKind,
  now: number,
): Promise<{ readonly id: string; readonly review: Review } | null> {
  const row = await db
    .selectFrom('reviews')
    .selectAll()
    .where('output', '=', output.id)
    .where('person', '=', person.id)
    .where('decided', 'is', null)
    .executeTakeFirst()
  if (row === undefined) return null
  const { in_view, length } = await measuresOf(db, row.id)
  const { distance } = await differenceFor(ctx, db, output)
  const least_ms = Math.ceil((length * (kind.view_ms_per_1000 ?? VIEW_MS_PER_1000)) / 1000)
  return {
    id: row.id,
    review: {
      by: person.rev,
      opened_at: rfc3339(row.opened),
      decided_at: rfc3339(now),
      in_view_ms: in_view,
      length,
      edit_distance: distance,
      refusals: output.refusals,
      flagged: in_view < least_ms,
    },
  }
}

async function differenceFor(
  ctx: RegistryContext,
  db: Db,
  output: OutputRow,
): Promise<{ pieces: readonly Piece[]; distance: number; isExact: boolean }> {
  const { draft } = bodyOf(output)
  const before = draft === null ? null : await contentOf(ctx, db, await findOutput(db, draft))
  const after = (await contentOf(ctx, db, output)) ?? ''
  if (before === null) return { pieces: [{ op: 'same', text: after }], distance: 0, isExact: true }
  return differenceOf(before, after)
}

export interface ReviewView {
  readonly output: string
  readonly kind: string
  readonly content: string | null
  readonly difference: {
    readonly pieces: readonly Piece[]
    readonly distance: number
    readonly isExact: boolean
  }
  /** Calls that fed it, as far as their receipts are named. */
  readonly sources: readonly {
    readonly action: string
    readonly entry: number | null
    readonly server: string | null
    readonly tool: string | null
    readonly label: string | null
  }[]
  readonly chain: { readonly jti: string; readonly agent: string; readonly root: string } | null
  readonly refusals: number
}

/** What the desk shows (ATT-22). @throws {RegistryError} `UNKNOWN_REVIEW` */
export async function reviewView(
  ctx: RegistryContext,
  db: Db,
  person: string,
  id: string,
): Promise<ReviewView> {
  const output = await findOutput(db, (await findReview(db, id, person)).output)
  const { calls, jti } = bodyOf(output)
  const { kind } = await kindInForce(db, output.kind)
  const facts = jti === null ? null : await rootFacts(ctx, db, jti, kind)
  const sources: ReviewView['sources'][number][] = []
  for (const { action, entry } of calls) {
    const receipt = entry === null ? null : await receiptAt(db, entry)
    const { server = null, tool = null } = receipt ?? {}
    sources.push({ action, entry, server, tool, label: await labelOf(db, receipt) })
  }
  return {
    output: output.id,
    kind: output.kind,
    content: await contentOf(ctx, db, output),
    difference: await differenceFor(ctx, db, output),
    sources,
    chain: facts === null ? null : { jti: facts.jti, agent: facts.agent.id, root: facts.root },
    refusals: output.refusals,
  }
}

/** The label in force of the definition that was called. */
async function labelOf(
  db: Db,
  receipt: { server: string; tool: string; definition_hash: string | null } | null,
): Promise<string | null> {
  if (receipt === null || receipt.definition_hash === null) return null
  const row = await db
    .selectFrom('labels')
    .innerJoin('tools', 'tools.id', 'labels.tool')
    .select('label_json')
    .where('tools.server', '=', receipt.server)
    .where('tools.tool', '=', receipt.tool)
    .where('labels.definition_hash', '=', receipt.definition_hash)
    .executeTakeFirst()
  return row?.label_json ?? null
}

/** @throws {RegistryError} `UNKNOWN_REVIEW`, `AUTHORITY_ENDED`; `STATE_CONFLICT`: decided before */
export function refuseOutput(ctx: RegistryContext, person: string, id: string): Promise<{ seed: boolean }> {
  return ctx.store.write(async (tx) => {
    const row = await findReview(tx.db, id, person)
    if (row.decided !== null) throw new RegistryError('STATE_CONFLICT', 'this review is over')
    await findReviewer(tx.db, person)
    const body = { output: row.output, decision: 'refuse' as const, flagged: false }
    await tx.append({ type: 'review.decided', actor: personActor(person), subject: id, body })
    await settleReview(tx.db, id, body, tx.now)
    const seed = await revealIfSeed(ctx, tx, row.output, 'caught')
    await measured(tx.db, id, seed ? 'caught' : 'refused')
    return { seed }
  })
}

export async function measured(
  db: Db,
  review: string,
  outcome: Schema['review_measures']['outcome'],
): Promise<void> {
  await db.updateTable('review_measures').set({ outcome }).where('review', '=', review).execute()
}
