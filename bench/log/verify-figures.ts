/** Verifying a million entries, in a process of its own. @module */
import type { NotMeasured } from './postgres.ts'

export interface VerifyFigures {
  readonly seconds: number
  readonly rss_mb: number
}

export async function verifyFigures(_entries: number): Promise<VerifyFigures | NotMeasured> {
  return { not_measured: 'not built yet' }
}
