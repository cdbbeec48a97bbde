/** Verifying a million entries, in a process of its own: whatever verify.ts beside this measures. @module */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { NotMeasured } from './postgres.ts'

export interface VerifyFigures {
  readonly seconds: number
  readonly rss_mb: number
}

interface VerifyBench {
  benchVerify(entries: number): Promise<{ readonly tree: VerifyFigures; readonly strict: VerifyFigures }>
}

const FILE = join(import.meta.dirname, 'verify.ts')

/** Every entry up to the signed root. */
export async function verifyFigures(entries: number): Promise<VerifyFigures | NotMeasured> {
  if (!existsSync(FILE)) return { not_measured: 'not built yet' }
  const bench = (await import(pathToFileURL(FILE).href)) as VerifyBench
  return (await bench.benchVerify(entries)).tree
}
