/**
 * {@link Spool} over append-only files. spec/enforcement.md, RCP-1 and RCP-2.
 *
 * Each file starts with a header that says where its stream stands; each line carries a checksum. Appends of one turn
 * are written and synced together. A crash leaves at most a torn last line, which was never acknowledged and is cut
 * off. Anything else that does not read is damage: the file is kept aside and the stream needs a new epoch.
 * @module
 */
import { createHash } from 'node:crypto'
import { closeSync, fdatasyncSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import { readdir, readFile, rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { SpoolError, type Spool, type SpoolPosition, type SpoolRecord } from '../../ports/spool.ts'
import { claimDirectory, type DirectoryClaim } from './claim.ts'
import { hasCode, makeDirectory, syncDirectory } from './files.ts'

const MODE = 0o600
/** A new file is begun after this many bytes, so that acknowledged ones can be removed. */
const FILE_BYTES_MAX = 8 * 1024 * 1024
/** What may wait for the control plane, in bytes, unless a caller says otherwise. */
const SPOOL_BYTES_MAX = 1024 * 1024 * 1024
const NAME = /^spool-(\d{10})-(\d{16})\.log$/

const headerSchema = z.strictObject({ epoch: z.int(), seq: z.int(), hash: z.string() })

interface SpoolFile {
  readonly name: string
  readonly base: SpoolPosition
  readonly records: SpoolRecord[]
  bytes: number
}

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
  await makeDirectory(directory, 0o700)
  const claim = await claimDirectory(directory, 'spool')
  if ('heldBy' in claim) {
    const message = `process ${claim.heldBy} uses this spool: stop it, or enrol another point`
    throw new SpoolError('SPOOL_LOCKED', message)
  }
  try {
    const { files, position } = await load(directory)
    return new FsSpool(directory, bytesMax, claim, files, position)
  } catch (cause) {
    await claim.release()
    if (cause instanceof SpoolError) throw cause
    throw new SpoolError('SPOOL_UNAVAILABLE', 'the spool directory is not usable', { cause })
  }
}

class FsSpool implements Spool {
  readonly #directory: string
  readonly #bytesMax: number
  readonly #claim: DirectoryClaim
  #files: SpoolFile[]
  #fd: number | null = null
  #position: SpoolPosition | 'damaged' | null
  #waiting: Waiting[] = []
  #scheduled = false
  /** A failed write that could not be undone: nothing more is taken. */
  #broken = false

  constructor(
    directory: string,
    bytesMax: number,
    claim: DirectoryClaim,
    files: SpoolFile[],
    position: SpoolPosition | 'damaged' | null,
  ) {
    this.#directory = directory
    this.#bytesMax = bytesMax
    this.#claim = claim
    this.#files = files
    this.#position = position
    const last = files.at(-1)
    if (last !== undefined && position !== 'damaged') {
      this.#fd = openSync(join(directory, last.name), 'a', MODE)
      ftruncateSync(this.#fd, last.bytes) // a torn line was never acknowledged
      fdatasyncSync(this.#fd)
    }
  }

  get position(): SpoolPosition | 'damaged' | null {
    return this.#position
  }

  async begin(epoch: number): Promise<void> {
    await this.#setAside()
    this.#position = { epoch, seq: 0, hash: '' }
    this.#files = []
    this.#broken = false
    await this.#newFile(this.#position)
  }

  append(record: SpoolRecord): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ record, resolve, reject })
      if (this.#scheduled) return
      this.#scheduled = true
      queueMicrotask(() => this.#flush())
    })
  }

  #flush(): void {
    this.#scheduled = false
    const batch = this.#waiting.splice(0)
    const error = this.#write(batch)
    for (const { resolve, reject } of batch) {
      if (error === null) resolve()
      else reject(error)
    }
  }

  /** Writes all or nothing of the batch. */
  #write(batch: readonly Waiting[]): SpoolError | null {
    const file = this.#files.at(-1)
    if (this.#broken || this.#fd === null || file === undefined || !this.#continues(batch)) {
      return new SpoolError('SPOOL_UNAVAILABLE', 'the spool takes no records after a failed write')
    }
    const bytes = Buffer.from(batch.map(({ record }) => line(record)).join(''))
    const total = this.#files.reduce((sum, each) => sum + each.bytes, 0)
    if (total + bytes.length > this.#bytesMax) {
      return new SpoolError('SPOOL_FULL', 'the spool has reached its size limit')
    }
    try {
      writeAll(this.#fd, bytes)
      fdatasyncSync(this.#fd)
    } catch (cause) {
      this.#undo(file)
      const full = hasCode(cause, 'ENOSPC') || hasCode(cause, 'EDQUOT') || hasCode(cause, 'EFBIG')
      return new SpoolError(full ? 'SPOOL_FULL' : 'SPOOL_UNAVAILABLE', 'the spool could not be written', {
        cause,
      })
    }
    file.bytes += bytes.length
    for (const { record } of batch) file.records.push(record)
    const last = batch.at(-1)?.record
    if (last !== undefined) this.#position = { epoch: file.base.epoch, seq: last.seq, hash: last.hash }
    if (file.bytes > FILE_BYTES_MAX) this.#rotate()
    return null
  }

  #continues(batch: readonly Waiting[]): boolean {
    if (this.#position === null || this.#position === 'damaged') return false
    let seq = this.#position.seq
    return batch.every(({ record }) => record.seq === ++seq)
  }

  /** After a failed write the file ends where it did before, or the spool is broken: never a record half stored. */
  #undo(file: SpoolFile): void {
    try {
      if (this.#fd !== null) ftruncateSync(this.#fd, file.bytes)
    } catch {
      this.#broken = true
    }
  }

  #rotate(): void {
    if (this.#position === null || this.#position === 'damaged') return
    this.#openFile(this.#position)
  }

  #openFile(base: SpoolPosition): void {
    const name = fileName(base)
    const header = Buffer.from(checked(JSON.stringify(base)))
    try {
      const fd = openSync(join(this.#directory, name), 'ax', MODE)
      writeAll(fd, header)
      fdatasyncSync(fd)
      if (this.#fd !== null) closeSync(this.#fd)
      this.#fd = fd
      this.#files.push({ name, base, records: [], bytes: header.length })
    } catch {
      // A crash or a full disk here leaves a file without records: the old one simply goes on growing.
    }
  }

  async #newFile(base: SpoolPosition): Promise<void> {
    this.#openFile(base)
    if (this.#files.length === 0) throw new SpoolError('SPOOL_UNAVAILABLE', 'the spool could not be begun')
    await syncDirectory(this.#directory)
  }

  // oxlint-disable-next-line typescript/require-await -- the port is asynchronous
  async read(after: number, count: number): Promise<SpoolRecord[]> {
    const out: SpoolRecord[] = []
    for (const file of this.#files) {
      if (out.length >= count) break
      const first = file.records[0]?.seq
      if (first === undefined || first + file.records.length - 1 <= after) continue
      const start = Math.max(0, after - first + 1)
      out.push(...file.records.slice(start, start + count - out.length))
    }
    return out
  }

  async acknowledge(seq: number): Promise<void> {
    const [first, ...rest] = this.#files
    const next = rest[0]
    if (first === undefined || next === undefined || next.base.seq > seq) return
    this.#files = rest
    await unlink(join(this.#directory, first.name))
    await this.acknowledge(seq)
  }

  async #setAside(): Promise<void> {
    if (this.#fd !== null) closeSync(this.#fd)
    this.#fd = null
    for (const name of await readdir(this.#directory)) {
      if (NAME.test(name))
        await rename(join(this.#directory, name), join(this.#directory, `aside-${Date.now()}-${name}`))
    }
  }

  async close(): Promise<void> {
    if (this.#scheduled) this.#flush()
    if (this.#fd !== null) closeSync(this.#fd)
    this.#fd = null
    await this.#claim.release()
  }
}

function writeAll(fd: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at)
}

function fileName(base: SpoolPosition): string {
  return `spool-${String(base.epoch).padStart(10, '0')}-${String(base.seq).padStart(16, '0')}.log`
}

function checksum(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}

function checked(text: string): string {
  return `${checksum(text)} ${text}\n`
}

function line(record: SpoolRecord): string {
  return checked(`${record.seq} ${record.hash} ${record.text}`)
}

async function load(
  directory: string,
): Promise<{ files: SpoolFile[]; position: SpoolPosition | 'damaged' | null }> {
  const names = (await readdir(directory)).filter((name) => NAME.test(name)).sort()
  const epoch = names.at(-1)?.slice(6, 16)
  const files: SpoolFile[] = []
  let position: SpoolPosition | null = null
  for (const [i, name] of names.filter((each) => each.slice(6, 16) === epoch).entries()) {
    const isLast = i === names.length - 1
    const text = await readFile(join(directory, name), 'utf8')
    const file = parseFile(name, text)
    if (file === null && isLast && !text.includes('\n') && position !== null) {
      await unlink(join(directory, name)) // a crash while the file was begun: nothing was in it yet
      break
    }
    const torn = file !== null && file.bytes < Buffer.byteLength(text)
    if (file === null || (torn && !(isLast && isTornTail(text, file.bytes))))
      return { files, position: 'damaged' }
    if (position !== null && (file.base.seq !== position.seq || file.base.hash !== position.hash)) {
      return { files, position: 'damaged' }
    }
    files.push(file)
    const last = file.records.at(-1)
    position = last === undefined ? file.base : { epoch: file.base.epoch, seq: last.seq, hash: last.hash }
  }
  return { files, position }
}

/** Only what a crash can leave: one last line, without its end. A whole line that does not check is damage. */
function isTornTail(text: string, goodBytes: number): boolean {
  return !Buffer.from(text).subarray(goodBytes).includes(0x0a)
}

/** Reads up to the first line that does not check; `bytes` says where that is. Null without a good header. */
function parseFile(name: string, text: string): SpoolFile | null {
  const lines = text.split('\n')
  const header = uncheck(lines[0] ?? '')
  if (header === null || lines.length < 2) return null
  const base = headerSchema.safeParse(JSON.parse(header))
  if (!base.success || fileName(base.data) !== name) return null
  const file: SpoolFile = { name, base: base.data, records: [], bytes: Buffer.byteLength(`${lines[0]}\n`) }
  let seq = base.data.seq
  for (const raw of lines.slice(1, -1)) {
    const [, number = '', hash = '', body = ''] = /^(\d+) (\S+) (.*)$/s.exec(uncheck(raw) ?? '') ?? []
    if (Number(number) !== ++seq || hash === '') break
    file.records.push({ seq, hash, text: body })
    file.bytes += Buffer.byteLength(`${raw}\n`)
  }
  return file
}

function uncheck(raw: string): string | null {
  const text = raw.slice(17)
  return raw.charAt(16) === ' ' && raw.slice(0, 16) === checksum(text) ? text : null
}
