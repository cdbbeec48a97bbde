/**
 * The files that a pack makes of its catalogue and results, made again and compared byte for byte. spec/report.md (RPT-1,
 * RPT-10). The catalogue is the company's word: it is read, and not judged.
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import { equalBytes } from '../../core/encoding.ts'
import type { Checkpoint } from '../../log/checkpoint.ts'
import { DESCRIPTION_FILE } from '../companions/drafts/description.ts'
import { EARLIER_FILE } from '../companions/narratives/schema.ts'
import { CATALOGUE_FILE, readCatalogue } from '../controls/catalogue.ts'
import type { Catalogue } from '../controls/schema.ts'
import { PackError, type PackErrorCode } from '../errors.ts'
import type { History } from '../history.ts'
import { isCompanion, PDF_FILE } from '../pack/companion-names.ts'
import { companionFiles, reportInput } from '../pack/companions.ts'
import type { PackFiles } from '../pack/files.ts'
import { periodOf, type Manifest } from '../pack/manifest.ts'
import type { Population } from '../populations/population.ts'
import type { Sample } from '../samples/samples.ts'
import { evaluationsOf } from '../tests/evaluated.ts'
import type { TestResults } from '../tests/result.ts'
import type { ProvenAllows } from './allows.ts'
import type { Findings } from './report.ts'
import { signedMade } from './signature.ts'

interface Made {
  readonly manifest: Manifest
  readonly checkpoint: Checkpoint
  readonly start: Checkpoint | null
  readonly history: History
  readonly allows: ProvenAllows
  readonly populations: readonly Population[]
  readonly results: TestResults
  readonly samples: readonly Sample[]
}

export function checkCompanions(crypto: Crypto, files: PackFiles, made: Made, findings: Findings): void {
  const bytes = files.get(CATALOGUE_FILE)
  if (bytes === undefined) return
  findings.check('report, OSCAL and the files beside them recompute to the same bytes', () => {
    const catalogue = catalogueOf(bytes, findings)
    if (catalogue === null) return 0
    const { manifest, checkpoint: end, start, history, allows, populations, samples } = made
    const period = periodOf(manifest)
    const { tests } = made.results
    const source = {
      generator: manifest.generator,
      period,
      start,
      end,
      catalogue,
      tests,
      populations,
      history,
      allows,
      samples,
      evaluations: evaluationsOf(history, findings),
      made: signedMade(files),
      files,
    }
    const wanted = madeAgain(findings, () => companionFiles(crypto, reportInput(source)))
    if (wanted === null) return 0
    for (const [file, its] of wanted) {
      const found = files.get(file)
      if (found === undefined) findings.add({ code: 'FILE_MISSING', message: `${file} is missing`, file })
      else if (!equalBytes(found, its)) {
        const message = `${file} is not what the log, its tests and the catalogue give`
        findings.add({ code: 'COMPANION_MISMATCH', message, file })
      }
    }
    for (const file of files.keys())
      if (isCompanion(file) && file !== PDF_FILE && !wanted.has(file))
        findings.add({ code: 'FILE_EXTRA', message: `${file} is not a file of this pack`, file })
    return wanted.size
  })
}

/** Of what a company gives besides its catalogue, where it stands. */
const GIVEN: Partial<Record<PackErrorCode, string>> = {
  PACK_EARLIER_INVALID: EARLIER_FILE,
  PACK_DESCRIPTION_INVALID: DESCRIPTION_FILE,
}

/** What a company gave may ask for what no log answers: nothing is made of that. */
function madeAgain<T>(findings: Findings, make: () => T): T | null {
  try {
    return make()
  } catch (error) {
    if (!(error instanceof PackError)) throw error
    const file = GIVEN[error.code] ?? CATALOGUE_FILE
    findings.add({ code: 'COMPANION_MISMATCH', message: error.message, file })
    return null
  }
}

function catalogueOf(bytes: Uint8Array, findings: Findings): Catalogue | null {
  try {
    return readCatalogue(bytes)
  } catch (error) {
    if (!(error instanceof PackError)) throw error
    findings.add({ code: 'COMPANION_MISMATCH', message: error.message, file: CATALOGUE_FILE })
    return null
  }
}
