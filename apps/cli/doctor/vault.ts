/** What `doctor` asks of the vault: that it opens, is this database's, its owner's alone, and encrypted. spec/erasure.md (ERA-3, ERA-4, ERA-13). @module */
import { stat } from 'node:fs/promises'
import type { Snapshot } from '../../../src/adapters/sqlite/offline.ts'
import { VaultError } from '../../../src/ports/vault.ts'
import { VAULT } from '../../../src/registry/setup.ts'
import { vaultPlace, type VaultPlace } from '../../server/vault.ts'
import { fail, ok, warn, type Check } from './check.ts'

const NAME = 'vault'
const MODE_OTHERS = 0o077
const RESTORE =
  'restore the vault from its backup; if it is lost, start with --new-vault: names, instructions and arguments are then lost too'

/**
 * @param vault a file or `postgres://…`; null: `vault.db` in the data folder
 * @param snapshot null: the database is not at hand, so that nothing says whose the vault is
 */
export async function vaultCheck(
  dataDir: string,
  vault: string | undefined,
  snapshot: Snapshot | null,
): Promise<Check> {
  const place = vaultPlace({ dataDir, ...(vault === undefined ? {} : { vault }) })
  const open = place.kind === 'sqlite' ? await modeCheck(place) : null
  if (open !== null) return open
  try {
    const head = await place.head()
    if (head === null) return fail(NAME, 'VAULT_MISSING', `no vault in ${place.name}`, RESTORE)
    const row = await snapshot?.db
      .selectFrom('meta')
      .select('value')
      .where('name', '=', VAULT)
      .executeTakeFirst()
    if (row !== undefined && row.value !== head.id)
      return fail(NAME, 'VAULT_MISMATCH', `the vault in ${place.name} is that of another database`, RESTORE)
    const whose = snapshot === null ? 'opens' : "opens, this database's"
    if (head.record === null) {
      const next = 'start with a passphrase once, every node: it encrypts the keys in it'
      return warn(NAME, 'VAULT_PLAIN', `${whose}; its keys are not encrypted`, next)
    }
    return ok(NAME, `${whose}; its keys are encrypted`)
  } catch (cause) {
    if (!(cause instanceof VaultError)) throw cause
    return fail(NAME, 'VAULT_UNUSABLE', cause.message, RESTORE)
  }
}

/** @returns null: it is there, and its owner's alone */
async function modeCheck({ name }: VaultPlace): Promise<Check | null> {
  const found = await stat(name).catch(() => null)
  if (found === null) return fail(NAME, 'VAULT_MISSING', `no ${name}`, RESTORE)
  if ((found.mode & MODE_OTHERS) === 0) return null
  return fail(NAME, 'VAULT_OPEN', `others can read ${name}`, `chmod 600 ${name}`)
}
