/**
 * The tables in PostgreSQL, the mark by which we know a database as ours, and what PostgreSQL alone needs: the counter's
 * row and the memory of what was used once. Two nodes that start at the same time create them once.
 * @module
 */
import { StoreError } from '../../ports/store.ts'
import { SCHEMA_VERSION, TABLES } from '../sql/tables.ts'
import type { Connection } from './connection.ts'

/** Advisory locks, ASCII `CSGN` and a number: they are taken by nobody else unless by accident, and then they wait. */
const LOCK_BASE = 0x4353474e * 256
export const LOCKS = { setup: LOCK_BASE, signer: LOCK_BASE + 1 } as const

/** Told of the new size by every group that appended. */
export const CHANNEL = 'countersign_entries'

/** Numbers are 64 bits wide, bytes are bytes, and text sorts by its bytes on every machine. */
function tables(): string {
  return TABLES.replaceAll(/\) STRICT(, WITHOUT ROWID)?;/g, ');')
    .replaceAll(/\bINTEGER\b/g, 'BIGINT')
    .replaceAll(/\bBLOB\b/g, 'BYTEA')
    .replaceAll(/\bTEXT\b/g, 'TEXT COLLATE "C"')
}

/** `sequencer` has one row. `time` is the latest that was used or told, milliseconds since 1970. */
const OWN = `
CREATE TABLE countersign (version BIGINT NOT NULL);
INSERT INTO countersign VALUES (${SCHEMA_VERSION});
CREATE TABLE sequencer (only_row BOOLEAN PRIMARY KEY CHECK (only_row), next BIGINT NOT NULL, time BIGINT NOT NULL)
  WITH (fillfactor = 50);
INSERT INTO sequencer VALUES (TRUE, 0, 0);
CREATE TABLE used (name TEXT COLLATE "C" PRIMARY KEY, until BIGINT NOT NULL);
CREATE INDEX used_until ON used (until);
`

/** @throws {StoreError} `STORE_NOT_OURS`, `STORE_VERSION`, `STORE_UNAVAILABLE` */
export async function prepareDatabase(connection: Connection): Promise<void> {
  await connection.query('BEGIN')
  try {
    await connection.query('SELECT pg_advisory_xact_lock($1)', [LOCKS.setup])
    const { rows } = await connection.query<{ name: string }>(
      `SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')`,
    )
    if (rows.length === 0) await connection.query(tables() + OWN)
    else await assertOurs(connection, new Set(rows.map(({ name }) => name)))
    await connection.query('COMMIT')
  } catch (cause) {
    await connection.query('ROLLBACK').catch(() => undefined)
    if (cause instanceof StoreError) throw cause
    throw new StoreError('STORE_UNAVAILABLE', 'the database cannot be prepared', { cause })
  }
}

async function assertOurs(connection: Connection, names: ReadonlySet<string>): Promise<void> {
  const ours = ['countersign', 'sequencer', 'entries'].every((name) => names.has(name))
  if (!ours) throw notOurs()
  const { rows } = await connection.query<{ version: unknown }>('SELECT version FROM countersign')
  const version = rows[0]?.version
  if (typeof version !== 'number' || rows.length !== 1) throw notOurs()
  if (version !== SCHEMA_VERSION) {
    const todo = version > SCHEMA_VERSION ? 'install a newer Countersign' : 'begin with an empty database'
    throw new StoreError(
      'STORE_VERSION',
      `the database has schema ${version}, this version reads ${SCHEMA_VERSION}: ${todo}`,
    )
  }
}

function notOurs(): StoreError {
  return new StoreError(
    'STORE_NOT_OURS',
    'the database holds tables of another program: choose an empty one, or restore a backup of ours',
  )
}
