/** What `doctor` asks of the vault: that it opens, is this database's, and its owner's alone. spec/erasure.md (ERA-3, ERA-4). @module */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Snapshot } from '../../../src/adapters/sqlite/offline.ts'
import { readVaultId } from '../../../src/adapters/sqlite-vault/sqlite-vault.ts'
import { VaultError } from '../../../src/ports/vault.ts'
import { VAULT } from '../../../src/registry/setup.ts'
import { VAULT_FILE } from '../backup/manifest.ts'
import { fail, ok, type Check } from './check.ts'

const NAME = 'vault'
const MODE_OTHERS = 0o077
const RESTORE =
  'restore vault.db from its backup; if it is lost, start with --new-vault: names, instructions and arguments are then lost too'

export async function vaultCheck(data: string, { db }: Snapshot): Promise<Check> {
  const path = join(data, VAULT_FILE)
  const found = await stat(path).catch(() => null)
  if (found === null) return fail(NAME, 'VAULT_MISSING', `no ${VAULT_FILE}`, RESTORE)
  if ((found.mode & MODE_OTHERS) !== 0)
    return fail(NAME, 'VAULT_OPEN', `others can read ${VAULT_FILE}`, `chmod 600 ${path}`)
  let id: string
  try {
    id = readVaultId(path)
  } catch (cause) {
    if (!(cause instanceof VaultError)) throw cause
    return fail(NAME, 'VAULT_UNUSABLE', cause.message, RESTORE)
  }
  const row = await db.selectFrom('meta').select('value').where('name', '=', VAULT).executeTakeFirst()
  if (row !== undefined && row.value !== id)
    return fail(NAME, 'VAULT_MISMATCH', `${VAULT_FILE} is that of another database`, RESTORE)
  return ok(NAME, "opens, this database's, its owner's alone")
}
