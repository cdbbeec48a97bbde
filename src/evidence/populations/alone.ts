/** Reviews of what one person did alone, as rows of populations name them. spec/alone.md (ALO-5 to ALO-7). @module */
import type { JsonObject } from '../../core/json.ts'
import type { Entry } from '../../log/entries.ts'
import type { History, Indexed } from '../history.ts'

export type LoneReview = Indexed<Entry<'alone.reviewed'>>

/** In the order of the log. */
export function loneReviewsOf({ governance }: History): LoneReview[] {
  return governance.flatMap(({ index, entry }) => (entry.type === 'alone.reviewed' ? [{ index, entry }] : []))
}

/** @returns why it is no review of what another did alone, or null. Not checked: its gesture, and that it is the first */
export function loneReviewFault({ lone }: History, { index, entry }: LoneReview): string | null {
  const { of, type, subject } = entry.body.act
  const made = lone.get(of)
  if (made === undefined || of >= index) return 'nobody made the earlier entry alone that it is over'
  if (made.type !== type || (made.subject ?? null) !== subject) return 'the entry that it is over is another'
  return made.actor.id === entry.actor.id ? 'it is by who made the entry that it is over' : null
}

/** By the index of what was done alone: the first that another made. */
export function loneReviewBook(history: History): ReadonlyMap<number, LoneReview> {
  const book = new Map<number, LoneReview>()
  for (const review of loneReviewsOf(history)) {
    const { of } = review.entry.body.act
    if (!book.has(of) && loneReviewFault(history, review) === null) book.set(of, review)
  }
  return book
}

/** Columns of a row: a compensating control, which is no approval. */
export function reviewColumns(review: LoneReview | undefined): JsonObject {
  return {
    review: review?.index ?? null,
    reviewed: review?.entry.time ?? null,
    reviewer: review?.entry.actor.id ?? null,
    review_outcome: review?.entry.body.act.outcome ?? null,
  }
}

/** The first alert that told of each entry that was made alone, by the index of that entry. */
export function loneAlerts({ alerts }: History): ReadonlyMap<number, Indexed<Entry<'alert.raised'>>> {
  const told = new Map<number, Indexed<Entry<'alert.raised'>>>()
  for (const { index, entry } of alerts) {
    if (entry.type !== 'alert.raised' || entry.body.rule !== 'ACTED_ALONE') continue
    for (const of of entry.body.entries) if (!told.has(of)) told.set(of, { index, entry })
  }
  return told
}
