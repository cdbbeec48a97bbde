/**
 * The auditor's three questions, answered for any action from what the log says: who authorized the agent, under what
 * scope, in which entries does that stand? Pure; every action of a log is found without reading the log again.
 * @module
 */
import type { Gesture } from '../../core/gesture.ts'
import type { JsonObject } from '../../core/json.ts'
import { rfc3339 } from '../../core/time.ts'
import { sentencesOf } from '../../decide/flow/sentences.ts'
import type { DecisionReceipt } from '../../log/receipt.ts'
import type { VerifiedChain } from '../../token/verify.ts'
import type { History, LoggedReceipt } from '../history.ts'
import type { LoggedRow } from '../receipts/row.ts'
import type { ProvenAllow, ProvenAllows } from './allows.ts'
import { isForeign } from './issuers.ts'
import { lineageIn } from './lineages.ts'

export interface Story {
  readonly action: string
  readonly decisions: readonly JsonObject[]
  /** Where the call waited for a person: who decided on it. */
  readonly decided_by: readonly JsonObject[]
  readonly outcome: string
  readonly who: readonly JsonObject[]
  readonly scope: readonly JsonObject[]
  /** Indices of the entries in which all this stands, ascending. */
  readonly entries: readonly number[]
}

export class StoryBook {
  readonly #history: History
  readonly #records: ReadonlyMap<string, LoggedReceipt[]>
  readonly #chains: ReadonlyMap<string, readonly ProvenAllow[]>
  readonly #asked: ReadonlyMap<string, readonly { readonly index: number }[]>
  readonly #decided: ReadonlyMap<string, History['decidedCalls'][number][]>

  /** @param actions the stories that will be asked for: of a million, few are */
  constructor(history: History, allows: ProvenAllows, actions: readonly string[]) {
    const wanted = new Set(actions)
    const { table } = history
    // Asked by number: a text is made of each only where it is wanted.
    const ids = new Uint8Array(table.actions_n)
    for (const action of actions) {
      const id = table.idOf(action)
      if (id !== null) ids[id] = 1
    }
    const isWanted = ({ actionId }: LoggedRow): boolean => ids[actionId] === 1
    const ofWanted = <T>(from: Iterable<T>, actionOf: (each: T) => string): ReadonlyMap<string, T[]> =>
      Map.groupBy(
        filtered(from, (each) => wanted.has(actionOf(each))),
        actionOf,
      )
    this.#history = history
    this.#records = ofWanted(filtered(table.all(), isWanted), ({ receipt }) => receipt.action)
    this.#chains = ofWanted(filtered(allows, isWanted), ({ receipt }) => receipt.action)
    this.#asked = ofWanted(history.asked.values(), ({ entry }) => entry.body.action)
    this.#decided = ofWanted(history.decidedCalls, ({ entry }) => entry.body.act.action)
  }

  /** @returns null when the log has no decision of such an action */
  of(action: string): Story | null {
    const history = this.#history
    const records = this.#records.get(action) ?? []
    const decisions = records.filter(isDecision)
    const first = decisions[0]
    if (first === undefined) return null
    const outcome = records.find(({ receipt }) => receipt.kind === 'outcome')?.receipt
    const chain = this.#chains.get(action)?.[0]?.chain ?? null
    const decided = this.#decided.get(action) ?? []
    const indices = [
      ...records.map(({ index }) => index),
      ...(first.receipt.chain === null
        ? []
        : (history.chain(first.receipt.chain) ?? []).map(({ index }) => index)),
      ...(chain === null ? [] : behind(history, chain, first.index)),
      ...headIndices(history, first),
      ...(this.#asked.get(action) ?? []).map(({ index }) => index),
      ...decided.flatMap(({ index, entry: { body } }) => [
        index,
        body.gesture.registration,
        endorsementOf(history, body.gesture)?.index ?? -1,
      ]),
    ].filter((index) => index >= 0)
    return {
      action,
      decisions: decisions.map(({ index, receipt }) => describe(index, receipt)),
      decided_by: decided.map((one) => decidedBy(history, one)),
      outcome: outcome?.kind === 'outcome' ? outcome.outcome : 'none recorded',
      who: chain === null ? [] : whoAuthorized(history, chain),
      scope: chain === null ? [] : underWhatScope(chain, first.receipt),
      entries: [...new Set(indices)].sort((a, b) => a - b),
    }
  }
}

function* filtered<T>(from: Iterable<T>, isWanted: (each: T) => boolean): Generator<T> {
  for (const each of from) if (isWanted(each)) yield each
}

type LoggedDecision = LoggedReceipt & { readonly receipt: DecisionReceipt }

function isDecision(logged: LoggedReceipt): logged is LoggedDecision {
  return logged.receipt.kind === 'decision'
}

/** What stands in this log behind a chain: of another issuer's, that it was proposed and trusted, and as what. */
function behind(history: History, chain: VerifiedChain, before: number): number[] {
  if (isForeign(history, chain)) {
    const trusted = history.issuers.filter(
      ({ index, entry }) =>
        index < before && entry.type === 'issuer.trusted' && entry.body.act.issuer.iss === chain.root.iss,
    )
    const last = trusted.at(-1)
    const proposal = last?.entry.type === 'issuer.trusted' ? last.entry.body.act.proposal : -1
    return history.issuers.map(({ index }) => index).filter((at) => at === last?.index || at === proposal)
  }
  return [
    ...chain.root.gestures.flatMap((gesture) => [
      gesture.registration,
      endorsementOf(history, gesture)?.index ?? -1,
    ]),
    ...issueIndices(history, chain.root.jti),
    ...chain.delegations.flatMap(({ agent }) => agentIndices(history, agent.id)),
  ]
}

/** The delegation, the template that bounded it, and the proposal of that. */
function issueIndices(history: History, jti: string): number[] {
  const issued = history.delegations.get(jti)
  if (issued === undefined) return []
  const { template } = issued.entry.body
  const inForce = history.templates.find(({ index }) => index === template)?.entry
  const proposal = inForce?.type === 'template.approved' ? inForce.body.act.proposal : -1
  return [issued.index, template, proposal]
}

/** Who asked for the agent and who approved it. */
function agentIndices(history: History, id: string): number[] {
  const agent = history.agents.get(id)
  return agent === undefined ? [] : [agent.proposal.index, agent.approval?.index ?? -1]
}

function headIndices(history: History, logged: LoggedDecision): number[] {
  const stream = history.streams.get(`${logged.receipt.point}/${logged.receipt.epoch}`)
  const covering = stream?.heads.find(({ signed }) => signed.head.seq >= logged.receipt.seq)
  return covering === undefined ? [] : [covering.index]
}

function describe(index: number, receipt: DecisionReceipt): JsonObject {
  const { time, decision, reasons, agent, server, tool, point, binding, placement, freshness, args_commit } =
    receipt
  const { flow } = receipt
  return {
    index,
    time,
    decision,
    reasons,
    agent,
    server,
    tool,
    point,
    binding,
    placement,
    freshness,
    args_commit,
    // Without values: arguments are in no log.
    ...(flow === undefined ? {} : { flow, why: sentencesOf(flow.basis, {}) }),
  }
}

function whoAuthorized(history: History, chain: VerifiedChain): JsonObject[] {
  const foreign = isForeign(history, chain)
  return chain.root.gestures.map((gesture) => ({
    issuer: chain.root.iss,
    role: gesture.role,
    authorized: rfc3339(chain.root.auth_time * 1000),
    registration: gesture.registration,
    // Handles and entries of another issuer's name nobody here, even if somebody here has the same (KEY-8).
    ...(foreign ? strangerBehind(chain) : personBehind(history, chain, gesture)),
    agents: chain.delegations.map((delegation) => delegation.agent.id),
  }))
}

function decidedBy(history: History, { index, entry }: History['decidedCalls'][number]): JsonObject {
  const { act, gesture, acted_alone } = entry.body
  const passkey = history.passkeys.by(gesture)
  return {
    index,
    time: entry.time,
    approval: act.approval,
    decision: act.decision,
    person: passkey?.person ?? 'unknown',
    by: passkey?.credential.amr ?? [],
    endorsed_by: endorsementOf(history, gesture)?.entry.body.act.endorser ?? 'nobody',
    acted_alone,
  }
}

function strangerBehind(chain: VerifiedChain): JsonObject {
  return { person: 'unknown', by: chain.root.amr, endorsed_by: 'unknown' }
}

function personBehind(history: History, chain: VerifiedChain, gesture: Gesture): JsonObject {
  const passkey = history.passkeys.by(gesture)
  return {
    person: passkey?.person ?? 'unknown',
    by: passkey?.credential.amr ?? chain.root.amr,
    endorsed_by: endorsementOf(history, gesture)?.entry.body.act.endorser ?? 'nobody',
  }
}

/** Of the registration on which the passkey hangs. */
function endorsementOf(history: History, gesture: Gesture): History['endorsements'][number] | undefined {
  const { registration = gesture.registration } = history.passkeys.by(gesture) ?? {}
  return history.endorsements.find(({ entry }) => entry.body.act.registration === registration)
}

function underWhatScope(chain: VerifiedChain, receipt: DecisionReceipt): JsonObject[] {
  const lineage = lineageIn(chain, receipt.grant) ?? []
  return [...chain.delegations].reverse().map((delegation, i) => ({
    delegation: delegation.jti,
    agent: delegation.agent.id,
    from: rfc3339(delegation.nbf * 1000),
    until: rfc3339(delegation.exp * 1000),
    grant: lineage[i] === undefined ? null : (lineage[i].grant as unknown as JsonObject),
  }))
}
