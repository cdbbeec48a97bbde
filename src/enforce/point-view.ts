/** What a point knows now of what a call stands on: who calls, kills, revocations, registrations. spec/enforcement.md. @module */
import { isNamed, loosestBound, standing } from '../decide/decide.ts'
import type { CalledTool, DecideInput, RevocationView } from '../decide/decide.ts'
import type { Reason } from '../decide/reasons.ts'
import type { DecidedChain } from '../token/verify.ts'
import { NOBODY, type Authenticated } from './authenticate.ts'
import type { PointOptions } from './point-options.ts'
import type { CallRequest } from './types.ts'

/** What ends a call that is under way, or waits: not that the state grew old (REV-12). */
const STOPS: ReadonlySet<Reason> = new Set(['KILLED', 'REVOKED'])

type ViewOptions = Pick<
  PointOptions,
  'kills' | 'registration' | 'systems' | 'revocations' | 'bound_ms' | 'clock' | 'authenticator' | 'recorder'
>

export class PointView {
  readonly #o: ViewOptions

  constructor(options: ViewOptions) {
    this.#o = options
  }

  stopping(chain: DecidedChain, call: CalledTool): readonly Reason[] {
    return this.standing(chain, call).filter((reason) => STOPS.has(reason))
  }

  /** @param bound_ms of the grant that the call uses; the loosest of the chain when none is chosen yet */
  standing(chain: DecidedChain | null, call: CalledTool | null, bound_ms?: number): readonly Reason[] {
    if (chain === null) return ['NO_CHAIN']
    const state = { ...this.state(chain), ...this.tool(call) }
    return standing({ chain, ...state, bound_ms: bound_ms ?? loosestBound(chain, state.bound_ms) }, call)
  }

  /** What kills ask of a call besides its chain. */
  tool(
    call: Pick<CalledTool, 'server' | 'tool'> | null,
  ): Pick<DecideInput, 'kills' | 'registration' | 'systems'> {
    const { kills, registration, systems } = this.#o
    const found = call === null ? null : registration(call.server, call.tool)
    return {
      kills,
      registration: found,
      ...(call !== null && found === null ? { systems: systems(call.server) } : {}),
    }
  }

  state({ iss }: DecidedChain): { revocations: RevocationView; bound_ms: number; now_ms: number } {
    const { revocations, bound_ms, clock } = this.#o
    return { revocations: revocations(iss), bound_ms, now_ms: clock.now() }
  }

  /** A session whose chain the present epoch cannot name is over: the chain has to be presented again. */
  caller(request: CallRequest): Authenticated {
    const { authenticator, recorder } = this.#o
    const authenticated = authenticator.authenticate(request)
    const { credential } = request
    const named = authenticated.record === null || recorder.canName(authenticated.record)
    if (named || credential.kind !== 'session') return authenticated
    authenticator.forget(credential.session)
    return { ...NOBODY, reason: 'SESSION_UNKNOWN' }
  }

  isVisible(session: string | null, server: string, name: string): boolean {
    const chain = this.#o.authenticator.chainOf(session)
    const tool = { server, tool: name, definition_hash: null }
    return chain !== null && this.standing(chain, tool).length === 0 && isNamed(chain, server, name)
  }
}
