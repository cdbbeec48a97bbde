/**
 * Runs the tests of a pack over a published log, for any period, and builds no pack. spec/readiness.md (RDY-6).
 * Invariant: the same tests over the same entries as a pack of that period has.
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import { openCheckpoint } from '../../log/checkpoint.ts'
import { decodeEntry } from '../../log/entries.ts'
import { verifyTree } from '../../log/reader.ts'
import type { TileStore } from '../../ports/tile-store.ts'
import { PackError } from '../errors.ts'
import { History } from '../history.ts'
import type { Period } from '../populations/definition.ts'
import type { TestResults } from '../tests/result.ts'
import { testsOf } from '../tests/run.ts'
import { checkHistory } from '../verify/checks.ts'
import { Findings } from '../verify/report.ts'

export interface LogSource {
  readonly tiles: Pick<TileStore, 'read'>
  readonly vkey: string
  /** The signed note of the tree that is read. */
  readonly checkpoint: Uint8Array
}

/**
 * @param period may end later than the log: what is not due by then is no deviation (TST-2)
 * @throws {PackError} `PACK_PERIOD_INVALID`, `PACK_LOG_EMPTY`; `PACK_FILE_MISSING`: the log does not verify
 * @throws {LogError} a checkpoint or tile that does not hold
 */
export async function rehearse(
  crypto: Crypto,
  { tiles, vkey, checkpoint }: LogSource,
  period: Period,
  onProgress: (entries: number, of: number) => void = () => undefined,
): Promise<TestResults> {
  if (!(period.from_ms < period.to_ms))
    throw new PackError('PACK_PERIOD_INVALID', 'the period must end after it starts')
  const end = openCheckpoint(crypto, checkpoint, vkey)
  if (end.size === 0) throw new PackError('PACK_LOG_EMPTY', 'the log has no entries yet')
  const history = new History(crypto)
  const read = await verifyTree(crypto, tiles, end, {
    onPruned: (first) => history.pruned(first),
    onEntry: (index, bytes) => {
      if (index % 1000 === 0) onProgress(index, end.size)
      history.add(index, decodeEntry(bytes))
    },
  })
  if (!read.ok)
    throw new PackError(
      'PACK_FILE_MISSING',
      `the log itself does not verify (${read.code}): see "countersign log verify"`,
    )
  const findings = new Findings()
  const checked = checkHistory(crypto, history, vkey, findings)
  return testsOf(crypto, tiles, { ...checked, history, findings }, period)
}
