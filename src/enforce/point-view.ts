/** What a point knows now of what a call stands on: who calls, kills, revocations, registrations. spec/enforcement.md. @module */
import { isAnyOverseen, isNamed, loosestBound, standing } from '../decide/decide.ts'
import type { CalledTool, DecideInput, RevocationView } from '../decide/decide.ts'
import type { Reason } from '../decide/reasons.ts'
import type { Freshness } from '../log/receipt.ts'
import type { DecidedChain } from '../token/verify.ts'
import type { Authenticated } from './authenticate.ts'
import { knownCaller } from './known-caller.ts'
import type { PointOptions } from './point-options.ts'
import type { CallRequest, Shown, Viewer } from './types.ts'

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

  /** @returns null when the state is older than that, or stale for another reason */
  freshnessWithin({ iss }: DecidedChain, bound_ms: number): Freshness | null {
    const freshness = this.#o.revocations(iss).freshness()
    return freshness !== null && freshness.age_ms <= bound_ms ? freshness : null
  }

  caller(request: CallRequest): Authenticated {
    return knownCaller(this.#o, request)
  }

  /** Why nothing under the delegation of that viewer is allowed now: of a chain that does not hold, the one reason. */
  standingOf(viewer: Viewer): readonly Reason[] {
    const { reason, chain } = this.#o.authenticator.viewed(viewer)
    return reason === null ? this.standing(chain, null) : [reason]
  }

  /** ISO-9. */
  isOverseen(chain: DecidedChain): boolean {
    return isAnyOverseen(chain, this.#o.revocations(chain.iss))
  }

  isVisible(viewer: Viewer, server: string, name: string, shown: Shown = {}): boolean {
    const { chain } = this.#o.authenticator.viewed(viewer)
    const { args, definition_hash } = shown
    const tool = { server, tool: name, definition_hash: definition_hash ?? null }
    if (definition_hash !== undefined && this.isHeldBack(tool)) return false
    return chain !== null && this.standing(chain, tool).length === 0 && isNamed(chain, server, name, args)
  }

  /** MCP-12. */
  isHeldBack({ server, tool, definition_hash }: CalledTool): boolean {
    const pinned = this.#o.registration(server, tool)
    return pinned !== null && pinned.definition_hash !== definition_hash
  }
}
