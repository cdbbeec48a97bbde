/**
 * Sentences of narratives as templates: words, and placeholders for facts of the log. spec/narratives.md (NAR-2, NAR-3).
 * Invariant: a sentence that is parsed names nothing that no log could answer.
 * @module
 */
import { PackError } from '../../errors.ts'
import { POPULATIONS } from '../../populations/populations.ts'

/** What one person proposes and another approves, with what a reader calls it. */
export const CHANGE_KINDS = {
  template: 'scope template',
  tool: 'tool definition',
  label: 'set of labels',
  flow_policy: 'flow policy',
  output_policy: 'output policy',
  alert_policy: 'alert policy',
  drift_policy: 'drift policy',
  response_policy: 'response policy',
  version: 'agent version',
  notice: 'notice',
  basis: 'basis',
  manager: 'manager of consents',
  issuer: 'trusted issuer',
} as const
export type ChangeKind = keyof typeof CHANGE_KINDS

const SETTINGS = ['owner', 'frequency', 'separation', 'bound', 'period'] as const
const THRESHOLDS = ['deviations_max', 'latency_ms_max', 'hours_max', 'days_max'] as const

/** Of rows: a member, and what its text is or is not. */
export interface Condition {
  readonly member: string
  readonly is: boolean
  readonly value: string
}

export interface Rows {
  readonly population: string
  readonly where: readonly Condition[]
}

export type Ask =
  | (Rows & { readonly kind: 'count'; readonly words: readonly [string, string] | null })
  | (Rows & {
      readonly kind: 'distinct'
      readonly member: string
      readonly words: readonly [string, string] | null
    })
  | (Rows & { readonly kind: 'share' })
  | (Rows & {
      readonly kind: 'median' | 'largest'
      readonly member: string
      /** The time from `member` to this one; null: the number in `member`. */
      readonly until: string | null
      readonly unit: string
    })
  | { readonly kind: 'result'; readonly test: number }
  | { readonly kind: (typeof SETTINGS)[number] }
  | { readonly kind: 'threshold'; readonly name: (typeof THRESHOLDS)[number] }
  | { readonly kind: 'in-force' | 'changes'; readonly of: ChangeKind }

/** What is asked of a population. */
export type RowAsk = Extract<Ask, Rows>

export interface Placeholder {
  /** As it is written, braces included. */
  readonly source: string
  readonly ask: Ask
}

export type Part = string | Placeholder

const TESTS_N = 34
const MEMBER = /^[a-z][a-z0-9_]{0,63}$/

/** @throws {PackError} `CONTROLS_INVALID`: with the placeholder that says nothing */
export function partsOf(sentence: string): readonly Part[] {
  return sentence.split(/(\{[^{}]*\})/).flatMap((piece): Part[] => {
    if (piece === '') return []
    if (/^\{[^{}]*\}$/.test(piece)) return [{ source: piece, ask: askOf(piece) }]
    if (/[{}]/.test(piece)) throw invalid(sentence, 'a brace without its other')
    return [piece]
  })
}

function askOf(source: string): Ask {
  const [head = '', tail = null, ...more] = source.slice(1, -1).split('|')
  if (more.length > 0) throw invalid(source, 'more than one bar')
  const [verb = '', ...args] = head.trim().split(/\s+/)
  if (isOneOf(SETTINGS, verb) && args.length === 0 && tail === null) return { kind: verb }
  const [first = '', ...rest] = args
  switch (verb) {
    case 'count':
      return { kind: 'count', ...rowsOf(source, first, rest), words: wordsOf(source, tail) }
    case 'share':
      if (rest.length === 0 || tail !== null) throw invalid(source, 'a share wants conditions alone')
      return { kind: 'share', ...rowsOf(source, first, rest) }
    case 'distinct': {
      const [member = '', ...where] = rest
      if (!MEMBER.test(member)) throw invalid(source, 'no member of a row is named')
      return { kind: 'distinct', member, ...rowsOf(source, first, where), words: wordsOf(source, tail) }
    }
    case 'median':
    case 'largest': {
      const [members = '', ...where] = rest
      const [member = '', until = null, ...others] = members.split('..')
      if (others.length > 0 || ![member, until ?? 'a'].every((name) => MEMBER.test(name)))
        throw invalid(source, 'no member of a row is named')
      return { kind: verb, member, until, unit: tail?.trim() ?? '', ...rowsOf(source, first, where) }
    }
  }
  if (rest.length > 0 || tail !== null) throw invalid(source, 'there is no such placeholder')
  const n = Number(first)
  if (verb === 'result' && Number.isInteger(n) && n >= 1 && n <= TESTS_N) return { kind: 'result', test: n }
  if (verb === 'threshold' && isOneOf(THRESHOLDS, first)) return { kind: 'threshold', name: first }
  if ((verb === 'in-force' || verb === 'changes') && isKind(first)) return { kind: verb, of: first }
  throw invalid(source, 'there is no such placeholder')
}

function rowsOf(source: string, population: string, conditions: readonly string[]): Rows {
  if (!POPULATIONS.some(({ name }) => name === population))
    throw invalid(source, `there is no population ${population}`)
  const where = conditions.map((condition): Condition => {
    const [, member = '', not = '', value = ''] = /^([a-z][a-z0-9_]*)(!?)=(\S+)$/.exec(condition) ?? []
    if (member === '') throw invalid(source, `${condition} is no condition`)
    return { member, is: not === '', value }
  })
  return { population, where }
}

function wordsOf(source: string, tail: string | null): readonly [string, string] | null {
  if (tail === null) return null
  const [one = '', many = '', ...more] = tail.split(',').map((word) => word.trim())
  if (one === '' || many === '' || more.length > 0)
    throw invalid(source, 'after the bar stand the words for one and for many')
  return [one, many]
}

function isKind(name: string): name is ChangeKind {
  return Object.hasOwn(CHANGE_KINDS, name)
}

function isOneOf<T extends string>(names: readonly T[], name: string): name is T {
  return (names as readonly string[]).includes(name)
}

function invalid(where: string, what: string): PackError {
  return new PackError('CONTROLS_INVALID', `${where}: ${what}`)
}
