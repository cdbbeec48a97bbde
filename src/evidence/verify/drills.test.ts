/** Logs with drills, one that went well and those that did not. spec/kill.md (KIL-17 to KIL-19). */
import { describe, expect, test } from 'vitest'
import { ALICE, BOB } from '../../../test/fixtures/history.ts'
import { CAROL, SwitchLog } from '../../../test/fixtures/switch-log.ts'
import { nodeCrypto } from '../../adapters/node-crypto/node-crypto.ts'
import { rfc3339 } from '../../core/time.ts'
import { KILL_CALL, type DrillMode, type DrillReport } from '../../log/drill-report.ts'
import type { KillScope, SignedKill } from '../../revoke/statement.ts'
import { verifyPack } from './verify.ts'

const CLASS: KillScope = { kind: 'class', id: 'coding' }
const DRILL = 'drl_1'

interface Bend {
  readonly mode?: DrillMode
  readonly scope?: KillScope
  readonly closer?: string
  readonly report?: (honest: DrillReport) => DrillReport
  /** Entries below which the report is said to be. */
  readonly size?: (honest: number) => number
  readonly starts?: number
  readonly plans?: number
  /** Whether the kill is one that was pulled before. */
  readonly old?: boolean
}

/** Two points: one denies 7 ms after the kill, the other does not answer. A call is in flight, and is stopped. */
class DrillLog extends SwitchLog {
  constructor(bend: Bend = {}) {
    super()
    const { log } = this
    log.agent('other') // so that the class has more than one
    const chain = log.root('bot')
    log.point('other')
    this.roster([ALICE, BOB])
    const old = bend.old === true ? this.pull(CLASS, { by: CAROL }) : null
    if (old !== null) this.lift([old], [ALICE, BOB])
    const by = (name: string) => ({ kind: 'person', id: log.id('per', name) }) as const
    const mode = bend.mode ?? 'production'
    const plan = { mode, scope: bend.scope ?? CLASS, at: rfc3339(log.clock.now()) }
    for (let n = bend.plans ?? 1; n > 0; n--) log.add('drill.planned', by(ALICE), DRILL, plan)
    const { action } = log.decide(chain)
    log.clock.advance(10)
    const kill = this.kill(CLASS).id.replace(/\d+$/, (n) => String(Number(n) + 1))
    for (let n = bend.starts ?? 1; n > 0; n--)
      log.add('drill.started', by(BOB), DRILL, { kill: old?.kill.id ?? kill })
    const pulled: SignedKill = this.pull(CLASS, { by: CAROL })
    if (pulled.kill.id !== kill) throw new Error('the kill has another number than the drill began with')
    const at = rfc3339(log.clock.now())
    log.clock.advance(7)
    log.decide(null, { tool: KILL_CALL, decision: 'deny', reasons: ['KILLED'], kill })
    log.receipt({ kind: 'outcome', action, outcome: 'stopped' })
    log.clock.advance(993)
    const lift = this.lift([pulled], [ALICE, BOB]).lift.id
    const lifted = rfc3339(log.clock.now())
    log.clock.advance(50)
    log.decide(chain)
    log.head()
    const size = log.entries.length
    const honest: DrillReport = {
      mode,
      scope: plan.scope,
      kill: { id: kill, at },
      points_n: 2,
      answered_n: 1,
      first_ms: 7,
      last_ms: 7,
      points: [
        { point: log.id('pnt', 'other'), denied_ms: null, last_allow_ms: null, next_allow_ms: null },
        { point: log.id('pnt', 'gate'), denied_ms: 7, last_allow_ms: -10, next_allow_ms: 1050 },
      ],
      in_flight: { finished: 0, failed: 0, stopped: 1, unknown: 0, open: 0 },
      lift: { id: lift, at: lifted, after_ms: 1000, people_n: 2, first_allow_ms: 50 },
    }
    log.add('drill.closed', by(bend.closer ?? BOB), DRILL, {
      size: bend.size?.(size) ?? size,
      report: bend.report?.(honest) ?? honest,
    })
  }

  async faults() {
    const { report } = await verifyPack(nodeCrypto, await this.log.pack(), this.log.vkey)
    return report.faults.map(({ code, message }) => `${code} ${message}`)
  }
}

test('a drill holds when its report is what the log says, to the millisecond', async () => {
  expect(await new DrillLog().faults()).toEqual([])
})

describe('a drill is named', () => {
  const differs = 'DRILL_INVALID drill drl_1: its report differs from what the log says: '
  test.each<[string, string[], Bend]>([
    [
      'whose report has a point that answered sooner than it did',
      [`${differs}first_ms, points`],
      {
        report: (honest) => ({
          ...honest,
          first_ms: 1,
          points: honest.points.map((row) => (row.denied_ms === null ? row : { ...row, denied_ms: 1 })),
        }),
      },
    ],
    [
      'whose report leaves out a point that did not answer',
      [`${differs}points_n, points`],
      { report: (honest) => ({ ...honest, points_n: 1, points: honest.points.slice(1) }) },
    ],
    [
      'whose report says of a call in flight what did not become of it',
      [`${differs}in_flight`],
      { report: (honest) => ({ ...honest, in_flight: { ...honest.in_flight, stopped: 0, finished: 1 } }) },
    ],
    ['whose report is of fewer entries', [`${differs}points, lift`], { size: (honest) => honest - 2 }],
    [
      'whose report is of entries after it',
      ['DRILL_INVALID drill drl_1: its report is of entries that came after it'],
      { size: (honest) => honest + 1 },
    ],
    [
      'that was closed by who planned it',
      ['DRILL_INVALID drill drl_1: who planned it closed it'],
      { closer: ALICE },
    ],
    ['that was planned twice', ['DRILL_INVALID drill drl_1: it was planned before'], { plans: 2 }],
    ['that began twice', ['DRILL_INVALID drill drl_1: it began a second time'], { starts: 2 }],
  ])('%s', async (_, faults, bend) => {
    expect(await new DrillLog(bend).faults()).toEqual(faults)
  })

  test('that nobody had planned, or that had not begun', async () => {
    const [first] = await new DrillLog({ plans: 0 }).faults()
    expect(first).toBe('DRILL_INVALID drill drl_1: it began, and nobody had planned it')
    const [second] = await new DrillLog({ starts: 0 }).faults()
    expect(second).toBe('DRILL_INVALID drill drl_1: it was closed, and had not begun')
  })

  test('that pulls a kill as a tabletop, another scope, or a kill of before', async () => {
    const [tabletop] = await new DrillLog({ mode: 'tabletop' }).faults()
    expect(tabletop).toContain('it pulls a kill as a tabletop')
    const [scope] = await new DrillLog({ scope: { kind: 'global' } }).faults()
    expect(scope).toContain('is on another scope than was planned')
    const [old] = await new DrillLog({ old: true }).faults()
    expect(old).toContain('was not pulled by it')
  })
})
