/**
 * Tells listeners of revocations, in order, again and again until they take them. spec/signals.md (SIG-2 to SIG-4, SIG-9).
 * Of several nodes one at a time tells a listener: it claims it for a while. A crash leaves a claim that ends by itself,
 * and a message that may come twice under the same identifier.
 * @module
 */
import { httpSender } from '../../src/adapters/http/sender.ts'
import type { SignalSender } from '../../src/ports/signal.ts'
import type { Schema } from '../../src/ports/schema.ts'
import { raise } from '../../src/registry/alerts.ts'
import { aboutFrame, recordTaken } from '../../src/registry/cascade.ts'
import { framesAfter } from '../../src/registry/frames.ts'
import {
  isLoopback,
  removeListener,
  secretsOf,
  updateDelivery,
  type ListenerRow,
} from '../../src/registry/listeners.ts'
import type { SignedFrame } from '../../src/revoke/frame.ts'
import { endsSessions, sessionRevoked, verification, webhookMessage } from '../../src/revoke/signal.ts'
import { PokedRunner, type PokedOptions } from './poked-runner.ts'

type DeliveryRow = Schema['deliveries']
type Due = ListenerRow & DeliveryRow

/** Longer than a try may take. */
const CLAIM_MS = 30_000
const RETRY_MIN_MS = 1_000
const RETRY_MAX_MS = 3_600_000
const GIVE_UP_MS = 3 * 86_400_000
const ALERT_AFTER_MS = 3_600_000
const ALERT_APART_MS = 86_400_000

/** Whether this control plane serves a loopback address: it may then call this machine. */
export function isLocal(place: { readonly url: string }): boolean {
  return isLoopback(new URL(place.url).hostname)
}

/** SIG-9. @param isAnywhere whether an operator lets it call this machine and its network */
export function listenerSender(
  isAnywhere: boolean | undefined,
  place: { readonly url: string },
): SignalSender {
  return {
    send: (...message) => {
      return httpSender({ isAnywhere: isAnywhere === true || isLocal(place) }).send(...message)
    },
  }
}

interface ListenerRunnerOptions extends PokedOptions {
  readonly sender: SignalSender
}

export class ListenerRunner extends PokedRunner<ListenerRunnerOptions> {
  /** Begins with every listener that is due. */
  protected override async look(): Promise<void> {
    const { store } = this.o.registry
    const now = await store.now()
    const due = await store.query((db) =>
      db
        .selectFrom('listeners')
        .innerJoin('deliveries', 'deliveries.listener', 'listeners.id')
        .selectAll()
        .where('kind', '!=', 'ssf_poll')
        .where('deliveries.status', '=', 'enabled')
        .where('next_try', '<=', now)
        .where('claimed_until', '<=', now)
        .where((eb) =>
          eb.or([
            eb('verify_json', 'is not', null),
            eb(
              'sent',
              '<',
              eb.selectFrom('frames').select((f) => f.fn.coalesce(f.fn.max('seq'), f.lit(0)).as('n')),
            ),
          ]),
        )
        .execute(),
    )
    for (const listener of due) void this.#tell(listener)
  }

  #tell(listener: Due): Promise<void> {
    return this.alone(listener.id, async () => {
      const claimed = await this.#claim(listener.id)
      if (claimed !== null) await this.#drain({ ...listener, ...claimed })
    })
  }

  /** @returns null when another node has it */
  #claim(id: string): Promise<DeliveryRow | null> {
    return this.o.registry.store.write(async (tx) => {
      const row = await tx.db
        .updateTable('deliveries')
        .set({ claimed_until: tx.now + CLAIM_MS })
        .where('listener', '=', id)
        .where('claimed_until', '<=', tx.now)
        .returningAll()
        .executeTakeFirst()
      return row ?? null
    })
  }

  /** Until it has all, or does not take one. */
  async #drain(listener: Due): Promise<void> {
    const { store } = this.o.registry
    let { sent, ...row } = listener
    if (listener.verify_json !== null && !(await this.#verify(listener, listener.verify_json))) return
    for (;;) {
      const [signed] = await store.query((db) => framesAfter(db, sent, 1))
      const isSkipped = signed !== undefined && listener.kind === 'ssf_push' && !endsSessions(signed)
      const delivery = signed === undefined || isSkipped ? null : await this.#try(listener, signed)
      if (delivery?.kind === 'gone') return removeListener(this.o.registry, { listener: true }, listener.id)
      if (delivery?.kind === 'failed') return this.#failed({ ...row, sent }, delivery.why, { sent: sent + 1 })
      if (signed !== undefined) sent = signed.frame.seq
      row = { ...row, attempts: 0, failing_since: null }
      const isLast = signed === undefined || this.ended.aborted
      const isTaken = delivery?.kind === 'taken'
      const isDone = await store.write(async (tx) => {
        if (isTaken && signed !== undefined) await recordTaken(tx, listener.id, signed)
        // It may have paused meanwhile, or be gone: then what follows is not for it now.
        const now = await tx.db
          .selectFrom('deliveries')
          .select('status')
          .where('listener', '=', listener.id)
          .executeTakeFirst()
        const isOver = isLast || now?.status !== 'enabled'
        await updateDelivery(tx, listener.id, {
          sent,
          attempts: 0,
          failing_since: null,
          claimed_until: isOver ? 0 : tx.now + CLAIM_MS,
        })
        return isOver
      })
      if (isDone) return
    }
  }

  async #try(listener: Due, signed: SignedFrame): Promise<Awaited<ReturnType<SignalSender['send']>>> {
    const { registry, sender } = this.o
    const secrets = await secretsOf(registry, listener)
    if (secrets === null || listener.url === null) {
      return { kind: 'failed', why: 'its secret is not there any more: add it again' }
    }
    const now_ms = await registry.store.now()
    if (listener.kind === 'webhook') {
      const said = await registry.store.query((db) => aboutFrame(db, signed))
      const about = { listener: listener.id, signed, now_ms, said }
      const message = webhookMessage(registry.crypto, secrets.secret ?? new Uint8Array(0), about)
      const is2xx = (status: number): boolean => status >= 200 && status < 300
      return sender.send(listener.url, message, is2xx, this.ended)
    }
    const body = sessionRevoked(await this.#issuing(now_ms), listener.id, signed)
    return this.#push(listener.url, secrets.authorization, body)
  }

  #push(url: string, authorization: string | null, body: string): ReturnType<SignalSender['send']> {
    const headers = {
      'content-type': 'application/secevent+jwt',
      accept: 'application/json',
      ...(authorization === null ? {} : { authorization }),
    }
    return this.o.sender.send(url, { headers, body }, (status) => status === 202, this.ended)
  }

  async #issuing(now_ms: number): Promise<Parameters<typeof sessionRevoked>[0]> {
    const { crypto, issuer, publicUrl, store } = this.o.registry
    return { crypto, signer: await store.query((db) => issuer.current(db)), iss: publicUrl(), now_ms }
  }

  /** @returns false when it was not taken */
  async #verify(listener: Due, verify_json: string): Promise<boolean> {
    const { registry } = this.o
    const secrets = await secretsOf(registry, listener)
    if (listener.url === null || secrets === null) {
      // Nothing to ask with: as with a frame, it is tried less and less often and said to fail.
      await this.#failed(listener, 'its secret is not there any more: add it again', { verify_json: null })
      return false
    }
    const asked = JSON.parse(verify_json) as { jti: string; state?: string }
    const body = verification(await this.#issuing(await registry.store.now()), listener.id, asked)
    const delivery = await this.#push(listener.url, secrets.authorization, body)
    if (delivery.kind === 'failed') {
      await this.#failed(listener, delivery.why, { verify_json: null })
      return false
    }
    await registry.store.write((tx) => updateDelivery(tx, listener.id, { verify_json: null }))
    return true
  }

  /** @param over what is changed when it is given up */
  async #failed({ sent, ...listener }: Due, why: string, over: Partial<DeliveryRow>): Promise<void> {
    await this.o.registry.store.write(async (tx) => {
      const attempts = listener.attempts + 1
      const since = listener.failing_since ?? tx.now
      const isOver = tx.now - since >= GIVE_UP_MS
      const isAlert = tx.now - since >= ALERT_AFTER_MS && tx.now - listener.alerted >= ALERT_APART_MS
      await updateDelivery(tx, listener.id, {
        sent,
        ...(isOver ? over : {}),
        attempts: isOver ? 0 : attempts,
        failing_since: isOver ? null : since,
        next_try: tx.now + Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** Math.min(attempts, 20)),
        claimed_until: 0,
        ...(isAlert ? { alerted: tx.now } : {}),
      })
      if (!isAlert && !isOver) return
      await raise(tx, {
        rule: 'LISTENER_FAILING',
        key: `listener/${listener.id}/${sent + 1}/${tx.now}`,
        subject: listener.id,
        detail: { frame: sent + 1, since, why, given_up: isOver ? 1 : 0 },
        entries: [],
      })
    })
  }
}
