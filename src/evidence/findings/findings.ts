/**
 * What is told to other software of a pack: results by control, deviations, the pack's digest. spec/connectors.md (CNX-2 to
 * CNX-4). Pure. Invariant: codes, counts, indices and digests only. Messages of deviations stay in the pack: they may name
 * people and agents.
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import { hex } from '../../core/encoding.ts'
import { canonicalBytes, type JsonObject } from '../../core/json.ts'
import { counted } from '../../core/words.ts'
import type { Finding } from '../../ports/findings.ts'
import type { Catalogue, Control } from '../controls/schema.ts'
import { RESULT_WORDS } from '../report/input.ts'
import { DEVIATION_CODES } from '../tests/codes.ts'
import type { Deviation, Outcome, TestCounts, TestResult } from '../tests/result.ts'

/** Entries that a finding names: the pack has them all. */
const ENTRIES_NAMED_MAX = 20
const INT32_MAX = 2 ** 31 - 1
const ID_HEX = 32

export interface FindingsInput {
  readonly origin: string
  readonly simulated: boolean
  readonly period: { readonly from: string; readonly to: string }
  readonly entries: number
  readonly tests: TestCounts
  readonly results: readonly TestResult[]
  readonly catalogue: Catalogue
  /** Hex SHA-256 of the file. */
  readonly sha256: string
  /** Where people find it, or null. */
  readonly where: string | null
}

/** From the worst. */
const WORST: readonly Outcome[] = [
  'deviations',
  'not_tested',
  'not_reconciled',
  'did_not_occur',
  'no_deviation',
]

/** Controls in the order of the catalogue, then findings by test and code, then the pack. */
export function findingsOf(crypto: Crypto, input: FindingsInput): Finding[] {
  return [
    ...input.catalogue.controls.flatMap((control) => controlOf(crypto, input, control) ?? []),
    ...input.results.flatMap((test) => deviationsOf(crypto, input, test)),
    packOf(crypto, input),
  ]
}

/** Of one log: another log has others. */
function idOf(crypto: Crypto, { origin }: FindingsInput, of: JsonObject): string {
  return `csn-${hex(crypto.sha256(canonicalBytes({ v: 1, origin, ...of }))).slice(0, ID_HEX)}`
}

interface Said {
  readonly reference: string
  readonly result: string
  readonly criteria: readonly string[]
  readonly items: number
  readonly deviations: number
  /** How many of them management has evaluated. */
  readonly evaluated: number
  readonly entries: string
}

/** The same members for every kind. */
function propertiesOf(
  kind: Finding['kind'],
  { period, sha256, simulated }: FindingsInput,
  said: Said,
): Finding['properties'] {
  return {
    kind,
    reference: said.reference,
    result: said.result,
    has_deviation: said.deviations > 0,
    criteria: said.criteria.join(' '),
    items: Math.min(said.items, INT32_MAX),
    deviations: Math.min(said.deviations, INT32_MAX),
    evaluated: Math.min(said.evaluated, INT32_MAX),
    entries: said.entries,
    period_from: period.from,
    period_to: period.to,
    pack_sha256: sha256,
    simulated,
  }
}

/** What every text ends with. */
function footer({ origin, period, sha256, where, simulated }: FindingsInput): string[] {
  return [
    ...(simulated ? ['SIMULATED DATA: the history of this log was simulated.'] : []),
    `Log ${origin}, period ${period.from} to ${period.to} (half-open).`,
    `Pack SHA-256 ${sha256}${where === null ? '' : `, at ${where}`}.`,
    "These are management's tests; the opinion is the auditor's.",
  ]
}

function marked(input: FindingsInput, title: string): string {
  return input.simulated ? `[SIMULATED] ${title}` : title
}

function controlOf(crypto: Crypto, input: FindingsInput, control: Control): Finding | null {
  const numbers = new Set(control.tests.map(({ number }) => number))
  const its = input.results.filter(({ number }) => numbers.has(number))
  const result = WORST.find((outcome) => its.some((test) => test.result === outcome))
  if (result === undefined) return null
  const sum = (of: (test: TestResult) => number): number => its.reduce((total, test) => total + of(test), 0)
  const said: Said = {
    reference: control.id,
    result,
    criteria: control.criteria,
    items: sum(({ items }) => items),
    deviations: sum(({ deviations_n }) => deviations_n),
    evaluated: sum(({ deviations }) => evaluatedOf(deviations)),
    entries: '',
  }
  return {
    id: idOf(crypto, input, { control: control.id }),
    kind: 'control',
    title: marked(input, `${control.id} ${control.title}`),
    lines: [
      ...its.map(
        (test) =>
          `Test ${test.number}, ${test.title}: ${RESULT_WORDS[test.result]}, ${counted(test.items, 'item')}, ${counted(test.deviations_n, 'deviation')}.`,
      ),
      ...footer(input),
    ],
    url: input.where,
    properties: propertiesOf('control', input, said),
  }
}

function deviationsOf(crypto: Crypto, input: FindingsInput, test: TestResult): Finding[] {
  const byCode = Map.groupBy(test.deviations, ({ code }) => code)
  return [...byCode].map(([code, its]): Finding => {
    const entries = entriesOf(its)
    const reference = `test ${test.number} ${code}`
    const controls = input.catalogue.controls
      .filter(({ tests }) => tests.some(({ number }) => number === test.number))
      .map(({ id }) => id)
    const said: Said = {
      reference,
      result: 'deviations',
      criteria: test.criteria,
      items: test.items,
      deviations: its.length,
      evaluated: evaluatedOf(its),
      entries,
    }
    return {
      id: idOf(crypto, input, { test: test.number, code, from: input.period.from }),
      kind: 'finding',
      title: marked(
        input,
        `Test ${test.number}, ${test.title}: ${counted(its.length, 'deviation')} (${code})`,
      ),
      lines: [
        `${code}: ${wordsOf(code)}.`,
        `Controls ${controls.join(', ')}; criteria ${test.criteria.join(', ')}.`,
        entries === '' ? 'It is about what is not in the log.' : `Entries of the log: ${entries}.`,
        `Evaluated by management: ${evaluatedOf(its)} of ${its.length}. What is repaired in the period stays a deviation of it.`,
        ...footer(input),
      ],
      url: input.where,
      properties: propertiesOf('finding', input, said),
    }
  })
}

function evaluatedOf(its: readonly Deviation[]): number {
  return its.filter(({ evaluation }) => evaluation !== null).length
}

/** Codes of faults say what they say. */
function wordsOf(code: Deviation['code']): string {
  return code in DEVIATION_CODES
    ? DEVIATION_CODES[code as keyof typeof DEVIATION_CODES]
    : 'what the verifier found does not hold'
}

/** The first entry of each, and how many more there are. */
function entriesOf(its: readonly Deviation[]): string {
  const first = its.flatMap(({ entries }) => entries.slice(0, 1))
  const more = first.length - ENTRIES_NAMED_MAX
  return `${first.slice(0, ENTRIES_NAMED_MAX).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

function packOf(crypto: Crypto, input: FindingsInput): Finding {
  const { period, entries, tests, origin } = input
  const deviations = input.results.reduce((sum, { deviations_n }) => sum + deviations_n, 0)
  const counts = Object.entries(tests).map(([outcome, n]) => `${n} ${outcome.replaceAll('_', ' ')}`)
  const said: Said = {
    reference: `pack of ${origin}`,
    result: deviations > 0 ? 'deviations' : 'no_deviation',
    criteria: [],
    items: entries,
    deviations,
    evaluated: input.results.reduce((sum, test) => sum + evaluatedOf(test.deviations), 0),
    entries: '',
  }
  return {
    id: idOf(crypto, input, { pack: period.from }),
    kind: 'pack',
    title: marked(input, `Evidence pack ${period.from.slice(0, 10)} to ${period.to.slice(0, 10)}`),
    lines: [
      `Verified over ${counted(entries, 'entry', 'entries')}. Tests: ${counts.join(', ')}.`,
      ...footer(input),
    ],
    url: input.where,
    properties: propertiesOf('pack', input, said),
  }
}
