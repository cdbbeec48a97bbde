/**
 * What was handed in of sources that are not ours: all that the log says was, as it was committed to, and nothing else.
 * spec/sources.md (RCN-4, RCN-5).
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import type { History } from '../history.ts'
import type { PackFiles } from '../pack/files.ts'
import { periodOf, type Manifest } from '../pack/manifest.ts'
import { sheetOf, sourceFile, uploadsOf, type Sheet } from '../populations/sheets.ts'
import type { Findings } from './report.ts'

/** @returns those that hold */
export function checkSources(
  crypto: Crypto,
  files: PackFiles,
  manifest: Manifest,
  history: History,
  findings: Findings,
): Sheet[] {
  const uploads = uploadsOf(history, periodOf(manifest))
  const ids = new Set(uploads.map(({ entry }) => entry.subject ?? ''))
  const sheets: Sheet[] = []
  if (uploads.length === 0 && manifest.sources.length === 0) return sheets
  findings.check('sources that were handed in are those that the log commits to', () => {
    for (const upload of uploads) {
      const id = upload.entry.subject ?? ''
      const file = sourceFile(id)
      const claimed = manifest.sources.filter((one) => one.id === id && one.file === file)
      const bytes = files.get(file)
      const [claim] = claimed
      if (claim === undefined || claimed.length > 1 || bytes === undefined) {
        const message = `${id} was handed in and not erased, and is not in the pack`
        findings.add({ code: 'SOURCE_MISSING', message, index: upload.index, file })
        continue
      }
      const sheet = sheetOf(crypto, upload, bytes, claim.salt)
      if (sheet !== null) sheets.push(sheet)
      else {
        const message = `${file} is not what entry ${upload.index} commits to`
        findings.add({ code: 'SOURCE_MISMATCH', message, index: upload.index, file })
      }
    }
    for (const { id, file } of manifest.sources)
      if (!ids.has(id))
        findings.add({ code: 'FILE_EXTRA', message: `${file} is not a file of this pack`, file })
    return uploads.length
  })
  return sheets
}
