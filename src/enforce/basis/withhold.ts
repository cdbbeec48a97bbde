/**
 * Records of a result for which there is no basis are taken out of it. spec/consent.md (CNS-27).
 * Invariant: under `enforce` no part that the label says is personal is left, unless its subject has a basis for every
 * purpose of the call.
 * @module
 */
import { personalCategories } from '../../core/dpv.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import type { DataLabel, ToolLabel } from '../../core/label.ts'
import { findBasis } from '../../decide/basis/find.ts'
import { everyCategory } from '../../decide/basis/personal.ts'
import { subjectsAt, TOO_MANY, type Resolve } from '../../decide/basis/subjects.ts'
import { Tally } from '../../decide/basis/tally.ts'
import type { BasisReason, BasisView, Found, Who } from '../../decide/basis/types.ts'
import {
  fieldsOf,
  hasBelow,
  labelRead,
  pathsOf,
  readingsOf,
  tokensOf,
  type Field,
  type Readings,
} from '../../decide/flow/fields.ts'
import type { Part } from '../flow/content.ts'
import { readJson } from '../flow/redact.ts'

export interface WithholdOptions {
  readonly label: ToolLabel
  /** Null: the grants name none, and nothing is for that (CNS-24). */
  readonly purposes: readonly string[] | null
  /** Whom the arguments name. */
  readonly subjects: readonly Who[]
  readonly resolve: Resolve
  readonly view: BasisView
}

export interface Withheld {
  /** As many as there were, and the very same ones where nothing was taken out. */
  readonly parts: readonly Part[]
  readonly tally: Tally
}

export function withhold(parts: readonly Part[], options: WithholdOptions): Withheld {
  // A result in structure and the same as text are one: each record counts once.
  const [texts, values] = [new Withholding(options), new Withholding(options)]
  const left = parts.map((part) => (part.kind === 'json' ? values : texts).part(part))
  texts.tally.most(values.tally)
  const { tally } = texts
  return { parts: tally.isFull ? parts.map((part) => all(part, 'BASIS_LIMIT')) : left, tally }
}

export function marker(reason: BasisReason): string {
  return `[withheld: ${reason}]`
}

function all({ kind }: Part, reason: BasisReason): Part {
  return kind === 'json' ? { kind, value: marker(reason) } : { kind: 'text', text: marker(reason) }
}

type Subjects = readonly Who[]

/** What is a name of a field, and no data used as one. */
const FIELD = /^[A-Za-z_$][\w$-]{0,63}$/

const AS_IT_STANDS: Readings = { unwraps: false, fronts: [] }

class Withholding {
  readonly tally = new Tally()
  readonly #o: WithholdOptions
  readonly #fields: readonly Field[]
  /** Where a record is, and where in it its subject stands. Null: the whole is one, of whom the arguments name. */
  readonly #record: { readonly at: readonly string[]; readonly subject: readonly string[] } | null
  readonly #found = new Map<Who, Map<string, Found>>()
  readonly #categories = new Map<DataLabel, readonly string[]>()
  /** Of the value that is taken apart (LBL-15): further ways in which pointers may be meant only ask for more. */
  #readings: Readings = AS_IT_STANDS

  constructor(options: WithholdOptions) {
    this.#o = options
    this.#fields = fieldsOf(options.label)
    const { subject } = options.label.result
    if (subject === undefined) this.#record = null
    else {
      const tokens = tokensOf(subject)
      const end = tokens.lastIndexOf('*') + 1
      this.#record = { at: tokens.slice(0, end), subject: tokens.slice(end) }
    }
  }

  part(part: Part): Part {
    if (part.kind === 'json') {
      const value = this.#whole(part.value)
      return value === part.value ? part : { kind: 'json', value }
    }
    const json = part.kind === 'text' ? readJson(part.text) : undefined
    if (json === undefined) return this.#unstructured(part)
    const value = this.#whole(json)
    return value === json ? part : { kind: 'text', text: JSON.stringify(value) }
  }

  /** Nobody can tell apart what stands in it. */
  #unstructured(part: Part): Part {
    const categories = everyCategory(this.#o.label)
    if (categories.length === 0) return part
    const reason = this.#record === null ? this.#fault(this.#o.subjects, categories) : this.#unowned()
    return reason === null ? part : { kind: 'text', text: marker(reason) }
  }

  #whole(value: JsonValue): JsonValue {
    const outer = this.#readings
    const pointers = this.#fields.map(({ tokens }) => tokens)
    this.#readings = { unwraps: false, fronts: readingsOf(pointers, value).fronts }
    const left = this.#unwrapped(value)
    this.#readings = outer
    return left
  }

  /** Frameworks put what is no object into one of a single member. */
  #unwrapped(value: JsonValue): JsonValue {
    if (!isJsonObject(value) || Object.keys(value).length !== 1) return this.#outside(value, [])
    const { result } = value
    if (result === undefined || this.#isNamed('result')) return this.#outside(value, [])
    const left = this.#outside(result, [])
    return left === result ? value : { result: left }
  }

  /** Whether the label says anything of that member. */
  #isNamed(name: string): boolean {
    const { at, subject } = this.#record ?? { at: [], subject: [] }
    const paths = [[...at, ...subject], ...this.#fields.map(({ tokens }) => tokens)]
    return paths.some(([token]) => token === name)
  }

  /** Above records, or beside them. */
  #outside(value: JsonValue, path: readonly string[]): JsonValue {
    const at = this.#record?.at ?? []
    if (path.length === at.length && isAlong(at, path)) return this.#one(value, path)
    if (typeof value === 'string') {
      const json = readJson(value)
      if (json === undefined) return this.#beside(value, path)
      const left = this.#hasBelow(path) ? this.#outside(json, path) : this.#whole(json)
      return left === json ? value : JSON.stringify(left)
    }
    if (typeof value !== 'object' || value === null) return value === null ? value : this.#beside(value, path)
    const left = eachOf(value, path, (member, below) => this.#outside(member, below))
    return isJsonObject(value) && isJsonObject(left) ? this.#named(value, left, path) : left
  }

  /** Names of members may be data as well: those beside records, and what a record that was withheld is called. */
  #named(value: JsonObject, left: JsonObject, path: readonly string[]): JsonObject {
    const at = this.#record?.at ?? []
    const shown = Object.keys(left).map((name) => {
      const below = [...path, name]
      if (isAlong(at, below)) {
        const isData = below.length === at.length || (at[path.length] === '*' && !FIELD.test(name))
        return isData && left[name] !== value[name] ? null : name
      }
      return FIELD.test(name) || this.#categoriesAt(below).length === 0 ? name : null
    })
    if (!shown.includes(null)) return left
    const members = Object.entries(left).map(([name, member]: [string, JsonValue], i) => {
      const kept = typeof member === 'string' ? member : marker(this.#unowned())
      return shown[i] === null ? [kept, kept] : [name, member]
    })
    return Object.fromEntries(members) as JsonObject
  }

  #beside(value: JsonValue, path: readonly string[]): JsonValue {
    return this.#categoriesIn(value, path).length === 0 ? value : marker(this.#unowned())
  }

  #unowned(): BasisReason {
    const reason = this.#o.view.isStale ? 'STALE_REVOCATION' : 'SUBJECT_UNRESOLVED'
    this.tally.lacks({ subject: null, purpose: null, reason })
    return reason
  }

  #one(value: JsonValue, path: readonly string[]): JsonValue {
    const { subjects, resolve } = this.#o
    if (this.tally.isFull) return marker('BASIS_LIMIT') // as all of it will be
    const named = this.#record === null ? subjects : subjectsAt(value, this.#record.subject, resolve)
    if (named === TOO_MANY) {
      this.tally.lacks({ subject: null, purpose: null, reason: 'BASIS_LIMIT' })
      return marker('BASIS_LIMIT')
    }
    const own = new Tally()
    const left = this.#within(value, path, named, [], own)
    this.tally.once(own)
    return left
  }

  /** @param covered categories that what this stands in had a basis for */
  #within(
    value: JsonValue,
    path: readonly string[],
    subjects: Subjects,
    covered: readonly string[],
    tally: Tally,
  ): JsonValue {
    const categories = this.#categoriesIn(value, path)
    const more = categories.filter((category) => !covered.includes(category))
    const reason = more.length === 0 ? null : this.#fault(subjects, categories, tally)
    if (reason !== null) return marker(reason)
    if (typeof value !== 'object' || value === null || !this.#hasBelow(path)) return value
    const all = more.length === 0 ? covered : [...covered, ...more]
    return eachOf(value, path, (member, below) => this.#within(member, below, subjects, all, tally))
  }

  /** @returns why it may not be handed over; null: it may */
  #fault(subjects: Subjects, categories: readonly string[], tally = this.tally): BasisReason | null {
    const { purposes } = this.#o
    if (purposes === null) {
      tally.lacks({ subject: null, purpose: null, reason: 'PURPOSE_OUTSIDE' })
      return 'PURPOSE_OUTSIDE'
    }
    let reason: BasisReason | null = null
    for (const who of subjects.length === 0 ? (['nobody'] as const) : subjects)
      for (const purpose of purposes) {
        const found = this.#find(who, purpose, categories)
        tally.found(who, purpose, found)
        if ('reason' in found) reason ??= found.reason
      }
    return reason
  }

  #find(who: Who, purpose: string, categories: readonly string[]): Found {
    const key = `${purpose}\n${categories.join('\n')}`
    const known = this.#found.get(who) ?? new Map<string, Found>()
    const found = known.get(key) ?? findBasis(this.#o.view, who, { purpose, categories })
    this.#found.set(who, known.set(key, found))
    return found
  }

  /** Of what has no members where the label speaks of some: nobody can tell which of them it holds. */
  #categoriesIn(value: JsonValue, path: readonly string[]): readonly string[] {
    const isWhole = typeof value !== 'object' && this.#hasBelow(path)
    return isWhole ? everyCategory(this.#o.label) : this.#categoriesAt(path)
  }

  #hasBelow(path: readonly string[]): boolean {
    return pathsOf(this.#readings, path).some((one) => hasBelow(this.#fields, one))
  }

  #categoriesAt(path: readonly string[]): readonly string[] {
    const label = labelRead(this.#fields, this.#readings, path)
    if (this.#readings.fronts.length > 0) return personalCategories(label.categories)
    const known = this.#categories.get(label) ?? personalCategories(label.categories)
    this.#categories.set(label, known)
    return known
  }
}

/** Whether the pattern leads through the path, or the path through the pattern. */
function isAlong(tokens: readonly string[], path: readonly string[]): boolean {
  return path.length <= tokens.length && path.every((name, i) => tokens[i] === '*' || tokens[i] === name)
}

/** @returns the very value where no member changed */
function eachOf(
  value: Exclude<JsonValue, string | number | boolean | null>,
  path: readonly string[],
  map: (member: JsonValue, path: readonly string[]) => JsonValue,
): JsonValue {
  let isChanged = false
  const left = Object.entries(value).map(([name, member]: [string, JsonValue]): [string, JsonValue] => {
    const kept = map(member, [...path, name])
    isChanged ||= kept !== member
    return [name, kept]
  })
  if (!isChanged) return value
  return isJsonObject(value) ? Object.fromEntries(left) : left.map(([, kept]) => kept)
}
