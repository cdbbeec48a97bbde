/**
 * {@link Spool} over append-only files. spec/enforcement.md, RCP-1 and RCP-2.
 *
 * Appends of one turn are written and synced together. A crash leaves at most a torn last line, which was never
 * acknowledged and is cut off. Anything else that does not read is damage: the files are kept aside and the stream
 * needs a new epoch. In memory are the records of the newest file and of the one that is being read, no more.
 *
 * What a crash leaves behind:
 * - while a file is begun: `new-…`, which nobody reads; it is written, synced and only then named, and its name is
 *   synced before a record goes into it.
 * - while files are freed: the newer ones. They go oldest first, each durably before the next.
 * - while an epoch begins: the newest files of the old one, or none and then the spool is empty. Files are set aside
 *   oldest first, so what is left ends where the stream ended and no number is given twice.
 * @module
 */
import { openSync } from 'node:fs'
import { join } from 'node:path'
import { SpoolError, type Spool, type SpoolPosition, type SpoolRecord } from '../../ports/spool.ts'
import { claimDirectory, type DirectoryClaim } from './claim.ts'
import { hasCode, makeDirectory } from './files.ts'
import {
  discard,
  freeFile,
  load,
  nameFile,
  parsedOrNull,
  prepareFile,
  setAside,
  type Loaded,
  type SpoolFile,
} from './spool-directory.ts'
import { fileName, headerLine, recordLine } from './spool-file.ts'
import { WrittenAhead } from './written-ahead.ts'

const MODE = 0o600
/** A new file is begun after this many bytes, so that acknowledged ones can be removed. */
const FILE_BYTES_MAX = 8 * 1024 * 1024
/** What may wait for the control plane, in bytes, unless a caller says otherwise. */
const SPOOL_BYTES_MAX = 1024 * 1024 * 1024
/** A spool is at least this many files at its limit, or what was acknowledged could not be freed. */
const FILES_MIN = 4

/** How long a record that nothing waits for waits for another one to be synced with. */
const LATER_MS = 10

interface Waiting {
  readonly record: SpoolRecord
  readonly resolve: () => void
  readonly reject: (error: SpoolError) => void
}

/**
 * Opens or creates a spool.
 * @throws {SpoolError} `SPOOL_LOCKED`: another process has it. `SPOOL_UNAVAILABLE`.
 */
export async function openFsSpool(directory: string, bytesMax: number = SPOOL_BYTES_MAX): Promise<Spool> {
  let claim: DirectoryClaim | null = null
  try {
    await makeDirectory(directory, 0o700)
    const claimed = await claimDirectory(directory, 'spool')
    if ('heldBy' in claimed) {
      const message = `process ${claimed.heldBy} uses this spool: stop it, or enrol another point`
      throw new SpoolError('SPOOL_LOCKED', message)
    }
    claim = claimed
    return new FsSpool(directory, bytesMax, claim, load(directory))
  } catch (cause) {
    await claim?.release()
    if (cause instanceof SpoolError) throw cause
    throw new SpoolError('SPOOL_UNAVAILABLE', 'the spool directory is not usable', { cause })
  }
}

class FsSpool implements Spool {
  readonly #directory: string
  readonly #bytesMax: number
  readonly #claim: DirectoryClaim
  #files: SpoolFile[]
  /** Records of the last file. */
  #tail: SpoolRecord[]
  /** Records of the earlier file that was read last. */
  #read: { readonly name: string; readonly records: readonly SpoolRecord[] } | null = null
  #open: WrittenAhead | null = null
  #position: SpoolPosition | 'damaged' | null
  #waiting: Waiting[] = []
  #scheduled = false
  #later: NodeJS.Timeout | null = null
  /** A fault that could not be undone: nothing more is taken. */
  #broken = false

  constructor(directory: string, bytesMax: number, claim: DirectoryClaim, loaded: Loaded) {
    this.#directory = directory
    this.#bytesMax = bytesMax
    this.#claim = claim
    this.#files = loaded.files
    this.#tail = loaded.tail
    this.#position = loaded.position
    const last = loaded.files.at(-1)
    if (last !== undefined && loaded.position !== 'damaged') {
      this.#open = new WrittenAhead(openSync(join(directory, last.name), 'r+', MODE), last.bytes)
      this.#open.cut() // a torn line was never acknowledged
      this.#open.sync()
    }
  }

  get position(): SpoolPosition | 'damaged' | null {
    return this.#position
  }

  /** Nothing is awaited in here: no record can come between the old stream and the new one. */
  // oxlint-disable-next-line typescript/require-await -- the port is asynchronous
  async begin(epoch: number): Promise<void> {
    this.#flush()
    const base = { epoch, seq: 0, hash: '' }
    const header = headerLine(base)
    let fd: number
    try {
      fd = prepareFile(this.#directory, base, header) // while it can fail, the old stream stands
    } catch (cause) {
      throw failure('the spool could not be begun', cause)
    }
    try {
      this.#open?.close()
      this.#open = new WrittenAhead(fd, header.length)
      setAside(this.#directory)
      nameFile(this.#directory, base)
    } catch (cause) {
      this.#broken = true
      throw failure('the spool could not be begun', cause)
    }
    this.#broken = false
    this.#position = base
    this.#files = [{ name: fileName(base), base, last: base, bytes: header.length }]
    this.#tail = []
    this.#read = null
  }

  append(record: SpoolRecord, later = false): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ record, resolve, reject })
      if (this.#scheduled) return
      if (later) {
        this.#later ??= setTimeout(() => this.#flush(), LATER_MS)
        return
      }
      this.#scheduled = true
      // Not a microtask: what arrives in one turn on many connections is to share the sync.
      setImmediate(() => this.#flush())
    })
  }

  #flush(): void {
    this.#scheduled = false
    if (this.#later !== null) clearTimeout(this.#later)
    this.#later = null
    const batch = this.#waiting.splice(0)
    if (batch.length === 0) return
    const error = this.#write(batch.map(({ record }) => record))
    for (const { resolve, reject } of batch) {
      if (error === null) resolve()
      else reject(error)
    }
  }

  /** Writes all or nothing of the batch. */
  #write(batch: readonly SpoolRecord[]): SpoolError | null {
    const file = this.#files.at(-1)
    const open = this.#open
    if (this.#broken || open === null || file === undefined)
      return new SpoolError('SPOOL_UNAVAILABLE', 'the spool is closed, damaged or has failed')
    if (!batch.every(({ seq }, i) => seq === file.last.seq + i + 1))
      return new SpoolError('SPOOL_UNAVAILABLE', 'the record does not continue the stream')
    const first = file.last.seq + 1
    const bytes = Buffer.concat(batch.map((record) => recordLine(record, first)))
    const total = this.#files.reduce((sum, each) => sum + each.bytes, 0)
    if (total + bytes.length > this.#bytesMax)
      return new SpoolError('SPOOL_FULL', 'the spool has reached its size limit')
    try {
      open.write(bytes)
    } catch (cause) {
      this.#undo(open)
      return failure('the spool could not be written', cause)
    }
    try {
      open.sync()
    } catch (cause) {
      this.#undo(open)
      const error = failure('the spool could not be synced', cause)
      // After a sync that failed for want of anything but space, what the file holds is not known.
      if (error.code !== 'SPOOL_FULL') this.#broken = true
      return error
    }
    open.keep(bytes.length)
    file.bytes = open.bytes
    for (const record of batch) this.#tail.push(record)
    const { seq, hash } = batch.at(-1) ?? file.last
    file.last = { epoch: file.base.epoch, seq, hash }
    this.#position = file.last
    this.#rotateIfLarge(file)
    return null
  }

  /** After a failed write the file ends where it did before, or the spool is broken: never a record half stored. */
  #undo(open: WrittenAhead): void {
    try {
      open.cut()
    } catch {
      this.#broken = true
    }
  }

  #rotateIfLarge(file: SpoolFile): void {
    if (file.bytes <= Math.min(FILE_BYTES_MAX, this.#bytesMax / FILES_MIN) || this.#broken) return
    const base = file.last
    const header = headerLine(base)
    let fd: number | null = null
    try {
      fd = prepareFile(this.#directory, base, header)
      nameFile(this.#directory, base)
    } catch {
      if (fd !== null) discard(fd, join(this.#directory, fileName(base)))
      return // no space for a new file: the old one goes on growing
    }
    this.#open?.close()
    this.#open = new WrittenAhead(fd, header.length)
    this.#files.push({ name: fileName(base), base, last: base, bytes: header.length })
    this.#tail = []
  }

  // oxlint-disable-next-line typescript/require-await -- the port is asynchronous
  async read(after: number, count: number): Promise<SpoolRecord[]> {
    const out: SpoolRecord[] = []
    for (const file of this.#files) {
      if (out.length >= count) break
      if (file.last.seq <= after) continue
      const start = Math.max(0, after - file.base.seq)
      out.push(...this.#recordsOf(file).slice(start, start + count - out.length))
    }
    return out
  }

  #recordsOf(file: SpoolFile): readonly SpoolRecord[] {
    if (file === this.#files.at(-1)) return this.#tail
    if (this.#read?.name === file.name) return this.#read.records
    const parsed = parsedOrNull(this.#directory, file.name)
    if (parsed?.records.length !== file.last.seq - file.base.seq)
      throw new SpoolError('SPOOL_UNAVAILABLE', 'a file of the spool no longer reads as it was written')
    this.#read = { name: file.name, records: parsed.records }
    return parsed.records
  }

  // oxlint-disable-next-line typescript/require-await -- the port is asynchronous
  async acknowledge(seq: number): Promise<void> {
    const newest = this.#files.at(-1)
    if (newest !== undefined && newest.last.seq <= seq && this.#open !== null) this.#rotateIfLarge(newest)
    try {
      for (
        let [first, next] = this.#files;
        first && next && next.base.seq <= seq;
        [first, next] = this.#files
      ) {
        freeFile(this.#directory, first.name)
        this.#files.shift()
        if (this.#read?.name === first.name) this.#read = null
      }
    } catch (cause) {
      throw failure('a file of the spool could not be freed', cause)
    }
  }

  async close(): Promise<void> {
    this.#flush()
    this.#open?.close()
    this.#open = null
    await this.#claim.release()
  }
}

function failure(message: string, cause: unknown): SpoolError {
  const full = hasCode(cause, 'ENOSPC') || hasCode(cause, 'EDQUOT') || hasCode(cause, 'EFBIG')
  return new SpoolError(full ? 'SPOOL_FULL' : 'SPOOL_UNAVAILABLE', message, { cause })
}
