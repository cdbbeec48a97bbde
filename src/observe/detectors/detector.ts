/**
 * A detector: looks for one thing in the log as it grows. spec/detectors.md (DET-1 to DET-5).
 * Invariant: what it finds is a function of the entries that it took, the times that it was asked at, and its terms.
 * @module
 */
import type { DetectorRule } from '../../core/alert.ts'
import type { DetectorTerms } from '../../core/detector-terms.ts'
import type { JsonValue } from '../../core/json.ts'
import type { DecisionReceipt } from '../../log/receipt.ts'
import type { Finding, Logged } from '../fold.ts'

export type Found = (finding: Finding) => void

export interface Detector {
  /** On the way of every receipt. */
  take(one: Logged, found: Found): void
  /** For what shows by its absence. */
  look?(now_ms: number, found: Found): void
  /** What it has to remember, as it comes back to {@link DetectorKind.make}. */
  state(): JsonValue
}

export interface DetectorKind {
  readonly rule: DetectorRule
  /** @param state of {@link Detector.state}, or null for a fresh one */
  make(terms: () => DetectorTerms, state: JsonValue): Detector
  /** What a fresh one must find something in (DET-5). */
  canary(now_ms: number, terms: DetectorTerms): readonly Step[]
  /** In place of the canary, for what is not read from the log. */
  findAside?(now_ms: number): Finding | null
}

/** An entry that is taken, or a time at which it looks. */
export type Step = Logged | number

/** What a fresh detector finds in its canary, apart from all that is real. */
export function findCanary(kind: DetectorKind, terms: DetectorTerms, now_ms: number): Finding | null {
  if (kind.findAside !== undefined) return kind.findAside(now_ms)
  const detector = kind.make(() => terms, null)
  const findings: Finding[] = []
  const found: Found = (finding) => void findings.push(finding)
  for (const step of kind.canary(now_ms, terms)) {
    if (typeof step === 'number') detector.look?.(step, found)
    else detector.take(step, found)
  }
  return findings.find(({ rule }) => rule === kind.rule) ?? null
}

/** Whom synthetic entries are about. */
export const CANARY = 'canary'

/** A synthetic decision. */
export function canaryDecision(time_ms: number, over: Partial<DecisionReceipt>): Logged {
  const time = new Date(time_ms).toISOString()
  const body: DecisionReceipt = {
    v: 1,
    kind: 'decision',
    point: CANARY,
    epoch: 1,
    seq: 1,
    prev_hash: '',
    time,
    action: CANARY,
    chain: null,
    agent: CANARY,
    grant: null,
    server: CANARY,
    tool: CANARY,
    definition_hash: null,
    args_commit: null,
    decision: 'allow',
    reasons: [],
    binding: 'call',
    placement: 'gateway',
    freshness: null,
    debits: [],
    ...over,
  }
  const actor = { kind: 'point' as const, id: CANARY }
  return { index: 0, time_ms, entry: { v: 1, type: 'receipt', time, actor, body } }
}

/** What servers and tools are called. Anything else was made up by whoever called, and may say anything to anybody. */
const NAME = /^[A-Za-z0-9_.-]+(?:\/[A-Za-z0-9_.-]+)*$/
const NAME_CHARS_MAX = 128
const UNNAMED = '(no name)'

/** The names that an alert may have of a receipt (ALR-13): channels tell them to people outside. */
export function namesOf({ server, tool }: Pick<DecisionReceipt, 'server' | 'tool'>) {
  const shown = (name: string): string => (name.length <= NAME_CHARS_MAX && NAME.test(name) ? name : UNNAMED)
  return { server: shown(server), tool: shown(tool) }
}

export function times<T>(n: number, make: (at: number) => T): T[] {
  return Array.from({ length: n }, (_, at) => make(at))
}
