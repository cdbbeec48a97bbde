/**
 * Two texts by words: what stayed, what was added and what was taken away. spec/attestation.md (ATT-10, ATT-11).
 * Pure, and the same for everybody: words are runs of no white space, and of all common sequences the one with most
 * characters counts.
 * @module
 */

/** Pairs of words that are compared, without what both texts begin and end with: some 50 ms and 16 MiB. */
const CELLS_MAX = 4_000_000

export interface Piece {
  readonly op: 'same' | 'added' | 'removed'
  readonly text: string
}

export interface TextDifference {
  /** In order; white space stands with what is before it. */
  readonly pieces: readonly Piece[]
  /** Characters but white space: of the new text, and of it those that the old one has too. */
  readonly length: number
  readonly kept: number
  /** Characters but white space, added and taken away. */
  readonly distance: number
  /** False: too much was changed to be compared, and all of it counts as changed. */
  readonly isExact: boolean
}

export function differenceOf(before: string, after: string): TextDifference {
  const [a, b] = [wordsOf(before), wordsOf(after)]
  const start = commonStart(a, b)
  const end = commonEnd(a.slice(start), b.slice(start))
  const [fromA, fromB] = [a.slice(start, a.length - end), b.slice(start, b.length - end)]
  const isExact = fromA.length * fromB.length <= CELLS_MAX
  const middle = isExact ? compared(fromA, fromB) : replaced(fromA, fromB)
  const pieces = joined([...b.slice(0, start).map(same), ...middle, ...b.slice(b.length - end).map(same)])
  const of = (op: Piece['op']): number =>
    pieces.filter((piece) => piece.op === op).reduce((sum, { text }) => sum + solid(text), 0)
  const kept = of('same')
  return { pieces, length: kept + of('added'), kept, distance: of('added') + of('removed'), isExact }
}

/** ATT-10: per mille of the new text that the old one does not have, or null where that cannot be said. */
export function humanShare({ length, kept, isExact }: TextDifference): number | null {
  return isExact && length > 0 ? Math.floor(((length - kept) * 1000) / length) : null
}

/** Each with the white space behind it. */
function wordsOf(text: string): string[] {
  return text.match(/\s*\S+\s*$|\S+\s*|^\s+/g) ?? []
}

/** UTF-16 units but white space. */
function solid(text: string): number {
  return text.replaceAll(/\s+/g, '').length
}

function isSame(a: string | undefined, b: string | undefined): boolean {
  return a !== undefined && b !== undefined && a.trim() === b.trim()
}

function commonStart(a: readonly string[], b: readonly string[]): number {
  let n = 0
  while (isSame(a[n], b[n])) n++
  return n
}

function commonEnd(a: readonly string[], b: readonly string[]): number {
  let n = 0
  while (isSame(a[a.length - 1 - n], b[b.length - 1 - n])) n++
  return n
}

function replaced(a: readonly string[], b: readonly string[]): Piece[] {
  return [
    ...a.map((text): Piece => ({ op: 'removed', text })),
    ...b.map((text): Piece => ({ op: 'added', text })),
  ]
}

const same = (text: string): Piece => ({ op: 'same', text })

/** The heaviest common sequence, from the ends of both to their starts. */
function compared(a: readonly string[], b: readonly string[]): Piece[] {
  const width = b.length + 1
  const best = new Uint32Array((a.length + 1) * width)
  const at = (i: number, j: number): number => best[i * width + j] ?? 0
  const names = new Map<string, number>()
  const nameOf = (word: string): number => {
    const text = word.trim()
    const known = names.get(text) ?? names.size
    names.set(text, known)
    return known
  }
  const [idsA, idsB, weights] = [a.map(nameOf), b.map(nameOf), a.map(solid)]
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const taken = idsA[i] === idsB[j] ? at(i + 1, j + 1) + (weights[i] ?? 0) : 0
      best[i * width + j] = Math.max(taken, at(i + 1, j), at(i, j + 1))
    }
  }
  const pieces: Piece[] = []
  let [i, j] = [0, 0]
  while (i < a.length && j < b.length) {
    if (idsA[i] === idsB[j] && at(i, j) === at(i + 1, j + 1) + (weights[i] ?? 0)) {
      pieces.push(same(b[j] ?? ''))
      i++
      j++
    } else if (at(i, j) === at(i + 1, j)) pieces.push({ op: 'removed', text: a[i++] ?? '' })
    else pieces.push({ op: 'added', text: b[j++] ?? '' })
  }
  return [...pieces, ...replaced(a.slice(i), b.slice(j))]
}

function joined(pieces: readonly Piece[]): Piece[] {
  const out: Piece[] = []
  for (const { op, text } of pieces) {
    const last = out.at(-1)
    if (last?.op === op) out[out.length - 1] = { op, text: last.text + text }
    else out.push({ op, text })
  }
  return out
}
