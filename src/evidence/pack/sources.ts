/** What was handed in of sources that are not ours, as files of a pack. spec/sources.md (RCN-4). @module */
import type { Crypto } from '../../core/crypto.ts'
import { utf8 } from '../../core/encoding.ts'
import { PackError } from '../errors.ts'
import { sheetOf, sourceFile, type LoggedUpload, type Sheet } from '../populations/sheets.ts'
import type { WrittenFiles } from './files.ts'

/** What a commitment of an entry is to, with its salt. @returns null: nobody has it any more */
export type SourceOpener = (entry: number) => Promise<{ readonly csv: string; readonly salt: string } | null>

export interface AddedSource {
  readonly id: string
  readonly file: string
  readonly salt: string
  readonly sheet: Sheet
}

/** @throws {PackError} `PACK_FILE_MISSING`: one that was not erased cannot be opened */
export async function addSources(
  crypto: Crypto,
  files: WrittenFiles,
  uploads: readonly LoggedUpload[],
  open: SourceOpener = () => Promise.resolve(null),
): Promise<AddedSource[]> {
  const sources: AddedSource[] = []
  for (const upload of uploads) {
    const id = upload.entry.subject ?? ''
    const file = sourceFile(id)
    const opened = await open(upload.index)
    const bytes = utf8(opened?.csv ?? '')
    const sheet = opened === null ? null : sheetOf(crypto, upload, bytes, opened.salt)
    if (opened === null || sheet === null) {
      const what = `${id} was handed in and not erased, and cannot be opened`
      throw new PackError('PACK_FILE_MISSING', `${what}: bring back what was kept, or erase it`)
    }
    await files.add(file, [bytes])
    sources.push({ id, file, salt: opened.salt, sheet })
  }
  return sources
}
