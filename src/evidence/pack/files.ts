/** Files of a pack: read as they are asked for, or written as they are made, each hashed once on the way. @module */
import type { Crypto } from '../../core/crypto.ts'
import { sha256Later, sha256Parts } from '../../core/digest.ts'
import { hex } from '../../core/encoding.ts'
import type { Codec } from '../../ports/codec.ts'
import type { Archive, PackedFile } from './unzip.ts'
import { ZipWriter, type ByteFile } from './zip.ts'

/** Files by name. */
export interface PackFiles {
  readonly size: number
  has(name: string): boolean
  get(name: string): Uint8Array | undefined
  keys(): Iterable<string>
}

/** A pack that is read: no more of it is in memory than is asked for. */
export class ReadFiles implements PackFiles {
  readonly #crypto: Crypto
  readonly #archive: Archive
  readonly #names: ReadonlySet<string>
  readonly #digests = new Map<string, string>()

  constructor(crypto: Crypto, archive: Archive) {
    this.#crypto = crypto
    this.#archive = archive
    this.#names = new Set(archive.names)
  }

  get size(): number {
    return this.#names.size
  }

  has(name: string): boolean {
    return this.#names.has(name)
  }

  keys(): Iterable<string> {
    return this.#names
  }

  /** @throws {PackError} `PACK_ARCHIVE_INVALID` */
  get(name: string): Uint8Array | undefined {
    const bytes = this.#archive.readSync(name)
    if (bytes !== null && !this.#digests.has(name)) this.#digests.set(name, hex(this.#crypto.sha256(bytes)))
    return bytes ?? undefined
  }

  /** @throws {PackError} `PACK_ARCHIVE_INVALID` */
  async read(name: string): Promise<Uint8Array | null> {
    const bytes = await this.#archive.read(name)
    if (bytes !== null && !this.#digests.has(name))
      this.#digests.set(name, hex(await sha256Later(this.#crypto, bytes)))
    return bytes
  }

  /** For whoever unpacks it elsewhere. @returns null if there is no such file */
  packed(name: string): PackedFile | null {
    return this.#archive.packed(name)
  }

  /** Of a file that was unpacked elsewhere. @param sha256 hex */
  noteDigest(name: string, sha256: string): void {
    if (!this.#digests.has(name)) this.#digests.set(name, sha256)
  }

  /** Hex SHA-256; of what was read before, as it was then. */
  digest(name: string): string | null {
    if (!this.#digests.has(name)) this.get(name)
    return this.#digests.get(name) ?? null
  }
}

/** Files that are packed while others are read: a platform packs as many at once as it has threads for it. */
const PACKED_AHEAD_MAX = 16

/** A pack that is written. Files stand in it in the order in which they were named. */
export class WrittenFiles {
  readonly #crypto: Crypto
  readonly #zip: ZipWriter
  readonly #digests = new Map<string, string>()
  #last: Promise<void> = Promise.resolve()
  /** Of files that are not written yet, what was read. */
  readonly #reads = new Map<string, Promise<Uint8Array | null>>()
  /** Of files that were read, the last ones. */
  readonly #underWay: Promise<void>[] = []

  constructor(crypto: Crypto, file: ByteFile, codec: Codec) {
    this.#crypto = crypto
    this.#zip = new ZipWriter(file, codec)
  }

  /** @throws {PackError} `PACK_TOO_LARGE` */
  add(name: string, parts: Iterable<Uint8Array>): Promise<void> {
    const digest = sha256Parts(this.#crypto)
    const hashed = function* (): Generator<Uint8Array> {
      for (const part of parts) {
        digest.update(part)
        yield part
      }
    }
    return this.#inTurn(async () => {
      await this.#zip.add(name, Array.isArray(parts) ? [...hashed()] : hashed())
      this.#digests.set(name, hex(digest.digest()))
    })
  }

  /**
   * Several are packed at once, and each is written in its turn: its place in the pack is before whatever is named after
   * it. @param get what may take its time
   */
  async addRead(name: string, get: () => Promise<Uint8Array | null>): Promise<Uint8Array | null> {
    const known = this.#reads.get(name)
    if (known !== undefined) return known
    const bytes = get()
    this.#reads.set(name, bytes)
    const packed = bytes.then((its) => (its === null ? null : this.#zip.pack([its])))
    packed.catch(() => {}) // whoever waits for the result hears of it
    const written = this.#inTurn(async () => {
      const [its, parts] = [await bytes, await packed]
      this.#reads.delete(name)
      if (its === null || parts === null) return
      this.#digests.set(name, hex(this.#crypto.sha256(its)))
      this.#zip.write(name, parts)
    })
    this.#underWay.push(written)
    // Who reads is faster than who packs, and would have the whole log in memory.
    const oldest = this.#underWay.length > PACKED_AHEAD_MAX ? this.#underWay.shift() : undefined
    await oldest
    const its = await bytes
    if (its === null) await written
    return its
  }

  /** All that was added stands in the pack, and can be had from it. */
  async written(): Promise<void> {
    await this.#last
  }

  #inTurn(write: () => Promise<void>): Promise<void> {
    const done = this.#last.then(write)
    this.#last = done.catch(() => {})
    return done
  }

  has(name: string): boolean {
    return this.#zip.has(name)
  }

  get(name: string): Uint8Array | undefined {
    return this.#zip.read(name)
  }

  /** Hex SHA-256 by name. */
  get digests(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#digests)
  }

  finish(): void {
    this.#zip.finish()
  }
}
