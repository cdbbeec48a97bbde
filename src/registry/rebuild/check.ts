/** The whole comparison: the log folded once, the registers and what is kept held against it. spec/registers.md. @module */
import type { Kysely } from 'kysely'
import type { Crypto } from '../../core/crypto.ts'
import { decodeEntry, LogError, type AnyEntry } from '../../log/entries.ts'
import { formatVkey, noteKey } from '../../log/note.ts'
import type { EntrySource } from '../../ports/entry-source.ts'
import type { Schema } from '../../ports/store.ts'
import { compareRegisters, type Difference } from './compare.ts'
import { RegisterFold } from './fold.ts'
import { CheckpointCheck, checkSealed } from './kept.ts'

/** Entries read at once. */
const PAGE = 512
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

/** @throws {LogError} `ENTRY_INVALID`, with the index of an entry that cannot be folded; `LOG_UNAVAILABLE`: a gap */
export async function checkRegisters(options: CheckOptions): Promise<RegisterCheck> {
  const { crypto, live, scratch, onProgress } = options
  const fold = new RegisterFold({ crypto, db: scratch, keepEntries: false, withCommitments: true })
  const checkpoints = new CheckpointCheck(crypto, live.db)
  const size = await live.entries.size()
  const vkey = vkeyIn(crypto, await live.entries.read(0, Math.min(FIRST_ENTRIES, size)))
  for await (const entry of entriesOf(live.entries, size)) {
    await fold.add(entry)
    await checkpoints.add(entry, vkey)
    if (fold.size % PAGE === 0) onProgress?.(fold.size, size)
  }
  await fold.end()
  await checkpoints.end()
  const registers = await compareRegisters(live.db, scratch)
  const sealed = await checkSealed(live.db, scratch)
  const differences = [...registers.differences, ...checkpoints.differences, ...sealed.differences]
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

/** @throws {LogError} `LOG_UNAVAILABLE`: entries are missing */
export async function* entriesOf(source: EntrySource, size: number): AsyncGenerator<Uint8Array> {
  for (let first = 0; first < size; first += PAGE) {
    const end = Math.min(first + PAGE, size)
    const page = await source.read(first, end)
    if (page.length !== end - first)
      throw new LogError('LOG_UNAVAILABLE', `entries are missing between ${first} and ${end - 1}`)
    yield* page
  }
}

/** The verifier key that a log gives itself. Whoever needs to trust it has it from elsewhere. */
export function vkeyIn(crypto: Crypto, first: readonly Uint8Array[]): string | null {
  let origin: string | null = null
  for (const bytes of first) {
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
