/**
 * One call judged: who calls, what `decide` says, what the rules on flow make of it, whether what it releases is held, and
 * its place among those that wait for a person. spec/enforcement.md, Decision; spec/outputs.md (OUT-3).
 * @module
 */
import { decide, isKilled } from '../decide/decide.ts'
import type { HeldCall } from './approvals.ts'
import type { Authenticated } from './authenticate.ts'
import { holdIfAsked } from './hold.ts'
import { deniedTo, type Judged } from './judged.ts'
import type { PointOptions } from './point-options.ts'
import type { PointView } from './point-view.ts'
import type { CallRequest } from './types.ts'

export class Judging {
  readonly #o: Pick<PointOptions, 'approvals' | 'flow' | 'outputs'>
  readonly #view: PointView

  constructor(options: Pick<PointOptions, 'approvals' | 'flow' | 'outputs'>, view: PointView) {
    this.#o = options
    this.#view = view
  }

  /** @returns a promise only where a memory domain has to be waited for (FLW-13) */
  first(request: CallRequest, action: string): Judged | Promise<Judged> {
    const authenticated = this.#view.caller(request)
    const hold = (judged: Judged): Judged => holdIfAsked(this.#o.approvals, judged, request, action)
    const judged = this.#flowing(() => this.#decided(authenticated, request), request)
    return judged instanceof Promise ? judged.then(hold) : hold(judged)
  }

  /** APR-12. @param held as a person approved it */
  again(authenticated: Authenticated, request: CallRequest, held: HeldCall): Judged | Promise<Judged> {
    return this.#flowing(() => this.#decided(authenticated, request, held.call.grant), request, held)
  }

  #flowing(decided: () => Judged, request: CallRequest, held?: HeldCall): Judged | Promise<Judged> {
    const { flow, outputs } = this.#o
    const judged = flow === undefined ? decided() : flow.judge(decided, request, held)
    if (outputs === undefined) return judged
    const gated = (one: Judged): Judged => outputs.gated(one, request, held)
    return judged instanceof Promise ? judged.then(gated) : gated(judged)
  }

  /** @param approved the asking grant under which a person approved it */
  #decided(authenticated: Authenticated, request: CallRequest, approved?: string): Judged {
    const tool = this.#view.tool(request)
    const { server } = request
    if (isKilled({ ...tool, server, chain: authenticated.chain }))
      return deniedTo(authenticated, null, ['KILLED'])
    if (authenticated.reason !== null || authenticated.chain === null) {
      return deniedTo(authenticated, null, [authenticated.reason ?? 'NO_CHAIN'])
    }
    const verdict = decide({
      chain: authenticated.chain,
      ...tool,
      server,
      tool: request.tool,
      args: request.args,
      definition_hash: request.definition_hash,
      ...this.#view.state(authenticated.chain),
      ...(approved === undefined ? {} : { approved }),
      ...(request.sight === 'elsewhere' ? { unseen: true } : {}),
    })
    return { authenticated, verdict, debits: [] }
  }
}
