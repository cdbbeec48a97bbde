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

/** @returns false: it is certainly not among the words */
export function mayHave(filter: Uint8Array, word: string): boolean {
  return bitsOf(word, filter.length * 8).every((bit) => ((filter[bit >> 3] ?? 0) & (1 << (bit & 7))) !== 0)
}

function bitsOf(word: string, bits: number): number[] {
  let [one, two] = [FNV_BASE, word.length]
  for (let i = 0; i < word.length; i++) {
    const unit = word.charCodeAt(i)
    one = Math.imul(one ^ unit, FNV_PRIME)
    two = Math.imul(two ^ unit, MIX) ^ (two >>> 15)
  }
  const step = (two ^ (two >>> 13)) >>> 0
  return Array.from({ length: BITS_SET }, (_, i) => ((one >>> 0) + i * step) % bits)
}
