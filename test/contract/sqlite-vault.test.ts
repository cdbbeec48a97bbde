/** The SQLite vault keeps the contract, and what is special to it: nothing of a destroyed key stays in its files. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, expect, test } from 'vitest'
import { openSqliteVault, readSqliteVaultHead } from '../../src/adapters/sqlite-vault/sqlite-vault.ts'
import { utf8 } from '../../src/core/encoding.ts'
import { vaultContract } from './vault.ts'

const folders: string[] = []
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })))

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'countersign-vault-'))
  folders.push(made)
  return made
}

vaultContract('sqlite', async () => {
  const path = join(folder(), 'vault.db')
  return async () => openSqliteVault(path)
})

test('no byte of a destroyed key is in any file of the vault', async () => {
  const dir = folder()
  const vault = openSqliteVault(join(dir, 'vault.db'))
  for (let i = 0; i < 200; i++) await vault.seal(`per_${i}`, utf8('x'), 'name')
  const keys = keysIn(join(dir, 'vault.db'))
  const destroyed = [...keys.keys()].filter((_, i) => i % 3 === 0)
  await vault.destroy(destroyed)
  const files = readdirSync(dir).map((name) => readFileSync(join(dir, name)))
  for (const [subject, key] of keys) {
    const isThere = files.some((bytes) => bytes.includes(Buffer.from(key)))
    expect([subject, isThere]).toEqual([subject, !destroyed.includes(subject)])
  }
  await vault.close()
})

test('is readable by its owner alone, and refuses what is not a vault of ours', () => {
  const dir = folder()
  const path = join(dir, 'vault.db')
  void openSqliteVault(path).close()
  expect(statSync(path).mode & 0o777).toBe(0o600)
  const other = new DatabaseSync(join(dir, 'other.db'))
  other.exec('CREATE TABLE notes (text TEXT)')
  other.close()
  expect(() => openSqliteVault(join(dir, 'other.db'))).toThrowWithCode('VAULT_NOT_OURS')
  writeFileSync(join(dir, 'text.db'), 'not a database at all, but long enough to be taken for one'.repeat(20))
  expect(() => openSqliteVault(join(dir, 'text.db'))).toThrowWithCode('VAULT_UNAVAILABLE')
  const newer = new DatabaseSync(path)
  newer.exec('PRAGMA user_version = 99')
  newer.close()
  expect(() => openSqliteVault(path)).toThrowWithCode('VAULT_VERSION')
})

test('no byte of a key that was in the clear is in any file once there is a passphrase', async () => {
  const dir = folder()
  const vault = openSqliteVault(join(dir, 'vault.db'))
  for (let i = 0; i < 500; i++) await vault.seal(`per_${i}`, utf8('x'), 'name')
  const keys = keysIn(join(dir, 'vault.db'))
  await vault.protect('correct-horse battery')
  const files = readdirSync(dir).map((name) => readFileSync(join(dir, name)))
  const left = [...keys].filter(([, key]) => files.some((bytes) => bytes.includes(Buffer.from(key))))
  expect(keys.size).toBe(500)
  expect(left.map(([subject]) => subject)).toEqual([])
  await vault.close()
})

test('a vault of the version before opens with what it holds, and takes a passphrase', async () => {
  const path = join(folder(), 'vault.db')
  const vault = openSqliteVault(path)
  const box = await vault.seal('per_a', utf8('x'), 'name')
  await vault.close()
  const before = new DatabaseSync(path)
  before.exec(
    'ALTER TABLE vault DROP COLUMN record; ALTER TABLE vault DROP COLUMN copied; PRAGMA user_version = 1',
  )
  before.close()
  expect(readSqliteVaultHead(path)).toEqual({ id: vault.id, record: null, copied: null })
  const after = openSqliteVault(path)
  await after.protect('correct-horse battery')
  expect(await after.open('per_a', box ?? utf8(''), 'name')).toEqual(utf8('x'))
  await after.close()
})

test('a key that was moved to another subject, or put in the clear, is refused', async () => {
  const path = join(folder(), 'vault.db')
  const vault = openSqliteVault(path)
  await vault.protect('correct-horse battery')
  const box = await vault.seal('per_a', utf8('x'), 'name')
  await vault.seal('per_b', utf8('x'), 'name')
  const raw = new DatabaseSync(path)
  raw.exec(
    "UPDATE keys SET (kid, key) = (SELECT kid, key FROM keys WHERE subject = 'per_a') WHERE subject = 'per_b'",
  )
  await expect(vault.open('per_b', box ?? utf8(''), 'name')).rejects.toThrowWithCode('VAULT_KEY_INVALID')
  raw.prepare("UPDATE keys SET key = ? WHERE subject = 'per_a'").run(new Uint8Array(32))
  raw.close()
  await expect(vault.seal('per_a', utf8('x'), 'name')).rejects.toThrowWithCode('VAULT_KEY_INVALID')
  await vault.close()
})

function keysIn(path: string): Map<string, Uint8Array> {
  const raw = new DatabaseSync(path, { readOnly: true })
  const rows = raw.prepare('SELECT subject, key FROM keys').all()
  raw.close()
  return new Map(rows.map(({ subject, key }) => [String(subject), key as Uint8Array]))
}
