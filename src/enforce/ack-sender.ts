/**
 * Tells the control plane how far the point has followed the revocations: after something was applied, and at most ten
 * times a second. spec/revocation.md, REV-13. One that is lost is made up for by the next: each says all there is.
 * @module
 */
import type { Signer } from '../core/crypto.ts'
import type { Clock } from '../ports/clock.ts'
import type { ControlPlane } from '../ports/control-plane.ts'
import { signAck } from '../revoke/ack.ts'
import type { Ack } from '../revoke/statement.ts'

const APART_MS = 100
/** The first waits for a moment of its own: a fleet that has just learned something denies before it reports. */
const SPREAD_MS = 250
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
  #timer: NodeJS.Timeout | null = null
  #sending = false
  #again = false
  #isStopped = false

  constructor(options: AckSenderOptions) {
    this.#o = options
  }

  /** Something was applied. */
  poke(): void {
    this.#again = true
    if (!this.#isStopped && !this.#sending && this.#timer === null) this.#wait(Math.random() * SPREAD_MS)
  }

  stop(): void {
    this.#isStopped = true
    if (this.#timer !== null) clearTimeout(this.#timer)
  }

  async #send(): Promise<void> {
    const { clock, control, point, signer, standing } = this.#o
    this.#sending = true
    this.#again = false
    let wait_ms = APART_MS
    try {
      await control.acknowledge(signAck(signer, { v: 1, point, ...standing(), t: clock.now() }))
    } catch {
      this.#again = true // the control plane is away, or does not know us: the state goes on by itself
      wait_ms = RETRY_MS
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
