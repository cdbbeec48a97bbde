/**
 * Logarithms that come out the same everywhere: sixteenths of bits, by squaring alone. spec/drift.md (DRF-12).
 * Invariant: only additions, multiplications and divisions of IEEE 754 doubles, which every language rounds alike;
 * `Math.log2` is not among them.
 * @module
 */

/** The finest step of a score. */
export const STEPS_A_BIT = 16
const SQUARINGS = 4

/** The largest k with 2^(k/16) <= 1/p: how surprising something of probability `p` is. @param p in (0, 1] */
export function surprisal16(p: number): number {
  let x = 1 / p
  let whole = 0
  while (x >= 2) {
    x /= 2
    whole += 1
  }
  let k = whole
  for (let i = 0; i < SQUARINGS; i++) {
    x *= x
    k *= 2
    if (x >= 2) {
      x /= 2
      k += 1
    }
  }
  return k
}
