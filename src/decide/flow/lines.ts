/**
 * Leaves of text as tools print it: `key: value` with lists and folded or quoted scalars, or lines of a short list. Not a
 * YAML parser: it takes what is cut off or half wrong, and where a line reads as prose the whole text is prose, since
 * whoever writes one line of a text may write another like `account: …`. spec/flow.md, FLW-4.
 * @module
 */

/** Characters of a name in front of a colon, and words of one. */
const KEY_LENGTH_MAX = 48
const KEY_WORDS_MAX = 5
/** A line of a list that is no longer than this, in characters and words, may stand by itself. */
const BARE_LENGTH_MAX = 100
const BARE_WORDS_MAX = 7
const SENTENCE_WORDS_MIN = 4
/** Items of a list behind a name that make it one, and words of each. */
const ITEMS_MIN = 3
const ITEM_WORDS_MAX = 5

const TAB = 0x09
const SPACE = 0x20
const DASH = 0x2d
const COLON = 0x3a
const SINGLE = 0x27
const DOUBLE = 0x22

/** @returns the scalars in order, names of members among them, or null when the text is prose */
export function leavesOfLines(text: string): string[] | null {
  const reader = new LineReader()
  let from = 0
  while (from <= text.length) {
    const end = text.indexOf('\n', from)
    const to = end === -1 ? text.length : end
    if (!reader.line(text, from, text.charCodeAt(to - 1) === 0x0d && to > from ? to - 1 : to)) return null
    from = to + 1
  }
  return reader.done()
}

class LineReader {
  readonly #leaves: string[] = []
  /** A scalar that may go on: its lines, and the column that further ones stand right of. */
  #open: string[] | null = null
  #column = 0
  /** Whether a name stands in front of it on its line. */
  #named = false
  /** Of a quoted scalar that has not been closed. */
  #quote = 0

  done(): string[] {
    this.#close()
    return this.#leaves
  }

  /** @returns false: it is prose */
  line(text: string, from: number, to: number): boolean {
    let at = from
    while (at < to && isBlank(text.charCodeAt(at))) at += 1
    if (this.#quote !== 0) return this.#quoted(text.slice(at, to))
    if (at === to) {
      this.#open?.push('')
      return true
    }
    if (this.#open !== null && at - from > this.#column) {
      this.#open.push(text.slice(at, to).trimEnd())
      return true
    }
    this.#close()
    return this.#begin(text, from, at, to)
  }

  #begin(text: string, from: number, start: number, to: number): boolean {
    let at = start
    let column = at - from
    while (text.charCodeAt(at) === DASH && (at + 1 === to || isBlank(text.charCodeAt(at + 1)))) {
      column = at - from
      at += 1
      while (at < to && isBlank(text.charCodeAt(at))) at += 1
    }
    const item = at !== start
    if (at === to) return true
    const key_end = keyEnd(text, at, to)
    if (key_end === -1) {
      const bare = text.slice(at, to).trimEnd()
      if (!item && isProse(bare)) return false
      this.#scalar(bare, column)
      return true
    }
    this.#leaves.push(unquoted(text.slice(at, key_end).trimEnd()))
    const rest = text.slice(key_end + 1, to).trim()
    if (rest !== '') this.#scalar(rest, at - from, true)
    return true
  }

  #scalar(first: string, column: number, named = false): void {
    this.#column = column
    this.#named = named
    const code = first.charCodeAt(0)
    if (code === SINGLE || code === DOUBLE) {
      this.#open = []
      this.#quote = code
      this.#quoted(first.slice(1))
    } else if (/^[|>][+-]?\d?[+-]?$/.test(first)) this.#open = []
    else this.#open = [first]
  }

  #quoted(line: string): boolean {
    const end = this.#quote === SINGLE ? endOfSingle(line) : endOfDouble(line)
    this.#open?.push(end === -1 ? line.trimEnd() : line.slice(0, end))
    if (end === -1) return true
    // What stands behind the closing quote: `'a' and b` is one scalar that only begins with a quote.
    const rest = line.slice(end + 1).trim()
    if (rest !== '' && !rest.startsWith('#') && rest !== ',') this.#open?.push(rest)
    this.#close()
    return true
  }

  #close(): void {
    if (this.#open === null) return
    const joined = this.#open.join('\n').trim()
    const quote = this.#quote
    this.#open = null
    this.#quote = 0
    if (joined === '') return
    if (quote === SINGLE) this.#leaves.push(joined.replaceAll("''", "'"))
    else if (quote === DOUBLE) this.#leaves.push(unescaped(joined))
    else this.#leaves.push(...(this.#named ? itemsOf(joined) : [joined]))
  }
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB
}

function endOfSingle(line: string): number {
  for (let at = line.indexOf("'"); at !== -1; at = line.indexOf("'", at + 2))
    if (line.charCodeAt(at + 1) !== SINGLE) return at
  return -1
}

function endOfDouble(line: string): number {
  for (let at = 0; at < line.length; at += 1) {
    const code = line.charCodeAt(at)
    if (code === 0x5c) at += 1
    else if (code === DOUBLE) return at
  }
  return -1
}

/** The colon behind a name: a few words without punctuation, or a quoted one; -1 when the line has none. */
function keyEnd(text: string, from: number, to: number): number {
  const quote = text.charCodeAt(from)
  if (quote === SINGLE || quote === DOUBLE) {
    const end = text.indexOf(String.fromCharCode(quote), from + 1)
    return end !== -1 && end < to && endsKey(text, end + 1, to) ? end + 1 : -1
  }
  let words = 1
  for (let at = from; at < to && at - from <= KEY_LENGTH_MAX; at += 1) {
    const code = text.charCodeAt(at)
    if (code === COLON) {
      if (endsKey(text, at, to)) return at > from && words <= KEY_WORDS_MAX ? at : -1
    } else if (code === SPACE) words += 1
    else if (code === 0x2c || code === 0x21 || code === 0x3f || code === 0x3b || code === DOUBLE) return -1
  }
  return -1
}

function endsKey(text: string, at: number, to: number): boolean {
  return text.charCodeAt(at) === COLON && (at + 1 === to || isBlank(text.charCodeAt(at + 1)))
}

/** Whether a line that is neither named nor an item reads as a sentence. */
function isProse(line: string): boolean {
  if (line.length > BARE_LENGTH_MAX) return true
  const words = line.split(/\s+/).length
  if (words > BARE_WORDS_MAX) return true
  return words >= SENTENCE_WORDS_MIN && /[.!?,;:]["')\]]*$/.test(line)
}

/** `a, b, c` as three; anything else as it is. */
function itemsOf(scalar: string): readonly string[] {
  if (!scalar.includes(',') || scalar.includes('\n') || /[.!?]$/.test(scalar)) return [scalar]
  const items = scalar.split(/,\s+/)
  const short = items.every((item) => item !== '' && item.split(' ').length <= ITEM_WORDS_MAX)
  return items.length >= ITEMS_MIN && short ? items : [scalar]
}

function unquoted(key: string): string {
  return /^(['"]).*\1$/.test(key) ? key.slice(1, -1) : key
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', 0: ' ', e: '', '\n': '' }

/** Escapes of JSON, YAML and Python, and a line that is folded by a backslash. */
export function unescaped(text: string): string {
  if (!text.includes('\\')) return text
  return text.replaceAll(
    /\\(?:x([0-9a-f]{2})|u\{?([0-9a-f]{4,6})\}?|U([0-9a-f]{8})|([^]))/gi,
    (_, x: string | undefined, u: string | undefined, long: string | undefined, one: string | undefined) => {
      const hex = x ?? u ?? long
      if (hex === undefined) return ESCAPES[one ?? ''] ?? one ?? ''
      const code = Number.parseInt(hex, 16)
      return code <= 0x10ffff ? String.fromCodePoint(code) : ''
    },
  )
}
