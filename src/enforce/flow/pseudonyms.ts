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
/** Longer ones are taken out: a text is no value. */
const VALUE_LENGTH_MAX = 1024
const CHARS = 26
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
    this.#known.delete(name)
    const oldest = this.#known.keys().next()
    if (this.#known.size >= VALUES_MAX && oldest.done !== true) this.#known.delete(oldest.value)
    // Once seen as more sensitive, it stays so.
    this.#known.set(name, {
      value,
      level: known !== undefined && isAbove(known.level, level) ? known.level : level,
    })
    return name
  }

  /** The arguments with values in place of pseudonyms, as far as the tool accepts them; the same object if there are none. */
  resolve(args: JsonObject, accepts: Level): JsonObject {
    return this.#known.size === 0 ? args : (this.#resolved(args, accepts) as JsonObject)
  }

  #resolved(value: JsonValue, accepts: Level): JsonValue {
    if (typeof value === 'string') return this.#text(value, accepts)
    if (typeof value !== 'object' || value === null) return value
    if (isJsonObject(value)) {
      const left = Object.entries(value).map(
        ([name, member]) => [name, this.#resolved(member, accepts)] as const,
      )
      return left.some(([name, member]) => member !== value[name]) ? Object.fromEntries(left) : value
    }
    const left = value.map((item: JsonValue) => this.#resolved(item, accepts))
    return left.some((item, at) => item !== value[at]) ? left : value
  }

  #text(text: string, accepts: Level): string {
    if (!text.includes('psn_')) return text
    return text.replaceAll(PSEUDONYM, (name) => {
      const known = this.#known.get(name)
      return known === undefined || isAbove(known.level, accepts) ? name : known.value
    })
  }
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
