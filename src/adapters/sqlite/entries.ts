/**
 * The committed entries alone, over a connection of its own that only reads: what a thread that publishes them needs,
 * without the store. @module
 */
import { DatabaseSync } from 'node:sqlite'
import type { EntrySource } from '../../ports/entry-source.ts'

/** How long SQLite waits for another connection's lock, in milliseconds. */
const BUSY_TIMEOUT_MS = 5000

/** Opens a file that a store has prepared. */
export function openSqliteEntries(path: string): EntrySource & { close(): void } {
  const reader = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS, readOnly: true })
  const next = reader.prepare("SELECT value FROM meta WHERE name = 'entries.next'")
  const range = reader.prepare('SELECT bytes FROM entries WHERE idx >= ? AND idx < ? ORDER BY idx')
  return {
    size: async () => Number(next.get()?.value ?? 0),
    read: async (start, end) => range.all(start, end).map((row) => row.bytes as Uint8Array),
    close: () => reader.close(),
  }
}
