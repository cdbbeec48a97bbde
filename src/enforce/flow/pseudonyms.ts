/**
 * Names for values that an agent may not see and may yet pass on. spec/labels.md (LBL-11). Each time a value is hidden it has
 * another name: who may write values and reads them back under their names could else try guesses.
 * Invariant: the way back exists in this process alone, and only for a tool that accepts the level of the value.
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import { isAbove, type DataLabel, type Level } from '../../core/label.ts'

/** Values of one domain with a way back; the one that was named longest ago goes first. */
const VALUES_MAX = 16_384
/** Characters of all values of one domain. */
const CHARS_MAX = 1024 * 1024
/** Longer ones are taken out: a text is no value. */
const VALUE_LENGTH_MAX = 1024
const CHARS = 26
/** Bytes of 26 characters of five bits. */
const NAME_BYTES = 17
/** Values that one call is given: each is looked for in all that its tool answers. */
const USED_MAX = 64
/** Shorter values stand in texts by chance. */
const ECHO_LENGTH_MIN = 4
const PSEUDONYM = /psn_[a-z2-7]{26}/g
/** RFC 4648 in small letters. */
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'

/** Domains whose pseudonyms lead back; the one that was used longest ago goes first. */
const DOMAINS_MAX = 256

/** The pseudonyms of each domain. */
export class DomainPseudonyms {
  readonly #crypto: Crypto
  readonly #domains = new Map<string, Pseudonyms>()

  constructor(crypto: Crypto) {
    this.#crypto = crypto
  }

  of(domain: string): Pseudonyms {
    const known = this.#domains.get(domain) ?? new Pseudonyms(this.#crypto)
    this.#domains.delete(domain)
    const oldest = this.#domains.keys().next()
    if (this.#domains.size >= DOMAINS_MAX && oldest.done !== true) this.#domains.delete(oldest.value)
    this.#domains.set(domain, known)
    return known
  }
}

export class Pseudonyms {
  readonly #crypto: Crypto
  readonly #known = new Map<string, { readonly value: string; readonly level: Level }>()

  /** Of all values that are known. */
  #chars = 0

  /** One a memory domain. */
  constructor(crypto: Crypto) {
    this.#crypto = crypto
  }

  /** @returns a new one; null for a value that is too long */
  of(value: string, { level }: Pick<DataLabel, 'level'>): string | null {
    if (value.length > VALUE_LENGTH_MAX) return null
    const name = `psn_${base32(this.#crypto.randomBytes(NAME_BYTES))}`
    this.#chars += value.length
    for (const oldest of this.#known.keys()) {
      if (this.#known.size < VALUES_MAX && this.#chars <= CHARS_MAX) break
      this.#forget(oldest)
    }
    this.#known.set(name, { value, level })
    return name
  }

  #forget(name: string): void {
    this.#chars -= this.#known.get(name)?.value.length ?? 0
    this.#known.delete(name)
  }

  /** The arguments with values in place of pseudonyms, as far as the tool accepts them; the same object if there are none. */
  resolve(args: JsonObject, accepts: Level): Resolved {
    const used = new Map<string, Level>()
    if (this.#known.size === 0) return { args, used }
    const texts: string[] = []
    mapped(args, (text) => {
      texts.push(text.replaceAll(PSEUDONYM, ''))
      return text
    })
    // Beside a value in the clear nothing stands for it: what the tool answers would tell that they are the same.
    const isGuessed = (value: string): boolean => texts.some((text) => text.includes(value))
    const resolved = mapped(args, (text) => this.#text(text, accepts, used, isGuessed))
    return { args: resolved as JsonObject, used }
  }

  #text(
    text: string,
    accepts: Level,
    used: Map<string, Level>,
    isGuessed: (value: string) => boolean,
  ): string {
    if (!text.includes('psn_')) return text
    return text.replaceAll(PSEUDONYM, (name) => {
      const known = this.#known.get(name)
      if (known === undefined || isAbove(known.level, accepts)) return name
      const { level, value } = known
      const before = used.get(value)
      if (
        before === undefined &&
        (used.size >= USED_MAX || (value.length >= ECHO_LENGTH_MIN && isGuessed(value)))
      )
        return name
      used.set(value, before !== undefined && isAbove(before, level) ? before : level)
      return value
    })
  }

  /** A tool may answer with what it was given: values that a call had in place of pseudonyms are hidden again. */
  hidden(value: JsonValue, used: Resolved['used']): JsonValue {
    const nameOf = (found: string): string => this.of(found, { level: used.get(found) ?? 'restricted' }) ?? ''
    return mapped(value, (text) => {
      if (used.has(text)) return nameOf(text)
      let left = text
      for (const found of used.keys())
        if (found.length >= ECHO_LENGTH_MIN) left = left.replaceAll(found, () => nameOf(found))
      return left
    })
  }
}

export interface Resolved {
  readonly args: JsonObject
  /** Values that stand in place of pseudonyms, with their levels. */
  readonly used: ReadonlyMap<string, Level>
}

/** @returns the value itself where no text in it, nor the text of a number, changes */
function mapped(value: JsonValue, change: (text: string) => string): JsonValue {
  if (typeof value === 'string') return change(value)
  if (typeof value === 'number') {
    const text = change(String(value))
    return text === String(value) ? value : text
  }
  if (typeof value !== 'object' || value === null) return value
  if (isJsonObject(value)) {
    const left = Object.entries(value).map(
      ([name, member]) => [change(name), mapped(member, change), name] as const,
    )
    const changed = left.some(([shown, member, name]) => shown !== name || member !== value[name])
    return changed ? Object.fromEntries(left.map(([name, member]) => [name, member])) : value
  }
  const left = value.map((item: JsonValue) => mapped(item, change))
  return left.some((item, at) => item !== value[at]) ? left : value
}

/** The first 130 bits. */
function base32(bytes: Uint8Array): string {
  let text = ''
  let bits = 0
  let held = 0
  for (const byte of bytes) {
    held = (held << 8) | byte
    for (bits += 8; bits >= 5 && text.length < CHARS; bits -= 5)
      text += ALPHABET[(held >> (bits - 5)) & 31] ?? ''
    held &= (1 << bits) - 1
  }
  return text
}
