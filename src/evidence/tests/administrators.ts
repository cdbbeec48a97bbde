/** Test 31: who administers the installation is approved, reviewed each quarter, and gone with those who go. spec/roles.md (ROL-11). @module */
import { businessDaysAfter } from '../../core/business-days.ts'
import type { JsonObject } from '../../core/json.ts'
import { quarterBounds, quarterOf, quartersEnding } from '../../core/quarter.ts'
import { REVIEW_DAYS_MAX } from '../../log/governance-bodies.ts'
import { reviewedItems, roleReviews } from '../populations/access-reviews.ts'
import {
  adminActs,
  administrators,
  roleBook,
  type RoleBook,
  type RoleRecord,
} from '../populations/administrators.ts'
import { compensatedBy } from './compensating.ts'
import {
  indicesOf,
  knownUntil,
  msOf,
  textOf,
  type ControlTest,
  type FoundDeviation,
  type TestContext,
} from './test.ts'

/** Business days: from the proposal to the approval, from a decision to the removal, from leaving to the removal. */
const APPROVED_DAYS_MAX = 5
const REMOVED_DAYS_MAX = 5
const LEFT_DAYS_MAX = 1
const DAY_MS = 86_400_000
/** Of those that a review which did not happen would have looked at. */
const NAMED_MAX = 16
const EVER = { from_ms: -Infinity, to_ms: Infinity }

export const approvedAdministrators: ControlTest = {
  number: 31,
  criteria: ['CC6.1', 'CC6.2', 'CC6.3'],
  title: 'Administrators are under control',
  attribute:
    'approved by another, reviewed each quarter by another, removed in time; administrative acts are of those who hold a role',
  population: administrators,
  source: null,
  run: (ctx) => {
    const rows = ctx.rows(administrators)
    const book = roleBook(ctx.history)
    const deviations = [
      ...rows.flatMap((row) => rowFaults(ctx, row)),
      ...unreviewed(ctx, book),
      ...ctx.rows(roleReviews).flatMap((item) => notRemoved(ctx, book, item) ?? []),
      ...withoutRole(ctx),
    ]
    return { items: rows.length, deviations }
  },
}

/** When something ended that had to end in time; what lasts counts until the end of what is known. */
function endOf(ctx: TestContext, ...times: readonly JsonObject[string][]): number {
  return Math.min(knownUntil(ctx), ...times.map((time) => (time === null ? Infinity : msOf(time))))
}

function rowFaults(ctx: TestContext, row: JsonObject): FoundDeviation[] {
  const { index, holds, person, proposed, approval, approved, acted_alone, removed, left } = row
  const found = (code: FoundDeviation['code'], what: string): FoundDeviation => ({
    code,
    message: `${textOf(holds)} of ${textOf(person)} ${what}`,
    entries: [...new Set(indicesOf(index, approval))],
  })
  const alone = found(
    'ROLE_SELF_APPROVED',
    `was approved by who proposed it or holds it${compensatedBy(row)}`,
  )
  const selfApproved = { ...alone, entries: [...alone.entries, ...indicesOf(row.review)] }
  // Approved before the period: late or not, that is of another one.
  const isOfPeriod = approved === null || msOf(approved) >= ctx.period.from_ms
  const approvedBy_ms = businessDaysAfter(msOf(proposed), APPROVED_DAYS_MAX)
  const goneBy_ms = left === null ? Infinity : businessDaysAfter(msOf(left), LEFT_DAYS_MAX)
  return [
    ...(isOfPeriod && endOf(ctx, approved ?? null, removed ?? null) > approvedBy_ms
      ? [found('ROLE_UNAPPROVED', `was not approved within ${APPROVED_DAYS_MAX} business days`)]
      : []),
    ...(acted_alone === true ? [selfApproved] : []),
    ...(approved !== null && endOf(ctx, removed ?? null) > goneBy_ms
      ? [found('ROLE_OF_LEAVER', 'stayed for over a business day after they had left')]
      : []),
  ]
}

/** Of quarters that ended in the period and of which the log has the whole: what was in force all through, and no other person decided on. */
function unreviewed(ctx: TestContext, book: RoleBook): FoundDeviation[] {
  const { history, period } = ctx
  const until_ms = knownUntil(ctx)
  const begun_ms = Date.parse(history.created?.entry.time ?? '')
  const items = reviewedItems(history, 'roles', EVER)
  const opened = new Set(openedIn(ctx))
  return quartersEnding(period.from_ms, until_ms)
    .filter((quarter) => quarterBounds(quarter).from_ms >= begun_ms)
    .flatMap((quarter): FoundDeviation[] => {
      const standing = [...book].filter(([, record]) => stoodAllThrough(record, quarterBounds(quarter)))
      if (standing.length === 0) return []
      if (!opened.has(quarter)) {
        const entries = standing.slice(0, NAMED_MAX).map(([, { begun }]) => begun.index)
        const message = `no review of the ${standing.length} roles and custodies was opened in ${quarter}`
        return [{ code: 'ROLE_UNREVIEWED', message, entries }]
      }
      const its = Map.groupBy(
        items.filter((item) => item.period === quarter && quarterOf(msOf(item.opened)) === quarter),
        ({ target }) => textOf(target),
      )
      return standing.flatMap(([id, record]) => undecided(quarter, record, its.get(id) ?? [], until_ms) ?? [])
    })
}

function openedIn({ history }: TestContext): string[] {
  return history.governance.flatMap(({ entry }) =>
    entry.type === 'access_review.opened' &&
    entry.body.list === 'roles' &&
    entry.body.period === quarterOf(Date.parse(entry.time))
      ? [entry.body.period]
      : [],
  )
}

function stoodAllThrough(
  { approved, removed }: RoleRecord,
  { from_ms, to_ms }: { readonly from_ms: number; readonly to_ms: number },
): boolean {
  if (approved === null || Date.parse(approved.entry.time) >= from_ms) return false
  return removed === null || Date.parse(removed.entry.time) >= to_ms
}

/** @param items of it, of reviews of the quarter */
function undecided(
  quarter: string,
  { begun, holding }: RoleRecord,
  items: readonly JsonObject[],
  until_ms: number,
): FoundDeviation | null {
  const limitOf = ({ opened }: JsonObject): number => msOf(opened) + REVIEW_DAYS_MAX * DAY_MS
  const isDone = (item: JsonObject): boolean =>
    item.decided !== null && item.acted_alone !== true && msOf(item.decided) <= limitOf(item)
  const isWaiting = (item: JsonObject): boolean => item.decided === null && limitOf(item) >= until_ms
  if (items.some((item) => isDone(item) || isWaiting(item))) return null
  const message = `nobody but its holder reviewed the ${holding.kind} of ${holding.person} in ${quarter}`
  return {
    code: 'ROLE_UNREVIEWED',
    message,
    entries: indicesOf(begun.index, ...items.map(({ index }) => index)),
  }
}

function notRemoved(ctx: TestContext, book: RoleBook, item: JsonObject): FoundDeviation | null {
  const { target, decision, decided, decision_index, acted } = item
  if (decided === null || decision === 'keep') return null
  const removed = book.get(textOf(target))?.removed?.entry.time ?? null
  const done = decision === 'revoke' ? removed : (acted ?? null)
  if (endOf(ctx, done) <= businessDaysAfter(msOf(decided), REMOVED_DAYS_MAX)) return null
  const message = `${textOf(target)}: a reviewer said ${textOf(decision)}, and that was not done within ${REMOVED_DAYS_MAX} business days`
  return { code: 'ROLE_NOT_REMOVED', message, entries: indicesOf(decision_index) }
}

/** The first act of each. */
function withoutRole(ctx: TestContext): FoundDeviation[] {
  const acts = ctx.rows(adminActs).filter((act) => act.administers !== true)
  return [...Map.groupBy(acts, ({ person }) => textOf(person))].flatMap(([person, [first, ...others]]) => {
    if (first === undefined) return []
    const more = others.length === 0 ? '' : `, and ${others.length} more`
    const message = `${person} held no role that administers: ${textOf(first.type)}${more}`
    return [{ code: 'ADMIN_ACT_WITHOUT_ROLE', message, entries: indicesOf(first.index) } as const]
  })
}
