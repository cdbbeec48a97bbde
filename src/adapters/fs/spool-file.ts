/**
 * One file of a spool: a header that says where its stream stands, then one line a record, each behind a checksum, then
 * zeros where records are yet to come. A line of a batch that was written together names the first of the batch.
 * Read as bytes: what a crash cuts in the middle of a character is cut at the same byte again.
 * @module
 */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { SpoolPosition, SpoolRecord } from '../../ports/spool.ts'

const NEWLINE = 0x0a
/** 16 hex digits and a space. */
const CHECKSUM_BYTES = 17
const NAME = /^spool-(\d{10})-(\d{16})\.log$/
const LINE = /^(\d{1,16})(?:\/(\d{1,16}))? (\S+) (.*)$/s
/** What a disk writes as one. */
const SECTOR_BYTES = 512

const headerSchema = z.strictObject({
  epoch: z.int().positive(),
  seq: z.int().nonnegative(),
  hash: z.string(),
})

export interface ParsedFile {
  readonly base: SpoolPosition
  readonly records: SpoolRecord[]
  /** Bytes up to the end of the last line that checks. */
  readonly bytes: number
  /** `torn`: what a crash can leave of the batch that was being written. `damaged`: anything else that does not check. */
  readonly rest: 'none' | 'torn' | 'damaged'
}

/** The file that continues after `base`. Names sort as the stream runs. */
export function fileName(base: SpoolPosition): string {
  return `spool-${String(base.epoch).padStart(10, '0')}-${String(base.seq).padStart(16, '0')}.log`
}

/** @returns the epoch of a file of a spool, or null for any other name */
export function epochOf(name: string): number | null {
  const [, epoch] = NAME.exec(name) ?? []
  return epoch === undefined ? null : Number(epoch)
}

export function headerLine(base: SpoolPosition): Buffer {
  return checked(JSON.stringify(base))
}

/** @param first number of the first record that is written and synced together with this one */
export function recordLine({ seq, hash, text }: SpoolRecord, first: number): Buffer {
  return checked(`${seq}${first === seq ? '' : `/${first}`} ${hash} ${text}`)
}

/** Reads up to the first line that does not check. Null without a good header. */
export function parseFile(name: string, file: Buffer): ParsedFile | null {
  const end = file.indexOf(NEWLINE)
  const header = end < 0 ? null : unchecked(file.subarray(0, end))
  const base = header === null ? null : headerSchema.safeParse(JSON.parse(header)).data
  if (!base || fileName(base) !== name) return null
  const records: SpoolRecord[] = []
  let at = end + 1
  for (let next = file.indexOf(NEWLINE, at); next >= 0; next = file.indexOf(NEWLINE, at)) {
    const line = readLine(file.subarray(at, next))
    if (line?.record.seq !== base.seq + records.length + 1) break
    records.push(line.record)
    at = next + 1
  }
  return { base, records, bytes: at, rest: restOf(file, at, base.seq + records.length + 1) }
}

/** @param due number of the record that would stand at `at` */
function restOf(file: Buffer, at: number, due: number): ParsedFile['rest'] {
  if (endOfZeros(file, at) === file.length) return 'none'
  if (!file.includes(NEWLINE, at)) return 'torn'
  if (!hasHole(file, at)) return 'damaged'
  // Sectors reach the disk in any order: what stands behind the hole has to be of the batch that has it.
  for (let from = at, next = file.indexOf(NEWLINE, from); next >= 0; next = file.indexOf(NEWLINE, from)) {
    const line = readLine(file.subarray(from, next))
    if (line !== null && line.first > due) return 'damaged'
    from = next + 1
  }
  return 'torn'
}

/** Whether the line at `at` has sectors in it that were never written. Text of ours has no zeros. */
function hasHole(file: Buffer, at: number): boolean {
  const start = file.indexOf(0, at)
  if (start < 0 || start > file.indexOf(NEWLINE, at)) return false
  const end = endOfZeros(file, start)
  const begins = start === at || start % SECTOR_BYTES === 0
  return begins && (end === file.length || end % SECTOR_BYTES === 0)
}

function endOfZeros(file: Buffer, start: number): number {
  let end = start
  while (end < file.length && file[end] === 0) end++
  return end
}

function readLine(raw: Buffer): { record: SpoolRecord; first: number } | null {
  const [, seq = '', first = seq, hash = '', text = ''] = LINE.exec(unchecked(raw) ?? '') ?? []
  return hash === '' ? null : { record: { seq: Number(seq), hash, text }, first: Number(first) }
}

function checksum(text: Buffer): string {
  return createHash('sha256')
    .update(text)
    .digest('hex')
    .slice(0, CHECKSUM_BYTES - 1)
}

/** A line behind its checksum. */
export function checked(text: string): Buffer {
  const bytes = Buffer.from(text)
  return Buffer.concat([Buffer.from(`${checksum(bytes)} `), bytes, Buffer.of(NEWLINE)])
}

/** What stands behind a checksum that is right, else null. */
export function unchecked(raw: Buffer): string | null {
  const text = raw.subarray(CHECKSUM_BYTES)
  return raw.subarray(0, CHECKSUM_BYTES).toString('latin1') === `${checksum(text)} ` ? text.toString() : null
}
