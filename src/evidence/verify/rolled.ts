/** An earlier pack beside a later one, as a report has it. spec/populations.md (POP-8). @module */
import { counted } from '../../core/words.ts'
import type { Manifest } from '../pack/manifest.ts'
import type { TestResult } from '../tests/result.ts'

/** Entries that a list names; the numbers are exact. */
export const ROLLED_LISTED_MAX = 100

export interface RolledPopulation {
  /** Rows that the earlier pack has. */
  readonly before: number
  readonly now: number
  /** Rows of either that stand in both, byte for byte. */
  readonly same: number
  /** Entries that no row of the earlier pack is about. */
  readonly added: number
  /** Entries that rows of both are about, and these differ. */
  readonly changed: number
  /** Entries that only rows of the earlier pack are about. */
  readonly gone: number
  /** The first {@link ROLLED_LISTED_MAX} of each, by index. */
  readonly entries: {
    readonly added: readonly number[]
    readonly changed: readonly number[]
    readonly gone: readonly number[]
  }
}

export interface RolledForward {
  readonly earlier: {
    readonly state: Manifest['state']
    readonly period: Manifest['period']
    readonly end: number
    readonly root: string
  }
  /** By name, of those that both packs have. */
  readonly populations: Readonly<Record<string, RolledPopulation>>
  /** By number, of tests whose outcome or deviations are others than they were. */
  readonly tests: Readonly<Record<string, { readonly before: Outcome; readonly now: Outcome }>>
}

export interface Outcome {
  readonly result: TestResult['result']
  readonly items: number
  readonly deviations: number
}

/** A line a population and a test that is not as it was. */
export function rolledLines({ earlier, populations, tests }: RolledForward): string[] {
  const { state, period, end } = earlier
  const changed = Object.entries(populations).filter(
    ([, { added, changed: others, gone }]) => added + others + gone > 0,
  )
  return [
    `${state}, ${period.from} to ${period.to}, ${counted(end, 'entry', 'entries')}: this log grew out of it`,
    ...changed.map(
      ([name, { before, now, added, changed: others, gone }]) =>
        `${name}: ${counted(before, 'row')}, now ${now}; entries added ${added}, changed ${others}, gone ${gone}`,
    ),
    `${counted(Object.keys(populations).length - changed.length, 'other population is', 'other populations are')} the same, byte for byte`,
    ...Object.entries(tests).map(
      ([number, { before, now }]) => `test ${number}: ${outcomeText(before)}, now ${outcomeText(now)}`,
    ),
  ]
}

function outcomeText({ result, items, deviations }: Outcome): string {
  return `${result.replaceAll('_', ' ')} (${counted(items, 'item')}, ${counted(deviations, 'deviation')})`
}
