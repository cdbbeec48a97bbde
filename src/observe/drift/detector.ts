/**
 * From p-values to levels: bets, Shiryaev-Roberts sums, their weighted average, thresholds. spec/drift.md (DRF-21 to DRF-26).
 * Invariant: of each channel, the average is an e-detector, so that while sessions are exchangeable an alarm at a
 * threshold is expected at most once in as many sessions. Nothing here is fitted to data.
 * @module
 */
import { byChannel, CHANNELS, type Channel } from './score.ts'

/** A bet on small p-values: `1 - stake + stake / alpha` if p <= alpha, else `1 - stake`. */
export interface Bet {
  readonly alpha: number
  readonly stake: number
  readonly weight: number
}

/** In the order of the sums. Expectation of each at most 1, and none is ever 0. */
export const BETS: readonly Bet[] = [
  { alpha: 0.02, stake: 0.25, weight: 0.2 },
  { alpha: 0.02, stake: 0.8, weight: 0.2 },
  { alpha: 0.07, stake: 0.25, weight: 0.25 },
  { alpha: 0.07, stake: 0.8, weight: 0.35 },
]

/** Of the bound on false alarms, the share that each channel may use. Together 1. */
export const SHARES: Readonly<Record<Channel, number>> = {
  joint: 0.4,
  transition_max: 0.1,
  transition_mean: 0.05,
  magnitude: 0.05,
  rate: 0.05,
  novelty: 0.35,
}

/** A sum is not let above this: to keep it finite. What is less than an e-detector alarms no earlier. */
export const SUM_MAX = 1e12

/** Of one channel, the sum of each bet. */
export type Sums = number[]

export function emptySums(): Sums {
  return BETS.map(() => 0)
}

/** Takes one p-value in. @returns the channel's average */
export function bet(sums: Sums, p: number): number {
  let average = 0
  for (const [i, { alpha, stake, weight }] of BETS.entries()) {
    const e = p <= alpha ? 1 - stake + stake / alpha : 1 - stake
    const sum = Math.min(SUM_MAX, ((sums[i] ?? 0) + 1) * e)
    sums[i] = sum
    average += weight * sum
  }
  return average
}

export type DriftLevel = 'none' | 'watch' | 'step_up' | 'isolate'

/** Sessions to a false alarm at each level, at least (DRF-23). */
export interface Thresholds {
  readonly watch: number
  readonly step_up: number
  readonly isolate: number
}

/** What a channel weighs when thresholds are compared with it. */
export function weighed(channel: Channel, average: number): number {
  return SHARES[channel] * average
}

/** @param most the largest of the channels, each {@link weighed} */
export function levelOf(most: number, thresholds: Thresholds): DriftLevel {
  if (most >= thresholds.isolate) return 'isolate'
  if (most >= thresholds.step_up) return 'step_up'
  return most >= thresholds.watch ? 'watch' : 'none'
}

/** By channel, its part of the whole, in percent: what an alarm names as its cause. */
export function partsOf(averages: Readonly<Record<Channel, number>>): Record<Channel, number> {
  const all = CHANNELS.reduce((sum, channel) => sum + weighed(channel, averages[channel]), 0)
  return byChannel((channel) =>
    all === 0 ? 0 : Math.round((100 * weighed(channel, averages[channel])) / all),
  )
}
