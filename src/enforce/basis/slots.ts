/**
 * Where rows are, by four words of a digest or an identifier: open addressing with linear probing. What is asked whether
 * a slot is the one is where the row is kept; here is its place alone. spec/consent.md (CNS-20).
 * @module
 */

const SLOTS_MIN = 1024
/** Fuller than this the table doubles: so a place takes between 7 and 14 bytes. */
const LOAD_MAX = 0.6
/** No row is there. */
const NONE = 0

export class Slots {
  #places = new Uint32Array(SLOTS_MIN)
  #used = 0

  get bytes(): number {
    return this.#places.byteLength
  }

  /** @param home any word of what is looked for, evenly spread. @returns its place, or null */
  find(home: number, isIt: (place: number) => boolean): number | null {
    const mask = this.#places.length - 1
    for (let slot = home & mask; ; slot = (slot + 1) & mask) {
      const place = this.#places[slot] ?? NONE
      if (place === NONE) return null
      if (isIt(place)) return place
    }
  }

  /** @param isIt of what has the same words: it is replaced. @returns false: the table is full, and wants {@link reset} */
  set(home: number, place: number, isIt: (place: number) => boolean): boolean {
    const mask = this.#places.length - 1
    let slot = home & mask
    for (;;) {
      const found = this.#places[slot] ?? NONE
      if (found === NONE) break
      if (isIt(found)) {
        this.#places[slot] = place
        return true
      }
      slot = (slot + 1) & mask
    }
    if (this.#used + 1 > this.#places.length * LOAD_MAX) return false
    this.#places[slot] = place
    this.#used++
    return true
  }

  /** Forgets all, with room for so many. */
  reset(count: number): void {
    let slots = SLOTS_MIN
    while (count > slots * LOAD_MAX) slots *= 2
    this.#places = new Uint32Array(slots)
    this.#used = 0
  }
}
