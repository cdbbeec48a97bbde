/**
 * Streams of receipts: gapless, chained, covered by the point's signature, each outcome after its decision.
 * spec/enforcement.md, RCP-1 to RCP-3.
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import { verifyHead } from '../../log/receipt.ts'
import type { History, StreamRecord } from '../history.ts'
import type { LoggedRow } from '../receipts/row.ts'
import type { Findings } from './report.ts'

export function checkStreams(crypto: Crypto, history: History, findings: Findings): number {
  let checked = 0
  for (const stream of history.streams.values()) {
    const old = prunedUpTo(history, stream)
    checkChain(history, stream, old, findings)
    checkHeads(crypto, history, stream, old, findings)
    checkEpoch(history, stream, findings)
    checked += stream.receipts.rows.size
  }
  const actions_n = history.table.actions_n
  const known = { states: new Uint8Array(actions_n), owners: new Uint32Array(actions_n) }
  let point = 0
  for (const recorded of history.recorded())
    checkOutcomes(history, { recorded, point: ++point }, known, findings)
  return checked
}

/** RET-8: of what was pruned the last receipt of a stream stays, and what is before it may be gone. */
function prunedUpTo({ table, prunedEnd }: History, { receipts }: StreamRecord): number {
  let last = 0
  for (const { index, row } of prunedEnd === 0 ? [] : table.of(receipts))
    if (index < prunedEnd) last = Math.max(last, table.seq(row))
  return last
}

/** The point was enrolled and its epoch opened, in order, before any of it was logged. */
function checkEpoch(
  history: History,
  { point, epoch, receipts, heads }: StreamRecord,
  findings: Findings,
): void {
  const { rows } = receipts
  const first = rows.size === 0 ? Infinity : history.table.index(rows.at(0))
  const index = Math.min(first, heads[0]?.index ?? Infinity)
  const opened = history.epochs.get(`${point}/${epoch}`) ?? index
  const enrolled = history.points.get(point)?.index ?? index
  const inOrder = epoch === 1 || (history.epochs.get(`${point}/${epoch - 1}`) ?? opened) < opened
  if (opened < index && enrolled < opened && inOrder) return
  const message = `the log does not open epoch ${epoch} of ${point} before this`
  findings.add({ code: 'RECEIPT_POINT_UNKNOWN', message, index })
}

function checkChain({ table }: History, stream: StreamRecord, old: number, findings: Findings): void {
  let before: { readonly row: number; readonly seq: number } | null = null
  for (const { index, row } of table.bySeq(stream.receipts)) {
    const seq = table.seq(row)
    const where = (): string => `${stream.point}, epoch ${stream.epoch}, receipt ${seq}`
    const last: number = before?.seq ?? 0
    if (seq === last)
      findings.add({ code: 'RECEIPT_CHAIN_BROKEN', message: `${where()} stands twice: a fork`, index })
    else if (seq !== last + 1) {
      if (seq > old) findings.add({ code: 'RECEIPT_GAP', message: `${where()} follows ${last}`, index })
    } else if (!table.isLinked(row, before?.row ?? null)) {
      const message = `${where()} does not chain to the one before`
      findings.add({ code: 'RECEIPT_CHAIN_BROKEN', message, index })
    }
    before = { row, seq }
  }
}

function checkHeads(
  crypto: Crypto,
  history: History,
  stream: StreamRecord,
  old: number,
  findings: Findings,
): void {
  const { table } = history
  const point = history.points.get(stream.point)
  let covered = 0
  for (const { index, signed } of stream.heads) {
    const good = point !== undefined && verifyHead(crypto, point.entry.body.jwk, signed)
    const known = table.hashAt(stream.receipts, signed.head.seq)
    if (!good || (known !== null && known !== signed.head.hash)) {
      const message = `a signed head of ${stream.point} does not hold`
      findings.add({ code: 'RECEIPT_UNSIGNED', message, index })
    } else if (known !== null) covered = Math.max(covered, signed.head.seq)
    else if (signed.head.seq > old) {
      const message = `${stream.point} signed for receipt ${signed.head.seq}, which the log does not hold`
      findings.add({ code: 'RECEIPT_GAP', message, index })
    }
  }
  for (const { index, row } of table.of(stream.receipts)) {
    const seq = table.seq(row)
    if (seq <= covered) continue
    const message = `receipt ${seq} of ${stream.point} is not covered by a signed head`
    findings.add({ code: 'RECEIPT_UNSIGNED', message, index })
  }
}

/** What is known of an action, as bits. */
const DECIDED = 1
const OPEN = 2
/** A person is asked: one decision more is due (APR-3). */
const WAITING = 4

/**
 * Over the epochs of one point: what was allowed in one may end in the next. Of entries below `prunedEnd` some are gone.
 * @param states by number of the action: {@link DECIDED} by any point so far; the others are of its owner alone
 */
function checkOutcomes(
  { table, prunedEnd }: History,
  { recorded, point }: { readonly recorded: Iterable<LoggedRow>; readonly point: number },
  { states, owners }: { readonly states: Uint8Array; readonly owners: Uint32Array },
  findings: Findings,
): void {
  for (const { index, row, actionId } of recorded) {
    const state = (states[actionId] ?? 0) & (owners[actionId] === point ? ~0 : DECIDED)
    owners[actionId] = point
    const decision = table.decision(row)
    const isOpen = (state & OPEN) !== 0
    let next = state & ~WAITING
    if (decision === null) {
      next &= ~OPEN
      // Of one that is older its decision may be gone.
      if (!isOpen && index >= prunedEnd) {
        next |= DECIDED
        const message = `the outcome of ${table.action(row)} has no open allow before it`
        findings.add({ code: 'OUTCOME_WITHOUT_DECISION', message, index })
      }
      states[actionId] = next
      continue
    }
    if (decision === 'deny' && isOpen) {
      states[actionId] = next & ~OPEN // the allow was taken back before the call went out
      continue
    }
    const isDue = (state & WAITING) !== 0 && decision !== 'step_up'
    if ((state & DECIDED) !== 0 && !isDue)
      findings.add({
        code: 'IDENTIFIER_REUSED',
        message: `${table.action(row)} was decided before`,
        index,
      })
    else if (decision === 'allow') next |= OPEN
    else if (decision === 'step_up') next |= WAITING
    states[actionId] = next | DECIDED
  }
}
