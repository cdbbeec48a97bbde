/**
 * What was pruned of the log behind a pack: by the word of a person who was registered, exactly what the entry says, and
 * nothing of the pack's own period. spec/retention.md (RET-7, RET-8).
 * Not checked: what the entries that are gone said; their hashes are in the tree.
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import { publishedProofs, type PruningCheck } from '../../log/pruning.ts'
import type { TileReader } from '../../log/tile-file.ts'
import type { History } from '../history.ts'
import type { Manifest } from '../pack/manifest.ts'
import { actFault } from './acts.ts'
import type { ApprovalTerms } from './approvals.ts'
import type { Findings } from './report.ts'

/** Of the tree: gaps and the entries that announced them. @param size of the tree that verified */
export async function checkGaps(
  crypto: Crypto,
  prunings: PruningCheck,
  pack: { readonly tiles: TileReader; readonly size: number },
  findings: Findings,
): Promise<void> {
  const faults = await prunings.finish(publishedProofs(crypto, pack.tiles, pack.size))
  for (const { path, ...fault } of faults)
    findings.add({ ...fault, ...(path === undefined ? {} : { file: path }) })
}

/** @returns how many there are */
export function checkPrunings(
  crypto: Crypto,
  history: History,
  { rp }: ApprovalTerms,
  findings: Findings,
): number {
  for (const { index, entry } of history.prunings) {
    const { act, gesture } = entry.body
    const by = { index, actor: entry.actor.id, by: act.approver, act, gesture }
    const fault = actFault(crypto, history, rp, by)
    if (fault === null) continue
    findings.add({
      code: 'PRUNING_INVALID',
      message: `the pruning of entry ${index} does not hold: ${fault}`,
      index,
    })
  }
  return history.prunings.length
}

/** RET-8: populations of a time of which entries are gone would not be complete. */
export function checkPeriod(history: History, manifest: Manifest, findings: Findings): void {
  if (Date.parse(manifest.period.from) >= history.prunedBefore()) return
  findings.add({
    code: 'PERIOD_PRUNED',
    message: 'entries of the period were pruned: its populations are not complete',
  })
}
