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
    const hashes = checkChain(crypto, stream, bySeq, findings)
    checkHeads(crypto, history, stream, hashes, findings)
    checkOutcomes(bySeq, findings)
    if (!history.epochs.has(`${stream.point}/${stream.epoch}`)) {
      findings.add({
        code: 'RECEIPT_POINT_UNKNOWN',
        message: `the log does not open epoch ${stream.epoch} of ${stream.point}`,
      })
    }
    checked += bySeq.length
  }
  return checked
}

function checkChain(
  crypto: Crypto,
  stream: StreamRecord,
  bySeq: readonly LoggedReceipt[],
  findings: Findings,
): Map<number, string> {
  const hashes = new Map<number, string>()
  let previous = { seq: 0, hash: '' }
  for (const { index, receipt } of bySeq) {
    const where = `${stream.point}, epoch ${stream.epoch}, receipt ${receipt.seq}`
    if (receipt.seq !== previous.seq + 1) {
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
  hashes: ReadonlyMap<number, string>,
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
    else {
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

function checkOutcomes(bySeq: readonly LoggedReceipt[], findings: Findings): void {
  const open = new Set<string>()
  for (const { index, receipt } of bySeq) {
    if (receipt.kind === 'decision') {
      if (receipt.decision === 'allow') open.add(receipt.action)
      else open.delete(receipt.action)
    } else if (!open.delete(receipt.action)) {
      findings.add({
        code: 'OUTCOME_WITHOUT_DECISION',
        message: `the outcome of ${receipt.action} has no open allow before it`,
        index,
      })
    }
  }
}
