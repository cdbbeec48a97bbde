/** Tables of reviews of access. spec/reviews.md. Columns as in schema.ts. @module */
import type { ITEM_DECISIONS, ITEM_KINDS } from '../log/governance-bodies.ts'

export interface GovernanceTables {
  access_reviews: {
    id: string
    /** Index of the `access_review.opened` entry. */
    entry: number
    period: string
    opener: string
    items_n: number
    digest: string
    /** Milliseconds, as `closed`. */
    opened: number
    closed: number | null
    /** Index of the `access_review.closed` entry. */
    closing: number | null
  }
  access_review_items: {
    review: string
    n: number
    kind: (typeof ITEM_KINDS)[number]
    target: string
    owner: string | null
    may_json: string
    reviewer: string | null
    decision: (typeof ITEM_DECISIONS)[number] | null
    decider: string | null
    /** Indices of the entries that say so. */
    decided: number | null
    acted: number | null
  }
}
