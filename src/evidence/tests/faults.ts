/**
 * Which test a fault of the verifier is a deviation in: what the checks found is not looked for again. spec/tests.md (TST-5).
 * @module
 */
import type { EntryType } from '../../log/entries.ts'
import type { History } from '../history.ts'
import { FAULT_CODES, type FaultCode } from '../verify/fault-codes.ts'
import type { Fault, Findings } from '../verify/report.ts'
import type { DeviationCode } from './codes.ts'
import type { FoundDeviation, TestContext } from './test.ts'

type OfType = (type: EntryType | '') => readonly number[]

/** Numbers of tests, by what kind of entry the fault is about where that matters. None: it is of the pack alone. */
const TESTS_OF: Readonly<Record<FaultCode, readonly number[] | OfType>> = {
  ACCESS_REVIEW_INVALID: [7],
  ACTION_UNBOUND: [9],
  ACTION_WITHOUT_GRANT: [9],
  AGENT_NOT_APPROVED: [2],
  ALERT_INVALID: [13],
  ALLOW_AFTER_KILL: [5],
  ALLOW_AFTER_REVOCATION: [5],
  ALLOW_WHILE_STALE: [5],
  ALONE_INVALID: [18],
  APPROVAL_INVALID: (type) => {
    if (type.startsWith('agent.')) return [2]
    if (type === 'delegation.issued') return [3]
    if (type.startsWith('baseline.')) return [12]
    if (type.startsWith('domain.')) return [23]
    return [17]
  },
  APPROVAL_MISSING: [9],
  APPROVAL_UNPROVEN: [9],
  ATTESTATION_INVALID: [25],
  ATTESTATION_OLDER: [25],
  ATTESTATION_REPLAYED: [25],
  ATTESTATION_UNPROVEN: [25],
  BASIS_INVALID: [29],
  BASIS_MISSING: [29],
  BASIS_WITHDRAWN: [30],
  BREACH_INVALID: [34],
  CHAIN_INVALID: (type) => (type === 'delegation.issued' ? [3] : [4]),
  CHAIN_MISSING: [9],
  CHECKPOINT_INVALID: [],
  CHECKPOINT_MISMATCH: [],
  COMPANION_MISMATCH: [],
  CONSENT_INVALID: [28],
  COSIGNATURE_INVALID: [],
  DEFICIENCY_INVALID: [19],
  DELEGATION_NOT_ISSUED: [3],
  DELEGATION_OUTSIDE_TEMPLATE: [4],
  DOMAIN_INVALID: [23],
  DOMAIN_TWICE: [23],
  DRILL_INVALID: [15],
  EARLIER_PACK_INVALID: [],
  EMERGENCY_INVALID: [32],
  ENDORSEMENT_INVALID: [3],
  ENTRY_CHANGED: [27],
  ENTRY_INVALID: [27],
  ENTRY_MISSING: [27],
  ERASURE_INVALID: [24],
  EVALUATION_INVALID: [19],
  EXCHANGE_INVALID: [3],
  FILE_CHANGED: [],
  FILE_EXTRA: [],
  FILE_MISSING: [],
  FLOW_MISSING: [23],
  FLOW_UNENDORSED: [23],
  FRAME_INVALID: [5],
  FRAME_MISSING: [5],
  GESTURE_UNREGISTERED: [3],
  HELD_CHECKPOINT_FORKED: [],
  HELD_CHECKPOINT_INVALID: [],
  HOLDER_UNREGISTERED: [1],
  IDENTIFIER_REUSED: (type) => (type.startsWith('agent.') ? [1] : [27]),
  INCIDENT_INVALID: [14],
  ISOLATION_INVALID: [14],
  ISSUER_TRUST_INVALID: [17],
  KEY_EVENT_INVALID: [8],
  KEY_MISMATCH: [8],
  KILL_INVALID: [15],
  KILL_PROBE_INVALID: [16],
  LEASES_OVER_CAP: [4],
  LEASE_CREDIT_INVALID: [4],
  LEASE_EXPIRED: [4],
  LEASE_INVALID: [4],
  LEASE_MISSING: [4],
  LEASE_OVERDRAWN: [4],
  LIFT_INVALID: [15],
  LIMIT_OVERSPENT: [4],
  MANIFEST_FORGED: [],
  MANIFEST_MISMATCH: [],
  MANIFEST_SIGNER_INVALID: [],
  MANIFEST_UNSIGNED: [],
  NOTICE_CONFLICT: [28],
  OUTCOME_WITHOUT_DECISION: [9],
  OUTPUT_UNATTESTED: [25],
  OVERSIGHT_IGNORED: [14],
  OVERSIGHT_INVALID: [14],
  PASSKEY_INVALID: [3],
  PASSKEY_REMOVED: [3],
  PERIOD_PRUNED: [],
  POPULATION_MISMATCH: [],
  PREVIEW_INVALID: [3],
  PRUNING_INVALID: [24],
  RECEIPT_CHAIN_BROKEN: [27],
  RECEIPT_GAP: [27],
  RECEIPT_POINT_UNKNOWN: [9],
  RECEIPT_UNSIGNED: [27],
  REGISTRATION_NOT_ENDORSED: [3],
  REQUEST_INVALID: [34],
  REVIEW_INVALID: [26],
  REVIEWER_INELIGIBLE: [25, 26],
  ROLE_INVALID: [31],
  ROLE_REVIEW_INVALID: [31],
  ROSTER_INVALID: [15],
  SAMPLE_MISMATCH: [],
  SAMPLE_POPULATION: [],
  SAMPLE_ROWS: [],
  SAMPLE_UNANCHORED: [],
  SEED_INVALID: [25],
  SEGMENT_INVALID: [4],
  SERVICE_ACCOUNT_INVALID: [31],
  SOURCE_MISMATCH: [],
  SOURCE_MISSING: [],
  TAINT_LOWERED: [23],
  TESTS_MISMATCH: [],
  TREE_INVALID: [27],
  VENDOR_INVALID: [20],
  VERSION_NOT_APPROVED: [17],
  WITHDRAWAL_INVALID: [30],
}

/**
 * TST-5: what a deviation of the test itself says of an entry, and this fault would say again. Closed, and short: a fault
 * of many meanings, as that an approval does not hold, may say what no other code says, and is told beside it.
 */
const SAYS_AGAIN: Readonly<Partial<Record<DeviationCode, FaultCode>>> = {
  TOKEN_BEFORE_APPROVAL: 'AGENT_NOT_APPROVED',
  USED_AFTER_WITHDRAWAL: 'BASIS_WITHDRAWN',
}

/** @param own what the test itself found, by index of the entries that it names */
export function isSaid(own: ReadonlyMap<number, readonly FoundDeviation[]>, fault: FoundDeviation): boolean {
  const [index, ...others] = fault.entries
  const about = index === undefined ? [] : (own.get(index) ?? [])
  return about.some(
    ({ code, entries }) =>
      SAYS_AGAIN[code] === fault.code && others.every((other) => entries.includes(other)),
  )
}

/** Messages of faults of one code and entry that are put together. */
const TOGETHER_MAX = 8

/** TST-5: one of a code and entry, which says what each of them said. */
export function together(faults: readonly FoundDeviation[]): FoundDeviation[] {
  const groups = Map.groupBy(faults, ({ code, entries: [index] }, at) => `${code} ${index ?? `none ${at}`}`)
  return [...groups.values()].flatMap((same) => {
    const [first] = same
    if (first === undefined || same.length === 1) return same
    const messages = [...new Set(same.map(({ message }) => message))]
    const more_n = messages.length - TOGETHER_MAX
    const message = messages.slice(0, TOGETHER_MAX).join('; ') + (more_n > 0 ? `; and ${more_n} more` : '')
    return [{ ...first, message, entries: [...new Set(same.flatMap(({ entries }) => entries))] }]
  })
}

/** TST-9: what says that the pack is not what it claims to be, whatever its log tells. */
const OF_THE_PACK: ReadonlySet<FaultCode> = new Set([
  ...FAULT_CODES.filter((code) => {
    const tests = TESTS_OF[code]
    return typeof tests !== 'function' && tests.length === 0
  }),
  'ENTRY_CHANGED',
  'ENTRY_INVALID',
  'ENTRY_MISSING',
  'TREE_INVALID',
] as const)

/** @param besides codes that are not looked at */
export function isWhole(findings: Findings, ...besides: readonly FaultCode[]): boolean {
  return [...OF_THE_PACK].every((code) => besides.includes(code) || findings.ofCode(code).length === 0)
}

/** @param type of the entry that the fault is about; empty for none */
export function testsOfFault(code: FaultCode, type: EntryType | ''): readonly number[] {
  const tests = TESTS_OF[code]
  return typeof tests === 'function' ? tests(type) : tests
}

/** Of the period, or about no entry, by number of the test. */
export function deviationsByTest(ctx: TestContext): ReadonlyMap<number, readonly FoundDeviation[]> {
  const byTest = new Map<number, FoundDeviation[]>()
  for (const fault of FAULT_CODES.flatMap((code) => ctx.findings.ofCode(code))) {
    const { code, message, index, others = [] } = fault
    if (!isOfPeriod(ctx, fault)) continue
    const entries = [...(index === undefined ? [] : [index]), ...others]
    for (const number of testsOfFault(code, typeOf(ctx.history, index))) {
      const known = byTest.get(number) ?? []
      known.push({ code, message, entries })
      byTest.set(number, known)
    }
  }
  return byTest
}

function typeOf(history: History, index: number | undefined): EntryType | '' {
  return index === undefined ? '' : (history.tested.placeOf(index)?.type ?? '')
}

/** What is wrong with an entry that cannot be read has no time, and so is of every period. */
function isOfPeriod({ history, period }: TestContext, { index }: Fault): boolean {
  const place = index === undefined ? undefined : history.tested.placeOf(index)
  return place === undefined || (place.time_ms >= period.from_ms && place.time_ms < period.to_ms)
}
