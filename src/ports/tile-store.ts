/** Where the log's public files live. Every implementation passes test/contract/tile-store.ts. @module */

export interface TileStore {
  /** @returns null when there is no such file. `path` is relative, as tlog-tiles names it. */
  read(path: string): Promise<Uint8Array | null>
  /** Durable once it resolves; replaces atomically: a reader sees the old bytes or the new ones. */
  write(path: string, bytes: Uint8Array): Promise<void>
}

/**
 * The last checkpoint that was signed, kept outside the database, so that a rolled-back database is noticed.
 * Every implementation passes test/contract/checkpoint-lock.ts.
 */
export interface CheckpointLock {
  /** Takes the one signer's place. @throws {LogError} `LOG_LOCKED`: another process holds it. */
  acquire(): Promise<void>
  /** The signed note last stored, or null. */
  load(): Promise<Uint8Array | null>
  /** Stores `next` if the stored bytes still equal `previous`; durable once it resolves to true. */
  compareAndSwap(previous: Uint8Array | null, next: Uint8Array): Promise<boolean>
  release(): Promise<void>
}
