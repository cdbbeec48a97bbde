/**
 * The states of a million data subjects in little memory: rows of words in pieces of 4 MiB, found by the keys of their
 * identifiers. spec/consent.md (CNS-20). Invariant: a row stands for its subject's whole state, in place of any before.
 * @module
 */
import { fromBase64url } from '../../core/encoding.ts'
import type { ConsentState, SubjectState } from '../../decide/basis/types.ts'
import type { SubjectRow } from '../../ports/subjects.ts'
import { Interned } from './interned.ts'
import { ID_WORDS, packId, unpackId } from './packed-id.ts'
import { Slots } from './slots.ts'

/** Words of one piece, and how a place is taken apart. */
const PIECE_BITS = 20
const PIECE_WORDS = 1 << PIECE_BITS
const KEY_WORDS = 4
/** Of the first word of a row: it was replaced. The rest is its length. */
const DEAD = 0x80000000
/** Length, identifier, jurisdiction and counts, end of childhood. */
const HEAD_WORDS = 7
/** Identifier, handle, terms, expiry, what was withdrawn. */
const CONSENT_WORDS = 11
const TIME_MAX_S = 0xffffffff
/** What was withdrawn of a consent: nothing; all of it. Above: which purposes. */
const WITHDRAWN_NOTHING = 0
const WITHDRAWN_ALL = 1
const WITHDRAWN_SOME = 2

/** Shared values that nobody has to look after: below it none are looked for that no row has any more. */
const SHARED_FEW = 4_096
const JURISDICTIONS_MAX = 1 << 16

/** What consents of one notice share. */
type Terms = Pick<ConsentState, 'purposes' | 'categories' | 'explicit'>

export class SubjectTable {
  #pieces: Uint32Array[] = [new Uint32Array(PIECE_WORDS)]
  /** Where the next row begins. None begins at 0, which means nowhere. */
  #end = 1
  #dead_words = 0
  #subjects = 0
  #keys = 0
  readonly #byId = new Slots()
  readonly #byKey = new Slots()
  #shared = new Shared()
  /** How many shared values there may be before those that no row has are looked for. */
  #shared_max = SHARED_FEW

  /** @returns `shared`: values that rows name instead of having them */
  get size(): { readonly subjects: number; readonly bytes: number; readonly shared: number } {
    const bytes = this.#pieces.length * PIECE_WORDS * 4 + this.#byId.bytes + this.#byKey.bytes
    return { subjects: this.#subjects, bytes, shared: this.#shared.size }
  }

  /** @returns false: it holds what is no identifier, and its subject is unknown from here on */
  put(row: SubjectRow): boolean {
    const words = this.#wordsOf(row)
    const id = new Uint32Array(ID_WORDS)
    if (!packId(row.subject, 'dsb', id, 0)) return false
    const old = this.#byId.find(id[0] ?? 0, (place) => this.#isSubject(place, id) && !this.#isDead(place))
    if (old !== null) this.#bury(old)
    if (words === null) return false
    if (row.keys.length > 0) this.#append(words)
    const isHalfDead = this.#dead_words > PIECE_WORDS && this.#dead_words * 2 > this.#end
    if (isHalfDead || this.#shared.size > this.#shared_max) this.#rebuild()
    return true
  }

  /** @param key of {@link subjectKey}, as bytes */
  find(key: Uint8Array): SubjectState | null {
    const words = keyWords(key)
    const place = this.#byKey.find(words[0] ?? 0, (at) => !this.#isDead(at) && this.#hasKey(at, words, 0))
    return place === null ? null : this.#read(place)
  }

  #wordsOf({
    subject,
    jurisdiction,
    keys: own,
    alike = [],
    consents,
    minor = 0,
  }: SubjectRow): Uint32Array | null {
    // What looks alike is found as what is the same is, by other keys.
    const keys = [...own, ...alike]
    const words = new Uint32Array(HEAD_WORDS + keys.length * KEY_WORDS + consents.length * CONSENT_WORDS)
    words[0] = words.length
    if (!packId(subject, 'dsb', words, 1)) return null
    const where = this.#shared.jurisdictions.of(jurisdiction, jurisdiction)
    if (where >= JURISDICTIONS_MAX) return null
    words[5] = where | (keys.length << 16) | (consents.length << 24)
    words[6] = Math.min(minor, TIME_MAX_S)
    let at = HEAD_WORDS
    for (const key of keys) {
      words.set(keyWords(fromBase64url(key)), at)
      at += KEY_WORDS
    }
    for (const { id, rev, purposes, categories, exp, explicit = false, withdrawn = [] } of consents) {
      if (!packId(id, 'cns', words, at) || !packId(rev, 'rev', words, at + 4)) return null
      words[at + 8] = this.#shared.termsOf({ purposes, categories, explicit })
      words[at + 9] = Math.min(exp, TIME_MAX_S)
      words[at + 10] = this.#withdrawnOf(withdrawn)
      at += CONSENT_WORDS
    }
    return words
  }

  #withdrawnOf(withdrawn: true | readonly string[]): number {
    if (withdrawn === true) return WITHDRAWN_ALL
    if (withdrawn.length === 0) return WITHDRAWN_NOTHING
    return WITHDRAWN_SOME + this.#shared.purposesOf(withdrawn)
  }

  #append(words: Uint32Array): void {
    const left = PIECE_WORDS - (this.#end & (PIECE_WORDS - 1))
    if (words.length > left || this.#end >>> PIECE_BITS >= this.#pieces.length) {
      this.#pieces.push(new Uint32Array(PIECE_WORDS))
      this.#end = (this.#pieces.length - 1) << PIECE_BITS
    }
    const place = this.#end >>> 0
    this.#pieceOf(place).set(words, place & (PIECE_WORDS - 1))
    this.#end = place + words.length
    this.#subjects++
    this.#keys += keysIn(words)
    if (!this.#place(place)) this.#rebuild()
  }

  /** @returns false: there is no room in the tables */
  #place(place: number): boolean {
    const piece = this.#pieceOf(place)
    const at = place & (PIECE_WORDS - 1)
    const id = piece.subarray(at + 1, at + 1 + ID_WORDS)
    if (!this.#byId.set(id[0] ?? 0, place, (other) => this.#isSubject(other, id))) return false
    for (let i = 0; i < keysIn(piece, at); i++) {
      const key = at + HEAD_WORDS + i * KEY_WORDS
      if (!this.#byKey.set(piece[key] ?? 0, place, (other) => this.#hasKey(other, piece, key))) return false
    }
    return true
  }

  #bury(place: number): void {
    const piece = this.#pieceOf(place)
    const at = place & (PIECE_WORDS - 1)
    const length = piece[at] ?? 0
    this.#subjects--
    this.#keys -= keysIn(piece, at)
    this.#dead_words += length
    piece[at] = length | DEAD
  }

  /** Leaves out what is dead, and what was shared by the dead alone, and makes room. */
  #rebuild(): void {
    const old = this.#pieces
    const before = this.#shared
    this.#shared = new Shared()
    const end = this.#end
    this.#pieces = [new Uint32Array(PIECE_WORDS)]
    this.#end = 1
    this.#dead_words = 0
    const [subjects, keys] = [this.#subjects, this.#keys]
    this.#subjects = 0
    this.#keys = 0
    // A quarter more, so that it is not done again at once.
    this.#byId.reset(Math.ceil(subjects * 1.25) + 1)
    this.#byKey.reset(Math.ceil(keys * 1.25) + 1)
    old.forEach((piece, i) => {
      const stop = Math.min(PIECE_WORDS, end - i * PIECE_WORDS)
      for (let at = i === 0 ? 1 : 0; at < stop;) {
        const head = piece[at] ?? 0
        const length = (head & ~DEAD) >>> 0
        if (length === 0) return // the rest of the piece was too short for the next row
        if (head < DEAD) this.#append(this.#sharedAnew(piece.slice(at, at + length), before))
        at += length
      }
    })
    this.#shared_max = Math.max(SHARED_FEW, 2 * this.#shared.size)
  }

  #sharedAnew(row: Uint32Array, before: Shared): Uint32Array {
    const counts = row[5] ?? 0
    const jurisdiction = before.jurisdictions.get(counts & 0xffff)
    row[5] = (counts & ~0xffff) | this.#shared.jurisdictions.of(jurisdiction, jurisdiction)
    for (let at = HEAD_WORDS + keysIn(row) * KEY_WORDS; at < row.length; at += CONSENT_WORDS) {
      row[at + 8] = this.#shared.termsOf(before.terms.get(row[at + 8] ?? 0))
      const withdrawn = (row[at + 10] ?? 0) - WITHDRAWN_SOME
      if (withdrawn >= 0) row[at + 10] = this.#withdrawnOf(before.purposes.get(withdrawn))
    }
    return row
  }

  #pieceOf(place: number): Uint32Array {
    const piece = this.#pieces[place >>> PIECE_BITS]
    if (piece === undefined) throw new Error('a place outside of the table: our bug')
    return piece
  }

  #isDead(place: number): boolean {
    return (this.#pieceOf(place)[place & (PIECE_WORDS - 1)] ?? 0) >= DEAD
  }

  #isSubject(place: number, id: Uint32Array): boolean {
    return isEqual(this.#pieceOf(place), (place & (PIECE_WORDS - 1)) + 1, id, 0)
  }

  #hasKey(place: number, key: Uint32Array, from: number): boolean {
    const piece = this.#pieceOf(place)
    const at = place & (PIECE_WORDS - 1)
    for (let i = 0; i < keysIn(piece, at); i++)
      if (isEqual(piece, at + HEAD_WORDS + i * KEY_WORDS, key, from)) return true
    return false
  }

  #read(place: number): SubjectState {
    const piece = this.#pieceOf(place)
    const at = place & (PIECE_WORDS - 1)
    const counts = piece[at + 5] ?? 0
    const first = at + HEAD_WORDS + keysIn(piece, at) * KEY_WORDS
    const minor = piece[at + 6] ?? 0
    return {
      subject: unpackId('dsb', piece, at + 1),
      jurisdiction: this.#shared.jurisdictions.get(counts & 0xffff),
      minor: minor === 0 ? null : minor,
      consents: Array.from({ length: counts >>> 24 }, (_, i) =>
        this.#consent(piece, first + i * CONSENT_WORDS),
      ),
    }
  }

  #consent(piece: Uint32Array, at: number): ConsentState {
    const withdrawn = piece[at + 10] ?? 0
    return {
      id: unpackId('cns', piece, at),
      rev: unpackId('rev', piece, at + 4),
      ...this.#shared.terms.get(piece[at + 8] ?? 0),
      exp: piece[at + 9] ?? 0,
      withdrawn:
        withdrawn === WITHDRAWN_ALL
          ? true
          : withdrawn === WITHDRAWN_NOTHING
            ? []
            : this.#shared.purposes.get(withdrawn - WITHDRAWN_SOME),
    }
  }
}

/** What rows name by a number, because many have the same. */
class Shared {
  readonly jurisdictions = new Interned<string>()
  readonly terms = new Interned<Terms>()
  readonly purposes = new Interned<readonly string[]>()

  get size(): number {
    return this.jurisdictions.size + this.terms.size + this.purposes.size
  }

  /** Terms are sets: in another order they are the same. */
  termsOf(terms: Terms): number {
    const { purposes, categories, explicit } = terms
    return this.terms.of(JSON.stringify([purposes.toSorted(), categories.toSorted(), explicit]), terms)
  }

  purposesOf(purposes: readonly string[]): number {
    return this.purposes.of(JSON.stringify(purposes), purposes)
  }
}

function keysIn(row: Uint32Array, at = 0): number {
  return ((row[at + 5] ?? 0) >>> 16) & 0xff
}

function isEqual(one: Uint32Array, i: number, other: Uint32Array, j: number): boolean {
  return (
    one[i] === other[j] &&
    one[i + 1] === other[j + 1] &&
    one[i + 2] === other[j + 2] &&
    one[i + 3] === other[j + 3]
  )
}

function keyWords(key: Uint8Array): Uint32Array {
  const view = new DataView(key.buffer, key.byteOffset, key.byteLength)
  return Uint32Array.from({ length: KEY_WORDS }, (_, i) => view.getUint32(i * 4))
}
