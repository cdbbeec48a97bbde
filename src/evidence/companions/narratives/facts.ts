/**
 * Facts that sentences of narratives ask for, each with where it stands. spec/narratives.md (NAR-3, NAR-4). Pure.
 * Invariant: a fact has evidence, and what cannot be answered is refused and never guessed.
 * @module
 */
import { rfc3339 } from '../../../core/time.ts'
import { counted } from '../../../core/words.ts'
import { FREQUENCIES, type Control } from '../../controls/schema.ts'
import { CATALOGUE_FILE } from '../../controls/catalogue.ts'
import { changesOf } from '../../populations/changes.ts'
import type { ReportedTest, ReportInput } from '../../report/input.ts'
import { ENTRIES_MAX, NONE, type Evidence, type Fact } from './fact.ts'
import type { Tally } from './tally.ts'
import { CHANGE_KINDS, type Ask, type ChangeKind } from './template.ts'

/** What a sentence is asked about, besides rows. */
export interface About {
  readonly control: Control
  readonly input: ReportInput
  readonly tally: Tally
}

/** @param at_ms as of when settings count */
export function factOf(ask: Ask, { control, input, tally }: About, at_ms: number): Fact {
  switch (ask.kind) {
    case 'count':
    case 'distinct':
    case 'share':
    case 'median':
    case 'largest':
      return tally.of(ask)
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

const OF_CATALOGUE: Evidence = { ...NONE, files: [CATALOGUE_FILE] }

function entriesOf(indices: readonly number[]): { entries: readonly number[]; entries_n: number } {
  return { entries: indices.slice(0, ENTRIES_MAX), entries_n: indices.length }
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
