/**
 * The grammar of I-Regexp (RFC 9485) without `\p` and `\P`: text to a tree, or null for what is none. GRT-5.
 * @module
 */

/** Ranges of Unicode scalar values, sorted, apart from each other. */
export type CharSet = readonly (readonly [low: number, high: number])[]

export type Node =
  | { readonly kind: 'set'; readonly set: CharSet }
  | { readonly kind: 'sequence'; readonly items: readonly Node[] }
  | { readonly kind: 'choice'; readonly items: readonly [Node, ...Node[]] }
  | { readonly kind: 'repeat'; readonly item: Node; readonly min: number; readonly max: number | null }

/** Counts of a quantifier. */
const COUNT_MAX = 64
const LAST_CHAR = 0x10ffff
const ANY: CharSet = [
  [0, 0x09],
  [0x0b, 0x0c],
  [0x0e, LAST_CHAR],
]
const SPECIAL = new Set('()*+.?[\\]{|}')
const SPECIAL_IN_CLASS = new Set('-[\\]')
const ESCAPED = new Map([
  ...Array.from('()*+-.?[\\]^{|}').map((char): [string, string] => [char, char]),
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
])

class SyntaxFault extends Error {}

/** @returns null when the text is no I-Regexp, or uses what we leave out */
export function parsePattern(text: string): Node | null {
  const parser = new Parser(Array.from(text))
  try {
    return parser.whole()
  } catch (error) {
    if (!(error instanceof SyntaxFault)) throw error
    return null
  }
}

class Parser {
  readonly #chars: readonly string[]
  #at = 0

  constructor(chars: readonly string[]) {
    this.#chars = chars
  }

  whole(): Node {
    const node = this.#choice()
    if (this.#at < this.#chars.length) throw new SyntaxFault()
    return node
  }

  #peek(): string {
    return this.#chars[this.#at] ?? ''
  }

  #take(char: string): boolean {
    if (this.#peek() !== char) return false
    this.#at++
    return true
  }

  #next(): string {
    const char = this.#peek()
    if (char === '') throw new SyntaxFault()
    this.#at++
    return char
  }

  #choice(): Node {
    const items: [Node, ...Node[]] = [this.#branch()]
    while (this.#take('|')) items.push(this.#branch())
    return items.length === 1 ? items[0] : { kind: 'choice', items }
  }

  #branch(): Node {
    const items: Node[] = []
    while (this.#peek() !== '' && this.#peek() !== '|' && this.#peek() !== ')') items.push(this.#piece())
    return { kind: 'sequence', items }
  }

  #piece(): Node {
    const item = this.#atom()
    if (!'*+?{'.includes(this.#peek()) || this.#peek() === '') return item
    // Nothing, many times over, would take long to write out and be nothing still.
    if (!hasPosition(item)) throw new SyntaxFault()
    if (this.#take('*')) return { kind: 'repeat', item, min: 0, max: null }
    if (this.#take('+')) return { kind: 'repeat', item, min: 1, max: null }
    if (this.#take('?')) return { kind: 'repeat', item, min: 0, max: 1 }
    this.#at++
    return this.#counted(item)
  }

  #counted(item: Node): Node {
    const min = this.#count()
    let max: number | null = min
    if (this.#take(',')) max = this.#peek() === '}' ? null : this.#count()
    if (!this.#take('}') || (max !== null && (max < min || max === 0))) throw new SyntaxFault()
    return { kind: 'repeat', item, min, max }
  }

  #count(): number {
    let digits = ''
    while (/^[0-9]$/.test(this.#peek())) digits += this.#next()
    if (digits === '' || digits.length > 4 || Number(digits) > COUNT_MAX) throw new SyntaxFault()
    return Number(digits)
  }

  #atom(): Node {
    const char = this.#next()
    if (char === '(') {
      const node = this.#choice()
      if (!this.#take(')')) throw new SyntaxFault()
      return node
    }
    if (char === '.') return { kind: 'set', set: ANY }
    if (char === '[') return { kind: 'set', set: this.#charClass() }
    if (char === '\\') return single(this.#escaped())
    if (SPECIAL.has(char)) throw new SyntaxFault()
    return single(char)
  }

  #escaped(): string {
    const char = ESCAPED.get(this.#next())
    if (char === undefined) throw new SyntaxFault()
    return char
  }

  #charClass(): CharSet {
    const negated = this.#take('^')
    const ranges: [number, number][] = []
    if (this.#take('-')) ranges.push([0x2d, 0x2d])
    while (!this.#take(']')) {
      if (this.#take('-')) {
        // A minus that is not first stands last.
        if (ranges.length === 0 || this.#peek() !== ']') throw new SyntaxFault()
        ranges.push([0x2d, 0x2d])
      } else ranges.push(this.#range())
    }
    if (ranges.length === 0) throw new SyntaxFault()
    const set = merged(ranges)
    return negated ? complement(set) : set
  }

  #range(): [number, number] {
    const low = this.#classChar()
    const isRange = this.#peek() === '-' && this.#chars[this.#at + 1] !== ']'
    if (!isRange) return [low, low]
    this.#at++
    const high = this.#classChar()
    if (high < low) throw new SyntaxFault()
    return [low, high]
  }

  #classChar(): number {
    const char = this.#next()
    if (char === '\\') return codeOf(this.#escaped())
    if (SPECIAL_IN_CLASS.has(char)) throw new SyntaxFault()
    return codeOf(char)
  }
}

function hasPosition(node: Node): boolean {
  switch (node.kind) {
    case 'set':
    case 'repeat':
      return true
    case 'sequence':
    case 'choice':
      return node.items.some(hasPosition)
  }
}

function codeOf(char: string): number {
  return char.codePointAt(0) ?? 0
}

function single(char: string): Node {
  const code = codeOf(char)
  return { kind: 'set', set: [[code, code]] }
}

function merged(ranges: readonly [number, number][]): CharSet {
  const out: [number, number][] = []
  for (const [low, high] of ranges.toSorted((a, b) => a[0] - b[0])) {
    const last = out.at(-1)
    if (last !== undefined && low <= last[1] + 1) last[1] = Math.max(last[1], high)
    else out.push([low, high])
  }
  return out
}

function complement(set: CharSet): CharSet {
  const out: [number, number][] = []
  let from = 0
  for (const [low, high] of set) {
    if (low > from) out.push([from, low - 1])
    from = high + 1
  }
  if (from <= LAST_CHAR) out.push([from, LAST_CHAR])
  return out
}
