/**
 * Reviews of access: a list is frozen, each item decided by somebody who does not own it, and acted on. spec/reviews.md
 * (ACR-1 to ACR-7).
 *
 *   open --assign, decide, act, item by item--> decided --close--> closed
 *
 * Invariants: what is decided on is the list that the digest in the log is of; what is decided as `revoke` is revoked in the
 * transaction that says so; nobody closes a review of which an item waits.
 * @module
 */
import type { Kysely } from 'kysely'
import { base64url } from '../core/encoding.ts'
import { newId } from '../core/ids.ts'
import { canonicalBytes, parseJson } from '../core/json.ts'
import type { EntryBody } from '../log/entries.ts'
import { ASSIGNED_MAX, ITEMS_MAX, type ReviewItem } from '../log/governance-bodies.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import {
  accessOf,
  findReview,
  insertItems,
  insertReview,
  markClosed,
  updateItem,
  type AccessReviewItemRow,
  type AccessReviewRow,
} from './access-review-rows.ts'
import { personActor, type RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import type { ApprovalTerms } from './gestures.ts'
import { findEnrolled } from './people.ts'
import { revokeTx } from './revocations.ts'
import { removeRoleTx, rolesInForce } from './roles.ts'
import { disableServiceTx } from './services.ts'

/** Bytes of items in one entry: an entry has at most 64 KiB. */
const PART_BYTES = 32_768
/** Reviews that a list shows. */
const LISTED_MAX = 100

/** What a review looks at: everything that may act, or who administers the installation (ROL-7). */
export type ReviewList = AccessReviewRow['list']
export type ItemDecision = EntryBody<'access_review.decided'>['decision']

/** @throws {RegistryError} `NOT_ENDORSED`, `LIMIT_EXCEEDED`; `STATE_CONFLICT`: one of that list is open, or nothing is on it */
export function openReview(
  ctx: RegistryContext,
  person: string,
  period: string,
  list: ReviewList = 'access',
): Promise<{ review: string; entry: number; items_n: number; digest: string }> {
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, person)
    const open = await tx.db
      .selectFrom('access_reviews')
      .select('id')
      .where('list', '=', list)
      .where('closed', 'is', null)
      .executeTakeFirst()
    if (open !== undefined) throw new RegistryError('STATE_CONFLICT', `close ${open.id} first`)
    const items = list === 'roles' ? await rolesInForce(tx.db) : await accessOf(ctx.crypto, tx.db, tx.now)
    const items_n = items.length
    if (items_n === 0) throw new RegistryError('STATE_CONFLICT', 'there is nothing to review')
    if (items_n > ITEMS_MAX)
      throw new RegistryError('LIMIT_EXCEEDED', `a review has at most ${ITEMS_MAX} items`)
    const digest = base64url(ctx.crypto.sha256(canonicalBytes(items)))
    const review = newId(ctx.crypto, 'acr', tx.now)
    const actor = personActor(person)
    const body = { period, items_n, digest, ...(list === 'roles' ? { list } : {}) }
    const entry = await tx.append({ type: 'access_review.opened', actor, subject: review, body })
    await insertReview(tx.db, review, { entry, time_ms: tx.now, actor: person }, body)
    for (const part of partsOf(items)) {
      await tx.append({ type: 'access_review.listed', actor, subject: review, body: part })
      await insertItems(tx.db, review, part)
    }
    return { review, entry, items_n, digest }
  })
}

/** In order, each small enough for an entry. */
function partsOf(items: readonly ReviewItem[]): EntryBody<'access_review.listed'>[] {
  const parts: EntryBody<'access_review.listed'>[] = []
  let bytes = 0
  for (const [n, item] of items.entries()) {
    const more = canonicalBytes(item).length
    const last = parts.at(-1)
    if (last === undefined || bytes + more > PART_BYTES) {
      parts.push({ from: n, items: [item] })
      bytes = more
    } else {
      last.items.push(item)
      bytes += more
    }
  }
  return parts
}

async function findOpen(db: Kysely<Schema>, id: string): Promise<AccessReviewRow> {
  const row = await findReview(db, id)
  if (row.closed !== null) throw new RegistryError('STATE_CONFLICT', 'the review is closed')
  return row
}

/** @throws {RegistryError} `UNKNOWN_ACCESS_REVIEW` */
async function findItem(db: Kysely<Schema>, review: string, n: number): Promise<AccessReviewItemRow> {
  const row = await db
    .selectFrom('access_review_items')
    .selectAll()
    .where('review', '=', review)
    .where('n', '=', n)
    .executeTakeFirst()
  if (row === undefined) throw new RegistryError('UNKNOWN_ACCESS_REVIEW', `the review has no item ${n}`)
  return row
}

const NOT_OWN = 'nobody decides on what they own: give it to another person'

/** What of a review is given to a reviewer: by number, or all that has this owner. */
export type Share = { readonly items: readonly number[] } | { readonly owner: string }

/**
 * Items that are decided already stay as they are.
 * @throws {RegistryError} `UNKNOWN_ACCESS_REVIEW`, `NOT_ENDORSED`, `UNKNOWN_PERSON`, `STATE_CONFLICT`, `SAME_PERSON`,
 * `LIMIT_EXCEEDED`
 */
export function assignItems(
  ctx: RegistryContext,
  person: string,
  review: string,
  { reviewer, ...share }: Share & { readonly reviewer: string },
): Promise<{ entry: number; items_n: number }> {
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, person)
    await findEnrolled(tx.db, reviewer)
    await findOpen(tx.db, review)
    const query = tx.db
      .selectFrom('access_review_items')
      .selectAll()
      .where('review', '=', review)
      .orderBy('n')
    const rows = await (
      'owner' in share ? query.where('owner', '=', share.owner) : query.where('n', 'in', [...share.items])
    ).execute()
    if ('items' in share && rows.length < new Set(share.items).size)
      throw new RegistryError('UNKNOWN_ACCESS_REVIEW', 'the review has no such item')
    const waiting = rows.filter(({ decision }) => decision === null)
    if (waiting.length === 0)
      throw new RegistryError('STATE_CONFLICT', 'nothing of that waits for a decision')
    if (waiting.length > ASSIGNED_MAX)
      throw new RegistryError('LIMIT_EXCEEDED', `at most ${ASSIGNED_MAX} items are given at once`)
    if (ctx.separation === 'independent' && waiting.some(({ owner }) => owner === reviewer))
      throw new RegistryError('SAME_PERSON', NOT_OWN)
    const body = { reviewer, items: waiting.map(({ n }) => n) }
    const actor = personActor(person)
    const entry = await tx.append({ type: 'access_review.assigned', actor, subject: review, body })
    for (const n of body.items) await updateItem(tx.db, review, n, { reviewer })
    return { entry, items_n: body.items.length }
  })
}

/**
 * @throws {RegistryError} `UNKNOWN_ACCESS_REVIEW`, `NOT_ENDORSED`; `SAME_PERSON`: it is theirs; `STATE_CONFLICT`: decided
 * before, or somebody else's to decide
 */
export function decideItem(
  ctx: RegistryContext,
  person: string,
  review: string,
  { item, decision }: { readonly item: number; readonly decision: ItemDecision },
): Promise<{ entry: number; acted_alone: boolean }> {
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, person)
    await findOpen(tx.db, review)
    const row = await findItem(tx.db, review, item)
    if (row.decision !== null) throw new RegistryError('STATE_CONFLICT', 'that item is decided')
    if (row.reviewer !== null && row.reviewer !== person)
      throw new RegistryError('STATE_CONFLICT', `${row.reviewer} decides on that: assign it anew first`)
    const acted_alone = row.owner === person
    if (acted_alone && ctx.separation === 'independent') throw new RegistryError('SAME_PERSON', NOT_OWN)
    const body = { item, decision, acted_alone }
    const actor = personActor(person)
    const entry = await tx.append({ type: 'access_review.decided', actor, subject: review, body })
    await updateItem(tx.db, review, item, { decision, decider: person, decided: entry })
    return { entry, acted_alone }
  })
}

/**
 * Revokes what was decided to be revoked; of a change takes the entries that made it.
 * @throws {RegistryError} `UNKNOWN_ACCESS_REVIEW`, `NOT_ENDORSED`, `UNKNOWN_ENTRY`; `STATE_CONFLICT`: nothing is to be done,
 * or it was, or an entry that came before the decision
 */
export function actOnItem(
  ctx: RegistryContext,
  person: string,
  review: string,
  { item, entries }: { readonly item: number; readonly entries: readonly number[] },
): Promise<{ entry: number; frames: number[] }> {
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, person)
    await findOpen(tx.db, review)
    const { kind, target, decision, decided, acted } = await findItem(tx.db, review, item)
    if (decided === null || decision === 'keep' || acted !== null)
      throw new RegistryError('STATE_CONFLICT', 'nothing is to be done about that item')
    const actor = personActor(person)
    if (decision === 'change') await assertChanged(tx, decided, entries)
    else if (entries.length > 0) throw new RegistryError('STATE_CONFLICT', 'a revocation takes no entries')
    const reason = 'access-review'
    const body = { item, frames: [] as number[], entries: [...entries] }
    if (decision === 'revoke')
      if (kind === 'role') body.entries.push(await removeRoleTx(tx, actor, target, reason))
      else if (kind === 'service') body.entries.push(await disableServiceTx(tx, actor, target, reason))
      else
        body.frames = (await revokeTx(ctx, tx, actor, { kind, target, reason })).map(({ frame }) => frame.seq)
    const entry = await tx.append({ type: 'access_review.acted', actor, subject: review, body })
    await updateItem(tx.db, review, item, { acted: entry })
    return { entry, frames: body.frames }
  })
}

async function assertChanged(tx: Tx, decided: number, entries: readonly number[]): Promise<void> {
  if (entries.length === 0) throw new RegistryError('STATE_CONFLICT', 'name the entries that changed it')
  const known = await tx.db
    .selectFrom('entries')
    .select('idx')
    .where('idx', 'in', [...entries])
    .execute()
  if (known.length < new Set(entries).size)
    throw new RegistryError('UNKNOWN_ENTRY', 'the log has no such entry')
  if (entries.some((index) => index <= decided))
    throw new RegistryError('STATE_CONFLICT', 'an entry from before the decision does not carry it out')
}

/** ACR-7. */
export const accessReviewClosing: ApprovalTerms<'access_review.closed'> = {
  type: 'access_review.closed',
  notOwn: 'who opened a review does not close it: ask another person',
  async find({ db }, { id }, approver) {
    const { opener, entry: opened, digest } = await findOpen(db, id)
    const rows = await db
      .selectFrom('access_review_items')
      .select(['decision', 'acted'])
      .where('review', '=', id)
      .execute()
    const waiting = rows.filter(
      ({ decision, acted }) => decision === null || (decision !== 'keep' && acted === null),
    )
    if (waiting.length > 0)
      throw new RegistryError('STATE_CONFLICT', `${waiting.length} items wait to be decided or acted on`)
    const n = (of: ItemDecision): number => rows.filter(({ decision }) => decision === of).length
    const counts = { kept: n('keep'), revoked: n('revoke'), changed: n('change') }
    const act = { act: 'access_review.close', review: id, opened, digest, ...counts, approver } as const
    return { act, askedBy: [opener] }
  },
  async settle(tx, { key: { id }, approval }) {
    await markClosed(tx.db, id, approval, tx.now)
  },
}

export function listReviews(db: Kysely<Schema>): Promise<AccessReviewRow[]> {
  return db.selectFrom('access_reviews').selectAll().orderBy('entry', 'desc').limit(LISTED_MAX).execute()
}

export type ItemView = Omit<AccessReviewItemRow, 'may_json' | 'review'> & { readonly may: string[] }

/** @throws {RegistryError} `UNKNOWN_ACCESS_REVIEW` */
export async function showReview(
  db: Kysely<Schema>,
  id: string,
): Promise<AccessReviewRow & { readonly items: ItemView[] }> {
  const row = await findReview(db, id)
  const items = await db
    .selectFrom('access_review_items')
    .select([
      'n',
      'kind',
      'target',
      'owner',
      'may_json',
      'reviewer',
      'decision',
      'decider',
      'decided',
      'acted',
    ])
    .where('review', '=', id)
    .orderBy('n')
    .execute()
  return {
    ...row,
    items: items.map(({ may_json, ...item }) => ({
      ...item,
      may: parseJson(may_json) as string[],
    })),
  }
}
