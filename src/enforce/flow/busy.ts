/** Names that some work is under way about: one work at a time. @module */

export class Busy {
  readonly #works = new Map<string, Promise<unknown>>()

  has(name: string): boolean {
    return this.#works.has(name)
  }

  /** The works that are under way about any of them. */
  about(names: readonly string[]): readonly Promise<unknown>[] {
    return names.flatMap((name) => this.#works.get(name) ?? [])
  }

  /** Begins at once: nobody may be busy with one of them. */
  async run<T>(names: readonly string[], work: () => Promise<T>): Promise<T> {
    const done = work()
    for (const name of names) this.#works.set(name, done)
    try {
      return await done
    } finally {
      for (const name of names) this.#works.delete(name)
    }
  }
}
