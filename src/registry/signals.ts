/**
 * What a receiver of Shared Signals does with its stream: polls and acknowledges, pauses, asks for a verification.
 * spec/signals.md (SIG-6, SIG-7).
 * Invariant: an event is kept until it is acknowledged; numbers only go forwards.
 * @module
 */
import type { Kysely } from 'kysely'
import { newId } from '../core/ids.ts'
import { ALERT_KEY_CHARS_MAX } from '../log/alert-bodies.ts'
import type { Schema } from '../ports/schema.ts'
import { endsSessions, eventId, sessionRevoked, verification } from '../revoke/signal.ts'
import { raise } from './alerts.ts'
import { type RegistryContext } from './context.ts'
import { framesAfter, lastFrame } from './frames.ts'
import { updateDelivery, type ListenerRow } from './listeners.ts'

/** Events of one answer. */
export const EVENTS_MAX = 100
/** Frames that are looked at for them. */
const WINDOW = 500

type DeliveryRow = Schema['deliveries']
export type StreamStatus = DeliveryRow['status']

export async function deliveryOf(db: Kysely<Schema>, listener: string): Promise<DeliveryRow> {
  return db.selectFrom('deliveries').selectAll().where('listener', '=', listener).executeTakeFirstOrThrow()
}

interface Pending {
  readonly sets: Readonly<Record<string, string>>
  readonly moreAvailable: boolean
}

/** What waits: the verification first, then events in order. */
export async function pendingEvents(
  ctx: RegistryContext,
  stream: ListenerRow,
  max: number,
): Promise<Pending> {
  for (;;) {
    const { isPassed, ...pending } = await pendingInWindow(ctx, stream, max)
    if (!isPassed) return pending
    await acknowledgeEvents(ctx, stream, [], []) // nobody would: there is nothing in it to take
  }
}

/** `isPassed`: the window is full of frames that are no events, and events may lie behind it. */
async function pendingInWindow(
  ctx: RegistryContext,
  { id }: ListenerRow,
  max: number,
): Promise<Pending & { readonly isPassed: boolean }> {
  const now_ms = await ctx.store.now()
  return ctx.store.query(async (db) => {
    const row = await deliveryOf(db, id)
    const sets: Record<string, string> = {}
    if (row.status !== 'enabled') return { sets, moreAvailable: false, isPassed: false }
    const by = { crypto: ctx.crypto, signer: await ctx.issuer.current(db), iss: ctx.publicUrl(), now_ms }
    const acked = new Set(JSON.parse(row.acked_json) as number[])
    let waiting = 0
    if (row.verify_json !== null) {
      const asked = JSON.parse(row.verify_json) as { jti: string; state?: string }
      waiting++
      if (max > 0) sets[asked.jti] = verification(by, id, asked)
    }
    const frames = await framesAfter(db, row.sent, WINDOW)
    for (const signed of frames) {
      if (!endsSessions(signed) || acked.has(signed.frame.seq)) continue
      waiting++
      if (waiting > max) break
      sets[eventId(id, signed.frame.seq)] = sessionRevoked(by, id, signed)
    }
    return { sets, moreAvailable: waiting > max, isPassed: waiting === 0 && frames.length === WINDOW }
  })
}

/**
 * @param jtis of events that need not come again; unknown ones are ignored
 * @param refused those that the receiver could not take, with its words' codes
 */
export function acknowledgeEvents(
  ctx: RegistryContext,
  { id }: ListenerRow,
  jtis: readonly string[],
  refused: readonly string[],
): Promise<void> {
  return ctx.store.write(async (tx) => {
    const row = await deliveryOf(tx.db, id)
    const head = (await lastFrame(tx.db))?.frame.seq ?? 0
    const prefix = eventId(id, 0).slice(0, -1)
    const done = new Set(JSON.parse(row.acked_json) as number[])
    const isVerified =
      row.verify_json !== null && jtis.includes((JSON.parse(row.verify_json) as { jti: string }).jti)
    for (const jti of jtis) {
      const seq = jti.startsWith(prefix) ? Number(jti.slice(prefix.length)) : Number.NaN
      if (Number.isSafeInteger(seq) && seq > row.sent && seq <= head && seq <= row.sent + WINDOW)
        done.add(seq)
    }
    let { sent } = row
    for (const { frame, ...rest } of await framesAfter(tx.db, row.sent, WINDOW)) {
      if (endsSessions({ frame, ...rest }) && !done.has(frame.seq)) break
      sent = frame.seq
      done.delete(frame.seq)
    }
    await updateDelivery(tx, id, {
      sent,
      acked_json: JSON.stringify([...done].sort((a, b) => a - b)),
      ...(isVerified ? { verify_json: null } : {}),
    })
    if (refused.length === 0) return
    await raise(tx, {
      rule: 'LISTENER_FAILING',
      key: `refused/${id}/${refused[0] ?? ''}`.slice(0, ALERT_KEY_CHARS_MAX),
      subject: id,
      detail: { refused: refused.length, first: refused[0]?.slice(0, 64) ?? '' },
      entries: [],
    })
  })
}

export function setStreamStatus(
  ctx: RegistryContext,
  { id }: ListenerRow,
  status: StreamStatus,
): Promise<void> {
  return ctx.store.write(async (tx) => {
    const before = await deliveryOf(tx.db, id)
    // What committed while it was disabled is not told.
    const sent = before.status === 'disabled' ? ((await lastFrame(tx.db))?.frame.seq ?? 0) : before.sent
    await updateDelivery(tx, id, { status, sent, next_try: 0, attempts: 0, failing_since: null })
  })
}

export function askVerification(ctx: RegistryContext, { id }: ListenerRow, state?: string): Promise<void> {
  return ctx.store.write((tx) => {
    const jti = newId(ctx.crypto, 'set', tx.now)
    const verify_json = JSON.stringify({ jti, ...(state === undefined ? {} : { state }) })
    return updateDelivery(tx, id, { verify_json, next_try: 0 })
  })
}
