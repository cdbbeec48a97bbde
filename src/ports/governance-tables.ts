/** Tables of roles and of reviews of access. spec/roles.md, spec/reviews.md. Columns as in schema.ts. @module */
import type { Custody, Holding, Role } from '../core/roles.ts'
import type { ITEM_DECISIONS, ITEM_KINDS, REVIEW_LISTS } from '../log/governance-bodies.ts'

export interface GovernanceTables {
  roles: {
    id: string
    /** Index of the `role.preset` or `role.proposed` entry. */
    entry: number
    kind: Holding['kind']
    name: Role | Custody
    /** Of custody: the database, host or key. */
    thing: string | null
    person: string
    /** Null: the set-up. */
    proposer: string | null
    /** Milliseconds, as `approved` and `removed`. */
    proposed: number
    approver: string | null
    /** Index of the entry that it is in force by. */
    approval: number | null
    approved: number | null
    /** Index of the `role.removed` entry. */
    removal: number | null
    removed: number | null
  }
  access_reviews: {
    id: string
    /** Index of the `access_review.opened` entry. */
    entry: number
    period: string
    opener: string
    items_n: number
    digest: string
    list: (typeof REVIEW_LISTS)[number]
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
