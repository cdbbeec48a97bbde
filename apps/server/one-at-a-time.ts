/** Work that is too much to be done for many at once: one at a time, those that ask for the same share it. @module */
import { RegistryError } from '../../src/registry/errors.ts'

/** How many may wait for their turn. */
const WAITING_MAX = 8

export class OneAtATime<T> {
  readonly #asked = new Map<string, Promise<T>>()
  #last: Promise<unknown> = Promise.resolve()

  /** @throws {RegistryError} `LIMIT_EXCEEDED`: too many wait */
  take(what: string, work: () => Promise<T>): Promise<T> {
    const same = this.#asked.get(what)
    if (same !== undefined) return same
    if (this.#asked.size >= WAITING_MAX)
      throw new RegistryError('LIMIT_EXCEEDED', 'too many ask for this at once: try again later')
    const turn = this.#last.then(work).finally(() => this.#asked.delete(what))
    this.#last = turn.catch(() => undefined)
    this.#asked.set(what, turn)
    return turn
  }
}
