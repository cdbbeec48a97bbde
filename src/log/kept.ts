/**
 * What a pruned log has in place of an entry bundle: the same bundle in which a pruned entry has no bytes, and for each
 * pruning a map of the places that it emptied. spec/retention.md (RET-5).
 * @module
 */
import type { Crypto } from '../core/crypto.ts'
import { base64url } from '../core/encoding.ts'
import { LogError } from './entries.ts'
import { encodeBundle, splitBundle, TILE_WIDTH, tilePath } from './tiles.ts'

/** e.g. `kept/x001/234`: what is left of bundle 1234 */
export function keptPath(index: number): string {
  return pathUnder('kept', index)
}

/** e.g. `pruned/x001/234`: what the `log.pruned` of entry 1234 took away */
export function mapPath(entry: number): string {
  return pathUnder('pruned', entry)
}

function pathUnder(folder: string, index: number): string {
  return `${folder}/${tilePath({ level: 'entries', index, width: TILE_WIDTH }).slice('tile/entries/'.length)}`
}

const PATH = /^(kept|pruned)\/((?:x\d{3}\/){0,5}\d{3})$/

/** The bundle whose rest a file is, by its name; null for any other. */
export function keptIndex(path: string): number | null {
  if (!path.startsWith('kept/') || !isKeptPath(path)) return null
  return Number(path.slice('kept/'.length).replaceAll(/[x/]/g, ''))
}

/** Whether it is one that {@link keptPath} or {@link mapPath} writes, in that spelling. */
export function isKeptPath(path: string): boolean {
  const [, folder, digits] = PATH.exec(path) ?? []
  if (folder === undefined || digits === undefined) return false
  return pathUnder(folder, Number(digits.replaceAll(/[x/]/g, ''))) === path
}

export function isMapPath(path: string): boolean {
  return path.startsWith('pruned/') && isKeptPath(path)
}

/** @param entries of the whole bundle; null for those that are pruned */
export function encodeKept(entries: readonly (Uint8Array | null)[]): Uint8Array {
  return encodeBundle(entries.map((entry) => entry ?? new Uint8Array(0)))
}

/** @throws {LogError} `TILE_INVALID`: not exactly 256 places */
export function decodeKept(bytes: Uint8Array): Uint8Array[] {
  const { entries, whole } = splitBundle(bytes)
  if (!whole || entries.length !== TILE_WIDTH)
    throw new LogError('TILE_INVALID', `what is kept of a bundle does not have ${TILE_WIDTH} places`)
  return entries
}

/** One bit for each entry of whole bundles, set where the entry is pruned; the first is the highest of its byte. */
export class PrunedMap {
  readonly first: number
  readonly bytes: Uint8Array

  /** @param first index of the entry of the first bit */
  constructor(first: number, bytes: Uint8Array) {
    this.first = first
    this.bytes = bytes
  }

  static over(from: number, to: number): PrunedMap {
    return new PrunedMap(from, new Uint8Array((to - from) / 8))
  }

  get end(): number {
    return this.first + this.bytes.length * 8
  }

  has(index: number): boolean {
    const at = index - this.first
    return ((this.bytes[at >> 3] ?? 0) & (0x80 >> (at & 7))) !== 0
  }

  set(index: number, pruned: boolean): void {
    const at = index - this.first
    const bit = 0x80 >> (at & 7)
    const byte = this.bytes[at >> 3] ?? 0
    this.bytes[at >> 3] = pruned ? byte | bit : byte & ~bit
  }

  /** How many entries it says are pruned. */
  count(): number {
    let total = 0
    for (let byte of this.bytes) for (; byte !== 0; byte &= byte - 1) total++
    return total
  }

  digest(crypto: Crypto): string {
    return base64url(crypto.sha256(this.bytes))
  }
}
