/** The whole comparison: the log folded once, the registers and what is kept held against it. spec/registers.md. @module */
import type { Kysely } from 'kysely'
import type { Crypto } from '../../core/crypto.ts'
import { decodeEntry, LogError, type AnyEntry } from '../../log/entries.ts'
import { formatVkey, noteKey } from '../../log/note.ts'
import { leavesOf, type Leaves } from '../../log/leaves.ts'
import { PruningCheck } from '../../log/pruning.ts'
import { encodeHashes } from '../../log/tiles.ts'
import type { EntrySource } from '../../ports/entry-source.ts'
import type { Schema } from '../../ports/schema.ts'
import { compareRegisters, type Difference } from './compare.ts'
import { RegisterFold } from './fold.ts'
import { CheckpointCheck, checkSealed } from './kept.ts'

/** The first entries name the log and its keys. */
const FIRST_ENTRIES = 16

export interface RegisterCheck {
  readonly ok: boolean
  /** Entries folded. */
  readonly size: number
  /** Of the tree over them. */
  readonly root: Uint8Array
  /** The log's key, as its own first entries name it; null when they do not. */
  readonly vkey: string | null
  /** Rows that are as the log says. */
  readonly rows: number
  readonly checkpoints: number
  /** Values whose commitment the log has. */
  readonly sealed: number
  /** Indices of entries with an earlier time than the one before (LOG-7). */
  readonly backwards: readonly number[]
  readonly differences: readonly Difference[]
}

export interface CheckOptions {
  readonly crypto: Crypto
  /** The registers as they are: one snapshot, also of the entries. */
  readonly live: { readonly db: Kysely<Schema>; readonly entries: EntrySource }
  /** Empty tables. */
  readonly scratch: Kysely<Schema>
  readonly onProgress?: (done: number, size: number) => void
}

/** @throws {LogError} `ENTRY_INVALID`, with the index of an entry that cannot be folded; `LOG_DIVERGED`: a gap */
export async function checkRegisters(options: CheckOptions): Promise<RegisterCheck> {
  const { crypto, live, scratch, onProgress } = options
  const fold = new RegisterFold({ crypto, db: scratch, keepEntries: false, withCommitments: true })
  const checkpoints = new CheckpointCheck(crypto, live.db)
  const size = await live.entries.size()
  const vkey = vkeyIn(crypto, await live.entries.read(0, Math.min(FIRST_ENTRIES, size)))
  const prunings = new PruningCheck(crypto)
  for await (const bundle of leavesOf(crypto, live.entries, size)) {
    await foldBundle(fold, bundle, prunings)
    for (const { hash } of bundle.leaves) await checkpoints.add(hash, vkey)
    onProgress?.(fold.size, size)
  }
  await fold.end()
  await checkpoints.end()
  const registers = await compareRegisters(live.db, scratch)
  const sealed = await checkSealed(live.db, scratch)
  const gone = await prunings.finish({ map: (entry) => mapOf(live.db, entry), rootAt: async () => null })
  const differences = [
    ...gone.map(({ index = 0 }) => ({
      table: 'entries' as const,
      key: String(index),
      kind: 'missing' as const,
    })),
    ...registers.differences,
    ...checkpoints.differences,
    ...sealed.differences,
  ]
  return {
    ok: differences.length === 0 && fold.backwards.length === 0,
    size,
    root: checkpoints.root(),
    vkey,
    rows: registers.rows,
    checkpoints: checkpoints.checked,
    sealed: sealed.rows - sealed.differences.length,
    backwards: fold.backwards,
    differences,
  }
}

/**
 * @param prunings told what is gone, and of the entries that say why
 * @throws {LogError} `ENTRY_INVALID`
 */
export async function foldBundle(
  fold: RegisterFold,
  { first, leaves, isPruned }: Leaves,
  prunings?: PruningCheck,
): Promise<void> {
  if (isPruned) {
    const gaps = leaves.flatMap(({ entry }, i) => (entry === null ? [first + i] : []))
    prunings?.bundle(first, gaps)
    await fold.pruned(first, gaps, encodeHashes(leaves.map(({ hash }) => hash)))
  }
  for (const [i, { entry }] of leaves.entries()) {
    if (entry === null) continue
    const read = await fold.add(entry)
    prunings?.entry(first + i, read)
  }
}

/** As the register has it (RET-5). */
export async function mapOf(db: Kysely<Schema>, entry: number): Promise<Uint8Array | null> {
  const row = await db.selectFrom('prunings').select('map').where('entry', '=', entry).executeTakeFirst()
  return row?.map ?? null
}

/** The verifier key that a log gives itself. Whoever needs to trust it has it from elsewhere. */
export function vkeyIn(crypto: Crypto, first: readonly Uint8Array[]): string | null {
  let origin: string | null = null
  for (const bytes of first) {
    if (bytes.length === 0) continue // pruned
    const entry = readable(bytes)
    if (entry === null) return null
    if (entry.type === 'log.created') origin ??= entry.body.origin
    if (entry.type === 'key.created' && entry.body.use === 'log' && origin !== null)
      return formatVkey(noteKey(crypto, origin, entry.body.jwk))
  }
  return null
}

/** One that is not is named when it is folded. */
function readable(bytes: Uint8Array): AnyEntry | null {
  try {
    return decodeEntry(bytes)
  } catch (cause) {
    if (cause instanceof LogError) return null
    throw cause
  }
}
