/**
 * Flow, recomputed from the log alone: what rules objected to went out only where that was agreed on. spec/flow.md
 * (FLW-20), spec/enforcement.md (RCP-11). What was read is the point's word: texts and arguments are in no log.
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import { NO_FLOW_POLICY, type FlowPolicy } from '../../core/flow-policy.ts'
import { isAbove, UNLABELLED, type ToolLabel } from '../../core/label.ts'
import type { DecisionReceipt } from '../../log/receipt.ts'
import { BASIS_TEXT_MAX, type BasisRecord, type FlowRecord } from '../../log/receipt-flow.ts'
import { isMethodAction } from '../../token/method-action.ts'
import type { History } from '../history.ts'
import type { ApprovalJudge } from './approvals.ts'
import type { ProvenAllows } from './allows.ts'
import { checkDomainReceipts } from './domain-receipts.ts'
import { checkDomains } from './domains.ts'
import type { FaultCode } from './fault-codes.ts'
import type { Findings } from './report.ts'

/**
 * How long a point may go by a policy or a label that is no longer the last: it asks every few seconds, and denies at the
 * latest past the longest bound of a grant (GRT-9) without a control plane.
 */
const LAG_MS = 900_000

/** How far the clock of a point may run ahead of the log's. */
const AHEAD_MS = 60_000

/** Something in force from a time on, in the order of the log. */
interface Reign<T> {
  readonly from_ms: number
  readonly value: T
}

export function checkFlow(
  crypto: Crypto,
  history: History,
  judge: ApprovalJudge,
  allows: ProvenAllows,
  findings: Findings,
): void {
  const has = allows.some(({ receipt }) => receipt.flow !== undefined)
  if (history.domains.length > 0 || has)
    findings.check('memory domains had one holder at a time, and what was read in them stayed', () => {
      const { count, holds } = checkDomains(crypto, history, judge, findings)
      return count + checkDomainReceipts(allows, holds, findings)
    })
  if (has || history.labels.some(({ entry }) => entry.type === 'flow_policy.approved'))
    findings.check('what rules on flow objected to went out only where somebody had agreed', () =>
      checkEndorsed(history, allows, findings),
    )
}

/** @returns how many allows there are to check */
function checkEndorsed(history: History, allows: ProvenAllows, findings: Findings): number {
  const policies = policiesOf(history)
  const labels = new Labels(history)
  for (const { index, receipt } of allows) {
    const add = (code: FaultCode, message: string): void => findings.add({ code, message, index })
    const inForce = atTime(policies, receipt)
    const { flow } = receipt
    if (flow === undefined) {
      if (inForce.every(({ mode }) => mode !== 'off'))
        add('FLOW_MISSING', 'allowed without rules on flow, which were in force')
      continue
    }
    // Of a point that has rules speak it is known that its policy is not off.
    const modes = new Set(inForce.map(({ mode }) => mode).filter((mode) => mode !== 'off'))
    if (modes.size === 0 || modes.has('observe')) continue
    for (const one of flow.basis) {
      const fault = unendorsed(history, receipt, one, inForce)
      if (fault !== null) add('FLOW_UNENDORSED', `allowed against the rule on ${one.rule}: ${fault}`)
    }
    if (leavesOutSink(flow, labels.at(receipt)))
      add(
        'FLOW_UNENDORSED',
        'allowed with data above what the tool accepts, and the rule on that is left out',
      )
  }
  return allows.length
}

function unendorsed(
  history: History,
  { approval, server, tool }: DecisionReceipt,
  { argument, rule, verdict }: BasisRecord,
  inForce: readonly FlowPolicy[],
): string | null {
  if (verdict === 'passes') return null
  if (verdict === 'objects') return 'nobody agreed'
  const { endorsed_by } = verdict
  if (endorsed_by !== approval) {
    const isNamed = inForce.some(({ policies = [] }) =>
      policies.some(
        (each) =>
          each.name === endorsed_by &&
          each.server === server &&
          each.tool === tool &&
          mayCover(each.argument, argument),
      ),
    )
    return isNamed ? null : `no policy of this tool and argument is called ${endorsed_by}`
  }
  const told = history.asked.get(approval)?.entry.body.flow
  const isTold = told?.basis.some(
    (each) => each.rule === rule && each.argument === argument && each.verdict === 'objects',
  )
  return isTold === true || mayHaveLeftOut(told) ? null : 'who approved was not told of it'
}

/** FLW-9: a policy is of values, and the call as a whole is none. What RCP-11 hides of a pointer, or cuts off, may fit. */
function mayCover(policy: string, argument: string | null): boolean {
  if (argument === null || argument === '') return false
  const tokens = argument.split('/')
  const pattern = policy.split('/')
  if (argument.length >= BASIS_TEXT_MAX) return true
  const fits = (token: string, at: number): boolean =>
    token === '*' || tokens[at] === '*' || token === tokens[at]
  return pattern.length <= tokens.length && pattern.every(fits)
}

/** RCP-11: those that object come first, so what passes stands there only when none of them was left out. */
function mayHaveLeftOut(told: FlowRecord | undefined): boolean {
  return told?.left_out !== undefined && told.basis.every(({ verdict }) => verdict !== 'passes')
}

/** FLW-7, as far as receipts tell. @param labels those that may have been in force */
function leavesOutSink({ basis, taint }: FlowRecord, labels: readonly ToolLabel[]): boolean {
  // It comes first of all that object, and so is never among those for which there was no room.
  if (basis.some(({ rule }) => rule === 'sink')) return false
  return labels.every(({ accepts, effect }) => effect !== 'none' && isAbove(taint.level, accepts))
}

export function policiesOf(history: History): readonly Reign<FlowPolicy>[] {
  const proposed = new Map<number, FlowPolicy>()
  const reigns: Reign<FlowPolicy>[] = [{ from_ms: -Infinity, value: NO_FLOW_POLICY }]
  for (const { index, entry } of history.labels) {
    if (entry.type === 'flow_policy.proposed') proposed.set(index, entry.body.policy)
    const value = entry.type === 'flow_policy.approved' ? proposed.get(entry.body.act.proposal) : undefined
    if (value !== undefined) reigns.push({ from_ms: Date.parse(entry.time), value })
  }
  return reigns
}

/** What a point may have gone by when it wrote the receipt. */
export function atTime<T>(reigns: readonly Reign<T>[], { time }: DecisionReceipt): T[] {
  const now = Date.parse(time)
  return reigns
    .filter(
      ({ from_ms }, at) => from_ms <= now + AHEAD_MS && (reigns[at + 1]?.from_ms ?? Infinity) >= now - LAG_MS,
    )
    .map(({ value }) => value)
}

export class Labels {
  readonly #tools: ReadonlyMap<string, string>
  /** By tool and definition. */
  readonly #reigns = new Map<string, Reign<ToolLabel>[]>()

  constructor({ labels, tools }: History) {
    this.#tools = new Map(
      tools.map(({ entry }) => [`${entry.body.server}\n${entry.body.tool}`, entry.subject ?? '']),
    )
    const proposed = new Map<
      number,
      Extract<History['labels'][number]['entry'], { type: 'label.proposed' }>
    >()
    for (const { index, entry } of labels) {
      if (entry.type === 'label.proposed') proposed.set(index, entry)
      if (entry.type !== 'label.approved') continue
      for (const { tool, definition_hash, label } of proposed.get(entry.body.act.proposal)?.body.labels ??
        []) {
        const key = `${tool} ${definition_hash}`
        const unlabelled = { from_ms: -Infinity, value: UNLABELLED }
        const reigns = this.#reigns.get(key) ?? [unlabelled]
        reigns.push({ from_ms: Date.parse(entry.time), value: label })
        this.#reigns.set(key, reigns)
      }
    }
  }

  /** Of a method nobody says more than that it reads (ENF-7). */
  at(receipt: DecisionReceipt): readonly ToolLabel[] {
    const { server, tool, definition_hash } = receipt
    if (isMethodAction(tool)) return [{ ...UNLABELLED, effect: 'none' }]
    const reigns = this.#reigns.get(`${this.#tools.get(`${server}\n${tool}`) ?? ''} ${definition_hash ?? ''}`)
    return reigns === undefined ? [UNLABELLED] : atTime(reigns, receipt)
  }
}
