/**
 * Verifies a pack in this browser: the workers of `verify.html` (apps/verifier), bundled with the console. What it says is
 * as good as this page: an auditor takes the verifier that is released apart from it.
 * @module
 */
import type { Told } from '../../../../verifier/messages.ts'
import { startVerifying, type BrowserWorker, type Verifying } from '../../../../verifier/start.ts'

export type { Told, Verifying }

const start = () =>
  new Worker(new URL('../../../../verifier/worker.ts', import.meta.url), {
    type: 'module',
  }) as unknown as BrowserWorker

export function verify(pack: Uint8Array, key: string, hear: (told: Told) => void): Verifying {
  return startVerifying(start, { pack, key, held: [], earlier: null, witnesses: [] }, hear)
}
