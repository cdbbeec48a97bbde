/**
 * The tables of a vault in PostgreSQL, the mark by which we know them, and what a database must not be: the one that
 * holds the store, any store. spec/erasure.md (ERA-14).
 * @module
 */
import type { ClientBase } from 'pg'
import { VaultError } from '../../ports/vault.ts'
import type { VaultHead } from '../sql/table-vault.ts'

const SCHEMA_VERSION = 1

/** Advisory lock, ASCII `CSVT` and a number. */
const SETUP_LOCK = 0x43535654 * 256

/** A destroyed key's row stays, empty. No row is long enough to be moved out of line: keys lie in one file. */
const TABLES = `
CREATE TABLE countersign_vault (id TEXT COLLATE "C" NOT NULL, version BIGINT NOT NULL, record TEXT);
CREATE TABLE keys (subject TEXT COLLATE "C" PRIMARY KEY, kid BYTEA, key BYTEA);
`

/** What lies in the current schema, and whether any schema of this database has a store's tables. */
const FOUND = `SELECT
  ARRAY(SELECT relname::text FROM pg_class
    WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')) AS names,
  EXISTS(SELECT FROM pg_class a JOIN pg_class b USING (relnamespace)
    WHERE a.relname = 'countersign' AND b.relname = 'sequencer') AS store`

/** @throws {VaultError} `VAULT_IN_STORE`, `VAULT_NOT_OURS`, `VAULT_VERSION`; null: there is none */
export async function readHead(client: ClientBase): Promise<VaultHead | null> {
  const { rows } = await client.query<{ names: string[]; store: boolean }>(FOUND)
  const names = rows[0]?.names ?? []
  if (rows[0]?.store === true)
    throw new VaultError(
      'VAULT_IN_STORE',
      'this database holds the state and log of a control plane: give the vault a database of its own, with backups of its own',
    )
  if (names.length === 0) return null
  if (!names.includes('countersign_vault') || !names.includes('keys')) throw notOurs()
  const found = await client.query<{ id: string; version: number; record: string | null }>(
    'SELECT id, version, record FROM countersign_vault',
  )
  const [row] = found.rows
  if (row === undefined || found.rows.length !== 1) throw notOurs()
  if (row.version !== SCHEMA_VERSION)
    throw new VaultError(
      'VAULT_VERSION',
      `the vault has schema ${row.version}, this version reads ${SCHEMA_VERSION}`,
    )
  return { id: row.id, record: row.record, copied: null }
}

/** Inside a transaction: who comes second finds what the first one made. */
export async function waitForSetup(client: ClientBase): Promise<void> {
  await client.query('SELECT pg_advisory_xact_lock($1)', [SETUP_LOCK])
}

export async function create(client: ClientBase, { id, record }: VaultHead): Promise<void> {
  await client.query(TABLES)
  await client.query('INSERT INTO countersign_vault (id, version, record) VALUES ($1, $2, $3)', [
    id,
    SCHEMA_VERSION,
    record,
  ])
}

function notOurs(): VaultError {
  return new VaultError(
    'VAULT_NOT_OURS',
    'the database of the vault holds tables of another program: give it an empty one',
  )
}
