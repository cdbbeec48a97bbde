/** Entries that no check looks at, and no population but by {@link TestedEntries}. spec/log.md. @module */
import type { AnyEntry, EntryType } from '../log/entries.ts'

const UNREAD = [
  'drift.epoch_started',
  'drift.scored',
  'version.withdrawn',
  'version.statement_issued',
  'agent.statement_issued',
  'lease.recalled',
  'domain.wanted',
  'person.left',
  'restore.tested',
  'evidence.built',
  'field.opened',
  'note.added',
  'token.revoked',
  'topup.requested',
  'topup.granted',
  'topup.declined',
  'channel.added',
  'channel.removed',
  'listener.added',
  'listener.removed',
  'source.added',
  'source.removed',
  'span.unmatched',
  'spans.reconciled',
  'system.added',
  'identity.linked',
  'identity.unlinked',
  'scim.client_added',
  'scim.client_renewed',
  'scim.client_removed',
  'scim.user_added',
  'scim.user_changed',
  'scim.user_removed',
  'scim.group_added',
  'scim.group_changed',
  'scim.group_removed',
] as const satisfies readonly EntryType[]
type UnreadEntry = Extract<AnyEntry, { type: (typeof UNREAD)[number] }>

const unread: ReadonlySet<EntryType> = new Set(UNREAD)

export function isUnread(entry: AnyEntry): entry is UnreadEntry {
  return unread.has(entry.type)
}
