/**
 * Names for values that an agent may not see and may yet pass on. spec/labels.md (LBL-11).
 * Invariant: the way back exists in this process alone, and only for a tool that accepts the level of the value.
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import { utf8 } from '../../core/encoding.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import { isAbove, type DataLabel, type Level } from '../../core/label.ts'

/** Values of one domain with a way back; the one that was named longest ago goes first. */
const VALUES_MAX = 16_384
/** Characters of all values of one domain. */
const CHARS_MAX = 1024 * 1024
/** Longer ones are taken out: a text is no value. */
const VALUE_LENGTH_MAX = 1024
const CHARS = 26
/** Values that one call is given: each is looked for in all that its tool answers. */
const USED_MAX = 64
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
  readonly #key: Uint8Array
  readonly #known = new Map<string, { readonly value: string; readonly level: Level }>()

  /** Of all values that are known. */
  #chars = 0

  /** One a memory domain: its key is new and never leaves it. */
  constructor(crypto: Crypto) {
    this.#crypto = crypto
    this.#key = crypto.randomBytes(32)
  }

  /** @returns null for a value that is too long */
  of(value: string, { level }: DataLabel): string | null {
    if (value.length > VALUE_LENGTH_MAX) return null
    const name = `psn_${base32(this.#crypto.hmacSha256(this.#key, utf8(value.toWellFormed())))}`
    const known = this.#known.get(name)
    this.#forget(name)
    this.#chars += value.length
    for (const oldest of this.#known.keys()) {
      if (this.#known.size < VALUES_MAX && this.#chars <= CHARS_MAX) break
      this.#forget(oldest)
    }
    // Once seen as more sensitive, it stays so.
    this.#known.set(name, {
      value,
      level: known !== undefined && isAbove(known.level, level) ? known.level : level,
    })
    return name
  }

  #forget(name: string): void {
    this.#chars -= this.#known.get(name)?.value.length ?? 0
    this.#known.delete(name)
  }

  /** The arguments with values in place of pseudonyms, as far as the tool accepts them; the same object if there are none. */
  resolve(args: JsonObject, accepts: Level): Resolved {
    const used = new Map<string, string>()
    if (this.#known.size === 0) return { args, used }
    const resolved = mapped(args, (text) => this.#text(text, accepts, used))
    return { args: resolved as JsonObject, used }
  }

  #text(text: string, accepts: Level, used: Map<string, string>): string {
    if (!text.includes('psn_')) return text
    return text.replaceAll(PSEUDONYM, (name) => {
      const known = this.#known.get(name)
      if (known === undefined || isAbove(known.level, accepts)) return name
      if (used.size >= USED_MAX && !used.has(known.value)) return name
      used.set(known.value, name)
      return known.value
    })
  }
}

export interface Resolved {
  readonly args: JsonObject
  /** Pseudonyms by the values that stand in their place. */
  readonly used: ReadonlyMap<string, string>
}

/** Shorter values stand in texts by chance. */
const ECHO_LENGTH_MIN = 4

/** A tool may answer with what it was given: values that a call had in place of pseudonyms become pseudonyms again. */
export function hidden(value: JsonValue, used: Resolved['used']): JsonValue {
  return mapped(value, (text) => {
    let left = used.get(text) ?? text
    for (const [found, name] of used) if (found.length >= ECHO_LENGTH_MIN) left = left.replaceAll(found, name)
    return left
  })
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
