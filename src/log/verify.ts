/**
 * Verifies a whole published log, as the list of what an auditor asks of it. spec/log.md, LOG-31 to LOG-34. What rules
 * there are of cosignatures and anchors, outside.ts has.
 * Invariant: pure and streaming; a report that is ok means that the files hold exactly the entries that the signed
 * checkpoint commits to, each valid for its type, and that every checkpoint given is a beginning of that tree.
 * Not checked: what the entries say of each other (the pack's verifier does), and whoever else was shown another tree,
 * unless rules ask for cosignatures.
 * @module
 */
import type { Crypto } from '../core/crypto.ts'
import { equalBytes } from '../core/encoding.ts'
import { CountersignError } from '../core/errors.ts'
import { openCheckpoint, type Checkpoint } from './checkpoint.ts'
import { checkEntry, type CheckedEntry } from './entries.ts'
import { parseVkey } from './note.ts'
import { PruningCheck, publishedProofs } from './pruning.ts'
import { verifyTree, type TreeFault, type TreeFaultCode } from './reader.ts'
import type { TileReader } from './tile-file.ts'
import { CHECKPOINT_PATH } from './tiles.ts'

/**
 * `CHECKPOINT_AHEAD`: the log has fewer entries than a checkpoint of it that the auditor holds. `CHECKPOINT_FORKED`:
 * it has as many, and other ones. `ENTRY_INVALID`: the entry is in the tree and not one that the log may hold.
 * `PRUNING_INVALID`: a `log.pruned` entry does not hold (RET-7). `TIME_BACKWARDS`: the entry is older than the one before it. The others are those of {@link TreeFaultCode}.
 */
export type LogFaultCode =
  | TreeFaultCode
  | 'CHECKPOINT_AHEAD'
  | 'CHECKPOINT_FORKED'
  | 'CHECKPOINT_INVALID'
  | 'CHECKPOINT_MISSING'
  | 'ENTRY_INVALID'
  | 'PRUNING_INVALID'
  | 'TIME_BACKWARDS'

/** Something that does not hold, as exactly as it can be named. */
export interface LogFault<Code extends string = string> {
  readonly code: Code
  readonly message: string
  /** Index of the entry that it is about. */
  readonly index?: number
  /** The file of the log, or the name of the checkpoint that was given. */
  readonly path?: string
}

export interface LogReport {
  readonly ok: boolean
  readonly origin: string
  /** Of the log's checkpoint; 0 if there is none that verifies. */
  readonly size: number
  readonly root: Uint8Array
  readonly entries_checked: number
  /** Entries that a `log.pruned` of this log took away (RET-7): their hashes were checked, and they are not there. */
  readonly entries_pruned: number
  /** At most {@link FAULTS_MAX}, those about the whole log first and then by entry. `faults_n` counts them all. */
  readonly faults: readonly LogFault[]
  readonly faults_n: number
}

/** A check over all entries in order: times here, anchors elsewhere. Told of entries that are in the tree and valid. */
export interface EntryRule {
  entry(index: number, entry: CheckedEntry): LogFault | null
  /** Once there are no more. */
  end?(): Promise<readonly LogFault[]> | readonly LogFault[]
}

/** A check of the checkpoint before anything is read: who else signed it. */
export type CheckpointRule = (note: Uint8Array, checkpoint: Checkpoint) => readonly LogFault[]

/** A tree that somebody else says the log once was: it must be a beginning of this one. */
export interface Beginning {
  readonly size: number
  readonly root: Uint8Array
  /** What to say of it when it is not: it has more entries than the log, or others. */
  readonly fault: (why: 'ahead' | 'forked') => LogFault
}

/** A checkpoint that the auditor holds. */
export interface HeldCheckpoint {
  /** For reports: the file it was read from. */
  readonly name: string
  readonly note: Uint8Array
}

export interface VerifyLogOptions {
  /** Of the log: from another source than the log itself. */
  readonly vkey: string
  /** Each must be a beginning of the tree. */
  readonly from?: readonly HeldCheckpoint[]
  /** Besides those checkpoints. */
  readonly beginnings?: readonly Beginning[]
  readonly checkpointRules?: readonly CheckpointRule[]
  /** In addition to that of times. */
  readonly entryRules?: readonly EntryRule[]
  readonly onProgress?: (entries: number, of: number) => void
}

export const FAULTS_MAX = 100
/** Entries between two calls of `onProgress`. */
const PROGRESS_EVERY = 4096

/**
 * @throws {LogError} `VKEY_INVALID`; `LOG_UNAVAILABLE`: the store itself failed, so nothing is known
 */
export async function verifyLog(
  crypto: Crypto,
  store: TileReader,
  options: VerifyLogOptions,
): Promise<LogReport> {
  const { name: origin } = parseVkey(crypto, options.vkey)
  const found = new Found()
  const note = await store.read(CHECKPOINT_PATH)
  if (note === null) {
    found.add({
      code: 'CHECKPOINT_MISSING',
      message: 'there is no checkpoint (a control plane serves its log under URL/log)',
      path: CHECKPOINT_PATH,
    })
    return found.report(origin, null, NOTHING)
  }
  const head = open(crypto, { name: CHECKPOINT_PATH, note }, options.vkey, found)
  if (head === null) return found.report(origin, null, NOTHING)
  for (const rule of options.checkpointRules ?? []) for (const fault of rule(note, head)) found.add(fault)
  const held = (options.from ?? []).flatMap((each) => {
    const checkpoint = open(crypto, each, options.vkey, found)
    return checkpoint === null ? [] : [beginningOf(each.name, checkpoint, head)]
  })
  const beginnings = [...held, ...(options.beginnings ?? [])]
  return found.report(origin, head, await walk(crypto, store, head, { options, beginnings, found }))
}

interface Walk {
  readonly options: VerifyLogOptions
  readonly beginnings: readonly Beginning[]
  readonly found: Found
}

interface Counts {
  /** Read, and in the tree. */
  readonly checked: number
  readonly pruned: number
}

const NOTHING: Counts = { checked: 0, pruned: 0 }

async function walk(
  crypto: Crypto,
  store: TileReader,
  head: Checkpoint,
  { options, beginnings, found }: Walk,
): Promise<Counts> {
  const rules = [timesInOrder(), ...(options.entryRules ?? [])]
  const roots = new Map<number, Uint8Array>()
  const prunings = new PruningCheck(crypto)
  let checked = 0
  let pruned = 0
  const result = await verifyTree(crypto, store, head, {
    rootsAt: beginnings.map(({ size }) => size),
    onRoot: (size, root) => roots.set(size, root),
    onPruned: (first, gaps) => {
      pruned += gaps.length
      prunings.bundle(first, gaps)
    },
    onEntry: (index, bytes) => {
      if (index % PROGRESS_EVERY === 0) options.onProgress?.(index, head.size)
      checked++
      const entry = check(index, bytes, found)
      if (entry === null) return
      prunings.bytes(index, bytes)
      for (const rule of rules) {
        const fault = rule.entry(index, entry)
        if (fault !== null) found.add(fault)
      }
    },
  })
  if (!result.ok) found.add({ ...result, message: describe(result) })
  else for (const rule of rules) for (const fault of (await rule.end?.()) ?? []) found.add(fault)
  if (result.ok)
    for (const fault of await prunings.finish(publishedProofs(crypto, store, head.size))) found.add(fault)
  for (const { size, root, fault } of beginnings) {
    const actual = roots.get(size)
    if (size > head.size) found.add(fault('ahead'))
    // Without a root the tree ended before it, and that is said already.
    else if (actual !== undefined && !equalBytes(actual, root)) found.add(fault('forked'))
  }
  return { checked, pruned }
}

function open(crypto: Crypto, held: HeldCheckpoint, vkey: string, found: Found): Checkpoint | null {
  try {
    return openCheckpoint(crypto, held.note, vkey)
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error
    const message = `${held.name} does not verify under the key given: ${error.message}`
    found.add({ code: 'CHECKPOINT_INVALID', message, path: held.name })
    return null
  }
}

function check(index: number, bytes: Uint8Array, found: Found): CheckedEntry | null {
  try {
    return checkEntry(bytes)
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error
    found.add({ code: 'ENTRY_INVALID', message: `entry ${index} is not valid: ${error.message}`, index })
    return null
  }
}

/** LOG-34. Entries of one millisecond stand in the order in which they were appended. */
function timesInOrder(): EntryRule {
  let last = ''
  return {
    entry: (index, { time }) => {
      // Written with as many digits, times are in the order of their texts.
      const isEarlier = time.length === last.length ? time < last : Date.parse(time) < Date.parse(last)
      last = time
      return !isEarlier
        ? null
        : { code: 'TIME_BACKWARDS', message: `entry ${index} is older than the one before it`, index }
    },
  }
}

function beginningOf(path: string, { size, root }: Checkpoint, head: Checkpoint): Beginning {
  const fault = (why: 'ahead' | 'forked'): LogFault<LogFaultCode> =>
    why === 'ahead'
      ? {
          code: 'CHECKPOINT_AHEAD',
          message: `the log has ${head.size} entries, and ${path} is a checkpoint of it with ${size}: it was rolled back`,
          path,
        }
      : {
          code: 'CHECKPOINT_FORKED',
          message: `the first ${size} entries of the log are not those of ${path}: history was changed`,
          path,
        }
  return { size, root, fault }
}

function describe({ code, index, path }: TreeFault): string {
  const where = `${index ?? ''}`
  switch (code) {
    case 'ENTRY_CHANGED':
      return `entry ${where} is not the one that was logged`
    case 'ENTRY_MISSING':
      return `entry ${where} was removed`
    case 'BUNDLE_INVALID':
      return `${path ?? ''} has something after its entries`
    case 'TILE_MISSING':
      return `${path ?? ''} is not there`
    case 'TILE_INVALID':
      return `${path ?? ''} is not of the length that it must have`
    case 'TILE_MISMATCH':
      return `${path ?? ''} disagrees with what is below it, from entry ${where} on`
    case 'ROOT_MISMATCH':
      return 'the files are of another tree than the one that the checkpoint signs'
    case 'START_MISMATCH':
      return 'the tree does not extend the earlier checkpoint'
  }
}

class Found {
  readonly #faults: LogFault[] = []
  #faults_n = 0

  add(fault: LogFault): void {
    this.#faults_n++
    if (this.#faults.length < FAULTS_MAX) this.#faults.push(fault)
  }

  report(origin: string, head: Checkpoint | null, { checked, pruned }: Counts): LogReport {
    return {
      ok: this.#faults_n === 0,
      origin,
      size: head?.size ?? 0,
      root: head?.root ?? new Uint8Array(0),
      entries_checked: checked,
      entries_pruned: pruned,
      faults: this.#faults.toSorted((a, b) => (a.index ?? -1) - (b.index ?? -1)),
      faults_n: this.#faults_n,
    }
  }
}
