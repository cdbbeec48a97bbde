/** The worker of `verify.html`: our verifier over WebCrypto, beside the page, which stays free. docs/verifying.md @module */
import '../attest/jitless.ts'
import { inBatches } from '../../src/adapters/web-crypto/batches.ts'
import { CountersignError } from '../../src/core/errors.ts'
import { verifyRolled } from '../../src/evidence/verify/roll-forward.ts'
import { pageCodec } from './codec.ts'
import type { Asked, Told } from './messages.ts'

/** What a worker has; the types of this repository are Node's. */
interface Scope {
  postMessage(told: Told): void
  addEventListener(type: 'message', listener: (event: { readonly data: Asked }) => void): void
}
const scope = globalThis as unknown as Scope
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- who made a worker is all that hears it
const tell = (told: Told): void => scope.postMessage(told)

scope.addEventListener('message', ({ data }) => {
  void judge(data).then(tell)
})

async function judge({ pack, key, held, earlier }: Asked): Promise<Told> {
  const began_ms = performance.now()
  const onProgress = (done: number, of: number): void => tell({ kind: 'entries', done, of })
  const onSignatures = (done: number, of: number): void => tell({ kind: 'signatures', done, of })
  try {
    const report = await inBatches(
      async (crypto) =>
        (await verifyRolled(crypto, pack, key, { codec: pageCodec, held, earlier, onProgress })).report,
      onSignatures,
    )
    return { kind: 'done', report, seconds: Math.round(performance.now() - began_ms) / 1000 }
  } catch (error) {
    const code = error instanceof CountersignError ? String(error.code) : 'INTERNAL'
    return { kind: 'failed', code, message: error instanceof Error ? error.message : String(error) }
  }
}
