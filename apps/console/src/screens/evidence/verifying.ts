/**
 * Verifies a pack in this browser: the worker of `verify.html` (apps/verifier), bundled with the console. What it says is
 * as good as this page: an auditor takes the verifier that is released apart from it.
 * @module
 */
import type { Told } from '../../../../verifier/messages.ts'

export type { Told }

export interface Verifying {
  /** Ends it; nothing is told any more. */
  stop(): void
}

export function verify(pack: Uint8Array, key: string, hear: (told: Told) => void): Verifying {
  const worker = new Worker(new URL('../../../../verifier/worker.ts', import.meta.url), { type: 'module' })
  const end = (told: Told): void => {
    worker.terminate()
    hear(told)
  }
  worker.addEventListener('message', ({ data }: MessageEvent<Told>) => {
    if (data.kind === 'done' || data.kind === 'failed') end(data)
    else hear(data)
  })
  worker.addEventListener('error', ({ message }) =>
    end({ kind: 'failed', code: 'WORKER_FAILED', message: message === '' ? 'it did not start' : message }),
  )
  worker.postMessage({ pack, key, held: [], earlier: null }, [pack.buffer])
  return { stop: () => worker.terminate() }
}
