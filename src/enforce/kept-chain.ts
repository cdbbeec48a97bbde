/**
 * What an open session keeps of a verified chain: as little as decisions need. A point keeps thousands of them.
 * @module
 */
import type { Grant } from '../token/grant.ts'
import type { Handle } from '../token/handles.ts'
import type { DecidedChain, DecidedDelegation, VerifiedChain } from '../token/verify.ts'

/**
 * Gestures, keys and the bounds that verification has dealt with are let go, and what hops repeat of their parents is
 * kept once.
 */
export function keptOf(chain: VerifiedChain): DecidedChain {
  const {
    delegations: [root, ...hops],
    iss,
    agent,
    instruction,
    consent,
    handles,
  } = chain
  const kept = new Shared()
  return {
    delegations: [kept.delegation(root), ...hops.map((hop) => kept.delegation(hop))],
    iss,
    agent,
    ...(instruction === undefined ? {} : { instruction }),
    ...(consent === undefined ? {} : { consent }),
    handles: new KeptHandles(handles),
  }
}

/** Each once, and in one list: an object for each would take twice the memory. */
class KeptHandles {
  /** Kind, handle, kind, handle, and so on. */
  readonly #flat: readonly string[]

  constructor(handles: readonly Handle[]) {
    const distinct = new Map(handles.map((each) => [`${each.kind} ${each.handle}`, each]))
    // A copy has no room to grow.
    this.#flat = [...distinct.values()].flatMap(({ kind, handle }) => [kind, handle]).slice()
  }

  some(test: (handle: Handle) => boolean): boolean {
    for (let i = 0; i < this.#flat.length; i += 2) {
      const kind = this.#flat[i] as Handle['kind']
      if (test({ kind, handle: this.#flat[i + 1] ?? '' })) return true
    }
    return false
  }
}

/** Equal values of one chain, kept once: by their JSON text. */
class Shared {
  readonly #known = new Map<string, unknown>()

  delegation({ jti, agent, ends, grants }: DecidedDelegation): DecidedDelegation {
    const kept = [...grants].map(([digest, grant]) => [this.#once(digest), this.#grant(grant)] as const)
    return { jti, agent: this.#once({ id: agent.id, class: agent.class }), ends, grants: new Map(kept) }
  }

  #grant(grant: Grant): Grant {
    // A copy has the room of its original; one that is put together member by member grows and takes half as much again.
    const kept: Record<string, unknown> = { ...grant }
    for (const name of Object.keys(kept)) kept[name] = this.#once(kept[name])
    return kept as Grant
  }

  #once<T>(value: T): T {
    const text = JSON.stringify(value)
    const known = this.#known.get(text)
    if (known !== undefined) return known as T
    this.#known.set(text, value)
    return value
  }
}
