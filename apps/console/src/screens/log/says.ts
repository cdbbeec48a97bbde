/** What an entry says in a few words; a type or a form that is not known says its name. @module */
import type { AnyEntry } from '../../../../../src/log/entries.ts'
import { MEANINGS } from '../../../../../docs/entry-meanings.ts'
import { wordsOfEntry } from '../../../../../src/log/entry-words.ts'

export interface ListedEntry {
  readonly type: string
  readonly time: string
  readonly actor: { readonly kind: string; readonly id: string }
  readonly subject?: string
  readonly body: Readonly<Record<string, unknown>>
  readonly commitments?: Readonly<Record<string, string>>
}

export interface Listed {
  readonly index: number
  readonly entry: ListedEntry
}

/** As the API says it: the control plane read it from its log, and the proof of one says whether it did. */
export function asEntry({ index, entry }: { index: number; entry: Record<string, unknown> }): Listed {
  return { index, entry: entry as unknown as ListedEntry }
}

export function saysOf(entry: ListedEntry): string {
  try {
    const said = wordsOfEntry(entry as unknown as AnyEntry)
    return said === entry.type.replaceAll(/[._]/g, ' ') ? meaningOf(entry.type) : said
  } catch {
    return meaningOf(entry.type)
  }
}

/** What every entry of the type says. */
export function meaningOf(type: string): string {
  return (MEANINGS as Readonly<Record<string, string>>)[type] ?? type
}

/** `agent.key_added`: Agent, key added. */
export function typeLabel(type: string): string {
  const [first = '', ...rest] = type.replaceAll('_', ' ').split('.')
  const said = rest.length === 0 ? first : `${first}: ${rest.join(' ')}`
  return said.charAt(0).toUpperCase() + said.slice(1)
}
