/** What a step of the plan is. spec/readiness.md (RDY-3). @module */
import type { ReadinessFacts } from '../../core/readiness.ts'

export const DAY_MS = 24 * 3600 * 1000
/** A quarter, with some days to do what falls due in it. */
export const QUARTER_MS = 92 * DAY_MS

export const STEP_STATES = ['done', 'partly', 'open'] as const
export type StepState = (typeof STEP_STATES)[number]

export interface Judged {
  readonly state: StepState
  readonly measure: Readonly<Record<string, number | string | null>>
  /** The measure as a sentence. */
  readonly says: string
  /** What to do where it is not done: a command where there is one. */
  readonly next: string
}

export interface Step {
  readonly id: string
  readonly title: string
  /** Counted from the day the log began. */
  readonly by_day: number
  readonly judge: (facts: ReadinessFacts) => Judged
}

export function stateOf(isDone: boolean, isBegun: boolean): StepState {
  return isDone ? 'done' : isBegun ? 'partly' : 'open'
}

export function hoursOf(ms: number): number {
  return Math.round(ms / 360_000) / 10
}
