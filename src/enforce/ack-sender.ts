/**
 * Tells the control plane how far the point has followed the revocations: after something was applied, spread over the
 * time that the control plane names, so that a fleet does not answer at once. spec/revocation.md, REV-13 and REV-18. One
 * that is lost is made up for by the next: each says all there is.
 * @module
 */
import type { Signer } from '../core/crypto.ts'
import type { Clock } from '../ports/clock.ts'
import type { ControlPlane } from '../ports/control-plane.ts'
import { signAck } from '../revoke/ack.ts'
import type { Ack } from '../revoke/statement.ts'

const APART_MS = 100
/** Until the control plane has named one: a fleet that has just learned something denies before it reports. */
const SPREAD_MS = 250
/** Whatever it names: the fleet would have to be that of several control planes. */
const SPREAD_MAX_MS = 60_000
const RETRY_MS = 1_000

export interface AckSenderOptions {
  readonly point: string
  readonly signer: Signer
  readonly clock: Clock
  readonly control: Pick<ControlPlane, 'acknowledge'>
  /** What is applied and durable now. */
  readonly standing: () => Pick<Ack, 'epoch' | 'head' | 'kills'>
}

export class AckSender {
  readonly #o: AckSenderOptions
  #spread_ms = SPREAD_MS
  #timer: NodeJS.Timeout | null = null
  #sending = false
  #again = false
  #isStopped = false

  constructor(options: AckSenderOptions) {
    this.#o = options
  }

  /** Something was applied, or a stream began. */
  poke(): void {
    this.#again = true
    if (!this.#isStopped && !this.#sending && this.#timer === null)
      this.#wait(Math.random() * this.#spread_ms)
  }

  stop(): void {
    this.#isStopped = true
    if (this.#timer !== null) clearTimeout(this.#timer)
  }

  async #send(): Promise<void> {
    const { clock, control, point, signer, standing } = this.#o
    this.#sending = true
    this.#again = false
    let wait_ms: number
    try {
      const ack = signAck(signer, { v: 1, point, ...standing(), t: clock.now() })
      const { spread_ms } = await control.acknowledge(ack)
      this.#spread_ms = Math.min(spread_ms, SPREAD_MAX_MS)
      wait_ms = Math.max(this.#spread_ms, APART_MS) // one at most in that time, whatever is revoked meanwhile
    } catch {
      this.#again = true // the control plane is away, or does not know us: the state goes on by itself
      wait_ms = Math.max(Math.random() * this.#spread_ms, RETRY_MS)
    } finally {
      this.#sending = false
    }
    if (!this.#isStopped) this.#wait(wait_ms)
  }

  #wait(ms: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = null
      if (this.#again) void this.#send()
    }, ms)
  }
}
