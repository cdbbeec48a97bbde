/**
 * Chains behind allowed actions: verified as of each receipt, back to a registered human gesture and an approved
 * agent. Invariant 1. spec/pack.md, PCK-3.
 * @module
 */
import type { Crypto, PublicJwk } from '../../core/crypto.ts'
import { canonicalize } from '../../core/json.ts'
import { publicJwk, thumbprint } from '../../core/jwk.ts'
import { seconds } from '../../core/time.ts'
import type { DecisionReceipt } from '../../log/receipt.ts'
import { SEGMENT_SEPARATOR } from '../../token/constants.ts'
import { grantNames, type Grant } from '../../token/grant.ts'
import { segmentId } from '../../token/segment.ts'
import { verifyChainText, type ChainTrust, type VerifiedChain } from '../../token/verify.ts'
import type { History, LoggedReceipt } from '../history.ts'
import type { Findings } from './report.ts'

/** An allow whose chain holds. */
export interface ProvenAllow {
  readonly index: number
  readonly receipt: DecisionReceipt
  readonly chain: VerifiedChain
}

/** Issuer, relying party and keys, as the log says. Null when the log does not begin as one of ours. */
export function trustOf(crypto: Crypto, history: History): ChainTrust | null {
  const { created } = history
  if (created === null) return null
  const keys = new Map<string, PublicJwk>()
  for (const { entry } of history.keys) {
    if (entry.body.use !== 'issuer') continue
    const key = publicJwk(entry.body.jwk)
    keys.set(thumbprint(crypto, key), key)
  }
  const { origin, rp_id, origins } = created.entry.body
  return { iss: origin, keys, rp: { rp_id, origins } }
}

/** Segments are what their identifiers say. */
export function checkSegments(crypto: Crypto, history: History, findings: Findings): number {
  for (const { index, entry } of history.segments.values()) {
    const { id, parent, segment } = entry.body
    if (segmentId(crypto, parent, segment) !== id) {
      findings.add({
        code: 'SEGMENT_INVALID',
        message: 'a chain segment is not what its identifier says',
        index,
      })
    }
  }
  return history.segments.size
}

/** Allows that were not taken back before the call went out (a deny for the same action follows them). */
export function standingAllows(history: History): LoggedReceipt[] {
  const allows = new Map<string, LoggedReceipt>()
  for (const logged of history.receipts()) {
    const { receipt } = logged
    if (receipt.kind !== 'decision') continue
    if (receipt.decision === 'allow') allows.set(receipt.action, logged)
    else allows.delete(receipt.action)
  }
  return [...allows.values()].sort((a, b) => a.index - b.index)
}

export class ChainChecker {
  readonly #crypto: Crypto
  readonly #history: History
  readonly #trust: ChainTrust
  readonly #findings: Findings
  /** Signatures of a chain are verified once; its times at every receipt. */
  readonly #known = new Map<string, VerifiedChain | null>()

  constructor(crypto: Crypto, history: History, trust: ChainTrust, findings: Findings) {
    this.#crypto = crypto
    this.#history = history
    this.#trust = trust
    this.#findings = findings
  }

  check(allows: readonly LoggedReceipt[]): ProvenAllow[] {
    const proven: ProvenAllow[] = []
    for (const { index, receipt } of allows) {
      if (receipt.kind !== 'decision') continue
      const chain = this.#verify(index, receipt)
      if (chain === null) continue
      this.#checkRegisters(index, receipt, chain)
      this.#checkGrant(index, receipt, chain)
      proven.push({ index, receipt, chain })
    }
    return proven
  }

  #verify(index: number, receipt: DecisionReceipt): VerifiedChain | null {
    const at_ms = Date.parse(receipt.time)
    const name = `${receipt.chain}@${receipt.point}`
    let chain = this.#known.get(name)
    if (chain === undefined) {
      chain = this.#verifyFresh(index, receipt, at_ms)
      this.#known.set(name, chain)
    }
    if (chain === null) return null
    const late = chain.delegations.some((delegation) => delegation.ends <= seconds(at_ms))
    if (late) {
      this.#findings.add({
        code: 'CHAIN_INVALID',
        message: 'allowed by a delegation that had expired',
        index,
      })
    }
    return chain
  }

  #verifyFresh(index: number, receipt: DecisionReceipt, at_ms: number): VerifiedChain | null {
    const segments = receipt.chain === null ? null : this.#history.chain(receipt.chain)
    if (segments === null || segments.some((segment) => segment.index > index)) {
      this.#findings.add({
        code: 'CHAIN_MISSING',
        message: 'the log does not hold the chain of this allow',
        index,
      })
      return null
    }
    const text = segments.map(({ segment }) => segment.slice(0, -1)).join(SEGMENT_SEPARATOR) + '~'
    const context = { crypto: this.#crypto, trust: this.#trust, audience: receipt.point, now_ms: at_ms }
    const result = verifyChainText(context, text)
    if (result.ok) return result.chain
    this.#findings.add({
      code: 'CHAIN_INVALID',
      message: `the chain of this allow fails: ${result.reason}`,
      index,
    })
    return null
  }

  /** The gestures' keys were registered, the root was issued through the log, its agents were approved: all before. */
  #checkRegisters(index: number, receipt: DecisionReceipt, chain: VerifiedChain): void {
    for (const gesture of chain.root.gestures) {
      const person = this.#history.people.get(gesture.rev)
      const registered =
        person !== undefined &&
        person.index === gesture.registration &&
        person.index < index &&
        canonicalize(person.entry.body.credential.jwk) === canonicalize(gesture.jwk)
      if (!registered) {
        this.#findings.add({
          code: 'GESTURE_UNREGISTERED',
          message: 'a gesture is by a key not registered',
          index,
        })
      }
    }
    const issued = this.#history.delegations.get(chain.root.jti)
    if (issued === undefined || issued.index > index || issued.entry.body.agent !== chain.root.agent.id) {
      this.#findings.add({
        code: 'DELEGATION_NOT_ISSUED',
        message: 'the log does not issue this root',
        index,
      })
    }
    for (const { agent } of chain.delegations) {
      const approval = this.#history.agents.get(agent.id)?.approval ?? null
      if (approval === null || approval.index > index) {
        this.#findings.add({
          code: 'AGENT_NOT_APPROVED',
          message: `${agent.id} was not approved before`,
          index,
        })
      }
    }
    const actor = chain.delegations.at(-1)?.agent.id ?? ''
    if (receipt.agent !== actor) {
      this.#findings.add({
        code: 'CHAIN_INVALID',
        message: 'the receipt names another agent than its chain',
        index,
      })
    }
  }

  #checkGrant(index: number, receipt: DecisionReceipt, chain: VerifiedChain): void {
    const lineage = lineageOf(chain, receipt.grant)
    if (lineage === null || !lineage.every(({ grant }) => grantNames(grant, receipt.server, receipt.tool))) {
      this.#findings.add({
        code: 'ACTION_WITHOUT_GRANT',
        message: 'no grant of the chain names this tool',
        index,
      })
    }
  }
}

export interface LineageStep {
  readonly jti: string
  readonly digest: string
  readonly grant: Grant
}

/** The grant of a receipt and its ancestors, last delegation first. */
export function lineageOf(chain: VerifiedChain, digest: string | null): LineageStep[] | null {
  const lineage: LineageStep[] = []
  let wanted = digest ?? undefined
  for (const delegation of [...chain.delegations].reverse()) {
    const grant: Grant | undefined = wanted === undefined ? undefined : delegation.grants.get(wanted)
    if (wanted === undefined || grant === undefined) return null
    lineage.push({ jti: delegation.jti, digest: wanted, grant })
    wanted = grant.from
  }
  return lineage
}
