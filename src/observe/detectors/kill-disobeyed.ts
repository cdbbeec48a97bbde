/** A call that was allowed although a kill was in force past the bound. spec/detectors.md (DET-18). @module */
import type { JsonValue } from '../../core/json.ts'
import { isUnderScope } from '../../log/drill-report.ts'
import type { Logged } from '../fold.ts'
import { CANARY, canaryDecision, type DetectorKind } from './detector.ts'

const rule = 'KILL_DISOBEYED'
/** Clocks of points may be as far ahead (spec/delegation.md). */
const SKEW_MS = 60_000
const BOUND_MS_DEFAULT = 60_000
/** Kills at once: more are no kill switch. */
const KILLS_MAX = 256

type Scope = Parameters<typeof isUnderScope>[0]

interface State {
  bound_ms: number
  kills: [string, { scope: Scope; at_ms: number; index: number }][]
  classes: [string, string][]
  systems: [string, string][]
}

export const killDisobeyed: DetectorKind = {
  rule,
  make: (_, state) => {
    const known = (state ?? {
      bound_ms: BOUND_MS_DEFAULT,
      kills: [],
      classes: [],
      systems: [],
    }) as unknown as State
    let { bound_ms } = known
    const [kills, classes, systems] = [new Map(known.kills), new Map(known.classes), new Map(known.systems)]
    const inventory = {
      classOf: (agent: string) => classes.get(agent),
      systemOf: (server: string, tool: string) => systems.get(`${server}/${tool}`),
    }
    return {
      take: ({ index, time_ms, entry }, found) => {
        switch (entry.type) {
          case 'log.created':
            bound_ms = entry.body.bound_ms
            return
          case 'agent.proposed':
            classes.set(entry.subject ?? '', entry.body.class)
            return
          case 'tool.registered':
            systems.set(`${entry.body.server}/${entry.body.tool}`, entry.body.system)
            return
          case 'kill.pulled': {
            const { id, scope } = entry.body.statement.kill
            if (kills.size < KILLS_MAX) kills.set(id, { scope, at_ms: time_ms, index })
            return
          }
          case 'kill.lifted':
            for (const id of entry.body.statement.lift.kills) kills.delete(id)
            return
          case 'receipt': {
            if (kills.size === 0 || entry.body.kind !== 'decision' || entry.body.decision !== 'allow') return
            const { agent, point, server, tool, time } = entry.body
            const allowed_ms = Date.parse(time)
            for (const [id, kill] of kills) {
              if (allowed_ms <= kill.at_ms + bound_ms + SKEW_MS) continue
              if (!isUnderScope(kill.scope, inventory, entry.body)) continue
              const detail = { kill: id, agent: agent ?? '', server, tool }
              found({
                rule,
                key: `${rule}/${id}/${index}`,
                subject: point,
                detail,
                entries: [kill.index, index],
              })
            }
            return
          }
          default:
        }
      },
      state: () =>
        ({
          bound_ms,
          kills: [...kills],
          classes: [...classes],
          systems: [...systems],
        }) as unknown as JsonValue,
    }
  },
  canary: (now_ms) => [pulled(now_ms - 24 * SKEW_MS), canaryDecision(now_ms, { decision: 'allow' })],
}

function pulled(time_ms: number): Logged {
  const kill = {
    v: 1 as const,
    id: CANARY,
    iss: CANARY,
    scope: { kind: 'global' as const },
    reason: CANARY,
    t: time_ms,
  }
  const statement = { kill, by: 'break_glass' as const, sig: '' }
  const actor = { kind: 'system' as const, id: CANARY }
  const time = new Date(time_ms).toISOString()
  return { index: 0, time_ms, entry: { v: 1, type: 'kill.pulled', time, actor, body: { statement } } }
}
