/**
 * The PostgreSQL vault keeps the contract, and what is special to it: a database of its own, nothing of a destroyed key in
 * any file of a table, and two nodes that see at once what the other destroyed.
 */
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openPostgresStore } from '../../src/adapters/postgres/postgres-store.ts'
import { openPostgresVault, readPostgresVaultHead } from '../../src/adapters/postgres-vault/postgres-vault.ts'
import { openWrapping, unwrapKey } from '../../src/adapters/sql/vault-wrap.ts'
import { utf8 } from '../../src/core/encoding.ts'
import { Postgres } from '../fixtures/postgres.ts'
import { vaultContract } from './vault.ts'

const PASSPHRASE = 'correct-horse battery'
let postgres: Postgres
beforeAll(async () => {
  postgres = await Postgres.start()
})
afterAll(() => postgres.remove())

vaultContract('postgres', async () => {
  const url = await postgres.database()
  return () => openPostgresVault(url)
})

async function sql<R extends object>(url: string, text: string): Promise<R[]> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    return (await client.query<R>(text)).rows
  } finally {
    await client.end()
  }
}

interface Row {
  readonly subject: string
  readonly kid: Buffer
  readonly key: Buffer
}

const keysIn = (url: string): Promise<Row[]> =>
  sql(url, 'SELECT subject, kid, key FROM keys ORDER BY subject')

/** Those whose key lies somewhere in that folder. */
async function found(rows: readonly Row[], folder: 'base' | 'pg_wal'): Promise<string[]> {
  const files = await postgres.files(folder)
  return rows.filter(({ key }) => files.some((bytes) => bytes.includes(key))).map(({ subject }) => subject)
}

describe('on the disk of the server', () => {
  test('no file of a table holds a destroyed key, whatever older transaction is open, and the others stay', async () => {
    const url = await postgres.database()
    const vault = await openPostgresVault(url)
    for (let i = 0; i < 60; i++) await vault.seal(`per_${i}`, utf8('x'), 'name')
    const rows = await keysIn(url)
    expect(await found(rows, 'base')).toHaveLength(60)
    const older = new pg.Client(url)
    await older.connect()
    // Its snapshot would keep VACUUM from removing what dies after it.
    await older.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM countersign_vault')
    const destroyed = rows.map(({ subject }) => subject).filter((_, i) => i % 3 === 0)
    expect(await vault.destroy(destroyed)).toEqual(destroyed)
    expect(await found(rows, 'base')).toEqual(
      rows.map(({ subject }) => subject).filter((subject) => !destroyed.includes(subject)),
    )
    // What spec/erasure.md says of it: the write-ahead log is not ours to clean.
    expect((await found(rows, 'pg_wal')).length).toBeGreaterThan(0)
    await older.end()
    await vault.close()
  })

  test('a key that was made under a passphrase is nowhere in the clear, and one from before in no table', async () => {
    const url = await postgres.database()
    const vault = await openPostgresVault(url)
    await vault.seal('per_before', utf8('x'), 'name')
    const before = await keysIn(url)
    await vault.protect(PASSPHRASE)
    await vault.seal('per_after', utf8('x'), 'name')
    const head = await readPostgresVaultHead(url)
    const wrapping = await openWrapping(vault.id, head?.record ?? '', PASSPHRASE)
    const after = (await keysIn(url)).filter(({ subject }) => subject === 'per_after')
    const plain = after.map((row) => {
      return { ...row, key: Buffer.from(unwrapKey(wrapping, vault.id, row.subject, row)) }
    })
    expect(await found(after, 'base')).toEqual(['per_after'])
    expect(await found(plain, 'base')).toEqual([])
    expect(await found(plain, 'pg_wal')).toEqual([])
    expect(await found(before, 'base')).toEqual([])
    await vault.close()
  })
})

describe('a database for the vault', () => {
  test('is not the one of a store, in whatever schema that lies, and stays without a trace', async () => {
    const url = await postgres.database()
    const store = await openPostgresStore({ url })
    await store.close()
    await expect(openPostgresVault(url)).rejects.toThrowWithCode('VAULT_IN_STORE')
    await sql(url, 'CREATE SCHEMA apart')
    const apart = `${url}?options=-csearch_path%3Dapart`
    await expect(openPostgresVault(apart)).rejects.toThrowWithCode('VAULT_IN_STORE')
    expect(await sql(url, "SELECT FROM pg_class WHERE relname IN ('keys', 'countersign_vault')")).toEqual([])
  })

  test('of another program, of a newer version, or out of reach, is left alone and named without its password', async () => {
    const theirs = await postgres.database()
    await sql(theirs, 'CREATE TABLE theirs (id INTEGER)')
    await expect(openPostgresVault(theirs)).rejects.toThrowWithCode('VAULT_NOT_OURS')
    const newer = await postgres.database()
    await (await openPostgresVault(newer)).close()
    await sql(newer, 'UPDATE countersign_vault SET version = 99')
    await expect(openPostgresVault(newer)).rejects.toThrowWithCode('VAULT_VERSION')
    const away = 'postgres://somebody:hunter2@127.0.0.1:1/none'
    const fault = await openPostgresVault(away).catch((cause: unknown) => cause)
    expect(fault).toMatchObject({ code: 'VAULT_UNAVAILABLE' })
    expect(String(fault)).not.toContain('hunter2')
  })

  test('is made once by those who start at the same time', async () => {
    const url = await postgres.database()
    const vaults = await Promise.all([openPostgresVault(url), openPostgresVault(url), openPostgresVault(url)])
    expect(new Set(vaults.map(({ id }) => id)).size).toBe(1)
    await Promise.all(vaults.map((vault) => vault.close()))
  })

  test('whose server ends the sessions serves the next call', async () => {
    const url = await postgres.database()
    const vault = await openPostgresVault(url)
    const box = await vault.seal('per_a', utf8('x'), 'name')
    await sql(
      postgres.url('postgres'),
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'countersign vault'",
    )
    const opened = await vault.open('per_a', box ?? utf8(''), 'name').catch((cause: unknown) => cause)
    if (opened instanceof Error) expect(opened).toMatchObject({ code: 'VAULT_UNAVAILABLE' })
    expect(await vault.open('per_a', box ?? utf8(''), 'name')).toEqual(utf8('x'))
    await vault.close()
  })
})
