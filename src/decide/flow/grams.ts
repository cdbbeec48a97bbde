/**
 * Which runs of four characters a text has, in a byte a character: tells in a microsecond that a text does not hold a value,
 * which is what nearly every text of a memory has to be asked. Never wrong about that; a yes has to be looked up.
 * @module
 */

const GRAM = 4
/** Runs of a value that are asked for: with this many, a yes is seldom wrong. */
const PROBES_MAX = 12
/** The order of probes: a stride that has no factor in common with their greatest number. */
const FIRST = 3
const STRIDE = 5
/** Two mebibytes, whatever somebody sets as the bound of a memory. */
const LOG2_BITS_MAX = 24
/** Golden ratio in 32 bits: spreads neighbours. */
const SPREAD = 0x9e3779b1

/** Of one text or of several. */
export class Grams {
  readonly #bits: Uint8Array
  readonly #shift: number

  /** @param chars of all texts that will be added: with more, a yes is more often wrong */
  constructor(chars: number) {
    const log2_bits = Math.max(6, Math.min(LOG2_BITS_MAX, 32 - Math.clz32(chars * 8)))
    this.#shift = 32 - log2_bits
    this.#bits = new Uint8Array(1 << (log2_bits - 3))
  }

  add(text: string): this {
    const bits = this.#bits
    const shift = this.#shift
    let gram = 0
    for (let i = 0; i < text.length; i += 1) {
      gram = (gram << 8) ^ text.charCodeAt(i)
      const at = Math.imul(gram, SPREAD) >>> shift
      bits[at >>> 3] = (bits[at >>> 3] ?? 0) | (1 << (at & 7))
    }
    return this
  }

  /** @param probes of {@link probesOf} */
  mayHold(probes: Int32Array): boolean {
    for (let i = 0; i < probes.length; i += 1) {
      const at = Math.imul(probes[i] ?? 0, SPREAD) >>> this.#shift
      if (((this.#bits[at >>> 3] ?? 0) & (1 << (at & 7))) === 0) return false
    }
    return true
  }
}

/** Runs of a value, spread over it; none where it is too short to have one: every text may hold it. */
export function probesOf(value: string): Int32Array {
  const runs = Math.max(0, value.length - GRAM + 1)
  const n = Math.min(runs, PROBES_MAX)
  const probes = new Int32Array(n)
  for (let i = 0; i < n; i += 1) {
    // Not in order: addresses begin alike or end alike, and what is first asked for should tell them apart.
    const place = (i * STRIDE + FIRST) % n
    const from = n === 1 ? 0 : Math.floor((place * (runs - 1)) / (n - 1))
    let gram = 0
    for (let k = 0; k < GRAM; k += 1) gram = (gram << 8) ^ value.charCodeAt(from + k)
    probes[i] = gram
  }
  return probes
}
