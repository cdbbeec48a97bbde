/**
 * One thing after the other for all of many, some thousand a turn: requests, heartbeats and the streams of others go
 * on in between.
 * @module
 */
import { setTimeout } from 'node:timers/promises'

/**
 * Visits in one turn: some 10 ms a thousand. A fleet of ten thousand is told in one turn: in four, the first points'
 * acknowledgements and receipts come between, and the last point hears of it 70 ms later (p99 237 ms in place of 168).
 * By number, not by time: on a machine that is busy with something else turns would get shorter.
 */
export const VISITS_A_TURN = 16_384

/** For what would be done again at once. Keeps no process alive. */
export async function rest(ms: number): Promise<void> {
  if (ms >= 1) await setTimeout(ms, undefined, { ref: false })
}

export class Sweep<T> {
  readonly #left: Iterator<T>
  readonly #visit: (one: T) => void
  readonly #onEnd: () => void
  #isOver = false

  private constructor(all: Iterable<T>, visit: (one: T) => void, onEnd: () => void) {
    this.#left = all[Symbol.iterator]()
    this.#visit = visit
    this.#onEnd = onEnd
  }

  /** Begins at once. @param onEnd when all were visited; not in this turn if there are several */
  static begin<T>(all: Iterable<T>, visit: (one: T) => void, onEnd: () => void): Sweep<T> {
    const sweep = new Sweep(all, visit, onEnd)
    sweep.#turn()
    return sweep
  }

  /** The rest in this turn. */
  finish(): void {
    this.#go(Infinity)
  }

  #turn(): void {
    this.#go(VISITS_A_TURN)
    if (!this.#isOver) setImmediate(() => this.#turn())
  }

  #go(visits: number): void {
    for (let i = 0; i < visits && !this.#isOver; i++) {
      const next = this.#left.next()
      if (next.done !== true) this.#visit(next.value)
      else {
        this.#isOver = true
        this.#onEnd()
      }
    }
  }
}
