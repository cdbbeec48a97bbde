/** Which vault a control plane has, and its passphrase. spec/erasure.md (ERA-3, ERA-13, ERA-14). @module */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import {
  createSqliteVault,
  openSqliteVault,
  readSqliteVaultHead,
  readSqliteVaultRows,
} from '../../src/adapters/sqlite-vault/sqlite-vault.ts'
import { openWrapping } from '../../src/adapters/sql/vault-wrap.ts'
import type { SubjectRow, VaultHead } from '../../src/adapters/sql/table-vault.ts'
import type { Vault } from '../../src/ports/vault.ts'

export const VAULT_FILE = 'vault.db'

/** A vault that may not be there yet. */
export interface VaultPlace {
  readonly kind: 'sqlite' | 'postgres'
  /** For messages: a database's address may hold a password, so it is not said. */
  readonly name: string
  /** Made when there is none. @throws {VaultError} */
  open(): Promise<Vault>
  /** Null: there is none. Leaves it as it is. @throws {VaultError} */
  head(): Promise<VaultHead | null>
  /** Of a vault that is there. @throws {VaultError} */
  rows(): AsyncIterable<readonly SubjectRow[]>
  /** In a place without one. @throws {VaultError} `VAULT_NOT_EMPTY` */
  create(head: VaultHead, rows: AsyncIterable<readonly SubjectRow[]>): Promise<void>
}

/** @param vault a file or `postgres://…`; `vault.db` in the data folder unless told otherwise */
export function vaultPlace({ dataDir, vault }: { dataDir: string; vault?: string }): VaultPlace {
  if (vault !== undefined && isPostgres(vault)) return postgresPlace(vault)
  const path = vault ?? join(dataDir, VAULT_FILE)
  return {
    kind: 'sqlite',
    name: path,
    open: async () => openSqliteVault(path),
    head: async () => (existsSync(path) ? readSqliteVaultHead(path) : null),
    rows: () => readSqliteVaultRows(path),
    create: (head, rows) => createSqliteVault(path, head, rows),
  }
}

export function isPostgres(place: string): boolean {
  return /^postgres(?:ql)?:\/\//.test(place)
}

/** The driver is loaded only where it is used. */
function postgresPlace(url: string): VaultPlace {
  const adapter = () => import('../../src/adapters/postgres-vault/postgres-vault.ts')
  return {
    kind: 'postgres',
    name: "the vault's database",
    open: async () => (await adapter()).openPostgresVault(url),
    head: async () => (await adapter()).readPostgresVaultHead(url),
    rows: async function* () {
      yield* (await adapter()).readPostgresVaultRows(url)
    },
    create: async (head, rows) => (await adapter()).createPostgresVault(url, head, rows),
  }
}

/**
 * Before a key file is encrypted under it: a mistyped one that does not open the vault locks nothing.
 * @throws {VaultError} `VAULT_PASSPHRASE_WRONG`
 */
export async function tryPassphrase(place: VaultPlace, passphrase: string | undefined): Promise<void> {
  if (passphrase === undefined) return
  const head = await place.head()
  if (head?.record) await openWrapping(head.id, head.record, passphrase)
}

/** Of a vault that is known to be ours: keys in the clear are put under the passphrase. @throws {VaultError} */
export async function unlockVault(
  vault: Vault,
  passphrase: string | undefined,
  onEncrypted: (what: string) => void = () => undefined,
): Promise<void> {
  if (passphrase === undefined) await vault.unlock(null)
  else if (await vault.protect(passphrase)) onEncrypted('the vault')
}
