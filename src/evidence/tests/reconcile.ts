/**
 * The items of a test against sources that are not ours, key by key. spec/sources.md (RCN-3 to RCN-6).
 * Pure: builder and verifier find the same. A cell of a source never stands in a message: it may be personal.
 * @module
 */
import type { Shape } from '../receipts/shapes.ts'
import type { JsonObject } from '../../core/json.ts'
import { counted } from '../../core/words.ts'
import { base64, fromBase64url } from '../../core/encoding.ts'
import type { Sheet } from '../populations/sheets.ts'
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
  const finished = finishedActions(ctx, test)
  const deviations: FoundDeviation[] = []
  const found = sheets.map((sheet) => new Set(sheet.keys))
  const sources = sheets.map((sheet) => {
    const known = knownTo(ctx, sheet, comparable, items)
    const strange = strangersIn(sheet, known)
    deviations.push(...strange)
    const { index, entry } = sheet.upload
    const rows_n = sheet.keys.length
    return { id: entry.subject ?? '', index, rows_n, matched_n: rows_n - strange.length }
  })
  const only_in_source_n = deviations.length
  let uncovered_n = 0
  for (const item of items) {
    if (comparable?.must(item.row, { finished }) !== true) continue
    const covering = sheets.flatMap((sheet, at) => (covers(sheet, item) ? [{ sheet, keys: found[at] }] : []))
    if (covering.length === 0) uncovered_n++
    else if (
      !covering.some(({ sheet, keys }) => keys?.has(keyOf(ctx, sheet, comparable, item) ?? '') === true)
    )
      deviations.push({
        code: 'ONLY_IN_LOG',
        message: `entry ${item.index} is in none of ${counted(covering.length, 'source')} that ${covering.length === 1 ? 'covers' : 'cover'} it`,
        entries: [item.index, ...covering.map(({ sheet }) => sheet.upload.index)],
      })
  }
  const only_in_log_n = deviations.length - only_in_source_n
  const covered = uncovered_n === 0 && isWhole(ctx, sheets)
  return {
    deviations,
    reconciliation: { sources, only_in_source_n, only_in_log_n, uncovered_n, covered },
  }
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

function covers({ upload: { entry } }: Sheet, { row, at_ms }: Item): boolean {
  const { from, to, scope } = entry.body
  const isThen = at_ms === null || (at_ms >= Date.parse(from) && at_ms < Date.parse(to))
  return isThen && (scope === null || row[scope.member] === scope.value)
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
  if (comparable === undefined) return (key) => isRootOf(ctx, key)
  const keys = new Set<string>()
  for (const item of items) {
    const key = comparable.may(item.row) && covers(sheet, item) ? keyOf(ctx, sheet, comparable, item) : null
    if (key !== null) keys.add(key)
  }
  return (key) => keys.has(key)
}

/** Rows of which the log knows nothing, and rows that name again what a row before them named. */
function strangersIn({ upload, keys }: Sheet, isKnown: (key: string) => boolean): FoundDeviation[] {
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

/** Whether there is no time in the period that no source covers. */
function isWhole({ period }: TestContext, sheets: readonly Sheet[]): boolean {
  const spans = sheets
    .map(({ upload: { entry } }) => [Date.parse(entry.body.from), Date.parse(entry.body.to)] as const)
    .toSorted(([a], [b]) => a - b)
  let until_ms = period.from_ms
  for (const [from_ms, to_ms] of spans) if (from_ms <= until_ms) until_ms = Math.max(until_ms, to_ms)
  return until_ms >= period.to_ms
}
