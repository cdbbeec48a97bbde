/** An agent that works at an hour of the day at which it never did. spec/detectors.md (DET-9). @module */
import type { JsonValue } from '../../core/json.ts'
import { CANARY, canaryDecision, times, type DetectorKind } from './detector.ts'

const rule = 'UNUSUAL_HOURS'
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const HOURS = 24
/** Agents that are remembered: the one that was quiet for longest makes room. */
const AGENTS_MAX = 4_096

/** Calls by hour of the day, days on which it was seen, and the last of them. */
type Habit = [hours: number[], days: number, last: number]

export const unusualHours: DetectorKind = {
  rule,
  make: (terms, state) => {
    const habits = new Map<string, Habit>(Array.isArray(state) ? (state as [string, Habit][]) : [])
    return {
      take: ({ index, time_ms, entry }, found) => {
        if (entry.type !== 'receipt' || entry.body.kind !== 'decision' || entry.body.agent === null) return
        const { agent } = entry.body
        const habit = habitOf(habits, agent)
        const [day, hour] = [Math.floor(time_ms / DAY_MS), Math.floor(time_ms / HOUR_MS) % HOURS]
        const { hours_days_min, hours_calls_min } = terms()
        if (habit[1] >= hours_days_min && isNew(habit[0], hour, hours_calls_min)) {
          const detail = { hour_utc: hour, days: habit[1] }
          found({ rule, key: `${rule}/${agent}/${day}`, subject: agent, detail, entries: [index] })
        }
        habit[0][hour] = (habit[0][hour] ?? 0) + 1
        if (day !== habit[2]) {
          habits.delete(agent) // it is the newest again
          habits.set(agent, habit)
          habit[1] += 1
        }
        habit[2] = day
      },
      state: (): JsonValue => [...habits],
    }
  },
  canary: (now_ms, { hours_days_min, hours_calls_min }) => {
    const noon = Math.floor(now_ms / DAY_MS) * DAY_MS + 12 * HOUR_MS
    const calls = Math.max(hours_days_min, hours_calls_min)
    const usual = times(calls, (at) =>
      canaryDecision(noon - (1 + (at % hours_days_min)) * DAY_MS, { agent: CANARY }),
    ).toSorted((a, b) => a.time_ms - b.time_ms)
    return [...usual, canaryDecision(noon - 10 * HOUR_MS, { agent: CANARY })]
  },
}

function habitOf(habits: Map<string, Habit>, agent: string): Habit {
  const known = habits.get(agent)
  if (known !== undefined) return known
  if (habits.size >= AGENTS_MAX) {
    const oldest = habits.keys().next()
    if (oldest.done !== true) habits.delete(oldest.value)
  }
  const fresh: Habit = [Array.from({ length: HOURS }, () => 0), 0, -1]
  habits.set(agent, fresh)
  return fresh
}

/** An hour next to one of its own is none. */
function isNew(hours: readonly number[], hour: number, calls_min: number): boolean {
  const near = [hour, (hour + 1) % HOURS, (hour + HOURS - 1) % HOURS]
  if (near.some((one) => (hours[one] ?? 0) > 0)) return false
  return hours.reduce((sum, calls) => sum + calls, 0) >= calls_min
}
