/** Starts the workers that verify a pack in a browser, and ends them. Runs in the page of `verify.html` and in the console. @module */
import type { Asked, Told, ToWorker } from './messages.ts'

/** Of a pack: below, starting those that read costs more than they take over. */
export const READERS_FROM_BYTES = 64 * 1024 * 1024
/** More wait for the one that puts together what they read. */
const READERS_MAX = 4

/** As browsers have it; the types of this repository are Node's. */
export interface BrowserWorker {
  postMessage(said: ToWorker, memory: readonly object[]): void
  addEventListener(type: 'message', listener: (event: { readonly data: Told }) => void): void
  addEventListener(type: 'error', listener: (event: { readonly message: string }) => void): void
  terminate(): void
}

export interface Verifying {
  /** Ends it; nothing is told any more. */
  stop(): void
}

/**
 * The page starts them all: a worker of a page from a file may start none (Chromium).
 * @param make of {@link file://./worker.ts}
 * @param hear the last that it is told is `done` or `failed`; with that they end, and their memory is given back
 */
export function startVerifying(
  make: () => BrowserWorker,
  asked: Omit<Asked, 'kind' | 'readers'>,
  hear: (told: Told) => void,
  readersFrom_bytes = READERS_FROM_BYTES,
): Verifying {
  const verifier = make()
  const readers = readersFor(make, asked.pack, readersFrom_bytes)
  const stop = (): void => {
    for (const worker of [verifier, ...readers.map((reader) => reader.worker)]) worker.terminate()
  }
  for (const [reader, { worker }] of readers.entries())
    worker.addEventListener('error', () => verifier.postMessage({ kind: 'gone', reader }, []))
  verifier.addEventListener('message', ({ data }) => {
    if (data.kind === 'done' || data.kind === 'failed') stop()
    hear(data)
  })
  verifier.addEventListener('error', ({ message }) => {
    stop()
    hear({ kind: 'failed', code: 'WORKER_FAILED', message: message === '' ? 'it did not start' : message })
  })
  const ports = readers.map(({ port }) => port)
  verifier.postMessage({ ...asked, kind: 'verify', readers: ports as unknown as Asked['readers'] }, [
    asked.pack.buffer,
    ...ports,
  ])
  return { stop }
}

function readersFor(make: () => BrowserWorker, { length }: Uint8Array, from_bytes: number) {
  const count = length < from_bytes ? 0 : Math.min(READERS_MAX, navigator.hardwareConcurrency)
  return Array.from({ length: count }, () => {
    const worker = make()
    const { port1, port2 } = new MessageChannel()
    worker.postMessage({ kind: 'read', port: port1 as never }, [port1])
    return { worker, port: port2 }
  })
}
