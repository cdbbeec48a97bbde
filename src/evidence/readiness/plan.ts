/**
 * The ninety-day plan: each step with what was measured of it, and what to do next. spec/readiness.md (RDY-1 to RDY-5).
 * Pure over what was counted. It says what is done, and concludes nothing about controls.
 * @module
 */
import { z } from 'zod'
import type { ReadinessFacts } from '../../core/readiness.ts'
import { PROGRAM_STEPS } from './program-steps.ts'
import { STACK_STEPS } from './stack-steps.ts'
import { DAY_MS, STEP_STATES, type Step } from './step.ts'

const STEPS: readonly Step[] = [...STACK_STEPS, ...PROGRAM_STEPS]
/** By this day what acts is behind Countersign, and by the other an auditor may come. */
export const STACK_DAYS = 14
export const PLAN_DAYS = 90

const progress = z.object({ by_day: z.int(), done: z.int(), of: z.int(), days_left: z.int() })
type Progress = z.infer<typeof progress>

export const readinessPlanSchema = z.object({
  /** Milliseconds since 1970, as `started`: when the log began. */
  time: z.int(),
  started: z.int(),
  simulated: z.boolean(),
  /** Whole days since then. */
  day: z.int(),
  stack: progress,
  whole: progress,
  /** In the order of their days. */
  steps: z.array(
    z.object({
      id: z.string(),
      title: z.string(),
      /** Counted from the day the log began. */
      by_day: z.int(),
      state: z.enum(STEP_STATES),
      /** It is not done, and its day is over. */
      late: z.boolean(),
      measure: z.record(z.string(), z.union([z.number(), z.string()]).nullable()),
      /** The measure as a sentence. */
      says: z.string(),
      /** What to do; null where nothing is left. */
      next: z.string().nullable(),
    }),
  ),
})
export type ReadinessPlan = z.infer<typeof readinessPlanSchema>
export type PlanStep = ReadinessPlan['steps'][number]

export function planOf(facts: ReadinessFacts): ReadinessPlan {
  const { now, started, simulated } = facts
  const day = Math.max(0, Math.floor((now - started) / DAY_MS))
  const steps = STEPS.map(({ id, title, by_day, judge }): PlanStep => {
    const { state, measure, says, next } = judge(facts)
    const late = state !== 'done' && day >= by_day
    return {
      id,
      title,
      by_day,
      state,
      late,
      measure: { ...measure },
      says,
      next: state === 'done' ? null : next,
    }
  })
  return {
    time: now,
    started,
    simulated,
    day,
    stack: progressOf(
      steps.filter(({ by_day }) => by_day <= STACK_DAYS),
      STACK_DAYS,
      day,
    ),
    whole: progressOf(steps, PLAN_DAYS, day),
    steps,
  }
}

function progressOf(steps: readonly PlanStep[], by_day: number, day: number): Progress {
  const done = steps.filter(({ state }) => state === 'done').length
  return { by_day, done, of: steps.length, days_left: Math.max(0, by_day - day) }
}
