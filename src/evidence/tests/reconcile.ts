/**
 * The items of a test against sources that are not ours, key by key. spec/sources.md (RCN-3 to RCN-6).
 * Pure: builder and verifier find the same. A cell of a source never stands in a message: it may be personal.
 * @module
 */
import type { Shape } from '../receipts/shapes.ts'
import type { JsonObject } from '../../core/json.ts'
import { counted } from '../../core/words.ts'
import { base64, fromBase64url } from '../../core/encoding.ts'
import { erasedSubjects, isWithin, uploadsIn, type Sheet } from '../populations/sheets.ts'
import type { Reconciliation } from './result.ts'
import { textOf, type ControlTest, type FoundDeviation, type TestContext } from './test.ts'

/** What of the items of a test a source should have, and may have. */
interface Comparable {
  /** Member of a row that says when; null: it is of the whole period. */
  readonly at: string | null
  /** By name of the key. */
  readonly keys: Readonly<Record<string, (row: JsonObject, ctx: TestContext) => string | null>>
  /** Whether a source that has this row is right. */
  readonly may: (row: JsonObject) => boolean
  /** Whether a source that has it not is wrong. */
  readonly must: (row: JsonObject, ctx: Finished) => boolean
}

interface Finished {
  /** Actions that the tool is known to have run. */
  readonly finished: ReadonlySet<string>
}

const always = (): boolean => true
const member =
  (name: string) =>
  (row: JsonObject): string | null =>
    typeof row[name] === 'string' ? row[name] : null

const COMPARABLE: Readonly<Record<number, Comparable>> = {
  1: { at: null, keys: { agent: member('agent') }, may: always, must: always },
  6: { at: 'time', keys: { subject: member('subject'), person: personOf }, may: always, must: always },
  9: {
    at: 'time',
    keys: { action: member('action') },
    may: ({ decision }) => decision === 'allow',
    must: ({ decision, action }, { finished }) => decision === 'allow' && finished.has(textOf(action)),
  },
  14: {
    at: 'opened',
    keys: { incident: member('incident') },
    may: always,
    must: ({ exercise }) => exercise !== true,
  },
  25: { at: 'released', keys: { output: member('output') }, may: always, must: always },
}

function personOf({ kind, subject }: JsonObject, { history }: TestContext): string | null {
  const name = textOf(subject)
  return kind === 'person' ? (history.people.get(name)?.entry.subject ?? null) : name
}

interface Item {
  readonly index: number
  readonly row: JsonObject
  readonly at_ms: number | null
}

export interface Compared {
  readonly deviations: readonly FoundDeviation[]
  readonly reconciliation: Reconciliation
}

/** @param sheets of this test, within the period; at least one */
export function reconcile(ctx: TestContext, test: ControlTest, sheets: readonly Sheet[]): Compared {
  const comparable = COMPARABLE[test.number]
  const items = comparable === undefined ? [] : itemsOf(ctx, test, comparable)
  const deviations: FoundDeviation[] = []
  const sources = sheets.map((sheet) => {
    const known = knownTo(ctx, sheet, comparable, items)
    const strange = strangersIn(sheet, known)
    deviations.push(...strange)
    const { index, entry } = sheet.upload
    const rows_n = sheet.keys.length
    return { id: entry.subject ?? '', index, rows_n, matched_n: rows_n - strange.length }
  })
  const only_in_source_n = deviations.length
  const { missing, uncovered_n, isWhole } =
    comparable === undefined
      ? othersKept(ctx, test, sheets)
      : itemsKept(ctx, sheets, comparable, wantedOf(ctx, test, comparable, items))
  deviations.push(...missing)
  const only_in_log_n = missing.length
  const erased_n = erasedOf(ctx, test)
  const covered = uncovered_n === 0 && erased_n === 0 && isWhole
  return {
    deviations,
    reconciliation: { sources, only_in_source_n, only_in_log_n, uncovered_n, erased_n, covered },
  }
}

/** What sources do not have, and whether together they speak of all of the period. */
interface Kept {
  readonly missing: readonly FoundDeviation[]
  readonly uncovered_n: number
  readonly isWhole: boolean
}

function wantedOf(
  ctx: TestContext,
  test: ControlTest,
  comparable: Comparable,
  items: readonly Item[],
): Item[] {
  const finished = finishedActions(ctx, test)
  return items.filter(({ row }) => comparable.must(row, { finished }))
}

function itemsKept(
  ctx: TestContext,
  sheets: readonly Sheet[],
  comparable: Comparable,
  wanted: readonly Item[],
): Kept {
  const missing: FoundDeviation[] = []
  const found = sheets.map((sheet) => ({ sheet, keys: new Set(sheet.keys) }))
  /** Sources that items lie in by their scope, each group of them once. */
  const scoped = new Map<string, readonly Sheet[]>()
  let uncovered_n = 0
  for (const item of wanted) {
    const its = sheets.filter((sheet) => isInScope(sheet, item))
    scoped.set(its.map(({ upload }) => upload.index).join(), its)
    const covering = found.filter(({ sheet }) => covers(sheet, item))
    if (covering.length === 0) uncovered_n++
    else if (!covering.some(({ sheet, keys }) => isIn(keys, keyOf(ctx, sheet, comparable, item))))
      missing.push({
        code: 'ONLY_IN_LOG',
        message: `entry ${item.index} is in none of ${counted(covering.length, 'source')} that ${covering.length === 1 ? 'covers' : 'cover'} it`,
        entries: [item.index, ...covering.map(({ sheet }) => sheet.upload.index)],
      })
  }
  const all = sheets.filter(({ upload }) => upload.entry.body.scope === null)
  const groups = scoped.size === 0 ? [all] : [...scoped.values()]
  return { missing, uncovered_n, isWhole: groups.every((group) => coverPeriod(ctx, group)) }
}

function isIn(keys: ReadonlySet<string>, key: string | null): boolean {
  return key !== null && keys.has(key)
}

/** Of sources whose rows are no items: callers, and checkpoints. */
function othersKept(ctx: TestContext, test: ControlTest, sheets: readonly Sheet[]): Kept {
  if (!sheets.some(isOfCallers)) return rootsKept(ctx, test, sheets)
  // A log in which nobody ever called says nothing of who did.
  const isWhole = sheets.some(({ keys }) => keys.length > 0) && coverPeriod(ctx, sheets)
  return { missing: [], uncovered_n: 0, isWhole }
}

/** Of checkpoints that somebody kept: each span that is closed has to lie in the tree of one that is of this log. */
function rootsKept(ctx: TestContext, { population }: ControlTest, sheets: readonly Sheet[]): Kept {
  let size_max = 0
  for (const key of sheets.flatMap(({ keys }) => keys))
    if (isRootOf(ctx, key)) size_max = Math.max(size_max, checkpointSize(key) ?? 0)
  const rows = population === null ? [] : ctx.rows(population)
  const uncovered_n = rows.filter(({ open, end }) => open !== true && Number(end) > size_max).length
  return { missing: [], uncovered_n, isWhole: size_max > 0 && coverPeriod(ctx, sheets) }
}

/** Within the period: what they said nobody can compare any more. */
function erasedOf({ history, period }: TestContext, { number }: ControlTest): number {
  const erased = erasedSubjects(history)
  return uploadsIn(history).filter(
    (upload) =>
      upload.entry.body.test === number && isWithin(upload, period) && erased.has(upload.entry.subject ?? ''),
  ).length
}

function itemsOf(ctx: TestContext, { population }: ControlTest, { at }: Comparable): Item[] {
  const rows = population === null ? [] : ctx.rows(population)
  return rows.map((row) => ({
    index: Number(row.index),
    row,
    at_ms: at === null ? null : Date.parse(textOf(row[at])),
  }))
}

function finishedActions({ history }: TestContext, { number }: ControlTest): ReadonlySet<string> {
  const finished = new Set<string>()
  if (number !== 9) return finished
  const isFinished = (one: Shape): boolean => one.kind === 'outcome' && one.outcome === 'finished'
  for (const { receipt } of history.receiptsWhere(isFinished)) finished.add(receipt.action)
  return finished
}

function covers(sheet: Sheet, item: Item): boolean {
  const { from, to } = sheet.upload.entry.body
  const { at_ms } = item
  const isThen = at_ms === null || (at_ms >= Date.parse(from) && at_ms < Date.parse(to))
  return isThen && isInScope(sheet, item)
}

function isInScope({ upload: { entry } }: Sheet, { row }: Item): boolean {
  const { scope } = entry.body
  return scope === null || row[scope.member] === scope.value
}

function keyOf(ctx: TestContext, sheet: Sheet, of: Comparable, { row }: Item): string | null {
  return of.keys[sheet.upload.entry.body.key]?.(row, ctx) ?? null
}

/** Whether the log has what a row of this source names. */
function knownTo(
  ctx: TestContext,
  sheet: Sheet,
  comparable: Comparable | undefined,
  items: readonly Item[],
): (key: string) => boolean {
  if (comparable === undefined)
    return isOfCallers(sheet) ? (key) => isCaller(ctx, sheet, key) : (key) => isRootOf(ctx, key)
  const keys = new Set<string>()
  for (const item of items) {
    const key = comparable.may(item.row) && covers(sheet, item) ? keyOf(ctx, sheet, comparable, item) : null
    if (key !== null) keys.add(key)
  }
  return (key) => keys.has(key)
}

/** Rows of which the log knows nothing, and rows that name again what a row before them named. */
function strangersIn(sheet: Sheet, isKnown: (key: string) => boolean): FoundDeviation[] {
  const { upload, keys } = sheet
  if (isOfCallers(sheet)) return strangeCallers(sheet, isKnown)
  const id = upload.entry.subject ?? ''
  const first = new Map<string, number>()
  return keys.flatMap((key, at): FoundDeviation[] => {
    const before = first.get(key)
    if (before === undefined) first.set(key, at + 1)
    const why =
      before !== undefined
        ? `names again what row ${before} names`
        : isKnown(key)
          ? null
          : 'is not in the log'
    if (why === null) return []
    return [{ code: 'ONLY_IN_SOURCE', message: `row ${at + 1} of ${id} ${why}`, entries: [upload.index] }]
  })
}

/** A log of calls has a caller as often as it called. */
function strangeCallers({ upload, keys }: Sheet, isKnown: (key: string) => boolean): FoundDeviation[] {
  const id = upload.entry.subject ?? ''
  return keys.flatMap((key, at): FoundDeviation[] =>
    isKnown(key)
      ? []
      : [
          {
            code: 'CALLER_UNREGISTERED',
            message: `row ${at + 1} of ${id} has a caller whom nobody registered`,
            entries: [upload.index],
          },
        ],
  )
}

function isOfCallers({ upload }: Sheet): boolean {
  return upload.entry.body.key === 'caller'
}

/** An agent that was approved, or a point that was enrolled, before the source ends. */
function isCaller({ history }: TestContext, { upload }: Sheet, key: string): boolean {
  const registered = history.agents.get(key)?.approval?.entry.time ?? history.points.get(key)?.entry.time
  return registered !== undefined && Date.parse(registered) < Date.parse(upload.entry.body.to)
}

/** A checkpoint as `SIZE ROOT`, the root in base64 as the note has it. */
function isRootOf({ logRoots }: TestContext, key: string): boolean {
  const size = checkpointSize(key)
  const root = size === null ? undefined : logRoots.get(size)
  return root !== undefined && key === `${size} ${base64(fromBase64url(root))}`
}

export function checkpointSize(key: string): number | null {
  const [, size] = /^(0|[1-9]\d{0,15}) [A-Za-z0-9+/]{43}=$/.exec(key) ?? []
  return size === undefined ? null : Number(size)
}

/** Whether there is no time in the period that none of them covers. */
function coverPeriod({ period }: TestContext, sheets: readonly Sheet[]): boolean {
  const spans = sheets
    .map(({ upload: { entry } }) => [Date.parse(entry.body.from), Date.parse(entry.body.to)] as const)
    .toSorted(([a], [b]) => a - b)
  let until_ms = period.from_ms
  for (const [from_ms, to_ms] of spans) if (from_ms <= until_ms) until_ms = Math.max(until_ms, to_ms)
  return until_ms >= period.to_ms
}
