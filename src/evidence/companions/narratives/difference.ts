/**
 * What differs between two versions of a text, word by word. Pure. spec/narratives.md (NAR-6).
 * Invariant: what is kept and removed is the old text, what is kept and added the new one.
 * @module
 */

export interface Piece {
  readonly kind: 'kept' | 'removed' | 'added'
  readonly text: string
}

/** Of one sentence; of longer ones the whole is removed and the whole added. The work grows with its square. */
const WORDS_MAX = 800

/** Sentence by sentence, and within those that changed in place word by word. */
export function differenceOf(
  before: readonly string[],
  after: readonly string[],
): readonly (readonly Piece[])[] {
  const out: (readonly Piece[])[] = []
  for (const { removed, added, kept } of aligned(before, after)) {
    const paired = Math.min(removed.length, added.length)
    for (let n = 0; n < paired; n++) out.push(wordsBetween(removed[n] ?? '', added[n] ?? ''))
    for (const text of removed.slice(paired)) out.push([{ kind: 'removed', text }])
    for (const text of added.slice(paired)) out.push([{ kind: 'added', text }])
    for (const text of kept) out.push([{ kind: 'kept', text }])
  }
  return out
}

export function isChanged(difference: readonly (readonly Piece[])[]): boolean {
  return difference.some((pieces) => pieces.some(({ kind }) => kind !== 'kept'))
}

function wordsBetween(before: string, after: string): readonly Piece[] {
  const [old, now] = [before.split(/(?<=\s)/), after.split(/(?<=\s)/)]
  if (old.length > WORDS_MAX || now.length > WORDS_MAX)
    return [
      { kind: 'removed', text: before },
      { kind: 'added', text: after },
    ]
  return aligned(old, now).flatMap(({ removed, added, kept }) => [
    ...piece('removed', removed),
    ...piece('added', added),
    ...piece('kept', kept),
  ])
}

function piece(kind: Piece['kind'], words: readonly string[]): Piece[] {
  return words.length === 0 ? [] : [{ kind, text: words.join('') }]
}

interface Run {
  readonly removed: string[]
  readonly added: string[]
  /** After both. */
  readonly kept: string[]
}

/** By the longest common subsequence. */
function aligned(before: readonly string[], after: readonly string[]): Run[] {
  const [rows, columns] = [before.length, after.length]
  const longest = Array.from({ length: rows + 1 }, () => new Uint32Array(columns + 1))
  const at = (i: number, j: number): number => longest[i]?.[j] ?? 0
  for (let i = rows - 1; i >= 0; i--)
    for (let j = columns - 1; j >= 0; j--) {
      const row = longest[i]
      if (row !== undefined)
        row[j] = before[i] === after[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
    }
  const runs: Run[] = []
  let run: Run = { removed: [], added: [], kept: [] }
  const turn = (): void => {
    if (run.kept.length > 0) runs.push(run)
    if (run.kept.length > 0) run = { removed: [], added: [], kept: [] }
  }
  for (let i = 0, j = 0; i < rows || j < columns;) {
    const [old, now] = [before[i], after[j]]
    if (old !== undefined && old === now) {
      run.kept.push(old)
      i++
      j++
    } else if (now === undefined || (old !== undefined && at(i + 1, j) >= at(i, j + 1))) {
      turn()
      run.removed.push(old ?? '')
      i++
    } else {
      turn()
      run.added.push(now)
      j++
    }
  }
  return [...runs, run]
}
