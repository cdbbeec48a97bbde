/** Who wants to hear of commits. @module */

export class Listeners {
  readonly #listeners = new Set<(size: number) => void>()

  add(listener: (size: number) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** A listener's fault must not fail a commit that is already durable. */
  announce(size: number): void {
    for (const listener of this.#listeners) {
      try {
        listener(size)
      } catch (cause) {
        queueMicrotask(() => {
          throw cause
        })
      }
    }
  }
}
