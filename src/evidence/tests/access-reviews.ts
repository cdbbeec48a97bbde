/** Test 7: whether access was reviewed in each quarter, all of it, and what was decided was done. spec/tests.md, spec/reviews.md. @module */
import type { JsonObject } from '../../core/json.ts'
import { quarterBounds, quarterOf, quartersEnding } from '../../core/quarter.ts'
import { REVIEW_DAYS_MAX } from '../../log/governance-bodies.ts'
import type { History } from '../history.ts'
import { accessReviews } from '../populations/access-reviews.ts'
import {
  indicesOf,
  knownUntil,
  msOf,
  textOf,
  type ControlTest,
  type FoundDeviation,
  type TestContext,
} from './test.ts'

const LIMIT_MS = REVIEW_DAYS_MAX * 86_400_000

export const reviewedAccess: ControlTest = {
  number: 7,
  criteria: ['CC6.3'],
  title: 'Access is reviewed',
  attribute:
    'a review opened in each quarter and closed within 30 days, every item decided by who does not own it, and acted on',
  population: accessReviews,
  source: null,
  run: (ctx) => {
    const rows = ctx.rows(accessReviews)
    const until_ms = knownUntil(ctx)
    const items = rows.flatMap((row) => itemFault(row, until_ms) ?? [])
    const reviews = [...Map.groupBy(rows, ({ review }) => review).values()]
    const late = reviews.flatMap(([first]) => (first === undefined ? [] : reviewFaults(first, until_ms)))
    return { items: rows.length, deviations: [...missing(ctx, until_ms), ...late, ...items] }
  },
}

/** Quarters that ended in the period, of which the log has the whole, and in which no review of theirs was opened. */
function missing({ history, period }: TestContext, until_ms: number): FoundDeviation[] {
  const begun_ms = Date.parse(history.created?.entry.time ?? '')
  const reviewed = new Set(openedOf(history))
  return quartersEnding(period.from_ms, until_ms)
    .filter((quarter) => quarterBounds(quarter).from_ms >= begun_ms && !reviewed.has(quarter))
    .map((quarter) => ({
      code: 'REVIEW_MISSING',
      message: `no review of access was opened in ${quarter}`,
      entries: [],
    }))
}

/** Quarters of which a review was opened while they lasted. */
function openedOf({ governance }: History): string[] {
  return governance.flatMap(({ entry }) =>
    entry.type === 'access_review.opened' &&
    entry.body.list === undefined &&
    entry.body.period === quarterOf(Date.parse(entry.time))
      ? [entry.body.period]
      : [],
  )
}

/** Of the review that a row is of. */
function reviewFaults(
  { opening, review, period, opened, closed }: JsonObject,
  until_ms: number,
): FoundDeviation[] {
  const found = (message: string): FoundDeviation => ({
    code: 'REVIEW_LATE',
    message: `${textOf(review)} of ${textOf(period)} ${message}`,
    entries: indicesOf(opening),
  })
  const opened_ms = msOf(opened)
  if (quarterOf(opened_ms) !== period) return [found('was not opened in that quarter')]
  const limit_ms = opened_ms + LIMIT_MS
  const isLate = closed === null ? limit_ms < until_ms : msOf(closed) > limit_ms
  return isLate ? [found(`was not closed within ${REVIEW_DAYS_MAX} days`)] : []
}

function itemFault(row: JsonObject, until_ms: number): FoundDeviation | null {
  const { index, item, target, opened, decision, decided, decision_index, acted } = row
  const limit_ms = msOf(opened) + LIMIT_MS
  const what = `item ${Number(item)}, ${textOf(target)}`
  const isOver = (time: typeof decided): boolean =>
    time === null ? limit_ms < until_ms : msOf(time) > limit_ms
  if (isOver(decided)) {
    const message = `${what}: nobody decided on it within ${REVIEW_DAYS_MAX} days`
    return { code: 'ACCESS_UNDECIDED', message, entries: indicesOf(index) }
  }
  if (decision !== null && decision !== 'keep' && isOver(acted)) {
    const message = `${what}: it was to ${textOf(decision)}, and that was not done within ${REVIEW_DAYS_MAX} days`
    return { code: 'ACCESS_NOT_ACTED_ON', message, entries: indicesOf(decision_index) }
  }
  if (row.acted_alone !== true) return null
  const message = `${what}: its owner alone decided on it`
  return { code: 'ACTED_ALONE', message, entries: indicesOf(decision_index) }
}
