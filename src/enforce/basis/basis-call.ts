/**
 * One call of a personal tool on its way: whom its arguments are about before it goes out, whom its result is about before
 * anybody has it. spec/consent.md (CNS-26 to CNS-28).
 * @module
 */
import type { FlowPolicy } from '../../core/flow-policy.ts'
import type { ToolLabel } from '../../core/label.ts'
import { judgeArguments, type JudgedArguments } from '../../decide/basis/judge.ts'
import type { Resolve } from '../../decide/basis/subjects.ts'
import { Tally } from '../../decide/basis/tally.ts'
import type { BasisReason, BasisView } from '../../decide/basis/types.ts'
import type { Freshness } from '../../log/receipt.ts'
import type { BasesRecord } from '../../log/receipt-basis.ts'
import type { Part } from '../flow/content.ts'
import type { CallRequest } from '../types.ts'
import { withhold } from './withhold.ts'

export type BasisMode = NonNullable<FlowPolicy['bases']>
/** From the least to the strictest. */
const MODES: readonly BasisMode[] = ['off', 'observe', 'enforce']

export interface BasisCallOptions {
  /** In force now (CNS-21). */
  readonly mode: () => BasisMode
  readonly request: CallRequest
  readonly agent: string
  readonly label: ToolLabel
  /** Null: the grants name none. */
  readonly purposes: () => readonly string[] | null
  /** As of now. */
  readonly resolver: () => Resolve
  /** As of now. */
  readonly view: () => BasisView
  /** By which {@link view} knows what was revoked. */
  readonly freshness: () => Freshness | null
}

/** Characters of a name in a receipt. */
const NAME_MAX = 256

export class BasisCall {
  readonly #o: BasisCallOptions
  #outcome: BasesRecord | undefined
  #strictest: BasisMode = 'off'

  constructor(options: BasisCallOptions) {
    this.#o = options
  }

  /** The strictest of what was in force since it was decided: a switch holds for what is under way, too. */
  get mode(): BasisMode {
    const now = this.#o.mode()
    if (MODES.indexOf(now) > MODES.indexOf(this.#strictest)) this.#strictest = now
    return this.#strictest
  }

  /** Of the decision. @returns null: nobody asks */
  judged(): { readonly record: BasesRecord; readonly reasons: readonly BasisReason[] } | null {
    const { mode } = this
    if (mode === 'off') return null
    const { tally } = this.#arguments()
    const { missing, used } = tally.tallied()
    return { record: { missing, mode, used }, reasons: this.#stopping(tally) }
  }

  /** Why it may not go out now, in the turn in which it would. */
  late(): readonly BasisReason[] {
    return this.mode === 'enforce' ? this.#stopping(this.#arguments().tally) : []
  }

  /** What its outcome says, once a result came by. */
  get outcome(): BasesRecord | undefined {
    return this.#outcome
  }

  /** @returns as many parts, the very same where nothing is taken out */
  take(parts: readonly Part[]): readonly Part[] {
    const { mode } = this
    if (mode === 'off') return parts
    const { label, purposes, resolver, view } = this.#o
    const resolve = resolver()
    const { subjects } = this.#arguments(resolve)
    const found = withhold(parts, { label, purposes: purposes(), subjects, resolve, view: view() })
    this.#says(mode, found.tally)
    return mode === 'enforce' ? found.parts : parts
  }

  /** A result that nobody can take apart. @returns whether it may be handed over */
  takeWhole(): boolean {
    const { mode } = this
    if (mode === 'off') return true
    const tally = new Tally()
    tally.lacks({ subject: null, purpose: null, reason: 'SUBJECT_UNRESOLVED' })
    this.#says(mode, tally)
    return mode === 'observe'
  }

  #says(mode: BasesRecord['mode'], tally: Tally): void {
    const { agent, request } = this.#o
    const { missing, used } = tally.tallied()
    const call = { agent, server: bounded(request.server), tool: bounded(request.tool) }
    const freshness = this.#o.freshness()
    this.#outcome = { call, ...(freshness === null ? {} : { freshness }), missing, mode, used }
  }

  #arguments(resolve = this.#o.resolver()): JudgedArguments {
    const { label, purposes, request, view } = this.#o
    const isSeen = request.sight === undefined
    return judgeArguments({ label, args: request.args, purposes: purposes(), isSeen, resolve, view: view() })
  }

  #stopping(tally: Tally): readonly BasisReason[] {
    return this.mode === 'enforce' && tally.hasMissing ? tally.reasons : []
  }
}

function bounded(name: string): string {
  return name.toWellFormed().slice(0, NAME_MAX).toWellFormed()
}
