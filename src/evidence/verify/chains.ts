/**
 * Chains behind allowed actions: verified as of each receipt, back to a registered human gesture and an approved
 * agent. Invariant 1. spec/pack.md, PCK-3.
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import { CountersignError } from '../../core/errors.ts'
import { seconds } from '../../core/time.ts'
import type { DecisionReceipt } from '../../log/receipt.ts'
import { SEGMENT_SEPARATOR } from '../../token/constants.ts'
import { isGrantDisclosure } from '../../token/disclosure.ts'
import { grantNames } from '../../token/grant.ts'
import { lastOf } from '../../token/lineage.ts'
import { segmentId } from '../../token/segment.ts'
import type { ChainTrust } from '../../token/trust.ts'
import { verifyChainText, type ChainResult, type VerifiedChain } from '../../token/verify.ts'
import type { History } from '../history.ts'
import { LoggedRow } from '../receipts/row.ts'
import type { ReceiptTable } from '../receipts/table.ts'
import { ProvenAllows } from './allows.ts'
import { ForeignTrust, isForeign, RootIssuers } from './issuers.ts'
import { issuerKeys } from './keys.ts'
import { checkBehind } from './registers.ts'
import type { FaultCode } from './fault-codes.ts'
import type { Findings } from './report.ts'
import { lineageIn } from './lineages.ts'

/** The log's own issuer, its relying party and keys, as the log says. Null when the log does not begin as one of ours. */
export function trustOf(crypto: Crypto, history: History): ChainTrust | null {
  const { created } = history
  if (created === null) return null
  const { origin, rp_id, origins } = created.entry.body
  return new Map([[origin, { keys: issuerKeys(crypto, history), rp: { rp_id, origins } }]])
}

/** Segments are what their identifiers say, follow their parents, and say nothing about a person (SEG-1). */
export function checkSegments(crypto: Crypto, history: History, findings: Findings): number {
  for (const { index, entry } of history.segments.values()) {
    const { id, parent, segment } = entry.body
    const before = parent === null ? -1 : (history.segments.get(parent)?.index ?? index)
    if (segmentId(crypto, parent, segment) !== id || before >= index || !grantsOnly(segment)) {
      findings.add({
        code: 'SEGMENT_INVALID',
        message: 'a chain segment is not what its identifier says, or discloses more than grants',
        index,
      })
    }
  }
  return history.segments.size
}

function grantsOnly(segment: string): boolean {
  try {
    const disclosures = segment.split('~').slice(1, -1)
    return segment.endsWith('~') && disclosures.every(isGrantDisclosure)
  } catch (error) {
    if (error instanceof CountersignError) return false
    throw error
  }
}

/**
 * Allows that were not taken back before the call went out: a denial of the same action takes one back, but not once
 * its outcome is there.
 * @returns their rows, ascending
 */
export function standingAllows(history: History): Uint32Array {
  const { table } = history
  const stands = new Uint8Array(table.size)
  /** By number of the action: the point that it is open at, and its first row there. */
  const owners = new Uint32Array(table.actions_n)
  const opened = new Uint32Array(table.actions_n)
  /** Further rows of an action that is open: hardly any has them. */
  const more = new Map<number, number[]>()
  let point = 0
  for (const receipts of history.recorded()) {
    point++
    more.clear()
    for (const { row, actionId } of receipts) {
      const decision = table.decision(row)
      if (decision === 'step_up') continue
      const isOpen = owners[actionId] === point
      if (decision === 'allow') {
        stands[row] = 1
        if (isOpen) more.set(actionId, [...(more.get(actionId) ?? []), row])
        else opened[actionId] = row
        owners[actionId] = point
        continue
      }
      if (!isOpen) continue
      if (decision === 'deny')
        for (const each of [opened[actionId] ?? 0, ...(more.get(actionId) ?? [])]) stands[each] = 0
      owners[actionId] = 0
      more.delete(actionId)
    }
  }
  const rows = new Uint32Array(stands.reduce((sum, one) => sum + one, 0))
  let at = 0
  for (let row = 0; row < stands.length; row++) if (stands[row] === 1) rows[at++] = row
  return rows
}

/** A chain that verified at one time. */
interface Known {
  readonly chain: VerifiedChain
  /** Milliseconds: starts of tokens lie before. */
  readonly from_ms: number
}

/** What was found of an allow in which there was no fault. */
interface Good extends Known {
  /** Whole seconds: when the first of its delegations ends. */
  readonly ends: number
  readonly isCommitted: boolean
  readonly kind: number
}

/**
 * Whether an allow needs no look of its own. It says what one before it in the log said that was without a fault, at the
 * same point; what stood in the log before that one stands before this one; and of its own members the checks ask for the
 * time, whether it commits to arguments, and no more.
 */
function isLike(table: ReceiptTable, row: number, { from_ms, ends, isCommitted }: Good): boolean {
  const time_ms = table.time_ms(row)
  return time_ms >= from_ms && seconds(time_ms) < ends && table.decided.isCommitted(row) === isCommitted
}

export class ChainChecker {
  readonly #crypto: Crypto
  readonly #history: History
  readonly #trust: ChainTrust
  readonly #foreign: ForeignTrust
  readonly #issuers: RootIssuers
  readonly #findings: Findings
  /** Signatures of a chain that holds are verified once, and again for a receipt from before; its ends always. */
  readonly #known = new Map<string, Known>()
  /** Chains with everything behind them, by their last segment. */
  readonly #behind = new Map<string, VerifiedChain>()

  constructor(crypto: Crypto, history: History, trust: ChainTrust, findings: Findings) {
    this.#crypto = crypto
    this.#history = history
    this.#trust = trust
    this.#foreign = new ForeignTrust(crypto, history)
    this.#issuers = new RootIssuers(history)
    this.#findings = findings
  }

  /** @param rows ascending */
  check(rows: Iterable<number>): ProvenAllows {
    const { table } = this.#history
    const proven = new ProvenAllows(table)
    const good = new Map<number, Good>()
    for (const row of rows) {
      const name = table.shapeIdAt(row) * table.streams_n + table.streamIdAt(row)
      const like = good.get(name)
      if (like !== undefined && isLike(table, row, like)) {
        proven.add(row, like.kind)
        continue
      }
      const faults_n = this.#findings.faults_n
      const chain = this.#checkOne(new LoggedRow(table, row))
      if (chain === null) continue
      const kind = proven.kindOf(row, chain)
      proven.add(row, kind)
      // A chain of another issuer is looked for anew: which records of it were trusted depends on the time.
      if (this.#findings.faults_n > faults_n || isForeign(this.#history, chain)) continue
      const ends = Math.min(...chain.delegations.map((delegation) => delegation.ends))
      good.set(name, {
        chain,
        from_ms: table.time_ms(row),
        ends,
        kind,
        isCommitted: table.decided.isCommitted(row),
      })
    }
    return proven
  }

  #checkOne({ index, receipt }: LoggedRow): VerifiedChain | null {
    if (receipt.kind !== 'decision') return null
    const chain = this.#verify(index, receipt)
    if (chain === null) return null
    // People, agents and roots of another issuer are in its log: KEY-9.
    if (!isForeign(this.#history, chain)) this.#checkBehind(index, { chain, last: receipt.chain ?? '' })
    this.#checkReceipt(index, receipt, chain)
    return chain
  }

  /** Allows come in the order of the log, and what was there before one of them was there before all that follow. */
  #checkBehind(index: number, of: { readonly chain: VerifiedChain; readonly last: string }): void {
    if (this.#behind.get(of.last) === of.chain) return
    const before = this.#findings.faults_n
    checkBehind(this.#crypto, this.#history, index, of, this.#findings)
    if (this.#findings.faults_n === before) this.#behind.set(of.last, of.chain)
  }

  #verify(index: number, receipt: DecisionReceipt): VerifiedChain | null {
    const at_ms = Date.parse(receipt.time)
    const segments = this.#segments(index, receipt)
    if (segments === null) return null
    let reason = 'ISSUER_UNKNOWN'
    for (const [id, trust] of this.#trusts(index, receipt.chain ?? '', at_ms)) {
      const name = `${receipt.chain}@${receipt.point}@${id}`
      const known = this.#known.get(name)
      if (known !== undefined && at_ms >= known.from_ms) {
        const late = known.chain.delegations.some((delegation) => delegation.ends <= seconds(at_ms))
        if (late) this.#add('CHAIN_INVALID', 'allowed by a delegation that had expired', index)
        return known.chain
      }
      const result = this.#verifyFresh(receipt, segments, trust)
      if (result.ok) {
        this.#known.set(name, { chain: result.chain, from_ms: at_ms })
        return result.chain
      }
      ;({ reason } = result)
    }
    this.#add('CHAIN_INVALID', `the chain of this allow fails: ${reason}`, index)
    return null
  }

  /** Against whom the chain may have been verified, each with a name: ours, or a record of the issuer that it names. */
  #trusts(index: number, chain: string, at_ms: number): readonly (readonly [number, ChainTrust])[] {
    const iss = this.#issuers.of(chain)
    if (iss === null || this.#trust.has(iss)) return [[-1, this.#trust]]
    return this.#foreign.at(iss, index, at_ms).map((record) => [record.index, record.trust])
  }

  #segments(index: number, receipt: DecisionReceipt): readonly string[] | null {
    const segments = receipt.chain === null ? null : this.#history.chain(receipt.chain)
    if (segments !== null && segments.every((segment) => segment.index < index))
      return segments.map(({ segment }) => segment)
    this.#add('CHAIN_MISSING', 'the log does not hold the chain of this allow', index)
    return null
  }

  #verifyFresh(receipt: DecisionReceipt, segments: readonly string[], trust: ChainTrust): ChainResult {
    const text = segments.map((segment) => segment.slice(0, -1)).join(SEGMENT_SEPARATOR) + '~'
    const now_ms = Date.parse(receipt.time)
    return verifyChainText({ crypto: this.#crypto, trust, audience: receipt.point, now_ms }, text)
  }

  /** What the receipt says of the chain, the grant, the holder's proof and the point is so. */
  #checkReceipt(index: number, receipt: DecisionReceipt, chain: VerifiedChain): void {
    if (receipt.agent !== lastOf(chain).agent.id)
      this.#add('CHAIN_INVALID', 'the receipt names another agent than its chain', index)
    const lineage = lineageIn(chain, receipt.grant)
    if (lineage === null || !lineage.every(({ grant }) => grantNames(grant, receipt.server, receipt.tool)))
      this.#add('ACTION_WITHOUT_GRANT', 'no grant of the chain names this tool', index)
    // ENF-1: every allow has a holder proof or is hosted, and commits to its arguments.
    if (receipt.binding === 'none' || receipt.args_commit === null || receipt.reasons.length > 0)
      this.#add('ACTION_UNBOUND', 'allowed without a holder proof or a commitment to the arguments', index)
    const point = this.#history.points.get(receipt.point)?.entry.body
    const isThere = point?.placement === receipt.placement && point.servers.includes(receipt.server)
    if (point !== undefined && !isThere)
      this.#add('RECEIPT_POINT_UNKNOWN', 'the point is enrolled for another place or server', index)
  }

  #add(code: FaultCode, message: string, index: number): void {
    this.#findings.add({ code, message, index })
  }
}
