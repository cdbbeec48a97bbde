/** What `doctor` asks of the database: that it opens, is whole, and what its clock and its points say. @module */
import { join } from 'node:path'
import { existsSync } from 'node:fs'
import { nodeCrypto } from '../../../src/adapters/node-crypto/node-crypto.ts'
import { openSnapshot, type Snapshot } from '../../../src/adapters/sqlite/offline.ts'
import { parseRfc3339, rfc3339 } from '../../../src/core/time.ts'
import { decodeEntry, LogError } from '../../../src/log/entries.ts'
import { StoreError } from '../../../src/ports/store.ts'
import { SNAPSHOT_MARKS_MANY, SNAPSHOT_MARKS_MAX } from '../../../src/revoke/snapshot.ts'
import { vkeyIn } from '../../../src/registry/rebuild/check.ts'
import { DATABASE_FILE } from '../backup/manifest.ts'
import { fail, ok, warn, type Check } from './check.ts'

/** How far the last entry may lie ahead of our clock, in milliseconds: what clocks differ by. */
const AHEAD_MAX_MS = 2_000
const RESTORE = 'restore a backup with "countersign restore"'
/** Where the first entries end. */
const FIRST_ENTRIES = 16

export interface OpenedDatabase {
  readonly check: Check
  readonly snapshot: Snapshot | null
}

export function openDatabase(data: string): OpenedDatabase {
  const path = join(data, DATABASE_FILE)
  if (!existsSync(path)) {
    const next = `start the control plane once, or ${RESTORE}`
    return { check: fail('database', 'DATABASE_MISSING', `no ${DATABASE_FILE}`, next), snapshot: null }
  }
  try {
    const snapshot = openSnapshot(path)
    const faults = snapshot.integrity()
    const check =
      faults.length === 0
        ? ok('database', `opens, schema ${snapshot.version}, structure whole`)
        : fail('database', 'DATABASE_DAMAGED', `${faults.length} faults in its structure`, RESTORE)
    return { check, snapshot }
  } catch (cause) {
    return { check: unusable(cause), snapshot: null }
  }
}

function unusable(cause: unknown): Check {
  if (cause instanceof StoreError && cause.code === 'STORE_VERSION')
    return fail('database', 'DATABASE_VERSION', cause.message, 'use the version of Countersign that wrote it')
  const found = cause instanceof StoreError ? cause.message : 'it cannot be read: its pages are damaged'
  return fail('database', 'DATABASE_UNUSABLE', found, RESTORE)
}

/** @returns null when the database does not say whose log it is */
export async function vkeyOf(snapshot: Snapshot): Promise<string | null> {
  return vkeyIn(nodeCrypto, await snapshot.entries.read(0, FIRST_ENTRIES))
}

/** LOG-7: while the clock is behind the last entry, entries carry its time and points see stale revocations. */
export async function clockCheck(snapshot: Snapshot, now_ms: number): Promise<Check> {
  const size = await snapshot.entries.size()
  const [last] = size === 0 ? [] : await snapshot.entries.read(size - 1, size)
  if (last === undefined) return ok('clock', 'no entry to compare with')
  try {
    const time_ms = parseRfc3339(decodeEntry(last).time)
    const ahead_s = Math.round((time_ms - now_ms) / 1000)
    if (time_ms - now_ms <= AHEAD_MAX_MS) return ok('clock', `after the last entry of ${rfc3339(time_ms)}`)
    return fail(
      'clock',
      'CLOCK_BEHIND',
      `${ahead_s} s before the last entry of ${rfc3339(time_ms)}`,
      'set the clock: it went back, or was ahead once. Until it has caught up, entries carry the last time and new delegations are refused as of the future',
    )
  } catch (cause) {
    if (!(cause instanceof LogError)) throw cause
    return fail('clock', 'ENTRY_CHANGED', `entry ${size - 1} cannot be read`, RESTORE)
  }
}

/** REV-14: what a new point loads in one piece has a limit. @param many from where on it is near */
export async function revocationsCheck(
  { db }: Pick<Snapshot, 'db'>,
  many: number = SNAPSHOT_MARKS_MANY,
): Promise<Check> {
  const { n } = await db
    .selectFrom('frames')
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .where('kind', 'not in', ['kill', 'lift'])
    .executeTakeFirstOrThrow()
  const found = `${n} handles, of ${SNAPSHOT_MARKS_MAX} that a snapshot holds`
  if (n < many) return ok('revocations', found)
  return warn(
    'revocations',
    'REVOCATIONS_MANY',
    found,
    'revoke an agent or its key in place of each of its delegations, and let delegations expire: past the limit a new point reads every frame before it is fresh',
  )
}

export async function epochsCheck({ db }: Snapshot): Promise<Check> {
  const points = await db.selectFrom('points').select(['id', 'epoch']).orderBy('id').execute()
  const reopened = points.filter(({ epoch }) => epoch > 1)
  const open = points.filter(({ epoch }) => epoch > 0).length
  if (reopened.length === 0) return ok('epochs', `${open} open, of ${points.length} points, each its first`)
  const named = reopened.slice(0, 8).map(({ id, epoch }) => `${id} (${epoch})`)
  return warn(
    'epochs',
    'EPOCH_REOPENED',
    `${open} open, of ${points.length} points; opened again: ${named.join(', ')}`,
    'a spool was lost, restored or copied there: see the alerts in the log',
  )
}
