/** Rows of entries with what was pruned between them, for every SQL store. spec/retention.md (RET-6). @module */

/** Entries of a bundle. */
const BUNDLE = 256
const PRUNED = new Uint8Array(0)

/**
 * @param rows of the entries from `start` to `end` that are there, in order
 * @param pruned which bundles, of those from the first to the last, were pruned; asked when rows are missing
 * @returns the entries, an empty one in place of one that was pruned; up to the first gap that no pruning left
 */
export async function withPruned(
  rows: readonly { readonly idx: number; readonly bytes: Uint8Array }[],
  start: number,
  end: number,
  pruned: (first: number, last: number) => Promise<readonly number[]>,
): Promise<Uint8Array[]> {
  if (rows.length >= end - start) return rows.map(({ bytes }) => bytes)
  const bundles = new Set(await pruned(Math.floor(start / BUNDLE), Math.floor((end - 1) / BUNDLE)))
  if (bundles.size === 0) return rows.map(({ bytes }) => bytes)
  const there = new Map(rows.map(({ idx, bytes }) => [idx, bytes]))
  const entries: Uint8Array[] = []
  for (let index = start; index < end; index++) {
    const entry = there.get(index) ?? (bundles.has(Math.floor(index / BUNDLE)) ? PRUNED : null)
    if (entry === null) break
    entries.push(entry)
  }
  return entries
}
