/** Service accounts, as a log has them. spec/service-accounts.md (SVC-15); nothing is judged. @module */
import type { JsonObject } from '../../core/json.ts'
import { rfc3339 } from '../../core/time.ts'
import type { AnyEntry } from '../../log/entries.ts'
import type { History } from '../history.ts'
import type { Indexed } from '../records.ts'
import { loneReviewBook, reviewColumns } from './alone.ts'
import type { Period } from './definition.ts'

type Of<T extends AnyEntry['type']> = Indexed<Extract<AnyEntry, { type: T }>>
type KeyEntry = Of<'service_account.enrolled'> | Of<'service_account.rotated'>

export interface ServiceRecord {
  readonly proposed: Of<'service_account.proposed'>
  approved: Of<'service_account.approved'> | null
  readonly invited: Of<'service_account.invited'>[]
  /** Those that it had, the last one last. */
  readonly keys: KeyEntry[]
  ended: Of<'service_account.disabled'> | Of<'service_account.retired'> | null
}

export type ServiceBook = ReadonlyMap<string, ServiceRecord>

/** By identifier, in the order of the log. Of each the first entry of a kind counts, and all keys. */
export function serviceBook({ governance }: Pick<History, 'governance'>): ServiceBook {
  const book = new Map<string, ServiceRecord>()
  for (const { index, entry } of governance) {
    const id = entry.subject ?? ''
    if (entry.type === 'service_account.proposed') {
      const fresh = { approved: null, invited: [], keys: [], ended: null }
      if (!book.has(id)) book.set(id, { proposed: { index, entry }, ...fresh })
      continue
    }
    const known = book.get(id)
    if (known === undefined) continue
    if (entry.type === 'service_account.approved') known.approved ??= { index, entry }
    else if (entry.type === 'service_account.invited') known.invited.push({ index, entry })
    else if (entry.type === 'service_account.enrolled' || entry.type === 'service_account.rotated')
      known.keys.push({ index, entry } as KeyEntry)
    else if (entry.type === 'service_account.disabled') known.ended ??= { index, entry }
    else if (entry.type === 'service_account.retired') known.ended ??= { index, entry }
  }
  return book
}

/** Who may be behind what somebody did: they, and of a program its owner (SVC-13). */
export function isBehind(book: ServiceBook, actor: string, person: string): boolean {
  return actor === person || book.get(actor)?.proposed.entry.body.owner === person
}

/** When it opened nothing more, in milliseconds, by what the log says until its last entry; null: it stands. */
function overAt({ proposed, ended }: ServiceRecord, last_ms: number): number | null {
  const expires_ms = Date.parse(proposed.entry.body.expires)
  const ended_ms = ended === null ? Infinity : Date.parse(ended.entry.time)
  const over_ms = Math.min(ended_ms, expires_ms)
  return over_ms <= last_ms ? over_ms : null
}

/** Rows of `administrators`. @param left when people left, in milliseconds */
export function serviceRows(
  history: History,
  period: Period,
  left: ReadonlyMap<string, number>,
): JsonObject[] {
  const reviews = loneReviewBook(history)
  return [...serviceBook(history)].flatMap(([id, record]): JsonObject[] => {
    const { proposed, approved, keys, ended } = record
    const { name, owner, roles, expires } = proposed.entry.body
    const over_ms = overAt(record, history.last_ms)
    if (Date.parse(proposed.entry.time) >= period.to_ms || (over_ms ?? Infinity) < period.from_ms) return []
    const left_ms = left.get(owner)
    const last = keys.at(-1)
    return [
      {
        index: proposed.index,
        role: id,
        kind: 'service',
        holds: `${name}: ${roles.join(', ')}`,
        person: owner,
        preset: false,
        proposed: proposed.entry.time,
        proposer: proposed.entry.actor.id,
        approval: approved?.index ?? null,
        approved: approved?.entry.time ?? null,
        approver: approved?.entry.actor.id ?? null,
        acted_alone: approved?.entry.body.acted_alone ?? null,
        ...reviewColumns(reviews.get(approved?.index ?? -1)),
        removal: ended?.index ?? null,
        removed: over_ms === null ? null : rfc3339(over_ms),
        remover: ended?.entry.actor.id ?? null,
        left: left_ms === undefined ? null : rfc3339(left_ms),
        expires,
        last_key: last?.index ?? null,
        last_key_time: last?.entry.time ?? null,
      },
    ]
  })
}
