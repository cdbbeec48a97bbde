/**
 * Which words stood in texts that were forgotten: a Bloom filter, so that forgetting never makes a rule milder and seldom
 * makes one stricter. spec/flow.md, FLW-6. A value may have stood in a forgotten text only if each of its words did.
 * @module
 */

/** 128 KiB: at four probes a word, some 100,000 different words before one in ten is taken for another. */
const BITS = 1 << 20
const PROBES = 4
/** Words in texts are cut where FLW-5 says that nothing continues. */
const WORD = /[\p{L}\p{N}\p{M}_@\u{10000}-\u{10ffff}]+(?:[.+-][\p{L}\p{N}\p{M}_@\u{10000}-\u{10ffff}]+)*/gu
// oxlint-disable-next-line no-control-regex -- whatever is not ASCII
const BEYOND_ASCII = /[^\u0000-\u007f]/
const ASCII_WORD = /[a-z0-9_@]+(?:[.+-][a-z0-9_@]+)*/g

/** Whether words of texts that are gone may have been those of a value. */
export class Forgotten {
  #bits: Uint32Array | null = null
  #everything: boolean

  /** @param everything nobody knows what was forgotten: whatever may be asked stood in it */
  constructor(everything = false) {
    this.#everything = everything
  }

  /** Whether anything was. */
  get any(): boolean {
    return this.#everything || this.#bits !== null
  }

  /** Bytes. */
  get room(): number {
    return this.#bits?.byteLength ?? 0
  }

  forgetEverything(): void {
    this.#everything = true
    this.#bits = null
  }

  /** @param folded the text that goes */
  add(folded: string): void {
    if (this.#everything) return
    this.#bits ??= new Uint32Array(BITS / 32)
    for (const word of wordsOf(folded)) {
      let hash = hashOf(word)
      for (let i = 0; i < PROBES; i += 1) {
        const at = hash & (BITS - 1)
        this.#bits[at >>> 5] = (this.#bits[at >>> 5] ?? 0) | (1 << (at & 31))
        hash = next(hash)
      }
    }
  }

  /** @param folded of the value; false only if it certainly did not stand in a forgotten text */
  mayHold(folded: string): boolean {
    if (this.#everything) return true
    if (this.#bits === null) return false
    return wordsOf(folded).every((word) => this.#has(word))
  }

  #has(word: string): boolean {
    let hash = hashOf(word)
    for (let i = 0; i < PROBES; i += 1) {
      const at = hash & (BITS - 1)
      if (((this.#bits?.[at >>> 5] ?? 0) & (1 << (at & 31))) === 0) return false
      hash = next(hash)
    }
    return true
  }
}

function wordsOf(folded: string): readonly string[] {
  if (!BEYOND_ASCII.test(folded)) return folded.match(ASCII_WORD) ?? []
  return folded.match(WORD) ?? []
}

/** FNV-1a over UTF-16 units. */
function hashOf(word: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < word.length; i += 1) hash = Math.imul(hash ^ word.charCodeAt(i), 0x01000193)
  return next(hash)
}

/** A step of splitmix32. */
function next(hash: number): number {
  let mixed = (hash + 0x9e3779b9) | 0
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad)
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
  return (mixed ^ (mixed >>> 15)) >>> 0
}
