import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { nodeCrypto } from '../../adapters/node-crypto/node-crypto.ts'
import { DRIFT_POLICY } from '../../core/drift-policy.ts'
import { bet, BETS, emptySums, levelOf, SHARES, SUM_MAX } from './detector.ts'
import { Epoch, SCORED_MAX } from './epoch.ts'
import { emptyRanks, rank, ranksOf, ranksText, seedOf, tieBreakers } from './ranks.ts'
import { CHANNELS, LEVELS_MAX, type Scores } from './score.ts'
import { surprisal16 } from './sixteenths.ts'

const NAME = { agent: 'agt_one', manifest: '', tools: '', task_class: '' }

function warmEpoch(seed: string): Epoch {
  const epoch = new Epoch({ name: NAME, seed, unseen: false, train_sessions: 1 })
  epoch.approved = true
  return epoch
}

test('sixteenths of bits are what a logarithm says, but for the last bit of a double', () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-12, max: 1, noNaN: true }), (p) => {
      const exact = 16 * Math.log2(1 / p)
      expect(surprisal16(p)).toBeGreaterThan(exact - 1 - 1e-6)
      expect(surprisal16(p)).toBeLessThanOrEqual(exact + 1e-6)
    }),
  )
  expect([1, 0.5, 0.25, 2 ** -20].map(surprisal16)).toEqual([0, 16, 32, 320])
})

describe('a bet', () => {
  test('is fair, and none is ever lost as a whole', () => {
    for (const { alpha, stake } of BETS) {
      const [win, miss] = [1 - stake + stake / alpha, 1 - stake]
      expect(alpha * win + (1 - alpha) * miss).toBeCloseTo(1, 12)
      expect(miss).toBeGreaterThan(0)
    }
    expect(BETS.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 12)
  })

  test('adds up, forgets slowly and stays finite', () => {
    const sums = emptySums()
    const won = Array.from({ length: 40 }, () => bet(sums, 0.001))
    expect(won.every((average, i) => i === 0 || average >= (won[i - 1] ?? 0))).toBe(true)
    expect(Math.max(...sums)).toBe(SUM_MAX)
    const after = bet(sums, 1)
    expect(after).toBeLessThan(won.at(-1) ?? 0)
    expect(after).toBeGreaterThan(0)
  })
})

test('channels share the bound, and no more', () => {
  expect(CHANNELS.reduce((sum, channel) => sum + SHARES[channel], 0)).toBeCloseTo(1, 12)
  const { thresholds } = DRIFT_POLICY
  expect([99, 100, 300, 1000].map((most) => levelOf(most, thresholds))).toEqual([
    'none',
    'watch',
    'step_up',
    'isolate',
  ])
})

describe('p-values', () => {
  test('are between none and one, and those of a session that is above all are as small as they can be', () => {
    const ranks = emptyRanks()
    for (let n = 0; n < 50; n++) {
      const p = rank(ranks, n, n, 0.5)
      expect(p).toBeCloseTo(0.5 / (n + 1), 12)
    }
    expect(rank(ranks, 0, 50, 1)).toBe(1)
  })

  test('of the same scores are uniform by the tie-breaker alone', () => {
    const ranks = emptyRanks()
    const seed = seedOf(nodeCrypto, 'epoch', 1)
    const ps = Array.from({ length: 2000 }, (_, n) =>
      rank(ranks, 3, n, tieBreakers(nodeCrypto, seed, n).joint),
    )
    for (const bound of [0.1, 0.5, 0.9])
      expect(ps.filter((p) => p <= bound).length / ps.length).toBeCloseTo(bound, 1)
  })

  test('are kept as counts that come back as they were', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(LEVELS_MAX - 1), { maxLength: 200 }), (scores) => {
        const ranks = emptyRanks()
        scores.forEach((score, n) => rank(ranks, score, n, 1))
        expect(ranksOf(ranksText(ranks))).toEqual(ranks)
      }),
    )
  })
})

test('what a detector keeps is less than 32 KiB after as many sessions as an epoch has', () => {
  const full = emptyRanks().fill(Math.floor(SCORED_MAX / LEVELS_MAX))
  const because = {
    channel: 'novelty',
    entry: 2 ** 40,
    what: '\u{FFFD}'.repeat(200),
    score: 1023,
    n: SCORED_MAX,
  }
  const young = warmEpoch('s'.repeat(43)).stored()
  const stored = {
    ...young,
    n: SCORED_MAX,
    ranks: Object.fromEntries(CHANNELS.map((channel) => [channel, ranksText(full)])),
    sums: Object.fromEntries(CHANNELS.map((channel) => [channel, BETS.map(() => 123456.78901234567)])),
    because: Array.from({ length: 8 }, () => because),
    learning: null,
  }
  expect(Buffer.byteLength(JSON.stringify(stored))).toBeLessThan(32 * 1024)
})

describe('while sessions are exchangeable', () => {
  /** A mix of three kinds of work: channels depend on each other, and ties are many. */
  function draw(next: () => number): Scores {
    const kind = Math.floor(next() * 3)
    const joint = kind * 40 + Math.floor(next() ** 4 * 300)
    return {
      joint,
      transition_max: joint + Math.floor(next() * 20),
      transition_mean: Math.floor(joint / 2),
      magnitude: kind === 2 ? joint : Math.floor(next() * 4),
      rate: 0,
      novelty: next() < 0.05 ? 200 : 10 * kind,
    }
  }

  test('alarms come no more often than the bound says', () => {
    const [streams, sessions] = [10, 1500]
    let state = 1
    const next = (): number => {
      state = (state * 48271) % 2147483647
      return state / 2147483647
    }
    let alarms = 0
    let watched = 0
    for (let i = 0; i < streams; i++) {
      const epoch = warmEpoch(seedOf(nodeCrypto, 'bound', i))
      for (let n = 0; n < DRIFT_POLICY.calibrate_sessions + sessions; n++) {
        const taken = epoch.takeScores(nodeCrypto, DRIFT_POLICY, draw(next))
        alarms += taken.alarms.length
        if (taken.reach >= DRIFT_POLICY.thresholds.watch) watched += 1
      }
    }
    expect(watched).toBeGreaterThan(0)
    expect(alarms).toBeLessThanOrEqual((streams * sessions) / DRIFT_POLICY.thresholds.isolate)
  })

  test('an alarm ends after the sessions for which it stands', () => {
    const epoch = warmEpoch('seed')
    const policy = { ...DRIFT_POLICY, hold_sessions: 3 }
    const scores = (score: number): Scores =>
      Object.fromEntries(CHANNELS.map((channel) => [channel, score])) as Scores
    for (let n = 0; n < 100; n++) epoch.takeScores(nodeCrypto, policy, scores(n % 10))
    let alarmed = 0
    while (epoch.level !== 'isolate' && alarmed < 20) {
      epoch.takeScores(nodeCrypto, policy, scores(500 + alarmed))
      alarmed += 1
    }
    expect(alarmed).toBeLessThanOrEqual(4)
    const levels = Array.from(
      { length: 30 },
      (_, n) => epoch.takeScores(nodeCrypto, policy, scores(n % 5)).level,
    )
    expect(levels[0]).toBe('isolate')
    expect(levels.at(-1)).toBe('none')
  })

  test('an epoch that was stored goes on as if it had not been', () => {
    const [one, other] = [warmEpoch('seed'), warmEpoch('seed')]
    let stored = other.stored()
    for (let n = 0; n < 130; n++) {
      const scores = Object.fromEntries(
        CHANNELS.map((channel, k) => [channel, (n * 37 + k * 11) % 97]),
      ) as Scores
      const restored = Epoch.restored(JSON.parse(JSON.stringify(stored)), null)
      const again = restored.takeScores(nodeCrypto, DRIFT_POLICY, scores)
      expect(again).toEqual(one.takeScores(nodeCrypto, DRIFT_POLICY, scores))
      stored = restored.stored()
    }
  })
})
