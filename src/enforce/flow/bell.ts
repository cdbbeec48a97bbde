/** Waiting for something to happen in this process. @module */

export class Bell {
  #waiting: (() => void)[] = []

  /** Resolves when it rings next, or with the signal. */
  next(until: AbortSignal): Promise<void> {
    if (until.aborted) return Promise.resolve()
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting.push(resolve)
    until.addEventListener('abort', () => resolve(), { once: true })
    return promise
  }

  ring(): void {
    for (const told of this.#waiting.splice(0)) told()
  }
}
