/** Bodies of the entries about reviews of access. spec/entries.md, spec/reviews.md. @module */
import { z } from 'zod'
import { gestureSchema } from '../core/gesture.ts'
import { QUARTER } from '../core/quarter.ts'

const id = z.string().max(64)
const digest = z.string().regex(/^[A-Za-z0-9_-]{43}$/)
/** Of entries. */
const index = z.int().nonnegative()

/** Items of one campaign. */
export const ITEMS_MAX = 20_000
/** Items that one entry gives to a reviewer. */
export const ASSIGNED_MAX = 2_000
/** Lines of what one item may do, and characters of each. */
export const MAY_MAX = 80
export const MAY_CHARS_MAX = 300
/** Entries that one act names. */
export const ACTED_MAX = 16
/** Days from the opening to the closing. */
export const REVIEW_DAYS_MAX = 30

export const ITEM_KINDS = ['agent', 'delegation', 'person', 'point', 'role', 'service'] as const
/** What a review looks at: where its entry says nothing, everything that may act. */
export const REVIEW_LISTS = ['access', 'roles'] as const
export const ITEM_DECISIONS = ['keep', 'revoke', 'change'] as const

const itemNumber = z
  .int()
  .nonnegative()
  .max(ITEMS_MAX - 1)

export const reviewItemSchema = z.strictObject({
  kind: z.enum(ITEM_KINDS),
  target: id,
  owner: id.nullable(),
  may: z.array(z.string().max(MAY_CHARS_MAX)).max(MAY_MAX),
})
export type ReviewItem = z.infer<typeof reviewItemSchema>

function approvedBy<A extends z.ZodObject>(act: A) {
  return z.strictObject({ act, gesture: gestureSchema, acted_alone: z.boolean() })
}

export const governanceBodies = {
  'access_review.opened': z.strictObject({
    period: z.string().regex(QUARTER),
    items_n: z.int().positive().max(ITEMS_MAX),
    /** SHA-256 of the JCS of all items. */
    digest,
    /** Who administers the installation (ROL-7). */
    list: z.literal('roles').exactOptional(),
  }),
  /** Part of the list: its first item has the number `from`. */
  'access_review.listed': z.strictObject({
    from: itemNumber,
    items: z.array(reviewItemSchema).min(1).max(ITEMS_MAX),
  }),
  'access_review.assigned': z.strictObject({
    reviewer: id,
    items: z.array(itemNumber).min(1).max(ASSIGNED_MAX),
  }),
  'access_review.decided': z.strictObject({
    item: itemNumber,
    decision: z.enum(ITEM_DECISIONS),
    /** The item is of who decided. */
    acted_alone: z.boolean(),
  }),
  /** What was done about it: the sequence numbers of the frames that revoked it, the entries that changed it. */
  'access_review.acted': z.strictObject({
    item: itemNumber,
    frames: z.array(z.int().positive()).max(ACTED_MAX),
    entries: z.array(index).max(ACTED_MAX),
  }),
  'access_review.closed': approvedBy(
    z.strictObject({
      act: z.literal('access_review.close'),
      review: id,
      /** Index of the `access_review.opened` entry, and the digest that it has. */
      opened: index,
      digest,
      kept: index,
      revoked: index,
      changed: index,
      approver: id,
    }),
  ),
}
