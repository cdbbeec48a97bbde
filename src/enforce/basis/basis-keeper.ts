/**
 * Bases at the enforcement point: who is asked about before a call, and what its result is held against. spec/consent.md
 * (CNS-21 to CNS-28). Invariant: under `enforce` no call goes out that names somebody without a basis.
 * @module
 */
import { purposeMark } from '../../core/consent.ts'
import type { Crypto } from '../../core/crypto.ts'
import type { FlowPolicy } from '../../core/flow-policy.ts'
import { UNLABELLED, type ToolLabel } from '../../core/label.ts'
import { seconds } from '../../core/time.ts'
import { isPersonal, purposesOf } from '../../decide/basis/personal.ts'
import type { Resolve } from '../../decide/basis/subjects.ts'
import type { BasisView, Who } from '../../decide/basis/types.ts'
import type { RevocationView } from '../../decide/decide.ts'
import type { Clock } from '../../ports/clock.ts'
import { boundOf, lineageOf, type LineageStep } from '../../token/lineage.ts'
import type { Judged } from '../judged.ts'
import type { CallRequest } from '../types.ts'
import { BasisCall } from './basis-call.ts'
import type { SubjectBook } from './book.ts'

/** What of the own control plane's revocations is asked. */
export interface SubjectRevocations extends Pick<RevocationView, 'freshness'> {
  isRevoked(handle: { readonly kind: 'consent' | 'subject'; readonly handle: string }): boolean
}

export interface BasisKeeperOptions {
  readonly crypto: Crypto
  readonly clock: Clock
  /** In force now (CNS-21). */
  readonly policy: () => Pick<FlowPolicy, 'bases'>
  /** Of the tool as it is registered, with the system that it is of. */
  readonly registration: (
    server: string,
    tool: string,
  ) => { readonly system?: string; readonly label?: ToolLabel | null } | null
  readonly book: SubjectBook
  readonly revocations: SubjectRevocations
  /** Of the point. */
  readonly bound_ms: number
}

/** Identifiers that are looked up for one call: a receipt names fewer people, and each costs a keyed digest. */
const LOOKED_UP_MAX = 4096
/** Marks of purposes that are kept: more than the vocabulary has. */
const MARKS_MAX = 1024

export class BasisKeeper {
  readonly #o: BasisKeeperOptions
  readonly #marks = new Map<string, string>()

  constructor(options: BasisKeeperOptions) {
    this.#o = options
  }

  /** @returns what was decided, with the bases that it rests on; denied where one is missing */
  judge(judged: Judged, request: CallRequest): Judged {
    const { authenticated, verdict } = judged
    const { chain } = authenticated
    if (chain === null || verdict.decision === 'deny') return judged
    const registration = this.#o.registration(request.server, request.tool)
    const label = registration?.label ?? UNLABELLED
    if (!isPersonal(label)) return judged
    const lineage = (): readonly LineageStep[] => lineageOf(chain, verdict.grant) ?? []
    const { consent = null } = chain
    const bases = new BasisCall({
      // A chain for one subject alone is held to that one, whatever the switch says (CNS-40).
      mode: () => (consent === null ? (this.#o.policy().bases ?? 'off') : 'enforce'),
      request,
      agent: chain.agent,
      label,
      purposes: () => purposesOf(lineage()),
      resolver: () => this.#resolver(registration?.system ?? null),
      view: () => this.#view(boundOf(lineage(), this.#o.bound_ms), consent),
      freshness: () => this.#o.revocations.freshness(),
    })
    const found = bases.judged()
    if (found === null) return { ...judged, bases }
    const { record, reasons } = found
    const seen = { ...judged, bases, basis: record }
    if (reasons.length === 0) return seen
    return { ...seen, verdict: { decision: 'deny', grant: verdict.grant, reasons } }
  }

  /** CNS-23. A value is looked up once, each time that the call is judged: while it waits or runs, people register. */
  #resolver(system: string | null): Resolve {
    const { book } = this.#o
    const known = new Map<string, Who>()
    return (folded) => {
      const found = known.get(folded)
      if (found !== undefined) return found
      if (known.size >= LOOKED_UP_MAX) return 'nobody'
      const systems = system === null ? [null] : [system, null]
      let who: Who = 'unknown'
      for (const each of systems) if (who === 'unknown') who = book.find(each, folded) ?? 'unknown'
      // Of one that looks like somebody's nobody can tell whose it is: no basis for strangers is used for it (CNS-43).
      if (who === 'unknown' && systems.some((each) => book.isAlike(each, folded))) who = 'nobody'
      known.set(folded, who)
      return who
    }
  }

  #view(bound_ms: number, consent: string | null): BasisView {
    const { book, clock, revocations } = this.#o
    const freshness = revocations.freshness()
    return {
      bases: book.bases,
      isRevoked: (kind, handle) => revocations.isRevoked({ kind, handle }),
      mark: (purpose) => this.#mark(purpose),
      now_s: seconds(clock.now()),
      isStale: freshness === null || freshness.age_ms > bound_ms,
      isCurrent: book.age_ms <= bound_ms,
      consent,
    }
  }

  #mark(purpose: string): string {
    const known = this.#marks.get(purpose)
    if (known !== undefined) return known
    const mark = purposeMark(this.#o.crypto, purpose)
    if (this.#marks.size >= MARKS_MAX) this.#marks.clear()
    this.#marks.set(purpose, mark)
    return mark
  }
}
