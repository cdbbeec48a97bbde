/**
 * Entries from the newest back, a bounded number at a time: what a screen asks for that no register has.
 * Invariant: a request reads no more than {@link LOOKED_AT_MAX} entries, whatever it looks for; tiles that cannot have what
 * is looked for are passed over. spec/telemetry.md (TEL-19)
 * @module
 */
import { fromUtf8 } from '../core/encoding.ts'
import type { AnyEntry } from '../log/entries.ts'
import { TILE_WIDTH } from '../log/tiles.ts'
import type { EntrySource } from '../ports/entry-source.ts'
import type { TileFilters } from './tile-filters.ts'

/** Ten tiles. */
export const LOOKED_AT_MAX = 10 * TILE_WIDTH
/** Tiles that one request passes over: half a million entries. */
const PASSED_MAX = 2_048

export interface Back<T> {
  /** The newest first. */
  readonly found: readonly T[]
  /** Go on below this index; null: the beginning was reached. */
  readonly next: number | null
  /** Of the log when it was read. */
  readonly size: number
}

export interface BackPage {
  /** Only entries below this index; absent: all. */
  readonly before?: number | undefined
  readonly limit: number
  /** False of the bytes of an entry that need not be read: most of a long log is about something else. */
  readonly wants?: ((bytes: Buffer) => boolean) | undefined
  /** Which tiles need not be read. */
  readonly filters?: TileFilters | undefined
}

/** @param take null: it is not looked for */
export async function lookBack<T>(
  source: EntrySource,
  { before, limit, wants, filters }: BackPage,
  take: (index: number, entry: AnyEntry) => T | null,
): Promise<Back<T>> {
  const size = await source.size()
  const found: T[] = []
  let end = Math.min(before ?? Infinity, size)
  for (let [read, passed] = [0, 0]; end > 0 && read < LOOKED_AT_MAX && passed < PASSED_MAX;) {
    const tile = Math.floor((end - 1) / TILE_WIDTH)
    if (await filters?.ruleOut(tile)) {
      passed++
      end = tile * TILE_WIDTH
    } else {
      const start = Math.max(tile * TILE_WIDTH, end - (LOOKED_AT_MAX - read))
      for (const { index, entry } of (await entriesOf(source, start, end, wants)).reverse()) {
        const one = take(index, entry)
        if (one === null) continue
        found.push(one)
        if (found.length === limit) return { found, next: index === 0 ? null : index, size }
      }
      read += end - start
      end = start
    }
  }
  return { found, next: end === 0 ? null : end, size }
}

/** Those from `start` on, without those that were pruned. */
export async function entriesOf(
  source: EntrySource,
  start: number,
  end: number,
  wants: BackPage['wants'] = () => true,
): Promise<{ readonly index: number; readonly entry: AnyEntry }[]> {
  const rows = await source.read(start, Math.min(end, await source.size()))
  return rows.flatMap((bytes, i) =>
    bytes.length === 0 || !wants(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
      ? []
      : [{ index: start + i, entry: JSON.parse(fromUtf8(bytes)) as AnyEntry }],
  )
}

/** Whether all of it stands in an entry, as canonical JSON has it: `{agent: 'agt_…'}`. */
export function having(members: Readonly<Record<string, string | undefined>>): (bytes: Buffer) => boolean {
  const needles = Object.entries(members).flatMap(([name, value]) =>
    value === undefined ? [] : [Buffer.from(`${JSON.stringify(name)}:${JSON.stringify(value)}`)],
  )
  return (bytes) => needles.every((needle) => bytes.includes(needle))
}
