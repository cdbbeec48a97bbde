/**
 * What this process has read in the memory domains that the point holds. spec/flow.md (FLW-1, FLW-2, FLW-6). Bounded.
 * Invariant: a domain whose texts are not all here counts as having forgotten untrusted ones.
 * @module
 */
import { covers, join, type DataLabel } from '../../core/label.ts'
import { FlowMemory } from '../../decide/flow/memory.ts'
import type { Found, MemoryView, ReadResult } from '../../decide/flow/types.ts'
import type { DomainStay, HeldDomain } from './domains.ts'

/** Domains whose texts are kept, each within its bound; the one that was used longest ago goes first. */
const MEMORIES_MAX = 256
/** Chains of which one domain remembers that it read under them. Beyond that it counts as a stranger to every other. */
const CHAINS_MAX = 64

interface Kept {
  turn: number
  readonly memory: FlowMemory
  /** Whatever may be asked may have stood in texts that are not here: forgetting more changes nothing. */
  lost: boolean
  /** Agents of each chain under which untrusted texts were noted; null: too many. */
  chains: readonly ReadonlySet<string>[] | null
}

export class Memories {
  readonly #kept = new Map<string, Kept>()

  /** @param bytes_max of texts, for a domain that is not known yet */
  of({ domains, taint }: DomainStay, bytes_max: number): DomainMemory {
    const all = domains.map((domain) => this.#of(domain, taint, bytes_max))
    const agents = domains.map(({ agent }) => agent)
    if (all.length > 1) tellEachOther(all, agents)
    return new DomainMemory(all, new Set(agents), taint)
  }

  #of({ agent, turn, forgot }: HeldDomain, taint: DataLabel, bytes_max: number): Kept {
    const known = this.#kept.get(agent)
    this.#kept.delete(agent)
    // With less than was read in it before, it was cleared (FLW-21): nothing of that is known any more.
    const isOn =
      known !== undefined && (known.turn === turn || (!forgot && covers(taint, known.memory.taint)))
    const kept = isOn ? known : this.#begin(turn, taint, bytes_max)
    kept.turn = turn
    if (forgot) lose(kept)
    this.#kept.set(agent, kept)
    return kept
  }

  #begin(turn: number, taint: DataLabel, bytes_max: number): Kept {
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size < MEMORIES_MAX) break
      this.#kept.delete(oldest)
    }
    const lost = taint.integrity === 'untrusted'
    return { turn, memory: new FlowMemory({ bytes_max, taint, forgot: lost }), lost, chains: [] }
  }
}

/** What was read by one agent of a chain, under another chain, the others may have been told (FLW-1). */
function tellEachOther(all: readonly Kept[], agents: readonly string[]): void {
  all.forEach((kept, at) => {
    const isStrange = (chain: ReadonlySet<string>): boolean => !chain.has(agents[at] ?? '')
    if (all.some(({ chains }, other) => other !== at && (chains === null || chains.some(isStrange))))
      lose(kept)
  })
}

function lose(kept: Kept): void {
  if (!kept.lost) kept.memory.forget()
  kept.lost = true
}

/** The memories of a chain as one. */
export class DomainMemory implements MemoryView {
  readonly #all: readonly Kept[]
  readonly #agents: ReadonlySet<string>
  readonly #taint: DataLabel

  constructor(all: readonly Kept[], agents: ReadonlySet<string>, taint: DataLabel) {
    this.#all = all
    this.#agents = agents
    this.#taint = taint
  }

  get taint(): DataLabel {
    return this.#all.map(({ memory }) => memory.taint).reduce(join, this.#taint)
  }

  /** The worst of all memories: prose, then what is trusted, then a field. */
  find(value: string): Found | null {
    const all = this.#all.map(({ memory }) => memory.find(value)).filter((found) => found !== null)
    const [first] = all
    if (first === undefined || all.length === 1) return first ?? null
    const trusted = all.some((found) => found.trusted)
    const worst =
      all.find(({ provenance }) => provenance === 'prose') ??
      all.find(({ provenance }) => provenance === 'trusted') ??
      first
    return { ...worst, trusted }
  }

  note(result: ReadResult): void {
    for (const kept of this.#all) {
      kept.memory.note(result)
      if (kept.memory.taint.integrity === 'untrusted') this.#readUnder(kept)
    }
  }

  /** Something was read that this process did not see. */
  noteUnseen(result: Omit<ReadResult, 'content'>): void {
    this.note({ ...result, content: [] })
    if (this.taint.integrity === 'untrusted') for (const kept of this.#all) lose(kept)
  }

  #readUnder(kept: Kept): void {
    const isThis = (chain: ReadonlySet<string>): boolean =>
      chain.size === this.#agents.size && this.#agents.isSubsetOf(chain)
    if (kept.chains === null || kept.chains.some(isThis)) return
    kept.chains = kept.chains.length < CHAINS_MAX ? [...kept.chains, this.#agents] : null
  }
}
