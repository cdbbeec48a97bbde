/**
 * Lines: who brought a person in, who had brought those in, and so on. spec/people.md (PPL-15).
 * Of two people of one line, one could have made the other, as a person of their own.
 * Invariant: what came after somebody was brought in changes nothing of who did it.
 * @module
 */
import type { AnyEntry, EntryType } from './entries.ts'

/** Entries that say who brought whom in. */
const LINE_TYPES = ['person.added', 'person.endorsed', 'person.recovery_invited'] as const

export type LineEntry = Extract<AnyEntry, { type: (typeof LINE_TYPES)[number] }>

const types: ReadonlySet<EntryType> = new Set(LINE_TYPES)

export function isLineEntry(entry: AnyEntry): entry is LineEntry {
  return types.has(entry.type)
}

/** Without the person themselves. */
export type Line = ReadonlySet<string>

/**
 * Whether neither stands in the line of the other, and nobody in both.
 * @param first of the log, who had to bring others in before anybody else could
 */
export function areApart(
  a: { readonly id: string; readonly line: Line },
  b: { readonly id: string; readonly line: Line },
  first: string | null,
): boolean {
  if (a.id === b.id || a.line.has(b.id) || b.line.has(a.id)) return false
  return [...a.line].every((each) => each === first || !b.line.has(each))
}

/** The lines of a log, as it is read. */
export class Lines {
  readonly #lines = new Map<string, Set<string>>()
  /** By person: who invited them again, until somebody endorses that. */
  readonly #inviters = new Map<string, string>()

  of(person: string): Line {
    return this.#lines.get(person) ?? new Set()
  }

  /** In the order of the log. */
  add({ type, subject = '', actor }: LineEntry): void {
    const by = actor.kind === 'person' ? actor.id : null
    if (type === 'person.recovery_invited') {
      this.#inviters.delete(subject)
      if (by !== null) this.#inviters.set(subject, by)
      return
    }
    this.#bring(subject, by)
    if (type === 'person.added') return
    this.#bring(subject, this.#inviters.get(subject) ?? null)
    this.#inviters.delete(subject)
  }

  #bring(person: string, by: string | null): void {
    if (by === null || by === person) return
    const line = this.#lines.get(person) ?? new Set()
    for (const each of [by, ...this.of(by)]) if (each !== person) line.add(each)
    this.#lines.set(person, line)
  }
}
