/** Populations as they were over the first entries of a log. spec/samples.md (SMP-1). @module */
import type { Crypto } from '../../core/crypto.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Checkpoint } from '../../log/checkpoint.ts'
import { verifyTree } from '../../log/reader.ts'
import { PackError } from '../errors.ts'
import { History } from '../history.ts'
import type { Period } from '../populations/definition.ts'
import { Population } from '../populations/population.ts'
import { POPULATIONS } from '../populations/populations.ts'

type Tiles = Parameters<typeof verifyTree>[1]

/**
 * The first `size` entries of a tree that verifies.
 * @throws {PackError} `PACK_FILE_MISSING`: it does not
 */
export async function historyAt(
  crypto: Crypto,
  tiles: Tiles,
  end: Checkpoint,
  size: number,
): Promise<History> {
  const history = new History(crypto)
  const read = await verifyTree(crypto, tiles, end, {
    onPruned: (first) => {
      if (first < size) history.pruned(first)
    },
    onEntry: (index, bytes) => {
      if (index < size) history.addBytes(index, bytes)
    },
  })
  if (!read.ok) throw new PackError('PACK_FILE_MISSING', `the log does not verify (${read.code})`)
  return history
}

export interface FrozenRows {
  readonly count: number
  /** Hex, of the JSON Lines. */
  readonly sha256: string
  readonly rows: readonly JsonObject[]
  /** Of each row, that of its entry; 0 where it is about none. */
  readonly times_ms: readonly number[]
}

/** @returns null: there is no such population */
export function frozenRows(
  crypto: Crypto,
  history: History,
  period: Period,
  name: string,
): FrozenRows | null {
  const of = POPULATIONS.find((definition) => definition.name === name)
  if (of === undefined) return null
  const population = new Population(crypto, of, history, period)
  const rows = [...population.rows]
  const times_ms = rows.map(({ index }) =>
    typeof index === 'number' ? (history.tested.placeOf(index)?.time_ms ?? 0) : 0,
  )
  const { count, sha256 } = population.digest
  return { count, sha256, rows, times_ms }
}
