/**
 * What a call says, and whether a value in its answer may be only that: whole, put together, or decoded. spec/flow.md, FLW-3.
 * Not found is what a tool makes of its arguments by another way: the results of such a tool are untrusted (LBL-13).
 * @module
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import { fold, stands } from './text.ts'
import { END } from './texts.ts'

/** Characters of a piece, from which on it may be any part of what was said; a shorter one is a whole word of it. */
const PIECE_LENGTH_MIN = 4
/** Longer values are looked for as a whole alone. */
const VALUE_LENGTH_MAX = 256
/** Words of one call that are decoded. */
const DECODED_MAX = 64
const ENCODED = /[A-Za-z0-9+/_%-]{8,}/g
const HEX = /^(?:[0-9a-f]{2})+$/i
const LETTER_OR_DIGIT = /[\p{L}\p{N}\p{M}]/u

/** Folded: the arguments of a call, the names of members within them, and what of it reads as another text once decoded. */
export function echoOf(args: JsonObject | undefined, decoded_chars_max: number): string {
  if (args === undefined) return ''
  const texts: string[] = []
  const raw: string[] = []
  let chars = 0
  const put = (text: string): void => {
    texts.push(fold(text))
    chars += text.length
    if (chars <= decoded_chars_max) raw.push(text)
  }
  const walk = (value: JsonValue): void => {
    if (typeof value === 'string' || typeof value === 'number') put(String(value))
    else if (typeof value === 'object' && value !== null)
      for (const [name, item] of Object.entries(value)) {
        if (isJsonObject(value)) put(name)
        walk(item)
      }
  }
  // Names of arguments are the tool's own; those within them may be data.
  for (const item of Object.values(args)) walk(item)
  return [...texts, ...decodedOf(raw)].join(END)
}

function decodedOf(texts: readonly string[]): readonly string[] {
  const words = texts.flatMap((text) => text.match(ENCODED) ?? []).slice(0, DECODED_MAX)
  const decoded = words.flatMap((word) => [
    word.includes('%') ? percentDecoded(word) : null,
    HEX.test(word) ? printed(word, 4, hexDigit) : null,
    printed(word, 6, base64Digit),
  ])
  return decoded.flatMap((text) => (text === null ? [] : [fold(text)]))
}

function percentDecoded(word: string): string | null {
  try {
    return decodeURIComponent(word)
  } catch {
    return null
  }
}

/**
 * Digits of so many bits each as bytes. Words of languages are seldom more than a few letters of it: no exception is worth
 * them. @returns null: what they say is no printable ASCII
 */
function printed(word: string, bits: number, digitOf: (code: number) => number): string | null {
  let text = ''
  let held = 0
  let held_bits = 0
  for (let i = 0; i < word.length; i += 1) {
    const digit = digitOf(word.charCodeAt(i))
    if (digit < 0) return null
    held = ((held << bits) | digit) & 0x3fff
    held_bits += bits
    if (held_bits < 8) continue
    held_bits -= 8
    const code = (held >>> held_bits) & 0xff
    if (code < 0x20 || code > 0x7e) return null
    text += String.fromCharCode(code)
  }
  return text
}

function hexDigit(code: number): number {
  return Number.parseInt(String.fromCharCode(code), 16)
}

/** Of both alphabets (RFC 4648, sections 4 and 5). */
function base64Digit(code: number): number {
  if (code >= 0x41 && code <= 0x5a) return code - 0x41
  if (code >= 0x61 && code <= 0x7a) return code - 0x47
  if (code >= 0x30 && code <= 0x39) return code + 4
  if (code === 0x2b || code === 0x2d) return 62
  return code === 0x2f || code === 0x5f ? 63 : -1
}

/** @param echo of {@link echoOf} @param value folded */
export function isEchoed(echo: string, value: string): boolean {
  if (echo === '') return false
  if (stands(echo, value)) return true
  if (value.length > VALUE_LENGTH_MAX || !LETTER_OR_DIGIT.test(value)) return false
  return isMadeOf(echo, value) || stands(echo, Array.from(value).reverse().join(''))
}

/** Whether pieces of what was said make up the value, with any signs between them. */
function isMadeOf(echo: string, value: string): boolean {
  const reached = new Set([0])
  for (let from = 0; from < value.length; from += 1) {
    if (!reached.has(from)) continue
    if (!LETTER_OR_DIGIT.test(value.charAt(from))) reached.add(from + 1)
    for (let to = from + 1; to <= value.length; to += 1) {
      const piece = value.slice(from, to)
      if (!echo.includes(piece)) break
      if (piece.length >= PIECE_LENGTH_MIN || stands(echo, piece)) reached.add(to)
    }
  }
  return reached.has(value.length)
}
