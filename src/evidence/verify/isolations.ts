/**
 * Oversight and isolation, recomputed: an overseen agent did nothing with an effect that nobody approved, an isolation has
 * its keys and its frames, and who let an agent go was not who owns it. spec/isolation.md (ISO-13).
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import { thumbprint } from '../../core/jwk.ts'
import { PRESET_RESPONSE, type ResponsePolicy } from '../../core/response-policy.ts'
import { stepUpOf, stepUpName } from '../../core/step-up.ts'
import { boundOf } from '../../token/lineage.ts'
import type { History } from '../history.ts'
import type { ApprovalJudge } from './approvals.ts'
import type { AllowKind, ProvenAllows } from './allows.ts'
import { Labels } from './flow.ts'
import type { Findings } from './report.ts'
import { lineageIn } from './lineages.ts'

/** The rule that drift turns its key by (ISO-3). */
const DRIFT_ALARM = 'DRIFT_ALARM'

type Logged = Extract<
  History['responses'][number],
  { entry: { type: `oversight.${string}` | `isolation.${string}` } }
>
type Of<T extends Logged['entry']['type']> = Extract<Logged, { entry: { type: T } }>

export function checkResponses(
  crypto: Crypto,
  history: History,
  judge: ApprovalJudge,
  { allows, bound_ms }: { readonly allows: ProvenAllows; readonly bound_ms: number },
  findings: Findings,
): void {
  const all = history.responses.filter((one): one is Logged => isOfAgents(one.entry.type))
  if (all.length === 0) return
  findings.check('agents were overseen and isolated for what they did, and let go by somebody else', () => {
    const judging = new ResponseJudge(crypto, history, judge)
    for (const each of all) {
      const fault = judging.faultOf(each)
      if (fault === null) continue
      const code = each.entry.type.startsWith('oversight.') ? 'OVERSIGHT_INVALID' : 'ISOLATION_INVALID'
      findings.add({ code, message: `${each.entry.subject ?? ''}: ${fault}`, index: each.index })
    }
    return all.length
  })
  findings.check('an overseen agent did nothing with an effect that nobody approved', () =>
    checkOverseen(history, allows, bound_ms, findings),
  )
}

function isOfAgents(type: string): boolean {
  return type.startsWith('oversight.') || type.startsWith('isolation.')
}

interface Standing {
  n: number
  begun: number | null
  isolated: Of<'isolation.begun'> | null
}

class ResponseJudge {
  readonly #crypto: Crypto
  readonly #history: History
  readonly #judge: ApprovalJudge
  readonly #agents = new Map<string, Standing>()
  readonly #frames: ReadonlySet<string>
  /** In the order of the log. */
  readonly #policies: readonly { readonly index: number; readonly policy: ResponsePolicy }[]

  constructor(crypto: Crypto, history: History, judge: ApprovalJudge) {
    this.#crypto = crypto
    this.#history = history
    this.#judge = judge
    this.#frames = new Set(history.frames.map(({ frame }) => `${frame.kind}:${frame.handle}`))
    const proposed = new Map<number, ResponsePolicy>()
    const policies = [{ index: -1, policy: PRESET_RESPONSE }]
    for (const { index, entry } of history.labels) {
      if (entry.type === 'response_policy.proposed') proposed.set(index, entry.body.policy)
      if (entry.type !== 'response_policy.approved') continue
      const policy = proposed.get(entry.body.act.proposal)
      if (policy !== undefined) policies.push({ index, policy })
    }
    this.#policies = policies
  }

  /** In the order of the log. */
  faultOf(each: Logged): string | null {
    const { entry } = each
    const agent = entry.subject ?? ''
    const standing = this.#agents.get(agent) ?? { n: 0, begun: null, isolated: null }
    this.#agents.set(agent, standing)
    switch (entry.type) {
      case 'oversight.begun':
        return this.#oversightFault(standing, agent, each as Of<'oversight.begun'>)
      case 'oversight.ended':
        return this.#endFault(standing, agent, each as Of<'oversight.ended'>)
      case 'isolation.begun':
        return this.#isolationFault(standing, each as Of<'isolation.begun'>)
      case 'isolation.lifted':
        return this.#liftFault(standing, agent, each as Of<'isolation.lifted'>)
    }
  }

  #oversightFault(standing: Standing, agent: string, { index, entry }: Of<'oversight.begun'>): string | null {
    const { n } = entry.body
    const isNext = standing.begun === null && n === standing.n + 1
    standing.n = n
    standing.begun = index
    if (!isNext) return `its step-up ${n} does not follow the last`
    return this.#frames.has(`step_up:${stepUpName(agent, n)}`) ? null : 'no frame tells points of its step-up'
  }

  #endFault(standing: Standing, agent: string, { index, entry }: Of<'oversight.ended'>): string | null {
    const { act } = entry.body
    const isIt = standing.begun === act.begun && standing.n === act.n && act.agent === agent
    standing.begun = null
    if (!isIt) return 'what ends its step-up names another one'
    return this.#approvalFault(agent, { index, entry })
  }

  #isolationFault(standing: Standing, each: Of<'isolation.begun'>): string | null {
    const { index, entry } = each
    const { keys, incident } = entry.body
    standing.isolated = each
    const opened = this.#history.responses.find(
      (one) => one.entry.type === 'incident.opened' && one.entry.subject === incident,
    )
    if (opened === undefined || opened.index > index) return 'its isolation has no incident'
    if (keys.some((key) => key.entries.length === 0 || key.entries.some((at) => at >= index)))
      return 'its isolation names no entry before it'
    if (this.#isFreed(entry.subject ?? '', index))
      return 'it was activated, and nobody had lifted its isolation'
    if (!this.#isCutOff(each)) return 'its keys were not all revoked with its isolation'
    if (entry.actor.kind === 'person') return null
    const { isolate, signs } = this.#policies.findLast((one) => one.index < index)?.policy ?? PRESET_RESPONSE
    const has = (key: 'drift' | 'sign'): boolean => keys.some((one) => one.key === key)
    const isAllowed = {
      two_keys: has('drift') && has('sign'),
      drift: has('drift'),
      sign: has('sign'),
      either: keys.length > 0,
      never: false,
    }[isolate]
    if (!isAllowed) return `its isolation has not the keys that the policy asks for (${isolate})`
    const isSign = keys.every(({ key, rule }) =>
      key === 'drift' ? rule === DRIFT_ALARM : signs.includes(rule),
    )
    if (!isSign) return 'its isolation names a sign that is none'
    const agent = entry.subject ?? ''
    const isOther = keys.some(
      ({ key, entries }) => key === 'sign' && entries.some((at) => this.#isOfOther(at, agent)),
    )
    return isOther ? 'its isolation names a receipt of another agent' : null
  }

  /** ISO-4. */
  #isOfOther(at: number, agent: string): boolean {
    const receipt = this.#history.table.receiptAt(at)
    return receipt !== null && (receipt.kind !== 'decision' || receipt.agent !== agent)
  }

  /** ISO-6: by frames of the same transaction, or by earlier ones. */
  #isCutOff({ index, entry }: Of<'isolation.begun'>): boolean {
    const agent = this.#history.agents.get(entry.subject ?? '')
    const wasSuspended = agent?.changes.findLast((change) => change.index < index)?.status === 'suspended'
    const suspended = agent?.changes.find((change) => change.index > index)
    const isSuspended = suspended?.status === 'suspended' && suspended.time === entry.time
    if (!wasSuspended && !isSuspended) return false
    const time_ms = Date.parse(entry.time)
    const revoked = new Set(
      this.#history.frames
        .filter(({ frame }) => frame.kind === 'key' && frame.t <= time_ms)
        .map(({ frame }) => frame.handle),
    )
    const keys = agent?.keys.filter((key) => key.index < index) ?? []
    return keys.every((key) => revoked.has(thumbprint(this.#crypto, key.entry.body.jwk)))
  }

  #liftFault(standing: Standing, agent: string, { index, entry }: Of<'isolation.lifted'>): string | null {
    const { act } = entry.body
    const { isolated } = standing
    standing.isolated = null
    const isIt =
      isolated?.index === act.begun && isolated.entry.body.incident === act.incident && act.agent === agent
    if (!isIt) return 'what lifts its isolation names another one'
    if (!this.#isExplained(act.incident, index)) return 'nobody had contained and explained its incident'
    return this.#approvalFault(agent, { index, entry })
  }

  /** ISO-11. */
  #isExplained(incident: string, before: number): boolean {
    const of = this.#history.responses.filter((one) => one.index < before && one.entry.subject === incident)
    const isContained = of.some(({ entry }) => entry.type === 'incident.contained')
    return (
      isContained && of.some(({ entry }) => entry.type === 'incident.noted' && entry.body.phase === 'cause')
    )
  }

  /** ISO-11: an agent that is active again was let go before. */
  #isFreed(agent: string, begun: number): boolean {
    const freed = this.#history.agents
      .get(agent)
      ?.changes.find(({ index, status }) => index > begun && status === 'activated')
    if (freed === undefined) return false
    return !this.#history.responses.some(
      ({ index, entry }) =>
        entry.type === 'isolation.lifted' && entry.body.act.begun === begun && index < freed.index,
    )
  }

  #approvalFault(
    agent: string,
    approval: Pick<Of<'oversight.ended'> | Of<'isolation.lifted'>, 'index' | 'entry'>,
  ): string | null {
    const owner = this.#history.agents.get(agent)?.proposal.entry.body.owner
    return (
      this.#judge.gestureFault(approval) ??
      this.#judge.separationFault(approval.entry.body, owner === approval.entry.body.act.approver)
    )
  }
}

interface Overseen {
  readonly from_ms: number
  until_ms: number
}

/** By the times of frames, as for revocations (REV-9). */
function checkOverseen(history: History, allows: ProvenAllows, point_ms: number, findings: Findings): number {
  const spans = new Map<string, Overseen[]>()
  for (const { frame } of history.frames) {
    const named = stepUpOf(frame.handle)
    if (named === null || (frame.kind !== 'step_up' && frame.kind !== 'step_down')) continue
    const of = spans.get(named.agent) ?? []
    spans.set(named.agent, of)
    if (frame.kind === 'step_up') of.push({ from_ms: frame.t, until_ms: Infinity })
    else {
      const last = of.at(-1)
      if (last !== undefined) last.until_ms = frame.t
    }
  }
  const labels = new Labels(history)
  let checked = 0
  const isOfThese = ({ chain }: AllowKind): boolean =>
    chain.delegations.some(({ agent }) => spans.has(agent.id))
  for (const { index, receipt, chain } of allows.where(isOfThese)) {
    const { freshness, approval } = receipt
    const within = chain.delegations.flatMap(({ agent }) => spans.get(agent.id) ?? [])
    if (within.length === 0 || freshness === null) continue
    checked++
    const bound_ms = boundOf(lineageIn(chain, receipt.grant) ?? [], point_ms)
    const decided_ms = freshness.t + freshness.age_ms
    const isOverseen = within.some(
      ({ from_ms, until_ms }) => decided_ms > from_ms + bound_ms && decided_ms < until_ms,
    )
    if (!isOverseen || approval !== undefined) continue
    if (labels.at(receipt).some(({ effect }) => effect === 'none')) continue
    const message = 'allowed without an approval while its agent was overseen'
    findings.add({ code: 'OVERSIGHT_IGNORED', message, index })
  }
  return checked
}
