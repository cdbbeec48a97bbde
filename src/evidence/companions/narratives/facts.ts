/**
 * Facts that sentences of narratives ask for, each with where it stands. spec/narratives.md (NAR-3, NAR-4). Pure.
 * Invariant: a fact has evidence, and what cannot be answered is refused and never guessed.
 * @module
 */
import type { JsonObject } from '../../../core/json.ts'
import { rfc3339 } from '../../../core/time.ts'
import { counted } from '../../../core/words.ts'
import { FREQUENCIES, type Control } from '../../controls/schema.ts'
import { CATALOGUE_FILE } from '../../controls/catalogue.ts'
import { PackError } from '../../errors.ts'
import { changesOf } from '../../populations/changes.ts'
import { rowsOf, said, type ReportedTest, type ReportInput } from '../../report/input.ts'
import { CHANGE_KINDS, type Ask, type ChangeKind, type Condition, type Rows } from './template.ts'

/** Entries that one fact names; the number of them is exact. */
const ENTRIES_MAX = 6

export interface Evidence {
  /** By name. */
  readonly populations: readonly string[]
  /** By number. */
  readonly tests: readonly number[]
  /** Indices, the first of them. */
  readonly entries: readonly number[]
  readonly entries_n: number
  /** Of the pack. */
  readonly files: readonly string[]
}

export interface Fact {
  readonly said: string
  readonly evidence: Evidence
}

/** @param at_ms as of when settings count @throws {PackError} `CONTROLS_INVALID`: a member that rows do not have */
export function factOf(ask: Ask, control: Control, input: ReportInput, at_ms: number): Fact {
  switch (ask.kind) {
    case 'count': {
      const rows = chosen(input, ask)
      return ofRows(ask, rows, worded(rows.length, ask.words))
    }
    case 'distinct': {
      const rows = chosen(input, ask)
      demand(rows, ask.population, ask.member)
      const n = new Set(rows.map((row) => said(row[ask.member])).filter((value) => value !== 'none')).size
      return ofRows(ask, rows, worded(n, ask.words))
    }
    case 'share': {
      const all = rowsOf(input, ask.population)
      const rows = chosen(input, ask)
      const percent = all.length === 0 ? null : Math.round((1000 * rows.length) / all.length) / 10
      return ofRows(ask, rows, percent === null ? 'none' : `${percent}%`)
    }
    case 'median':
    case 'largest':
      return measured(ask, chosen(input, ask))
    case 'result':
      return resultOf(input.tests, ask.test)
    case 'changes': {
      const { from_ms, to_ms } = input.period
      const its = approvedBefore(input, ask.of, to_ms).filter(({ time_ms }) => time_ms >= from_ms)
      const words =
        its.length === 0 ? `no ${CHANGE_KINDS[ask.of]}` : counted(its.length, CHANGE_KINDS[ask.of])
      const populations = ['changes', 'emergency_changes']
      return { said: words, evidence: { ...NONE, populations, ...entriesOf(its.map(({ index }) => index)) } }
    }
    case 'in-force':
      return inForce(input, ask.of, at_ms)
    case 'owner':
      return { said: control.owner, evidence: OF_CATALOGUE }
    case 'frequency':
      return { said: FREQUENCIES[control.frequency], evidence: OF_CATALOGUE }
    case 'threshold':
      return { said: String(control.thresholds[ask.name] ?? 'none'), evidence: OF_CATALOGUE }
    case 'period':
      return { said: periodOf(input), evidence: { ...NONE, files: ['checkpoint'] } }
    case 'separation':
    case 'bound':
      return ofLog(ask.kind, input)
  }
}

/** Whether it is a setting: what a person decided, and not what happened. */
export function isSetting({ kind }: Ask): boolean {
  return ['owner', 'frequency', 'threshold', 'separation', 'bound', 'in-force'].includes(kind)
}

export const NONE: Evidence = { populations: [], tests: [], entries: [], entries_n: 0, files: [] }
const OF_CATALOGUE: Evidence = { ...NONE, files: [CATALOGUE_FILE] }

function worded(n: number, words: readonly [string, string] | null): string {
  return words === null ? String(n) : counted(n, ...words)
}

function chosen(input: ReportInput, { population, where }: Rows): readonly JsonObject[] {
  const rows = rowsOf(input, population)
  for (const { member } of where) demand(rows, population, member)
  return rows.filter((row) => where.every((condition) => fulfils(row, condition)))
}

function fulfils(row: JsonObject, { member, is, value }: Condition): boolean {
  return (said(row[member]) === value) === is
}

/** A name that is spelled wrong counts nothing, and would say so as a fact. */
function demand(rows: readonly JsonObject[], population: string, member: string): void {
  if (rows.length > 0 && !rows.some((row) => Object.hasOwn(row, member)))
    throw new PackError('CONTROLS_INVALID', `rows of population ${population} have no member ${member}`)
}

function ofRows({ population }: Rows, rows: readonly JsonObject[], words: string): Fact {
  const indices = rows.flatMap(({ index }) => (typeof index === 'number' ? [index] : []))
  return { said: words, evidence: { ...NONE, populations: [population], ...entriesOf(indices) } }
}

export function entriesOf(indices: readonly number[]): { entries: readonly number[]; entries_n: number } {
  const distinct = [...new Set(indices)]
  return { entries: distinct.slice(0, ENTRIES_MAX), entries_n: distinct.length }
}

function measured(ask: Extract<Ask, { kind: 'median' | 'largest' }>, rows: readonly JsonObject[]): Fact {
  const { member, until, unit, population } = ask
  for (const name of until === null ? [member] : [member, until]) demand(rows, population, name)
  const known = rows.flatMap((row) => {
    const value = until === null ? row[member] : between(row[member], row[until])
    return typeof value === 'number' && Number.isFinite(value) ? [{ row, value }] : []
  })
  if (known.length === 0) return ofRows(ask, [], 'nothing to measure')
  const values = known.map(({ value }) => value).sort((a, b) => a - b)
  const value = ask.kind === 'largest' ? (values.at(-1) ?? 0) : medianOf(values)
  const its = known.map(({ row }) => row)
  return ofRows(
    ask,
    its,
    until === null ? `${rounded(value)}${unit === '' ? '' : ` ${unit}`}` : lasting(value),
  )
}

function between(from: unknown, to: unknown): number | null {
  return typeof from === 'string' && typeof to === 'string' ? Date.parse(to) - Date.parse(from) : null
}

function medianOf(sorted: readonly number[]): number {
  const half = sorted.length / 2
  const [low, high] = [sorted[Math.ceil(half) - 1] ?? 0, sorted[Math.floor(half)] ?? 0]
  return (low + high) / 2
}

const STEPS: readonly (readonly [number, string])[] = [
  [86_400_000, 'days'],
  [3_600_000, 'hours'],
  [60_000, 'minutes'],
  [1000, 'seconds'],
]

/** In the largest unit of which there are two or more. */
function lasting(ms: number): string {
  const [of, unit] = STEPS.find(([size]) => Math.abs(ms) >= 2 * size) ?? [1, 'ms']
  return `${rounded(ms / of)} ${unit}`
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10
}

function resultOf(tests: readonly ReportedTest[], number: number): Fact {
  const test = tests.find((one) => one.number === number)
  const evidence = { ...NONE, tests: test === undefined ? [] : [number], files: ['tests/results.json'] }
  return { said: test === undefined ? 'no such test' : resultWords(test), evidence }
}

function resultWords({ result, items, deviations_n, reason }: ReportedTest): string {
  const among = counted(items, 'item')
  switch (result) {
    case 'no_deviation':
      return `no deviation in ${among}`
    case 'deviations':
      return `${counted(deviations_n, 'deviation')} in ${among}`
    case 'not_reconciled':
      return `no deviation in ${among}, not reconciled with a second source`
    case 'did_not_occur':
      return 'there was nothing to test, it did not occur'
    case 'not_tested':
      return `not tested, because ${reason ?? 'nothing in the log tells of it'}`
  }
}

interface Approved {
  readonly index: number
  readonly time_ms: number
  readonly of: string
}

function approvedBefore({ history }: ReportInput, kind: ChangeKind, at_ms: number): Approved[] {
  return changesOf(history)
    .changes.filter(({ entry }) => entry.type.startsWith(`${kind}.`))
    .map(({ index, entry }) => ({ index, time_ms: Date.parse(entry.time), of: entry.subject ?? '' }))
    .filter(({ time_ms }) => time_ms < at_ms)
}

function inForce(input: ReportInput, kind: ChangeKind, at_ms: number): Fact {
  const its = approvedBefore(input, kind, at_ms)
  const last = its.at(-1)
  const name = CHANGE_KINDS[kind]
  const populations = ['changes', 'emergency_changes']
  if (last === undefined) return { said: `no ${name} of its own`, evidence: { ...NONE, populations } }
  const words = kind.endsWith('_policy')
    ? `the ${name} ${last.of}, approved at ${rfc3339(last.time_ms)}`
    : `${counted(new Set(its.map(({ of }) => of)).size, name)}, the last approved at ${rfc3339(last.time_ms)}`
  const entries = kind.endsWith('_policy') ? [last.index] : its.map(({ index }) => index).reverse()
  return { said: words, evidence: { ...NONE, populations, ...entriesOf(entries) } }
}

function ofLog(kind: 'separation' | 'bound', { history: { created } }: ReportInput): Fact {
  if (created === null) return { said: 'unknown', evidence: { ...NONE, files: ['checkpoint'] } }
  const { separation, bound_ms } = created.entry.body
  const words = kind === 'bound' ? `${bound_ms} ms` : separation
  return { said: words, evidence: { ...NONE, ...entriesOf([created.index]) } }
}

function periodOf({ period }: ReportInput): string {
  return `${rfc3339(period.from_ms)} to ${rfc3339(period.to_ms)}`
}
