/**
 * A copy of a database that is in use: SQLite's own backup, in one step, so that it is one committed state and writers
 * go on meanwhile. spec/backup.md (BAK-1).
 * @module
 */
import { chmod, open } from 'node:fs/promises'
import { backup } from 'node:sqlite'
import { StoreError } from '../../ports/store.ts'
import { openReader } from './open.ts'

/** More pages than a database can have: with fewer, another process's commit would start the copy over. */
const ALL_PAGES = 0x7fff_fffe

/**
 * Durable once it resolves, and readable by its owner alone.
 * @param to a file that does not exist
 * @throws {StoreError} `STORE_UNAVAILABLE`
 */
export async function backupDatabase(from: string, to: string): Promise<void> {
  try {
    const created = await open(to, 'wx', 0o600)
    await created.close()
    const source = openReader(from)
    try {
      await backup(source, to, { rate: ALL_PAGES })
    } finally {
      source.close()
    }
    await chmod(to, 0o600)
    const file = await open(to, 'r+')
    try {
      await file.sync()
    } finally {
      await file.close()
    }
  } catch (cause) {
    throw new StoreError('STORE_UNAVAILABLE', 'the database was not copied', { cause })
  }
}
