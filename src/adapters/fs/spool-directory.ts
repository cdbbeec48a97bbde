/**
 * The files of a spool in their directory: begun, named, freed, set aside and loaded, each step durable before the next.
 * Synchronous, so that nothing comes between two steps.
 * @module
 */
import {
  closeSync,
  constants,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import type { SpoolPosition, SpoolRecord } from '../../ports/spool.ts'
import { hasCode } from './files.ts'
import { epochOf, fileName, parseFile, type ParsedFile } from './spool-file.ts'

const MODE = 0o600

export interface SpoolFile {
  readonly name: string
  readonly base: SpoolPosition
  /** Of its last record; the base when it has none. */
  last: SpoolPosition
  bytes: number
}

export interface Loaded {
  readonly files: SpoolFile[]
  /** Records of the last file. */
  readonly tail: SpoolRecord[]
  readonly position: SpoolPosition | 'damaged' | null
}

/** @param position in the file; where it stands, unless told */
export function writeAll(fd: number, bytes: Buffer, position: number | null = null): void {
  for (let at = 0; at < bytes.length;)
    at += writeSync(fd, bytes, at, bytes.length - at, position === null ? null : position + at)
}

function temporaryName(base: SpoolPosition): string {
  return `new-${fileName(base)}`
}

/** A durable file under a name that nobody reads. @returns its descriptor, for writing */
export function prepareFile(directory: string, base: SpoolPosition, header: Buffer): number {
  const path = join(directory, temporaryName(base))
  const fd = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC, MODE)
  try {
    writeAll(fd, header)
    fsyncSync(fd)
    return fd
  } catch (cause) {
    discard(fd, path)
    throw cause
  }
}

export function nameFile(directory: string, base: SpoolPosition): void {
  renameSync(join(directory, temporaryName(base)), join(directory, fileName(base)))
  syncDirectorySync(directory)
}

/** What cannot be removed has no records: {@link load} knows such a file. */
export function discard(fd: number, path: string): void {
  closeSync(fd)
  try {
    unlinkSync(path)
  } catch {
    // see above
  }
}

export function setAside(directory: string): void {
  for (const name of spoolNames(directory)) {
    renameSync(join(directory, name), join(directory, `aside-${Date.now()}-${name}`))
  }
  syncDirectorySync(directory)
}

export function freeFile(directory: string, name: string): void {
  try {
    unlinkSync(join(directory, name))
  } catch (cause) {
    if (!hasCode(cause, 'ENOENT')) throw cause
  }
  syncDirectorySync(directory)
}

function syncDirectorySync(directory: string): void {
  const fd = openSync(directory, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** Oldest first. */
function spoolNames(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => epochOf(name) !== null)
    .sort()
}

export function parsedOrNull(directory: string, name: string): ParsedFile | null {
  return parseFile(name, readFileSync(join(directory, name)))
}

export function load(directory: string): Loaded {
  const all = spoolNames(directory)
  const newest = epochOf(all.at(-1) ?? '')
  const names = all.filter((name) => epochOf(name) === newest)
  const files: SpoolFile[] = []
  let tail: SpoolRecord[] = []
  let position: SpoolPosition | null = null
  for (const name of names) {
    const parsed = parsedOrNull(directory, name)
    if (parsed === null || (parsed.rest !== 'none' && (parsed.rest !== 'torn' || name !== names.at(-1))))
      return { files, tail, position: 'damaged' }
    const { base, records, bytes } = parsed
    if (position !== null && records.length === 0 && base.seq < position.seq) {
      unlinkSync(join(directory, name)) // begun when there was no space: the file before it went on growing
      continue
    }
    if (position !== null && (base.seq !== position.seq || base.hash !== position.hash))
      return { files, tail, position: 'damaged' }
    const record = records.at(-1)
    position = record === undefined ? base : { epoch: base.epoch, seq: record.seq, hash: record.hash }
    files.push({ name, base, last: position, bytes })
    tail = records
  }
  return { files, tail, position }
}
