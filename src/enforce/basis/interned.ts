/** Values that many rows share, each kept once, and until they are put together anew. @module */

export class Interned<T> {
  readonly #places = new Map<string, number>()
  readonly #values: T[] = []

  get size(): number {
    return this.#values.length
  }

  /** @param name by which two are the same */
  of(name: string, value: T): number {
    const known = this.#places.get(name)
    if (known !== undefined) return known
    this.#values.push(value)
    this.#places.set(name, this.#values.length - 1)
    return this.#values.length - 1
  }

  get(place: number): T {
    const value = this.#values[place]
    if (value === undefined) throw new Error('no such value: our bug')
    return value
  }
}
