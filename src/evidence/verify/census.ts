/**
 * Tests of a report that the log answers for every item, by their numbers: how many there were, and which deviate.
 * spec/pack.md (PCK-6). Concludes nothing: what a deviation means is for management and the auditor.
 * @module
 */
import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { History } from '../history.ts'
import { outputs } from '../populations/attested.ts'
import { consents, disclosures, withdrawals } from '../populations/consents.ts'
import type { Period, PopulationDefinition } from '../populations/definition.ts'
import type { Census, Deviation, FaultCode, Findings } from './report.ts'

/** Deviations that are listed by test; the number of them is exact. */
const LISTED_MAX = 100

interface TestDefinition {
  readonly criteria: string
  readonly attribute: string
  readonly population: PopulationDefinition
  /** Rows that are no item of this test. */
  readonly isItem?: (row: JsonObject) => boolean
  /** Why a row deviates, or null. */
  readonly why: (row: JsonObject) => string | null
  /** What the verifier found, anywhere in the log, that is a deviation in this test. */
  readonly faults: readonly FaultCode[]
}

/** Rows are made by the definitions: other types do not occur. */
const text = (value: JsonValue | undefined): string => (typeof value === 'string' ? value : '')
const ms = (value: JsonValue | undefined): number => Date.parse(text(value))

const TESTS: Readonly<Record<string, TestDefinition>> = {
  25: {
    criteria: 'PI1.3-4',
    attribute: 'exactly one valid attestation by an eligible human',
    population: outputs,
    why: ({ attestation }) => (attestation === null ? 'no attestation is valid at the end of the log' : null),
    faults: [
      'ATTESTATION_INVALID',
      'ATTESTATION_OLDER',
      'ATTESTATION_REPLAYED',
      'ATTESTATION_UNPROVEN',
      'OUTPUT_UNATTESTED',
      'REVIEWER_INELIGIBLE',
      'SEED_INVALID',
    ],
  },
  26: {
    criteria: 'PI1.4',
    attribute: 'reviewed before release, by an authorized person',
    population: outputs,
    isItem: ({ role }) => role === 'supervised',
    why: ({ attested, released }) => (ms(attested) > ms(released) ? 'attested after it left' : null),
    faults: ['REVIEW_INVALID', 'REVIEWER_INELIGIBLE'],
  },
  28: {
    criteria: 'P1.1, P2.1',
    attribute: 'notice version, purpose and language',
    population: consents,
    why: ({ notice_version, text_hash }) =>
      notice_version === null || text_hash === null ? 'its notice is not in the log' : null,
    faults: ['CONSENT_INVALID'],
  },
  29: {
    criteria: 'P4.1, P6.1',
    attribute: 'a live basis covers the purpose for each subject',
    population: disclosures,
    why: ({ basis, mode, reason }) =>
      basis === null && mode === 'observe' ? `went on without a basis: ${text(reason)}` : null,
    faults: ['BASIS_INVALID', 'BASIS_MISSING'],
  },
  30: {
    criteria: 'P2.1, P6.2, P6.7',
    attribute: "no later use of that subject's data",
    population: withdrawals,
    why: ({ uses_after }) =>
      Number(uses_after) > 0 ? `used ${Number(uses_after)} times after it, by the clocks of points` : null,
    faults: ['BASIS_WITHDRAWN', 'WITHDRAWAL_INVALID'],
  },
}

/** @param findings with every check run */
export function censusOf(history: History, period: Period, findings: Findings): Record<string, Census> {
  return Object.fromEntries(
    Object.entries(TESTS).map(([number, test]) => [number, censusOfOne(test, history, period, findings)]),
  )
}

function censusOfOne(
  { criteria, attribute, population, isItem = () => true, why, faults }: TestDefinition,
  history: History,
  period: Period,
  findings: Findings,
): Census {
  const items = population.rows(history, period).filter(isItem)
  const deviations: Deviation[] = items.flatMap((row) => {
    const reason = why(row)
    return reason === null ? [] : [{ index: Number(row.index), why: reason }]
  })
  const ofRows = new Set(deviations.map(({ index }) => index))
  const all = findings.faults.filter(({ code }) => faults.includes(code))
  // Of one entry there is one deviation, whoever saw it.
  const found = all
    .filter(({ index = null }) => !ofRows.has(index))
    .map(({ code, index, message }): Deviation => ({ index: index ?? null, why: `${code}: ${message}` }))
  const faults_n = faults.reduce((sum, code) => sum + findings.countOf(code), 0)
  const deviations_n = deviations.length + faults_n - (all.length - found.length)
  const result = deviations_n > 0 ? 'deviations' : items.length === 0 ? 'did not occur' : 'no deviation'
  return {
    criteria,
    attribute,
    population: population.name,
    size: items.length,
    deviations_n,
    deviations: [...found, ...deviations].slice(0, LISTED_MAX),
    result,
    reconciliation: 'not reconciled',
  }
}
