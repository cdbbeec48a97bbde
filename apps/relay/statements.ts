/**
 * Statements that a relay was given, each once. spec/kill.md (KIL-10, KIL-24).
 * Invariants: where the relay knows the keys, what does not hold is neither kept nor passed on; what nobody can judge
 * keeps nothing out that was judged, and no source keeps out what came from another that has less.
 * @module
 */
import type { Crypto } from '../../src/core/crypto.ts'
import { taggedDigest } from '../../src/core/digest.ts'
import { KillState, type KillTrust } from '../../src/revoke/kill.ts'
import type { Statement } from '../../src/revoke/statement.ts'

/** Kept for who connects later: so many that hold, and so many that nobody can judge. */
const STATEMENTS_MAX = 256
/** In place of a source: what the relay follows. */
export const UPSTREAM = 'upstream'

/** `known`: it came before, or says nothing new. `refused`: it does not hold. */
export type Added = 'new' | 'known' | 'refused'

export class KeptStatements {
  readonly #crypto: Crypto
  readonly #state: KillState | null
  /** The oldest go first: only who has a key adds to them. */
  readonly #proven = new Map<string, Statement>()
  readonly #unproven = new Map<string, { readonly statement: Statement; readonly source: string }>()

  /** @param trust null: the relay knows no keys and judges nothing */
  constructor(crypto: Crypto, trust: KillTrust | null) {
    this.#crypto = crypto
    this.#state = trust === null ? null : new KillState({ crypto, trust })
  }

  get judges(): boolean {
    return this.#state !== null
  }

  /** @param source who gave it: an address, or {@link UPSTREAM} */
  add(statement: Statement, source: string): Added {
    const name = taggedDigest(this.#crypto, 'statement', { ...statement })
    if (this.#proven.has(name) || this.#unproven.has(name)) return 'known'
    if (this.#state === null || this.#isOfRosterUnknown(statement)) {
      this.#makeRoom(source)
      this.#unproven.set(name, { statement, source })
      return 'new'
    }
    const taken = this.#state.apply(statement)
    if (taken === 'rejected') return 'refused'
    if (taken === 'ignored' && !('probe' in statement)) return 'known'
    if (this.#proven.size >= STATEMENTS_MAX) this.#proven.delete(this.#proven.keys().next().value ?? '')
    this.#proven.set(name, statement)
    return 'new'
  }

  /** As they are now: whoever goes through them may wait in between. */
  all(): Statement[] {
    return [...this.#proven.values(), ...[...this.#unproven.values()].map(({ statement }) => statement)]
  }

  /** A relay is told of rosters by who pushes them: without its own it cannot tell who may lift. */
  #isOfRosterUnknown(statement: Statement): boolean {
    return 'lift' in statement && statement.lift.roster > (this.#state?.roster?.seq ?? 0)
  }

  /** When full, the oldest goes of the source that has most. */
  #makeRoom(source: string): void {
    if (this.#unproven.size < STATEMENTS_MAX) return
    const counts = new Map([[source, 1]])
    for (const each of this.#unproven.values()) counts.set(each.source, (counts.get(each.source) ?? 0) + 1)
    const most = Math.max(...counts.values())
    for (const [name, each] of this.#unproven)
      if (counts.get(each.source) === most) {
        this.#unproven.delete(name)
        return
      }
  }
}
