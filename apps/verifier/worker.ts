/**
 * The workers of `verify.html`: our verifier over WebCrypto, beside the page, which stays free, and those that read
 * bundles for it. docs/verifying.md
 * @module
 */
import '../attest/jitless.ts'
import { inBatches } from '../../src/adapters/web-crypto/batches.ts'
import { CountersignError } from '../../src/core/errors.ts'
import { verifyRolled } from '../../src/evidence/verify/roll-forward.ts'
import { pageCodec } from './codec.ts'
import type { Asked, Told, ToWorker } from './messages.ts'
import { portReaders, serveBundlesAt, type PortReaders } from './port-readers.ts'

/** What a worker has; the types of this repository are Node's. */
interface Scope {
  postMessage(told: Told): void
  addEventListener(type: 'message', listener: (event: { readonly data: ToWorker }) => void): void
}
const scope = globalThis as unknown as Scope
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- who made a worker is all that hears it
const tell = (told: Told): void => scope.postMessage(told)

/** A worker that is not there by then is not waited for: what it would read is read here. */
const READY_MS = 5_000

let readers: PortReaders | undefined

scope.addEventListener('message', ({ data }) => {
  if (data.kind === 'read') serveBundlesAt(data.port)
  else if (data.kind === 'gone') readers?.gone(data.reader)
  else void judge(data).then(tell)
})

async function judge({ pack, key, held, earlier, witnesses, readers: ports }: Asked): Promise<Told> {
  readers = ports.length === 0 ? undefined : portReaders(ports)
  const threads = readers === undefined ? {} : { readers: readers.threads }
  const options = { codec: pageCodec, held, earlier, witnesses, ...threads }
  const began_ms = performance.now()
  const onProgress = (done: number, of: number): void => tell({ kind: 'entries', done, of })
  const onSignatures = (done: number, of: number): void => tell({ kind: 'signatures', done, of })
  try {
    if (readers !== undefined) await Promise.race([readers.threads.ready(), waited(READY_MS)])
    const report = await inBatches(
      async (crypto) => (await verifyRolled(crypto, pack, key, { ...options, onProgress })).report,
      onSignatures,
    )
    return { kind: 'done', report, seconds: Math.round(performance.now() - began_ms) / 1000 }
  } catch (error) {
    const code = error instanceof CountersignError ? String(error.code) : 'INTERNAL'
    return { kind: 'failed', code, message: error instanceof Error ? error.message : String(error) }
  }
}

function waited(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
