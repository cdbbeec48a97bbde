/**
 * What this process has read in the memory domains that the point holds. spec/flow.md (FLW-1, FLW-2, FLW-6). Bounded.
 * Invariant: a domain whose texts are not all here counts as having forgotten untrusted ones.
 * @module
 */
import { covers, join, type DataLabel } from '../../core/label.ts'
import { fieldsOf } from '../../decide/flow/fields.ts'
import { FlowMemory } from '../../decide/flow/memory.ts'
import type { Found, MemoryView, ReadResult } from '../../decide/flow/types.ts'
import type { DomainStay, HeldDomain } from './domains.ts'

/** Domains whose texts are kept, each within its bound; the one that was used longest ago goes first. */
const MEMORIES_MAX = 256
/** Bytes of all of them, with what finds their texts: more than the default bound asks for, and less than the largest would. */
const ROOM_MAX = 256 * 1024 * 1024
/** Domains that are remembered by name once their texts had to go. */
const DROPPED_MAX = 4096
/** Chains of which one domain remembers that it read under them, and domains that may have told it something. */
const CHAINS_MAX = 64
const TOLD_MAX = 64

interface Kept {
  turn: number
  readonly memory: FlowMemory
  /** Of its memory, as far as it is counted: nothing once there was no room. */
  room: number
  /** Whatever may be asked may have stood in texts that are not here: forgetting more changes nothing. */
  lost: boolean
  /** Agents of each chain under which untrusted texts were noted; null: too many. */
  chains: readonly ReadonlySet<string>[] | null
  /** Domains whose texts its agent may know and its own memory lacks; null: too many. */
  told: ReadonlySet<string> | null
}

export class Memories {
  readonly #kept = new Map<string, Kept>()
  /** Domains that there was no room for. */
  readonly #dropped = new Set<string>()
  /** And more: any domain that is not known may be one. */
  #hasDroppedMore = false
  readonly #room_max: number
  #room = 0

  constructor(room_max = ROOM_MAX) {
    this.#room_max = room_max
  }

  /** @param bytes_max of texts, for a domain that is not known yet */
  of({ domains, taint }: DomainStay, bytes_max: number): DomainMemory {
    const all = domains.map((domain) => this.#of(domain, taint, bytes_max))
    const agents = domains.map(({ agent }) => agent)
    for (const kept of all) {
      // Of who is in this chain, the texts are here as well.
      if (kept.told === null || [...kept.told].some((agent) => !agents.includes(agent))) lose(kept)
    }
    if (all.length > 1) tellEachOther(all, agents)
    // What an effect answers is trusted no more than all of them were (FLW-3).
    for (const { memory } of all) memory.raise(taint)
    this.#makeRoom(domains.length)
    return new DomainMemory(all, new Set(agents), taint, (kept) => this.#count(kept))
  }

  /** Those that were used last stay, whatever they take. */
  #makeRoom(last: number): void {
    for (const [oldest] of this.#kept) {
      if (this.#room <= this.#room_max || this.#kept.size <= last) return
      this.#drop(oldest)
    }
  }

  #count(kept: Kept): void {
    if (kept.room < 0) return
    this.#room += kept.memory.room - kept.room
    kept.room = kept.memory.room
  }

  #drop(agent: string): void {
    const kept = this.#kept.get(agent)
    if (kept !== undefined) {
      this.#room -= kept.room
      kept.room = -1
    }
    this.#kept.delete(agent)
    if (this.#dropped.size < DROPPED_MAX) this.#dropped.add(agent)
    else this.#hasDroppedMore = true
  }

  #of({ agent, turn, forgot }: HeldDomain, taint: DataLabel, bytes_max: number): Kept {
    const known = this.#kept.get(agent)
    this.#kept.delete(agent)
    // With less than was read in it before, it was cleared (FLW-21): nothing of that is known any more.
    const isOn =
      known !== undefined && (known.turn === turn || (!forgot && covers(taint, known.memory.taint)))
    const kept = isOn ? known : this.#begin(agent, turn, bytes_max)
    kept.turn = turn
    if (forgot) lose(kept)
    this.#kept.set(agent, kept)
    return kept
  }

  #begin(agent: string, turn: number, bytes_max: number): Kept {
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size < MEMORIES_MAX) break
      this.#drop(oldest)
    }
    const lost = this.#dropped.delete(agent) || this.#hasDroppedMore
    const memory = new FlowMemory({ bytes_max, forgot: lost })
    return { turn, memory, room: 0, lost, chains: [], told: new Set() }
  }
}

/**
 * What was read by one agent of a chain under another chain, the others may hear of from now on (FLW-15). As long as its
 * memory stands beside theirs, nothing is missing; without it they count as having forgotten.
 */
function tellEachOther(all: readonly Kept[], agents: readonly string[]): void {
  const told = all.map((kept, at) => {
    const own = agents[at] ?? ''
    const isStrange = (chain: ReadonlySet<string>): boolean => !chain.has(own)
    const others = all.flatMap((other, of) => {
      const lacks = other.lost || other.chains === null || other.chains.some(isStrange)
      return other !== kept && lacks ? [agents[of] ?? ''] : []
    })
    const heard = all.map((other) => other.told)
    return heard.includes(null) ? null : new Set([...heard.flatMap((names) => [...(names ?? [])]), ...others])
  })
  all.forEach((kept, at) => {
    const names = told[at] ?? null
    names?.delete(agents[at] ?? '')
    kept.told = names === null || names.size > TOLD_MAX ? null : names
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
  readonly #onNoted: (kept: Kept) => void

  constructor(
    all: readonly Kept[],
    agents: ReadonlySet<string>,
    taint: DataLabel,
    onNoted: (kept: Kept) => void,
  ) {
    this.#all = all
    this.#agents = agents
    this.#taint = taint
    this.#onNoted = onNoted
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
    const field = all.some((found) => found.field)
    const composed = all.some((found) => found.composed)
    const worst =
      all.find(({ provenance }) => provenance === 'prose') ??
      all.find(({ provenance }) => provenance === 'trusted') ??
      first
    return { ...worst, trusted, field, composed }
  }

  note(result: ReadResult): void {
    for (const kept of this.#all) {
      kept.memory.note(result)
      this.#onNoted(kept)
      if (!isTrusted(result)) this.#readUnder(kept)
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

/** Whatever stands in it, nobody else than the principal and the system wrote it. */
function isTrusted({ label, integrity }: Omit<ReadResult, 'content'>): boolean {
  if (label === null || integrity === 'untrusted' || label.effect !== 'none') return false
  return fieldsOf(label).every((field) => field.label.integrity === 'trusted')
}
