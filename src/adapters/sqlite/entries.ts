/**
 * The committed entries as a database file has them: over the store's own connection, or one that only reads, which is
 * what a thread that publishes them needs, without the store. @module
 */
import { DatabaseSync } from 'node:sqlite'
import type { EntrySource } from '../../ports/entry-source.ts'
import { withPruned } from '../sql/pruned-rows.ts'

/** How long SQLite waits for another connection's lock, in milliseconds. */
const BUSY_TIMEOUT_MS = 5000

const NEXT = "SELECT value FROM meta WHERE name = 'entries.next'"

/** Opens a file that a store has prepared. */
export function openSqliteEntries(path: string): EntrySource & { close(): void } {
  const reader = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS, readOnly: true })
  const next = reader.prepare(NEXT)
  const size = async (): Promise<number> => Number(next.get()?.value ?? 0)
  return { ...entriesOver(reader, size), close: () => reader.close() }
}

/** @param size of the log, as the caller reads it */
export function entriesOver(reader: DatabaseSync, size: () => Promise<number>): EntrySource {
  const range = reader.prepare('SELECT idx, bytes FROM entries WHERE idx >= ? AND idx < ? ORDER BY idx')
  const tile = reader.prepare('SELECT hashes FROM pruned WHERE bundle = ?')
  const bundles = reader.prepare('SELECT bundle FROM pruned WHERE bundle >= ? AND bundle <= ?')
  return {
    size,
    read: async (start, end) => {
      const rows = range.all(start, end) as unknown as { idx: number; bytes: Uint8Array }[]
      const pruned = async (first: number, last: number): Promise<number[]> =>
        bundles.all(first, last).map((row) => Number(row.bundle))
      return withPruned(rows, start, end, pruned)
    },
    hashes: async (index) => (tile.get(index)?.hashes as Uint8Array | undefined) ?? null,
  }
}
