/**
 * What a company gives for a pack that the control plane builds: read and checked before one is begun, as the command line
 * does. spec/evidence.md (EVD-9).
 * @module
 */
import { openFileBytes } from '../../src/adapters/fs/file-bytes.ts'
import { utf8 } from '../../src/core/encoding.ts'
import { NARRATIVES_FILE, readNarratives } from '../../src/evidence/companions/narratives/schema.ts'
import { PackError } from '../../src/evidence/errors.ts'
import { openArchive } from '../../src/evidence/pack/archive.ts'
import { parseDescription } from '../cli/controls/description.ts'
import { ApiError } from './errors.ts'

export interface PackGiven {
  /** The text of a file: what the company says of itself (DFT-2). */
  readonly description?: string
  /** A pack that is kept here, or the `narratives.json` of another (NAR-7). */
  readonly earlier?: { readonly pack: string } | { readonly narratives: string }
}

/** As a pack holds them. */
export interface GivenFiles {
  readonly description: Uint8Array | null
  readonly earlier: Uint8Array | null
}

/**
 * @param fileOf where the file of a pack is that is kept here
 * @throws {ApiError} `REQUEST_INVALID`, and what `fileOf` throws
 */
export function readGiven({ description, earlier }: PackGiven, fileOf: (pack: string) => string): GivenFiles {
  try {
    return {
      description: description === undefined ? null : parseDescription(description, 'the description'),
      earlier: earlier === undefined ? null : narrativesOf(earlier, fileOf),
    }
  } catch (cause) {
    if (!(cause instanceof PackError)) throw cause
    throw new ApiError('REQUEST_INVALID', cause.message, { cause })
  }
}

/** Of which log and period they are is seen when the pack is built: it says over which tree. */
function narrativesOf(
  earlier: NonNullable<PackGiven['earlier']>,
  fileOf: (pack: string) => string,
): Uint8Array {
  const bytes = 'narratives' in earlier ? utf8(earlier.narratives) : narrativesIn(fileOf(earlier.pack))
  readNarratives(bytes)
  return bytes
}

function narrativesIn(path: string): Uint8Array {
  const file = openFileBytes(path)
  try {
    const narratives = openArchive(file).readSync(NARRATIVES_FILE)
    if (narratives === null)
      throw new PackError('PACK_EARLIER_INVALID', `the earlier pack has no ${NARRATIVES_FILE}`)
    return narratives
  } finally {
    file.close()
  }
}
