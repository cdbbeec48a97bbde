/**
 * Cosignatures under the checkpoints of a pack, by witnesses whose keys the reader names. spec/pack.md (PCK-11).
 * Invariant: a witness counts only by a key from the reader, never by one from the pack.
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import { rfc3339 } from '../../core/time.ts'
import {
  openCosignatures,
  parseCosignerVkey,
  type Cosignature,
  type CosignerKey,
} from '../../log/cosignature.ts'
import { LogError } from '../../log/entries.ts'
import type { PackFiles } from '../pack/files.ts'
import type { Cosigned } from './cosigned.ts'
import type { Fault } from './report.ts'

export interface CosignedAnswer {
  readonly faults: readonly Fault[]
  readonly cosigned: readonly Cosigned[]
  /** What they did not cosign, each in words. */
  readonly not_checked: readonly string[]
}

/** Each once. @throws {LogError} `VKEY_INVALID` */
export function witnessKeys(crypto: Crypto, vkeys: readonly string[]): CosignerKey[] {
  return [...new Set(vkeys)].map((vkey) => parseCosignerVkey(crypto, vkey))
}

/** @param checkpoints names of files that verify under the key of the log */
export function compareCosignatures(
  crypto: Crypto,
  files: Pick<PackFiles, 'get'>,
  checkpoints: readonly string[],
  witnesses: readonly CosignerKey[],
): CosignedAnswer {
  const faults: Fault[] = []
  const cosigned: Cosigned[] = []
  const not_checked: string[] = []
  for (const file of checkpoints) {
    const note = files.get(file)
    if (note === undefined) continue
    for (const witness of witnesses) {
      const found = opened(crypto, note, witness, file)
      if (found === null)
        not_checked.push(`that ${witness.name} saw the tree of ${file}: it carries no cosignature of theirs`)
      else if ('code' in found) faults.push(found)
      else cosigned.push({ file, witness: witness.name, at: rfc3339(found.time_s * 1000) })
    }
  }
  if (witnesses.length === 0)
    not_checked.push('cosignatures under the checkpoints: no key of a witness was given')
  return { faults, cosigned, not_checked }
}

/** Null: the witness did not sign it. */
function opened(
  crypto: Crypto,
  note: Uint8Array,
  witness: CosignerKey,
  file: string,
): Cosignature | Fault | null {
  try {
    return openCosignatures(crypto, note, [witness])[0] ?? null
  } catch (error) {
    if (!(error instanceof LogError)) throw error
    const message = `${file}, of a witness that you named: ${error.message}`
    return { code: 'COSIGNATURE_INVALID', message, file }
  }
}
