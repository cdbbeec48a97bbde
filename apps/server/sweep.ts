/**
 * One thing after the other for all of many, a few milliseconds a turn: requests, heartbeats and the streams of others go
 * on in between.
 * @module
 */
import { setTimeout } from 'node:timers/promises'

/**
 * What one turn may take, milliseconds: a thousand streams. With less, who is last waits for the work of all who were
 * first and have something to tell about it.
 */
const TURN_MS = 10
/** Visits between two looks at the clock: some 10 us each. */
const UNWATCHED = 16

/** For what would be done again at once. Keeps no process alive. */
export async function rest(ms: number): Promise<void> {
  if (ms >= 1) await setTimeout(ms, undefined, { ref: false })
}

export class Sweep<T> {
  readonly #left: Iterator<T>
  readonly #visit: (one: T) => void
  readonly #onEnd: () => void
  #isOver = false

  /** Begins at once. @param onEnd when all were visited; not in the turn of the last visit if there were several turns */
  constructor(all: Iterable<T>, visit: (one: T) => void, onEnd: () => void) {
    this.#left = all[Symbol.iterator]()
    this.#visit = visit
    this.#onEnd = onEnd
    this.#turn()
  }

  /** The rest in this turn. */
  finish(): void {
    this.#visitUntil(Infinity)
  }

  #turn(): void {
    this.#visitUntil(performance.now() + TURN_MS)
    if (!this.#isOver) setImmediate(() => this.#turn())
  }

  #visitUntil(end: number): void {
    for (let visits = 1; !this.#isOver; visits++) {
      const next = this.#left.next()
      if (next.done === true) {
        this.#isOver = true
        this.#onEnd()
      } else {
        this.#visit(next.value)
        if (visits % UNWATCHED === 0 && performance.now() >= end) return
      }
    }
  }
}
