/** The cases of spec/drift.md: sessions that teach and sessions that are scored, and streams of scores. @module */
import { DRIFT_POLICY, type DriftPolicy } from '../../src/core/drift-policy.ts'
import type { Action, Evidence } from '../../src/observe/drift/action.ts'
import { CHANNELS, type Scores } from '../../src/observe/drift/score.ts'

export type Step = Omit<Action, 'entry'>

/** A linear congruential generator, so that whoever reads this can write it. */
class Draws {
  #state: number

  constructor(seed: number) {
    this.#state = seed
  }

  below(n: number): number {
    this.#state = (this.#state * 1103515245 + 12345) % 2 ** 31
    return Math.floor(this.#state / 65536) % n
  }
}

const READ: Step = {
  time_ms: 0,
  tool: 'mail/read',
  effect: 'none',
  level: 'confidential',
  decision: 'allow',
  amounts: {},
  evidence: [],
}
const TO: Evidence = {
  rule: 'destination',
  argument: '/to/*',
  provenance: 'instruction',
  objects: false,
  source: null,
}
const SEND: Step = { ...READ, tool: 'mail/send', effect: 'external', evidence: [TO] }
const PAY: Step = { ...SEND, tool: 'bank/pay', amounts: { 'amount/EUR': 25 } }
const ODD: Step = {
  ...SEND,
  decision: 'step_up',
  evidence: [{ ...TO, provenance: 'prose', objects: true, source: 'mail/read' }],
}
const UNLABELLED: Step = { ...READ, tool: 'files/move', effect: null, level: null, decision: 'deny' }

/** With times, `gap_ms` apart. */
function timed(steps: readonly Step[], gap_ms = 2000): readonly Step[] {
  return steps.map((step, i) => ({ ...step, time_ms: i * gap_ms }))
}

function usualSessions(n: number): readonly (readonly Step[])[] {
  const draws = new Draws(7)
  return Array.from({ length: n }, () => {
    const reads = Array.from({ length: 1 + draws.below(4) }, () => READ)
    const end = [[], [SEND], [SEND, SEND], [{ ...PAY, amounts: { 'amount/EUR': 5 + draws.below(60) } }]]
    return timed([...reads, ...(end[draws.below(4)] ?? [])], 500 + 250 * draws.below(20))
  })
}

export interface ScoresCase {
  readonly name: string
  readonly description: string
  readonly learn: readonly (readonly Step[])[]
  readonly score: readonly (readonly Step[])[]
}

const LONG = 'x'.repeat(200)

export const scoresCases: readonly ScoresCase[] = [
  {
    name: 'nothing-learned',
    description: 'a document of no session: priors alone',
    learn: [],
    score: [timed([READ]), timed([ODD]), timed([PAY, PAY])],
  },
  {
    name: 'usual',
    description: 'sessions like those that were learned from',
    learn: usualSessions(40),
    score: usualSessions(52).slice(40),
  },
  {
    name: 'odd',
    description:
      'a call that asks, to somebody whom prose names; a tool that nobody saw; both again and again',
    learn: usualSessions(40),
    score: [timed([READ, ODD]), timed([READ, UNLABELLED]), timed([READ, ODD, UNLABELLED, ODD, ODD])],
  },
  {
    name: 'amounts',
    description: 'amounts at, above and far beyond what was seen; of a measure that nobody saw; below 1',
    learn: usualSessions(40),
    score: [20, 64, 65, 1000, 2 ** 40, 0].map((amount) =>
      timed([READ, { ...PAY, amounts: { 'amount/EUR': amount, 'rows/1': 3 } }]),
    ),
  },
  {
    name: 'rates',
    description: 'all at once, and hours apart',
    learn: usualSessions(40),
    score: [timed([READ, READ], 0), timed([READ, READ], 3_600_000), timed([READ, READ, READ], 1)],
  },
  {
    name: 'long',
    description: 'many more decisions than ever, one of them odd',
    learn: usualSessions(40),
    score: [timed([...Array.from({ length: 63 }, () => READ), ODD])],
  },
  {
    name: 'no-room',
    description: 'more names than a document has room for: the rest is left out, and never seen',
    learn: Array.from({ length: 120 }, (_, i) => timed([{ ...READ, tool: `s/${i}${LONG}` }, READ])),
    score: [timed([{ ...READ, tool: `s/0${LONG}` }]), timed([{ ...READ, tool: `s/119${LONG}` }, READ])],
  },
]

export interface StreamCase {
  readonly name: string
  readonly description: string
  readonly seed: string
  readonly policy: Pick<DriftPolicy, 'calibrate_sessions' | 'thresholds' | 'hold_sessions'>
  /** Sessions that were scored when the baseline was approved. */
  readonly approved_at: number
  readonly scores: readonly Scores[]
}

const SEED = 'c2VlZA'.padEnd(43, 'A')
const { thresholds } = DRIFT_POLICY
const POLICY = { calibrate_sessions: 60, thresholds, hold_sessions: 2 }

/** @param of a score by session and channel */
function stream(n: number, of: (i: number, channel: number) => number): readonly Scores[] {
  return Array.from(
    { length: n },
    (_, i) => Object.fromEntries(CHANNELS.map((channel, k) => [channel, of(i, k)])) as Scores,
  )
}

function noise(seed: number, levels: number): (i: number, channel: number) => number {
  const draws = new Draws(seed)
  return () => draws.below(levels)
}

const usual = noise(11, 300)
const few = noise(13, 3)

export const streamCases: readonly StreamCase[] = [
  {
    name: 'nothing-happens',
    description: 'scores like those before: no level is reached',
    seed: SEED,
    policy: POLICY,
    approved_at: 0,
    scores: stream(120, usual),
  },
  {
    name: 'taken-over',
    description:
      'from session 80 on every score is above all before: alarms, sums begin again, the level is held',
    seed: SEED,
    policy: POLICY,
    approved_at: 30,
    scores: stream(100, (i, k) => (i >= 80 && k !== 4 ? 600 + i : usual(i, k))),
  },
  {
    name: 'one-in-three',
    description:
      'from session 80 on every third session is odd in two channels: misses cost, and no bet is lost',
    seed: SEED.replace('c', 'd'),
    policy: { ...POLICY, hold_sessions: 0 },
    approved_at: 0,
    scores: stream(140, (i, k) => (i >= 80 && i % 3 === 0 && (k === 0 || k === 5) ? 900 : usual(i, k))),
  },
  {
    name: 'ties',
    description: 'three levels only: everything is up to the tie-breaker',
    seed: SEED,
    policy: POLICY,
    approved_at: 0,
    scores: stream(150, few),
  },
  {
    name: 'all-the-same',
    description: 'one level: p-values are uniform by the tie-breaker alone',
    seed: SEED.replace('c', 'e'),
    policy: POLICY,
    approved_at: 0,
    scores: stream(120, () => 0),
  },
  {
    name: 'approved-late',
    description: 'odd sessions before the baseline was approved do not count, and make later ones less odd',
    seed: SEED,
    policy: POLICY,
    approved_at: 100,
    scores: stream(130, (i, k) => (i >= 70 ? 700 : usual(i, k))),
  },
  {
    name: 'largest-score',
    description: 'the largest score that there is, again and again',
    seed: SEED,
    policy: { ...POLICY, calibrate_sessions: 20 },
    approved_at: 0,
    scores: stream(60, (i, k) => (i >= 25 ? 1023 : usual(i, k))),
  },
]
