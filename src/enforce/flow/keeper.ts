/**
 * Flow rules at the enforcement point: what was read is remembered, and calls are held against it. spec/flow.md,
 * spec/enforcement.md (ENF-3 to ENF-6). Invariant: a call that rules object to goes out only if it was endorsed.
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import { MEMORY_BYTES, type FlowPolicy } from '../../core/flow-policy.ts'
import { TOP, type ToolLabel } from '../../core/label.ts'
import { sentencesOf } from '../../decide/flow/sentences.ts'
import { judgeBeside, judgeFlow, REASON_OF } from '../../decide/flow/rules.ts'
import { isBeside, type Basis } from '../../decide/flow/types.ts'
import { lineageOf } from '../../token/lineage.ts'
import { isMethodAction } from '../../token/method-action.ts'
import type { DecidedChain } from '../../token/verify.ts'
import type { HeldCall } from '../approvals.ts'
import type { BasisKeeper } from '../basis/basis-keeper.ts'
import { deniedAs, type Judged } from '../judged.ts'
import type { CallRequest, Objection } from '../types.ts'
import type { DomainStay, Domains } from './domains.ts'
import { FlowCall, type Domain } from './flow-call.ts'
import { Memories } from './memories.ts'
import { DomainPseudonyms } from './pseudonyms.ts'
import { namesIn, recordOf, type KnownNames } from './record.ts'
import { sightOf } from './redact.ts'

export interface FlowKeeperOptions {
  readonly crypto: Crypto
  /** In force now (FLW-10). */
  readonly policy: () => FlowPolicy
  /** Of the tool as it is registered; null: nobody labelled it. */
  readonly label: (server: string, tool: string) => ToolLabel | null
  readonly domains: Domains
  /** Without it nobody asks on what basis personal data is touched. */
  readonly bases?: BasisKeeper
}

/** A request that is no call of a tool (MCP-7): it reads, and nobody says what (LBL-5). */
const METHOD_LABEL: ToolLabel = { v: 1, result: TOP, effect: 'none', accepts: 'public', destination: [''] }

const NO_NAMES: KnownNames = { ofArguments: new Set(), ofResult: () => new Set() }

export class FlowKeeper {
  readonly #o: FlowKeeperOptions
  readonly #memories = new Memories()
  readonly #pseudonyms: DomainPseudonyms

  constructor(options: FlowKeeperOptions) {
    this.#o = options
    this.#pseudonyms = new DomainPseudonyms(options.crypto)
  }

  /**
   * What `decide` decides, with what the rules make of it. Synchronous while this point holds the domains of the chain.
   * @param decided is asked again once domains were waited for. @param approved as a person approved it
   */
  judge(decided: () => Judged, request: CallRequest, approved?: HeldCall): Judged | Promise<Judged> {
    const { bases } = this.#o
    const decide = bases === undefined ? decided : (): Judged => bases.judge(decided(), request)
    const judged = decide()
    const { chain } = judged.authenticated
    if (chain === null || judged.verdict.decision === 'deny') return judged
    if (this.#o.policy().mode === 'off') return this.#unwatched(judged, chain, request)
    const agents = agentsOf(chain)
    const stay = this.#o.domains.enter(agents)
    if (stay !== null) return this.#inside(stay, () => judged, chain, request, approved)
    return this.#o.domains
      .obtain(agents)
      .then((obtained) =>
        obtained === null
          ? this.#elsewhere(decide(), chain, request)
          : this.#inside(obtained, decide, chain, request, approved),
      )
  }

  /** Whatever goes wrong, nobody stays in a domain for it. */
  #inside(
    stay: DomainStay,
    decide: () => Judged,
    chain: DecidedChain,
    request: CallRequest,
    approved: HeldCall | undefined,
  ): Judged {
    try {
      return this.#within(stay, decide(), chain, request, approved)
    } catch (error) {
      stay.leave()
      throw error
    }
  }

  /**
   * Labels hold without rules on flow, too: what a grant does not let its agent see is taken out. And what the call goes on
   * with may come when rules are in force.
   */
  #unwatched(judged: Judged, chain: DecidedChain, request: CallRequest): Judged {
    return { ...judged, call: this.#call(judged, chain, request, null) }
  }

  #elsewhere(judged: Judged, chain: DecidedChain, request: CallRequest): Judged {
    if (judged.verdict.decision === 'deny') return judged
    if (this.#o.policy().mode !== 'observe') return deniedAs(judged, ['DOMAIN_ELSEWHERE'])
    return { ...this.#unwatched(judged, chain, request), flow: recordOf([], TOP, NO_NAMES) }
  }

  #within(
    stay: DomainStay,
    judged: Judged,
    chain: DecidedChain,
    request: CallRequest,
    approved: HeldCall | undefined,
  ): Judged {
    const { mode, policies = [] } = this.#o.policy()
    const domain = this.#in(stay)
    const { server, tool, args, beside = {} } = request
    const { instruction = null } = chain
    const label = this.#labelOf(request)
    const verdict = judgeFlow({
      server,
      tool,
      args,
      beside,
      label,
      memory: domain.memory,
      instruction,
      policies,
    })
    const basis = verdict.basis.map((one) =>
      isApproved(one, judged, approved) ? endorsedBy(one, approved) : one,
    )
    const against = basis.filter((one) => one.verdict === 'objects')
    const seen = {
      ...judged,
      flow: recordOf(basis, domain.memory.taint, this.#knownNames(judged, chain, request)),
      objections: new Set(against.map(nameOf)),
      why: sentencesOf(against, args, mode === 'deny' ? 'nobody' : 'person'),
      call: this.#call(judged, chain, request, domain),
    }
    if (against.length === 0 || mode === 'observe' || judged.verdict.decision === 'deny') return seen
    const { grant } = judged.verdict
    const reasons = [...new Set(against.map(({ rule }) => REASON_OF[rule]))]
    if (mode === 'deny' || approved !== undefined || against.some(isBeside))
      return { ...seen, verdict: { decision: 'deny', grant, reasons } }
    const asked = judged.verdict.decision === 'step_up' ? judged.verdict.reasons : []
    return {
      ...seen,
      verdict: { decision: 'step_up', grant: judged.verdict.grant, reasons: [...asked, ...reasons] },
    }
  }

  #call(judged: Judged, chain: DecidedChain, request: CallRequest, domain: Domain | null): FlowCall {
    const agents = agentsOf(chain)
    const label = this.#labelOf(request)
    const { instruction = null } = chain
    return new FlowCall({
      request,
      policy: this.#o.policy,
      label,
      sight: () => sightOf(lineageOf(chain, judged.verdict.grant) ?? []),
      bases: judged.bases,
      pseudonyms: () => this.#pseudonyms.of(`${agents[0]} ${domain?.stay.domains[0]?.turn ?? 0}`),
      domain,
      enter: async () => {
        const stay = this.#o.domains.enter(agents) ?? (await this.#o.domains.obtain(agents))
        return stay === null ? null : this.#in(stay)
      },
      judge: (beside, { memory }) => objectionOf(judgeBeside({ label, memory, instruction, beside })),
    })
  }

  /** RCP-11: what labels, policies and grants call fields. */
  #knownNames(judged: Judged, chain: DecidedChain, { server, tool }: CallRequest): KnownNames {
    const { policies = [] } = this.#o.policy()
    const label = this.#o.label(server, tool)
    const steps = lineageOf(chain, judged.verdict.grant) ?? []
    return {
      ofArguments: new Set([
        ...namesIn(label?.destination ?? []),
        ...namesIn(policies.flatMap((each) => (each.tool === tool ? [each.argument] : []))),
        ...steps.flatMap(({ grant }) => Object.keys(grant.constraints ?? {})),
      ]),
      ofResult: (from, of) => namesIn(Object.keys(this.#o.label(from, of)?.result.fields ?? {})),
    }
  }

  #in(stay: DomainStay): Domain {
    return { stay, memory: this.#memories.of(stay, this.#o.policy().memory_bytes ?? MEMORY_BYTES) }
  }

  #labelOf({ server, tool }: CallRequest): ToolLabel | null {
    return this.#o.label(server, tool) ?? (isMethodAction(tool) ? METHOD_LABEL : null)
  }
}

function agentsOf({ delegations }: DecidedChain): readonly string[] {
  return [...new Set(delegations.map(({ agent }) => agent.id))]
}

function objectionOf(basis: readonly Basis[]): Objection | null {
  const [first] = basis
  return first === undefined ? null : { reason: REASON_OF[first.rule], why: sentencesOf(basis, {}) }
}

/** By what two judgements of a call are compared. */
function nameOf({ rule, argument }: Basis): string {
  return `${rule} ${argument ?? ''}`
}

/** FLW-9: an approval endorses what the person was told, under the grant that they signed, and nothing else. */
function isApproved(one: Basis, { verdict }: Judged, approved: HeldCall | undefined): approved is HeldCall {
  return (
    approved !== undefined &&
    one.verdict === 'objects' &&
    verdict.grant === approved.call.grant &&
    approved.call.objections?.has(nameOf(one)) === true
  )
}

function endorsedBy(one: Basis, { approval }: HeldCall): Basis {
  return { ...one, verdict: { endorsed_by: approval } }
}
