/**
 * Copies of a vault, apart from those of the log: a file from whatever vault is in use, and whatever vault from a file.
 * spec/backup.md (BAK-9). Rows are copied as they lie, so keys under a passphrase stay under it.
 * @module
 */
import { existsSync } from 'node:fs'
import type { SubjectRow } from '../../../src/adapters/sql/table-vault.ts'
import { rfc3339 } from '../../../src/core/time.ts'
import { VaultError } from '../../../src/ports/vault.ts'
import { vaultPlace, type VaultPlace } from '../../server/vault.ts'
import { CliError } from '../output.ts'
import { VAULT_COPY_MS_MAX } from './manifest.ts'

export interface Copied {
  /** Erased ones too: that they are is remembered. */
  readonly subjects: number
  readonly encrypted: boolean
}

/**
 * A subject whose key was there before it began is in it. Whole and durable once it resolves, else not there.
 * @throws {VaultError} `VAULT_NOT_EMPTY`: the file is there; {CliError} `FILE_UNREADABLE`: there is no vault
 */
export async function copyVault({
  from,
  to,
  now,
}: {
  readonly from: VaultPlace
  readonly to: string
  readonly now: () => number
}): Promise<Copied> {
  const head = await from.head()
  if (head === null) throw new CliError('FILE_UNREADABLE', `there is no vault in ${from.name}`)
  if (existsSync(to)) throw new VaultError('VAULT_NOT_EMPTY', `${to} is there already: name another file`)
  const counted = countRows(from.rows(), async () => {
    // In between, keys in the clear may have been put under a passphrase: a copy has one kind only.
    if ((await from.head())?.record !== head.record)
      throw new VaultError('VAULT_UNAVAILABLE', 'the vault was encrypted meanwhile: copy it again')
  })
  await vaultPlace({ dataDir: '', vault: to }).create({ ...head, copied: now() }, counted.rows)
  return { subjects: counted.count(), encrypted: head.record !== null }
}

/**
 * Into a place without a vault, all or nothing. What was erased since is destroyed again by the next start (ERA-10).
 * @throws {CliError} `VAULT_OLD`, `FILE_UNREADABLE`; {VaultError} `VAULT_NOT_EMPTY`, `VAULT_NOT_OURS`
 */
export async function restoreVault({
  from,
  to,
  old,
  now,
}: {
  readonly from: string
  readonly to: VaultPlace
  readonly old: boolean
  readonly now: () => number
}): Promise<Copied & { readonly copied: number | null }> {
  const source = vaultPlace({ dataDir: '', vault: from })
  const head = await source.head()
  if (head === null) throw new CliError('FILE_UNREADABLE', `${from} is not there`)
  const { copied, record } = head
  if (copied !== null && !old && now() - copied > VAULT_COPY_MS_MAX)
    throw new CliError(
      'VAULT_OLD',
      `the copy is of ${rfc3339(copied)}: after 30 days it should be gone, and with it what was erased since. ` +
        'Take a newer one, or this one with --old-vault',
    )
  const counted = countRows(source.rows(), async () => undefined)
  await to.create({ ...head, copied: null }, counted.rows)
  return { subjects: counted.count(), encrypted: record !== null, copied }
}

function countRows(
  batches: AsyncIterable<readonly SubjectRow[]>,
  atEnd: () => Promise<void>,
): { rows: AsyncIterable<readonly SubjectRow[]>; count: () => number } {
  let count = 0
  async function* counting(): AsyncGenerator<readonly SubjectRow[]> {
    for await (const batch of batches) {
      count += batch.length
      yield batch
    }
    await atEnd()
  }
  return { rows: counting(), count: () => count }
}
