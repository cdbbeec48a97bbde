/** Where the log's public files live. Every implementation passes test/contract/tile-store.ts. @module */

export interface TileStore {
  /** @returns null when there is no such file. `path` is relative, as tlog-tiles names it. */
  read(path: string): Promise<Uint8Array | null>
  /** Durable once it resolves; replaces atomically: a reader sees the old bytes or the new ones. */
  write(path: string, bytes: Uint8Array): Promise<void>
}

/** A tile store that several publishers may write to. */
export interface PublicTiles extends TileStore {
  /**
   * Writes as `write` does if `mayReplace` says so of what is there (null: no such file). Of several at once, each is asked
   * about what the one before it stored. @returns false if the file was left as it was
   */
  writeIf(
    path: string,
    bytes: Uint8Array,
    mayReplace: (stored: Uint8Array | null) => boolean,
  ): Promise<boolean>
  /** Removes a full tile and all its partial ones (`path.p/…`), whichever there are; durable once it resolves. */
  remove(path: string): Promise<void>
}

/**
 * The last checkpoint that was signed, kept outside the database, so that a rolled-back database is noticed.
 * Some let one signer hold them at a time, others let several swap side by side: whoever loses a swap reads what won.
 * Every implementation passes test/contract/checkpoint-lock.ts.
 */
export interface CheckpointLock {
  /**
   * Takes a signer's place.
   * @throws {LogError} `LOG_LOCKED`: there is one place, and another process holds it. `LOCK_UNSUPPORTED`: what is
   * there cannot compare and swap.
   */
  acquire(): Promise<void>
  /** The signed note last stored, or null. */
  load(): Promise<Uint8Array | null>
  /**
   * Stores `next` if the stored bytes still equal `previous`; durable once it resolves to true.
   * @throws {LogError} `LOG_LOCKED`: not held. `LOG_UNAVAILABLE`: it may or may not be stored; load it to know.
   */
  compareAndSwap(previous: Uint8Array | null, next: Uint8Array): Promise<boolean>
  release(): Promise<void>
}
