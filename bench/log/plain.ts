/** The yardstick: the same databases, rows of the same length in batches, and nothing else. @module */
import { mkdtemp, rm } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ENTRY_TYPE, IN_FLIGHT, plainRow } from './workload.ts'

/** Rows a second of node:sqlite, WAL and synchronous=FULL, batches as large as the group of {@link IN_FLIGHT}. */
export async function plainSqlite(count: number): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-bench-'))
  const database = new DatabaseSync(join(folder, 'plain.db'))
  try {
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
    database.exec(
      'CREATE TABLE entries (idx INTEGER PRIMARY KEY, type TEXT NOT NULL, bytes BLOB NOT NULL) STRICT',
    )
    const insert = database.prepare('INSERT INTO entries (idx, type, bytes) VALUES (?, ?, ?)')
    const bytes = plainRow()
    const start = performance.now()
    for (let index = 0; index < count;) {
      database.exec('BEGIN IMMEDIATE')
      for (const end = Math.min(index + IN_FLIGHT, count); index < end; index++) {
        insert.run(index, ENTRY_TYPE, bytes)
      }
      database.exec('COMMIT')
    }
    return Math.round((count / (performance.now() - start)) * 1000)
  } finally {
    database.close()
    await rm(folder, { recursive: true, force: true })
  }
}
