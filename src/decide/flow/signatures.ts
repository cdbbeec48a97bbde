/**
 * Which of many texts may hold a value, without looking into them: each text sets a bit in the rows of its runs of four
 * characters, and a value is only where all rows of its own runs have one. Never wrong about a no; a yes is looked up.
 * @module
 */

const GRAM = 4
/** Rows of bits; some two thousand characters set about one row in three, and all of it stays in a cache. */
const LOG2_ROWS = 12
const ROWS = 1 << LOG2_ROWS
/** Runs of a value that are asked for: with this many, a yes is seldom wrong. */
const PROBES_MAX = 24
/** Golden ratio in 32 bits: spreads neighbours. */
const SPREAD = 0x9e3779b1
const BITS = 32

/** Texts by number, from 0 up to how many there may be. */
export class Signatures {
  readonly #words: number
  readonly #rows: Int32Array
  /** What is found while a value is asked about: most are nowhere, and need no copy. */
  readonly #found: Int32Array

  /** @param slots how many texts are told apart */
  constructor(slots: number) {
    this.#words = Math.ceil(slots / BITS)
    this.#found = new Int32Array(this.#words)
    this.#rows = new Int32Array(ROWS * this.#words)
  }

  /** Bytes. */
  get room(): number {
    return this.#rows.byteLength
  }

  add(slot: number, text: string): void {
    const rows = this.#rows
    const words = this.#words
    const word = slot >>> 5
    const bit = 1 << (slot & 31)
    let gram = 0
    for (let i = 0; i < text.length; i += 1) {
      gram = (gram << 8) ^ text.charCodeAt(i)
      const at = (Math.imul(gram, SPREAD) >>> (BITS - LOG2_ROWS)) * words + word
      rows[at] = (rows[at] ?? 0) | bit
    }
  }

  clear(slot: number): void {
    const keep = ~(1 << (slot & 31))
    for (let at = slot >>> 5; at < this.#rows.length; at += this.#words)
      this.#rows[at] = (this.#rows[at] ?? 0) & keep
  }

  /** @returns a bit for each text that may hold the value; null when none does */
  mayHold(value: string): Int32Array | null {
    const found = this.#found.fill(-1)
    const runs = Math.max(0, value.length - GRAM + 1)
    const n = Math.min(runs, PROBES_MAX)
    for (let i = 0; i < n; i += 1) {
      // Both ends and what is between them: addresses begin alike or end alike.
      const from = n === 1 ? 0 : Math.floor((i * (runs - 1)) / (n - 1))
      let gram = 0
      for (let k = 0; k < GRAM; k += 1) gram = (gram << 8) ^ value.charCodeAt(from + k)
      const row = (Math.imul(gram, SPREAD) >>> (BITS - LOG2_ROWS)) * this.#words
      let any = 0
      for (let word = 0; word < this.#words; word += 1) {
        const both = (found[word] ?? 0) & (this.#rows[row + word] ?? 0)
        found[word] = both
        any |= both
      }
      if (any === 0) return null
    }
    return found.slice()
  }
}

/** Whether any of the 32 slots that this one is among is in any of them. */
export function hasSlotNear(found: readonly (Int32Array | null)[], slot: number): boolean {
  for (const bits of found) if (bits !== null && bits[slot >>> 5] !== 0) return true
  return false
}

export function hasSlot(found: Int32Array | null, slot: number): boolean {
  return found !== null && ((found[slot >>> 5] ?? 0) & (1 << (slot & 31))) !== 0
}
