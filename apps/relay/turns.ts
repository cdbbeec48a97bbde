/**
 * Whose turn it is where only so many may go at once: each source's in rotation, so that who comes once does not wait
 * for all whom a stranger has sent before.
 * @module
 */

/** @returns once it is its turn; the caller says when it is over */
export class Turns {
  readonly #at_once_max: number
  readonly #waiting_max: number
  /** By source, in the order of their turns. */
  readonly #waiting = new Map<string, { readonly begin: () => void; readonly refuse: () => void }[]>()
  #waiting_n = 0
  #under_way = 0

  constructor(limits: { readonly at_once_max: number; readonly waiting_max: number }) {
    this.#at_once_max = limits.at_once_max
    this.#waiting_max = limits.waiting_max
  }

  /** @returns false: too many wait, and most of them of this source */
  async begin(source: string): Promise<boolean> {
    if (this.#under_way < this.#at_once_max) {
      this.#under_way++
      return true
    }
    if (this.#waiting_n >= this.#waiting_max && !this.#makeRoom(source)) return false
    return new Promise((resolve) => {
      const queue = this.#waiting.get(source) ?? []
      queue.push({ begin: () => resolve(true), refuse: () => resolve(false) })
      this.#waiting.set(source, queue)
      this.#waiting_n++
    })
  }

  /** Hands the turn on. */
  end(): void {
    const [next] = this.#waiting
    if (next === undefined) {
      this.#under_way--
      return
    }
    const [source, queue] = next
    const turn = queue.shift()
    this.#waiting_n--
    this.#waiting.delete(source)
    if (queue.length > 0) this.#waiting.set(source, queue)
    turn?.begin()
  }

  /** The last of the source that has most waits no more, unless that is who asks. */
  #makeRoom(source: string): boolean {
    let most: [string, { readonly refuse: () => void }[]] | null = null
    for (const each of this.#waiting) if (most === null || each[1].length > most[1].length) most = each
    if (most === null || most[1].length <= (this.#waiting.get(source)?.length ?? 0) + 1) return false
    most[1].pop()?.refuse()
    this.#waiting_n--
    return true
  }
}
