import { describe, expect, test } from 'vitest'
import { rfc3339 } from '../core/time.ts'
import {
  DRILL_ROWS_MAX,
  DrillSieve,
  drillReport,
  drillReportSchema,
  isUnderScope,
  KILL_CALL,
  type DrillEvidence,
} from './drill-report.ts'
import type { DecisionReceipt, OutcomeReceipt, Receipt } from './receipt.ts'

const T = 1_772_000_000_000
const KILL = 'kil_1'

/** Of points that record what a test says, in that order. */
class Recorded {
  readonly receipts: Receipt[] = []
  readonly #seq = new Map<string, number>()

  #place(point: string, ms: number) {
    const seq = (this.#seq.get(point) ?? 0) + 1
    this.#seq.set(point, seq)
    return { v: 1 as const, point, epoch: 1, seq, prev_hash: '', time: rfc3339(T + ms) }
  }

  decision(point: string, ms: number, draft: Partial<DecisionReceipt>): this {
    const rest = {
      kind: 'decision' as const,
      action: `act_${this.receipts.length}`,
      chain: null,
      agent: 'agt_a',
      grant: null,
      server: 'files',
      tool: 'read',
      definition_hash: null,
      args_commit: null,
      decision: 'allow' as const,
      reasons: [],
      binding: 'session' as const,
      placement: 'gateway' as const,
      freshness: null,
      debits: [],
    }
    this.receipts.push({ ...this.#place(point, ms), ...rest, ...draft })
    return this
  }

  allow(point: string, ms: number, action: string): this {
    return this.decision(point, ms, { action })
  }

  deny(point: string, ms: number, action: string): this {
    return this.decision(point, ms, { action, decision: 'deny', reasons: ['KILLED'] })
  }

  killed(point: string, ms: number, kill = KILL): this {
    const denied = { decision: 'deny' as const, reasons: ['KILLED'], agent: null, tool: KILL_CALL, kill }
    return this.decision(point, ms, denied)
  }

  outcome(point: string, ms: number, action: string, outcome: OutcomeReceipt['outcome']): this {
    this.receipts.push({ ...this.#place(point, ms), kind: 'outcome', action, outcome })
    return this
  }
}

function report(points: string[], recorded = new Recorded(), more: Partial<DrillEvidence> = {}) {
  const isUnder = (): boolean => true
  const sieve = new DrillSieve(KILL, isUnder)
  for (const receipt of recorded.receipts) sieve.add(receipt)
  const found = drillReport({
    mode: 'production',
    scope: { kind: 'global' },
    kill: { id: KILL, at: rfc3339(T) },
    lift: null,
    points,
    receipts: sieve.recorded,
    isUnder,
    ...more,
  })
  expect(drillReportSchema.parse(found)).toEqual(found)
  return found
}

describe('a report', () => {
  test('says when the first and the last point denied, the slowest first', () => {
    const recorded = new Recorded().killed('b', 20).killed('a', 5).killed('c', 90)
    expect(report(['a', 'b', 'c'], recorded)).toMatchObject({
      points_n: 3,
      answered_n: 3,
      first_ms: 5,
      last_ms: 90,
      points: [{ point: 'c' }, { point: 'b' }, { point: 'a' }],
    })
  })

  test('names points that did not answer before all others, with their last allow', () => {
    const recorded = new Recorded().killed('a', 5).allow('b', -10, 'x').killed('b', 9, 'kil_other')
    const { points, answered_n } = report(['a', 'b'], recorded)
    expect(answered_n).toBe(1)
    expect(points[0]).toEqual({ point: 'b', denied_ms: null, last_allow_ms: -10, next_allow_ms: null })
  })

  test('of no points says that there are none', () => {
    const recorded = new Recorded().killed('elsewhere', 5)
    const none = { points_n: 0, answered_n: 0, first_ms: null, last_ms: null, points: [] }
    expect(report([], recorded)).toMatchObject(none)
  })

  test('counts what became of calls in flight, and no others', () => {
    const recorded = new Recorded()
      .allow('a', -50, 'before')
      .outcome('a', -40, 'before', 'finished')
      .allow('a', -9, 'stopped')
      .allow('a', -8, 'finished')
      .allow('a', -7, 'lost')
      .allow('a', -6, 'silent')
      .allow('a', -5, 'taken back')
      .killed('a', 3)
      .deny('a', 4, 'taken back') // RCP-6: the state was asked once more, and the call did not go out
      .outcome('a', 5, 'finished', 'finished')
      .outcome('a', 6, 'stopped', 'stopped')
      .outcome('a', 7, 'lost', 'unknown')
      .allow('a', 400, 'after')
    const { in_flight, points } = report(['a'], recorded)
    expect(in_flight).toEqual({ finished: 1, failed: 0, stopped: 1, unknown: 1, open: 1 })
    expect(points).toEqual([{ point: 'a', denied_ms: 3, last_allow_ms: -6, next_allow_ms: 400 }])
  })

  test('says how long the first allow came after the lift, and when it came before', () => {
    const lift = { id: 'lft_1', at: rfc3339(T + 1000), people_n: 2 }
    const after = new Recorded().killed('a', 3).allow('a', 1200, 'x').allow('a', 1300, 'y')
    const lifted = report(['a'], after, { lift }).lift
    expect(lifted).toEqual({ ...lift, after_ms: 1000, first_allow_ms: 200 })
    const under = new Recorded().killed('a', 3).allow('a', 900, 'x')
    expect(report(['a'], under, { lift }).lift?.first_allow_ms).toBe(-100)
    expect(report(['a'], new Recorded(), { lift }).lift?.first_allow_ms).toBeNull()
  })

  test('of a tabletop says that nothing was pulled', () => {
    const tabletop = report(['a'], new Recorded().killed('a', 3), { mode: 'tabletop', kill: null })
    expect(tabletop).toMatchObject({ mode: 'tabletop', kill: null, points_n: 0, points: [], lift: null })
  })

  test('has an end however many points there are, and counts them all', () => {
    const many = Array.from({ length: DRILL_ROWS_MAX + 5 }, (_, i) => `p${i}`)
    const { points, points_n } = report(many)
    expect([points.length, points_n]).toEqual([DRILL_ROWS_MAX, many.length])
  })
})

test('a call is under a scope by its agent or its tool', () => {
  const inventory = {
    classOf: (agent: string) => (agent === 'agt_a' ? 'coding' : undefined),
    systemOf: (server: string, tool: string) => (`${server} ${tool}` === 'files read' ? 'sys_1' : undefined),
  }
  const [call] = new Recorded().decision('a', 0, {}).receipts as [DecisionReceipt]
  const [nobody] = new Recorded().decision('a', 0, { agent: null }).receipts as [DecisionReceipt]
  const under = (kind: 'class' | 'agent' | 'system', id: string, receipt = call) =>
    isUnderScope({ kind, id }, inventory, receipt)
  expect([under('agent', 'agt_a'), under('agent', 'agt_b')]).toEqual([true, false])
  expect([under('class', 'coding'), under('class', 'other')]).toEqual([true, false])
  expect([under('class', 'coding', nobody), under('system', 'files', nobody)]).toEqual([false, true])
  expect([under('system', 'sys_1'), under('system', 'files'), under('system', 'sys_2')]).toEqual([
    true,
    true,
    false,
  ])
  expect(isUnderScope({ kind: 'global' }, inventory, nobody)).toBe(false)
})
