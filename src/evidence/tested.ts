/**
 * What control tests want of every entry, and entries that nothing else reads. spec/tests.md. @module
 */
import type { AnyEntry, Entry, EntryType } from '../log/entries.ts'
import { Column } from './receipts/columns.ts'
import type { Indexed } from './records.ts'

/** Where an entry stands in a pack's periods, and what it is. */
export interface EntryPlace {
  readonly type: EntryType
  /** Milliseconds: of a receipt its own, of any other that of the entry (PCK-1). */
  readonly time_ms: number
}

/** An entry by the actor `service`. */
export interface ServiceAct {
  readonly index: number
  readonly type: EntryType
  readonly account: string
  readonly subject: string | undefined
  readonly time_ms: number
}

export interface TypeCounts {
  inside: number
  outside: number
}

export class TestedEntries {
  /** By index, from 1 on; 0 is an entry that was pruned. There are millions of entries, and fewer than 255 types. */
  readonly #types = Column.bytes()
  readonly #names: EntryType[] = []
  readonly #times_ms = Column.numbers()
  /** What outsiders said of the log, in its order; what a mail proves, only its receiver can tell (ANC-1). */
  readonly anchors: Indexed<Entry<'log.anchored'>>[] = []
  readonly restores: Indexed<Entry<'restore.tested'>>[] = []
  /** What programs did, in the order of the log. */
  readonly serviceActs: ServiceAct[] = []
  /** The first that an agent was given to act with, by agent. */
  readonly firstTokens = new Map<string, { readonly index: number; readonly time: string }>()

  /** Those from which anybody can tell when the log existed. */
  get outsideAnchors(): readonly Indexed<Entry<'log.anchored'>>[] {
    return this.anchors.filter(({ entry }) => entry.body.kind !== 'mail')
  }

  add(index: number, entry: AnyEntry): void {
    const time = entry.type === 'receipt' ? entry.body.time : entry.time
    this.addAt(index, entry.type, Date.parse(time))
    if (entry.actor.kind === 'service') {
      const { type, subject, actor } = entry
      this.serviceActs.push({ index, type, account: actor.id, subject, time_ms: Date.parse(entry.time) })
    }
    if (entry.type === 'log.anchored') this.anchors.push({ index, entry })
    if (entry.type === 'restore.tested') this.restores.push({ index, entry })
    const agent = givenTo(entry)
    if (agent !== null && !this.firstTokens.has(agent))
      this.firstTokens.set(agent, { index, time: entry.time })
  }

  /** Of an entry of which nothing else is wanted. */
  addAt(index: number, type: EntryType, time_ms: number): void {
    while (this.#types.size < index) this.#put(0, 0)
    this.#put(this.#numberOf(type), time_ms)
  }

  placeOf(index: number): EntryPlace | undefined {
    const type = index < this.#types.size ? this.#names[this.#types.at(index) - 1] : undefined
    return type === undefined ? undefined : { type, time_ms: this.#times_ms.at(index) }
  }

  #put(type: number, time_ms: number): void {
    this.#types.push(type)
    this.#times_ms.push(time_ms)
  }

  #numberOf(type: EntryType): number {
    const known = this.#names.indexOf(type)
    return known < 0 ? this.#names.push(type) : known + 1
  }

  /** By type: how many entries are dated in the period, and how many outside of it. */
  countsIn(from_ms: number, to_ms: number): ReadonlyMap<EntryType, TypeCounts> {
    const counts = this.#names.map((): TypeCounts => ({ inside: 0, outside: 0 }))
    for (let index = 0; index < this.#types.size; index++) {
      const known = counts[this.#types.at(index) - 1]
      if (known === undefined) continue
      const time_ms = this.#times_ms.at(index)
      if (time_ms >= from_ms && time_ms < to_ms) known.inside++
      else known.outside++
    }
    return new Map(this.#names.map((name, i) => [name, counts[i] ?? { inside: 0, outside: 0 }]))
  }
}

/** The agent that this entry gives something to act with. */
function givenTo(entry: AnyEntry): string | null {
  if (entry.type === 'delegation.issued' || entry.type === 'token.exchanged') return entry.body.agent
  return entry.type === 'agent.statement_issued' ? (entry.subject ?? null) : null
}
