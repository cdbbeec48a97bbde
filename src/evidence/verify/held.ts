/**
 * Checkpoints of the log that the reader of a pack holds from before: the tree of the pack must grow out of each.
 * spec/pack.md (PCK-10).
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import { equalBytes } from '../../core/encoding.ts'
import { CountersignError } from '../../core/errors.ts'
import { openCheckpoint, type Checkpoint } from '../../log/checkpoint.ts'
import { rootAt } from '../../log/reader.ts'
import type { TileReader } from '../../log/tile-file.ts'
import type { Fault } from './report.ts'

export interface HeldCheckpoint {
  /** As the reader calls it. */
  readonly name: string
  /** The signed note. */
  readonly note: Uint8Array
}

export interface HeldTree {
  readonly vkey: string
  /** Null: that of the pack does not verify. */
  readonly checkpoint: Checkpoint | null
  /** Whether every entry hashes up to it. */
  readonly isWhole: boolean
  readonly tiles: TileReader
}

export interface HeldAnswer {
  readonly faults: readonly Fault[]
  readonly compared: number
  /** Why the others were not, each in words. */
  readonly not_checked: readonly string[]
}

export async function compareHeld(
  crypto: Crypto,
  tree: HeldTree,
  held: readonly HeldCheckpoint[],
): Promise<HeldAnswer> {
  const faults: Fault[] = []
  const not_checked: string[] = []
  let compared = 0
  for (const each of held) {
    const head = opened(crypto, each, tree.vkey)
    if ('code' in head) faults.push(head)
    else if (tree.checkpoint === null || !tree.isWhole)
      not_checked.push(
        `${each.name}, a checkpoint that you hold: the tree of the pack does not verify itself`,
      )
    else if (head.size > tree.checkpoint.size)
      not_checked.push(
        `${each.name}, a checkpoint that you hold: it is of ${head.size} entries, and the pack has ${tree.checkpoint.size}`,
      )
    else {
      compared++
      const root =
        head.size === 0 ? head.root : await rootAt(crypto, tree.tiles, head.size, tree.checkpoint.size)
      if (!equalBytes(root, head.root)) faults.push(forked(each, head))
    }
  }
  if (held.length === 0)
    not_checked.push(
      'that the log is the one that you saw before: no earlier checkpoint was given to compare with',
    )
  return { faults, compared, not_checked }
}

function opened(crypto: Crypto, { name, note }: HeldCheckpoint, vkey: string): Checkpoint | Fault {
  try {
    return openCheckpoint(crypto, note, vkey)
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error
    const message = `${name}, which you hold, is no checkpoint under the key given: ${error.message}`
    return { code: 'HELD_CHECKPOINT_INVALID', message, file: name }
  }
}

function forked({ name }: HeldCheckpoint, { size }: Checkpoint): Fault {
  const message = `the first ${size} entries are not those of ${name}, which you hold: the log signed two histories`
  return { code: 'HELD_CHECKPOINT_FORKED', message, file: name }
}
