/**
 * Tells channels of alerts, again and again until they take it, and the next ones of what nobody took. spec/alerts.md
 * (ALR-15 to ALR-18). Of several nodes one at a time tells a channel: it claims it for a while. A crash leaves a claim
 * that ends by itself, and a notice that may come twice under the same identifier.
 * @module
 */
import type { Notice, ToldAlert } from '../../src/ports/notifier.ts'
import type { Delivery } from '../../src/ports/signal.ts'
import type { Schema } from '../../src/ports/schema.ts'
import { alertView, findAlert } from '../../src/registry/alert-rows.ts'
import { forgetKeys, raise } from '../../src/registry/alerts.ts'
import { configOf, removeChannel, type ChannelRow } from '../../src/registry/channels.ts'
import { escalate, forgetNotices, mayEscalate, type NoticeRow } from '../../src/registry/notifications.ts'
import { notifierOf, type NotifierParts } from './notifiers.ts'
import { PokedRunner, type PokedOptions } from './poked-runner.ts'

type StateRow = Schema['channel_states']

/** Longer than a try may take. */
const CLAIM_MS = 60_000
const RETRY_MIN_MS = 1_000
const RETRY_MAX_MS = 3_600_000
/** ALR-17: then it is a dead letter. */
export const GIVE_UP_MS = 3 * 86_400_000
const ALERT_AFTER_MS = 3_600_000
const ALERT_APART_MS = 86_400_000
const FORGET_EVERY_MS = 3_600_000

type NotifyRunnerOptions = NotifierParts & PokedOptions

export class NotifyRunner extends PokedRunner<NotifyRunnerOptions> {
  #forgot_ms = 0

  /** Escalates, and begins with every channel that is due. */
  protected override async look(): Promise<void> {
    const { store } = this.o.registry
    const now = await store.now()
    if (await store.query((db) => mayEscalate(db, now))) await store.write(escalate)
    if (now - this.#forgot_ms >= FORGET_EVERY_MS) {
      this.#forgot_ms = now
      await store.write(async (tx) => {
        await forgetKeys(tx)
        await forgetNotices(tx)
      })
    }
    for (const channel of await this.#due(now)) void this.#tell(channel)
  }

  #due(now: number): Promise<ChannelRow[]> {
    return this.o.registry.store.query((db) =>
      db
        .selectFrom('channels')
        .innerJoin('channel_states', 'channel_states.channel', 'channels.id')
        .selectAll('channels')
        .where('removed', 'is', null)
        .where('next_try', '<=', now)
        .where('claimed_until', '<=', now)
        .where((eb) =>
          eb.exists(
            eb
              .selectFrom('alert_notices')
              .select('alert_notices.id')
              .whereRef('alert_notices.channel', '=', 'channels.id')
              .where('state', '=', 'waiting'),
          ),
        )
        .execute(),
    )
  }

  #tell(channel: ChannelRow): Promise<void> {
    return this.alone(channel.id, async () => {
      const claimed = await this.#claim(channel.id)
      if (claimed !== null) await this.#drain(channel, claimed)
    })
  }

  /** @returns null when another node has it */
  #claim(id: string): Promise<StateRow | null> {
    return this.o.registry.store.write(async (tx) => {
      const row = await tx.db
        .updateTable('channel_states')
        .set({ claimed_until: tx.now + CLAIM_MS })
        .where('channel', '=', id)
        .where('claimed_until', '<=', tx.now)
        .where('next_try', '<=', tx.now)
        .returningAll()
        .executeTakeFirst()
      return row ?? null
    })
  }

  /** Until it has all, or does not take one. What failed before comes after what did not: one bad notice holds up none. */
  async #drain(channel: ChannelRow, state: StateRow): Promise<void> {
    const { registry } = this.o
    const config = await configOf(registry, channel)
    for (;;) {
      const notice = await registry.store.query((db) => nextNotice(db, channel.id))
      if (notice === null || this.ended.aborted) return this.#release(channel.id)
      const delivery: Delivery =
        config === null
          ? { kind: 'failed', why: 'its secrets are gone: add it again' }
          : await this.#try(config, notice)
      if (delivery.kind === 'gone') return removeChannel(registry, null, channel.id)
      if (delivery.kind === 'failed') return this.#failed(state, notice, delivery.why)
      await this.#taken(state, notice)
      state = { ...state, attempts: 0, failing_since: null }
    }
  }

  async #try(config: NonNullable<Awaited<ReturnType<typeof configOf>>>, row: NoticeRow): Promise<Delivery> {
    const { registry } = this.o
    const now_ms = await registry.store.now()
    const alert = await registry.store.query((db) => toldOf(db, row))
    const { id, event, time: time_ms } = row
    const notice: Notice = { id, event, time_ms, now_ms, alert, iss: registry.iss, url: registry.publicUrl() }
    return notifierOf(this.o, config.channel, config.secret).notify(notice, this.ended)
  }

  #release(channel: string): Promise<void> {
    return this.o.registry.store.write(async (tx) => {
      await tx.db
        .updateTable('channel_states')
        .set({ claimed_until: 0 })
        .where('channel', '=', channel)
        .execute()
    })
  }

  #taken({ channel }: StateRow, { id }: NoticeRow): Promise<void> {
    return this.o.registry.store.write(async (tx) => {
      await tx.db
        .updateTable('alert_notices')
        .set({ state: 'taken', changed: tx.now, why: null })
        .where('id', '=', id)
        .execute()
      await tx.db
        .updateTable('channel_states')
        .set({ attempts: 0, failing_since: null, claimed_until: tx.now + CLAIM_MS })
        .where('channel', '=', channel)
        .execute()
    })
  }

  async #failed({ channel, ...state }: StateRow, notice: NoticeRow, why: string): Promise<void> {
    await this.o.registry.store.write(async (tx) => {
      const attempts = state.attempts + 1
      const since = state.failing_since ?? tx.now
      const isDead = tx.now - notice.since >= GIVE_UP_MS
      const isAlert = tx.now - since >= ALERT_AFTER_MS && tx.now - state.alerted >= ALERT_APART_MS
      await tx.db
        .updateTable('alert_notices')
        .set({ state: isDead ? 'dead' : 'waiting', attempts: notice.attempts + 1, changed: tx.now, why })
        .where('id', '=', notice.id)
        .execute()
      await tx.db
        .updateTable('channel_states')
        .set({
          attempts,
          failing_since: since,
          next_try: tx.now + Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** Math.min(attempts, 20)),
          claimed_until: 0,
          ...(isAlert ? { alerted: tx.now } : {}),
        })
        .where('channel', '=', channel)
        .execute()
      if (!isAlert && !isDead) return
      await raise(tx, {
        rule: 'CHANNEL_FAILING',
        key: `channel/${channel}/${tx.now}`,
        subject: channel,
        detail: { since, why, given_up: isDead ? 1 : 0 },
        entries: [],
      })
    })
  }
}

/** Of one alert in the order in which it happened: what is closed before it was opened stays open. */
async function nextNotice(db: Parameters<typeof findAlert>[0], channel: string): Promise<NoticeRow | null> {
  const row = await db
    .selectFrom('alert_notices')
    .selectAll()
    .where('channel', '=', channel)
    .where('state', '=', 'waiting')
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('alert_notices as earlier')
            .select('earlier.id')
            .whereRef('earlier.alert', '=', 'alert_notices.alert')
            .where('earlier.channel', '=', channel)
            .where('earlier.state', '=', 'waiting')
            .whereRef('earlier.time', '<', 'alert_notices.time'),
        ),
      ),
    )
    .orderBy('attempts')
    .orderBy('time')
    .orderBy('id')
    .executeTakeFirst()
  return row ?? null
}

/** The alert as it is now: who is told late is told how it stands. */
async function toldOf(
  db: Parameters<typeof findAlert>[0],
  { alert, event, time }: NoticeRow,
): Promise<ToldAlert> {
  if (event !== 'test') return alertView(await findAlert(db, alert))
  const about = { rule: 'CHANNEL_FAILING', severity: 'info', subject: null, detail: {}, entries: [] } as const
  const stands = { status: 'open', disposition: null, canary: true, count: 1 } as const
  return { id: alert, ...about, ...stands, first: time, last: time, triage_until: time }
}
