/**
 * What watches a stream of scored sessions: ours, and three from the literature on the same score. The others were written
 * here from their papers, with the parameters that those and textbooks give:
 * EWMA (Roberts 1959; lambda 0.2, 3 sigma), Page-Hinkley (Page 1954, Hinkley 1971; drift 0.5 sigma, threshold 5 sigma),
 * ADWIN (Bifet and Gavalda 2007; delta 0.002). They get the joint score.
 * @module
 */
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { DRIFT_POLICY, type DriftPolicy } from '../../src/core/drift-policy.ts'
import { Epoch } from '../../src/observe/drift/epoch.ts'
import type { DriftLevel } from '../../src/observe/drift/detector.ts'
import { LEVELS_MAX, type Channel } from '../../src/observe/drift/score.ts'
import type { Scored } from './agents.ts'

export interface Monitor {
  /** @returns whether it alarms with this session; it begins again after that */
  take(session: Scored): boolean
}

export type Watching = (calibration: readonly Scored[], seed: string) => Monitor

export interface Ours extends Monitor {
  readonly level: DriftLevel
  /** Of the last session: channels that alarmed, and each channel's part of the whole. */
  readonly alarms: readonly Channel[]
}

/** The code of production from scores on. */
export function ours(calibration: readonly Scored[], seed: string): Ours {
  const policy: DriftPolicy = { ...DRIFT_POLICY, calibrate_sessions: calibration.length, hold_sessions: 0 }
  const name = { agent: seed, manifest: '', tools: '', task_class: '' }
  const epoch = new Epoch({ name, seed, unseen: false, train_sessions: 1 })
  epoch.approved = true
  let alarms: readonly Channel[] = []
  const take = ({ scores }: Scored): boolean => {
    alarms = epoch.takeScores(nodeCrypto, policy, scores).alarms
    return alarms.length > 0
  }
  calibration.forEach(take)
  return {
    take,
    get level() {
      return epoch.level
    },
    get alarms() {
      return alarms
    },
  }
}

interface Moments {
  readonly mean: number
  readonly sd: number
}

function momentsOf(calibration: readonly Scored[]): Moments {
  const all = calibration.map(({ scores }) => scores.joint)
  const mean = all.reduce((sum, x) => sum + x, 0) / all.length
  const variance = all.reduce((sum, x) => sum + (x - mean) ** 2, 0) / Math.max(1, all.length - 1)
  return { mean, sd: Math.max(1, Math.sqrt(variance)) }
}

const EWMA = { lambda: 0.2, sigmas: 3 }

export const ewma =
  (sigmas = EWMA.sigmas): Watching =>
  (calibration) => {
    const { mean, sd } = momentsOf(calibration)
    const limit = mean + sigmas * sd * Math.sqrt(EWMA.lambda / (2 - EWMA.lambda))
    let z = mean
    return {
      take: ({ scores }) => {
        z = EWMA.lambda * scores.joint + (1 - EWMA.lambda) * z
        const alarm = z > limit
        if (alarm) z = mean
        return alarm
      },
    }
  }

const PAGE_HINKLEY = { drift: 0.5, threshold: 5 }

export const pageHinkley =
  (threshold = PAGE_HINKLEY.threshold): Watching =>
  (calibration) => {
    const { mean, sd } = momentsOf(calibration)
    let sum = 0
    let least = 0
    return {
      take: ({ scores }) => {
        sum += (scores.joint - mean) / sd - PAGE_HINKLEY.drift
        least = Math.min(least, sum)
        const alarm = sum - least > threshold
        if (alarm) sum = least = 0
        return alarm
      },
    }
  }

const ADWIN = { delta: 0.002, side_min: 5, window_max: 500 }

/** Scores as shares of the largest; an alarm where the newer part of the window has the larger mean. */
export const adwin: Watching = (calibration) => {
  let window = calibration.map(({ scores }) => scores.joint / LEVELS_MAX)
  return {
    take: ({ scores }) => {
      window.push(scores.joint / LEVELS_MAX)
      if (window.length > ADWIN.window_max) window = window.slice(-ADWIN.window_max)
      const cut = cutOf(window)
      if (cut === null) return false
      const grew = meanOf(window.slice(cut)) > meanOf(window.slice(0, cut))
      window = window.slice(cut)
      return grew
    },
  }
}

/** Where the means of both sides differ by more than chance would have it, or null. */
function cutOf(window: readonly number[]): number | null {
  const n = window.length
  let total = 0
  let squares = 0
  for (const x of window) {
    total += x
    squares += x * x
  }
  const variance = Math.max(0, squares / n - (total / n) ** 2)
  const log = Math.log((2 * Math.log(n)) / ADWIN.delta)
  let left = 0
  for (let i = 1; i < n; i++) {
    left += window[i - 1] ?? 0
    if (i < ADWIN.side_min || n - i < ADWIN.side_min) continue
    const m = 1 / (1 / i + 1 / (n - i))
    const bound = Math.sqrt((2 / m) * variance * log) + (2 / (3 * m)) * log
    if (Math.abs(left / i - (total - left) / (n - i)) > bound) return i
  }
  return null
}

function meanOf(all: readonly number[]): number {
  return all.reduce((sum, x) => sum + x, 0) / Math.max(1, all.length)
}

export const WATCHING: Readonly<Record<string, Watching>> = {
  ours,
  ewma: ewma(),
  'page-hinkley': pageHinkley(),
  adwin,
}
