/**
 * The memory domains that this point holds. spec/flow.md (FLW-13 to FLW-18).
 * Invariants: nobody enters a domain past the end of its lease, or once it was given up; a domain is given up with the
 * join of all that was read in it, and not while somebody stays; nothing that was read is handed over to an agent before
 * its label would survive a crash.
 * @module
 */
import type { Crypto, Signer } from '../../core/crypto.ts'
import { DOMAIN_LEASE_MS, DOMAINS_MAX } from '../../core/domain.ts'
import { base64url } from '../../core/encoding.ts'
import { join, type DataLabel } from '../../core/label.ts'
import type { Clock } from '../../ports/clock.ts'
import type { DomainExchange, DomainLease } from '../../ports/domains.ts'
import type { TaintFile } from '../../ports/taint-file.ts'
import type { DomainStay, Domains } from './domains.ts'
import { Bell } from './bell.ts'
import { Busy } from './busy.ts'
import { GivenUp } from './given-up.ts'
import { endsOf, isOver, knowTheSame, raiseTo, taintOf, type Held, type Sending } from './held-domain.ts'
import { KeptTaints } from './kept-taints.ts'

export interface HeldDomainsOptions {
  readonly point: string
  readonly crypto: Crypto
  readonly signer: Signer
  readonly clock: Clock
  readonly control: Pick<DomainExchange, 'leaseDomains' | 'renewDomains' | 'handOver'>
  readonly file: TaintFile
  /** The open epoch of the point's receipts; null while one is being begun. */
  readonly epoch: () => number | null
}

/** How long nothing is asked again after nobody answered, in milliseconds. */
const RENEW_AGAIN_MS = 1_000
/** How long a call waits for others to leave a domain that another point asks for, in milliseconds. */
const LEAVE_WAIT_MS = 2_000
/** Domains that were given up and are remembered: whose texts may still be whole here. */
const PAST_MAX = 4096
/** Questions for one call: what it had may have been handed over while it asked for the rest. */
const ASKS_MAX = 4
const RUN_BYTES = 16

export class HeldDomains implements Domains {
  readonly #o: HeldDomainsOptions
  readonly #run: string
  readonly #kept: KeptTaints
  readonly #held = new Map<string, Held>()
  readonly #owed: GivenUp
  /** Domains whose last turn here is known. */
  readonly #past = new Map<string, Pick<Held, 'turn' | 'since' | 'forgot'>>()
  /** Domains that a question or a hand-over is under way about: one at a time. */
  readonly #busy = new Busy()
  /** Told when somebody leaves. */
  readonly #left = new Bell()
  /** Told when something is held. */
  readonly #taken = new Bell()
  #closed = false

  /** What an earlier process held is given up: it knew the labels, and nobody knows the texts. */
  constructor(options: HeldDomainsOptions) {
    this.#o = options
    this.#run = base64url(options.crypto.randomBytes(RUN_BYTES))
    this.#owed = new GivenUp(options)
    this.#kept = new KeptTaints(options.file, () => [...this.#held.values(), ...this.#owed.kept])
    for (const each of this.#kept.earlier) this.#owed.add(each)
  }

  /** Resolves once something is held. */
  async some(signal: AbortSignal): Promise<void> {
    if (this.#held.size === 0) await this.#taken.next(signal)
  }

  enter(agents: readonly string[]): DomainStay | null {
    const held = this.#allHeld(agents)
    if (held === null) return null
    if (!knowTheSame(held)) return null // what one was told is kept first
    const now = this.#o.clock.monotonic()
    for (const one of held) {
      one.stays++
      one.used_ms = now
    }
    if (held.some(({ renew_ms }) => renew_ms <= now)) void this.tend()
    return this.#stayIn(held)
  }

  /** Those that may be entered; null when one of them may not. */
  #allHeld(agents: readonly string[]): readonly Held[] | null {
    const held = agents.flatMap((agent) => this.#held.get(agent) ?? [])
    const isIn = held.length === agents.length && held.every((one) => !one.leaving && this.#isGood(one))
    return isIn ? held : null
  }

  #isGood(held: Held): boolean {
    return !isOver(held, this.#o.clock) && held.epoch === this.#o.epoch()
  }

  #stayIn(held: readonly Held[]): DomainStay {
    let isIn = true
    return {
      domains: held.map(({ agent, since, forgot }) => ({ agent, turn: since, forgot })),
      get taint() {
        return taintOf(held)
      },
      raise: async (label) => {
        // They answer each other with it, and with what they know.
        this.#raise(held, knowTheSame(held) ? label : join(label, taintOf(held)))
        await this.#kept.saved()
      },
      leave: () => {
        if (!isIn) return
        isIn = false
        this.#leave(held)
      },
    }
  }

  /** Also what a domain has become meanwhile, when its lease ended under a call that was under way. */
  #raise(held: readonly Held[], label: DataLabel): void {
    for (const one of held) {
      const now = this.#held.get(one.agent)
      if (raiseTo(one, label)) this.#kept.changed()
      if (now !== undefined && now !== one && raiseTo(now, label)) this.#kept.changed()
    }
  }

  #leave(held: readonly Held[]): void {
    const now = this.#o.clock.monotonic()
    for (const one of held) {
      one.stays--
      one.used_ms = now
    }
    this.#left.ring()
    if (held.some(({ leaving }) => leaving)) void this.#settle()
  }

  async obtain(agents: readonly string[]): Promise<DomainStay | null> {
    try {
      return await this.#obtain(agents)
    } catch {
      return null // nobody answers, or it is refused: we do not hold it
    }
  }

  async #obtain(agents: readonly string[]): Promise<DomainStay | null> {
    const late = AbortSignal.timeout(LEAVE_WAIT_MS)
    for (let asked = 0; !this.#closed;) {
      const entered = this.enter(agents)
      if (entered !== null) return entered
      const held = this.#allHeld(agents)
      if (held !== null) await this.#tellEachOther(held)
      else if (!this.#isReady(agents)) {
        if (late.aborted || !(await this.#readied(agents, late))) return null
      } else if (++asked > ASKS_MAX || !(await this.#ask(agents))) return null
    }
    return null
  }

  /** FLW-15: who delegates tells what it knows, and who is asked answers with what it knows. */
  async #tellEachOther(held: readonly Held[]): Promise<void> {
    this.#raise(held, taintOf(held))
    await this.#kept.saved()
  }

  /** @returns false: another point holds one of them */
  async #ask(agents: readonly string[]): Promise<boolean> {
    const epoch = this.#o.epoch()
    if (epoch === null) return false
    const sent = this.#sending(epoch)
    const asked = agents.map((agent) => {
      const turn = this.#held.get(agent)?.turn
      return turn === undefined ? { agent } : { agent, turn }
    })
    const lacking = agents.filter((agent) => !this.#held.has(agent))
    const { control } = this.#o
    const leases = await this.#busy.run(lacking, () => control.leaseDomains({ epoch, run: this.#run }, asked))
    for (const lease of leases ?? []) this.#take(lease, sent)
    return leases !== null
  }

  /** Waits for what stands in the way of asking for them. @returns false: the control plane is away */
  async #readied(agents: readonly string[], late: AbortSignal): Promise<boolean> {
    const busy = this.#busy.about(agents)
    if (busy.length > 0) await Promise.allSettled(busy)
    else if (!(await this.#settle()) && !this.#isReady(agents)) {
      if (agents.some((agent) => this.#owed.has(agent))) return false
      await this.#left.next(late)
    }
    return true
  }

  #isReady(agents: readonly string[]): boolean {
    return agents.every((agent) => {
      const held = this.#held.get(agent)
      const isIn = held === undefined || !this.#hasToGo(held)
      return isIn && !this.#busy.has(agent) && !this.#owed.has(agent)
    })
  }

  #hasToGo({ leaving, epoch }: Held): boolean {
    return leaving || epoch !== this.#o.epoch()
  }

  #sending(epoch: number): Sending {
    return { at_ms: this.#o.clock.monotonic(), wall_ms: this.#o.clock.now(), epoch }
  }

  #take(lease: DomainLease, sent: Sending): void {
    const { agent, turn, taint } = lease
    const ends = endsOf(lease, sent)
    const known = this.#held.get(agent)
    if (known?.turn === turn) {
      Object.assign(known, ends)
      return
    }
    const past = this.#past.get(agent)
    if (past !== undefined && past.turn >= turn) return // it was given up while the question was under way
    // FLW-14: nobody had it since this process did.
    const texts = past?.turn === turn - 1 ? past : { since: turn, forgot: taint.integrity === 'untrusted' }
    const { since, forgot } = texts
    const place = { agent, turn, epoch: sent.epoch, taint, since, forgot, ...ends }
    this.#held.set(agent, { ...place, used_ms: sent.at_ms, stays: 0, leaving: this.#closed })
    this.#taken.ring()
    this.#kept.changed()
  }

  /** Another point asks for these. */
  async wanted(agents: readonly string[]): Promise<void> {
    for (const agent of agents) {
      const held = this.#held.get(agent)
      if (held !== undefined) held.leaving = true
    }
    await this.#settle()
  }

  /** Once in a while: renews what is used, gives up what is not, hands over what is owed. Never rejects. */
  async tend(): Promise<void> {
    const now = this.#o.clock.monotonic()
    for (const one of this.#held.values())
      if (now - one.used_ms >= DOMAIN_LEASE_MS && one.stays === 0) one.leaving = true
    await Promise.all([this.#settle(), this.#renew(now)])
  }

  async #renew(now: number): Promise<void> {
    const epoch = this.#o.epoch()
    const due = [...this.#held.values()].filter(
      (one) => one.renew_ms <= now && !one.leaving && !this.#busy.has(one.agent) && one.epoch === epoch,
    )
    if (epoch === null || due.length === 0) return
    for (let at = 0; at < due.length; at += DOMAINS_MAX) {
      const some = due.slice(at, at + DOMAINS_MAX)
      for (const one of some) one.renew_ms = now + RENEW_AGAIN_MS
      const sent = this.#sending(epoch)
      const asked = some.map(({ agent, turn }) => ({ agent, turn }))
      const { control } = this.#o
      const agents = some.map(({ agent }) => agent)
      const renewed = await this.#busy
        .run(agents, () => control.renewDomains({ epoch, run: this.#run }, asked))
        .catch(() => null)
      if (renewed === null) return
      for (const lease of renewed) this.#take(lease, sent)
      const lost = some.filter(({ agent }) => renewed.every((lease) => lease.agent !== agent))
      for (const one of lost) one.leaving = true
    }
    await this.#settle()
  }

  /** Gives up what nobody may enter and nobody stays in, and hands over. @returns whether anything was handed over */
  async #settle(): Promise<boolean> {
    for (const one of this.#held.values()) {
      if (this.#hasToGo(one) && one.stays === 0 && !this.#busy.has(one.agent)) this.#giveUp(one)
    }
    const some = this.#owed.next((agent) => !this.#busy.has(agent))
    if (some.length === 0) return false
    const agents = some.map(({ statement }) => statement.agent)
    try {
      await this.#busy.run(agents, () => this.#owed.handOver(some))
    } catch {
      return false // it stays owed
    }
    this.#kept.changed()
    await this.#settle()
    return true
  }

  #giveUp(held: Held): void {
    this.#held.delete(held.agent)
    if (this.#past.size >= PAST_MAX) this.#past.clear()
    this.#past.set(held.agent, held)
    this.#owed.add(held)
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const one of this.#held.values()) one.leaving = true
    await this.#settle()
    await this.#kept.saved().catch(() => undefined) // the next process hands over again, to no effect
  }
}
