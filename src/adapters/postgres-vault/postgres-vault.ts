/**
 * The `Vault` port over a PostgreSQL database of its own, which several nodes share. spec/erasure.md (ERA-3, ERA-14),
 * docs/adr/0027.
 * Invariant: what `destroy` acknowledged is in no file of a table and no later statement of any node reads it: there is
 * no cache, and every read goes to the primary. The server's write-ahead log and its copies are out of reach.
 * @module
 */
import { randomBytes } from 'node:crypto'
import type { PoolClient, QueryConfig } from 'pg'
import { base64url } from '../../core/encoding.ts'
import { VaultError, type Vault } from '../../ports/vault.ts'
import { TableVault, type Found, type KeyTable, type SubjectRow, type VaultHead } from '../sql/table-vault.ts'
import type { KeyRow } from '../sql/vault-wrap.ts'
import { Sessions, unavailable } from './sessions.ts'
import { create, readHead, waitForSetup } from './tables.ts'

/** Rows in one step of a copy or a rewrite. */
const BATCH = 1000
/** A rewrite of the whole table takes longer than other statements may. */
const REWRITE_MS_MAX = 10 * 60_000

const FIND = 'SELECT kid, key FROM keys WHERE subject = $1'
/** Waits for a rewrite, and then sees the record that it set. */
const ADD = `INSERT INTO keys (subject, kid, key) SELECT $1, $2, $3 FROM countersign_vault
  WHERE record IS NOT DISTINCT FROM $4 ON CONFLICT DO NOTHING`
const HERE = 'SELECT subject, key IS NOT NULL AS here FROM keys WHERE subject = ANY($1)'
const CLEAR = `INSERT INTO keys (subject) SELECT DISTINCT unnest($1::text[])
  ON CONFLICT (subject) DO UPDATE SET kid = NULL, key = NULL`
const NEXT = `SELECT subject, kid, key FROM keys WHERE subject > $1 ORDER BY subject LIMIT ${BATCH}`
/**
 * PostgreSQL overwrites nothing: an UPDATE leaves the row as it was in its page, and VACUUM gives the space back as it
 * is. A column that is computed anew makes the server write the table into a new file, of live rows alone whatever older
 * snapshots there are, and truncate the old one with the commit.
 */
const REWRITE: QueryConfig & { query_timeout: number } = {
  text: `ALTER TABLE keys ALTER COLUMN key TYPE BYTEA USING key || ''::bytea`,
  query_timeout: REWRITE_MS_MAX,
}
/** First: two who had both read could not both go on. */
const ALONE = 'LOCK TABLE keys IN ACCESS EXCLUSIVE MODE'

/**
 * @param url `postgres://user@host/database`, of a database that holds nothing else. Never printed.
 * @throws {VaultError} `VAULT_IN_STORE`, `VAULT_NOT_OURS`, `VAULT_VERSION`, `VAULT_UNAVAILABLE`
 */
export function openPostgresVault(url: string): Promise<Vault> {
  return opened(url, async (sessions) => {
    const head = await sessions.transact(async (client) => {
      await waitForSetup(client)
      const found = await readHead(client)
      if (found !== null) return found
      const made = { id: base64url(randomBytes(16)), record: null, copied: null }
      await create(client, made)
      return made
    })
    return new TableVault(new PostgresKeys(sessions, head.id))
  })
}

/** Of a vault that stays as it is; null: the database is empty. @throws {VaultError} as {@link openPostgresVault} */
export async function readPostgresVaultHead(url: string): Promise<VaultHead | null> {
  const sessions = new Sessions(url)
  try {
    return await sessions.transact(readHead)
  } finally {
    await sessions.close()
  }
}

/** Every row as it lies, in steps. @throws {VaultError} as {@link openPostgresVault} */
export async function* readPostgresVaultRows(url: string): AsyncGenerator<readonly SubjectRow[]> {
  const sessions = new Sessions(url)
  try {
    yield* batches((after) => sessions.rows<SubjectRow>(NEXT, [after]))
  } finally {
    await sessions.close()
  }
}

/**
 * Fills an empty database with the head and rows of another vault, all or nothing.
 * @throws {VaultError} `VAULT_NOT_EMPTY`: there is a vault; otherwise as {@link openPostgresVault}
 */
export async function createPostgresVault(
  url: string,
  head: VaultHead,
  rows: AsyncIterable<readonly SubjectRow[]>,
): Promise<void> {
  const sessions = new Sessions(url)
  try {
    await sessions.transact(async (client) => {
      await waitForSetup(client)
      if ((await readHead(client)) !== null)
        throw new VaultError('VAULT_NOT_EMPTY', 'the database holds a vault already: give an empty one')
      await create(client, head)
      for await (const batch of rows) await insertAll(client, batch)
    })
  } finally {
    await sessions.close()
  }
}

async function opened<T>(url: string, work: (sessions: Sessions) => Promise<T>): Promise<T> {
  const sessions = new Sessions(url)
  try {
    return await work(sessions)
  } catch (cause) {
    await sessions.close()
    throw cause
  }
}

async function* batches(
  next: (after: string) => Promise<readonly SubjectRow[]>,
): AsyncGenerator<readonly SubjectRow[]> {
  for (let after = ''; ;) {
    const rows = await next(after)
    if (rows.length === 0) return
    yield rows
    after = rows.at(-1)?.subject ?? after
  }
}

async function insertAll(client: PoolClient, rows: readonly SubjectRow[]): Promise<void> {
  await client.query(
    'INSERT INTO keys (subject, kid, key) SELECT * FROM unnest($1::text[], $2::bytea[], $3::bytea[])',
    [rows.map(({ subject }) => subject), rows.map(({ kid }) => kid), rows.map(({ key }) => key)],
  )
}

class PostgresKeys implements KeyTable {
  readonly id: string
  readonly #sessions: Sessions

  constructor(sessions: Sessions, id: string) {
    this.id = id
    this.#sessions = sessions
  }

  async record(): Promise<string | null> {
    const rows = await this.#sessions.rows<{ record: string | null }>('SELECT record FROM countersign_vault')
    if (rows[0] === undefined) throw unavailable('the vault is gone from its database')
    return rows[0].record
  }

  async find(subject: string): Promise<Found> {
    const [row] = await this.#sessions.rows<SubjectRow>(FIND, [subject])
    if (row === undefined) return null
    const { kid, key } = row
    return kid === null || key === null ? 'destroyed' : { kid, key }
  }

  async add(subject: string, { kid, key }: KeyRow, record: string | null): Promise<Found> {
    await this.#sessions.rows(ADD, [subject, kid, key, record])
    return this.find(subject)
  }

  async destroy(subjects: readonly string[]): Promise<readonly string[]> {
    // What every start asks for each tombstone: nothing is to be done, and nobody has to wait for it.
    const before = await this.#sessions.rows<{ subject: string; here: boolean }>(HERE, [[...subjects]])
    const isDone = before.every(({ here }) => !here)
    if (isDone && new Set(subjects).size === before.length) return []
    return this.#sessions.transact(async (client) => {
      await client.query(ALONE)
      const { rows } = await client.query<{ subject: string; here: boolean }>(HERE, [[...subjects]])
      const there = new Set(rows.filter(({ here }) => here).map(({ subject }) => subject))
      await client.query(CLEAR, [[...subjects]])
      if (there.size > 0) await client.query(REWRITE)
      return subjects.filter((subject) => there.has(subject))
    }, REWRITE_MS_MAX)
  }

  rewrite(record: string, wrapped: (subject: string, row: KeyRow) => Uint8Array): Promise<number | null> {
    return this.#sessions.transact(async (client) => {
      await client.query(ALONE)
      const set = await client.query('UPDATE countersign_vault SET record = $1 WHERE record IS NULL', [
        record,
      ])
      if (set.rowCount !== 1) return null
      let keys = 0
      const next = async (after: string): Promise<SubjectRow[]> =>
        (await client.query<SubjectRow>(NEXT, [after])).rows
      for await (const batch of batches(next)) {
        const rows = batch.flatMap(({ subject, kid, key }) =>
          kid === null || key === null ? [] : [{ subject, key: wrapped(subject, { kid, key }) }],
        )
        keys += rows.length
        await client.query(
          `UPDATE keys SET key = wrapped.key FROM unnest($1::text[], $2::bytea[]) AS wrapped (subject, key)
           WHERE keys.subject = wrapped.subject`,
          [rows.map(({ subject }) => subject), rows.map(({ key }) => key)],
        )
      }
      await client.query(REWRITE)
      return keys
    }, REWRITE_MS_MAX)
  }

  close(): Promise<void> {
    return this.#sessions.close()
  }
}
