/** {@link TaintFile} over one file, mode 0600, replaced whole. spec/flow.md (FLW-17). @module */
import { SpoolError } from '../../ports/spool.ts'
import type { TaintFile } from '../../ports/taint-file.ts'
import { readWhole, replaceFile } from './files.ts'

const MODES = { file: 0o600, dir: 0o700 }
/** Some ten thousand domains. */
const BYTES_MAX = 16 * 1024 * 1024

/** Opens it; what is too large or cannot be read counts as nothing. */
export async function openFsTaintFile(path: string): Promise<TaintFile> {
  const bytes = await readWhole(path, BYTES_MAX).catch(() => null)
  return {
    kept: bytes === null ? null : Buffer.from(bytes).toString(),
    save: async (text) => {
      try {
        await replaceFile(path, Buffer.from(text), MODES)
      } catch (cause) {
        throw new SpoolError('SPOOL_UNAVAILABLE', 'what was read in memory domains could not be stored', {
          cause,
        })
      }
    },
  }
}
