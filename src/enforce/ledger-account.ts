/** What a point holds of one ledger key, and how much of it is asked for. spec/limits.md (LIM-9). @module */
import type { Reservation } from '../log/receipt.ts'
import type { LeaseAnswer, LeaseNeed } from '../ports/control-plane.ts'

/** A lease that may be debited. */
export interface Held {
  readonly account: Account
  readonly id: string
  readonly period: string
  left: number
  /** Milliseconds since 1970, by the control plane's clock. */
  readonly expires: number
  /** By the monotonic clock, and by the wall clock, which goes on while a machine sleeps. */
  readonly ends_ms: number
  readonly ends_wall_ms: number
  /** Receipt of the last debit. */
  last_seq: number
}

type Name = Pick<Reservation, 'iss' | 'jti' | 'grant' | 'measure' | 'unit' | 'per'>

/** Without the period, which is the control plane's to say. */
export function accountKey({ iss, jti, grant, measure, unit, per }: Name): string {
  return `${iss}\n${jti}\n${grant}\n${measure}\n${unit}\n${per}`
}

export function accountOf(
  accounts: Map<string, Account>,
  reservation: Reservation,
  accounts_max: number,
): Account {
  const key = accountKey(reservation)
  const known = accounts.get(key)
  if (known !== undefined) return known
  if (accounts.size >= accounts_max) {
    for (const [each, { held, asking }] of accounts)
      if (held.length === 0 && asking === null) accounts.delete(each)
  }
  const account = new Account(reservation)
  accounts.set(key, account)
  return account
}

/** What was used is counted by the second. */
const RECENT_MS = 1000

export class Account {
  readonly #name: Name & { readonly max: number }
  readonly held: Held[] = []
  /** The question that is under way. */
  asking: Promise<LeaseAnswer | null> | null = null
  /** Of the last debit. */
  last_amount = 1
  /** Whether the last answer brought more than one call's worth. */
  gotEnough = false
  /** Of the last lease. */
  #leased = 0
  #ahead_ms = 0
  #recent = { from_ms: 0, amount: 0, before: 0 }

  constructor({ iss, jti, grant, measure, unit, per, max }: Reservation) {
    this.#name = { iss, jti, grant, measure, unit, per, max }
  }

  take(held: Held): void {
    this.held.push(held)
    this.#leased = held.left
    this.gotEnough = held.left > this.last_amount
  }

  spent(amount: number, now_ms: number): void {
    if (amount > 0) this.last_amount = amount
    const { from_ms } = this.#recent
    if (now_ms - from_ms >= RECENT_MS) {
      const before = now_ms - from_ms >= 2 * RECENT_MS ? 0 : this.#recent.amount
      this.#recent = { from_ms: now_ms, amount: 0, before }
    }
    this.#recent.amount += amount
  }

  /** Less than half of the last lease is left, and that was more than one call's worth. */
  isLow(now_ms: number): boolean {
    if (this.asking !== null || now_ms < this.#ahead_ms || this.#leased <= this.last_amount) return false
    let left = 0
    for (const held of this.held) left += held.left
    return left * 2 < this.#leased
  }

  pauseUntil(until_ms: number): void {
    this.#ahead_ms = until_ms
  }

  /** @param calls how many calls' worth at least */
  needFor(need: number, calls: number): LeaseNeed {
    const { amount, before } = this.#recent
    const want = Math.max(calls * need, 2 * Math.max(amount, before))
    return { ...this.#name, need, want: Math.min(want, Number.MAX_SAFE_INTEGER) }
  }
}
