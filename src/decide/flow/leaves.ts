/**
 * A result as leaves: the strings and numbers that stand by themselves in it, and its prose. Structured content and text
 * that is JSON is walked with the labels of its fields (LBL-4); other text is read by lines. spec/flow.md, FLW-4.
 * @module
 */
import { isJsonObject, parseJson, type JsonObject, type JsonValue } from '../../core/json.ts'
import { join, type DataLabel, type ToolLabel } from '../../core/label.ts'
import { pathsOf, readingsOf, type Readings } from './fields.ts'
import { leavesOfLines, unescaped } from './lines.ts'

/** Text that is longer is not looked into: it is prose, and its label the whole's. */
const STRUCTURE_CHARS_MAX = 1024 * 1024
const DEPTH_MAX = 32

export interface Leaf {
  readonly text: string
  /** JSON Pointer; empty where the text has no structure that pointers lead into. */
  readonly path: string
  readonly label: DataLabel
}

/** What stands in place of something that was taken out before the agent saw it (LBL-10, LBL-11): it tells nothing. */
const TAKEN_OUT = /^(?:\[redacted: [a-z]+\]|\[withheld: [A-Z_]+\]|psn_[a-z2-7]{26})$/

export function isTakenOut(text: string): boolean {
  const first = text.charCodeAt(0)
  return (first === 0x5b || first === 0x70) && TAKEN_OUT.test(text)
}

/** @param visit each leaf; a part that is prose is one leaf */
export function eachLeaf(
  content: string | JsonObject,
  label: ToolLabel['result'],
  visit: (leaf: Leaf) => void,
): void {
  const whole: DataLabel = { level: label.level, integrity: label.integrity, categories: label.categories }
  const value = typeof content === 'string' ? jsonOf(content) : content
  if (value === null) {
    for (const text of leavesOfText(content as string)) visit({ text, path: '', label: whole })
    return
  }
  // A wrapper around a text, as frameworks make it of a function that returns one.
  const inner = onlyText(value)
  const labels = new Labels(label, whole, value)
  const walk = new Walk(labels, visit)
  if (inner === null) {
    walk.value(value, '', 0)
    return
  }
  const unwrapped = jsonOf(inner.text)
  if (unwrapped !== null) {
    walk.value(unwrapped, inner.path, 0)
    return
  }
  const own = labels.at(inner.path)
  for (const text of leavesOfText(inner.text)) visit({ text, path: inner.path, label: own })
}

function leavesOfText(text: string): readonly string[] {
  if (text.length > STRUCTURE_CHARS_MAX) return [text]
  const first = text.trimStart().charCodeAt(0)
  const literal = first === 0x7b || first === 0x5b ? leavesOfLiteral(text) : null
  return literal ?? leavesOfLines(text) ?? [text]
}

/** Null: it is not JSON, or too much of it. */
function jsonOf(text: string): JsonObject | readonly JsonValue[] | null {
  const first = text.trimStart().charCodeAt(0)
  if ((first !== 0x7b && first !== 0x5b) || text.length > STRUCTURE_CHARS_MAX) return null
  try {
    const value = parseJson(text, { bytes_max: STRUCTURE_CHARS_MAX, depth_max: DEPTH_MAX })
    return isJsonObject(value) || Array.isArray(value) ? value : null
  } catch {
    return null
  }
}

function onlyText(value: JsonObject | readonly JsonValue[]): { text: string; path: string } | null {
  if (!isJsonObject(value)) return null
  const members = Object.entries(value)
  const [name, text] = members[0] ?? []
  if (members.length !== 1 || name === undefined || typeof text !== 'string') return null
  return { text, path: `/${escapedToken(name)}` }
}

class Walk {
  readonly #labels: Labels
  readonly #visit: (leaf: Leaf) => void

  constructor(labels: Labels, visit: (leaf: Leaf) => void) {
    this.#labels = labels
    this.#visit = visit
  }

  value(value: JsonValue, path: string, depth: number): void {
    if (value === null || typeof value === 'boolean') return
    if (typeof value === 'string' || typeof value === 'number') this.#leaf(String(value), path)
    else if (depth >= DEPTH_MAX) this.#leaf(JSON.stringify(value), path)
    else if (isJsonObject(value)) {
      for (const name of Object.keys(value)) {
        const member = value[name] ?? null
        const at = `${path}/${escapedToken(name)}`
        // Names are data as well where a tool lists things by name. What was taken out leaves nothing of its name to count.
        if (typeof member !== 'string' || !isTakenOut(member)) this.#leaf(name, at)
        this.value(member, at, depth + 1)
      }
    } else for (const [i, item] of value.entries()) this.value(item, `${path}/${i}`, depth + 1)
  }

  #leaf(text: string, path: string): void {
    if (text === '') return
    this.#visit({ text, path, label: this.#labels.at(path) })
  }
}

function escapedToken(name: string): string {
  return name.includes('~') || name.includes('/') ? name.replaceAll('~', '~0').replaceAll('/', '~1') : name
}

/** Labels by place (LBL-4): the longest pointer that holds; what it does not say is as the whole. */
class Labels {
  readonly #whole: DataLabel
  readonly #readings: Readings
  /** There is one reading. */
  readonly #isPlain: boolean
  /** The longest first. Taken apart once: a result may have a million places. */
  readonly #parts: readonly { readonly pattern: readonly string[]; readonly label: DataLabel }[]

  constructor({ fields = {} }: ToolLabel['result'], whole: DataLabel, value: JsonValue) {
    this.#whole = whole
    const pointers = Object.keys(fields).map((pointer) => pointer.split('/').slice(1))
    this.#readings = readingsOf(pointers, value)
    this.#isPlain = !this.#readings.unwraps && this.#readings.fronts.length === 0
    this.#parts = Object.entries(fields)
      .map(([pointer, said]) => ({ pattern: pointer.split('/'), label: { ...whole, ...said } }))
      .sort((one, other) => other.pattern.length - one.pattern.length)
  }

  at(path: string): DataLabel {
    if (this.#parts.length === 0) return this.#whole
    const tokens = path.split('/')
    if (this.#isPlain) return this.#find(tokens) ?? this.#whole
    const [own = tokens, ...others] = pathsOf(this.#readings, tokens.slice(1)).map((each) => ['', ...each])
    return others
      .map((other) => this.#find(other))
      .filter((one) => one !== undefined)
      .reduce(join, this.#find(own) ?? this.#whole)
  }

  #find(tokens: readonly string[]): DataLabel | undefined {
    return this.#parts.find(({ pattern }) => leadsTo(pattern, tokens))?.label
  }
}

/** Whether a pointer with `*` holds for a place, or for something that it stands in. */
export function leadsTo(pattern: readonly string[], tokens: readonly string[]): boolean {
  if (pattern.length > tokens.length) return false
  // From the end: pointers of one label begin alike.
  for (let i = pattern.length - 1; i >= 0; i -= 1)
    if (pattern[i] !== '*' && pattern[i] !== tokens[i]) return false
  return true
}

const QUOTED = /(['"])((?:\\[^]|(?!\1)[^\\])*)\1/y
/** Between quoted strings of a literal: punctuation, numbers, and the constants of the languages that print so. */
const BETWEEN =
  /(?:[\s{}[\](),:]|[+-]?\d[\d.eE+-]*|(?:true|false|null|none|nan|undefined)\b|[a-z_.]+(?=\())+/iy

/** Literals as languages print them (`{'name': 'x', 'n': 1}`), JSON that was cut off among them; null for all else. */
function leavesOfLiteral(text: string): string[] | null {
  const leaves: string[] = []
  let at = 0
  while (at < text.length) {
    BETWEEN.lastIndex = at
    const between = BETWEEN.exec(text)?.[0]
    if (between !== undefined) {
      for (const number of between.match(/[+-]?\d[\d.]*/g) ?? []) leaves.push(number)
      at += between.length
      continue
    }
    QUOTED.lastIndex = at
    const quoted = QUOTED.exec(text)
    if (quoted === null) {
      // Cut off within a string: what is left of it is prose. Anything else is no literal.
      if (text[at] !== '"' && text[at] !== "'") return null
      leaves.push(`${unescaped(text.slice(at + 1))} …`)
      break
    }
    if (quoted[2]) leaves.push(unescaped(quoted[2]))
    at += quoted[0].length
  }
  return leaves
}
