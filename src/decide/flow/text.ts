/**
 * When two texts are the same, and when one stands within another. spec/flow.md, FLW-5. Everything is compared folded:
 * what reads of an agent see and what it writes differ in case, width and white space.
 * @module
 */

// oxlint-disable-next-line no-control-regex -- everything that is not ASCII is what it looks for
const BEYOND_ASCII = /[^\u0000-\u007f]/
const IGNORABLE = /\p{Default_Ignorable_Code_Point}/u
const IGNORABLES = /\p{Default_Ignorable_Code_Point}+/gu
// oxlint-disable-next-line no-control-regex -- the end of a leaf must not stand in one
const WHITE_SPACE = /[\s\u0000]+/g
// oxlint-disable-next-line no-control-regex -- as above
const UNEVEN = /[\t\n\r\f\v\u0000\u2028\u2029]| {2}/
/** Nothing to fold but case: most leaves are so. */
const PLAIN = /^[!-~]+(?: [!-~]+)*$/
const DECIMAL = /^[+-]?\d{1,15}\.\d{1,15}$/
const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//
/** Ways to write one destination that are looked for: nobody means more. */
const FORMS_MAX = 16
const ADDRESSED = /^[^<>]*<\s*([^<>\s]+)\s*>$/

/** NFKC, small letters, no invisible characters, single spaces, none around. */
export function fold(text: string): string {
  if (PLAIN.test(text)) return text.toLowerCase()
  let folded = BEYOND_ASCII.test(text) ? text.normalize('NFKC').replaceAll(IGNORABLES, '') : text
  if (UNEVEN.test(folded)) folded = folded.replaceAll(WHITE_SPACE, ' ')
  return folded.trim().toLowerCase()
}

/** Whether a value holds what no reader sees: it is then not what it looks like. */
export function hasInvisible(value: string): boolean {
  return BEYOND_ASCII.test(value) && IGNORABLE.test(value)
}

/** `100.0` as `100`: how a number is written differs between tools. @returns null where nothing is gained */
export function shortestDecimal(folded: string): string | null {
  if (!DECIMAL.test(folded)) return null
  const shortest = String(Number(folded))
  return shortest === folded ? null : shortest
}

/**
 * How else the same destination is written, folded, itself first: without a `#` or `@` in front, without the scheme or
 * the last `/` of an address, the address alone of `name <address>`.
 */
export function formsOf(value: string): readonly string[] {
  if (value === last.value) return last.forms
  const forms = madeForms(value)
  if (value.length <= KEPT_LENGTH_MAX) last = { value, forms }
  return forms
}

/** What was asked about last: the instruction is looked into and then the memory, for the same value. */
let last: { readonly value: string; readonly forms: readonly string[] } = { value: '', forms: [] }
/** A longer one is not kept. */
const KEPT_LENGTH_MAX = 1024

function madeForms(value: string): readonly string[] {
  const whole = fold(value)
  if (whole === '') return []
  if (!/[#<>/]|^@/.test(whole)) return [whole]
  // A display name goes nowhere; the address does. Only the address counts then.
  const first = ADDRESSED.exec(whole)?.[1] ?? whole
  const forms = new Set([first])
  // All signs at once as well: who writes many of them does not get at as many forms.
  const unsigned = first.replace(/^[#@]+/, '')
  if (unsigned !== '') forms.add(unsigned)
  for (const form of forms) {
    if (forms.size >= FORMS_MAX) break
    if (/^[#@]./.test(form)) forms.add(form.slice(1))
    const bare = form.replace(SCHEME, '')
    if (bare !== '') forms.add(bare)
    if (bare.length > 1 && bare.endsWith('/')) forms.add(bare.slice(0, -1))
  }
  return [...forms]
}

const LETTER_OR_DIGIT = /[\p{L}\p{N}\p{M}]/u

/** FLW-5: a letter, a digit, `_` or `@`. */
function continues(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  if (code < 0x80) {
    return (
      (code >= 0x61 && code <= 0x7a) || // a-z: the text is folded
      (code >= 0x30 && code <= 0x39) ||
      code === 0x5f ||
      code === 0x40
    )
  }
  // Half of a pair counts as a letter: emoji beside a name are rarer than scripts beyond the first plane.
  return code === code && ((code >= 0xd800 && code <= 0xdfff) || LETTER_OR_DIGIT.test(text.charAt(at)))
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}

/** `.`, `-`, `+`; for a number also `:`, `/`, `,`, which then join digits alone. */
function joins(text: string, at: number, step: 1 | -1, number: boolean): boolean {
  const code = text.charCodeAt(at)
  if (code === 0x2e || code === 0x2d || code === 0x2b) return continues(text, at + step)
  if (!number || (code !== 0x3a && code !== 0x2f && code !== 0x2c)) return false
  return isDigit(text.charCodeAt(at + step))
}

/** Whether what stands at this place of a folded text is a value of its own, not a part of a longer one. */
export function isWhole(text: string, from: number, to: number): boolean {
  const number = isDigit(text.charCodeAt(from)) && isDigit(text.charCodeAt(to - 1))
  if (from > 0 && (continues(text, from - 1) || joins(text, from - 1, -1, number))) return false
  return to >= text.length || !(continues(text, to) || joins(text, to, 1, number))
}

/** Longer values are sought so that what repeats itself is not read again at each place. */
const SOUGHT_PLAIN_MAX = 32

/** @param visit each place of a value in a text, overlapping ones too; true: enough */
export function eachAt(text: string, value: string, visit: (at: number) => boolean): void {
  if (value === '' || value.length > text.length) return
  if (value.length > SOUGHT_PLAIN_MAX) {
    eachOfLong(text, value, visit)
    return
  }
  for (let at = text.indexOf(value); at !== -1; at = text.indexOf(value, at + 1)) if (visit(at)) return
}

/** Knuth, Morris and Pratt from where it may begin, in time linear in the text. */
function eachOfLong(text: string, value: string, visit: (at: number) => boolean): void {
  const first = text.indexOf(value.slice(0, SOUGHT_PLAIN_MAX))
  if (first === -1) return
  const borders = bordersOf(value)
  let matched = 0
  for (let i = first; i < text.length; i += 1) {
    const code = text.charCodeAt(i)
    while (matched > 0 && value.charCodeAt(matched) !== code) matched = borders[matched - 1] ?? 0
    if (value.charCodeAt(matched) === code) matched += 1
    if (matched < value.length) continue
    if (visit(i + 1 - matched)) return
    matched = borders[matched - 1] ?? 0
  }
}

/** Of each beginning of a value: how long its longest proper beginning is that it also ends with. */
function bordersOf(value: string): Int32Array {
  const borders = new Int32Array(value.length)
  let length = 0
  for (let i = 1; i < value.length; i += 1) {
    const code = value.charCodeAt(i)
    while (length > 0 && value.charCodeAt(length) !== code) length = borders[length - 1] ?? 0
    if (value.charCodeAt(length) === code) length += 1
    borders[i] = length
  }
  return borders
}

/** Whether a value stands in a text; both folded. */
export function stands(text: string, value: string): boolean {
  let found = false
  eachAt(text, value, (at) => {
    found = isWhole(text, at, at + value.length)
    return found
  })
  return found
}

/** Whether the instruction that a person signed names a value, in one of its forms. */
export function names(folded_text: string, value: string): boolean {
  return !hasInvisible(value) && formsOf(value).some((form) => stands(folded_text, form))
}
