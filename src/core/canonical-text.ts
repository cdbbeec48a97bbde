/**
 * Reads text that is canonical JSON already, in one pass and one parse: what verifying a whole log does a million times.
 * Invariant: what it gives, `parseJson` would give of text that `canonicalize` writes back unchanged; for any other
 * text, and for some of those, it gives nothing and says nothing.
 * @module
 */
import type { JsonValue } from './json.ts'

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a

/** @returns `undefined` for text that has to be looked at by `parseJson` and `canonicalize` */
export function parseCanonical(text: string, depthMax: number): JsonValue | undefined {
  // An escape gives a string several spellings, and a name that another reader may take for another one.
  if (text.includes('\\') || !text.isWellFormed() || !hasOneSpelling(text, depthMax)) return undefined
  try {
    return JSON.parse(text) as JsonValue
  } catch {
    return undefined
  }
}

/**
 * Whether text without escapes, if it is JSON at all, is canonical: no white space, names in order and so unique,
 * numbers as ECMAScript writes them and exact. The grammar is left to JSON.parse.
 */
function hasOneSpelling(text: string, depthMax: number): boolean {
  /** Of the objects around: their last names, or null for an array. */
  const outer: (string | null)[] = []
  /** The last name of the object that is open, or null in an array. */
  let last: string | null = null
  let isFirst = false
  let expectName = false
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === QUOTE) {
      const end = text.indexOf('"', i + 1)
      if (end < 0) return false
      if (expectName) {
        const name = text.slice(i + 1, end)
        if (!isFirst && last !== null && name <= last) return false
        last = name
        isFirst = false
        expectName = false
      }
      i = end
    } else if (c === COLON || isLetter(c)) continue
    else if (c === COMMA) expectName = last !== null
    else if (c === 0x7b || c === 0x5b) {
      if (outer.push(last) > depthMax) return false
      isFirst = expectName = c === 0x7b
      last = expectName ? '' : null
    } else if (c === 0x7d || c === 0x5d) {
      last = outer.pop() ?? null
      isFirst = false // an object around has the name of this value
      expectName = false
    } else {
      const end = endOfNumber(text, i)
      if (end === i) return false // white space, or nothing that JSON has
      i = end - 1
    }
  }
  return true
}

function isLetter(c: number): boolean {
  return c >= 0x61 && c <= 0x7a
}

/** @returns where a canonical, exact number ends, or `start` if there is none */
function endOfNumber(text: string, start: number): number {
  let end = start
  let digits = true
  for (; end < text.length; end++) {
    const c = text.charCodeAt(end)
    if (c >= 0x30 && c <= 0x39) continue
    if (c !== 0x2d && c !== 0x2b && c !== 0x2e && c !== 0x65 && c !== 0x45) break
    digits = false
  }
  // A leading zero JSON.parse refuses.
  if (digits && end - start < 16) return end
  const word = text.slice(start, end)
  const value = Number(word)
  return Math.abs(value) <= Number.MAX_SAFE_INTEGER && String(value) === word ? end : start
}
