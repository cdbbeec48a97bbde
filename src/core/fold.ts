/**
 * Names as a reader that ignores case has them: Go's encoding/json, for one, takes `Path` and `paſs` for `path` and
 * `pass`. spec/grants.md, GRT-2.
 * @module
 */

/** Names of an object in which one is looked up: many times what a tool has arguments, and few enough to compare. */
export const NAMES_MAX = 256
/** A folding is at most three times as long as its name, in UTF-16 code units, and never shorter. */
const FOLDING_GROWTH_MAX = 3

/** Twice, because the capital sharp s has no upper case: it becomes `ss` by way of its lower case. */
export function foldCase(name: string): string {
  return name.toUpperCase().toLowerCase().toUpperCase().toLowerCase()
}

/**
 * Whether looking up `name` could give different readers different values: when another of the object's names folds to
 * the same, or when there are too many to tell.
 * @param names the object's own, all distinct
 */
export function isAmbiguous(names: readonly string[], name: string): boolean {
  if (names.length > NAMES_MAX) return true
  const first = name.charCodeAt(0)
  for (let i = 0; i < names.length; i++) {
    const other = names[i] ?? ''
    if (differAtOnce(other.charCodeAt(0), first)) continue
    if (other !== name && foldAlike(other, name)) return true
  }
  return false
}

/**
 * Most names differ in the first character: that must cost next to nothing, as every decision asks. Two ASCII characters
 * that differ in another bit than that of the case fold to two. (Of an empty name it is NaN, which no comparison holds for.)
 */
function differAtOnce(one: number, other: number): boolean {
  return one <= 0x7f && other <= 0x7f && ((one ^ other) & ~0x20) !== 0
}

function foldAlike(a: string, b: string): boolean {
  const shorter = Math.min(a.length, b.length)
  for (let i = 0; i < shorter; i++) {
    const one = a.charCodeAt(i)
    const other = b.charCodeAt(i)
    if (one > 0x7f || other > 0x7f) return foldAlikeBeyondAscii(a, b)
    // What comes before is ASCII and folds to as many characters: the two foldings differ here.
    if (one !== other && lowerAscii(one) !== lowerAscii(other)) return false
  }
  return a.length === b.length
}

function foldAlikeBeyondAscii(a: string, b: string): boolean {
  if (a.length > FOLDING_GROWTH_MAX * b.length || b.length > FOLDING_GROWTH_MAX * a.length) return false
  return foldCase(a) === foldCase(b)
}

function lowerAscii(code: number): number {
  return code >= 0x41 && code <= 0x5a ? code + 0x20 : code
}
