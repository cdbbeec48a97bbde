/**
 * Streams of receipts: gapless, chained, covered by the point's signature, each outcome after its decision.
 * spec/enforcement.md, RCP-1 to RCP-3.
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import { receiptHash, verifyHead } from '../../log/receipt.ts'
import type { History, LoggedReceipt, StreamRecord } from '../history.ts'
import type { Findings } from './report.ts'

export function checkStreams(crypto: Crypto, history: History, findings: Findings): number {
  let checked = 0
  for (const stream of history.streams.values()) {
    const bySeq = [...stream.receipts].sort((a, b) => a.receipt.seq - b.receipt.seq)
    const old = prunedUpTo(history, stream)
    const hashes = checkChain(crypto, stream, bySeq, old, findings)
    checkHeads(crypto, history, stream, { hashes, old }, findings)
    checkEpoch(history, stream, findings)
    checked += bySeq.length
  }
  const decided = new Set<string>()
  for (const receipts of history.recorded()) checkOutcomes(receipts, history.prunedEnd, decided, findings)
  return checked
}

/** RET-8: of what was pruned the last receipt of a stream stays, and what is before it may be gone. */
function prunedUpTo(history: History, { receipts }: StreamRecord): number {
  return Math.max(
    0,
    ...receipts.filter(({ index }) => index < history.prunedEnd).map(({ receipt }) => receipt.seq),
  )
}

/** The point was enrolled and its epoch opened, in order, before any of it was logged. */
function checkEpoch(
  history: History,
  { point, epoch, receipts, heads }: StreamRecord,
  findings: Findings,
): void {
  const index = Math.min(...[receipts[0], heads[0]].map((first) => first?.index ?? Number.POSITIVE_INFINITY))
  const opened = history.epochs.get(`${point}/${epoch}`) ?? index
  const enrolled = history.points.get(point)?.index ?? index
  const inOrder = epoch === 1 || (history.epochs.get(`${point}/${epoch - 1}`) ?? opened) < opened
  if (opened < index && enrolled < opened && inOrder) return
  const message = `the log does not open epoch ${epoch} of ${point} before this`
  findings.add({ code: 'RECEIPT_POINT_UNKNOWN', message, index })
}

function checkChain(
  crypto: Crypto,
  stream: StreamRecord,
  bySeq: readonly LoggedReceipt[],
  old: number,
  findings: Findings,
): Map<number, string> {
  const hashes = new Map<number, string>()
  let previous = { seq: 0, hash: '' }
  for (const { index, receipt } of bySeq) {
    const where = `${stream.point}, epoch ${stream.epoch}, receipt ${receipt.seq}`
    if (receipt.seq === previous.seq) {
      findings.add({ code: 'RECEIPT_CHAIN_BROKEN', message: `${where} stands twice: a fork`, index })
    } else if (receipt.seq !== previous.seq + 1) {
      if (receipt.seq > old)
        findings.add({ code: 'RECEIPT_GAP', message: `${where} follows ${previous.seq}`, index })
    } else if (receipt.prev_hash !== previous.hash) {
      findings.add({
        code: 'RECEIPT_CHAIN_BROKEN',
        message: `${where} does not chain to the one before`,
        index,
      })
    }
    const hash = receiptHash(crypto, receipt)
    hashes.set(receipt.seq, hash)
    previous = { seq: receipt.seq, hash }
  }
  return hashes
}

function checkHeads(
  crypto: Crypto,
  history: History,
  stream: StreamRecord,
  { hashes, old }: { readonly hashes: ReadonlyMap<number, string>; readonly old: number },
  findings: Findings,
): void {
  const point = history.points.get(stream.point)
  let covered = 0
  for (const { index, signed } of stream.heads) {
    const good = point !== undefined && verifyHead(crypto, point.entry.body.jwk, signed)
    const known = hashes.get(signed.head.seq)
    if (!good || (known !== undefined && known !== signed.head.hash)) {
      findings.add({
        code: 'RECEIPT_UNSIGNED',
        message: `a signed head of ${stream.point} does not hold`,
        index,
      })
    } else if (known !== undefined) covered = Math.max(covered, signed.head.seq)
    else if (signed.head.seq > old) {
      findings.add({
        code: 'RECEIPT_GAP',
        message: `${stream.point} signed for receipt ${signed.head.seq}, which the log does not hold`,
        index,
      })
    }
  }
  for (const { index, receipt } of stream.receipts) {
    if (receipt.seq <= covered) continue
    findings.add({
      code: 'RECEIPT_UNSIGNED',
      message: `receipt ${receipt.seq} of ${stream.point} is not covered by a signed head`,
      index,
    })
  }
}

/** Over the epochs of one point: what was allowed in one may end in the next. @param decided by any point so far; of entries below `prunedEnd` some are gone */
function checkOutcomes(
  recorded: readonly LoggedReceipt[],
  prunedEnd: number,
  decided: Set<string>,
  findings: Findings,
): void {
  const open = new Set<string>()
  /** By actions that wait for a person: one decision more is due (APR-3). */
  const waiting = new Set<string>()
  for (const { index, receipt } of recorded) {
    const { action } = receipt
    const wasWaiting = waiting.delete(action)
    if (receipt.kind === 'outcome') {
      if (open.delete(action) || index < prunedEnd) continue // its decision may be gone
      const message = `the outcome of ${action} has no open allow before it`
      findings.add({ code: 'OUTCOME_WITHOUT_DECISION', message, index })
    } else if (receipt.decision === 'deny' && open.delete(action)) {
      continue // the allow was taken back before the call went out
    } else if (decided.has(action) && !(wasWaiting && receipt.decision !== 'step_up')) {
      findings.add({ code: 'IDENTIFIER_REUSED', message: `${action} was decided before`, index })
    } else if (receipt.decision === 'allow') open.add(action)
    else if (receipt.decision === 'step_up') waiting.add(action)
    decided.add(action)
  }
}
