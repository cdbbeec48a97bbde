/**
 * What channels are to be told: written with what happened to the alert, in one transaction. spec/alerts.md (ALR-15, ALR-16).
 * @module
 */
import type { Kysely } from 'kysely'
import { EVERY_CHANNEL, type AlertPolicy } from '../core/alert.ts'
import type { NoticeEvent } from '../ports/notifier.ts'
import type { Schema } from '../ports/schema.ts'
import type { Tx } from '../ports/store.ts'
import { alertPolicyInForce } from './alert-policies.ts'
import { recordEscalated, type AlertRow } from './alert-rows.ts'
import { findChannel, listChannels } from './channels.ts'
import { SYSTEM } from './context.ts'
import { RegistryError } from './errors.ts'

const MINUTE_MS = 60_000
/** How long it is known what was told, in milliseconds. */
const TOLD_KEPT_MS = 30 * 24 * 60 * MINUTE_MS
/** Alerts that are escalated in one write. */
const ESCALATED_MAX = 100
export const NOTICES_PAGE_MAX = 200

export type NoticeRow = Schema['alert_notices']

/** Of those that a policy names, the ones that there are. */
async function channelsOf(db: Kysely<Schema>, named: readonly string[]): Promise<string[]> {
  const all = (await listChannels(db)).map(({ id }) => id)
  return named.includes(EVERY_CHANNEL) ? all : all.filter((id) => named.includes(id))
}

/** An alert began, or is told of again. @param n how often it was raised */
export async function noticeRaised(
  tx: Tx,
  policy: AlertPolicy,
  { id, severity, canary }: Pick<AlertRow, 'id' | 'severity' | 'canary'>,
  n: number,
): Promise<void> {
  const { canary_channel, routes } = policy
  const named = canary === 1 ? [canary_channel].filter((one) => one !== null) : routes[severity]
  if (named.length === 0) return
  await enqueue(tx, { alert: id, event: 'raised', which: String(n) }, await channelsOf(tx.db, named))
}

/** Those that heard of it hear how it went on. */
export async function noticeAfter(tx: Tx, alert: string, event: 'acknowledged' | 'closed'): Promise<void> {
  const told = await tx.db
    .selectFrom('alert_notices')
    .select('channel')
    .distinct()
    .where('alert', '=', alert)
    .execute()
  const which = event
  await enqueue(
    tx,
    { alert, event, which },
    told.map(({ channel }) => channel),
  )
}

/** @throws {RegistryError} `UNKNOWN_CHANNEL` */
export async function noticeTest(tx: Tx, channel: string): Promise<string> {
  await findChannel(tx.db, channel)
  await enqueue(tx, { alert: `test_${tx.now}`, event: 'test', which: String(tx.now) }, [channel])
  return noticeId({ alert: `test_${tx.now}`, event: 'test', which: String(tx.now) }, channel)
}

interface About {
  readonly alert: string
  readonly event: NoticeEvent
  /** Tells apart what is told of one alert under one event. */
  readonly which: string
}

function noticeId({ alert, event, which }: About, channel: string): string {
  return `${alert}.${event}.${which}.${channel}`
}

async function enqueue(tx: Tx, about: About, channels: readonly string[]): Promise<void> {
  if (channels.length === 0) return
  const { alert, event } = about
  const fresh = {
    time: tx.now,
    state: 'waiting' as const,
    attempts: 0,
    since: tx.now,
    changed: tx.now,
    why: null,
  }
  await tx.db
    .insertInto('alert_notices')
    .values(channels.map((channel) => ({ id: noticeId(about, channel), channel, alert, event, ...fresh })))
    .onConflict((on) => on.column('id').doNothing())
    .execute()
}

/** Whether some alert waits for a step that may be due: asked before a write is begun. */
export async function mayEscalate(db: Kysely<Schema>, now_ms: number): Promise<boolean> {
  return (await dueAlerts(db, now_ms)).length > 0
}

async function dueAlerts(
  db: Kysely<Schema>,
  now_ms: number,
): Promise<{ readonly row: AlertRow; readonly step: number; readonly channels: readonly string[] }[]> {
  const { policy } = await alertPolicyInForce(db)
  if (policy.escalation.length === 0) return []
  const open = await db
    .selectFrom('alerts')
    .selectAll()
    .where('status', '=', 'open')
    .where('canary', '=', 0)
    .where((eb) =>
      eb.or(
        policy.escalation.map(({ after_min, severities }, at) =>
          eb('escalated', '<=', at)
            .and('first', '<=', now_ms - after_min * MINUTE_MS)
            .and('severity', 'in', severities),
        ),
      ),
    )
    .orderBy('entry')
    .limit(ESCALATED_MAX)
    .execute()
  return open.flatMap((row) => {
    const due = policy.escalation
      .map((step, at) => ({ ...step, at }))
      .filter(({ at, after_min }) => at >= row.escalated && row.first + after_min * MINUTE_MS <= now_ms)
      .filter(({ severities }) => severities.includes(row.severity))
    const last = due.at(-1)
    if (last === undefined) return []
    return [{ row, step: last.at + 1, channels: due.flatMap(({ channels }) => channels) }]
  })
}

/** Tells further channels of what nobody took (ALR-16). @returns how many alerts */
export async function escalate(tx: Tx): Promise<number> {
  const due = await dueAlerts(tx.db, tx.now)
  for (const { row, step, channels: named } of due) {
    const channels = await channelsOf(tx.db, named)
    const body = { of: row.entry, step, channels }
    const about = row.subject === '' ? {} : { subject: row.subject }
    await tx.append({ type: 'alert.escalated', actor: SYSTEM, ...about, body })
    await recordEscalated(tx.db, body)
    await enqueue(tx, { alert: row.id, event: 'escalated', which: String(step) }, channels)
  }
  return due.length
}

/** The newest first. */
export function listNotices(
  db: Kysely<Schema>,
  filter: { readonly state?: NoticeRow['state']; readonly channel?: string },
): Promise<NoticeRow[]> {
  let query = db.selectFrom('alert_notices').selectAll().orderBy('changed', 'desc').limit(NOTICES_PAGE_MAX)
  if (filter.state !== undefined) query = query.where('state', '=', filter.state)
  if (filter.channel !== undefined) query = query.where('channel', '=', filter.channel)
  return query.execute()
}

/**
 * Tells again what was told, or what was given up.
 * @param what one notice, or all dead ones of a channel
 * @returns how many
 * @throws {RegistryError} `UNKNOWN_CHANNEL`, `UNKNOWN_DELIVERY`
 */
export async function redeliver(
  tx: Tx,
  what: { readonly notice: string } | { readonly channel: string },
): Promise<number> {
  if ('channel' in what) await findChannel(tx.db, what.channel)
  const again = { state: 'waiting' as const, attempts: 0, since: tx.now, changed: tx.now, why: null }
  const update = tx.db.updateTable('alert_notices').set(again)
  const rows = await (
    'notice' in what
      ? update.where('id', '=', what.notice)
      : update.where('channel', '=', what.channel).where('state', '=', 'dead')
  )
    .returning('channel')
    .execute()
  if ('notice' in what && rows.length === 0)
    throw new RegistryError('UNKNOWN_DELIVERY', 'no such delivery: see "countersign alert deliveries"')
  for (const channel of new Set(rows.map((row) => row.channel)))
    await tx.db.updateTable('channel_states').set({ next_try: 0 }).where('channel', '=', channel).execute()
  return rows.length
}

export async function forgetNotices(tx: Tx): Promise<void> {
  await tx.db
    .deleteFrom('alert_notices')
    .where('state', '!=', 'waiting')
    .where('changed', '<', tx.now - TOLD_KEPT_MS)
    .execute()
}
