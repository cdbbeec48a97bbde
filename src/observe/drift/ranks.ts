/**
 * Where a score stands among those before it: a p-value, ties broken by seeded uniforms. spec/drift.md (DRF-19, DRF-20).
 * Invariant: counts of the levels of scores are all that is kept of the past.
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import { taggedDigest } from '../../core/digest.ts'
import { utf8 } from '../../core/encoding.ts'
import { byChannel, CHANNELS, LEVELS_MAX, type Channel } from './score.ts'

export const SEED_TAG = 'countersign-drift-seed-v1'
export const TIE_TAG = 'countersign-drift-tie-v1'
const TWO_32 = 2 ** 32
const TWO_40 = 2 ** 40

/** By score: sessions of the epoch that had it. */
export type Ranks = Uint32Array

export function emptyRanks(): Ranks {
  return new Uint32Array(LEVELS_MAX)
}

/**
 * The share of the sessions so far, this one among them, that are above its score; of those that have the same, a part.
 * Takes the score in.
 * @param n sessions before it
 * @param u in (0, 1]
 */
export function rank(ranks: Ranks, score: number, n: number, u: number): number {
  let above = 0
  for (let other = score + 1; other < LEVELS_MAX; other++) above += ranks[other] ?? 0
  const equal = (ranks[score] ?? 0) + 1
  ranks[score] = equal
  return (above + u * equal) / (n + 1)
}

/** DRF-20. @param started index of the receipt that began the epoch */
export function seedOf(crypto: Crypto, epoch: string, started: number): string {
  return taggedDigest(crypto, SEED_TAG, { epoch, started })
}

/** DRF-20. One a channel, in (0, 1]. @param n sessions that were scored before it */
export function tieBreakers(
  crypto: Pick<Crypto, 'sha256'>,
  seed: string,
  n: number,
): Readonly<Record<Channel, number>> {
  const hash = crypto.sha256(utf8(`${TIE_TAG}\n${seed}\n${n}`))
  const view = new DataView(hash.buffer, hash.byteOffset, hash.byteLength)
  const of = (k: number): number => (view.getUint8(5 * k) * TWO_32 + view.getUint32(5 * k + 1) + 1) / TWO_40
  return byChannel((channel) => of(CHANNELS.indexOf(channel)))
}

/** As text: counts from 0 on, nothing for none, behind the last nothing. */
export function ranksText(ranks: Ranks): string {
  return Array.from(ranks, (count) => (count === 0 ? '' : count))
    .join(',')
    .replace(/,+$/, '')
}

/** Of {@link ranksText}: our own, so nothing is checked but how many there are. */
export function ranksOf(text: string): Ranks {
  const ranks = emptyRanks()
  for (const [score, count] of text.split(',', LEVELS_MAX).entries())
    if (count !== '') ranks[score] = Number(count)
  return ranks
}
