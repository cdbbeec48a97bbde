/**
 * The kill switch: statements that hold, lifts by as many registered people as the roster says, and no allow under a kill
 * past the bound. spec/kill.md (KIL-1 to KIL-7, KIL-13 to KIL-15).
 * @module
 */
import type { Crypto, PublicJwk } from '../../core/crypto.ts'
import { canonicalize } from '../../core/json.ts'
import { killHolds, liftFault, rosterFault } from '../../revoke/kill-rules.ts'
import type { Kill, KillScope, Roster } from '../../revoke/statement.ts'
import { boundOf } from '../../token/lineage.ts'
import type { History } from '../history.ts'
import { actFault } from './acts.ts'
import type { ApprovalTerms } from './approvals.ts'
import type { ProvenAllows } from './allows.ts'
import { FrameReigns } from './frame-keys.ts'
import { isForeign } from './issuers.ts'
import type { FaultCode } from './fault-codes.ts'
import type { Findings } from './report.ts'
import { lineageIn } from './lineages.ts'

type KillEntry = History['kills'][number]

/** A kill with the numbers and times of its frames. Times in milliseconds. */
export interface KillReign {
  readonly kill: Kill
  readonly from: { readonly seq: number; readonly epoch: number; readonly t: number }
  /** Null: it stands. `t` is when a point may have taken the lift: before its frame when it came from outside. */
  readonly until: { readonly seq: number; readonly t: number } | null
}

/**
 * @param endorsed the entry from which each passkey counts, by the index of its registration
 * @returns how many entries of the switch, and frames, there are
 */
export function checkKills(
  crypto: Crypto,
  history: History,
  terms: ApprovalTerms & { readonly endorsed: ReadonlyMap<number, number> },
  findings: Findings,
): number {
  const judge = new KillJudge(crypto, history, terms)
  for (const each of history.kills) {
    const fault = judge.faultOf(each)
    if (fault !== null) findings.add({ ...fault, index: each.index })
  }
  for (const { index, frame } of history.frames) {
    if (frame.kind !== 'kill' && frame.kind !== 'lift') {
      if (frame.statement === undefined) continue
      findings.add({ code: 'KILL_INVALID', message: 'a frame of another kind has a statement', index })
    } else if (!judge.isLogged(canonicalize({ ...frame.statement }), frame.handle, index)) {
      const message = `the log has no statement ${frame.handle} before its frame`
      findings.add({ code: 'KILL_INVALID', message, index })
    }
  }
  return history.kills.length + history.frames.length
}

type KillFault = { readonly code: FaultCode; readonly message: string } | null

class KillJudge {
  readonly #crypto: Crypto
  readonly #history: History
  readonly #terms: Parameters<typeof checkKills>[2]
  readonly #frameKeys: FrameReigns
  #breakGlass: PublicJwk | null = null
  #roster: Roster | null = null
  /** Index of the entry, by ID and canonical text. */
  readonly #logged = new Map<string, number>()

  constructor(crypto: Crypto, history: History, terms: Parameters<typeof checkKills>[2]) {
    this.#crypto = crypto
    this.#history = history
    this.#terms = terms
    this.#frameKeys = new FrameReigns(crypto, history)
  }

  isLogged(statement: string, id: string, index: number): boolean {
    return (this.#logged.get(`${id} ${statement}`) ?? index) < index
  }

  /** In the order of the log. */
  faultOf(each: KillEntry): KillFault {
    switch (each.entry.type) {
      case 'break_glass.created': {
        if (this.#breakGlass !== null)
          return { code: 'KILL_INVALID', message: 'a second break-glass key was made' }
        this.#breakGlass = each.entry.body.jwk
        return null
      }
      case 'roster.set':
        return this.#rosterFault(each.index, each.entry.body)
      case 'kill.pulled':
        return this.#killFault(each.index, each.entry)
      case 'kill.lifted':
        return this.#liftFault(each.index, each.entry)
      case 'frame_key.replaced':
        return null // see frame-keys.ts
    }
  }

  #rosterFault(index: number, signed: Parameters<typeof rosterFault>[3]): KillFault {
    const { roster } = signed
    const alone = this.#terms.separation === 'after'
    const named = roster.people.every(
      ({ rev, jwk }) => this.#counted(rev, jwk, index) && !this.#history.hadLeft(rev, index),
    )
    const fault =
      rosterFault(this.#crypto, this.#breakGlass, alone, signed) ??
      (roster.seq > (this.#roster?.seq ?? 0) ? null : 'its number is not above the last') ??
      (named ? null : 'it names a key that is no passkey of somebody who was endorsed and here')
    if (fault !== null)
      return { code: 'ROSTER_INVALID', message: `roster ${roster.seq} does not hold: ${fault}` }
    this.#roster = roster
    return null
  }

  #counted(rev: string, jwk: PublicJwk, index: number): boolean {
    return this.#history.passkeys.counted(this.#terms.endorsed, rev, jwk, index)
  }

  #killFault(index: number, entry: Extract<KillEntry['entry'], { type: 'kill.pulled' }>): KillFault {
    const { statement, act, gesture } = entry.body
    const { kill, by } = statement
    this.#logged.set(`${kill.id} ${canonicalize({ ...statement })}`, index)
    const frame = this.#frameKeys.at(index)?.jwk
    const signed =
      frame !== undefined && killHolds(this.#crypto, { frame, breakGlass: this.#breakGlass }, statement)
    const isPulled = act !== undefined && gesture !== undefined
    // Who brings one that the frame key signed is a point, to a log that lost it; a person makes a gesture (KIL-14).
    const needsGesture = by === 'frame' && entry.actor.kind === 'person'
    const fault = !signed
      ? 'it is not signed by the frame key or the break-glass key'
      : needsGesture && !isPulled
        ? 'nobody made a gesture over it'
        : isPulled && canonicalize({ ...act.kill }) !== canonicalize({ ...kill })
          ? 'its gesture is over another kill'
          : isPulled
            ? actFault(this.#crypto, this.#history, this.#terms.rp, {
                index,
                actor: entry.actor.id,
                by: act.person,
                act,
                gesture,
              })
            : null
    return fault === null
      ? null
      : { code: 'KILL_INVALID', message: `kill ${kill.id} does not hold: ${fault}` }
  }

  #liftFault(index: number, entry: Extract<KillEntry['entry'], { type: 'kill.lifted' }>): KillFault {
    const { statement } = entry.body
    const { lift, gestures } = statement
    this.#logged.set(`${lift.id} ${canonicalize({ ...statement })}`, index)
    const standing = gestures.filter(({ rev, jwk }) => this.#counted(rev, jwk, index))
    const counted = { lift, gestures: standing }
    const hadLeft = (rev: string): boolean => this.#history.hadLeft(rev, index)
    const fault = liftFault(this.#crypto, this.#terms.rp, this.#roster, counted, hadLeft)
    return fault === null
      ? null
      : { code: 'LIFT_INVALID', message: `lift ${lift.id} does not hold: ${fault}` }
  }
}

/** From when until when each kill of the log was in force. */
export function reignsOf(history: History): KillReign[] {
  const lifts = history.frames.flatMap(({ frame }) => {
    const { statement } = frame
    if (frame.kind !== 'lift' || statement === undefined || !('lift' in statement)) return []
    const entry = history.kills.find(
      (each) => each.entry.type === 'kill.lifted' && each.entry.body.statement.lift.id === frame.handle,
    )
    const isFromOutside = entry?.entry.actor.kind === 'point'
    const t = isFromOutside ? Math.min(statement.lift.t, frame.t) : frame.t
    return [{ kills: new Set(statement.lift.kills), seq: frame.seq, t }]
  })
  return history.frames.flatMap(({ frame }) => {
    const { statement, seq, epoch, t } = frame
    if (frame.kind !== 'kill' || statement === undefined || !('kill' in statement)) return []
    const { kill } = statement
    const until = lifts.find(({ kills }) => kills.has(kill.id)) ?? null
    return [{ kill, from: { seq, epoch, t }, until }]
  })
}

/** By frame number and by time, as for revocations: either shows an allow that should not have been. */
export function checkKillBound(
  history: History,
  allows: ProvenAllows,
  point_ms: number,
  findings: Findings,
): number {
  const reigns = reignsOf(history)
  if (reigns.length === 0) return allows.length
  const systems = new ToolSystems(history)
  for (const { index, receipt, chain } of allows) {
    const { freshness } = receipt
    // Of one without, or past the bound, ALLOW_WHILE_STALE says it; that of another issuer is numbered in its stream.
    if (freshness === null || isForeign(history, chain)) continue
    const bound_ms = boundOf(lineageIn(chain, receipt.grant) ?? [], point_ms)
    const agents = chain.delegations.map(({ agent }) => agent)
    const decided_ms = freshness.t + freshness.age_ms
    for (const { kill, from, until } of reigns) {
      const isOver = until !== null && (freshness.head >= until.seq || decided_ms >= until.t)
      const isDue = freshness.head >= from.seq || decided_ms > from.t + bound_ms
      const tool = { server: receipt.server, system: systems.of(receipt.server, receipt.tool, index) }
      if (isOver || !isDue || !isUnder(kill.scope, agents, tool)) continue
      const late_ms = Math.round(decided_ms - from.t)
      const message = `allowed ${late_ms} ms after ${kill.id} came into force by frame ${from.seq} (bound ${bound_ms} ms)`
      findings.add({ code: 'ALLOW_AFTER_KILL', message, index })
    }
  }
  return allows.length
}

/** KIL-2. */
function isUnder(
  scope: KillScope,
  agents: readonly { readonly id: string; readonly class: string }[],
  tool: { readonly server: string; readonly system: string | null },
): boolean {
  switch (scope.kind) {
    case 'global':
      return true
    case 'system':
      return scope.id === tool.server || scope.id === tool.system
    case 'class':
      return agents.some((agent) => agent.class === scope.id)
    case 'agent':
      return agents.some((agent) => agent.id === scope.id)
  }
}

/** Which system a tool was registered for, as of an entry. */
class ToolSystems {
  readonly #of: Map<string, { readonly index: number; readonly system: string }[]>

  constructor(history: History) {
    this.#of = Map.groupBy(
      history.tools.map(({ index, entry: { body } }) => ({ index, ...body })),
      ({ server, tool }) => `${server}\n${tool}`,
    )
  }

  of(server: string, tool: string, index: number): string | null {
    const known = this.#of.get(`${server}\n${tool}`) ?? []
    return known.findLast((each) => each.index < index)?.system ?? null
  }
}
