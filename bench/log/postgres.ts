/** The same on PostgreSQL, once there is an adapter for it. @module */
import { existsSync } from 'node:fs'
import { join } from 'node:path'

export interface NotBuilt {
  readonly not_measured: string
}

export interface PostgresFigures {
  readonly appends_per_s: number
  /** Rows a second of its plain batched INSERT. */
  readonly plain_rows_per_s: number
}

const ADAPTER = join(import.meta.dirname, '../../src/adapters/postgres')

export async function postgresFigures(_count: number, _rounds: number): Promise<PostgresFigures | NotBuilt> {
  return {
    not_measured: existsSync(ADAPTER) ? 'not wired here yet' : 'not built yet',
  }
}
