/**
 * One file of a spool: a header that says where its stream stands, then one line a record, each behind a checksum.
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
const LINE = /^(\d{1,16}) (\S+) (.*)$/s

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
  /** `torn`: what a crash can leave, a last line without its end. `damaged`: anything else that does not check. */
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

export function recordLine(record: SpoolRecord): Buffer {
  return checked(`${record.seq} ${record.hash} ${record.text}`)
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
    const record = readRecord(file.subarray(at, next))
    if (record?.seq !== base.seq + records.length + 1) break
    records.push(record)
    at = next + 1
  }
  const rest = at === file.length ? 'none' : file.includes(NEWLINE, at) ? 'damaged' : 'torn'
  return { base, records, bytes: at, rest }
}

function readRecord(raw: Buffer): SpoolRecord | null {
  const [, seq = '', hash = '', text = ''] = LINE.exec(unchecked(raw) ?? '') ?? []
  return hash === '' ? null : { seq: Number(seq), hash, text }
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
