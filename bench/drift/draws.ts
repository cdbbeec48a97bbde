/** Seeded draws: the same seed gives the same streams on every machine. @module */

/** Mulberry32: 32 bits of state, more than enough to shuffle; not for anything that must not be guessed. */
export class Draws {
  #state: number

  /** @param seed any text */
  constructor(seed: string) {
    // FNV-1a
    this.#state = 0x811c9dc5
    for (const char of seed) this.#state = Math.imul(this.#state ^ (char.codePointAt(0) ?? 0), 0x01000193)
  }

  /** In [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }

  below(n: number): number {
    return Math.floor(this.next() * n)
  }

  one<T>(all: readonly T[]): T {
    const found = all[this.below(all.length)]
    if (found === undefined) throw new TypeError('nothing to draw from')
    return found
  }

  shuffled<T>(all: readonly T[]): T[] {
    const out = [...all]
    for (let i = out.length - 1; i > 0; i--) {
      const j = this.below(i + 1)
      const [a, b] = [out[i], out[j]]
      if (a !== undefined && b !== undefined) [out[i], out[j]] = [b, a]
    }
    return out
  }
}
