/**
 * A file that has zeros where records will stand: a sync then stores what was written and no new size of the file, which
 * a journalling file system would have to commit by itself. Synchronous, so that nothing comes between two steps.
 * @module
 */
import { closeSync, fdatasyncSync, ftruncateSync } from 'node:fs'
import { writeAll } from './spool-directory.ts'

/** As many zeros as there is data, between these: a small file stays small. */
const AHEAD_BYTES_MIN = 64 * 1024
const AHEAD_BYTES_MAX = 1024 * 1024

export class WrittenAhead {
  readonly #fd: number
  /** Where the next record goes. */
  #bytes: number
  /** Where the zeros end. */
  #end: number

  /** @param fd open for writing, not for appending. @param bytes up to where its records check: the rest is cut off */
  constructor(fd: number, bytes: number) {
    this.#fd = fd
    this.#bytes = bytes
    this.#end = bytes
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Cuts off what stands behind the records. */
  cut(): void {
    ftruncateSync(this.#fd, this.#bytes)
    this.#end = this.#bytes
  }

  /** Not durable before {@link sync}, and not there before {@link keep}. */
  write(bytes: Buffer): void {
    writeAll(this.#fd, bytes, this.#bytes)
    const end = this.#bytes + bytes.length
    if (end > this.#end) this.#end = this.#zeros(end)
  }

  sync(): void {
    fdatasyncSync(this.#fd)
  }

  /** What was written last is a part of the file. */
  keep(bytes: number): void {
    this.#bytes += bytes
  }

  /** Without the zeros: nothing more comes. */
  close(): void {
    try {
      this.cut()
    } catch {
      // zeros at the end are no records either
    }
    closeSync(this.#fd)
  }

  /** @returns up to where there are zeros */
  #zeros(from: number): number {
    const ahead = Math.min(Math.max(from, AHEAD_BYTES_MIN), AHEAD_BYTES_MAX)
    try {
      writeAll(this.#fd, Buffer.alloc(ahead), from)
      return from + ahead
    } catch {
      return from // no space: records that still fit are stored all the same
    }
  }
}
