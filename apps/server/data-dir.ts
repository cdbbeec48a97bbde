/** The folder in which a control plane keeps what it has. @module */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { StoreError } from '../../src/ports/store.ts'

/** @throws {StoreError} `STORE_UNAVAILABLE` */
export function makeDataDir(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
  } catch (cause) {
    const isFile = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST'
    const why = isFile ? 'is a file and not a folder' : 'cannot be made, or written'
    throw new StoreError('STORE_UNAVAILABLE', `${path} ${why}: choose another folder for the data`, { cause })
  }
}

export function databaseOf(dataDir: string): string {
  return join(dataDir, 'countersign.db')
}
