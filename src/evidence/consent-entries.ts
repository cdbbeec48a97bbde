/** Which entries are about data subjects, told from all others. spec/consent.md. @module */
import { consentBodies } from '../log/consent-bodies.ts'
import type { AnyEntry, EntryType } from '../log/entries.ts'
import type { Indexed } from './records.ts'

export type ConsentEntryType = keyof typeof consentBodies & EntryType
export type ConsentEntry = Extract<AnyEntry, { type: ConsentEntryType }>
export type LoggedConsent = ConsentEntry extends infer E ? (E extends AnyEntry ? Indexed<E> : never) : never

export function isConsentEntry(entry: AnyEntry): entry is ConsentEntry {
  return Object.hasOwn(consentBodies, entry.type)
}
