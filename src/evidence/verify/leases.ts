/**
 * Leases against what points debited: recomputed from the log alone. spec/limits.md (LIM-13).
 * What holds here bounds what was debited, whatever the clocks of points say: a cap holds by the control plane's clock.
 * @module
 */
import { canonicalize } from '../../core/json.ts'
import { periodEnd, periodOf, slidingMs } from '../../core/period.ts'
import type { Entry } from '../../log/entries.ts'
import type { Debit, DecisionReceipt, Lease } from '../../log/receipt.ts'
import type { History, Indexed } from '../history.ts'
import type { Shape } from '../receipts/shapes.ts'
import type { FaultCode } from './fault-codes.ts'
import type { Findings } from './report.ts'

/** How far what a receipt says of its time may lie behind, in milliseconds: of clocks, and of the way to the point. */
const LATE_MS = 2_000

interface LoggedLease {
  readonly index: number
  readonly point: string
  readonly epoch: number
  readonly lease: Lease
  readonly key: string
  /** By all receipts of the log. */
  debited: number
  credited: number
}

export type LeaseBook = ReadonlyMap<string, Pick<LoggedLease, 'lease'>>

function keyOf({ iss, jti, grant, measure, unit, per, period }: Omit<Debit, 'amount' | 'lease'>): string {
  return canonicalize([iss, jti, grant, measure, unit, per, period])
}

/** What counts of a key, as the log goes on. */
class Taken {
  #sum = 0
  /** Of a sliding period: what counts until when. */
  #until: { readonly lease: LoggedLease; readonly until_ms: number }[] = []

  add(amount: number): void {
    this.#sum += amount
  }

  lease(lease: LoggedLease, window_ms: number | null): void {
    if (window_ms === null) this.#sum += lease.lease.amount
    else this.#until.push({ lease, until_ms: Date.parse(lease.lease.expires) + window_ms })
  }

  credit(lease: LoggedLease, amount: number): void {
    if (slidingMs(lease.lease.per) === null) this.#sum -= amount
  }

  at(now_ms: number): number {
    if (this.#until.length === 0) return this.#sum
    // Times of a log go forward: what is past is past.
    this.#until = this.#until.filter(({ until_ms }) => until_ms > now_ms)
    return this.#until.reduce((sum, { lease }) => sum + lease.lease.amount - lease.credited, this.#sum)
  }
}

/** @returns how many leases and debits, and the leases by their identifiers */
export function checkLeases(history: History, findings: Findings): { count: number; book: LeaseBook } {
  const book = new Map<string, LoggedLease>()
  const debits = sumDebits(history, history.limits, book, findings)
  const taken = new Map<string, Taken>()
  const of = (key: string): Taken => {
    const known = taken.get(key) ?? new Taken()
    taken.set(key, known)
    return known
  }
  for (const { index, entry } of history.limits) {
    if (entry.type === 'budget.reserved')
      for (const debit of entry.body.debits) of(keyOf(debit)).add(debit.amount)
    else if (entry.type === 'lease.granted') {
      for (const { id } of entry.body.leases) {
        const lease = book.get(id)
        if (lease?.index === index) checkGrant(lease, Date.parse(entry.time), of(lease.key), findings)
      }
    } else checkSettled(history, { index, entry }, { book, of }, findings)
  }
  return { count: book.size + debits, book }
}

/** Fills the book, and adds up what every receipt debits of each lease. */
function sumDebits(
  history: History,
  entries: History['limits'],
  book: Map<string, LoggedLease>,
  findings: Findings,
): number {
  const reserved = new Map<string, number>()
  for (const { index, entry } of entries) {
    if (entry.type === 'budget.reserved')
      for (const debit of entry.body.debits)
        reserved.set(keyOf(debit), (reserved.get(keyOf(debit)) ?? 0) + debit.amount)
    if (entry.type !== 'lease.granted') continue
    const { epoch, leases } = entry.body
    for (const lease of leases) {
      if (book.has(lease.id))
        findings.add({ code: 'IDENTIFIER_REUSED', message: 'a lease is granted twice', index })
      else
        book.set(lease.id, {
          index,
          point: entry.subject ?? '',
          epoch,
          lease,
          key: keyOf(lease),
          debited: 0,
          credited: 0,
        })
    }
  }
  let n = 0
  const hasDebits = (shape: Shape): boolean =>
    shape.kind === 'decision' && shape.decision === 'allow' && shape.debits.length > 0
  for (const { index, receipt } of history.receiptsWhere(hasDebits)) {
    if (receipt.kind !== 'decision') continue
    for (const debit of receipt.debits) {
      n++
      const fault = debitFault(index, receipt, debit, { book, reserved })
      if (fault !== null) findings.add({ code: fault[0], message: `${debit.measure}: ${fault[1]}`, index })
    }
  }
  return n
}

function debitFault(
  index: number,
  receipt: DecisionReceipt,
  debit: Debit,
  { book, reserved }: { book: ReadonlyMap<string, LoggedLease>; reserved: Map<string, number> },
): [FaultCode, string] | null {
  if (debit.lease === undefined) {
    const key = keyOf(debit)
    const left = (reserved.get(key) ?? 0) - debit.amount
    if (left < 0) return ['LEASE_MISSING', 'a debit names no lease, and nothing was reserved for it']
    reserved.set(key, left)
    return null
  }
  const lease = book.get(debit.lease)
  const isIts =
    lease?.point === receipt.point &&
    lease.epoch === receipt.epoch &&
    isOf(debit, lease.lease) &&
    lease.index < index
  if (lease === undefined || !isIts)
    return ['LEASE_MISSING', 'a debit names a lease that this point was not granted for it before']
  lease.debited += debit.amount
  if (lease.debited > lease.lease.amount)
    return ['LEASE_OVERDRAWN', `debits add up to ${lease.debited} of a lease of ${lease.lease.amount}`]
  if (timeOf(receipt) > Date.parse(lease.lease.expires) + LATE_MS)
    return ['LEASE_EXPIRED', 'a debit is later than the end of its lease']
  return null
}

function isOf(debit: Debit, lease: Lease): boolean {
  return (
    debit.jti === lease.jti &&
    debit.grant === lease.grant &&
    debit.measure === lease.measure &&
    debit.unit === lease.unit &&
    debit.per === lease.per &&
    debit.period === lease.period &&
    debit.iss === lease.iss
  )
}

/** The earliest that it may have been, by the point's clock or by the state that it had. */
function timeOf({ time, freshness }: DecisionReceipt): number {
  return Math.min(Date.parse(time), freshness === null ? Infinity : freshness.t + freshness.age_ms)
}

/** LIM-4. */
function checkGrant(logged: LoggedLease, now_ms: number, taken: Taken, findings: Findings): void {
  const { index, lease } = logged
  const expires_ms = Date.parse(lease.expires)
  if (lease.period !== periodOf(lease.per, now_ms) || expires_ms > periodEnd(lease.per, now_ms))
    findings.add({ code: 'LEASE_INVALID', message: 'a lease is not of the period that it began in', index })
  taken.lease(logged, slidingMs(lease.per))
  const sum = taken.at(now_ms)
  if (sum > lease.max) {
    const message = `leases of ${lease.measure} per ${lease.per} add up to ${sum} of ${lease.max}`
    findings.add({ code: 'LEASES_OVER_CAP', message, index })
  }
}

/** LIM-7, LIM-8. */
function checkSettled(
  history: History,
  { index, entry }: Indexed<Entry<'lease.settled'>>,
  { book, of }: { book: ReadonlyMap<string, LoggedLease>; of: (key: string) => Taken },
  findings: Findings,
): void {
  for (const { id, credited } of entry.body.leases) {
    const lease = book.get(id)
    const invalid = (message: string): void => findings.add({ code: 'LEASE_CREDIT_INVALID', message, index })
    if (lease === undefined || lease.index > index || lease.credited > 0) {
      invalid('what is given back is of no lease, or for the second time')
      continue
    }
    const left = lease.lease.amount - lease.debited
    if (credited > Math.max(0, left))
      invalid(`${credited} is given back of a lease that receipts leave ${left} of`)
    if (!isAccountedFor(history, lease, entry.body.head))
      invalid('a lease is given back that the signed head does not account for')
    lease.credited = credited
    of(lease.key).credit(lease, credited)
  }
}

function isAccountedFor(history: History, { point, epoch, lease }: LoggedLease, at: number): boolean {
  const heads = history.streams.get(`${point}/${epoch}`)?.heads ?? []
  const head = heads.find(({ index }) => index === at)?.signed.head
  if (head === undefined) return at < history.prunedEnd // RET-8: the head may be gone
  const { settles, returns = [] } = head
  return (
    returns.includes(lease.id) || (settles !== undefined && Date.parse(settles) >= Date.parse(lease.expires))
  )
}
