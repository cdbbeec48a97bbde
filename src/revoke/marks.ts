/**
 * Marks of handles, and a set of them in one piece of memory. spec/revocation.md (REV-10).
 * @module
 */
import type { Crypto } from '../core/crypto.ts'
import { taggedDigest } from '../core/digest.ts'
import { utf8 } from '../core/encoding.ts'
import type { RevocationKind } from './frame.ts'

export const MARK_BYTES = 16
const HANDLE_TAG = 'countersign-handle-v1'
const TOOL_TAG = 'countersign-tool-v1'
/** Words of 32 bits. */
const WORDS = MARK_BYTES / 4
const SLOTS_MIN = 64
/** Fuller than this the table doubles: so an entry takes between 27 and 54 bytes. */
const LOAD_MAX = 0.6

export interface NamedHandle {
  readonly kind: RevocationKind
  readonly handle: string
}

/** REV-10. @param named of one of the kinds, as a database has it too */
export function markOf(
  crypto: Crypto,
  { kind, handle }: { readonly kind: string; readonly handle: string },
): Uint8Array {
  // Canonical JSON of two strings is what JSON.stringify gives, at a tenth of the cost: a server marks all there are.
  const text = `${HANDLE_TAG}\0[${JSON.stringify(kind)},${JSON.stringify(handle)}]`
  return crypto.sha256(utf8(text)).subarray(0, MARK_BYTES)
}

/** The handle of kind `tool`: one definition of one tool of one server (REV-2). */
export function toolVersion(crypto: Crypto, server: string, tool: string, definition_hash: string): string {
  return taggedDigest(crypto, TOOL_TAG, { server, tool, definition_hash })
}

/**
 * A set of marks: open addressing with linear probing over one typed array. A mark is a digest, so its first bits are
 * the slot where it is looked for. That keeps the slots nearly in the order of the marks, which {@link sorted} uses.
 */
export class MarkTable {
  #words = new Uint32Array(SLOTS_MIN * WORDS)
  /** Of 32 bits, how many do not choose the slot. */
  #shift = 32 - Math.log2(SLOTS_MIN)
  #size = 0

  get size(): number {
    return this.#size
  }

  /** What the table takes, unused slots included. */
  get bytes(): number {
    return this.#words.byteLength
  }

  /** Makes room for `count` marks in all, once instead of by doubling. */
  reserve(count: number): void {
    let slots = this.#slots
    while (count > slots * LOAD_MAX) slots *= 2
    if (slots > this.#slots) this.#resize(slots)
  }

  /** @param at where the mark begins. @returns whether it is new */
  add(bytes: Uint8Array, at = 0): boolean {
    if (this.#size + 1 > this.#slots * LOAD_MAX) this.#resize(this.#slots * 2)
    return this.#insert(word(bytes, at), word(bytes, at + 4), word(bytes, at + 8), word(bytes, at + 12))
  }

  has(bytes: Uint8Array, at = 0): boolean {
    const slot = this.#find(word(bytes, at), word(bytes, at + 4), word(bytes, at + 8), word(bytes, at + 12))
    return !this.#isFree(slot)
  }

  /** The marks in the order of their bytes, each once: the body of a snapshot (REV-11). */
  sorted(): Uint8Array {
    const sorted = new Uint32Array(this.#size * WORDS)
    let end = 0
    // What found no slot before the end of the table lies at its beginning, and is greater than all else.
    for (const wrapped of [false, true]) {
      for (let slot = 0; slot < this.#words.length; slot += WORDS) {
        if (this.#isFree(slot)) {
          if (wrapped) break
          continue
        }
        if (this.#home(this.#words[slot] ?? 0) > slot === wrapped) end = this.#place(sorted, end, slot)
      }
    }
    return bigEndian(sorted)
  }

  get #slots(): number {
    return this.#words.length / WORDS
  }

  #home(first: number): number {
    return (first >>> this.#shift) * WORDS
  }

  /** Free is a slot of zeros. That no mark is all zeros is as sure as that no two handles share one. */
  #isFree(slot: number): boolean {
    const words = this.#words
    return words[slot + 3] === 0 && words[slot] === 0 && words[slot + 1] === 0 && words[slot + 2] === 0
  }

  /** Where the mark is, or the free slot where it would be. */
  #find(a: number, b: number, c: number, d: number): number {
    const words = this.#words
    let slot = this.#home(a)
    for (;;) {
      if (words[slot + 3] === d && words[slot] === a && words[slot + 1] === b && words[slot + 2] === c)
        return slot
      if (this.#isFree(slot)) return slot
      slot += WORDS
      if (slot === words.length) slot = 0
    }
  }

  #insert(a: number, b: number, c: number, d: number): boolean {
    const words = this.#words
    const slot = this.#find(a, b, c, d)
    if (!this.#isFree(slot)) return false
    words[slot] = a
    words[slot + 1] = b
    words[slot + 2] = c
    words[slot + 3] = d
    this.#size++
    return true
  }

  #resize(slots: number): void {
    const old = this.#words
    this.#words = new Uint32Array(slots * WORDS)
    this.#shift = 32 - Math.log2(slots)
    this.#size = 0
    for (let i = 0; i < old.length; i += WORDS) {
      const a = old[i] ?? 0
      const b = old[i + 1] ?? 0
      const c = old[i + 2] ?? 0
      const d = old[i + 3] ?? 0
      if (a !== 0 || b !== 0 || c !== 0 || d !== 0) this.#insert(a, b, c, d)
    }
  }

  /** By insertion: what is out of order is so by a few places. @returns the new end */
  #place(sorted: Uint32Array, end: number, slot: number): number {
    let at = end
    while (at > 0 && isBefore(this.#words, slot, sorted, at - WORDS)) at -= WORDS
    sorted.copyWithin(at + WORDS, at, end)
    for (let i = 0; i < WORDS; i++) sorted[at + i] = this.#words[slot + i] ?? 0
    return end + WORDS
  }
}

/** Whether each of the marks comes after the one before it. */
export function areInOrder(body: Uint8Array): boolean {
  for (let at = MARK_BYTES; at < body.length; at += MARK_BYTES) {
    let i = 0
    while (i < MARK_BYTES && body[at + i] === body[at - MARK_BYTES + i]) i++
    if (i === MARK_BYTES || (body[at + i] ?? 0) < (body[at - MARK_BYTES + i] ?? 0)) return false
  }
  return true
}

function isBefore(one: Uint32Array, i: number, other: Uint32Array, j: number): boolean {
  for (let k = 0; k < WORDS; k++) {
    const difference = (one[i + k] ?? 0) - (other[j + k] ?? 0)
    if (difference !== 0) return difference < 0
  }
  return false
}

function word(bytes: Uint8Array, at: number): number {
  const high = ((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16)
  return (high | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)) >>> 0
}

function bigEndian(words: Uint32Array): Uint8Array {
  const view = new DataView(new ArrayBuffer(words.byteLength))
  for (let i = 0; i < words.length; i++) view.setUint32(i * 4, words[i] ?? 0)
  return new Uint8Array(view.buffer)
}
