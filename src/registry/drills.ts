/**
 * Drills of the kill switch: planned, begun, closed with a report, and missed when none is. spec/kill.md (KIL-17 to KIL-20).
 * Invariants: a drill pulls exactly the scope that was planned, in the transaction in which it begins; it closes once,
 * when nothing that it pulled is in force.
 * @module
 */
import type { Kysely } from 'kysely'
import { newId } from '../core/ids.ts'
import { canonicalize, parseJson } from '../core/json.ts'
import { parseRfc3339, rfc3339, seconds } from '../core/time.ts'
import { decodeEntry } from '../log/entries.ts'
import type { DrillMode, DrillReport } from '../log/drill-report.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import { killScopeSchema, type Kill, type KillScope } from '../revoke/statement.ts'
import { raise } from './alerts.ts'
import { personActor, type GestureParts, type RegistryContext } from './context.ts'
import { gatherReport } from './drill-evidence.ts'
import { drillNotes, type DrillNote } from './drill-notes.ts'
import { RegistryError } from './errors.ts'
import { assertScope, isLifted, pullKillTx } from './kills.ts'
import { findEnrolled } from './people.ts'

type DrillRow = Schema['drills']

/** KIL-20, in milliseconds. */
const DAY_MS = 24 * 3600 * 1000
export const OVERDUE_MS = 92 * DAY_MS
export const ALERT_APART_MS = 7 * DAY_MS
/** In `meta`: when the last `DRILL_OVERDUE` was raised. */
export const DRILL_ALERTED = 'drill_alerted'
/** Drills that one answer lists, the latest first. */
const LISTED_MAX = 200

export interface Drill {
  readonly id: string
  readonly mode: DrillMode
  readonly scope: KillScope
  /** Milliseconds: when it is meant to be run. */
  readonly at: number
  readonly planner: string
  readonly status: 'planned' | 'started' | 'closed'
  readonly kill: string | null
}

export async function insertDrill(
  db: Kysely<Schema>,
  planned: Pick<DrillRow, 'id' | 'entry' | 'mode' | 'scope_json' | 'at' | 'planner'>,
): Promise<void> {
  const open = { started: null, kill: null, closed: null, closed_ms: null }
  await db
    .insertInto('drills')
    .values({ ...planned, ...open })
    .execute()
}

/** @throws {RegistryError} `UNKNOWN_SYSTEM`, `UNKNOWN_CLASS`, `UNKNOWN_AGENT`, `NOT_ENDORSED` */
export function planDrill(
  ctx: RegistryContext,
  person: string,
  plan: { readonly mode: DrillMode; readonly scope: KillScope; readonly at: number },
): Promise<{ drill: string }> {
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, person)
    const { mode, scope, at } = plan
    await assertScope(tx.db, scope)
    const id = newId(ctx.crypto, 'drl', tx.now)
    const body = { mode, scope, at: rfc3339(at) }
    const entry = await tx.append({ type: 'drill.planned', actor: personActor(person), subject: id, body })
    const scope_json = canonicalize(scope)
    await insertDrill(tx.db, { id, entry, mode, scope_json, at, planner: person })
    return { drill: id }
  })
}

/**
 * @param pull the kill of a draft with a gesture over it, for a drill in production; null for a tabletop
 * @throws {RegistryError} `UNKNOWN_DRILL`; `STATE_CONFLICT`: it began already, or a kill is given where none is pulled, or
 * of another scope; those of `pullKill`
 */
export function startDrill(
  ctx: RegistryContext,
  person: string,
  drill: string,
  pull: { readonly kill: Kill; readonly parts: GestureParts } | null,
): Promise<{ kill: string | null }> {
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, person)
    const row = await findDrill(tx.db, drill)
    if (row.started !== null)
      throw new RegistryError('STATE_CONFLICT', 'the drill began already: see its report, or plan another')
    if ((pull !== null) !== (row.mode === 'production'))
      throw new RegistryError(
        'STATE_CONFLICT',
        'a drill in production pulls a kill, and a tabletop pulls none',
      )
    if (pull !== null && canonicalize({ ...pull.kill.scope }) !== canonicalize(scopeOf(row)))
      throw new RegistryError('STATE_CONFLICT', 'the kill is on another scope than the drill was planned for')
    const kill = pull?.kill.id ?? null
    const started = await append(tx, person, drill, { type: 'drill.started', body: { kill } })
    await tx.db.updateTable('drills').set({ started, kill }).where('id', '=', drill).execute()
    if (pull !== null) await pullKillTx(ctx, tx, person, pull.kill, pull.parts)
    return { kill }
  })
}

/**
 * @throws {RegistryError} `UNKNOWN_DRILL`, `NOT_ENDORSED`; `STATE_CONFLICT`: it has not begun, is closed, or its kill is in
 * force; `SAME_PERSON`: who planned it does not close it, unless the separation is `after`
 */
export async function closeDrill(
  ctx: RegistryContext,
  person: string,
  drill: string,
): Promise<{ size: number; report: DrillReport }> {
  await ctx.store.query((db) => assertClosable(ctx, db, person, drill))
  const row = await ctx.store.query((db) => findDrill(db, drill))
  // Read before the transaction: it may be millions of entries, and writers would wait.
  const found = await gatherReport(ctx, row)
  return ctx.store.write(async (tx) => {
    await assertClosable(ctx, tx.db, person, drill)
    if (row.kill !== null && found.report.lift === null) throw notLifted(row.kill)
    const closed = await append(tx, person, drill, { type: 'drill.closed', body: found })
    const values = { closed, closed_ms: tx.now }
    await tx.db.updateTable('drills').set(values).where('id', '=', drill).execute()
    return found
  })
}

async function assertClosable(
  ctx: RegistryContext,
  db: Kysely<Schema>,
  person: string,
  drill: string,
): Promise<void> {
  await findEnrolled(db, person)
  const row = await findDrill(db, drill)
  if (row.started === null) throw new RegistryError('STATE_CONFLICT', 'the drill has not begun: run it first')
  if (row.closed !== null) throw new RegistryError('STATE_CONFLICT', 'the drill is closed: see its report')
  if (row.planner === person && ctx.separation === 'independent')
    throw new RegistryError('SAME_PERSON', 'who planned a drill does not close it: somebody else does')
  if (row.kill !== null && !(await isLifted(db, row.kill))) throw notLifted(row.kill)
}

function notLifted(kill: string): RegistryError {
  return new RegistryError('STATE_CONFLICT', `its kill is in force: countersign kill lift ${kill}`)
}

function append(
  tx: Tx,
  person: string,
  drill: string,
  entry:
    | { readonly type: 'drill.started'; readonly body: { readonly kill: string | null } }
    | {
        readonly type: 'drill.closed'
        readonly body: { readonly size: number; readonly report: DrillReport }
      },
): Promise<number> {
  const about = { actor: personActor(person), subject: drill }
  if (entry.type === 'drill.started')
    return tx.append({ type: 'drill.started', ...about, body: { kill: entry.body.kill } })
  const { size, report } = entry.body
  return tx.append({ type: 'drill.closed', ...about, body: { size, report } })
}

export interface ReportedDrill {
  readonly drill: Drill
  /** Index of the entry that began it: notes are about it. */
  readonly started: number
  readonly size: number
  readonly report: DrillReport
  readonly notes: readonly DrillNote[]
}

/** As it was closed; of one that is open as the log stands now. @throws {RegistryError} `UNKNOWN_DRILL`, `STATE_CONFLICT` */
export async function reportOf(ctx: RegistryContext, drill: string): Promise<ReportedDrill> {
  const row = await ctx.store.query((db) => findDrill(db, drill))
  const { started, closed } = row
  if (started === null) throw new RegistryError('STATE_CONFLICT', 'the drill has not begun: run it first')
  const found = closed === null ? await gatherReport(ctx, row) : await closedReport(ctx, closed)
  const notes = await ctx.store.query((db) => drillNotes(ctx, db, started))
  return { drill: drillOf(row), started, ...found, notes }
}

async function closedReport(
  { store }: RegistryContext,
  index: number,
): Promise<{ size: number; report: DrillReport }> {
  const [bytes] = await store.entries.read(index, index + 1)
  const entry = bytes === undefined ? null : decodeEntry(bytes)
  if (entry?.type !== 'drill.closed') throw new RegistryError('UNKNOWN_DRILL', 'the log has no such report')
  return entry.body
}

export async function listDrills(db: Kysely<Schema>): Promise<Drill[]> {
  const rows = await db.selectFrom('drills').selectAll().orderBy('entry', 'desc').limit(LISTED_MAX).execute()
  return rows.map(drillOf)
}

/** @throws {RegistryError} `UNKNOWN_DRILL` */
async function findDrill(db: Kysely<Schema>, id: string): Promise<DrillRow> {
  const row = await db.selectFrom('drills').selectAll().where('id', '=', id).executeTakeFirst()
  if (row === undefined)
    throw new RegistryError('UNKNOWN_DRILL', 'no such drill: see "countersign drill list"')
  return row
}

function scopeOf({ scope_json }: DrillRow): KillScope {
  return killScopeSchema.parse(parseJson(scope_json))
}

function drillOf(row: DrillRow): Drill {
  const { id, mode, at, planner, kill, started, closed } = row
  const status = closed !== null ? 'closed' : started !== null ? 'started' : 'planned'
  return { id, mode, scope: scopeOf(row), at, planner, status, kill }
}

/** Raises `DRILL_OVERDUE` when it is due (KIL-20). @returns whether it did */
export async function alertOverdueDrill(ctx: Pick<RegistryContext, 'store'>): Promise<boolean> {
  const { store } = ctx
  const begun_ms = await beginningOf(ctx)
  const now_ms = await store.now()
  if (begun_ms === null || (await store.query((db) => overdueSince(db, begun_ms, now_ms))) === null)
    return false
  return store.write(async (tx) => {
    const since_ms = await overdueSince(tx.db, begun_ms, tx.now)
    if (since_ms === null) return false // another node did
    const detail = { since: seconds(since_ms) }
    const about = { rule: 'DRILL_OVERDUE', subject: null, detail, entries: [] } as const
    await raise(tx, { ...about, key: `drill/${tx.now}`, isEveryLogged: true })
    const value = String(tx.now)
    await tx.db
      .insertInto('meta')
      .values({ name: DRILL_ALERTED, value })
      .onConflict((on) => on.column('name').doUpdateSet({ value }))
      .execute()
    return true
  })
}

/** When the last drill was closed, or the log began; null when no alert is due. */
async function overdueSince(db: Kysely<Schema>, begun_ms: number, now_ms: number): Promise<number | null> {
  const last = await db
    .selectFrom('drills')
    .select('closed_ms')
    .where('closed_ms', 'is not', null)
    .orderBy('closed_ms', 'desc')
    .limit(1)
    .executeTakeFirst()
  const since_ms = last?.closed_ms ?? begun_ms
  const alerted = await db
    .selectFrom('meta')
    .select('value')
    .where('name', '=', DRILL_ALERTED)
    .executeTakeFirst()
  const isSaid = alerted !== undefined && now_ms - Number(alerted.value) < ALERT_APART_MS
  return now_ms - since_ms < OVERDUE_MS || isSaid ? null : since_ms
}

/** Milliseconds: the time of the first entry. */
async function beginningOf({ store }: Pick<RegistryContext, 'store'>): Promise<number | null> {
  const [first] = await store.entries.read(0, 1)
  return first === undefined ? null : parseRfc3339(decodeEntry(first).time)
}
