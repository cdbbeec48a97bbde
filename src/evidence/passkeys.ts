/**
 * Every passkey that a log registers, and when it ended: by entry, unjudged. spec/people.md (PPL-8 to PPL-14).
 * What lets one count is judged by `verify/passkeys.ts`.
 * @module
 */
import type { PublicJwk } from '../core/crypto.ts'
import type { Gesture } from '../core/gesture.ts'
import { canonicalize } from '../core/json.ts'
import type { AnyEntry, EntryBody, EntryType } from '../log/entries.ts'
import { isLineEntry, type LineEntry } from '../log/lines.ts'
import type { Indexed } from './records.ts'

const TYPES = [
  'person.enrolled',
  'person.endorsed',
  'person.passkey_added',
  'person.passkey_removed',
  'person.recovery_invited',
  'person.reregistered',
] as const satisfies readonly EntryType[]

type PasskeyEntry = Extract<AnyEntry, { type: (typeof TYPES)[number] }>
type OfEach<E> = E extends AnyEntry ? Indexed<E> : never
export type PasskeyEvent = OfEach<PasskeyEntry>

const types: ReadonlySet<EntryType> = new Set(TYPES)

function isPasskeyEntry(entry: AnyEntry): entry is PasskeyEntry {
  return types.has(entry.type)
}

/** Those that are about nothing else. */
export function isOfPasskeys(
  entry: AnyEntry,
): entry is Exclude<PasskeyEntry, { type: 'person.enrolled' | 'person.endorsed' }> {
  return isPasskeyEntry(entry) && entry.type !== 'person.enrolled' && entry.type !== 'person.endorsed'
}

export interface LoggedPasskey {
  /** Of the entry that registered it: gestures name it by that. */
  readonly index: number
  readonly type: 'person.enrolled' | 'person.passkey_added' | 'person.reregistered'
  readonly person: string
  /** Revocation handle of the person. */
  readonly rev: string
  readonly credential: EntryBody<'person.enrolled'>['credential']
  /** Index of the registration that a person endorsed, on which it hangs. */
  readonly registration: number
}

export class PasskeyBook {
  /** In the order of the log. */
  readonly events: PasskeyEvent[] = []
  /** Who brought whom in, in the order of the log (PPL-15). */
  readonly brought: Indexed<LineEntry>[] = []
  readonly #passkeys = new Map<number, LoggedPasskey>()
  readonly #ended = new Map<number, number>()
  /** By person. */
  readonly #revs = new Map<string, string>()

  /** Whatever else an entry is about. */
  add(index: number, entry: AnyEntry): void {
    if (isLineEntry(entry)) this.brought.push({ index, entry })
    if (isPasskeyEntry(entry)) this.#add(index, entry)
  }

  #add(index: number, entry: PasskeyEntry): void {
    this.events.push({ index, entry } as PasskeyEvent)
    const person = entry.subject ?? ''
    switch (entry.type) {
      case 'person.enrolled':
        if (!this.#revs.has(person)) this.#revs.set(person, entry.body.rev)
        return this.#register(index, entry, { rev: entry.body.rev, registration: index })
      case 'person.reregistered':
        return this.#register(index, entry, { rev: this.#revs.get(person) ?? '', registration: index })
      case 'person.passkey_added':
        return this.#register(index, entry, {
          rev: this.#revs.get(person) ?? '',
          registration: entry.body.act.registration,
        })
      case 'person.passkey_removed':
        return this.#end(entry.body.passkey, index)
      case 'person.endorsed':
        return this.#endorse(index, person, entry.body.act.registration)
      case 'person.recovery_invited':
        return
    }
  }

  #register(
    index: number,
    { type, subject = '', body }: Extract<PasskeyEntry, { type: LoggedPasskey['type'] }>,
    on: Pick<LoggedPasskey, 'rev' | 'registration'>,
  ): void {
    this.#passkeys.set(index, { index, type, person: subject, credential: body.credential, ...on })
  }

  /** Who is recovered has the new passkey alone. */
  #endorse(index: number, person: string, registration: number): void {
    if (this.#passkeys.get(registration)?.type !== 'person.reregistered') return
    for (const passkey of this.#passkeys.values())
      if (passkey.person === person && passkey.index < index && passkey.index !== registration)
        this.#end(passkey.index, index)
  }

  #end(passkey: number, index: number): void {
    if (!this.#ended.has(passkey)) this.#ended.set(passkey, index)
  }

  get(registration: number): LoggedPasskey | undefined {
    return this.#passkeys.get(registration)
  }

  /** The first that was registered: its person had nobody before them. */
  first(): LoggedPasskey | undefined {
    return this.#passkeys.values().next().value
  }

  values(): IteratorObject<LoggedPasskey> {
    return this.#passkeys.values()
  }

  /** The passkey that a gesture names: its handle, its key and the entry that registered it are one's. */
  by({ rev, registration, jwk }: Pick<Gesture, 'rev' | 'registration' | 'jwk'>): LoggedPasskey | null {
    const passkey = this.#passkeys.get(registration)
    const same = passkey?.rev === rev && canonicalize(passkey.credential.jwk) === canonicalize(jwk)
    return same ? passkey : null
  }

  /** Whether an entry before this index removed it, or recovered its person. */
  hadEnded(registration: number, index: number): boolean {
    return (this.#ended.get(registration) ?? index) < index
  }

  /**
   * Whether a person might make gestures with this very key in the entry at this index.
   * @param from the entry from which each passkey counts, by the index of its registration
   */
  counted(from: ReadonlyMap<number, number>, rev: string, jwk: PublicJwk, index: number): boolean {
    const key = canonicalize({ ...jwk })
    return this.#passkeys
      .values()
      .some(
        (passkey) =>
          passkey.rev === rev &&
          canonicalize(passkey.credential.jwk) === key &&
          (from.get(passkey.index) ?? index) < index &&
          !this.hadEnded(passkey.index, index),
      )
  }

  /** @returns what does not hold of the passkey of a gesture in the entry at this index, or null */
  fault(gesture: Gesture, index: number): string | null {
    const passkey = this.by(gesture)
    if (passkey === null || passkey.index >= index)
      return 'its gesture is by a key that was not registered before'
    return this.hadEnded(passkey.index, index) ? 'its gesture is by a passkey that had been removed' : null
  }
}
