/** Writes of a publication: several under way at once, all durable before anything is signed. @module */
import type { TileStore } from '../ports/tile-store.ts'
import { LogError } from './entries.ts'

/** Files written at once, and bundles held in memory until they are durable (at most 16 MiB each). */
const WRITES_MAX = 8

/** Writes with bounded concurrency. A failed one is reported at the end; nothing is signed then. */
export class Writes {
  readonly #tiles: TileStore
  readonly #pending = new Set<Promise<void>>()
  #failed: { cause: unknown } | null = null

  constructor(tiles: TileStore) {
    this.#tiles = tiles
  }

  async add(path: string, bytes: Uint8Array): Promise<void> {
    const write: Promise<void> = this.#tiles
      .write(path, bytes)
      .catch((cause: unknown) => {
        this.#failed ??= { cause }
      })
      .finally(() => this.#pending.delete(write))
    this.#pending.add(write)
    if (this.#pending.size >= WRITES_MAX) await Promise.race(this.#pending)
    this.assertDurable()
  }

  async settle(): Promise<void> {
    await Promise.all(this.#pending)
  }

  assertDurable(): void {
    if (!this.#failed) return
    const { cause } = this.#failed
    throw cause instanceof LogError
      ? cause
      : new LogError('LOG_UNAVAILABLE', 'a tile was not stored', { cause })
  }
}
