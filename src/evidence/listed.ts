/** Entries that a history keeps in the order of the log, each kind in a list of its own. @module */
import type { AnyEntry, EntryType } from '../log/entries.ts'

/** By type, the list of {@link History}. */
const LISTS = {
  'key.created': 'keys',
  'key.retired': 'keyEvents',
  'key.compromised': 'keyEvents',
  'issuer.proposed': 'issuers',
  'issuer.trusted': 'issuers',
  'issuer.dropped': 'issuers',
  'template.preset': 'templates',
  'template.proposed': 'templates',
  'template.approved': 'templates',
  'break_glass.created': 'kills',
  'roster.set': 'kills',
  'kill.pulled': 'kills',
  'kill.lifted': 'kills',
  'frame_key.replaced': 'kills',
  'kill.probed': 'probes',
  'kill.probe_answered': 'probes',
  'drill.planned': 'drills',
  'drill.started': 'drills',
  'drill.closed': 'drills',
  'approval.decided': 'decidedCalls',
  'tool.registered': 'tools',
  'tool.changed': 'toolChanges',
  'tool.approved': 'toolChanges',
  'token.exchanged': 'exchanges',
  'subject.erased': 'erasures',
  'erasure.deferred': 'erasures',
  'hold.placed': 'erasures',
  'hold.lifted': 'erasures',
  'budget.reserved': 'limits',
  'lease.granted': 'limits',
  'lease.settled': 'limits',
  'domain.leased': 'domains',
  'domain.handed_over': 'domains',
  'domain.cleared': 'domains',
  'person.endorsed': 'endorsements',
  'log.pruned': 'prunings',
  'version.proposed': 'versions',
  'version.approved': 'versions',
  'inventory.recorded': 'inventory',
  'inventory.assigned': 'inventory',
  'inventory.removed': 'inventory',
} as const satisfies Partial<Record<EntryType, string>>

type ListedEntry = Extract<AnyEntry, { type: keyof typeof LISTS }>

export function isListed(entry: AnyEntry): entry is ListedEntry {
  return Object.hasOwn(LISTS, entry.type)
}

export function listOf({ type }: ListedEntry): (typeof LISTS)[keyof typeof LISTS] {
  return LISTS[type]
}
