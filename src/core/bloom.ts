/**
 * Bloom filters: what may be among some words, and what certainly is not. One in some thousand words that are not there
 * may seem to be. Not for secrets, and not against who chooses words so that they fall together: they only cost a look.
 * @source Bloom 1970; two hashes in place of many: Kirsch and Mitzenmacher 2006
 * @module
 */

/** Bits of a filter for each of its words, and how many of them a word sets: one in 2,000 falls on others' alone. */
const BITS_PER_WORD = 16
const BITS_SET = 7
const FNV_PRIME = 0x01000193
const FNV_BASE = 0x811c9dc5
const MIX = 0x85ebca6b

/** @returns as many bytes as the words need, at least 8 */
export function bloomOf(words: ReadonlySet<string>): Uint8Array {
  const filter = new Uint8Array(Math.max(8, Math.ceil((words.size * BITS_PER_WORD) / 8)))
  for (const word of words)
    for (const bit of bitsOf(word, filter.length * 8))
      filter[bit >> 3] = (filter[bit >> 3] ?? 0) | (1 << (bit & 7))
  return filter
}

/** A word as filters are asked for it. */
export interface Sought {
  readonly start: number
  readonly step: number
}

/** @returns false: it is certainly not among the words */
export function mayHave(filter: Uint8Array, { start, step }: Sought): boolean {
  const bits = filter.length * 8
  for (let i = 0; i < BITS_SET; i++) {
    const bit = (start + i * step) % bits
    if (((filter[bit >> 3] ?? 0) & (1 << (bit & 7))) === 0) return false
  }
  return true
}

function bitsOf(word: string, bits: number): number[] {
  const { start, step } = sought(word)
  return Array.from({ length: BITS_SET }, (_, i) => (start + i * step) % bits)
}

export function sought(word: string): Sought {
  let [one, two] = [FNV_BASE, word.length]
  for (let i = 0; i < word.length; i++) {
    const unit = word.charCodeAt(i)
    one = Math.imul(one ^ unit, FNV_PRIME)
    two = Math.imul(two ^ unit, MIX) ^ (two >>> 15)
  }
  return { start: one >>> 0, step: (two ^ (two >>> 13)) >>> 0 }
}
