/** What is planted in a simulation: somebody acts wrongly, or a point does, and a test says so. spec/simulation.md (SIM-17). @module */
import { CountersignError } from '../../../src/core/errors.ts'
import type { DeviationCode } from '../../../src/evidence/tests/codes.ts'
import { DAY_MS, isBusinessDay, startOfDay } from '../clock.ts'
import type { Span, Story } from '../story.ts'

export interface Deviation {
  readonly name: string
  /** In a sentence, for people. */
  readonly what: string
  /** What a pack over the period has to find, and nothing else. */
  readonly finds: readonly { readonly test: number; readonly code: DeviationCode; readonly n: number }[]
  /** Days of the period that have to pass first, and that have to be left. */
  readonly after_days?: number
  readonly left_days?: number
  /** At ten on a day on which nobody works: nothing else happens that it could be mistaken for. */
  play(story: Story): Promise<void>
}

export type SimulationErrorCode = 'DEVIATION_UNKNOWN' | 'DEVIATION_UNPLAYED' | 'PERIOD_SHORT'
/** A simulation that cannot be what was asked for. */
export class SimulationError extends CountersignError<SimulationErrorCode> {}

export interface Planted {
  readonly deviation: Deviation
  /** Midnight UTC, milliseconds since 1970. */
  readonly day_ms: number
}

/** Days of one: what one leaves behind for some days is not another's. */
const DEFAULT_LEFT_DAYS = 4
const DEFAULT_AFTER_DAYS = 7

/**
 * Each on the first free Saturday or Sunday that suits it; several on one when there are too few.
 * @throws {SimulationError} `PERIOD_SHORT`
 */
export function plant(chosen: readonly Deviation[], { from_ms, to_ms }: Span): Planted[] {
  const taken = new Map<number, number>()
  return chosen.map((deviation) => {
    const { name, after_days = DEFAULT_AFTER_DAYS, left_days = DEFAULT_LEFT_DAYS } = deviation
    const days: number[] = []
    const last_ms = to_ms - left_days * DAY_MS
    for (let day_ms = startOfDay(from_ms + after_days * DAY_MS); day_ms < last_ms; day_ms += DAY_MS)
      if (!isBusinessDay(day_ms)) days.push(day_ms)
    const fewest = Math.min(...days.map((day_ms) => taken.get(day_ms) ?? 0))
    const day_ms = days.find((each) => (taken.get(each) ?? 0) === fewest)
    if (day_ms === undefined)
      throw new SimulationError(
        'PERIOD_SHORT',
        `${name} takes ${after_days + left_days + 7} days: simulate more months, or leave it out with --deviations`,
      )
    taken.set(day_ms, fewest + 1)
    return { deviation, day_ms }
  })
}
