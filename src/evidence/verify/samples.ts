/** Samples: each drawn again, and the file that a pack has of it made again. spec/samples.md (SMP-8, SMP-9). @module */
import { equalBytes } from '../../core/encoding.ts'
import type { PackFiles } from '../pack/files.ts'
import { sampleBytes, sampleFile, type Sample } from '../samples/samples.ts'
import type { Findings } from './report.ts'

export function checkSamples(files: PackFiles, samples: readonly Sample[], findings: Findings): void {
  const wanted = new Map(samples.map((sample) => [sampleFile(sample.id), sample]))
  const extra = [...files.keys()].filter((file) => isSampleFile(file) && !wanted.has(file))
  if (wanted.size === 0 && extra.length === 0) return
  findings.check(
    'samples are what their seeds draw of populations that were frozen and anchored before',
    () => {
      for (const [file, sample] of wanted) {
        for (const fault of sample.faults) findings.add(fault)
        const bytes = files.get(file)
        if (bytes !== undefined && equalBytes(bytes, sampleBytes(sample))) continue
        const message = `${file} is not the sample that the log has`
        findings.add({ code: 'SAMPLE_MISMATCH', message, index: sample.draw.index, file })
      }
      for (const file of extra)
        findings.add({ code: 'FILE_EXTRA', message: `${file} is not a file of this pack`, file })
      return wanted.size
    },
  )
}

export function isSampleFile(file: string): boolean {
  return /^samples\/[a-z0-9_]{1,64}\.json$/.test(file)
}
