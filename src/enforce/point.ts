/**
 * The enforcement point: decides, records, acts, records the outcome. spec/enforcement.md. The one place that fails
 * closed. Invariants 1 and 2: nothing runs without a verified chain and a durable receipt before it.
 * @module
 */
import { newId } from '../core/ids.ts'
import type { JsonObject } from '../core/json.ts'
import { seconds } from '../core/time.ts'
import { decide, isKilled, isNamed, loosestBound, standing } from '../decide/decide.ts'
import type { CalledTool, DecideInput, RevocationView, Verdict } from '../decide/decide.ts'
import type { Reason } from '../decide/reasons.ts'
import type { Debit } from '../log/receipt.ts'
import type { DecidedChain } from '../token/verify.ts'
import { NOBODY, type Authenticator } from './authenticate.ts'
import { CallsUnderWay, laterTurn, type Outcome } from './calls-under-way.ts'
import { deniedAs, killed, type Judged } from './judged.ts'
import { decisionFields, openingOf } from './opening.ts'
import { knownCaller } from './known-caller.ts'
import type { PointOptions } from './point-options.ts'
import type { StreamPlace } from './recorder.ts'
import type {
  CallOutcome,
  CallRequest,
  Challenge,
  OpenOutcome,
  Point,
  Shown,
  ToolResult,
  Viewer,
} from './types.ts'

/** What ends a call that is under way: not that the state grew old (REV-12). */
const STOPS: ReadonlySet<Reason> = new Set(['KILLED', 'REVOKED'])

const NOT_LOGGED: readonly Reason[] = ['NOT_LOGGED']

export class EnforcementPoint implements Point {
  readonly #o: PointOptions
  /** Outcomes that are being recorded. */
  readonly #outcomes = new Set<Promise<void>>()
  readonly #underWay = new CallsUnderWay(({ chain, request }) =>
    this.#standing(chain, request).filter((reason) => STOPS.has(reason)),
  )

  constructor(options: PointOptions) {
    this.#o = options
  }

  /** Something was revoked: calls that are under way are asked about again (REV-12). */
  revocationsChanged(): void {
    this.#underWay.recheck()
  }

  get id(): string {
    return this.#o.id
  }

  challenge(): Challenge {
    return { ...this.#o.authenticator.challenge(), audience: this.#o.id }
  }

  async open(presentation: string): Promise<OpenOutcome> {
    const opened = this.#authenticated(presentation)
    if (opened.ok) {
      const reasons = this.#standing(opened.session.chain, null)
      if (reasons.length === 0) {
        return { ok: true, session: opened.session.id, expires_at: seconds(opened.session.expires_ms) }
      }
      this.#o.authenticator.forget(opened.session.id)
      return { ok: false, reasons: (await this.refuse('', 'countersign/open', ...reasons)).reasons }
    }
    return { ok: false, reasons: (await this.refuse('', 'countersign/open', opened.reason)).reasons }
  }

  /** Whatever goes wrong in here is a denial. */
  #authenticated(presentation: string): ReturnType<Authenticator['open']> {
    try {
      return this.#o.authenticator.open(presentation)
    } catch (error) {
      this.#o.onFault(error)
      return { ok: false, reason: 'INTERNAL' }
    }
  }

  async call<T>(
    request: CallRequest,
    act: (action: string, signal: AbortSignal) => Promise<ToolResult<T>>,
  ): Promise<CallOutcome<T>> {
    const action = newId(this.#o.crypto, 'act', this.#o.clock.now())
    const judged = await this.#judgeAndRecord(request, action)
    if (judged.verdict.decision === 'deny')
      return { decision: 'deny', action, reasons: judged.verdict.reasons }
    const isLogged = await this.#isLogged(judged)
    // REV-8: once more, in the very turn in which the call goes out. No await between here and act().
    const { chain } = judged.authenticated
    const late = isLogged ? this.#standing(chain, request, judged.verdict.bound_ms) : NOT_LOGGED
    if (chain === null || late.length > 0) {
      await this.#record(request, action, deniedAs(judged, late))
      return { decision: 'deny', action, reasons: late }
    }
    const acted = await this.#underWay.run(
      { chain, request },
      (signal) => act(action, signal),
      (outcome) => this.#recordOutcome(action, outcome),
    )
    if (acted.reasons === null) return { decision: 'allow', action, result: acted.result }
    return { decision: 'deny', action, reasons: acted.reasons, underWay: true }
  }

  /** Never rejects: whatever goes wrong in here is a denial. */
  async #judgeAndRecord(request: CallRequest, action: string): Promise<Judged> {
    let judged: Judged = {
      authenticated: NOBODY,
      verdict: { decision: 'deny', grant: null, reasons: ['INTERNAL'] },
      debits: [],
    }
    try {
      let next = this.#judge(request)
      let debits = this.#debit(next)
      while (debits === null) {
        next = await this.#covered(next, request)
        debits = this.#debit(next)
      }
      // LIM-5: no await between the debit and the record.
      judged = { ...next, debits }
    } catch (error) {
      this.#o.onFault(error)
    }
    const recorded = await this.#record(request, action, judged)
    return recorded === null ? deniedAs(judged, ['NOT_RECORDED']) : { ...judged, place: recorded }
  }

  /** @param bound_ms of the grant that the call uses; the loosest of the chain when none is chosen yet */
  #standing(chain: DecidedChain | null, call: CalledTool | null, bound_ms?: number): readonly Reason[] {
    if (chain === null) return ['NO_CHAIN']
    const state = { ...this.#state(chain), ...this.#tool(call) }
    return standing({ chain, ...state, bound_ms: bound_ms ?? loosestBound(chain, state.bound_ms) }, call)
  }

  /** What kills ask of a call besides its chain. */
  #tool(
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

  #judge(request: CallRequest): Judged {
    const authenticated = knownCaller(this.#o, request)
    const tool = this.#tool(request)
    const { server } = request
    if (isKilled({ ...tool, server, chain: authenticated.chain })) return killed(authenticated)
    if (authenticated.reason !== null || authenticated.chain === null) {
      const reasons: Reason[] = [authenticated.reason ?? 'NO_CHAIN']
      return { authenticated, verdict: { decision: 'deny', grant: null, reasons }, debits: [] }
    }
    const verdict = decide({
      chain: authenticated.chain,
      ...tool,
      server,
      tool: request.tool,
      args: request.args,
      definition_hash: request.definition_hash,
      ...this.#state(authenticated.chain),
    })
    return { authenticated, verdict, debits: [] }
  }

  /** @returns null when leases do not cover an allow */
  #debit({ verdict }: Judged): readonly Debit[] | null {
    if (verdict.decision === 'deny' || verdict.reservations.length === 0) return []
    return this.#o.ledger.debit(verdict.reservations)
  }

  async #covered(judged: Judged, request: CallRequest): Promise<Judged> {
    const { verdict, authenticated } = judged
    if (verdict.decision === 'deny') return judged
    const reason = await this.#o.ledger.obtain(verdict.reservations)
    if (reason !== null) return deniedAs(judged, [reason])
    // It took a round trip: what the receipt will say of the state has to hold when it is written.
    const late = this.#standing(authenticated.chain, request, verdict.bound_ms)
    return late.length > 0 ? deniedAs(judged, late) : judged
  }

  /** RCP-10. */
  async #isLogged({ place }: Judged): Promise<boolean> {
    const { central } = this.#o
    return central === undefined || (place !== undefined && (await central(place)))
  }

  /** @returns null when nothing could be recorded */
  async #record(
    request: CallRequest,
    action: string,
    judged: Judged,
    kill?: string,
  ): Promise<StreamPlace | null> {
    const { authenticated } = judged
    const fields = decisionFields(request, action, judged, {
      placement: this.#o.placement,
      freshness: this.#o.revocations(authenticated.chain?.iss ?? null).freshness(),
      ...(kill === undefined ? {} : { kill }),
    })
    return this.#durably(() =>
      this.#o.recorder.decision(fields, authenticated.record, openingOf(request, action, authenticated)),
    )
  }

  async #durably<T>(write: () => Promise<T>): Promise<T | null> {
    try {
      const written = await write()
      this.#o.onRecorded()
      return written
    } catch (error) {
      this.#o.onFault(error)
      return null
    }
  }

  #recordOutcome(action: string, outcome: Outcome): void {
    // The caller gets its answer first: a crash in between leaves the outcome `unknown`, as RCP-4 has it.
    const done = laterTurn()
      .then(() => this.#durably(() => this.#o.recorder.outcome({ action, outcome })))
      .then(() => undefined)
    this.#outcomes.add(done)
    void done.finally(() => this.#outcomes.delete(done))
  }

  async refuse(
    server: string,
    what: string,
    ...reasons: Reason[]
  ): Promise<{ action: string; reasons: readonly Reason[] }> {
    return this.#refuse(server, what, reasons)
  }

  /** Records that a kill came into force here (KIL-18). @returns false: nothing could be recorded */
  async killed(server: string, kill: string): Promise<boolean> {
    const { reasons } = await this.#refuse(server, 'countersign/kill', ['KILLED'], kill)
    return reasons[0] === 'KILLED'
  }

  async #refuse(
    server: string,
    what: string,
    reasons: readonly Reason[],
    kill?: string,
  ): Promise<{ action: string; reasons: readonly Reason[] }> {
    const action = newId(this.#o.crypto, 'act', this.#o.clock.now())
    const called = server === '' ? null : { server, tool: what }
    const asked = { ...this.#tool(called), server: called?.server ?? null, chain: null }
    if (isKilled(asked)) reasons = ['KILLED']
    const request: CallRequest = {
      server,
      tool: what,
      args: {},
      credential: { kind: 'none' },
      definition_hash: null,
    }
    const verdict: Verdict = { decision: 'deny', grant: null, reasons }
    const judged: Judged = { authenticated: NOBODY, verdict, debits: [] }
    const recorded = await this.#record(request, action, judged, kill)
    return { action, reasons: recorded === null ? ['NOT_RECORDED'] : reasons }
  }

  /** Why nothing under the delegation of that viewer is allowed now: of a chain that does not hold, the one reason. */
  standingOf(viewer: Viewer): readonly Reason[] {
    const { reason, chain } = this.#o.authenticator.viewed(viewer)
    return reason === null ? this.#standing(chain, null) : [reason]
  }

  reaches(viewer: Viewer, server: string): boolean {
    return this.#o.authenticator.reaches(viewer, server)
  }

  isVisible(viewer: Viewer, server: string, name: string, shown: Shown = {}): boolean {
    const { chain } = this.#o.authenticator.viewed(viewer)
    const { args, definition_hash } = shown
    const tool = { server, tool: name, definition_hash: definition_hash ?? null }
    if (definition_hash !== undefined && this.#isHeldBack(tool)) return false
    return chain !== null && this.#standing(chain, tool).length === 0 && isNamed(chain, server, name, args)
  }

  noteDefinition(server: string, tool: string, definition_hash: string, definition: JsonObject): void {
    if (this.#isHeldBack({ server, tool, definition_hash }))
      this.#o.onToolChanged?.({ server, tool, definition_hash, definition })
  }

  /** MCP-12. */
  #isHeldBack({ server, tool, definition_hash }: CalledTool): boolean {
    const pinned = this.#o.registration(server, tool)
    return pinned !== null && pinned.definition_hash !== definition_hash
  }

  #state({ iss }: DecidedChain): { revocations: RevocationView; bound_ms: number; now_ms: number } {
    const { revocations, bound_ms, clock } = this.#o
    return { revocations: revocations(iss), bound_ms, now_ms: clock.now() }
  }

  async close(): Promise<void> {
    await Promise.all(this.#outcomes)
    await this.#o.onClose()
  }
}
