/** Populations of who administers the installation, and of what they did: test 31 of a report. spec/roles.md (ROL-8, ROL-9). @module */
import type { JsonObject } from '../../core/json.ts'
import { administers, holdingName, type Holding } from '../../core/roles.ts'
import { rfc3339 } from '../../core/time.ts'
import type { AnyEntry, EntryType } from '../../log/entries.ts'
import type { History } from '../history.ts'
import type { Indexed } from '../records.ts'
import { loneReviewBook, reviewColumns } from './alone.ts'
import { inPeriod, type PopulationDefinition } from './definition.ts'
import { serviceRows } from './services.ts'

type Of<T extends AnyEntry['type']> = Indexed<Extract<AnyEntry, { type: T }>>

/** What one person holds, as the log says; nothing is judged. */
export interface RoleRecord {
  readonly begun: Of<'role.preset'> | Of<'role.proposed'>
  readonly holding: Holding
  /** What it is in force by. */
  approved: Of<'role.preset'> | Of<'role.approved'> | null
  removed: Of<'role.removed'> | null
}

export type RoleBook = ReadonlyMap<string, RoleRecord>

/** By identifier, in the order of the log. Of each the first entry of a kind counts. */
export function roleBook({ governance }: Pick<History, 'governance'>): RoleBook {
  const book = new Map<string, RoleRecord>()
  for (const { index, entry } of governance) {
    const id = entry.subject ?? ''
    const known = book.get(id)
    if (entry.type === 'role.preset' || entry.type === 'role.proposed') {
      if (known !== undefined) continue
      const approved = entry.type === 'role.preset' ? { index, entry } : null
      const begun = { index, entry } as RoleRecord['begun']
      book.set(id, { begun, holding: entry.body, approved, removed: null })
    } else if (known !== undefined && entry.type === 'role.approved') known.approved ??= { index, entry }
    else if (known !== undefined && entry.type === 'role.removed') known.removed ??= { index, entry }
  }
  return book
}

/** When people left, in milliseconds, by person. */
function leavingTimes(history: History): ReadonlyMap<string, number> {
  const left = new Map<string, number>()
  for (const { entry } of history.revocations) {
    const { kind, handle } = entry.body.frame
    const person = kind === 'person' ? history.people.get(handle)?.entry.subject : undefined
    if (person !== undefined && !left.has(person)) left.set(person, Date.parse(entry.time))
  }
  return left
}

export const administrators: PopulationDefinition = {
  name: 'administrators',
  types: ['role.preset', 'role.proposed', 'service_account.proposed'],
  definition:
    'Every role and custody that was proposed or preset before the end of the period and not removed before it began: who holds it, who proposed, approved and removed it, and when its holder left, by the end of the log; and every service account likewise, with its owner, roles, end and last key.',
  query:
    'type in (role.preset, role.proposed, service_account.proposed) and time < to and not (role.removed or service_account.disabled or service_account.retired with time < from) and not body.expires < from',
  rows: (history, period) => {
    const left = leavingTimes(history)
    const reviews = loneReviewBook(history)
    const roles = [...roleBook(history)]
      .filter(
        ([, { begun, removed }]) =>
          Date.parse(begun.entry.time) < period.to_ms &&
          (removed === null || Date.parse(removed.entry.time) >= period.from_ms),
      )
      .map(([id, { begun, holding, approved, removed }]): JsonObject => {
        const left_ms = left.get(holding.person)
        const byPerson = approved?.entry.type === 'role.approved' ? approved.entry : null
        return {
          index: begun.index,
          role: id,
          kind: holding.kind,
          holds: holdingName(holding),
          person: holding.person,
          preset: begun.entry.type === 'role.preset',
          proposed: begun.entry.time,
          proposer: begun.entry.actor.id,
          approval: approved?.index ?? null,
          approved: approved?.entry.time ?? null,
          approver: byPerson?.actor.id ?? null,
          acted_alone: byPerson?.body.acted_alone ?? null,
          ...reviewColumns(reviews.get(approved?.index ?? -1)),
          removal: removed?.index ?? null,
          removed: removed?.entry.time ?? null,
          remover: removed?.entry.actor.id ?? null,
          left: left_ms === undefined ? null : rfc3339(left_ms),
          expires: null,
          last_key: null,
          last_key_time: null,
        }
      })
    const services = serviceRows(history, period, left)
    return [...roles, ...services].toSorted((a, b) => Number(a.index) - Number(b.index))
  },
}

/** What changes who may do what, which keys sign, or what everything is judged by: by its entry. ROL-9. */
const ADMIN_ACTS: ReadonlySet<EntryType> = new Set<EntryType>([
  'person.endorsed',
  'person.recovery_invited',
  'role.approved',
  'role.removed',
  'service_account.approved',
  'key.created',
  'key.retired',
  'key.compromised',
  'issuer.trusted',
  'issuer.dropped',
  'template.approved',
  'flow_policy.approved',
  'output_policy.approved',
  'response_policy.approved',
  'drift_policy.approved',
  'alert_policy.approved',
  'log.pruned',
])

export const adminActs: PopulationDefinition = {
  name: 'admin_acts',
  types: [...ADMIN_ACTS],
  definition:
    'Every act of a person in the period that changed who may do what, which keys sign, or the templates and policies in force, since the log has a register of administrators, with the roles that they held at that moment.',
  query: `type in (${[...ADMIN_ACTS].join(', ')}) and actor.kind = person and from <= time < to`,
  rows: (history, period) => {
    const book = [...roleBook(history)].map(([, record]) => record)
    const begun = book[0]?.begun.index ?? Infinity
    return actsOf(history)
      .filter(({ index, entry }) => index > begun && inPeriod(entry.time, period))
      .map(({ index, entry }): JsonObject => {
        const held = book.flatMap(({ holding, approved, removed }) =>
          holding.kind === 'role' &&
          holding.person === entry.actor.id &&
          (approved?.index ?? Infinity) < index &&
          (removed?.index ?? Infinity) >= index
            ? [holding.role]
            : [],
        )
        return {
          index,
          type: entry.type,
          time: entry.time,
          person: entry.actor.id,
          subject: entry.subject ?? null,
          roles: held,
          administers: held.some((role) => administers(role)),
        }
      })
  },
}

function actsOf(history: History): Indexed<AnyEntry>[] {
  const { endorsements, keys, keyEvents, issuers, templates, labels, prunings, governance } = history
  const lists: readonly (readonly Indexed<AnyEntry>[])[] = [
    endorsements,
    keys,
    keyEvents,
    issuers,
    templates,
    labels,
    prunings,
    governance,
  ]
  return lists
    .flatMap((list) =>
      list.filter(({ entry }) => ADMIN_ACTS.has(entry.type) && entry.actor.kind === 'person'),
    )
    .toSorted((a, b) => a.index - b.index)
}
