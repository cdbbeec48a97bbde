/**
 * What a grant does not let an agent see is taken out of results. spec/labels.md (LBL-10, LBL-11).
 * Invariant: nothing above the clearance, or of a category outside the grant's, is left in what comes out of here.
 * @module
 */
import { isJsonObject, parseJson, type JsonValue } from '../../core/json.ts'
import { BOTTOM, isAbove, join, type DataLabel, type Level, type ToolLabel } from '../../core/label.ts'
import {
  fieldsOf,
  hasBelow,
  labelAt,
  labelRead,
  pathsOf,
  readingsOf,
  strictestOf,
  type Field,
  type Readings,
} from '../../decide/flow/fields.ts'
import type { LineageStep } from '../../token/lineage.ts'
import type { Part } from './content.ts'
import type { Detectors } from './detectors.ts'

/** What an agent may see under a grant and those above it (NRW-1). Null: everything. */
export interface Sight {
  readonly clearance: Level | null
  readonly categories: ReadonlySet<string> | null
}

export function sightOf(lineage: readonly LineageStep[]): Sight {
  let clearance: Level | null = null
  let categories: ReadonlySet<string> | null = null
  for (const { grant } of lineage) {
    if (grant.clearance !== undefined && (clearance === null || isAbove(clearance, grant.clearance)))
      clearance = grant.clearance
    if (grant.categories === undefined) continue
    const own: ReadonlySet<string> = new Set(grant.categories)
    categories = categories === null ? own : categories.intersection(own)
  }
  return { clearance, categories }
}

export function isLimited({ clearance, categories }: Sight): boolean {
  return (clearance !== null && clearance !== 'restricted') || categories !== null
}

export function maySee({ clearance, categories }: Sight, label: DataLabel): boolean {
  if (clearance !== null && isAbove(label.level, clearance)) return false
  return categories === null || label.categories.every((category) => categories.has(category))
}

export interface RedactOptions {
  readonly label: ToolLabel
  readonly sight: Sight
  readonly detectors: Detectors
  /** In place of a value, or null: it is taken out. */
  readonly pseudonym: (value: string, label: DataLabel) => string | null
}

export interface Redacted {
  /** As many as there were, and the very same ones where nothing was taken out. */
  readonly parts: readonly Part[]
  /** What detectors found in what is left (LBL-9). */
  readonly raised: DataLabel
}

export function redact(parts: readonly Part[], options: RedactOptions): Redacted {
  if (!isLimited(options.sight))
    return { parts, raised: parts.map((part) => foundIn(part, options)).reduce(join, BOTTOM) }
  const redaction = new Redaction(options)
  const left = parts.map((part) => redaction.part(part))
  return { parts: left, raised: redaction.raised }
}

/** Escapes of JSON text: a letter of one is no part of the word behind it. */
const ESCAPE = /\\./g

/** Where nothing is taken out nobody asks in which field it stands. */
function foundIn(part: Part, { detectors, label }: RedactOptions): DataLabel {
  // Whatever it shows, it shows as much as the strictest field.
  if (part.kind === 'opaque') return strictestOf(label)
  const text = part.kind === 'text' ? part.text : JSON.stringify(part.value)
  return detectors.look(text.includes('\\') ? text.replaceAll(ESCAPE, ' ') : text)
}

export function marker({ level }: DataLabel): string {
  return `[redacted: ${level}]`
}

class Redaction {
  raised: DataLabel = BOTTOM
  readonly #o: RedactOptions
  readonly #fields: readonly Field[]
  /** The strictest field that may not be seen: what cannot be told apart counts as it. */
  readonly #hidden: DataLabel | null
  readonly #pointers: readonly (readonly string[])[]
  /** Of the value that is taken apart. */
  #readings: Readings = { unwraps: false, fronts: [] }

  constructor(options: RedactOptions) {
    this.#o = options
    this.#fields = fieldsOf(options.label)
    this.#pointers = this.#fields.map(({ tokens }) => tokens)
    const hidden = this.#fields.map(({ label }) => label).filter((label) => !maySee(options.sight, label))
    this.#hidden = hidden.length === 0 ? null : hidden.reduce(join)
  }

  part(part: Part): Part {
    if (part.kind === 'opaque') return this.#opaque(part)
    if (part.kind === 'json') {
      const value = this.#wrapped(part.value) ?? this.#read(part.value)
      return value === part.value ? part : { kind: 'json', value }
    }
    const json = readJson(part.text)
    if (json === undefined) return this.#prose(part)
    const value = this.#read(json)
    return value === json ? part : { kind: 'text', text: JSON.stringify(value) }
  }

  /** A value by itself (LBL-15). */
  #read(value: JsonValue): JsonValue {
    const outer = this.#readings
    this.#readings = readingsOf(this.#pointers, value)
    const left = this.#value(value, [])
    this.#readings = outer
    return left
  }

  #labelAt(path: readonly string[]): DataLabel {
    return labelRead(this.#fields, this.#readings, path)
  }

  #hasBelow(path: readonly string[]): boolean {
    return pathsOf(this.#readings, path).some((one) => hasBelow(this.#fields, one))
  }

  /**
   * A text in an object of its own, as frameworks give it out a second time, is what it is by itself, unless the label says
   * something of that member. @returns undefined: it is something else
   */
  #wrapped(value: JsonValue): JsonValue | undefined {
    if (!isJsonObject(value)) return undefined
    const [name = '', ...more] = Object.keys(value)
    const text = value[name]
    if (more.length > 0 || typeof text !== 'string' || this.#isNamed([name])) return undefined
    if (this.#isHidden(labelAt(this.#fields, [name]))) return undefined
    const left = this.part({ kind: 'text', text })
    return left.kind !== 'text' || left.text === text
      ? undefined
      : this.#members({ [name]: left.text }, [], labelAt(this.#fields, []))
  }

  /** Whether a pointer of the label leads to that very place, or further. */
  #isNamed(path: readonly string[]): boolean {
    return labelAt(this.#fields, path) !== labelAt(this.#fields, []) || hasBelow(this.#fields, path)
  }

  #opaque(part: Part): Part {
    if (this.#hidden !== null) return { kind: 'text', text: marker(this.#hidden) }
    this.raised = join(this.raised, strictestOf(this.#o.label))
    return part
  }

  /** Text that is no JSON: its fields cannot be told apart. */
  #prose(part: Extract<Part, { kind: 'text' }>): Part {
    const label = this.#hidden ?? labelAt(this.#fields, [])
    const text = this.#text(part.text, label, false)
    return text === part.text ? part : { kind: 'text', text }
  }

  /** @returns the value itself when nothing was taken out of it */
  #value(value: JsonValue, path: readonly string[]): JsonValue {
    const label = this.#labelAt(path)
    if (typeof value === 'string') return this.#inner(value, label) ?? this.#text(value, label, true)
    if (typeof value === 'number') {
      const text = String(value)
      const left = this.#text(text, label, true)
      return left === text ? value : left
    }
    if (typeof value !== 'object' || value === null) return this.#isHidden(label) ? marker(label) : value
    const isAsOne = this.#isHidden(label) && !this.#hasBelow(path)
    if (isAsOne && !this.#hasPseudonym(label)) return marker(label)
    return isJsonObject(value) ? this.#members(value, path, label) : this.#items(value, path)
  }

  /** Text within that is JSON has the fields of the label as well. @returns undefined: nothing has to go but the text itself */
  #inner(text: string, label: DataLabel): string | undefined {
    if (this.#hidden === null || this.#isHidden(label)) return undefined
    const json = readJson(text)
    if (json === undefined) return undefined
    const left = this.#read(json)
    return left === json ? undefined : JSON.stringify(left)
  }

  #items(items: readonly JsonValue[], path: readonly string[]): JsonValue {
    const left = items.map((item, at) => this.#value(item, [...path, String(at)]))
    return left.some((item, at) => item !== items[at]) ? left : items
  }

  /** Names of members are as what holds them. */
  #members(value: Readonly<Record<string, JsonValue>>, path: readonly string[], label: DataLabel): JsonValue {
    let changed = false
    const left = Object.entries(value).map(([name, member]): [string, JsonValue] => {
      const kept = this.#value(member, [...path, name])
      const shown = this.#isPlainName(name) ? name : this.#text(name, label, true)
      changed ||= kept !== member || shown !== name
      return [shown, kept]
    })
    return changed ? Object.fromEntries(left) : value
  }

  /** A name of a field, and no data used as one. */
  #isPlainName(name: string): boolean {
    return /^[A-Za-z_$][\w$-]{0,63}$/.test(name)
  }

  #text(text: string, label: DataLabel, isField: boolean): string {
    const found = this.#o.detectors.look(text)
    const whole = found === BOTTOM ? label : join(label, found)
    if (!this.#isHidden(whole)) {
      if (found !== BOTTOM) this.raised = join(this.raised, found)
      return text
    }
    return (isField ? this.#o.pseudonym(text, whole) : null) ?? marker(whole)
  }

  #isHidden(label: DataLabel): boolean {
    return !maySee(this.#o.sight, label)
  }

  #hasPseudonym(label: DataLabel): boolean {
    return this.#o.pseudonym('', label) !== null
  }
}

/** Nesting of text that is read as JSON. */
const DEPTH_MAX = 64

/** An object or a list; undefined for text that is neither, or that not every reader reads alike: of two members with one name, say. */
export function readJson(text: string): JsonValue | undefined {
  const first = text.trimStart().charAt(0)
  if (first !== '{' && first !== '[') return undefined
  try {
    return parseJson(text, { bytes_max: Infinity, depth_max: DEPTH_MAX })
  } catch {
    return undefined
  }
}
