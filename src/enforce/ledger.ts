/**
 * Cumulative limits at the point: debits from leases that it holds, and what its signed heads say of those that are over.
 * spec/limits.md (LIM-5 to LIM-10).
 * Invariants: a debit and its receipt are of one turn; no lease is debited past what was leased, past its end, or past a
 * head that said it is over.
 * @module
 */
import { periodOf } from '../core/period.ts'
import { parseRfc3339, rfc3339 } from '../core/time.ts'
import type { Reason } from '../decide/reasons.ts'
import { RETURNS_MAX, type Debit, type Reservation, type SpoolHead } from '../log/receipt.ts'
import type { Clock } from '../ports/clock.ts'
import type { ControlPlane, GrantedLease, LeaseAnswer, Shipped } from '../ports/control-plane.ts'
import { accountKey, accountOf, type Account, type Held } from './ledger-account.ts'

export interface Ledger {
  /**
   * Takes every amount, or nothing. Synchronous: the receipt that names the leases is built in the same turn.
   * @returns null when what is held does not cover it: obtain, and ask again
   */
  debit(reservations: readonly Reservation[]): readonly Debit[] | null
  /** Asks for what is not covered. @returns null: debit again; else why not. Never rejects. */
  obtain(reservations: readonly Reservation[]): Promise<Reason | null>
}

/** What a signed head says of leases. */
export type Promised = Pick<SpoolHead, 'settles' | 'returns'>

/** What the shipper asks of a ledger. */
export interface LeaseKeeper {
  /** What may be said in a head at that place. It binds from there on. */
  promise(at: { readonly epoch: number; readonly seq: number }): Promised
  /** The control plane took a shipment whose head said that. */
  shipped(promised: Promised, answer: Shipped): void
  /** Whether heads are awaited soon: something is leased, or over and not accounted for. */
  readonly pending: boolean
}

export interface LedgerOptions {
  readonly control: Pick<ControlPlane, 'lease'>
  readonly clock: Clock
  /** The last receipt of the open epoch that was begun; null while an epoch is being begun. */
  readonly position: () => { readonly epoch: number; readonly seq: number } | null
  /** Told when there is something to return. */
  readonly onReturn: () => void
}

/** How much slower than ours any other clock may run (LIM-6). */
const DRIFT = 200e-6
/** LIM-9: calls' worth that are asked for at least. */
const CALLS_AHEAD = 64
/** LIM-10: how long a refusal is remembered, in milliseconds. */
const REFUSED_MS = 1000
/** How long nothing is asked ahead after little came of it, in milliseconds. */
const AHEAD_PAUSE_MS = 250
/** Ledger keys and refusals that are remembered, each some hundred bytes. */
const ACCOUNTS_MAX = 4096

/** A lease that is not debited any more. */
interface Ended {
  readonly expires: number
  /** Receipt of its last debit; 0 when there was none in this process. */
  readonly last_seq: number
}

export class LeasedLedger implements Ledger, LeaseKeeper {
  readonly #o: LedgerOptions
  readonly #accounts = new Map<string, Account>()
  readonly #ended = new Map<string, Ended>()
  /** What was refused lately, by keys and amounts, until when. */
  readonly #refused = new Map<string, number>()
  #epoch = 0
  /** What an earlier process of this epoch debited lies up to here. */
  #floor = 0
  /** The control plane's time, at least, and when it was known. */
  #plane: { readonly now_ms: number; readonly at_ms: number } | null = null
  /** Heads said that leases that expire by then are over. */
  #settled_ms = 0
  #closed = false

  constructor(options: LedgerOptions) {
    this.#o = options
    const at = options.position()
    this.#epoch = at?.epoch ?? 0
    this.#floor = at?.seq ?? 0
  }

  debit(reservations: readonly Reservation[]): readonly Debit[] | null {
    const at = this.#position()
    if (at === null || this.#closed) return null
    const now = this.#o.clock.monotonic()
    const wall = this.#o.clock.now()
    const picked: (Held | null)[] = []
    for (const reservation of reservations) {
      const held = reservation.amount === 0 ? null : this.#pick(reservation, now, wall)
      if (held === undefined) return null
      picked.push(held)
    }
    const debits: Debit[] = []
    const low: Account[] = []
    for (const [i, reservation] of reservations.entries()) {
      const held = picked[i] ?? null
      debits.push(debitOf(reservation, held, wall))
      if (held === null) continue
      held.left -= reservation.amount
      held.last_seq = at.seq + 1
      held.account.spent(reservation.amount, now)
      if (held.account.isLow(now)) low.push(held.account)
    }
    if (low.length > 0) this.#askAhead(at.epoch, low)
    return debits
  }

  /** @returns undefined when no lease covers it */
  #pick(reservation: Reservation, now: number, wall: number): Held | undefined {
    const account = this.#accounts.get(accountKey(reservation))
    if (account === undefined) return undefined
    for (let i = 0; i < account.held.length;) {
      const held = account.held[i]
      if (held === undefined) break
      if (now >= held.ends_ms || wall >= held.ends_wall_ms) this.#end(held)
      else if (held.left >= reservation.amount) return held
      else i++
    }
    return undefined
  }

  async obtain(reservations: readonly Reservation[]): Promise<Reason | null> {
    const at = this.#position()
    if (at === null || this.#closed) return 'LEDGER_UNAVAILABLE'
    const { clock } = this.#o
    const now = clock.monotonic()
    const lacking = reservations.filter(
      (each) => each.amount > 0 && this.#pick(each, now, clock.now()) === undefined,
    )
    const name = lacking.map((each) => `${accountKey(each)}\n${each.amount}`).join('\n')
    if ((this.#refused.get(name) ?? 0) > now) return 'LIMIT_EXCEEDED'
    const accounts = lacking.map((each) => accountOf(this.#accounts, each, ACCOUNTS_MAX))
    const asking = accounts.find((account) => account.asking !== null)?.asking ?? null
    if (asking !== null) {
      return (await asking) === null ? 'LEDGER_UNAVAILABLE' : null
    }
    const needs = accounts.map((account, i) => account.needFor(lacking[i]?.amount ?? 0, CALLS_AHEAD))
    const answer = await this.#ask(at.epoch, accounts, needs)
    if (answer === null) return 'LEDGER_UNAVAILABLE'
    if (!('denied' in answer)) return null
    if (answer.denied === 'LIMIT_EXCEEDED') this.#remember(name, clock.monotonic() + REFUSED_MS)
    return answer.denied
  }

  #remember(name: string, until: number): void {
    if (this.#refused.size >= ACCOUNTS_MAX) this.#refused.clear()
    this.#refused.set(name, until)
  }

  #askAhead(epoch: number, low: readonly Account[]): void {
    const needs = low.map((account) => ({ ...account.needFor(account.last_amount, CALLS_AHEAD), need: 0 }))
    void this.#ask(epoch, low, needs).then((answer) => {
      const now = this.#o.clock.monotonic()
      for (const account of low) {
        const got = answer !== null && 'leases' in answer && account.gotEnough
        if (!got) account.pauseUntil(now + AHEAD_PAUSE_MS)
      }
    })
  }

  /** One question about a ledger key at a time. @returns null when nobody answers. Never rejects. */
  async #ask(
    epoch: number,
    accounts: readonly Account[],
    needs: Parameters<ControlPlane['lease']>[1],
  ): Promise<LeaseAnswer | null> {
    const { clock, control } = this.#o
    const sent = { at_ms: clock.monotonic(), wall_ms: clock.now(), epoch }
    const asked = control
      .lease(epoch, needs)
      .then((answer) => {
        for (const account of accounts) account.gotEnough = false
        if ('leases' in answer) for (const lease of answer.leases) this.#take(lease, sent)
        return answer
      })
      .catch(() => null)
      .finally(() => {
        for (const account of accounts) account.asking = null
      })
    for (const account of accounts) account.asking = asked
    return asked
  }

  /** LIM-6: it lasts from when it was asked for, by the slower of the clocks. */
  #take(lease: GrantedLease, sent: { at_ms: number; wall_ms: number; epoch: number }): void {
    const account = this.#accounts.get(accountKey(lease))
    if (account === undefined || this.#position()?.epoch !== sent.epoch) return
    const expires = parseRfc3339(lease.expires)
    // A head may have said already that it is over: it was recalled, or its grant came late.
    if (this.#ended.has(lease.id) || expires <= this.#settled_ms) return
    if (this.#closed) {
      this.#ended.set(lease.id, { expires, last_seq: 0 })
      return
    }
    account.take({
      account,
      id: lease.id,
      period: lease.period,
      left: lease.amount,
      expires,
      ends_ms: sent.at_ms + lease.ttl_ms * (1 - DRIFT),
      ends_wall_ms: sent.wall_ms + lease.ttl_ms,
      last_seq: 0,
    })
  }

  /** Follows the epochs: a lease belongs to one (LIM-4). */
  #position(): { readonly epoch: number; readonly seq: number } | null {
    const at = this.#o.position()
    if (at !== null && at.epoch !== this.#epoch) {
      this.#epoch = at.epoch
      this.#floor = 0
      this.#ended.clear()
      for (const account of this.#accounts.values()) account.held.length = 0
    }
    return at
  }

  #end(held: Held): void {
    held.account.held.splice(held.account.held.indexOf(held), 1)
    this.#ended.set(held.id, { expires: held.expires, last_seq: held.last_seq })
  }

  promise(at: { readonly epoch: number; readonly seq: number }): Promised {
    const open = this.#position()
    if (open?.epoch !== at.epoch || at.seq < this.#floor) return {}
    // A record that failed left its debit behind no receipt: when nothing is under way, nothing is missing.
    const upTo = at.seq === open.seq ? Infinity : at.seq
    const now = this.#o.clock.monotonic()
    const wall = this.#o.clock.now()
    let until = this.#planeTime(now)
    for (const account of this.#accounts.values())
      for (const held of account.held.slice())
        if (now >= held.ends_ms || wall >= held.ends_wall_ms || held.expires <= until) this.#end(held)
    for (const { expires, last_seq } of this.#ended.values())
      if (last_seq > upTo) until = Math.min(until, expires - 1)
    this.#settled_ms = Math.max(this.#settled_ms, until)
    const returns: string[] = []
    for (const [id, { expires, last_seq }] of this.#ended)
      if (expires > until && last_seq <= upTo && returns.length < RETURNS_MAX) returns.push(id)
    return {
      ...(until > 0 ? { settles: rfc3339(until) } : {}),
      ...(returns.length > 0 ? { returns } : {}),
    }
  }

  /** No later than what the control plane's clock says, so that nothing that it grants from now on is over already. */
  #planeTime(now: number): number {
    return this.#plane === null ? 0 : Math.floor(this.#plane.now_ms + (now - this.#plane.at_ms) * (1 - DRIFT))
  }

  shipped({ settles, returns = [] }: Promised, { recalled, now_ms }: Shipped): void {
    this.#plane = { now_ms, at_ms: this.#o.clock.monotonic() }
    const until = settles === undefined ? 0 : parseRfc3339(settles)
    for (const [id, { expires }] of this.#ended) if (expires <= until) this.#ended.delete(id)
    for (const id of returns) this.#ended.delete(id)
    if (recalled.length > 0) this.#recall(new Set(recalled))
  }

  /** Also what is not known: it may be on its way, or have been an earlier process's. */
  #recall(ids: Set<string>): void {
    for (const account of this.#accounts.values())
      for (const held of account.held.slice()) if (ids.delete(held.id)) this.#end(held)
    for (const id of ids) if (!this.#ended.has(id)) this.#ended.set(id, { expires: Infinity, last_seq: 0 })
    this.#o.onReturn()
  }

  get pending(): boolean {
    if (this.#ended.size > 0) return true
    for (const { held } of this.#accounts.values()) if (held.length > 0) return true
    return false
  }

  /** Everything is returned with the next head. */
  close(): void {
    this.#closed = true
    for (const account of this.#accounts.values()) for (const held of account.held.slice()) this.#end(held)
    if (this.#ended.size > 0) this.#o.onReturn()
  }
}

/** Members in the order of RFC 8785, as receipts have them. */
function debitOf(reservation: Reservation, held: Held | null, wall_ms: number): Debit {
  const { amount, grant, iss, jti, measure, per, unit } = reservation
  if (held === null) return { amount, grant, iss, jti, measure, per, period: periodOf(per, wall_ms), unit }
  return { amount, grant, iss, jti, lease: held.id, measure, per, period: held.period, unit }
}
