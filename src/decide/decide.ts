/**
 * The decision: a pure function of the verified chain, the call, the tool's registration, the revocation state and
 * now. spec/enforcement.md, Decision. Nothing is read, written or remembered here.
 * @module
 */
import type { JsonObject } from '../core/json.ts'
import type { DataLabel, ToolLabel } from '../core/label.ts'
import { seconds } from '../core/time.ts'
import type { Freshness, Reservation } from '../log/receipt.ts'
import {
  constraintsMet,
  couldBeMet,
  grantNames,
  labelFault,
  resourcesFault,
  type Grant,
  type Limit,
} from '../token/grant.ts'
import { isMethodAction } from '../token/method-action.ts'
import { asks, boundOf, lastOf, lineageOf, type LineageStep } from '../token/lineage.ts'
import type { Handle } from '../token/handles.ts'
import type { DecidedChain } from '../token/verify.ts'
import { fieldsOf, strictestOf } from './flow/fields.ts'
import { measure, resourcesOf, type Measures } from './measure.ts'
import type { Reason } from './reasons.ts'

/** What the decision sees of the revocation state. */
export interface RevocationView {
  isRevoked(handle: Handle): boolean
  /** The same of all handles of a chain, where the view remembers what it found of them. */
  isAnyRevoked?(handles: DecidedChain['handles']): boolean
  /** Whether this version of a tool is revoked (REV-3). None is where the view does not say. */
  isToolRevoked?(server: string, tool: string, definition_hash: string): boolean
  /** Whether a person is asked for calls of the agent that have an effect (ISO-9). Nobody is where the view does not say. */
  isOverseen?(agent: string): boolean
  /** Null when stale for any reason but age (REV-7). */
  freshness(): Freshness | null
}

/** What the decision sees of the kills in force. */
export interface KillView {
  /** Whether any is: usually none, and no call pays for more than this question. */
  readonly active: boolean
  /** @param call `server` is null for what is no call of a tool; `agents` of the root and of every hop */
  stops(call: {
    readonly server: string | null
    readonly systems: readonly string[]
    readonly agents: readonly { readonly id: string; readonly class: string }[]
  }): boolean
}

/** Of who decides without a kill switch. */
export const NO_KILLS: KillView = { active: false, stops: () => false }

export interface DecideInput {
  readonly chain: DecidedChain
  readonly kills: KillView
  readonly server: string
  readonly tool: string
  readonly args: JsonObject
  /** As the server lists the tool now; null when it does not. */
  readonly definition_hash: string | null
  /** As the tool was registered; null when it was not. */
  readonly registration: {
    /** The system that the tool is of. */
    readonly system?: string
    readonly definition_hash: string
    readonly measures: Measures
    /** JSON Pointers into the arguments (GRT-6). */
    readonly resources?: readonly string[]
    /** LBL-3. Null, or absent: nobody labelled it. */
    readonly label?: ToolLabel | null
  } | null
  /** The result goes to the agent by another way: nothing can be taken out of it (LBL-10). */
  readonly unseen?: boolean
  /** Systems that the tool may be of, where the registration does not say: what one of them stops is stopped. */
  readonly systems?: readonly string[]
  readonly revocations: RevocationView
  /** The point's own bound: grants may set another (GRT-9). */
  readonly bound_ms: number
  readonly now_ms: number
  /** Digest of the asking grant under which a person approved this very call (APR-12). */
  readonly approved?: string
}

export type Verdict =
  | {
      readonly decision: 'allow'
      readonly grant: string
      readonly reservations: readonly Reservation[]
      /** How old the revocation state may be when the call goes out. */
      readonly bound_ms: number
      /** Of the state that it was decided on: what its receipt says (RCP-9). */
      readonly freshness: Freshness
    }
  /** Allowed once a person approves (APR-2). */
  | { readonly decision: 'step_up'; readonly grant: string; readonly reasons: readonly Reason[] }
  | { readonly decision: 'deny'; readonly grant: string | null; readonly reasons: readonly Reason[] }

/**
 * @returns allow with what to reserve, step_up when a person has to approve first, or deny with every reason that the
 * first failing stage found.
 */
export function decide(input: DecideInput): Verdict {
  if (isKilled(input)) return { decision: 'deny', grant: null, reasons: ['KILLED'] }
  const freshness = input.revocations.freshness()
  const state = standingAt(input, freshness, loosestBound(input.chain, input.bound_ms), input)
  if (state.length > 0) return { decision: 'deny', grant: null, reasons: state }
  if (toolChanged(input)) return { decision: 'deny', grant: null, reasons: ['TOOL_CHANGED'] }

  let best: Verdict = { decision: 'deny', grant: null, reasons: ['NO_MATCHING_GRANT'] }
  for (const [digest, grant] of lastOf(input.chain).grants) {
    if (!grantNames(grant, input.server, input.tool)) continue
    const verdict = judgeGrant(input, freshness, digest)
    if (verdict.decision === 'allow') return verdict
    if (best.decision === 'deny') best = verdict
  }
  return best
}

type Callable = Pick<DecideInput, 'kills' | 'registration' | 'systems'> & {
  readonly chain: DecidedChain | null
  readonly server: string | null
}

/** KIL-2: asked before anything else. @param chain null for a caller without one: then by scope of the tool alone */
export function isKilled({ kills, chain, server, registration, systems = [] }: Callable): boolean {
  if (!kills.active) return false
  return kills.stops({
    server,
    systems: registration?.system === undefined ? systems : [registration.system],
    agents: chain?.delegations.map(({ agent }) => agent) ?? [],
  })
}

/** One definition of one tool, as a call uses it. */
export type CalledTool = Pick<DecideInput, 'server' | 'tool' | 'definition_hash'>

/**
 * Why the chain may not be used at all right now: killed, stale or revoked state, expiry. Asked before the decision and
 * again after recording, in the turn that hands the call over (REV-8).
 * @param tool null when no call is made
 */
export function standing(
  input: Pick<DecideInput, 'chain' | 'revocations' | 'bound_ms' | 'now_ms'> &
    Pick<DecideInput, 'kills' | 'registration' | 'systems'>,
  tool: CalledTool | null,
): Reason[] {
  if (isKilled({ ...input, server: tool?.server ?? null })) return ['KILLED']
  return standingAt(input, input.revocations.freshness(), input.bound_ms, tool)
}

/** Whether one of a chain's handles is revoked. */
export function isChainRevoked(view: RevocationView, handles: DecidedChain['handles']): boolean {
  return view.isAnyRevoked?.(handles) ?? handles.some((handle) => view.isRevoked(handle))
}

function isToolRevoked(view: RevocationView, called: CalledTool | null): boolean {
  if (called === null || called.definition_hash === null) return false
  return view.isToolRevoked?.(called.server, called.tool, called.definition_hash) === true
}

function standingAt(
  { chain, revocations, now_ms }: Pick<DecideInput, 'chain' | 'revocations' | 'now_ms'>,
  freshness: Freshness | null,
  bound_ms: number,
  tool: CalledTool | null,
): Reason[] {
  const reasons: Reason[] = []
  if (isChainRevoked(revocations, chain.handles) || isToolRevoked(revocations, tool)) reasons.push('REVOKED')
  if (freshness === null || freshness.age_ms > bound_ms) reasons.push('STALE_REVOCATION')
  const now = seconds(now_ms)
  if (chain.delegations.some((delegation) => delegation.ends <= now)) reasons.push('EXPIRED')
  return reasons
}

function toolChanged(input: DecideInput): boolean {
  return input.registration !== null && input.registration.definition_hash !== input.definition_hash
}

function judgeGrant(input: DecideInput, freshness: Freshness | null, digest: string): Verdict {
  const lineage = lineageOf(input.chain, digest)
  if (lineage === null) return { decision: 'deny', grant: digest, reasons: ['PARENT_GRANT_HIDDEN'] }
  const bound_ms = boundOf(lineage, input.bound_ms)
  if (freshness === null || freshness.age_ms > bound_ms) return deny(digest, 'STALE_REVOCATION')
  const reservations: Reservation[] = []
  for (const step of lineage) {
    // Ancestors are asked too: narrowing was verified, and this keeps a fault there from becoming an action.
    const fault = grantFault(input, step.grant)
    if (fault !== null) return deny(digest, fault)
    for (const limit of step.grant.limits ?? []) {
      const amount = measure(limit, input.args, input.registration?.measures ?? {})
      if (amount === null) return deny(digest, 'MEASURE_UNKNOWN')
      if (amount > limit.max) return deny(digest, limit.per === 'call' ? 'LIMIT_PER_CALL' : 'LIMIT_EXCEEDED')
      if (limit.per !== 'call') reservations.push(reservation(input, step, limit, amount))
    }
  }
  if (input.approved !== digest) {
    if (asks(lineage)) return { decision: 'step_up', grant: digest, reasons: ['APPROVAL_NEEDED'] }
    if (isOverseen(input)) return { decision: 'step_up', grant: digest, reasons: ['OVERSIGHT'] }
  }
  return { decision: 'allow', grant: digest, reservations, bound_ms, freshness }
}

/** ISO-9. */
function isOverseen({ chain, revocations, registration, tool }: DecideInput): boolean {
  if (isMethodAction(tool) || registration?.label?.effect === 'none') return false
  return isAnyOverseen(chain, revocations)
}

export function isAnyOverseen(
  { delegations }: Pick<DecideInput['chain'], 'delegations'>,
  revocations: Pick<RevocationView, 'isOverseen'>,
): boolean {
  return delegations.some(({ agent }) => revocations.isOverseen?.(agent.id) === true)
}

function grantFault(input: DecideInput, grant: Grant): Reason | null {
  if (!grantNames(grant, input.server, input.tool)) return 'NO_MATCHING_GRANT'
  if (!constraintsMet(grant, input.args)) return 'CONSTRAINT_VIOLATED'
  const resources = grant.resources === undefined ? null : resourcesOf(input.args, pointersOf(input))
  return resourcesFault(grant, resources) ?? shownFault(input, grant)
}

/** GRT-7, LBL-10: some part of what the tool returns is for the agent to see; what is not is taken out. */
function shownFault({ registration, unseen = false }: DecideInput, grant: Grant): Reason | null {
  const label = registration?.label ?? null
  const whole = labelFault(grant, label?.result ?? null)
  if (label === null || (grant.clearance === undefined && grant.categories === undefined)) return whole
  const parts: readonly DataLabel[] = unseen
    ? [strictestOf(label)]
    : fieldsOf(label).map((field) => field.label)
  const faults = parts.map((part) => labelFault(grant, part))
  return faults.includes(null) ? null : (whole ?? faults[0] ?? null)
}

/** A method has no registration: what it touches is its `uri` (MCP-7). */
const METHOD_RESOURCES = ['/uri']

function pointersOf({ tool, registration }: DecideInput): readonly string[] | undefined {
  return isMethodAction(tool) ? METHOD_RESOURCES : registration?.resources
}

/** The longest bound of a grant that could be used: past it nothing of the chain is allowed. */
export function loosestBound(chain: DecidedChain, bound_ms: number): number {
  let loosest = bound_ms
  for (const [digest, grant] of lastOf(chain).grants) {
    if (grant.bound === undefined) continue
    loosest = Math.max(loosest, boundOf(lineageOf(chain, digest) ?? [], bound_ms))
  }
  return loosest
}

function deny(grant: string, reason: Reason): Verdict {
  return { decision: 'deny', grant, reasons: [reason] }
}

/** NRW-4: for every ancestor. The period is that of the lease (LIM-4). */
function reservation({ chain }: DecideInput, step: LineageStep, limit: Limit, amount: number): Reservation {
  return {
    amount,
    grant: step.digest,
    iss: chain.iss,
    jti: step.delegation.jti,
    max: limit.max,
    measure: limit.measure,
    per: limit.per,
    unit: limit.unit,
  }
}

/**
 * Whether some disclosed grant names the tool or the method: what a list may show (MCP-4).
 * @param known arguments that a call of it would have for certain (MCP-9)
 */
export function isNamed(chain: DecidedChain, server: string, tool: string, known?: JsonObject): boolean {
  return [...lastOf(chain).grants.values()].some(
    (grant) => grantNames(grant, server, tool) && (known === undefined || couldBeMet(grant, known)),
  )
}
