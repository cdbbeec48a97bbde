/**
 * What control tests want of every entry, and entries that nothing else reads. spec/tests.md. @module
 */
import type { AnyEntry, Entry, EntryType } from '../log/entries.ts'
import type { Indexed } from './records.ts'

/** Where an entry stands in a pack's periods, and what it is. */
export interface EntryPlace {
  readonly type: EntryType
  /** Milliseconds: of a receipt its own, of any other that of the entry (PCK-1). */
  readonly time_ms: number
}

export class TestedEntries {
  /** By index; a hole is an entry that was pruned. Apart, for there are millions. */
  readonly #types: (EntryType | undefined)[] = []
  readonly #times_ms: number[] = []
  /** What outsiders said of the log, in its order. */
  readonly anchors: Indexed<Entry<'log.anchored'>>[] = []
  readonly restores: Indexed<Entry<'restore.tested'>>[] = []
  /** The first that an agent was given to act with, by agent. */
  readonly firstTokens = new Map<string, { readonly index: number; readonly time: string }>()

  add(index: number, entry: AnyEntry): void {
    const time = entry.type === 'receipt' ? entry.body.time : entry.time
    this.#types[index] = entry.type
    this.#times_ms[index] = Date.parse(time)
    if (entry.type === 'log.anchored') this.anchors.push({ index, entry })
    if (entry.type === 'restore.tested') this.restores.push({ index, entry })
    const agent = givenTo(entry)
    if (agent !== null && !this.firstTokens.has(agent))
      this.firstTokens.set(agent, { index, time: entry.time })
  }

  placeOf(index: number): EntryPlace | undefined {
    const [type, time_ms] = [this.#types[index], this.#times_ms[index]]
    return type === undefined || time_ms === undefined ? undefined : { type, time_ms }
  }
}

/** The agent that this entry gives something to act with. */
function givenTo(entry: AnyEntry): string | null {
  switch (entry.type) {
    case 'delegation.issued':
    case 'token.exchanged':
      return entry.body.agent
    case 'agent.statement_issued':
      return entry.subject ?? null
    default:
      return null
  }
}
