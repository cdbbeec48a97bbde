/**
 * Where a score stands among those before it: a p-value, ties broken by seeded uniforms. spec/drift.md (DRF-19, DRF-20).
 * Invariant: counts of the levels of scores are all that is kept of the past.
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import { taggedDigest } from '../../core/digest.ts'
import { utf8 } from '../../core/encoding.ts'
import { LEVELS_MAX, type Channel } from './score.ts'

export const SEED_TAG = 'countersign-drift-seed-v1'
export const TIE_TAG = 'countersign-drift-tie-v1'
const TWO_48 = 2 ** 48

/** By score: sessions of the epoch that had it. Scores that none had may be missing. */
export type Ranks = Record<number, number>

/**
 * The share of the sessions so far, this one among them, that are above its score; of those that have the same, a part.
 * Takes the score in.
 * @param n sessions before it
 * @param u in (0, 1]
 */
export function rank(ranks: Ranks, score: number, n: number, u: number): number {
  let above = 0
  for (const [other, count] of Object.entries(ranks)) if (Number(other) > score) above += count
  const equal = (ranks[score] ?? 0) + 1
  ranks[score] = equal
  return (above + u * equal) / (n + 1)
}

/** DRF-20. @param started index of the receipt that began the epoch */
export function seedOf(crypto: Crypto, epoch: string, started: number): string {
  return taggedDigest(crypto, SEED_TAG, { epoch, started })
}

/** DRF-20. @param n sessions that were scored before it @returns in (0, 1] */
export function tieBreaker(
  crypto: Pick<Crypto, 'sha256'>,
  seed: string,
  n: number,
  channel: Channel,
): number {
  const hash = crypto.sha256(utf8(`${TIE_TAG}\n${seed}\n${n}\n${channel}`))
  let x = 0
  for (let i = 0; i < 6; i++) x = x * 256 + (hash[i] ?? 0)
  return (x + 1) / TWO_48
}

/** As text: counts from 0 on, nothing for none, behind the last nothing. */
export function ranksText(ranks: Ranks): string {
  const counts: (number | string)[] = []
  for (const [score, count] of Object.entries(ranks)) {
    while (counts.length < Number(score)) counts.push('')
    counts.push(count)
  }
  return counts.join(',')
}

/** Of {@link ranksText}: our own, so nothing is checked but how many there are. */
export function ranksOf(text: string): Ranks {
  const ranks: Ranks = {}
  for (const [score, count] of text.split(',', LEVELS_MAX).entries())
    if (count !== '') ranks[score] = Number(count)
  return ranks
}
