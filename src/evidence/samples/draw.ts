/**
 * How a sample is drawn, so that whoever knows what went in draws the same one and nobody could choose it.
 * spec/samples.md (SMP-4 to SMP-7). Pure.
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import { taggedText } from '../../core/digest.ts'
import { utf8 } from '../../core/encoding.ts'
import type { FrequencyName } from '../../log/sample-bodies.ts'

const SEED_TAG = 'countersign-sample-v2'

/** Nothing that whoever draws may word as they like once they know the nonce. */
export interface SeedParts {
  /** Number of the test whose population it is. */
  readonly test: number
  /** Hex SHA-256 of the frozen population. */
  readonly population: string
  /** base64url root of the tree that has the freezing. */
  readonly root: string
  /** Hex, the auditor's; null: management's sample. */
  readonly nonce: string | null
}

/** SMP-4: 32 bytes. */
export function seedOf(crypto: Crypto, parts: SeedParts): Uint8Array {
  const { test, population, root, nonce } = parts
  return crypto.sha256(utf8(taggedText(SEED_TAG, { test, population, root, nonce })))
}

/** SMP-5: by how often a control runs, and how often it did. */
export function defaultSize(frequency: FrequencyName, count: number): number {
  const wanted = {
    annual: 1,
    quarterly: 2,
    monthly: 2,
    weekly: 5,
    daily: 25,
    many_times_a_day: 40,
    on_occurrence: onOccurrence(count),
  }[frequency]
  return Math.min(wanted, count)
}

function onOccurrence(count: number): number {
  if (count <= 10) return count
  if (count <= 50) return 8
  return count <= 250 ? 15 : 25
}

/**
 * SMP-6 and SMP-7: the rows are put in the order of their times, cut into `size` strata of as many rows each as can be,
 * and one row is drawn from each.
 * @param times_ms of each row, in the order of the population
 * @returns places in `times_ms`, ascending; all of them where `size` is as large
 */
export function drawRows(
  crypto: Crypto,
  seed: Uint8Array,
  times_ms: readonly number[],
  size: number,
): readonly number[] {
  const count = times_ms.length
  const order = times_ms
    .map((time_ms, row) => ({ time_ms, row }))
    .sort((a, b) => a.time_ms - b.time_ms || a.row - b.row)
  const strata = Math.min(size, count)
  const rows: number[] = []
  for (let stratum = 0; stratum < strata; stratum++) {
    const first = Math.floor((stratum * count) / strata)
    const width = Math.floor(((stratum + 1) * count) / strata) - first
    const drawn = order[first + below(crypto, seed, stratum, width)]
    if (drawn !== undefined) rows.push(drawn.row)
  }
  return rows.sort((a, b) => a - b)
}

const RANGE = 2n ** 64n

/** Uniform below `width`: what would favour the low numbers is drawn again. */
function below(crypto: Crypto, seed: Uint8Array, stratum: number, width: number): number {
  const limit = RANGE - (RANGE % BigInt(width))
  for (let attempt = 0; ; attempt++) {
    const message = new Uint8Array(8)
    const view = new DataView(message.buffer)
    view.setUint32(0, stratum)
    view.setUint32(4, attempt)
    const mac = crypto.hmacSha256(seed, message)
    const value = new DataView(mac.buffer, mac.byteOffset).getBigUint64(0)
    if (value < limit) return Number(value % BigInt(width))
  }
}
