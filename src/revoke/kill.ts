/**
 * The kill switch as an enforcement point holds it: kills in force, what was lifted, the roster. spec/kill.md (KIL-2 to
 * KIL-6). Invariants: a kill denies from the turn in which it arrives; what holds ends by a lift that holds and by
 * nothing else; a statement that comes again, in whatever order, changes nothing. What does not hold is not kept.
 * @module
 */
import type { Crypto, PublicJwk } from '../core/crypto.ts'
import { canonicalize } from '../core/json.ts'
import { publicJwk } from '../core/jwk.ts'
import type { RelyingParty } from '../token/gesture.ts'
import {
  frameKeyHolds,
  killHolds,
  liftFault,
  liftShapeFault,
  probeHolds,
  rosterFault,
  type IsGone,
  type StatementKeys,
} from './kill-rules.ts'
import type {
  KillScope,
  Roster,
  SignedFrameKey,
  SignedKill,
  SignedLift,
  SignedRoster,
  Statement,
} from './statement.ts'

/** What a point was enrolled with. */
export interface KillTrust {
  readonly iss: string
  readonly rp: RelyingParty
  readonly frameKey: PublicJwk
  /** Where it stands among frame keys, so that a statement from before it changes nothing. The first unless told otherwise. */
  readonly frameKeyPlace?: { readonly seq: number; readonly epoch: number }
  /** Null: enrolled before there was one. Then nothing that it signs holds here. */
  readonly breakGlass: PublicJwk | null
  /** Whether a roster may say that one person lifts (KIL-6). */
  readonly alone: boolean
}

/** `applied`: it changed something and is to be kept. `ignored`: it holds, or nothing rests on it. `rejected`: it does not hold. */
export type Taken = 'applied' | 'ignored' | 'rejected'

/** What a kill is asked about. */
export interface Stoppable {
  /** Null: not the call of a tool. */
  readonly server: string | null
  /** Systems that the tool may be of. */
  readonly systems: readonly string[]
  /** Of the root and of every hop. */
  readonly agents: readonly { readonly id: string; readonly class: string }[]
}

export class KillState {
  readonly #crypto: Crypto
  readonly #trust: KillTrust
  readonly #isGone: IsGone
  /** By their IDs. */
  readonly #kills = new Map<string, SignedKill>()
  /** How many kills, in force or on arrival, name a scope. */
  readonly #scopes = new Map<string, number>()
  /** IDs, for ever (KIL-5). Only lifts that hold add to it. */
  readonly #lifted = new Set<string>()
  #roster: SignedRoster | null = null
  #frameKey: { readonly seq: number; readonly epoch: number; readonly jwk: PublicJwk }

  /** @param isGone of whom the point knows that they left: without, nobody */
  constructor({ crypto, trust, isGone }: { crypto: Crypto; trust: KillTrust; isGone?: IsGone }) {
    this.#crypto = crypto
    this.#trust = trust
    this.#isGone = isGone ?? (() => false)
    this.#frameKey = { seq: 0, epoch: 0, ...trust.frameKeyPlace, jwk: trust.frameKey }
  }

  /** Whether any kill is in force, or arriving. */
  get active(): boolean {
    return this.#scopes.size > 0
  }

  /** Whether a kill stops this (KIL-2). */
  stops({ server, systems, agents }: Stoppable): boolean {
    const scopes = this.#scopes
    if (scopes.has('global') || (server !== null && scopes.has(nameOf('system', server)))) return true
    if (systems.some((id) => scopes.has(nameOf('system', id)))) return true
    return agents.some(
      (each) => scopes.has(nameOf('agent', each.id)) || scopes.has(nameOf('class', each.class)),
    )
  }

  /** In the order in which they came. */
  get inForce(): readonly SignedKill[] {
    return [...this.#kills.values()]
  }

  wasLifted(id: string): boolean {
    return this.#lifted.has(id)
  }

  get roster(): Roster | null {
    return this.#roster?.roster ?? null
  }

  /** Those that may sign now; `epoch` is 0 while the point was never told of one. */
  get frameKey(): { readonly seq: number; readonly epoch: number; readonly jwk: PublicJwk } {
    return this.#frameKey
  }

  get breakGlass(): PublicJwk | null {
    return this.#trust.breakGlass
  }

  apply(statement: Statement): Taken {
    if ('kill' in statement) return this.#applyKill(statement)
    if ('lift' in statement) return this.#applyLift(statement)
    if ('roster' in statement) return this.#applyRoster(statement)
    if ('frame_key' in statement) return this.#applyFrameKey(statement)
    return this.#isOurs(statement.probe) && probeHolds(this.#crypto, this.#keys, statement)
      ? 'ignored'
      : 'rejected'
  }

  /** Whether {@link apply} would reject it without a look at a signature. */
  isHopeless(statement: Statement): boolean {
    if ('kill' in statement) return !this.#lifted.has(statement.kill.id) && !this.#isOurs(statement.kill)
    if ('lift' in statement) {
      if (this.#isDone(statement)) return false
      return !this.#isOurs(statement.lift) || liftShapeFault(this.roster, statement, this.#isGone) !== null
    }
    if ('roster' in statement) return !this.#isOurs(statement.roster)
    return !this.#isOurs('frame_key' in statement ? statement.frame_key : statement.probe)
  }

  /** What held when it was kept: keys and rosters may have changed since, and it holds all the same. */
  restore(statement: Statement): void {
    if ('kill' in statement && !this.#lifted.has(statement.kill.id)) this.#enforce(statement)
    if ('lift' in statement) this.#end(statement.lift.kills)
    if ('roster' in statement) this.#roster = statement
    if ('frame_key' in statement) this.#replace(statement)
  }

  get #keys(): StatementKeys {
    return { frame: this.#frameKey.jwk, breakGlass: this.#trust.breakGlass }
  }

  #isOurs({ iss }: { readonly iss: string }): boolean {
    return iss === this.#trust.iss
  }

  #applyKill(signed: SignedKill): Taken {
    const { kill } = signed
    if (this.#lifted.has(kill.id)) return 'ignored'
    const known = this.#kills.get(kill.id)
    // Another kill under a known ID is nobody's honest work, and would be lifted unseen with the first.
    if (known !== undefined) return canonicalize(known.kill) === canonicalize(kill) ? 'ignored' : 'rejected'
    this.#count(kill.scope, 1) // KIL-3: it denies from here on
    const holds = this.#isOurs(kill) && killHolds(this.#crypto, this.#keys, signed)
    this.#count(kill.scope, -1)
    if (!holds) return 'rejected'
    this.#enforce(signed)
    return 'applied'
  }

  #applyLift(signed: SignedLift): Taken {
    const { lift } = signed
    if (this.#isDone(signed)) return 'ignored'
    const { rp } = this.#trust
    if (!this.#isOurs(lift) || liftFault(this.#crypto, rp, this.roster, signed, this.#isGone) !== null)
      return 'rejected'
    this.#end(lift.kills)
    return 'applied'
  }

  #isDone({ lift }: SignedLift): boolean {
    return lift.kills.every((id) => this.#lifted.has(id))
  }

  #applyRoster(signed: SignedRoster): Taken {
    const { roster } = signed
    const { breakGlass, alone } = this.#trust
    if (!this.#isOurs(roster) || rosterFault(this.#crypto, breakGlass, alone, signed) !== null)
      return 'rejected'
    if (roster.seq <= (this.roster?.seq ?? 0)) return 'ignored'
    this.#roster = signed
    return 'applied'
  }

  #applyFrameKey(signed: SignedFrameKey): Taken {
    const { frame_key } = signed
    const { seq, epoch } = this.#frameKey
    if (!this.#isOurs(frame_key) || !frameKeyHolds(this.#crypto, this.#trust.breakGlass, signed))
      return 'rejected'
    if (frame_key.seq <= seq) return 'ignored'
    if (frame_key.epoch <= epoch) return 'rejected'
    this.#replace(signed)
    return 'applied'
  }

  #replace({ frame_key: { seq, epoch, jwk } }: SignedFrameKey): void {
    this.#frameKey = { seq, epoch, jwk: publicJwk(jwk) }
  }

  #enforce(signed: SignedKill): void {
    if (this.#kills.has(signed.kill.id)) return
    this.#kills.set(signed.kill.id, signed)
    this.#count(signed.kill.scope, 1)
  }

  #end(kills: readonly string[]): void {
    for (const id of kills) {
      this.#lifted.add(id)
      const known = this.#kills.get(id)
      if (known === undefined) continue
      this.#kills.delete(id)
      this.#count(known.kill.scope, -1)
    }
  }

  #count(scope: KillScope, by: 1 | -1): void {
    const name = scope.kind === 'global' ? 'global' : nameOf(scope.kind, scope.id)
    const n = (this.#scopes.get(name) ?? 0) + by
    if (n > 0) this.#scopes.set(name, n)
    else this.#scopes.delete(name)
  }
}

function nameOf(kind: 'system' | 'class' | 'agent', id: string): string {
  return `${kind} ${id}`
}
