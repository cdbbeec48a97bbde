/** An agent that calls what it was not granted: many times, mostly, or all over the place. spec/detectors.md (DET-6). @module */
import { canaryDecision, times, type DetectorKind, type Found } from './detector.ts'
import { denied } from './denials.ts'
import { Windows, windowOf } from './windows.ts'

const rule = 'SCOPE_VIOLATION'
export const SCOPE_REASONS = [
  'METHOD_NOT_GRANTED',
  'NO_MATCHING_GRANT',
  'CONSTRAINT_VIOLATED',
  'RESOURCE_NOT_GRANTED',
  'RESOURCE_UNKNOWN',
  'WIDENED',
  'AUDIENCE_MISMATCH',
]
const REASONS: ReadonlySet<string> = new Set(SCOPE_REASONS)
/** Tools of one window that are told apart. */
const TOOLS_MAX = 256

/** Calls, denials, tools that were denied, which of the three was found. */
type Count = [calls: number, denials: number, tools: string[], found: string[]]

export const scopeViolation: DetectorKind = {
  rule,
  make: (terms, state) => {
    const counts = new Windows<Count>(() => [0, 0, [], []], state)
    return {
      take: ({ index, time_ms, entry }, found) => {
        if (entry.type !== 'receipt' || entry.body.kind !== 'decision') return
        const { agent, decision, reasons, server, tool } = entry.body
        if (agent === null) return
        const { window_min, scope_denials, scope_share, scope_calls_min, scope_tools } = terms()
        const window = windowOf(time_ms, window_min)
        const count = counts.at(agent, window)
        count[0] += 1
        const reason = decision === 'deny' ? reasons.find((one) => REASONS.has(one)) : undefined
        if (reason === undefined) return
        count[1] += 1
        const name = `${server}/${tool}`
        if (count[2].length < TOOLS_MAX && !count[2].includes(name)) count[2].push(name)
        const say = sayer(count, found, { agent, window, window_min, reason, index })
        if (count[1] >= scope_denials) say('count')
        if (count[0] >= scope_calls_min && count[1] / count[0] >= scope_share) say('rate')
        if (count[2].length >= scope_tools) say('kind')
      },
      state: () => counts.state(),
    }
  },
  canary: (now_ms, { scope_denials }) =>
    times(scope_denials, () => canaryDecision(now_ms, denied(['NO_MATCHING_GRANT']))),
}

interface Place {
  readonly agent: string
  readonly window: number
  readonly window_min: number
  readonly reason: string
  readonly index: number
}

/** Each of the three is found once a window. */
function sayer(count: Count, found: Found, { agent, window, window_min, reason, index }: Place) {
  return (by: 'count' | 'rate' | 'kind'): void => {
    if (count[3].includes(by)) return
    count[3].push(by)
    const detail = { by, calls: count[0], denials: count[1], tools: count[2].length, window_min, reason }
    found({ rule, key: `${rule}/${agent}/${by}/${window}`, subject: agent, detail, entries: [index] })
  }
}
