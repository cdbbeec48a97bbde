/** Which lines of two texts are the same, by the longest common run of lines. Pure. @module */

export interface LineChange<T> {
  readonly op: 'same' | 'added' | 'removed'
  readonly line: T
}

/** Lines of either side; more is not compared: nobody reads it, and the table grows with the square. */
const LINES_MAX = 600

/** @returns null: too long to compare */
export function lineChanges<T>(
  before: readonly T[],
  after: readonly T[],
  textOf: (line: T) => string,
): LineChange<T>[] | null {
  if (before.length > LINES_MAX || after.length > LINES_MAX) return null
  const [a, b] = [before.map(textOf), after.map(textOf)]
  const longest = Array.from({ length: a.length + 1 }, () => Array.from({ length: b.length + 1 }, () => 0))
  const at = (i: number, j: number): number => longest[i]?.[j] ?? 0
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--) {
      const row = longest[i]
      if (row !== undefined)
        row[j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
    }
  const changes: LineChange<T>[] = []
  let [i, j] = [0, 0]
  while (i < a.length || j < b.length) {
    const [old, now] = [before[i], after[j]]
    if (old !== undefined && now !== undefined && a[i] === b[j]) {
      changes.push({ op: 'same', line: now })
      i++
      j++
    } else if (now !== undefined && (old === undefined || at(i, j + 1) > at(i + 1, j))) {
      changes.push({ op: 'added', line: now })
      j++
    } else if (old !== undefined) {
      changes.push({ op: 'removed', line: old })
      i++
    }
  }
  return changes
}
