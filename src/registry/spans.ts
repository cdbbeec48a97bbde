/**
 * Tool calls that agents' own telemetry tells of, held against receipts. spec/telemetry.md (TEL-16, TEL-17).
 * Invariants: a receipt answers for one span; a span is judged once, when its receipt had time to come; what was not found
 * is an entry and an alert.
 * @module
 */
import type { Kysely } from 'kysely'
import type { Receipt } from '../log/receipt.ts'
import type { Finding } from '../observe/fold.ts'
import type { ToolSpan } from '../observe/otlp/seen.ts'
import type { Schema } from '../ports/schema.ts'
import type { Store, Tx } from '../ports/store.ts'
import { SYSTEM, type RegistryContext } from './context.ts'
import { listSources, type Source } from './sources.ts'

/** A receipt has so long to come after the span: points ship within seconds, and keep what they cannot ship. */
export const RECONCILE_MS = 600_000
/** How far the clocks of an agent and a point may lie apart. */
const APART_MS = 60_000
/** Nothing older is held against receipts. */
const OLD_MS = 86_400_000
/** Spans that wait to be judged; more are refused. */
export const WAITING_MAX = 100_000
/** Judged in one transaction. */
const JUDGED_MAX = 200

export interface Taken {
  readonly waiting: number
  /** Of no agent or tool that is registered, too old, or of another agent than its source. */
  readonly unknown: number
  /** There was no room. */
  readonly refused: number
}

export function takeSpans(ctx: RegistryContext, source: Source, spans: readonly ToolSpan[]): Promise<Taken> {
  return ctx.store.write(async (tx) => {
    const { n } = await tx.db
      .selectFrom('spans')
      .select((eb) => eb.fn.countAll().as('n'))
      .executeTakeFirstOrThrow()
    let room = WAITING_MAX - Number(n)
    let [waiting, unknown, refused] = [0, 0, 0]
    for (const one of spans) {
      const agent = await agentOf(tx.db, source, one)
      const isKnown = agent !== null && (await isTool(tx.db, one)) && one.start > tx.now - OLD_MS
      if (!isKnown) unknown++
      else if (room <= 0) refused++
      else {
        room--
        waiting++
        const { trace, span, parent, server, tool, start, end } = one
        await tx.db
          .insertInto('spans')
          .values({
            trace,
            span,
            parent,
            source: source.id,
            agent,
            server,
            tool,
            start,
            end,
            received: tx.now,
          })
          .onConflict((at) => at.columns(['trace', 'span']).doNothing())
          .execute()
      }
    }
    await count(tx, { unknown })
    return { waiting, unknown, refused }
  })
}

/** A source of one agent speaks of no other. */
async function agentOf(db: Kysely<Schema>, source: Source, { agent }: ToolSpan): Promise<string | null> {
  const named = source.agent ?? agent
  if (named === null || (source.agent !== null && agent !== null && agent !== source.agent)) return null
  const row = await db.selectFrom('agents').select('id').where('id', '=', named).executeTakeFirst()
  return row?.id ?? null
}

async function isTool(db: Kysely<Schema>, { server, tool }: ToolSpan): Promise<boolean> {
  const row = await db
    .selectFrom('tools')
    .select('id')
    .where('tool', '=', tool)
    .$if(server !== null, (named) => named.where('server', '=', server ?? ''))
    .executeTakeFirst()
  return row !== undefined
}

/** With the receipts: decisions that a span may tell of, where there is anybody who hands in spans. */
export async function recordCalls(tx: Tx, receipts: readonly Receipt[]): Promise<void> {
  const sources = (await listSources(tx.db)).filter(({ kind }) => kind === 'otlp')
  if (sources.length === 0) return
  const isAll = sources.some(({ agent }) => agent === null)
  const agents = new Set(sources.map(({ agent }) => agent))
  for (const receipt of receipts) {
    if (receipt.kind !== 'decision' || receipt.agent === null) continue
    if (!isAll && !agents.has(receipt.agent)) continue
    const { point, epoch, seq, agent, server, tool } = receipt
    await tx.db
      .insertInto('span_calls')
      .values({ point, epoch, seq, agent, server, tool, t: Date.parse(receipt.time), taken: 0 })
      .execute()
  }
}

/** Raises an alert, with what is done about it. */
export type RaiseFinding = (tx: Tx, finding: Finding) => Promise<unknown>

/** Judges spans whose receipts had time to come. @returns how many were judged: more may wait */
export function reconcile(store: Store, raise: RaiseFinding): Promise<number> {
  return store.write(async (tx) => {
    const due = await tx.db
      .selectFrom('spans')
      .selectAll()
      .where('received', '<=', tx.now - RECONCILE_MS)
      .orderBy('start')
      .orderBy('span')
      .limit(JUDGED_MAX)
      .execute()
    let [matched, unmatched] = [0, 0]
    const inner = new Set<string>()
    for (const span of due) if (await isInner(tx, span)) inner.add(span.span)
    for (const span of due) {
      if (inner.has(span.span)) matched++
      else if (await takeCall(tx, span)) matched++
      else {
        unmatched++
        await raiseBypass(tx, raise, span)
      }
      await tx.db.deleteFrom('spans').where('trace', '=', span.trace).where('span', '=', span.span).execute()
    }
    await count(tx, { matched, unmatched })
    await closeDays(tx)
    await tx.db
      .deleteFrom('span_calls')
      .where('t', '<', tx.now - OLD_MS - 2 * RECONCILE_MS)
      .execute()
    return due.length
  })
}

/** One call, told of by the framework and by the protocol beneath: the outer one is held against the receipt. */
async function isInner({ db }: Tx, { trace, parent, tool }: Schema['spans']): Promise<boolean> {
  const outer = await db
    .selectFrom('spans')
    .select('span')
    .where('trace', '=', trace)
    .where('span', '=', parent)
    .where('tool', '=', tool)
    .executeTakeFirst()
  return outer !== undefined
}

/** @returns false: no receipt is left that could be of this call */
async function takeCall({ db }: Tx, span: Schema['spans']): Promise<boolean> {
  const call = await db
    .selectFrom('span_calls')
    .selectAll()
    .where('agent', '=', span.agent)
    .where('tool', '=', span.tool)
    .$if(span.server !== null, (all) => all.where('server', '=', span.server ?? ''))
    .where('taken', '=', 0)
    .where('t', '>=', span.start - APART_MS)
    .where('t', '<=', span.end + APART_MS)
    .orderBy('t')
    .executeTakeFirst()
  if (call === undefined) return false
  await db
    .updateTable('span_calls')
    .set({ taken: 1 })
    .where('point', '=', call.point)
    .where('epoch', '=', call.epoch)
    .where('seq', '=', call.seq)
    .execute()
  return true
}

async function raiseBypass(tx: Tx, raise: RaiseFinding, span: Schema['spans']): Promise<void> {
  const { received: _received, parent: _parent, ...body } = span
  const entry = await tx.append({ type: 'span.unmatched', actor: SYSTEM, subject: span.agent, body })
  const { server, tool, trace, span: id, start } = span
  await raise(tx, {
    rule: 'BYPASS_SUSPECTED',
    key: `BYPASS_SUSPECTED/${trace}/${id}`,
    subject: span.agent,
    detail: { tool, ...(server === null ? {} : { server }), trace, span: id, start },
    entries: [entry],
  })
}

async function count(tx: Tx, add: Partial<Omit<Schema['span_days'], 'day'>>): Promise<void> {
  const { matched = 0, unmatched = 0, unknown = 0 } = add
  if (matched + unmatched + unknown === 0) return
  await tx.db
    .insertInto('span_days')
    .values({ day: dayOf(tx.now), matched, unmatched, unknown })
    .onConflict((at) =>
      at.column('day').doUpdateSet((eb) => ({
        matched: eb('span_days.matched', '+', matched),
        unmatched: eb('span_days.unmatched', '+', unmatched),
        unknown: eb('span_days.unknown', '+', unknown),
      })),
    )
    .execute()
}

/** A day that is over is said once. */
async function closeDays(tx: Tx): Promise<void> {
  const over = await tx.db.selectFrom('span_days').selectAll().where('day', '<', dayOf(tx.now)).execute()
  for (const body of over) {
    await tx.append({ type: 'spans.reconciled', actor: SYSTEM, body })
    await tx.db.deleteFrom('span_days').where('day', '=', body.day).execute()
  }
}

function dayOf(time_ms: number): string {
  return new Date(time_ms).toISOString().slice(0, 10)
}
