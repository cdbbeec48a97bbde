/**
 * The enforcement point: decides, records, acts, records the outcome. spec/enforcement.md. The one place that fails
 * closed. Invariants 1 and 2: nothing runs without a verified chain and a durable receipt before it.
 * @module
 */
import { newId } from '../core/ids.ts'
import type { JsonObject } from '../core/json.ts'
import { seconds } from '../core/time.ts'
import type { Reason } from '../decide/reasons.ts'
import type { Debit } from '../log/receipt.ts'
import type { HeldCall } from './approvals.ts'
import { NOBODY, type Authenticated, type Authenticator } from './authenticate.ts'
import { CallRecords, type Names } from './call-records.ts'
import { CallsUnderWay, laterTurn } from './calls-under-way.ts'
import { runCall } from './flow/flow-call.ts'
import { deniedAs, deniedTo, denialOf, type Allowed, type Judged } from './judged.ts'
import { Judging } from './judging.ts'
import type { PointOptions } from './point-options.ts'
import { PointView } from './point-view.ts'
import { Refusals } from './refusals.ts'
import type { Act, CallHooks, CallOutcome, CallRequest, OpenOutcome, Point, Shown, Viewer } from './types.ts'

export class EnforcementPoint implements Point {
  readonly id: string
  readonly #o: PointOptions
  readonly #view: PointView
  readonly #records: CallRecords
  readonly #refusals: Refusals
  readonly #judging: Judging
  /** Decisions after a wait that are being recorded. */
  readonly #deciding = new Set<Promise<unknown>>()
  readonly #underWay = new CallsUnderWay(({ chain, request }) => this.#view.stopping(chain, request))

  constructor(options: PointOptions) {
    this.id = options.id
    this.#o = options
    this.#view = new PointView(options)
    this.#records = new CallRecords(options)
    this.#refusals = new Refusals(options, this.#view, this.#records)
    this.#judging = new Judging(options, this.#view)
  }

  /** Something was revoked: calls that are under way are asked about again (REV-12). */
  revocationsChanged(): void {
    this.#underWay.recheck()
    this.#o.approvals?.recheck(({ chain, request }) => this.#view.stopping(chain, request))
  }

  challenge(): ReturnType<Point['challenge']> {
    return { ...this.#o.authenticator.challenge(), audience: this.#o.id }
  }

  async open(presentation: string): Promise<OpenOutcome> {
    const opened = this.#authenticated(presentation)
    if (opened.ok) {
      const reasons = this.#view.standing(opened.session.chain, null)
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

  async call<T>(request: CallRequest, act: Act<T>, hooks: CallHooks = {}): Promise<CallOutcome<T>> {
    const action = newId(this.#o.crypto, 'act', this.#o.clock.now())
    const judged = await this.#judgeAndRecord(request, { action }, () => this.#judging.first(request, action))
    if (judged.held === undefined) return this.#go(judged, request, { action }, act)
    return this.#wait(judged.held, judged, request, act, hooks)
  }

  /** Acts on a decision that is recorded. */
  async #go<T>(judged: Judged, request: CallRequest, names: Names, act: Act<T>): Promise<CallOutcome<T>> {
    const { verdict, call } = judged
    if (verdict.decision !== 'allow') return denialOf(names.action, judged)
    try {
      return await this.#act({ ...judged, verdict }, request, names, act)
    } finally {
      call?.leave()
    }
  }

  async #act<T>(judged: Allowed, request: CallRequest, names: Names, act: Act<T>): Promise<CallOutcome<T>> {
    const { action } = names
    const { call, bases } = judged
    const isLogged = await this.#isLogged(judged)
    const kept = isLogged && call !== undefined ? await call.before(action, this.#o.onFault) : []
    const held = isLogged && kept.length === 0 ? await this.#o.outputs?.before(judged, request, action) : kept
    // REV-8: once more, in the very turn in which the call goes out. No await between here and act().
    const { chain } = judged.authenticated
    const standing = isLogged
      ? this.#view.standing(chain, request, judged.verdict.bound_ms)
      : (['NOT_LOGGED'] as const)
    const late = [standing, held ?? [], bases?.late() ?? []].find((reasons) => reasons.length > 0) ?? []
    if (chain === null || late.length > 0) {
      await this.#records.decision(request, names, deniedAs(judged, late))
      return { decision: 'deny', action, reasons: late }
    }
    let isRecorded = Promise.resolve(true)
    const acted = await this.#underWay.run(
      { chain, request },
      (signal) => runCall(call, request, action, signal, act),
      (outcome) => {
        isRecorded = this.#records.outcome(action, outcome, bases?.outcome)
        this.#o.outputs?.ended(judged, request, action, outcome)
      },
    )
    if (acted.reasons !== null) return { decision: 'deny', action, reasons: acted.reasons, underWay: true }
    // CNS-37: whoever has somebody's data, a receipt says so.
    const isKept = bases?.outcome === undefined || (await isRecorded)
    if (!isKept) return { decision: 'deny', action, reasons: ['NOT_RECORDED'], underWay: true }
    return { decision: 'allow', action, result: acted.result }
  }

  /** A call whose step_up is recorded: a person decides, and then it is decided again (APR-12). */
  async #wait<T>(
    held: HeldCall,
    { authenticated, again }: Judged,
    request: CallRequest,
    act: Act<T>,
    hooks: CallHooks,
  ): Promise<CallOutcome<T>> {
    const { approvals } = this.#o
    const { approval } = held
    const { action, args_commit, salt } = held.call
    const gone = Promise.withResolvers<'gone'>()
    hooks.onWaits?.(() => (again === true ? gone.resolve('gone') : approvals?.withdraw(held)))
    if (again !== true) {
      approvals?.ask(held)
      const notice = held.url.then((url) => ({ approval, url, expires_at: seconds(held.expires) }))
      void notice.then((told) => hooks.onHeld?.(told)).catch(this.#o.onFault)
      const left = hooks.leaves === true ? await Promise.race([notice, held.decided.then(() => null)]) : null
      if (left !== null) {
        void held.over.then(() => this.#settle(held, authenticated, held.call.request, true))
        return { decision: 'deny', action, reasons: ['APPROVAL_NEEDED'], held: left }
      }
    }
    if ((await Promise.race([held.decided, gone.promise])) === 'gone')
      return { decision: 'deny', action, reasons: ['APPROVAL_WITHDRAWN'] }
    const { definitionHash = () => request.definition_hash } = hooks
    const definition_hash = definitionHash()
    // Whoever comes back proves itself anew; what it asks for is what the person saw, under that commitment.
    const caller = { ...authenticated, args_commit, salt }
    const judged = await this.#settle(held, caller, { ...request, definition_hash })
    if (judged !== null) return this.#go(judged, request, { action, approval }, act)
    const used = newId(this.#o.crypto, 'act', this.#o.clock.now())
    await this.#records.decision(request, { action: used }, deniedTo(authenticated, null, ['APPROVAL_USED']))
    return { decision: 'deny', action: used, reasons: ['APPROVAL_USED'] }
  }

  /** @param lapsed nobody came back for it */
  #settle(
    held: HeldCall,
    caller: Authenticated,
    request: CallRequest,
    lapsed = false,
  ): Promise<Judged | null> {
    const deciding = this.#decideAgain(held, caller, request, lapsed)
    this.#deciding.add(deciding)
    return deciding.finally(() => this.#deciding.delete(deciding))
  }

  /** @returns null: somebody else has the one decision that the approval is for (APR-13) */
  async #decideAgain(
    held: HeldCall,
    caller: Authenticated,
    request: CallRequest,
    lapsed: boolean,
  ): Promise<Judged | null> {
    const { approvals, clock } = this.#o
    const answer = await held.decided
    const isLate = lapsed || clock.now() > held.expires
    const reasons: readonly Reason[] = isLate && answer.length === 0 ? ['APPROVAL_TIMED_OUT'] : answer
    if (approvals?.claim(held) !== true) return null
    const { action, grant, request: asked } = held.call
    return this.#judgeAndRecord(request, { action, approval: held.approval }, () => {
      if (reasons.length > 0) return deniedTo(caller, grant, reasons)
      const isChanged = request.definition_hash !== asked.definition_hash
      return isChanged
        ? deniedTo(caller, grant, ['TOOL_CHANGED'])
        : this.#judging.again(caller, request, held)
    })
  }

  /** Never rejects: whatever goes wrong in here is a denial. */
  async #judgeAndRecord(
    request: CallRequest,
    names: Names,
    judge: () => Judged | Promise<Judged>,
  ): Promise<Judged> {
    let judged = deniedTo(NOBODY, null, ['INTERNAL'])
    let call: Judged['call']
    try {
      const first = judge()
      let next = first instanceof Promise ? await first : first
      ;({ call } = next)
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
    // Memory domains are not kept from others while a person is asked, nor for what goes nowhere.
    if (judged.verdict.decision !== 'allow') call?.leave()
    if (judged.again === true) return judged
    const { held } = judged
    const named = held === undefined ? names : { ...names, approval: held.approval }
    const place = await this.#records.decision(request, named, judged)
    if (place !== null) return { ...judged, place }
    if (held !== undefined) this.#o.approvals?.claim(held)
    call?.leave()
    return deniedAs(judged, ['NOT_RECORDED'])
  }

  /** @returns null when leases do not cover an allow */
  #debit({ verdict }: Judged): readonly Debit[] | null {
    if (verdict.decision !== 'allow' || verdict.reservations.length === 0) return []
    return this.#o.ledger.debit(verdict.reservations)
  }

  async #covered(judged: Judged, request: CallRequest): Promise<Judged> {
    const { verdict, authenticated } = judged
    const { chain } = authenticated
    if (verdict.decision !== 'allow' || chain === null) return judged
    const reason = await this.#o.ledger.obtain(verdict.reservations)
    if (reason !== null) return deniedAs(judged, [reason])
    // It took a round trip: what the receipt will say of the state has to hold when it is written.
    const late = this.#view.standing(chain, request, verdict.bound_ms)
    if (late.length > 0) return deniedAs(judged, late)
    const freshness = this.#view.freshnessWithin(chain, verdict.bound_ms)
    return freshness === null
      ? deniedAs(judged, ['STALE_REVOCATION'])
      : { ...judged, verdict: { ...verdict, freshness } }
  }

  /** RCP-10. */
  async #isLogged({ place }: Judged): Promise<boolean> {
    const { central } = this.#o
    return central === undefined || (place !== undefined && (await central(place)))
  }

  refuse(server: string, what: string, ...reasons: Reason[]): ReturnType<Refusals['refuse']> {
    return this.#refusals.refuse(server, what, reasons)
  }

  /** Records that a kill came into force here (KIL-18). @returns false: nothing could be recorded */
  async killed(server: string, kill: string): Promise<boolean> {
    const { reasons } = await this.#refusals.refuse(server, 'countersign/kill', ['KILLED'], kill)
    return reasons[0] === 'KILLED'
  }

  standingOf(viewer: Viewer): readonly Reason[] {
    return this.#view.standingOf(viewer)
  }

  isOverseen(chain: Parameters<PointView['isOverseen']>[0]): boolean {
    return this.#view.isOverseen(chain)
  }

  reaches(viewer: Viewer, server: string): boolean {
    return this.#o.authenticator.reaches(viewer, server)
  }

  isVisible(viewer: Viewer, server: string, name: string, shown?: Shown): boolean {
    return this.#view.isVisible(viewer, server, name, shown)
  }

  noteDefinition(server: string, tool: string, definition_hash: string, definition: JsonObject): void {
    if (this.#view.isHeldBack({ server, tool, definition_hash }))
      this.#o.onToolChanged?.({ server, tool, definition_hash, definition })
  }

  /** Resolves once what became of the calls so far is recorded. */
  readonly idle = (): Promise<void> => this.#records.idle()

  async close(): Promise<void> {
    this.#o.approvals?.close()
    await laterTurn() // whoever waited has begun to record what became of it
    await Promise.all(this.#deciding)
    await this.idle()
    await this.#o.outputs?.close()
    await this.#o.onClose()
  }
}
