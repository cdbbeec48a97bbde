/**
 * Reviews of what one person did alone: by somebody else, over the entry, once. spec/alone.md (ALO-4).
 * Invariant: a review approves nothing; what was done alone stays done alone.
 * @module
 */
import type { Kysely } from 'kysely'
import { newId } from '../core/ids.ts'
import type { LoneOutcome } from '../log/alone-bodies.ts'
import { commitTo } from '../log/commitment.ts'
import type { EntryBody } from '../log/entries.ts'
import type { Schema } from '../ports/schema.ts'
import { markLoneReviewed } from './alone.ts'
import { personActor, type GestureParts, type RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import { askedOf, signedBy, type Asked } from './gestures.ts'
import { findEnrolled } from './people.ts'
import { fileUnder, keep } from './personal.ts'

type LoneAct = EntryBody<'alone.reviewed'>['act']

export interface LoneReview {
  /** Index of the entry that was done alone. */
  readonly of: number
  readonly outcome: LoneOutcome
}

/** What the reviewer signs, and its WebAuthn challenge. @throws {RegistryError} as {@link reviewLone} */
export async function loneReviewOf(
  ctx: Pick<RegistryContext, 'crypto' | 'store'>,
  reviewer: string,
  review: LoneReview,
): Promise<Asked<LoneAct>> {
  return askedOf(ctx, await ctx.store.query((db) => actOf(db, reviewer, review)))
}

/**
 * @throws {RegistryError} `UNKNOWN_ENTRY`: nobody did that alone; `STATE_CONFLICT`: reviewed already; `SAME_PERSON`: who
 * did it, whatever the mode; `NOT_ENDORSED`, `GESTURE_INVALID`
 */
export function reviewLone(
  ctx: RegistryContext,
  reviewer: string,
  { text, ...review }: LoneReview & { readonly text: string },
  parts: GestureParts,
): Promise<{ review: string; entry: number }> {
  return ctx.store.write(async (tx) => {
    const act = await actOf(tx.db, reviewer, review)
    const gesture = signedBy(ctx, await findEnrolled(tx.db, reviewer), 'approver', act, parts)
    const id = newId(ctx.crypto, 'aln', tx.now)
    const words = commitTo(ctx.crypto, text)
    const entry = await tx.append({
      type: 'alone.reviewed',
      actor: personActor(reviewer),
      subject: id,
      body: { act, gesture },
      commitments: { text: words.commitment },
    })
    const reviewed = { review: entry, reviewer, reviewed: tx.now, outcome: review.outcome }
    await markLoneReviewed(tx.db, review.of, { ...reviewed, text_commit: words.commitment })
    await fileUnder(tx, { id, owner: null, first: entry })
    await keep(ctx, tx, id, 'text', words)
    return { review: id, entry }
  })
}

async function actOf(db: Kysely<Schema>, approver: string, { of, outcome }: LoneReview): Promise<LoneAct> {
  const row = await db.selectFrom('lone_acts').selectAll().where('entry', '=', of).executeTakeFirst()
  if (row === undefined)
    throw new RegistryError('UNKNOWN_ENTRY', 'nobody did that alone: see "countersign alone list"')
  if (row.review !== null) throw new RegistryError('STATE_CONFLICT', 'it is reviewed already')
  if (row.person === approver)
    throw new RegistryError('SAME_PERSON', 'who did it alone does not review it: ask another person')
  const { type, subject } = row
  return { act: 'alone.review', of, type, subject, outcome, approver }
}
